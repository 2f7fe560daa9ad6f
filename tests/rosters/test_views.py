"""The coordinator's pages of classes and students, without JavaScript."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import SESSION_KEY
from accounts.models import AuditEntry, Membership
from rosters.models import ClassGroup, ClassTeacher, Student
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import StudentFactory, make_class
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db


def _signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    session = client.session
    session[SESSION_KEY] = membership.pk
    session.save()
    return client


@pytest.fixture
def office(school: School) -> Client:
    return _signed_in(school.coordinator_membership)


def _errors(response, form: str = "form") -> list[str]:
    return [text for texts in response.context[form].errors.values() for text in texts]


def test_a_new_class_leads_to_its_students(office: Client, school: School) -> None:
    response = office.post(
        reverse("rosters:class_new"), {"stage": "junior", "entry_year": "2026", "number": "2"}
    )

    group = ClassGroup.objects.get(entry_year=2026)
    assert (response.status_code, response["Location"]) == (
        302,
        reverse("rosters:class_edit", args=[group.pk]),
    )
    assert group.school == school.organisation


def test_a_class_that_exists_is_said_on_the_form(office: Client) -> None:
    response = office.post(
        reverse("rosters:class_new"), {"stage": "junior", "entry_year": "2025", "number": "3"}
    )

    assert (response.status_code, _errors(response)) == (409, ["这个班级已经有了。"])
    assert 'value="2025"' in response.content.decode()


@pytest.mark.parametrize("number", ["0", "61", "三", "９" * 5000, ""])
def test_a_bad_class_number_is_asked_for_again(office: Client, number: str) -> None:
    response = office.post(
        reverse("rosters:class_new"), {"stage": "junior", "entry_year": "2025", "number": number}
    )

    assert response.status_code == 200
    assert "number" in response.context["form"].errors


def test_pasted_lines_become_students(office: Client, school: School) -> None:
    lines = "4\t20250304\t李子涵\r\n\r\n５ ２０２５０３０５ 欧阳 思远\n6,20250306,阿依古丽·买买提江"

    response = office.post(
        reverse("rosters:students_add", args=[school.group.pk]), {"lines": lines}
    )

    assert response.status_code == 302
    assert list(
        Student.objects.filter(seat_no__gt=3)
        .order_by("seat_no")
        .values_list("seat_no", "student_no", "name")
    ) == [
        (4, "20250304", "李子涵"),
        (5, "20250305", "欧阳 思远"),
        (6, "20250306", "阿依古丽·买买提江"),
    ]


@pytest.mark.parametrize(
    ("lines", "status", "sentence"),
    [
        ("", 200, "该字段是必填项。"),
        (" \n ", 200, "请至少填一名学生。"),
        (
            "3 李子涵\n4 20250304 李子涵",
            200,
            "第 1 行看不懂，请写成“座号 学号 姓名”，例如“3 20250703 李子涵”。",
        ),
        (
            "4 20250304 " + "林" * 61,
            200,
            "第 1 行看不懂，请写成“座号 学号 姓名”，例如“3 20250703 李子涵”。",
        ),
        (
            "4 <script> 林晓",
            200,
            "第 1 行看不懂，请写成“座号 学号 姓名”，例如“3 20250703 李子涵”。",
        ),
        # An ID-card number has no place here.
        (
            "4 310107201209011234 林晓",
            200,
            "第 1 行看不懂，请写成“座号 学号 姓名”，例如“3 20250703 李子涵”。",
        ),
        ("\n".join(f"{n} {n} 林晓" for n in range(1, 102)), 200, "一次最多 100 名，请分班填写。"),
        ("1 20250304 林晓", 409, "班里已有 1 号，请换一个座号。"),
    ],
)
def test_lines_that_cannot_be_taken_are_kept_and_explained(
    office: Client, school: School, lines: str, status: int, sentence: str
) -> None:
    response = office.post(
        reverse("rosters:students_add", args=[school.group.pk]), {"lines": lines}
    )

    assert (response.status_code, _errors(response, "students_form")) == (status, [sentence])
    assert school.group.students.count() == 3


def test_a_student_is_edited(office: Client, school: School) -> None:
    student = school.group.students.get(seat_no=1)

    response = office.post(
        reverse("rosters:student_edit", args=[student.pk]), {"name": "王䶮", "seat_no": "9"}
    )

    student.refresh_from_db()
    assert (response.status_code, student.name, student.seat_no) == (302, "王䶮", 9)


def test_a_taken_seat_is_said_on_the_form(office: Client, school: School) -> None:
    student = school.group.students.get(seat_no=1)

    response = office.post(
        reverse("rosters:student_edit", args=[student.pk]), {"name": "王䶮", "seat_no": "2"}
    )

    assert (response.status_code, _errors(response)) == (409, ["班里已有 2 号，请换一个座号。"])


def test_a_name_of_ten_thousand_characters_is_refused(office: Client, school: School) -> None:
    student = school.group.students.get(seat_no=1)

    response = office.post(
        reverse("rosters:student_edit", args=[student.pk]), {"name": "林" * 10_000, "seat_no": "1"}
    )

    assert response.status_code == 200
    assert "name" in response.context["form"].errors


def test_a_name_in_html_is_shown_as_text(office: Client, school: School) -> None:
    Student.objects.filter(seat_no=1).update(name="<b>😀</b>")

    text = office.get(reverse("rosters:class_edit", args=[school.group.pk])).content.decode()

    assert "&lt;b&gt;😀&lt;/b&gt;" in text
    assert "<b>😀" not in text


def test_a_student_is_removed(office: Client, school: School) -> None:
    student = school.group.students.get(seat_no=1)

    response = office.post(reverse("rosters:student_remove", args=[student.pk]))
    again = office.post(reverse("rosters:student_remove", args=[student.pk]))

    assert (response.status_code, again.status_code) == (302, 404)
    assert Student.objects.current().count() == 2


def test_a_teacher_is_given_the_class_and_released(office: Client, school: School) -> None:
    colleague = MembershipFactory(organisation=school.organisation)
    url = reverse("rosters:teacher_set", args=[school.group.pk])

    office.post(url, {"membership": colleague.pk, "is_homeroom": "on"})
    given = ClassTeacher.objects.filter(membership=colleague, is_homeroom=True).count()
    office.post(url, {"remove": colleague.pk})

    assert given == 1
    assert not ClassTeacher.objects.filter(membership=colleague).exists()


@pytest.mark.parametrize("key", ["０", "-1", "9" * 30, "x", "0"])
def test_releasing_nobody_is_not_found(office: Client, school: School, key: str) -> None:
    response = office.post(reverse("rosters:teacher_set", args=[school.group.pk]), {"remove": key})

    assert response.status_code == 404


def test_a_stranger_cannot_be_given_the_class(office: Client, school: School) -> None:
    stranger = MembershipFactory()

    response = office.post(
        reverse("rosters:teacher_set", args=[school.group.pk]), {"membership": stranger.pk}
    )

    assert response.status_code == 200
    assert "membership" in response.context["teacher_form"].errors


@pytest.mark.parametrize("number", [1, 3])
def test_the_class_page_costs_the_same_for_one_and_three(
    office: Client, school: School, number: int, django_assert_num_queries
) -> None:
    group = make_class(students=number, number=9, school=school.organisation)
    for _ in range(number):
        ClassTeacher.objects.create(
            class_group=group,
            membership=MembershipFactory(organisation=school.organisation),
        )

    # The frame's four; class, students, the log of the reading, teachers, who can teach.
    with django_assert_num_queries(10):
        response = office.get(reverse("rosters:class_edit", args=[group.pk]))

    assert len(response.context["students"]) == number


def test_reading_names_is_logged(office: Client, school: School) -> None:
    office.get(reverse("rosters:class_edit", args=[school.group.pk]))

    entry = AuditEntry.objects.get(verb="names.read")
    assert (entry.facts["context"], entry.facts["count"]) == ("class_edit", 3)


def _addresses(group: ClassGroup) -> list[tuple[str, str]]:
    student = group.students.get(seat_no=1)
    return [
        ("get", reverse("rosters:class_edit", args=[group.pk])),
        ("post", reverse("rosters:students_add", args=[group.pk])),
        ("post", reverse("rosters:teacher_set", args=[group.pk])),
        ("get", reverse("rosters:student_edit", args=[student.pk])),
        ("post", reverse("rosters:student_remove", args=[student.pk])),
    ]


def test_another_schools_classes_are_not_there(office: Client) -> None:
    other = make_class(students=1)

    statuses = [getattr(office, method)(url).status_code for method, url in _addresses(other)]

    assert statuses == [404] * 5


def test_a_teacher_is_told_that_the_office_does_this(school: School) -> None:
    client = _signed_in(school.teacher_membership)

    statuses = [
        getattr(client, method)(url).status_code
        for method, url in [("get", reverse("rosters:class_new")), *_addresses(school.group)]
    ]

    assert statuses == [403] * 6


def test_two_namesakes_in_one_class_are_told_apart_by_seat(office: Client, school: School) -> None:
    StudentFactory.create_batch(2, class_group=school.group, name="李子涵")

    text = office.get(reverse("rosters:class_edit", args=[school.group.pk])).content.decode()

    assert text.count("李子涵") == 2
