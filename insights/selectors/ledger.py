"""The rows behind a student's hours: ledger entries, and days missed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor
from attendance.choices import EventKind
from attendance.models import CheckIn
from bookings import wording
from bookings.selectors.progress import StudentHours
from hours.models import HourCredit
from rosters.models import ClassGroup, Student
from sites import dates

StudentTest = Callable[[StudentHours], bool]


@dataclass(frozen=True, slots=True)
class Hint:
    """A remark beside a student: a state's glyph with its word, or words alone."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Credit:
    earned_on: date
    title: str
    host: str
    kind: str
    reason: str
    class_hours: int


def credits_of(actor: Actor, student: Student) -> list[Credit]:
    """The student's ledger, oldest first; corrections stand beside what they correct."""
    rows = (
        HourCredit.objects.visible_to(actor)
        .filter(student=student)
        .select_related("session__version", "session__host")
        .order_by("earned_on", "pk")
    )
    return [
        Credit(
            earned_on=row.earned_on,
            title=wording.title(row.session.version) if row.session else "—",
            host=wording.organisation_name(row.session.host) if row.session else "—",
            kind=row.get_kind_display(),
            reason=row.reason,
            class_hours=row.class_hours,
        )
        for row in rows
    ]


def hints_of_class(group: ClassGroup, now: datetime) -> dict[int, tuple[Hint, ...]]:
    """Days on which students of the class were marked absent or on leave, by student."""
    events = (
        CheckIn.objects.filter(
            Q(student__class_group=group) | Q(student__merged_into__class_group=group),
            kind__in=[EventKind.ABSENT, EventKind.EXCUSED],
            voided_by=None,
            session__ends_at__lte=now,
        )
        .select_related("session", "student")
        .order_by("session__starts_at", "pk")
    )
    found: dict[int, tuple[Hint, ...]] = {}
    for event in events:
        word = _("缺席") if event.kind == EventKind.ABSENT else _("请假")
        hint = Hint(event.kind, f"{dates.day_short(event.session.starts_at)} {word}")
        student_id = event.student.merged_into_id or event.student_id
        if hint not in found.get(student_id, ()):
            found[student_id] = (*found.get(student_id, ()), hint)
    return found
