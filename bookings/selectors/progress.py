"""How far classes are: hours earned, booked and missing, per student and for the class."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Sum

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings.models import Place
from courses.choices import SessionState
from hours.choices import CreditKind
from hours.models import HourCredit, PracticumRequirement
from hours.selectors import earned_by_student, requirements_of
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class StudentHours:
    """One student's hours. ``missing`` is what is neither earned nor booked."""

    student: Student
    earned: int
    booked: int
    missing: int
    is_done: bool
    differs: bool


@dataclass(frozen=True, slots=True)
class ClassProgress:
    """A class's hours: ``earned``, ``booked`` and ``missing`` are those most of its students
    have (of equally many, those of the students further behind); ``rows`` has each student's,
    in seat order."""

    class_group: ClassGroup
    requirement: PracticumRequirement | None
    required: int
    earned: int
    booked: int
    missing: int
    rows: tuple[StudentHours, ...]

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
        """How many students still miss hours even when they attend all that is booked."""
        return sum(row.missing > 0 for row in self.rows)

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
    """The hours of each class, by its key, in four queries whatever their number (and one more
    for each further requirement). The caller has chosen classes the actor may see."""
    groups = list(class_groups)
    requirements = requirements_of(groups)
    students: dict[int, list[Student]] = {group.pk: [] for group in groups}
    for student in (
        Student.objects.current()
        .filter(class_group__in=groups)
        .order_by("class_group_id", "seat_no", "pk")
    ):
        students[student.class_group_id].append(student)
    earned = _earned(groups, requirements, students)
    booked = booked_by_student(
        [student.pk for members in students.values() for student in members], now
    )
    return {
        group.pk: _progress(group, requirements[group.pk], students[group.pk], earned, booked)
        for group in groups
    }


def places_to_come(now: datetime) -> QuerySet[Place]:
    """The live places that count as booked: their session is still to come or under way.

    A session that is over counts no more, nor one already credited at its desk.
    """
    credited = HourCredit.objects.filter(
        student_id=OuterRef("student_id"),
        session_id=OuterRef("session_id"),
        kind=CreditKind.ATTENDANCE,
        reversed_by=None,
    )
    return (
        Place.objects.live()
        .filter(ends_at__gt=now, session__state=SessionState.SCHEDULED)
        .filter(~Exists(credited))
    )


def booked_by_student(student_ids: Collection[int], now: datetime) -> dict[int, int]:
    """The class hours each student would earn by attending the sessions still to come."""
    return dict(
        places_to_come(now)
        .filter(student_id__in=student_ids)
        .values("student_id")
        .annotate(hours=Sum("session__class_hours"))
        .values_list("student_id", "hours")
    )


def _earned(
    groups: Collection[ClassGroup],
    requirements: dict[int, PracticumRequirement | None],
    students: dict[int, list[Student]],
) -> dict[int, int]:
    """Hours earned by student, asked once for each requirement that occurs."""
    earned: dict[int, int] = {}
    for requirement in {requirements[group.pk] for group in groups}:
        earned |= earned_by_student(
            [
                student.pk
                for group in groups
                if requirements[group.pk] == requirement
                for student in students[group.pk]
            ],
            requirement,
        )
    return earned


def _progress(
    group: ClassGroup,
    requirement: PracticumRequirement | None,
    students: Collection[Student],
    earned: dict[int, int],
    booked: dict[int, int],
) -> ClassProgress:
    hours = [
        (student, earned.get(student.pk, 0), booked.get(student.pk, 0)) for student in students
    ]
    return _of_hours(group, requirement, hours)


def _of_hours(
    group: ClassGroup,
    requirement: PracticumRequirement | None,
    hours: Collection[tuple[Student, int, int]],
) -> ClassProgress:
    """What each has earned and booked, and what most of them have."""
    required = requirement.class_hours if requirement is not None else 0
    counts = Counter((earned, booked) for _student, earned, booked in hours)
    # The most frequent pair; of equally frequent ones that with the fewest hours.
    usual = min(counts, key=lambda pair: (-counts[pair], sum(pair), pair), default=(0, 0))
    return ClassProgress(
        class_group=group,
        requirement=requirement,
        required=required,
        earned=usual[0],
        booked=usual[1],
        missing=max(0, required - sum(usual)),
        rows=tuple(
            StudentHours(
                student=student,
                earned=earned,
                booked=booked,
                missing=max(0, required - earned - booked),
                is_done=requirement is not None and earned >= required,
                differs=(earned, booked) != usual,
            )
            for student, earned, booked in hours
        ),
    )


def of_students(progress: ClassProgress, student_ids: Collection[int]) -> ClassProgress:
    """The same for some students of the class, as if they were the class."""
    return _of_hours(
        progress.class_group,
        progress.requirement,
        [
            (row.student, row.earned, row.booked)
            for row in progress.rows
            if row.student.pk in student_ids
        ],
    )
