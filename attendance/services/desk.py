"""The door of a session: opened, closed with credits given, reopened with a reason."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from attendance.choices import RULES, AttendanceState, EventKind, WayIn
from attendance.errors import (
    DeskClosed,
    DeskNotClosed,
    DeskNotOpenYet,
    DeskReasonMissing,
    SessionNotOver,
)
from attendance.models import CheckIn, Desk
from attendance.selectors.states import Attendance, attendance_of_session
from attendance.services import telling
from bookings.models import Place
from courses.choices import SessionState
from courses.errors import SessionCancelled
from courses.models import CourseSession
from hours import services as hours_services
from hours.choices import CreditKind
from hours.models import HourCredit
from rosters.models import Student
from sites import dates


def check_can_keep(actor: Actor, session: CourseSession) -> None:
    """Whoever keeps the session (``CourseSession.is_kept_by``). To others than the host's
    people the session is not there."""
    if actor.organisation_id != session.host_id or not actor.is_host:
        raise NotYours
    if not session.is_kept_by(actor):
        raise NotAllowed


def _check_stands(session: CourseSession) -> None:
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.cancel_reason)


def opens_at(session: CourseSession) -> datetime:
    """An hour before the session (``RULES.opens_before``)."""
    return session.starts_at - RULES.opens_before


def check_can_open(actor: Actor, session: CourseSession, now: datetime) -> None:
    """From ``opens_at`` on."""
    check_can_keep(actor, session)
    _check_stands(session)
    opens = opens_at(session)
    if now < opens:
        raise DeskNotOpenYet(opens=dates.moment(opens))


def open_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The desk of the session; opening it again finds it as it is, open or closed."""
    check_can_open(by, session, now)
    return ensure_desk(by=by, session=session, now=now)


def ensure_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The session's desk as it is, made if there is none: ``by`` was found to keep it."""
    assert by.membership_id is not None
    with transaction.atomic():
        desk, is_new = Desk.objects.get_or_create(
            session=session,
            defaults={
                "host_id": session.host_id,
                "opened_at": now,
                "opened_by_id": by.membership_id,
            },
        )
        if is_new:
            audit.record(by=by, verb="desk.opened", now=now, target=session)
    return desk


def locked_open_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The desk, opened if need be, its row held against a closing at the same time.

    Refused: DeskClosed, and as ``check_can_open``. Call within a transaction.
    """
    desk = _locked_desk(by=by, session=session, now=now)
    if desk.closed_at is not None:
        raise DeskClosed
    return desk


def check_is_open(session: CourseSession) -> None:
    """Refused: DeskClosed. A look without a lock; writing asks ``locked_open_desk``."""
    if Desk.objects.filter(session=session, closed_at__isnull=False).exists():
        raise DeskClosed


def _locked_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The desk, open or closed, its row ours. Refused: a session cancelled since it was read."""
    open_desk(by=by, session=session, now=now)
    desk = (
        Desk.objects.select_for_update(no_key=True, of=("self",))
        .select_related("session")
        .get(session=session)
    )
    _check_stands(desk.session)
    return desk


def check_can_close(actor: Actor, session: CourseSession, now: datetime) -> None:
    """Once the session has begun: hours are earned by being there."""
    check_can_keep(actor, session)
    _check_stands(session)
    if now < session.starts_at:
        raise SessionNotOver(starts=dates.moment(session.starts_at))


def close_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """Whoever was expected and not seen is absent; those whose state earns it
    (``RULES.credited``) have the session's class hours, everybody else has none of it.

    After a reopening the ledger is brought in line: a credit that no longer holds is reversed,
    a new one written. The school's people are told. Closing a closed desk changes nothing.
    """
    check_can_close(by, session, now)
    with transaction.atomic():
        desk = _locked_desk(by=by, session=session, now=now)
        if desk.closed_at is not None:
            return desk
        students = _students_of(session)
        _mark_missing(by, session, students, now)
        states = attendance_of_session(session)
        _settle_hours(by, session, students, states, now)
        desk.closed_at = now
        desk.closed_by_id = by.membership_id
        desk.closings += 1
        desk.save(update_fields=["closed_at", "closed_by", "closings"])
        audit.record(
            by=by,
            verb="desk.closed",
            now=now,
            target=session,
            expected=len(students),
            credited=sum(states[pk].is_credited for pk in students if pk in states),
        )
        telling.tell_closed(session=session, states=states, now=now)
    return desk


def reopen_desk(*, by: Actor, session: CourseSession, reason: str, now: datetime) -> Desk:
    """The closed desk takes corrections again, until it is closed again.

    Refused: DeskReasonMissing, DeskNotClosed.
    """
    check_can_keep(by, session)
    if not reason.strip():
        raise DeskReasonMissing
    with transaction.atomic():
        desk = Desk.objects.select_for_update(no_key=True).filter(session=session).first()
        if desk is None or desk.closed_at is None:
            raise DeskNotClosed
        desk.closed_at = None
        desk.closed_by = None
        desk.reopen_reason = reason.strip()[:200]
        desk.save(update_fields=["closed_at", "closed_by", "reopen_reason"])
        audit.record(by=by, verb="desk.reopened", now=now, target=session)
    return desk


def _students_of(session: CourseSession) -> dict[int, Place]:
    """The live places of the session that name a student, by the student's key."""
    places = (
        Place.objects.live()
        .filter(session=session, student__isnull=False)
        .select_related("student")
        .order_by("pk")
    )
    return {place.student_id: place for place in places if place.student_id is not None}


def _mark_missing(
    by: Actor, session: CourseSession, students: Mapping[int, Place], now: datetime
) -> None:
    states = attendance_of_session(session)
    CheckIn.objects.bulk_create(
        CheckIn(
            session=session,
            student_id=pk,
            place=place,
            kind=EventKind.ABSENT,
            way_in=WayIn.TICK,
            happened_at=now,
            recorded_at=now,
            recorded_by_id=by.membership_id,
        )
        for pk, place in students.items()
        if pk not in states or states[pk].state == AttendanceState.EXPECTED
    )


def _settle_hours(
    by: Actor,
    session: CourseSession,
    students: Mapping[int, Place],
    states: Mapping[int, Attendance],
    now: datetime,
) -> None:
    """The ledger says of the session exactly what the states say."""
    earning = [pk for pk in students if states[pk].is_credited]
    for credit in HourCredit.objects.filter(
        session=session, kind=CreditKind.ATTENDANCE, reversed_by=None
    ).exclude(student_id__in=earning):
        hours_services.reverse(by=by, credit=credit, reason=str(EventKind.ABSENT.label), now=now)
    hours_services.credit_students(
        by=by,
        students=list(Student.objects.filter(pk__in=earning).order_by("pk")),
        session=session,
        rule_version=RULES.version,
        now=now,
    )
