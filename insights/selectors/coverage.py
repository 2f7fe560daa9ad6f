"""Who has how many class hours: by class, by school, over the whole alliance. Counted in SQL."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from bookings.selectors import standing
from bookings.selectors.standing import Coverage as Coverage
from rosters.models import ClassGroup, Student

# The four bands a student can be in, by hours earned.
BANDS = ("none", "under_half", "half", "done")


def coverage_of_classes(
    class_groups: "QuerySet[ClassGroup]", now: datetime, *, everybody: bool = False
) -> dict[int, Coverage]:
    """Coverage of each class that has students under a requirement, by its key: one query.
    ``everybody`` says that they are most of the classes there are, which is read otherwise."""
    students = Student.objects.current().filter(class_group__in=class_groups)
    return standing.of_classes(students, now, everybody=everybody)


def covered(coverage: dict[int, Coverage], band: str) -> dict[int, Coverage]:
    """Those of the classes that have students in the band; all of them without one."""
    return {key: found for key, found in coverage.items() if not band or getattr(found, band)}


def visible_classes(actor: Actor) -> "QuerySet[ClassGroup]":
    """The actor's current classes, in the order a school office lists them."""
    return (
        ClassGroup.objects.visible_to(actor)
        .current()
        .select_related("school")
        .order_by("school__name", "stage", "-entry_year", "number", "pk")
    )
