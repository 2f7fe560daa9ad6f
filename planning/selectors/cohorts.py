"""Whom a plan is for."""

from collections.abc import Collection
from datetime import datetime

from bookings.selectors import standing
from hours import selectors as hours_selectors
from hours.models import PracticumRequirement
from rosters.models import ClassGroup, Student


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
    students = Student.objects.current().filter(class_group__in=[one.pk for one in groups])
    found = standing.of_classes(students, now, everybody=len(schools) > 1)
    return groups, {key: one.short for key, one in found.items() if one.short}
