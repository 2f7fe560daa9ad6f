"""A roster lives: students are edited and move, classes leave."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.models import AuditEntry
from rosters.errors import (
    ClassNotOver,
    ClassNotThere,
    SeatTaken,
    StudentGone,
    StudentNoTaken,
    StudentNoUnclear,
)
from rosters.models import ClassGroup, Student
from rosters.pinyin import initials_of
from rosters.services import school_years, students
from sites.calendar import SHANGHAI
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import StudentFactory, make_class
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


def test_the_city_s_number_of_19_digits_came_by_import_and_is_edited(
    school: School, now: datetime
) -> None:
    number = "3101070012026200101"
    student = StudentFactory(class_group=school.group, student_no=number, seat_no=30)
    address = reverse("rosters:student_edit", args=[student.pk])

    response = signed_in(school.coordinator).post(
        address, {"name": "王改", "student_no": number, "seat_no": "30"}
    )

    student.refresh_from_db()
    assert (response.status_code, student.name, student.student_no) == (302, "王改", number)


@pytest.mark.parametrize(
    ("student_no", "refusal"),
    [
        ("taken", StudentNoTaken),
        # Rows of 18, right or mistyped, alone or behind the G of the national number.
        ("310107201301011234", StudentNoUnclear),
        ("31010720130917001X", StudentNoUnclear),
        ("G310107201301011234", StudentNoUnclear),
        ("1" * 21, StudentNoUnclear),
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
