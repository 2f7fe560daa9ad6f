"""What the events at the door amount to. One rule table: ``choices.RULES``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from attendance.choices import RULES, AttendanceRules, AttendanceState, EventKind
from attendance.models import CheckIn
from courses.models import CourseSession


@dataclass(frozen=True, slots=True)
class Attendance:
    """A student's state in a session, and when it came about."""

    state: AttendanceState
    came_at: datetime | None = None
    left_at: datetime | None = None

    @property
    def is_credited(self) -> bool:
        return self.state in RULES.credited


def attendance(
    events: Sequence[CheckIn],
    *,
    starts_at: datetime,
    ends_at: datetime,
    rules: AttendanceRules = RULES,
) -> Attendance:
    """The state that the events give, in the order in which they happened: whichever way and
    however often they reached us, it is the same.

    Voided events and voids count nothing. The first arrival counts, the last departure; a mark
    of absent or excused stands until the student arrives after it.
    """
    voided = {event.voids_id for event in events if event.kind == EventKind.VOID}
    came = left = None
    marked: AttendanceState | None = None
    for event in sorted(events, key=lambda event: (event.happened_at, str(event.pk))):
        if event.pk in voided:
            continue
        if event.kind == EventKind.IN:
            came, marked = came or event.happened_at, None
        elif event.kind == EventKind.OUT:
            left = event.happened_at
        elif event.kind == EventKind.ABSENT:
            marked = AttendanceState.ABSENT
        elif event.kind == EventKind.EXCUSED:
            marked = AttendanceState.EXCUSED
    if marked is not None:
        return Attendance(marked, came, left)
    if came is None:
        return Attendance(AttendanceState.EXPECTED)
    if left is not None and left < ends_at - rules.early_before:
        return Attendance(AttendanceState.LEFT_EARLY, came, left)
    if came > starts_at + rules.late_after:
        return Attendance(AttendanceState.LATE, came, left)
    return Attendance(AttendanceState.PRESENT, came, left)


def attendance_of_session(session: CourseSession) -> dict[int, Attendance]:
    """The state of every student with an event in the session, by the student's key: one query.

    The events of a merged student are those of the student she was merged into.
    """
    return by_student(
        CheckIn.objects.filter(session=session)
        .select_related("student")
        .order_by("recorded_at", "pk"),
        session,
    )


def by_student(events: Iterable[CheckIn], session: CourseSession) -> dict[int, Attendance]:
    """The same for events with their students loaded."""
    grouped: dict[int, list[CheckIn]] = {}
    for event in events:
        student_id = event.student.merged_into_id or event.student_id
        grouped.setdefault(student_id, []).append(event)
    return {
        student: attendance(own, starts_at=session.starts_at, ends_at=session.ends_at)
        for student, own in grouped.items()
    }
