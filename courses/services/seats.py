"""Seats of a session. They change only here, each time by one conditional UPDATE."""

from datetime import datetime

from django.db.models import F

from accounts.actors import Actor
from courses.choices import SessionState
from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession
from sites import services as sites_services


def take_seats(*, session_id: int, seats: int) -> None:
    """``seats`` more are taken, or none. Call within a transaction, as late as possible.

    Refused: SessionCancelled; SessionFull with the seats that are left.
    """
    changed = (
        CourseSession.objects.scheduled()
        .filter(pk=session_id, capacity__gte=F("seats_taken") + F("seats_held") + seats)
        .update(seats_taken=F("seats_taken") + seats)
    )
    if changed:
        return
    session = CourseSession.objects.get(pk=session_id)
    if session.state != SessionState.SCHEDULED:
        raise SessionCancelled(reason=session.cancel_reason)
    left = session.capacity - session.seats_taken - session.seats_held
    raise SessionFull(seats=seats, seats_left=left)


def release_seats(*, session_id: int, seats: int) -> None:
    """``seats`` fewer are taken. The caller releases places it holds, so there are as many."""
    CourseSession.objects.filter(pk=session_id).update(seats_taken=F("seats_taken") - seats)


def void_session(*, session: CourseSession, by: Actor, reason: str, now: datetime) -> None:
    """The session is cancelled with its reason, its seats and its room are free.

    Call within a transaction, after the bookings of its seats are over.
    """
    hold = session.room_hold
    CourseSession.objects.filter(pk=session.pk).update(
        state=SessionState.CANCELLED,
        cancelled_at=now,
        cancelled_by_id=by.membership_id,
        cancel_reason=reason,
        seats_taken=0,
        seats_held=0,
        room_hold=None,
        sequence=F("sequence") + 1,
    )
    if hold is not None:
        sites_services.release_hold(hold=hold)
    session.refresh_from_db()
