"""Reserving seats: what holds afterwards, and every refusal with its fact."""

from datetime import datetime

from bookings.choices import BookingState
from tests.bookings.conftest import World
from tests.factories.bookings import make_reservation


def test_reserve_takes_the_seats_of_the_whole_class(world: World, now: datetime) -> None:
    session = world.session(capacity=30)

    reservation = make_reservation(
        by=world.teacher, sessions=[session], class_group=world.group, now=now
    )

    booking = reservation.bookings.get()
    session.refresh_from_db()
    assert (booking.state, booking.seats, session.seats_taken) == (BookingState.CONFIRMED, 5, 5)
