"""What a badge tells whoever holds it, and how often it may be guessed."""

from datetime import datetime, timedelta

import pytest

from attendance.errors.badges import TooManyTries
from attendance.selectors.own_badge import OwnBadge, own_badge
from attendance.services import throttle
from rosters.models import Student
from sites.calendar import local_day
from tests.attendance.conftest import Door
from tests.factories.attendance import close_desk, let_in
from tests.factories.bookings import make_booking
from tests.factories.rosters import ClassGroupFactory, StudentFactory


def own_badge_of(student: Student, student_no: str, now: datetime) -> OwnBadge:
    found = own_badge(Student.objects.filter(pk=student.pk), student_no, now)
    assert found is not None
    return found


def test_code_alone_shows_hours_and_a_date(door: Door) -> None:
    found = own_badge_of(door.students[0], "", door.now)

    assert (found.required, found.earned, found.booked) == (14, 0, 4)
    assert found.next_at == door.session.starts_at
    assert not found.is_known
    assert (found.masked_name, found.what, found.where, found.when) == ("", "", "", "")


def test_student_number_shows_the_place_and_a_masked_name(door: Door) -> None:
    student = door.students[0]
    student.name = "欧阳思远"
    student.save()

    found = own_badge_of(student, student.student_no, door.now)

    assert found.is_known
    assert found.masked_name == "欧○○"
    assert (found.what, found.where, found.when) == (
        "面包师",
        "焙烤实训中心 1号实训室",
        "12 月 8 日（周二）9:00–11:30",
    )


@pytest.mark.parametrize("number", ["1", "20250302", "２０２５０３０１", "'; --", "学号"])
def test_another_number_shows_no_more_than_none(door: Door, number: str) -> None:
    assert own_badge_of(door.students[0], number, door.now) == own_badge_of(
        door.students[0], "", door.now
    )


def test_no_number_on_record_is_known_by_none(door: Door) -> None:
    student = door.students[0]
    student.student_no = ""
    student.save()

    assert not own_badge_of(student, "", door.now).is_known


def test_attended_hours_are_earned_and_no_longer_booked(door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)

    found = own_badge_of(door.students[0], "", door.session.starts_at)

    assert (found.earned, found.booked, found.next_at) == (4, 0, None)


def test_student_without_a_requirement_or_a_session_has_a_page_too(door: Door) -> None:
    student = StudentFactory(class_group=ClassGroupFactory(entry_year=2010))

    found = own_badge_of(student, student.student_no, door.now)

    assert (found.required, found.earned, found.booked, found.next_at) == (0, 0, 0, None)
    assert (found.is_known, found.what, found.where, found.when) == (True, "", "", "")


def test_who_left_the_school_keeps_the_hours(door: Door) -> None:
    student = door.students[0]
    let_in(student, by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    student.left_at = door.session.ends_at
    student.save()

    assert own_badge_of(student, "", door.session.ends_at).earned == 4


def test_page_costs_the_same_with_one_session_and_with_three(
    door: Door, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    student = Student.objects.select_related("class_group").get(pk=door.students[0].pk)
    with django_assert_num_queries(2):
        own_badge_of(student, "", door.now)
    for days in (1, 2):
        later = door.world.session(day=local_day(door.session.starts_at) + timedelta(days=days))
        make_booking(
            by=door.world.teacher,
            session=later,
            class_group=door.world.group,
            now=door.now,
        )
    with django_assert_num_queries(2):
        own_badge_of(student, "", door.now)


@pytest.mark.django_db
def test_unknown_codes_shut_an_address_out_for_a_while(now: datetime) -> None:
    for _ in range(throttle.MISSES):
        throttle.check_may_try(address="10.0.0.1", code="A" * 16, now=now)
        throttle.count_unknown_code(address="10.0.0.1", now=now)

    with pytest.raises(TooManyTries) as refused:
        throttle.check_may_try(address="10.0.0.1", code="B" * 16, now=now)
    throttle.check_may_try(address="10.0.0.2", code="A" * 16, now=now)
    throttle.check_may_try(address="10.0.0.1", code="B" * 16, now=now + throttle.WINDOW)
    assert str(refused.value) == "输入次数太多，请过 10 分钟再试。"


@pytest.mark.django_db
def test_wrong_numbers_shut_a_badge_for_every_address(now: datetime) -> None:
    for host in range(throttle.MISSES):
        throttle.count_wrong_number(address=f"10.0.0.{host}", code="A" * 16, now=now)

    with pytest.raises(TooManyTries):
        throttle.check_may_try(address="10.0.1.1", code="A" * 16, now=now)
    throttle.check_may_try(address="10.0.1.1", code="B" * 16, now=now)
