"""The rows of a reservation, written in bulk within the caller's transaction."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from bookings.choices import BookingState
from bookings.models import Booking, Companion, Place, Reservation
from bookings.services import companions as companion_rules
from bookings.services.parts import Asked
from courses.models import CourseSession
from rosters.models import Student

# Without the letters and digits that are mistaken for each other on paper and by phone.
REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def write_bookings(
    reservation: Reservation,
    asked: Sequence[Asked],
    sessions: dict[int, CourseSession],
    *,
    now: datetime,
) -> list[Booking]:
    """The bookings with places and companions: three inserts, whatever their number.

    ``sessions`` by key, as they are now that their rows are ours.
    """
    rows = [(one, sessions[session.pk]) for one in asked for session in one.sessions]
    bookings = Booking.objects.bulk_create(
        Booking(
            reservation=reservation,
            session=session,
            class_group=one.class_group,
            school_id=one.class_group.school_id,
            host_id=session.host_id,
            state=BookingState.CONFIRMED,
            seats=one.seats,
            adults=one.adults[session.pk],
            created_at=now,
        )
        for one, session in rows
    )
    made = list(zip(bookings, [one for one, _session in rows], strict=True))
    Companion.objects.bulk_create(
        companion
        for booking, one in made
        for companion in companion_rules.name([booking], one.companions)
    )
    Place.objects.bulk_create(
        place for booking, one in made for place in places(booking, one.students, one.unnamed)
    )
    return bookings


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


def new_reference() -> str:
    """A reference to say on the phone: eight letters, so many that the unique constraint has
    never to speak."""
    letters = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
