"""Badges issued, and doors kept, as the services do it."""

from datetime import datetime
from uuid import UUID, uuid4

from accounts.actors import SYSTEM, Actor
from attendance.choices import EventKind, WayIn
from attendance.models import Badge, CheckIn, Desk
from attendance.services import badges, check_in
from attendance.services import desk as desks
from courses.models import CourseSession
from rosters.models import ClassGroup, Student


def make_badges(class_group: ClassGroup, *, now: datetime) -> dict[int, Badge]:
    """A badge for every student of the class; by seat number."""
    badges.issue_missing(by=SYSTEM, class_group=class_group, now=now)
    return {
        badge.student.seat_no: badge
        for badge in Badge.objects.live()
        .filter(student__class_group=class_group)
        .select_related("student")
    }


def make_badge(student: Student, *, now: datetime) -> Badge:
    return badges.reissue(by=SYSTEM, student=student, reason="遗失", now=now)


def let_in(
    student: Student,
    *,
    by: Actor,
    session: CourseSession,
    now: datetime,
    event_id: UUID | None = None,
) -> check_in.Entry:
    """The student is ticked at the door."""
    return check_in.check_in(
        by=by,
        session=session,
        student_id=student.pk,
        way_in=WayIn.TICK,
        event_id=event_id or uuid4(),
        happened_at=now,
        now=now,
    )


def mark(
    student: Student, kind: EventKind, *, by: Actor, session: CourseSession, now: datetime
) -> CheckIn:
    return check_in.mark(
        by=by, session=session, student_id=student.pk, kind=kind, event_id=uuid4(), now=now
    )


def close_desk(
    *, by: Actor, session: CourseSession, now: datetime, leave_undecided: bool = False
) -> Desk:
    """The door is closed; nobody was ticked on leaving, and it says so."""
    return desks.close_desk(
        by=by,
        session=session,
        now=now,
        heads_note="整队离开，没有逐个签退",
        leave_undecided=leave_undecided,
    )
