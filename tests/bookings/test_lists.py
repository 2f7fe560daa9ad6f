"""Seats first, names later: growing, shrinking and naming a booking's list."""

from datetime import datetime, time
from typing import Any

import pytest

from bookings.errors.reserving import MoreThanClass, NoStudents, TooFewCompanions
from bookings.models import Booking, Place
from bookings.services import lists
from courses.errors import RoomFull
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.factories.bookings import make_booking


@pytest.fixture
def booking(world: World, now: datetime) -> Booking:
    """Four seats, nobody named."""
    return make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now,
        student_ids=[],
        seats=4,
    )


def change(world: World, booking: Booking, now: datetime, count: int, **more: Any) -> Booking:
    booking.refresh_from_db()
    return lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=booking.edition,
        student_ids=[student.pk for student in world.students[:count]],
        now=now,
        **more,
    )


def live(booking: Booking) -> list[int | None]:
    """The class seat numbers of the live places, those without a name last."""
    numbers = booking.places.live().values_list("student__seat_no", flat=True)
    return sorted(numbers, key=lambda number: number or 99)


def counted() -> tuple[int, int]:
    session = CourseSession.objects.get()
    return session.seats_taken, session.adults_coming


def test_naming_keeps_the_seats(world: World, booking: Booking, now: datetime) -> None:
    before = set(Place.objects.values_list("pk", flat=True))

    changed = change(world, booking, now, 3, seats=4)

    assert (changed.seats, live(booking), counted()) == (4, [1, 2, 3, None], (4, 2))
    assert set(Place.objects.values_list("pk", flat=True)) == before


def test_naming_fewer_than_taken_frees_the_rest(
    world: World, booking: Booking, now: datetime
) -> None:
    change(world, booking, now, 3)

    assert (live(booking), counted()) == ([1, 2, 3], (3, 2))


def test_growing_takes_seats_and_adults_at_once(
    world: World, booking: Booking, now: datetime
) -> None:
    changed = change(world, booking, now, 2, seats=5, adults=4)

    assert (changed.seats, changed.adults) == (5, 4)
    assert (live(booking), counted()) == ([1, 2, None, None, None], (5, 4))


def test_shrinking_frees_seats_and_adults_at_once(
    world: World, booking: Booking, now: datetime
) -> None:
    change(world, booking, now, 4, adults=5)
    change(world, booking, now, 1, adults=2)

    assert (live(booking), counted()) == ([1], (1, 2))


def test_who_leaves_gives_the_place_back(world: World, booking: Booking, now: datetime) -> None:
    change(world, booking, now, 4)
    change(world, booking, now, 1, seats=3)

    assert (live(booking), counted()) == ([1, None, None], (3, 2))


def test_a_booking_needs_seats_students_there_are_and_enough_adults(
    world: World, booking: Booking, now: datetime
) -> None:
    with pytest.raises(NoStudents):
        change(world, booking, now, 0)
    with pytest.raises(MoreThanClass):
        change(world, booking, now, 0, seats=6)
    with pytest.raises(TooFewCompanions):
        change(world, booking, now, 4, adults=1)
    assert counted() == (4, 2)


def test_growing_counts_the_heads_in_the_room(
    world: World, booking: Booking, now: datetime
) -> None:
    CourseSession.objects.update(heads_limit=6)

    with pytest.raises(RoomFull):
        change(world, booking, now, 0, seats=4, adults=3)
    with pytest.raises(RoomFull):
        change(world, booking, now, 5)
    change(world, booking, now, 3, adults=3)

    assert counted() == (3, 3)


def test_growing_counts_what_the_class_has_elsewhere(
    world: World, booking: Booking, now: datetime
) -> None:
    make_booking(
        by=world.teacher,
        session=world.session(starts=time(10)),
        class_group=world.group,
        now=now,
        student_ids=[],
        seats=1,
    )

    with pytest.raises(MoreThanClass):
        change(world, booking, now, 0, seats=5)
