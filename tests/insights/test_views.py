"""The overviews: who opens them, what they say, where their numbers lead."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.choices import Role
from accounts.models import AuditEntry, Membership
from insights.views import home
from rosters.models import ClassGroup, Student
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import make_session
from tests.factories.hours import make_credits
from tests.factories.rosters import StudentFactory, make_class, make_teacher_of
from tests.insights.test_coverage import requirement

__all__ = ["requirement"]


@pytest.fixture
def group(db: None) -> ClassGroup:
    return make_class(students=3, number=3)


@pytest.fixture
def coordinator(group: ClassGroup) -> Membership:
    membership: Membership = MembershipFactory(
        organisation=group.school, role=Role.SCHOOL_COORDINATOR
    )
    return membership


def page(client: Client, membership: Membership, path: str, now: datetime) -> str:
    with time_machine.travel(now, tick=False):
        client.force_login(membership.user)
        response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("trait", "where"),
    [
        ("host_manager", "/today/"),
        ("instructor", "/today/"),
        ("secretariat", "/overview/"),
        ("reviewer", "/reviews/"),
    ],
)
def test_each_role_starts_in_its_own_room(client: Client, db: None, trait: str, where: str) -> None:
    client.force_login(MembershipFactory(**{trait: True}).user)

    assert client.get("/")["Location"] == where


def test_teacher_starts_with_her_classes_and_what_they_miss(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    text = page(client, make_teacher_of(group), "/", now)

    assert "七(3)班还差 14 学时" in text
    assert "3 人进度一致。" in text
    assert f'href="/find/?class={group.pk}"' in text


@pytest.mark.parametrize(
    ("hour", "minute", "greeting"),
    [
        (2, 13, "您好"),
        (4, 59, "您好"),
        (5, 0, "上午好"),
        (11, 59, "上午好"),
        (12, 0, "下午好"),
        (18, 0, "晚上好"),
        (22, 59, "晚上好"),
        (23, 0, "您好"),
    ],
)
def test_nobody_is_wished_a_good_morning_at_night(
    hour: int, minute: int, greeting: str, now: datetime
) -> None:
    at = now.replace(hour=hour, minute=minute)

    assert str(home.Greeting("周老师", at)) == f"周老师，{greeting}"


def test_the_overview_says_until_when_seats_are_counted(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    """Eight weeks from the Monday of 24 November; what begins later is not among them."""
    make_session(starts_at=now + timedelta(days=53), now=now, capacity=20)
    make_session(starts_at=now + timedelta(days=57), now=now, capacity=10)

    overview = page(client, MembershipFactory(secretariat=True), "/overview/", now)

    words = "全部学生还差 42 学时没有约，未来八周（到 1 月 17 日）有 20 个空位。"
    assert words in overview


def test_class_page_shows_each_student_and_leads_to_the_rows(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    first, second, _third = group.students.order_by("seat_no")
    Student.objects.filter(pk=second.pk).update(name=first.name)
    session = make_session(starts_at=now.replace(month=10), now=now.replace(month=9))
    make_credits(by=SYSTEM, students=[first], session=session, now=now)
    teacher = make_teacher_of(group)

    whole = page(client, teacher, f"/classes/{group.pk}/", now)
    behind = page(client, teacher, f"/classes/{group.pk}/?show=none", now)
    student = page(client, teacher, f"/classes/{group.pk}/students/{first.pk}/", now)

    assert whole.count("同名，看座号") == 2
    assert f"/classes/{group.pk}/students/{first.pk}/" in whole
    assert f"/classes/{group.pk}/students/{first.pk}/" not in behind
    assert f"/classes/{group.pk}/students/{second.pk}/" in behind
    assert session.version.title_zh in student


def test_export_opens_in_a_spreadsheet_and_runs_no_formula(
    client: Client, group: ClassGroup, now: datetime
) -> None:
    student = group.students.order_by("seat_no").first()
    assert student is not None
    Student.objects.filter(pk=student.pk).update(name="=1+1")
    teacher = make_teacher_of(group)

    text = page(client, teacher, f"/classes/{group.pk}/hours.csv", now)

    assert text.startswith("\ufeff班级,座号,学号,姓名,已得,已约,还差,不计入\r\n")
    assert ",'=1+1," in text


def test_export_has_a_line_for_each_student_and_its_name_leads_to_the_log(
    client: Client, group: ClassGroup, now: datetime
) -> None:
    teacher = make_teacher_of(group)
    client.force_login(teacher.user)

    with time_machine.travel(now, tick=False):
        answer = client.get(f"/classes/{group.pk}/hours.csv")

    _heads, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    numbers = group.students.order_by("seat_no").values_list("student_no", flat=True)
    assert [line[2] for line in lines] == list(numbers)
    assert {len(line) for line in lines} == {8}
    entry = AuditEntry.objects.get(verb="names.exported")
    assert (entry.membership_id, entry.facts["count"]) == (teacher.pk, len(lines))
    name = quote(f"七(3)班学时 2026-11-24 导出编号{entry.pk}.csv")
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"


def test_school_page_leads_from_each_number_to_its_classes(
    client: Client, group: ClassGroup, coordinator: Membership, requirement: object, now: datetime
) -> None:
    whole = page(client, coordinator, "/school/", now)
    done = page(client, coordinator, "/school/?show=done", now)

    assert f'href="/classes/{group.pk}/?show=none"' in whole
    assert "没有这样的班级" in done


def test_overview_counts_schools_without_naming_students(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    secretary = MembershipFactory(secretariat=True)
    names = list(group.students.values_list("name", flat=True))

    overview = page(client, secretary, "/overview/", now)
    classes = page(client, secretary, "/overview/classes/?show=none", now)
    day = page(client, secretary, "/overview/sessions/?day=2026-12-08", now)
    odd = page(client, secretary, "/overview/sessions/?day=9999-99-99", now)

    assert group.school.name in overview
    assert "七(3)班" in classes
    assert "12 月 8 日" in day
    assert "11 月 24 日" in odd
    assert not [name for name in names if name in overview + classes]


def test_overview_leads_from_each_number_to_its_rows(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    secretary = MembershipFactory(secretariat=True)
    session = make_session(starts_at=now + timedelta(days=7), now=now)

    overview = page(client, secretary, "/overview/", now)
    week = page(client, secretary, "/overview/weeks/?day=2026-12-03", now)
    short = page(client, secretary, f"/overview/classes/?school={group.school_id}&show=short", now)
    this_week = page(client, secretary, "/overview/weeks/?day=9999-99-99", now)

    for way in (
        "/overview/classes/?show=done",
        "/overview/classes/?show=short",
        "/overview/classes/?show=none",
        "/overview/sessions/",
        "/reviews/",
        f"/overview/classes/?school={group.school_id}",
        f"/overview/classes/?school={group.school_id}&amp;show=short",
        "/overview/weeks/?day=2026-11-23",
    ):
        assert f'href="{way}"' in overview, way
    assert (
        '<a href="/overview/weeks/?day=2026-11-30" '
        f'aria-label="11/30 起一周：已约 0，空位 {session.capacity}">'
    ) in overview
    assert f"未开始的 1 场：已约 0，空位 {session.capacity}" in week
    assert "七(3)班" in short
    assert "这一周没有未开始的场次" in this_week


@pytest.mark.parametrize("show", ["", "none"])
def test_the_alliances_classes_come_fifty_at_a_time(
    client: Client, group: ClassGroup, requirement: object, now: datetime, show: str
) -> None:
    """In the order of the schools' names, whichever students are asked for; the numbers above
    the table are those of all pages."""
    secretary = MembershipFactory(secretariat=True)
    for number in range(4, 54):
        make_class(students=1, school=group.school, number=number)
    make_class(students=1, number=60)
    narrowed = f"school={group.school_id}&" + (f"show={show}&" if show else "")
    escaped = narrowed.replace("&", "&amp;")

    first = page(client, secretary, f"/overview/classes/?{narrowed}", now)
    last = page(client, secretary, f"/overview/classes/?{narrowed}page=2", now)
    beyond = page(client, secretary, f"/overview/classes/?{narrowed}page=99", now)
    all_schools = page(client, secretary, f"/overview/classes/?show={show}&page=2", now)

    def classes(text: str) -> list[int]:
        return [int(number) for number in re.findall(r">七\((\d+)\)班<", text)]

    assert classes(first) == list(range(3, 53))
    assert classes(last) == classes(beyond) == [53]
    assert sorted(classes(all_schools)) in ([52, 53], [53, 60])
    assert "第 1–50 个班，共 51 个" in first
    assert "第 51–51 个班，共 51 个" in last
    assert f'href="?{escaped}page=2" rel="next"' in first
    assert 'rel="prev"' not in first
    assert f'href="?{escaped}page=1" rel="prev"' in last
    assert 'rel="next"' not in last
    for text in (first, last):
        assert "53 名学生有学时要求。" in text


def test_fewer_classes_than_a_page_are_not_paged(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    text = page(client, MembershipFactory(secretariat=True), "/overview/classes/", now)

    assert "七(3)班" in text
    assert 'class="pager"' not in text


def test_class_and_school_pages_lead_from_each_number_to_its_rows(
    client: Client, group: ClassGroup, coordinator: Membership, requirement: object, now: datetime
) -> None:
    student = group.students.order_by("seat_no")[0]
    there = f"/classes/{group.pk}/students/{student.pk}/"

    of_class = page(client, coordinator, f"/classes/{group.pk}/", now)
    of_school = page(client, coordinator, "/school/", now)
    of_student = page(client, coordinator, there, now)

    for anchor in ("", "#credits", "#booked"):
        assert f'href="{there}{anchor}"' in of_class
    assert 'id="credits"' in of_student
    assert 'id="booked"' in of_student
    assert f'<a href="/classes/{group.pk}/">3</a>' in of_school


@pytest.mark.parametrize("count", [1, 3])
def test_week_takes_the_same_queries_with_one_session_and_with_three(
    client: Client, db: None, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    secretary = MembershipFactory(secretariat=True)
    for _number in range(count):
        make_session(starts_at=now + timedelta(days=1), now=now)
    page(client, secretary, "/overview/weeks/", now)

    with django_assert_num_queries(12):
        text = page(client, secretary, "/overview/weeks/", now)

    assert f"未开始的 {count} 场" in text


@pytest.mark.parametrize(
    ("path", "trait"),
    [
        ("/classes/", "host_manager"),
        ("/overview/weeks/", "coordinator"),
        ("/school/", "teacher"),
        ("/overview/", "coordinator"),
        ("/overview/classes/", "reviewer"),
        ("/overview/sessions/", "host_manager"),
    ],
)
def test_other_roles_are_told_no(client: Client, db: None, path: str, trait: str) -> None:
    client.force_login(MembershipFactory(**{trait: True}).user)

    assert client.get(path).status_code == 403


def test_a_colleague_does_not_open_the_class(client: Client, group: ClassGroup) -> None:
    client.force_login(MembershipFactory(organisation=group.school, role=Role.TEACHER).user)

    assert client.get(f"/classes/{group.pk}/").status_code == 404


def test_lists_take_the_same_queries_with_one_class_and_with_three(
    client: Client, coordinator: Membership, group: ClassGroup, requirement: object, now: datetime
) -> None:
    secretary = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    counts: dict[str, set[int]] = {}
    for further_classes in ((7, 8), ()):
        for who, path in (
            (coordinator, "/"),
            (coordinator, "/classes/"),
            (coordinator, "/school/"),
            (secretary, "/overview/"),
            (secretary, "/overview/classes/"),
        ):
            page(client, who, path, now)
            with CaptureQueriesContext(connection) as queries:
                page(client, who, path, now)
            counts.setdefault(path, set()).add(len(queries))
        for number in further_classes:
            make_class(students=2, school=group.school, number=number)

    assert {path: len(found) for path, found in counts.items()} == dict.fromkeys(counts, 1)


def test_class_page_takes_the_same_queries_with_three_students_and_with_nine(
    client: Client, group: ClassGroup, requirement: object, now: datetime
) -> None:
    teacher = make_teacher_of(group)
    path = f"/classes/{group.pk}/"
    page(client, teacher, path, now)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            page(client, teacher, path, now)
        counts.append(len(queries))
        StudentFactory.create_batch(6, class_group=group)

    assert counts[0] == counts[1]
