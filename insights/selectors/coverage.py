"""Who has how many class hours: by class, by school, over the whole alliance. Counted in SQL."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from bookings.selectors import standing
from bookings.selectors.standing import Coverage as Coverage
from rosters.models import ClassGroup, Student

# The four bands a student can be in, by hours earned.
BANDS = ("none", "under_half", "half", "done")


def coverage_of_classes(class_groups: "QuerySet[ClassGroup]", now: datetime) -> dict[int, Coverage]:
    """Coverage of each class that has students under a requirement, by its key: one query."""
    return standing.of_classes(Student.objects.current().filter(class_group__in=class_groups), now)


def visible_classes(actor: Actor) -> "QuerySet[ClassGroup]":
    """The actor's current classes, in the order a school office lists them."""
    return (
        ClassGroup.objects.visible_to(actor)
        .current()
        .select_related("school")
        .order_by("school__name", "stage", "-entry_year", "number", "pk")
    )
