"""A roster lives: students are edited and move, classes leave, schools ask for each other's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from notifications.models import Message
from rosters import selectors
from rosters.choices import TransferState
from rosters.errors import (
    ClassNotOver,
    ClassNotThere,
    SchoolUnsuitable,
    SeatTaken,
    StudentGone,
    StudentNoTaken,
    StudentNoUnclear,
    TransferOver,
    TransferPending,
)
from rosters.models import ClassGroup, Student, StudentTransfer
from rosters.pinyin import initials_of
from rosters.services import school_years, students, transfers
from sites.calendar import SHANGHAI
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.rosters import ClassGroupFactory, StudentFactory, make_class
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db

Queries = Callable[..., Any]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(MembershipFactory._meta.model.objects.get(pk=actor.membership_id).user)
    return client


def seat(school: School, number: int) -> Student:
    return school.group.students.get(seat_no=number)


# ── editing ──


def test_a_students_number_is_changed_with_the_name(school: School, now: datetime) -> None:
    student = seat(school, 1)

    students.edit_student(
        by=school.coordinator, student=student, name="王䶮", seat_no=9, student_no="A-1", now=now
    )

    student.refresh_from_db()
    assert (student.name, student.seat_no, student.student_no) == ("王䶮", 9, "A-1")
    assert student.initials == initials_of("王䶮")


@pytest.mark.parametrize(
    ("student_no", "refusal"),
    [
        ("taken", StudentNoTaken),
        ("310107201301011234", StudentNoUnclear),
        ("学号1", StudentNoUnclear),
    ],
)
def test_a_number_in_use_or_unclear_is_refused(
    school: School, now: datetime, student_no: str, refusal: type[Exception]
) -> None:
    StudentFactory(
        class_group=make_class(school=school.organisation, number=40), student_no="taken"
    )

    with pytest.raises(refusal):
        students.edit_student(
            by=school.coordinator,
            student=seat(school, 1),
            name="王",
            seat_no=1,
            student_no=student_no,
            now=now,
        )


# ── moving ──


def test_a_student_moves_to_another_class(school: School, now: datetime) -> None:
    student, other = seat(school, 1), make_class(students=2, school=school.organisation, number=41)

    students.move_student(
        by=school.coordinator, student=student, class_group=other, seat_no=3, now=now
    )

    student.refresh_from_db()
    assert (student.class_group, student.seat_no, student.joined_at) == (other, 3, now)
    assert student.left_at is None
    entry = AuditEntry.objects.get(verb="student.moved")
    assert entry.facts == {"from_class": school.group.pk, "to_class": other.pk}


def test_no_move_to_where_she_cannot_be(school: School, now: datetime) -> None:
    archived = make_class(students=0, school=school.organisation, archived_at=now, number=42)
    full = make_class(students=1, school=school.organisation, number=43)
    for group, refusal in [
        (make_class(), ClassNotThere),
        (archived, ClassNotThere),
        (school.group, ClassNotThere),
        (full, SeatTaken),
    ]:
        with pytest.raises(refusal):
            students.move_student(
                by=school.coordinator,
                student=seat(school, 1),
                class_group=group,
                seat_no=1,
                now=now,
            )
    gone = seat(school, 2)
    students.remove_student(by=school.coordinator, student=gone, now=now)
    with pytest.raises(StudentGone):
        students.move_student(
            by=school.coordinator, student=gone, class_group=full, seat_no=5, now=now
        )
    with pytest.raises(NotAllowed):
        students.move_student(
            by=school.teacher, student=seat(school, 1), class_group=full, seat_no=5, now=now
        )


# ── the school year ──


@pytest.mark.parametrize(
    ("stage", "entry_year", "moment", "is_over"),
    [
        ("junior", 2022, datetime(2026, 8, 31, 23, 59, tzinfo=SHANGHAI), False),
        ("junior", 2022, datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), True),
        ("junior", 2023, datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), False),
        ("primary", 2021, datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), True),
        ("primary", 2022, datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), False),
        ("senior", 2023, datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), True),
        ("senior", 2024, datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), False),
    ],
)
def test_a_class_is_archived_once_its_stage_is_over(
    school: School, stage: str, entry_year: int, moment: datetime, is_over: bool
) -> None:
    group = make_class(
        students=2, school=school.organisation, stage=stage, entry_year=entry_year, number=50
    )

    def archive() -> tuple[int, int]:
        return school_years.archive_classes(
            by=school.coordinator,
            school_id=school.organisation.pk,
            class_ids=[group.pk],
            now=moment,
        )

    if not is_over:
        with pytest.raises(ClassNotOver):
            archive()
        return
    assert archive() == (1, 2)
    assert archive() == (0, 0)
    group.refresh_from_db()
    assert group.archived_at == moment
    assert set(group.students.values_list("left_at", flat=True)) == {moment}


def test_a_class_comes_back_with_those_who_left_with_it(school: School, now: datetime) -> None:
    group = make_class(students=3, school=school.organisation, entry_year=2020, number=50)
    earlier = group.students.get(seat_no=2)
    students.remove_student(by=school.coordinator, student=earlier, now=now.replace(hour=1))
    school_years.archive_classes(
        by=school.coordinator, school_id=school.organisation.pk, class_ids=[group.pk], now=now
    )

    school_years.restore_class(by=school.coordinator, class_group=group, now=now)
    school_years.restore_class(by=school.coordinator, class_group=group, now=now)

    assert list(group.students.current().values_list("seat_no", flat=True).order_by("seat_no")) == [
        1,
        3,
    ]
    assert ClassGroup.objects.current().filter(pk=group.pk).exists()
    assert AuditEntry.objects.filter(verb="class.restored").count() == 1


def test_the_year_page_previews_archives_and_restores(school: School) -> None:
    group = make_class(students=2, school=school.organisation, entry_year=2020, number=50)
    client = signed_in(school.coordinator)

    shown = client.get(reverse("insights:school_year"))
    done = client.post(reverse("insights:school_year"), {"classes": [group.pk, school.group.pk]})
    after = client.get(reverse("insights:school_year"))
    asked = client.get(reverse("insights:class_restore", args=[group.pk]))
    client.post(reverse("insights:class_restore", args=[group.pk]))

    assert [row[0] for row in shown.context["over"]] == [group]
    assert [row[0] for row in shown.context["staying"]] == [school.group]
    assert done.status_code == 302
    assert [row[0] for row in after.context["archived"]] == [group]
    assert "恢复2020级(50)班？" in asked.content.decode()
    assert list(ClassGroup.objects.filter(archived_at=None)) == [school.group, group]


# ── transfers, until somebody accepts ──


@pytest.fixture
def other(db: None) -> Actor:
    """The coordinator of another school."""
    return actor_of(MembershipFactory(coordinator=True))


def asked(school: School, other: Actor, now: datetime, number: int = 1) -> StudentTransfer:
    return transfers.ask(
        by=school.coordinator,
        student=seat(school, number),
        to_school=OrganisationFactory._meta.model.objects.get(pk=other.organisation_id),
        now=now,
    )


def test_asking_tells_the_other_school_without_a_name(
    school: School, other: Actor, now: datetime
) -> None:
    transfer = asked(school, other, now)

    message = Message.objects.get(recipient_id=other.user_id)
    assert transfer.state == TransferState.ASKED
    assert message.subject == f"{school.organisation.name}请贵校接收一名转学的学生"
    assert seat(school, 1).name not in message.subject + message.body


def test_a_student_waits_for_one_school(school: School, other: Actor, now: datetime) -> None:
    asked(school, other, now)

    with pytest.raises(TransferPending) as refusal:
        asked(school, other, now)

    name = OrganisationFactory._meta.model.objects.get(pk=other.organisation_id).name
    assert str(refusal.value) == f"这名学生正在等{name}接收，请先撤回。"


def test_only_another_school_takes_students(school: School, now: datetime) -> None:
    for organisation in (
        school.organisation,
        OrganisationFactory(enterprise=True),
        OrganisationFactory(is_active=False),
    ):
        with pytest.raises(SchoolUnsuitable):
            transfers.ask(
                by=school.coordinator,
                student=seat(school, 1),
                to_school=organisation,
                now=now,
            )
    students.remove_student(by=school.coordinator, student=seat(school, 1), now=now)
    with pytest.raises(StudentGone):
        transfers.ask(
            by=school.coordinator,
            student=seat(school, 1),
            to_school=OrganisationFactory(),
            now=now,
        )


@pytest.mark.parametrize(
    ("who", "withdraws", "declines"),
    [
        ("coordinator", None, NotYours),
        ("teacher", NotAllowed, NotYours),
        ("other", NotYours, None),
        ("stranger", NotYours, NotYours),
    ],
)
def test_the_old_school_withdraws_the_new_one_declines(
    school: School,
    other: Actor,
    now: datetime,
    who: str,
    withdraws: type[Exception] | None,
    declines: type[Exception] | None,
) -> None:
    actor = {
        "coordinator": school.coordinator,
        "teacher": school.teacher,
        "other": other,
        "stranger": actor_of(MembershipFactory(coordinator=True)),
    }[who]
    for number, act, refusal, state in [
        (1, transfers.withdraw, withdraws, TransferState.WITHDRAWN),
        (2, transfers.decline, declines, TransferState.DECLINED),
    ]:
        transfer = asked(school, other, now, number)
        if refusal is None:
            assert act(by=actor, transfer=transfer, now=now).state == state
            assert act(by=actor, transfer=transfer, now=now).answered_at == now
        else:
            with pytest.raises(refusal):
                act(by=actor, transfer=transfer, now=now)


def test_what_is_over_is_over(school: School, other: Actor, now: datetime) -> None:
    transfer = asked(school, other, now)
    transfers.decline(by=other, transfer=transfer, now=now)

    with pytest.raises(TransferOver) as refusal:
        transfers.withdraw(by=school.coordinator, transfer=transfer, now=now)

    assert str(refusal.value) == "这次转学已退回，不能再改。"
    told = Message.objects.get(recipient_id=school.coordinator.user_id)
    assert told.body == "七(3)班 1 号学生没有转走，仍在原班。"


def test_the_transfer_pages_ask_withdraw_and_decline(
    school: School, other: Actor, now: datetime
) -> None:
    office, theirs = signed_in(school.coordinator), signed_in(other)
    student = seat(school, 1)
    url = reverse("rosters:transfer_ask", args=[student.pk])

    form = office.get(url)
    office.post(url, {"to_school": other.organisation_id})
    first = StudentTransfer.objects.get()
    again = office.post(url, {"to_school": other.organisation_id})
    seen = theirs.get(reverse("rosters:transfers"))
    office.post(reverse("rosters:transfer_withdraw", args=[first.pk]))
    office.post(url, {"to_school": other.organisation_id})
    second = StudentTransfer.objects.pending().get()
    out = office.get(reverse("rosters:transfers"))
    theirs.post(reverse("rosters:transfer_decline", args=[second.pk]))
    over = theirs.get(reverse("rosters:transfers"))

    assert school.organisation not in form.context["form"].fields["to_school"].queryset
    assert again.status_code == 409
    assert [row.student for row in seen.context["waiting_in"]] == [student]
    assert [row.student for row in out.context["waiting_out"]] == [student]
    assert {row.state for row in StudentTransfer.objects.all()} == {
        TransferState.WITHDRAWN,
        TransferState.DECLINED,
    }
    # Once it is over, the other school reads no name any more.
    assert student.name in seen.content.decode()
    assert student.name not in over.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_transfers_take_the_same_queries_however_many(
    school: School, other: Actor, now: datetime, number: int, django_assert_num_queries: Queries
) -> None:
    for one in range(1, number + 1):
        asked(school, other, now, one)

    with django_assert_num_queries(1):
        rows = selectors.transfers_of(other)

    assert len([row.student.class_group.pk and row.from_school.name for row in rows]) == number


# ── finding ──


def named(school: School, name: str, **values: Any) -> Student:
    return StudentFactory(
        class_group=values.pop("class_group", school.group),
        name=name,
        initials=initials_of(name),
        **values,
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("张小明", ["张小明"]),
        ("小明", ["张小明"]),
        ("zxm", ["张小明"]),
        ("ZX", ["张小明"]),
        ("ｚｘｍ", ["张小明"]),
        ("xm", []),
        ("曾一", ["曾一"]),
        ("zy", ["曾一"]),
        ("cy", ["曾一"]),
        ("王 䶮", ["王䶮"]),
        ("买买提江", ["阿依古丽·买买提江"]),
        ("N-77", ["张小明"]),
        ("N-7", []),
        ("   ", []),
        ("没有", []),
    ],
)
def test_students_are_found_by_name_initials_and_number(
    school: School, text: str, found: list[str]
) -> None:
    named(school, "张小明", student_no="N-77")
    named(school, "曾一")
    named(school, "王䶮")
    named(school, "阿依古丽·买买提江")

    assert [one.name for one in selectors.students_found(school.coordinator, text)] == found


def test_a_search_finds_ones_own_students_only(school: School, now: datetime) -> None:
    mine = named(school, "张三")
    elsewhere = named(school, "张三", class_group=make_class(school=school.organisation, number=44))
    named(school, "张三", class_group=make_class())
    gone = named(school, "张三")
    students.remove_student(by=school.coordinator, student=gone, now=now)

    assert selectors.students_found(school.teacher, "张三") == [mine]
    assert set(selectors.students_found(school.coordinator, "张三")) == {mine, elsewhere}
    assert selectors.students_found(actor_of(MembershipFactory(secretariat=True)), "张三") == []


def test_a_search_is_a_post_and_logged(school: School) -> None:
    named(school, "张小明")
    client = signed_in(school.teacher)
    url = reverse("rosters:student_search")

    by_get = client.get(url, {"q": "张小明"})
    answer = client.post(url, {"q": "zxm"})
    nothing = client.post(url, {"q": "没有"})

    assert "张小明" not in by_get.content.decode().replace('value="张小明"', "")
    assert [one.name for one in answer.context["students"]] == ["张小明"]
    assert "no-store" in answer["Cache-Control"]
    assert "没有找到" in nothing.content.decode()
    entries = AuditEntry.objects.filter(verb="names.read").order_by("pk")
    assert [entry.facts for entry in entries] == [
        {"context": "student_search", "count": 1},
        {"context": "student_search", "count": 0},
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_classes_take_the_same_queries_however_many(
    school: School, number: int, django_assert_num_queries: Queries
) -> None:
    for one in range(number - 1):
        ClassGroupFactory(school=school.organisation, number=40 + one)
    client = signed_in(school.coordinator)
    client.get(reverse("rosters:classes"))

    with django_assert_num_queries(6):
        response = client.get(reverse("rosters:classes"))

    assert len(response.context["classes"]) == number


def test_the_classes_page_says_who_teaches_which(school: School) -> None:
    name = school.teacher.name

    text = signed_in(school.teacher).get(reverse("rosters:classes")).content.decode()

    assert text.count(name) == 2  # in the head of the page and in the table
    assert "七(3)班" in text
    assert "新建班级" not in text
