"""How far classes are: hours earned, booked and missing, per student and for the class."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings.models import Place
from bookings.selectors import standing
from bookings.selectors.standing import Lacking, Outside, Standing
from courses.choices import SessionState
from courses.models import CourseSession
from hours.models import HourCredit, PracticumRequirement
from hours.selectors import requirements_of
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class StudentHours:
    """One student's hours. ``missing`` are those still to be booked, ``lacking`` says which, and
    what besides hours is missing; those ``outside`` the requirement's days do not count."""

    student: Student
    earned: int
    booked: int
    missing: int
    is_done: bool
    differs: bool
    lacking: Lacking
    outside: Outside


@dataclass(frozen=True, slots=True)
class ClassProgress:
    """A class's hours: ``earned``, ``booked``, ``missing`` and ``outside`` are those most of its
    students have (of equally many, those of the students further behind); ``rows`` has each
    student's, in seat order."""

    class_group: ClassGroup
    requirement: PracticumRequirement | None
    required: int
    earned: int
    booked: int
    missing: int
    rows: tuple[StudentHours, ...]
    lacking: Lacking
    outside: Outside

    @property
    def students(self) -> int:
        return len(self.rows)

    @property
    def reached(self) -> int:
        """What the class has once everything booked is attended, as far as it counts."""
        return self.reached_with(0)

    def reached_with(self, hours: int) -> int:
        """What the class has once it also attends so many hours more, as far as they count."""
        return min(self.required, self.earned + self.booked + hours)

    def outside_of(self, sessions: Iterable[CourseSession]) -> Outside:
        """The hours of these sessions that would not count towards what the class must reach."""
        if self.requirement is None:
            return Outside()
        starts, ends = self.requirement.period
        held = [(session.starts_at, session.class_hours) for session in sessions]
        return Outside(
            before=sum(hours for moment, hours in held if moment < starts),
            after=sum(hours for moment, hours in held if moment >= ends),
        )

    @property
    def differing(self) -> int:
        """How many students' hours are not the class's."""
        return sum(row.differs for row in self.rows)

    @property
    def done(self) -> int:
        """How many students have earned all they must."""
        return sum(row.is_done for row in self.rows)

    @property
    def short(self) -> int:
        """How many students still miss something even when they attend all that is booked."""
        return sum(bool(row.lacking) for row in self.rows)

    @property
    def short_of_hours(self) -> int:
        return sum(row.missing > 0 for row in self.rows)

    @property
    def short_of_occupations(self) -> int:
        return sum(row.lacking.occupations > 0 for row in self.rows)

    @property
    def is_done(self) -> bool:
        return bool(self.rows) and self.done == len(self.rows)


def class_progress(actor: Actor, class_group: ClassGroup, now: datetime) -> ClassProgress:
    """The class's hours, for its school. Shows names: the page logs the reading.

    Refused: a class that is not the actor's to see (NotYours).
    """
    if not ClassGroup.objects.visible_to(actor).filter(pk=class_group.pk).exists():
        raise NotYours
    return progress_of_classes([class_group], now)[class_group.pk]


def progress_of_classes(
    class_groups: Iterable[ClassGroup], now: datetime
) -> dict[int, ClassProgress]:
    """The hours of each class, by its key, in three queries whatever their number (one more where
    a requirement is for a kind of school). The caller has chosen classes the actor may see."""
    groups = list(class_groups)
    requirements = requirements_of(groups)
    students: dict[int, list[Student]] = {group.pk: [] for group in groups}
    current = Student.objects.current().filter(class_group__in=[group.pk for group in groups])
    for student in current.order_by("class_group_id", "seat_no", "pk"):
        students[student.class_group_id].append(student)
    standings = standing.of_students(current, now)
    return {
        group.pk: _of_standings(
            group,
            requirements[group.pk],
            [(student, standings[student.pk]) for student in students[group.pk]],
        )
        for group in groups
    }


def places_to_come(now: datetime) -> QuerySet[Place]:
    """The live places that count as booked: their session is still to come or under way.

    A session that is over counts no more, nor one already credited at its desk.
    """
    credited = HourCredit.objects.filter(
        student_id=OuterRef("student_id"),
        session_id=OuterRef("session_id"),
        class_hours__gt=0,
        reversed_by=None,
    )
    return (
        Place.objects.live()
        .filter(ends_at__gt=now, session__state=SessionState.SCHEDULED)
        .filter(~Exists(credited))
    )


def _of_standings(
    group: ClassGroup,
    requirement: PracticumRequirement | None,
    standings: Collection[tuple[Student, Standing]],
) -> ClassProgress:
    """What each has and lacks, and what most of them have."""
    required = requirement.class_hours if requirement is not None else 0
    rows = [
        StudentHours(
            student=student,
            earned=one.earned,
            booked=one.booked,
            missing=one.lacking.hours,
            is_done=one.is_done,
            differs=False,
            lacking=one.lacking,
            outside=one.outside,
        )
        for student, one in standings
    ]
    return _of_rows(group, requirement, required, rows)


def _of_rows(
    group: ClassGroup,
    requirement: PracticumRequirement | None,
    required: int,
    rows: Collection[StudentHours],
) -> ClassProgress:
    counts = Counter(_hours(row) for row in rows)
    # The most frequent; of equally frequent ones that with the fewest hours.
    usual = min(
        counts,
        key=lambda one: (-counts[one], one[0] + one[1], one[0], one[1], -one[2].hours),
        default=(0, 0, Lacking(hours=required), Outside()),
    )
    earned, booked, lacking, outside = usual
    return ClassProgress(
        class_group=group,
        requirement=requirement,
        required=required,
        earned=earned,
        booked=booked,
        missing=lacking.hours,
        rows=tuple(replace(row, differs=_hours(row) != usual) for row in rows),
        lacking=lacking,
        outside=outside,
    )


def _hours(row: StudentHours) -> tuple[int, int, Lacking, Outside]:
    """What a class has in common."""
    return row.earned, row.booked, row.lacking, row.outside


def of_students(progress: ClassProgress, student_ids: Collection[int]) -> ClassProgress:
    """The same for some students of the class, as if they were the class."""
    return _of_rows(
        progress.class_group,
        progress.requirement,
        progress.required,
        [row for row in progress.rows if row.student.pk in student_ids],
    )
