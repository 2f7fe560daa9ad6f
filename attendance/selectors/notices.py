"""What a public notice shows: to a student her own hours, to the school its lists."""

import hmac
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from accounts.actors import Actor
from attendance.choices import ObjectionState
from attendance.models import Objection, PublicNotice
from bookings import wording
from bookings.models import Place
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit, PracticumRequirement
from hours.selectors import earned_by_student, requirements_of
from rosters import naming
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the ledger as a student reads it."""

    day: date
    what: str
    class_hours: int
    is_reversal: bool


@dataclass(frozen=True, slots=True)
class OwnHours:
    """A student's own hours in the notice; no more of her name than its mask."""

    masked_name: str
    notice: PublicNotice
    lines: list[Line]
    total: int
    objections: list[Objection]

    @property
    def has_reversals(self) -> bool:
        return any(line.is_reversal for line in self.lines)


@dataclass(frozen=True, slots=True)
class Row:
    """One student on a class's printed list."""

    seat_no: int | None
    masked_name: str
    class_hours: int


def classes_of(school_id: int, requirement: PracticumRequirement) -> list[ClassGroup]:
    """The school's classes that the requirement is for, archived ones left out."""
    groups = list(
        ClassGroup.objects.filter(
            school_id=school_id,
            stage=requirement.stage,
            entry_year__range=(requirement.entry_year_from, requirement.entry_year_to),
            archived_at=None,
        )
        .select_related("school")
        .order_by("-entry_year", "number", "pk")
    )
    found = requirements_of(groups)
    return [group for group in groups if found[group.pk] == requirement]


def notices(actor: Actor) -> QuerySet[PublicNotice]:
    """The school's, the newest first, each with how many objections it has and how many wait."""
    return (
        PublicNotice.objects.visible_to(actor)
        .select_related("requirement", "lock")
        .annotate(
            made=Count("objections"),
            waiting=Count("objections", filter=Q(objections__state=ObjectionState.OPEN)),
        )
        .order_by("-started_at", "-pk")
    )


def doors_not_closed(notice: PublicNotice) -> int:
    """How many sessions of the notice's students and days are over without that the hours were
    credited: their hosts have not closed the door. One query."""
    starts_at, ends_at = notice.requirement.period
    return (
        CourseSession.objects.scheduled()
        .filter(
            pk__in=Place.objects.live()
            .filter(
                starts_at__gte=starts_at,
                starts_at__lt=ends_at,
                student__school=notice.school_id,
                student__class_group__stage=notice.requirement.stage,
                student__class_group__entry_year__range=(
                    notice.requirement.entry_year_from,
                    notice.requirement.entry_year_to,
                ),
            )
            .values("session_id"),
            desk__closed_at=None,
        )
        .count()
    )


def is_hers(student: Student, student_no: str) -> bool:
    """In constant time; a student without a number has none that fits."""
    return bool(student_no) and hmac.compare_digest(
        student_no.encode(), student.student_no.encode()
    )


def own_hours(student: Student) -> OwnHours | None:
    """The last notice of the student's school for what is required of her class, and her hours
    in its period; None where there is none. Four queries, her class being loaded."""
    requirement = requirements_of([student.class_group])[student.class_group_id]
    notice = (
        PublicNotice.objects.filter(school_id=student.school_id, requirement=requirement)
        .select_related("requirement", "school")
        .order_by("-started_at", "-pk")
        .first()
        if requirement is not None
        else None
    )
    if notice is None:
        return None
    entries = (
        HourCredit.objects.filter(
            student=student,
            earned_on__range=(notice.requirement.counts_from, notice.requirement.due_on),
        )
        .select_related("session__version")
        .order_by("earned_on", "pk")
    )
    lines = [
        Line(
            day=entry.earned_on,
            what=wording.title(entry.session.version)
            if entry.session
            else str(CreditKind.MANUAL.label),
            class_hours=entry.class_hours,
            is_reversal=entry.kind == CreditKind.REVERSAL,
        )
        for entry in entries
    ]
    return OwnHours(
        masked_name=naming.masked(student.name),
        notice=notice,
        lines=lines,
        total=sum(line.class_hours for line in lines),
        objections=list(
            Objection.objects.filter(notice=notice, student=student).order_by("made_at", "pk")
        ),
    )


def class_list(notice: PublicNotice, group: ClassGroup) -> list[Row]:
    """What is put up in the class: seat number, mask and hours. Two queries."""
    students = list(group.students.filter(left_at=None).order_by("seat_no", "pk"))
    earned = earned_by_student([student.pk for student in students], notice.requirement)
    return [
        Row(student.seat_no, naming.masked(student.name), earned.get(student.pk, 0))
        for student in students
    ]


def objections(notice: PublicNotice) -> list[Objection]:
    """Those that wait first, then the others, each with its student."""
    found: dict[bool, list[Objection]] = defaultdict(list)
    for objection in notice.objections.select_related("student__class_group").order_by(
        "made_at", "pk"
    ):
        found[objection.state == ObjectionState.OPEN].append(objection)
    return [*found[True], *found[False]]
