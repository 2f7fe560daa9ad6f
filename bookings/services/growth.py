"""How far a booking may grow: into the seats that are free, or those its host could add."""

from collections.abc import Iterable
from dataclasses import dataclass

from bookings.errors.requests import SeatsShortForRequest
from bookings.models import Booking
from bookings.services import class_seats, companions, offers
from bookings.services import students as student_rules
from bookings.services.lists import Wanted
from courses.errors import RoomFull
from courses.services import sessions as course_sessions


@dataclass(frozen=True, slots=True)
class Growth:
    """``free`` seats are there for more, of which a booking may have ``most`` with the adults who
    come along; its host could make it ``most_with_added``."""

    free: int
    most: int
    most_with_added: int


def of(bookings: Iterable[Booking]) -> Growth:
    """Of bookings that change together, what each of their sessions allows (``room`` and
    ``version`` loaded)."""
    each = [_of(booking) for booking in bookings]
    return Growth(
        free=min(one.free for one in each),
        most=min(one.most for one in each),
        most_with_added=min(one.most_with_added for one in each),
    )


def check_may_be_asked(booking: Booking, wanted: Wanted) -> None:
    """Whether the host could accept that the booking becomes as wanted, be it after adding seats.

    Refused: SeatsShortForRequest, RoomFull, MoreThanClass, StudentBusy.
    """
    session = booking.session
    more = wanted.seats - booking.seats
    more_adults = wanted.adults_of(booking) - booking.adults
    free, addable = offers.seats_left(session), _addable(booking)
    if more > 0 and more > free + addable:
        allowed = _of(booking)
        raise SeatsShortForRequest(
            seats=more,
            seats_left=free,
            addable=max(0, allowed.most_with_added - allowed.most),
            most=allowed.most_with_added,
        )
    limit, heads = session.heads_limit, session.heads
    if (more > 0 or more_adults > 0) and limit is not None and heads + more + more_adults > limit:
        raise RoomFull(limit=limit, present=heads, seats=more, adults=more_adults)
    class_seats.check_growth(
        booking, seats=wanted.seats, unnamed=wanted.seats - len(wanted.students)
    )
    student_rules.check_free(
        list(wanted.students.values()), [session], booking.class_group, besides=booking
    )


def _of(booking: Booking) -> Growth:
    free = offers.seats_left(booking.session)
    return Growth(
        free=free,
        most=booking.seats + _fitting(booking, free),
        most_with_added=booking.seats + _fitting(booking, free + _addable(booking)),
    )


def _addable(booking: Booking) -> int:
    """How many seats the host could add: as many as the room and the course have."""
    session = booking.session
    largest = course_sessions.default_capacity(session.version, session.room)
    return max(0, largest - session.capacity)


def _fitting(booking: Booking, seats: int) -> int:
    """How many of so many more seats the room has a place for, with the adults they need."""
    session = booking.session
    if session.heads_limit is None:
        return seats
    spare = session.heads_limit - session.heads

    def adults(more: int) -> int:
        needed = companions.needed_for(session.version, booking.seats + more)
        return max(0, needed - booking.adults)

    return next((more for more in range(seats, 0, -1) if more + adults(more) <= spare), 0)
