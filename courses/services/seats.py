"""Seats of a session. They change only here, each time by one conditional UPDATE."""

from datetime import datetime

from django.db import connection
from django.db.models import F

from accounts.actors import Actor
from courses.choices import ReasonCode, SessionState
from courses.errors import RoomFull, SessionCancelled, SessionFull, StaleSession
from courses.models import CourseSession
from sites import services as sites_services

# So many more, or fewer, are taken, held, coming and held for, if the session stands, is as it was
# looked at, and has room for them.
CHANGE = """
UPDATE courses_coursesession
SET seats_taken = seats_taken + %(taken)s,
    seats_held = seats_held + %(held)s,
    adults_coming = adults_coming + %(coming)s,
    adults_held = adults_held + %(adults_held)s
WHERE id = %(session)s AND state = %(state)s
  AND (%(sequence)s::integer IS NULL OR sequence = %(sequence)s)
  AND capacity >= seats_taken + seats_held + %(taken)s + %(held)s
  AND (heads_limit IS NULL OR heads_limit >= seats_taken + seats_held + adults_coming + adults_held
       + %(taken)s + %(held)s + %(coming)s + %(adults_held)s)
"""


def take_seats(
    *, session_id: int, seats: int, adults: int = 0, sequence: int | None = None
) -> None:
    """``seats`` more are taken and ``adults`` more come along, or nothing changes. Either may
    be negative. Call within a transaction, as late as possible.

    Refused: SessionCancelled; SessionFull with the seats that are left; RoomFull with how many
    people the room holds and how many come already; StaleSession where the session is not at
    ``sequence`` any more, since its host has moved it.
    """
    if not _change(session_id, taken=seats, coming=adults, sequence=sequence):
        _refuse(session_id, seats=seats, adults=adults, sequence=sequence)


def _change(
    session_id: int,
    *,
    taken: int = 0,
    held: int = 0,
    coming: int = 0,
    adults_held: int = 0,
    sequence: int | None = None,
) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGE,
            {
                "session": session_id,
                "state": SessionState.SCHEDULED,
                "sequence": sequence,
                "taken": taken,
                "held": held,
                "coming": coming,
                "adults_held": adults_held,
            },
        )
        return cursor.rowcount == 1


def _refuse(session_id: int, *, seats: int, adults: int, sequence: int | None = None) -> None:
    session = CourseSession.objects.get(pk=session_id)
    if session.state == SessionState.SCHEDULED and sequence not in (None, session.sequence):
        raise StaleSession
    check_room_for(session, seats=seats, adults=adults)
    # What stood in the way is gone again since; asking once more would take them.
    raise SessionFull(seats=seats, seats_left=0)


def check_room_for(session: CourseSession, *, seats: int, adults: int = 0) -> None:
    """A kind answer before any lock, as ``take_seats`` would give it."""
    if session.state != SessionState.SCHEDULED:
        raise SessionCancelled(reason=session.why_cancelled)
    taken = session.seats_taken + session.seats_held
    if session.capacity < taken + seats:
        raise SessionFull(seats=seats, seats_left=session.capacity - taken)
    if not session.takes(seats, adults):
        assert session.heads_limit is not None
        raise RoomFull(limit=session.heads_limit, present=session.heads, seats=seats, adults=adults)


def release_seats(*, session_id: int, seats: int, adults: int = 0) -> None:
    """``seats`` fewer are taken and ``adults`` fewer come. The caller releases places it holds,
    so there are as many."""
    CourseSession.objects.filter(pk=session_id).update(
        seats_taken=F("seats_taken") - seats, adults_coming=F("adults_coming") - adults
    )


def hold_seats(*, session_id: int, seats: int, adults: int = 0) -> None:
    """``seats`` more are kept for somebody, and room for ``adults`` more, or nothing changes.

    Refused as by ``take_seats``. Call within a transaction.
    """
    if not _change(session_id, held=seats, adults_held=adults):
        _refuse(session_id, seats=seats, adults=adults)


def release_held(*, session_id: int, seats: int, adults: int = 0) -> None:
    """``seats`` and ``adults`` fewer are kept. The caller ends the hold that kept them."""
    CourseSession.objects.filter(pk=session_id).update(
        seats_held=F("seats_held") - seats, adults_held=F("adults_held") - adults
    )


def turn_held(
    *,
    session_id: int,
    seats: int,
    adults: int,
    held: int = 0,
    held_adults: int = 0,
    sequence: int | None = None,
) -> None:
    """What a hold kept becomes seats taken and adults coming, be they more or fewer, in one
    UPDATE; refused as by ``take_seats`` where they are more than fit. Call within a transaction,
    as late as possible.
    """
    more, more_adults = seats - held, adults - held_adults
    if not _change(
        session_id,
        taken=seats,
        held=-held,
        coming=adults,
        adults_held=-held_adults,
        sequence=sequence,
    ):
        _refuse(session_id, seats=more, adults=more_adults, sequence=sequence)


def void_session(
    *,
    session: CourseSession,
    by: Actor,
    reason: str,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> None:
    """The session is cancelled with its reason, in words where the code says nothing; its seats
    and its room are free.

    Call within a transaction, after the bookings of its seats are over.
    """
    hold = session.room_hold
    CourseSession.objects.filter(pk=session.pk).update(
        state=SessionState.CANCELLED,
        cancelled_at=now,
        cancelled_by_id=by.membership_id,
        cancel_reason=reason,
        cancel_code=code,
        seats_taken=0,
        seats_held=0,
        adults_coming=0,
        adults_held=0,
        room_hold=None,
        sequence=F("sequence") + 1,
    )
    if hold is not None:
        sites_services.release_hold(hold=hold)
    session.refresh_from_db()
