"""The rows behind a student's hours: ledger entries, and days missed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.actors import Actor
from attendance.choices import AttendanceState, EventKind
from attendance.models import CheckIn
from attendance.selectors.rule_sets import rules_of_each
from attendance.selectors.states import by_student
from bookings import wording
from bookings.selectors.progress import StudentHours
from hours.choices import CreditKind
from hours.models import HourCredit
from rosters.models import ClassGroup, Student
from sites import dates

# Events that may mean a missed day, and the states that are one.
MISSING = (EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED)
WORTH_A_HINT = (AttendanceState.LEFT_EARLY, AttendanceState.ABSENT, AttendanceState.EXCUSED)

StudentTest = Callable[[StudentHours], bool]


@dataclass(frozen=True, slots=True)
class Hint:
    """A remark beside a student: a state's glyph with its word, or words alone."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Credit:
    """One entry: ``who`` wrote it, and who proposed it where it is by hand. ``is_reversed``
    where another entry took it back, ``can_change`` where it still stands."""

    pk: int
    earned_on: date
    title: str
    host: str
    kind: str
    reason: str
    class_hours: int
    who: str
    credited_at: datetime
    is_reversed: bool
    can_change: bool


def credits_of(actor: Actor, student: Student) -> list[Credit]:
    """The student's ledger, oldest first; corrections stand beside what they correct. One
    query."""
    rows = (
        HourCredit.objects.visible_to(actor)
        .filter(student=student)
        .select_related(
            "session__version",
            "session__host",
            "credited_by__user",
            "credited_by__organisation",
            "reversed_by",
            "proposal__proposer",
        )
        .order_by("earned_on", "session_id", "pk")
    )
    return [
        Credit(
            pk=row.pk,
            earned_on=row.earned_on,
            title=wording.title(row.session.version) if row.session else "—",
            host=wording.organisation_name(row.session.host) if row.session else "—",
            kind=row.get_kind_display(),
            reason=row.reason,
            class_hours=row.class_hours,
            who=_who(row),
            credited_at=row.credited_at,
            is_reversed=hasattr(row, "reversed_by"),
            can_change=row.kind != CreditKind.REVERSAL and not hasattr(row, "reversed_by"),
        )
        for row in rows
    ]


def _who(row: HourCredit) -> str:
    """王老师（清河中学）, and who proposed it."""
    member = row.credited_by
    if member is None:
        return ""
    who = _("%(name)s（%(place)s）") % {
        "name": member.user.name,
        "place": wording.organisation_name(member.organisation),
    }
    if hasattr(row, "proposal"):
        return _("%(name)s提出，%(who)s复核") % {"name": row.proposal.proposer.name, "who": who}
    return who


def hints_of_class(group: ClassGroup, now: datetime) -> dict[int, tuple[Hint, ...]]:
    """Days on which students of the class were absent, on leave or left early, by student, as
    it stands after every correction: one query, and one for the rules."""
    # The stubs lose the annotation across the function.
    missed = _of_child(session=OuterRef("session"), kind__in=MISSING, voided_by=None).filter(
        child=OuterRef("child")
    )  # type: ignore[misc]
    # Keys of students first: "in the class or merged into one of it" as one condition over
    # joins reads every student there is.
    in_class = Student.objects.filter(class_group=group)
    merged = Student.objects.filter(merged_into__class_group=group)
    events = (
        _of_child(
            student__in=in_class.values("pk").union(merged.values("pk")),
            session__ends_at__lte=now,
        )
        .filter(Exists(missed))
        .select_related("session", "student")
        .order_by("session__starts_at", "session_id", "recorded_at", "pk")
    )
    sessions = [list(own) for _session, own in groupby(events, lambda event: event.session_id)]
    rules = rules_of_each(own[0].session for own in sessions) if sessions else {}
    found: dict[int, tuple[Hint, ...]] = {}
    for own in sessions:
        session = own[0].session
        for student, state in by_student(own, session, rules[session.pk]).items():
            if state.state in WORTH_A_HINT:
                text = f"{dates.day_short(session.starts_at)} {state.state.label}"
                found[student] = (*found.get(student, ()), Hint(state.state, text))
    return found


def _of_child(**lookups: object) -> "QuerySet[CheckIn]":
    """The events that meet the conditions; ``child`` is whom a merged student stands for."""
    return CheckIn.objects.filter(**lookups).annotate(
        child=Coalesce("student__merged_into_id", "student_id")
    )
