"""A class changes while it is being booked: each order ends with a roster and seats that agree."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from attendance.services import merging, transfers
from bookings.models import Booking, Place
from courses.models import CourseSession
from rosters.models import Student
from rosters.services import transfers as asking
from rosters.services.imports import confirming
from tests.attendance.conftest import DAY
from tests.bookings.conftest import World, make_world
from tests.bookings.races import before_commit
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.rosters import make_class
from tests.rosters.conftest import School
from tests.rosters.imports import bring

pytestmark = pytest.mark.django_db(transaction=True)

# The student whom each change takes out of the class.
SEAT = 2


@pytest.fixture
def world(transactional_db: None, now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=True):
        yield make_world(now)


def student(world: World) -> Student:
    return Student.objects.get(class_group=world.group, seat_no=SEAT)


def merging_her(world: World, now: datetime) -> Callable[[], Any]:
    survivor = world.group.students.get(seat_no=1)
    duplicate = student(world)
    return lambda: merging.merge(
        by=world.coordinator, survivor=survivor, duplicate=duplicate, now=now
    )


def taking_her_in(world: World, now: datetime) -> Callable[[], Any]:
    group = make_class(students=0, number=7)
    office = actor_of(MembershipFactory(coordinator=True, organisation=group.school))
    transfer = asking.ask(
        by=world.coordinator, student=student(world), to_school=group.school, now=now
    )
    return lambda: transfers.accept(
        by=office, transfer=transfer, class_group=group, seat_no=1, student_no="", now=now
    )


def importing_without_her(world: World, now: datetime) -> Callable[[], Any]:
    membership = MembershipFactory(coordinator=True, organisation=world.school)
    teacher = MembershipFactory(teacher=True, organisation=world.school)
    school = School(world.school, world.group, membership, teacher)
    grade = world.group.grade(2026)
    lines = "".join(
        f"{one.name},{grade}({world.group.number}),{one.student_no},{one.seat_no}\n"
        for one in world.group.students.exclude(seat_no=SEAT).order_by("seat_no")
    )
    row = bring(school, lines, now=now)
    return lambda: confirming.confirm(
        by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now
    )


CHANGES = [merging_her, taking_her_in, importing_without_her]


def booking(world: World, now: datetime) -> Callable[[], Any]:
    session = world.session(day=DAY + timedelta(days=7), starts=time(9))
    return lambda: make_booking(by=world.teacher, session=session, class_group=world.group, now=now)


def check_that_seats_agree() -> None:
    for session in CourseSession.objects.all():
        assert session.seats_taken == Place.objects.live().filter(session=session).count()
    for one in Booking.objects.all():
        assert one.seats == Place.objects.live().filter(booking=one).count()


@pytest.mark.parametrize("change", CHANGES)
def test_who_went_before_the_booking_was_written_is_not_in_it(
    world: World, now: datetime, change: Callable[..., Callable[[], Any]]
) -> None:
    """The whole class is booked: those who are in it when it is written."""
    gone = student(world).pk
    changing, book = change(world, now), booking(world, now)

    answer = before_commit(changing, book)

    assert isinstance(answer, Booking)
    assert Place.objects.exists()
    assert not Place.objects.filter(student_id=gone).exists()
    check_that_seats_agree()


@pytest.mark.parametrize(
    ("change", "seats", "has_seat"),
    # An import leaves booked seats to the teacher; the other two know what becomes of them.
    [(merging_her, -1, False), (taking_her_in, -1, False), (importing_without_her, 0, True)],
)
def test_who_goes_after_the_booking_was_written_keeps_no_seat_that_is_not_hers(
    world: World,
    now: datetime,
    change: Callable[..., Callable[[], Any]],
    seats: int,
    has_seat: bool,
) -> None:
    her, of_class = student(world), world.group.students.count()
    changing, book = change(world, now), booking(world, now)

    answer = before_commit(book, changing)

    assert not isinstance(answer, Exception)
    assert Booking.objects.get().seats == of_class + seats
    assert Place.objects.live().filter(student=her).exists() == has_seat
    check_that_seats_agree()
