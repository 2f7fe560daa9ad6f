"""Whom a plan is for, what they have earned, and who can go with them."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q, Sum

from bookings.selectors import standing
from hours import selectors as hours_selectors
from hours.models import HourCredit, PracticumRequirement
from rosters.models import ClassGroup, ClassTeacher, Student

# Student, session, course, kind of host, occupation, and the ledger's sums: on the requirement's
# days (none where nothing is), and ever.
Credit = tuple[int, int | None, int | None, str | None, str | None, int | None, int]


def classes_to_plan(
    schools: Collection[int], requirement: PracticumRequirement, now: datetime
) -> tuple[list[ClassGroup], dict[int, int]]:
    """The schools' classes that the requirement covers, and how many students of each are short
    of it with all that is booked. Three queries, four where a requirement is for a kind of school.
    """
    groups = list(
        ClassGroup.objects.current()
        .filter(school__in=schools, stage=requirement.stage)
        .order_by("school_id", "entry_year", "number", "pk")
    )
    required = hours_selectors.requirements_of(groups)
    groups = [one for one in groups if required[one.pk] == requirement]
    found = coverage_of([one.pk for one in groups], now, schools=len(schools))
    return groups, {key: one.short for key, one in found.items() if one.short}


def coverage_of(
    classes: Collection[int], now: datetime, *, schools: int
) -> dict[int, standing.Coverage]:
    """How many students of each class there are, and how many are short of what is required of
    them with all that is booked; without the classes of which nothing is required. ``schools``:
    of how many schools they are. One query."""
    students = Student.objects.current().filter(class_group__in=classes)
    return standing.of_classes(students, now, everybody=schools > 1)


def credits_of(students: Collection[int], requirement: PracticumRequirement) -> list[Credit]:
    """What the ledger holds of each student, session by session. One query."""
    inside = Q(earned_on__range=(requirement.counts_from, requirement.due_on))
    return list(
        HourCredit.objects.filter(student__in=students)
        .order_by()
        .values_list(
            "student_id",
            "session_id",
            "session__version__course_id",
            "session__host__kind",
            "session__version__occupation_zh",
        )
        .annotate(inside=Sum("class_hours", filter=inside), total=Sum("class_hours"))
    )


def teachers_of(schools: Collection[int]) -> dict[int, int]:
    """How many each school can send along: those who teach a class, and one for each class at
    least. Two queries."""
    classes = dict(
        ClassGroup.objects.current()
        .filter(school__in=schools)
        .order_by()
        .values_list("school_id")
        .annotate(number=Count("pk"))
    )
    teaching = dict(
        ClassTeacher.objects.live()
        .filter(class_group__school__in=schools, class_group__archived_at=None)
        .order_by()
        .values_list("class_group__school_id")
        .annotate(number=Count("membership", distinct=True))
    )
    return {key: max(classes.get(key, 0), teaching.get(key, 0)) for key in schools}
