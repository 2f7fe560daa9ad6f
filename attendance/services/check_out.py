"""Letting students out, by badge or by seat."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.actors import Actor
from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn
from attendance.selectors.rule_sets import rules_of
from attendance.selectors.states import attendance
from attendance.services import check_in as check_ins
from attendance.services import desk as desks
from courses.models import CourseSession


def check_out(
    *,
    by: Actor,
    session: CourseSession,
    way_in: WayIn,
    event_id: UUID,
    now: datetime,
    code: str = "",
    student_id: int | None = None,
) -> check_ins.Entry:
    """The student has left: the bearer of the badge ``code``, or the one ticked.

    Safe to repeat, by the event's id and by the student: who has left stays out since then.
    Refused: NotInYet (she never came), and as ``check_in``.
    """
    place = check_ins.place_at_door(by, session, now, code=code, student_id=student_id)
    assert place.student is not None
    with transaction.atomic():
        # Two devices reading one badge meet here: the second finds the first one's event.
        desks.locked_open_desk(by=by, session=session, now=now)
        left = _departure(session, place.student.pk)
        if left is not None and left.pk != event_id:
            return check_ins.Entry(left, place.student, place, is_new=False)
        event = check_ins.mark(
            by=by,
            session=session,
            student_id=place.student.pk,
            kind=EventKind.OUT,
            event_id=event_id,
            now=now,
            way_in=way_in,
        )
    return check_ins.Entry(event, place.student, place, is_new=True)


def _departure(session: CourseSession, student_id: int) -> CheckIn | None:
    """The event by which the student left, unless she came back or it was taken back."""
    events = list(CheckIn.objects.of_student(student_id).filter(session=session))
    state = attendance(
        events, starts_at=session.starts_at, ends_at=session.ends_at, rules=rules_of(session)
    )
    if not state.has_left:
        return None
    voided = {event.voids_id for event in events if event.kind == EventKind.VOID}
    return next(
        event
        for event in events
        if event.kind == EventKind.OUT
        and event.happened_at == state.left_at
        and event.pk not in voided
    )
