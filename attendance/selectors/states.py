"""What the events at the door amount to, by the edition of the rules of the session's day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models.functions import Coalesce

from attendance.choices import (
    AttendanceRules,
    AttendanceState,
    Earns,
    EventKind,
    Unseen,
    least,
)
from attendance.models import CheckIn
from attendance.selectors.rule_sets import rules_of_each
from courses.models import CourseSession

THERE = (AttendanceState.PRESENT, AttendanceState.LATE, AttendanceState.LEFT_EARLY)


@dataclass(frozen=True, slots=True)
class Attendance:
    """A student's state in a session, when it came about, and what it earns."""

    state: AttendanceState
    came_at: datetime | None = None
    left_at: datetime | None = None
    earns: Earns = Earns.NONE

    @property
    def is_credited(self) -> bool:
        return self.earns != Earns.NONE

    @property
    def was_there(self) -> bool:
        return self.state in THERE

    @property
    def is_inside(self) -> bool:
        """Came, and nobody saw her leave."""
        return self.was_there and self.left_at is None

    @property
    def has_left(self) -> bool:
        """Came, and was seen leaving."""
        return self.was_there and self.left_at is not None


EXPECTED = Attendance(AttendanceState.EXPECTED)

# At one and the same moment whoever came was there, and whoever left had come before.
AT_ONCE = (EventKind.ABSENT, EventKind.EXCUSED, EventKind.IN, EventKind.OUT)


def attendance(
    events: "Sequence[CheckIn | Told]",
    *,
    starts_at: datetime,
    ends_at: datetime,
    rules: AttendanceRules,
) -> Attendance:
    """The state that the events give: the same whatever the order in which they reached us.

    Voided events and voids count nothing. The first arrival counts and the last departure,
    unless the student came back after it. A mark of absent or excused stands until the student
    arrives after it; that nobody had seen her when the door was closed
    (``Unseen.AT_CLOSING``) says nothing against an arrival.
    """
    voided = {event.voids_id for event in events if event.kind == EventKind.VOID}
    standing = [
        event for event in events if event.kind != EventKind.VOID and event.pk not in voided
    ]
    came = left = None
    marked: AttendanceState | None = None
    for event in sorted(standing, key=_when):
        if event.kind == EventKind.IN:
            came, left, marked = came or event.happened_at, None, None
        elif event.kind == EventKind.OUT:
            left = event.happened_at
        else:
            marked = AttendanceState(event.kind)
    if marked is not None:
        return Attendance(marked, came, left)
    if came is None:
        return EXPECTED
    late = rules.earned_late(came - starts_at)
    early = None if left is None else rules.earned_early(ends_at - left)
    earns = least(late or Earns.FULL, early or Earns.FULL)
    if early is not None:
        return Attendance(AttendanceState.LEFT_EARLY, came, left, earns)
    if late is not None:
        return Attendance(AttendanceState.LATE, came, left, earns)
    return Attendance(AttendanceState.PRESENT, came, left, earns)


def _when(event: "CheckIn | Told") -> tuple[bool, datetime, int, str]:
    """When it happened, not when it reached us; an absence at the closing before all."""
    is_inferred = event.kind == EventKind.ABSENT and event.reason == Unseen.AT_CLOSING
    return (
        not is_inferred,
        event.happened_at,
        AT_ONCE.index(EventKind(event.kind)),
        str(event.pk),
    )


class Told(NamedTuple):
    """What of an event its student's state is made of, where nothing else of it is asked."""

    pk: UUID
    session_id: int
    # Whom she was merged into, if she was.
    student_id: int
    kind: str
    happened_at: datetime
    reason: str
    voids_id: UUID | None


@dataclass(frozen=True, slots=True)
class Heads:
    """How many came, and how many of these nobody saw leave."""

    came: int
    inside: int

    @property
    def left(self) -> int:
        return self.came - self.inside


def heads(found: Iterable[Attendance]) -> Heads:
    known = list(found)
    return Heads(sum(one.was_there for one in known), sum(one.is_inside for one in known))


def attendance_of_session(session: CourseSession) -> dict[int, Attendance]:
    """The state of every student with an event in the session, by the student's key: one query,
    and one for the rules where the session has not heard of them yet.

    The events of a merged student are those of the student she was merged into.
    """
    return attendance_of_sessions([session])[session.pk]


def attendance_of_sessions(sessions: Sequence[CourseSession]) -> dict[int, dict[int, Attendance]]:
    """The same by the session's key for each, and as many queries as for one."""
    rules = rules_of_each(sessions)
    events: dict[int, dict[int, list[Told]]] = {session.pk: {} for session in sessions}
    for told in map(
        Told._make,
        CheckIn.objects.filter(session__in=events).values_list(
            "pk",
            "session_id",
            Coalesce("student__merged_into_id", "student_id"),
            "kind",
            "happened_at",
            "reason",
            "voids_id",
        ),
    ):
        events[told.session_id].setdefault(told.student_id, []).append(told)
    return {
        session.pk: {
            student: attendance(
                own, starts_at=session.starts_at, ends_at=session.ends_at, rules=rules[session.pk]
            )
            for student, own in events[session.pk].items()
        }
        for session in sessions
    }


def by_student(
    events: Iterable[CheckIn], session: CourseSession, rules: AttendanceRules
) -> dict[int, Attendance]:
    """The same for events with their students loaded."""
    grouped: dict[int, list[CheckIn]] = {}
    for event in events:
        student_id = event.student.merged_into_id or event.student_id
        grouped.setdefault(student_id, []).append(event)
    return {
        student: attendance(own, starts_at=session.starts_at, ends_at=session.ends_at, rules=rules)
        for student, own in grouped.items()
    }
