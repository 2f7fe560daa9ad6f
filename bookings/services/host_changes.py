"""What the host cancels: a session, or all that is left of a day, for everybody booked.

Sessions of a set are booked only together, so they are cancelled together: with one of them go
all the others that have not begun.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from bookings.choices import CancelledSide
from bookings.errors.sessions import AlreadyCancelled, NothingToCancel, SessionOver
from bookings.models import Booking
from bookings.selectors import alternatives, host_day
from bookings.services import changes, freeze, holds, plain_words, telling
from bookings.services.retries import in_one_transaction
from courses.choices import ReasonCode, SessionState
from courses.models import CourseSession
from courses.services import seats
from sites import dates


def check_can_cancel_session(actor: Actor, session: CourseSession, now: datetime) -> None:
    """The manager of the session's host, or the alliance's secretariat, before it begins."""
    if not (actor.is_host_manager or actor.is_secretariat):
        raise NotAllowed
    if actor.is_host_manager and session.host_id != actor.organisation_id:
        raise NotYours
    if session.state == SessionState.CANCELLED:
        raise AlreadyCancelled(reason=session.why_cancelled)
    if session.starts_at <= now:
        raise SessionOver(when=dates.moment(session.starts_at))


def check_can_cancel_day(actor: Actor, day: date, now: datetime) -> None:
    """The host's manager, while anything of the day is still to come."""
    if not actor.is_host_manager:
        raise NotAllowed
    if not host_day.sessions_to_cancel(actor, day, now).exists():
        raise NothingToCancel(day=dates.day(day))


def cancel_session(
    *,
    by: Actor,
    session: CourseSession,
    reason: str,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> CourseSession:
    """The session, with its set, and every booking of it are cancelled; seats and rooms are
    free, and everybody booked and whoever was to teach is told by whom and why. By the host
    after the freeze they are recorded as late.

    Refused: AlreadyCancelled, SessionOver, another host's session, an empty reason,
    TextNamesStudent.
    """
    reason = changes.words_for(code, reason)
    check_can_cancel_session(by, session, now)

    def write() -> CourseSession:
        rows = _locked([session.pk, *_companions([session], now)])
        locked = next(row for row in rows if row.pk == session.pk)
        check_can_cancel_session(by, locked, now)
        _cancel(_standing(rows), by=by, code=code, reason=reason, now=now)
        return locked

    return in_one_transaction(write)


def cancel_day(
    *,
    by: Actor,
    day: date,
    reason: str,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> list[CourseSession]:
    """All of the host's sessions of the day that have not begun are cancelled as by
    ``cancel_session``, with one reason, or none of them. Of a set other days go with them.

    Refused: NothingToCancel, an empty reason, TextNamesStudent.
    """
    reason = changes.words_for(code, reason)
    check_can_cancel_day(by, day, now)

    def write() -> list[CourseSession]:
        chosen = list(host_day.sessions_to_cancel(by, day, now))
        sessions = _standing(_locked([one.pk for one in chosen] + _companions(chosen, now)))
        if not sessions:
            raise NothingToCancel(day=dates.day(day))
        _cancel(sessions, by=by, code=code, reason=reason, now=now)
        return sessions

    return in_one_transaction(write)


def _companions(sessions: Iterable[CourseSession], now: datetime) -> list[int]:
    """The keys of the other sessions that go with these."""
    return [one.pk for one in host_day.bound_to(sessions, now)]


def _standing(sessions: Iterable[CourseSession]) -> list[CourseSession]:
    return [one for one in sessions if one.state == SessionState.SCHEDULED]


def _locked(session_ids: Iterable[int]) -> list[CourseSession]:
    """The sessions as they are now, ours until the end, in the order of their keys."""
    return list(
        CourseSession.objects.select_for_update(of=("self",))
        .filter(pk__in=session_ids)
        .select_related("room_hold", "room", "season", "version")
        .order_by("pk")
    )


def _cancel(
    sessions: Sequence[CourseSession],
    *,
    by: Actor,
    code: ReasonCode,
    reason: str,
    now: datetime,
) -> None:
    """The sessions' rows being ours, no seat of them is taken or given back meanwhile. What the
    host takes back after the freeze is recorded as late; what the alliance does is not."""
    bookings = list(
        Booking.objects.live()
        .select_for_update(of=("self",), no_key=True)
        .filter(session__in=sessions)
        .select_related("class_group")
        .order_by("session_id", "pk")
    )
    plain_words.check_names_nobody(reason, by=by, now=now, sessions=sessions)
    still_free = alternatives.offered(sessions, bookings, now)
    side = CancelledSide.ALLIANCE if by.is_secretariat else CancelledSide.HOST
    if side == CancelledSide.HOST:
        late = {session.pk for session in sessions if freeze.is_settled(session, now)}
        for booking in bookings:
            booking.is_late = booking.session_id in late
    changes.end_bookings(bookings, side=side, code=code, reason=reason, now=now)
    holds.forget(sessions, now=now)
    for session in sessions:
        of_session = [booking for booking in bookings if booking.session_id == session.pk]
        seats.void_session(session=session, by=by, code=code, reason=reason, now=now)
        audit.record(
            by=by,
            verb="session.cancelled",
            now=now,
            target=session,
            bookings=[booking.pk for booking in of_session],
        )
    telling.cancelled([booking.pk for booking in bookings], by=by, now=now, still_free=still_free)
    telling.session_cancelled([session.pk for session in sessions], by=by, now=now)
