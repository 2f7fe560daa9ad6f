"""What a session is to the planner: which halves of its day, where, for how many, for whom."""

from collections.abc import Sequence
from datetime import date

from bookings.errors.reserving import WrongStage
from bookings.services import companions, reservations
from courses.models import CourseSession
from courses.selectors.catalogue import LUNCH_OVER
from planning.solving.problem import AFTERNOON, MORNING
from rosters.models import ClassGroup
from sites import dates

# A room with a limit of heads keeps adults' seats free as if so many classes shared the session;
# where more do, ``rooming`` sees to it.
SHARED_BY = 2


def halves(session: CourseSession) -> int:
    """Lunch is over at one: whatever begins earlier takes the morning, whatever ends later the
    afternoon, so that two of different halves never overlap."""
    morning = dates.local(session.starts_at).time() < LUNCH_OVER
    afternoon = dates.local(session.ends_at).time() > LUNCH_OVER
    return MORNING * morning | AFTERNOON * afternoon


def site(session: CourseSession) -> tuple[str, int | None]:
    if session.room is not None:
        return ("site", session.room.site_id)
    return (session.venue, session.school_id)


def seats(session: CourseSession) -> int:
    """Seats left; in a room with a limit of heads, such that the adults find room too."""
    left: int = session.seats_left  # type: ignore[attr-defined]
    return _beside_adults(session, left, session.heads)


def whole(session: CourseSession) -> int:
    """Seats of another session like it, to which nobody comes yet."""
    return _beside_adults(session, session.capacity, 0)


def _beside_adults(session: CourseSession, seats: int, heads: int) -> int:
    if session.heads_limit is None:
        return seats
    room = session.heads_limit - heads
    while seats > 0 and seats + _adults(session, seats) > room:
        seats -= 1
    return seats


def _adults(session: CourseSession, students: int) -> int:
    part = -(-students // SHARED_BY)
    return SHARED_BY * companions.needed_for(session.version, part)


def suits(session: CourseSession, group: ClassGroup) -> bool:
    try:
        reservations.check_grade_suits(session, group)
    except WrongStage:
        return False
    return True


def is_in_term(day: date, terms: Sequence[tuple[date, date]]) -> bool:
    """Without terms in the calendar every day is."""
    return not terms or any(first <= day <= last for first, last in terms)
