"""The rows of a reservation, written in bulk within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Model

from bookings.choices import BookingState
from bookings.models import Booking, Companion, Place, Reservation
from bookings.services import companions as companion_rules
from bookings.services.parts import Asked
from rosters.models import Student


class Placed(NamedTuple):
    """A place just written, as far as it is told."""

    student_id: int | None


PLACES = """
INSERT INTO bookings_place (
    booking_id, session_id, school_id, host_id, student_id, starts_at, ends_at, is_live, is_walk_in
)
SELECT booking.id, session.id, booking.school_id, booking.host_id, wanted.student_id,
       session.starts_at, session.ends_at, true, false
FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (booking_id, student_id)
JOIN bookings_booking booking ON booking.id = wanted.booking_id
JOIN courses_coursesession session ON session.id = booking.session_id
ORDER BY booking.session_id, wanted.student_id
"""


def write_bookings(
    reservation: Reservation, asked: Sequence[Asked], *, now: datetime
) -> list[Booking]:
    """The bookings with places and companions: three inserts, whatever their number.

    Each comes with what is told of it at hand: reservation, session, class, school, host,
    companions, and ``live_places`` by student.
    """
    rows = [(one, session) for one in asked for session in one.sessions]
    bookings = Booking.objects.bulk_create(
        Booking(
            reservation=reservation,
            session=session,
            class_group=one.class_group,
            school=one.class_group.school,
            host=session.host,
            state=BookingState.CONFIRMED,
            seats=one.seats,
            adults=one.adults[session.pk],
            created_at=now,
        )
        for one, session in rows
    )
    made = list(zip(bookings, [one for one, _session in rows], strict=True))
    _write_places(made)
    companions = Companion.objects.bulk_create(
        companion
        for booking, one in made
        for companion in companion_rules.name([booking], one.companions)
    )
    for booking in bookings:
        at_hand(booking, "companions", [one for one in companions if one.booking_id == booking.pk])
    return bookings


def _write_places(made: Sequence[tuple[Booking, Asked]]) -> None:
    """A place for each student, and so many without a name; in the order of the sessions, whose
    rows their foreign keys lock, as everywhere.

    Written by PostgreSQL out of the bookings and sessions: thirty places made one by one cost
    more than all the rest of a reservation (``bench/booking``).
    """
    wanted: list[tuple[int, int | None]] = []
    for booking, one in made:
        students: list[int | None] = [student.pk for student in one.students]
        students += [None] * one.unnamed
        wanted += [(booking.pk, student_id) for student_id in students]
        booking.live_places = [Placed(one) for one in students]  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [list(column) for column in zip(*wanted, strict=True)])


def at_hand(owner: Model, name: str, rows: Sequence[Model]) -> None:
    """The owner's related rows are these: ``owner.name.all()`` asks no more."""
    found = getattr(owner, name).all()
    found._result_cache = list(rows)
    found._prefetch_done = True
    vars(owner).setdefault("_prefetched_objects_cache", {})[name] = found


def places(booking: Booking, students: Sequence[Student], unnamed: int = 0) -> list[Place]:
    """Unsaved places for the students, and so many without a name."""
    named = [new_place(booking, student) for student in students]
    return named + [new_place(booking, None) for _number in range(unnamed)]


def new_place(booking: Booking, student: Student | None, *, is_walk_in: bool = False) -> Place:
    """An unsaved place of the booking, at its session's times (``booking.session`` loaded)."""
    return Place(
        booking=booking,
        session_id=booking.session_id,
        school_id=booking.school_id,
        host_id=booking.host_id,
        student=student,
        starts_at=booking.session.starts_at,
        ends_at=booking.session.ends_at,
        is_walk_in=is_walk_in,
    )
