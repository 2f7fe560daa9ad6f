"""Classes by how far their badges are."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.actors import Actor
from attendance.models import Badge
from rosters.models import ClassGroup


def classes_with_badges(actor: Actor) -> QuerySet[ClassGroup]:
    """The actor's classes, lowest grade first, with ``students_here``
    and ``unprinted``: those whose badge was on no sheet yet, or who have none. One query."""
    is_here = Q(students__left_at=None, students__merged_into=None, students__isnull=False)
    printed = Badge.objects.live().filter(student=OuterRef("students"), printed_at__isnull=False)
    return (
        ClassGroup.objects.visible_to(actor)
        .current()
        .select_related("school")
        .annotate(
            students_here=Count("students", filter=is_here),
            unprinted=Count("students", filter=is_here & Q(~Exists(printed))),
        )
        .order_by("-entry_year", "stage", "number", "pk")
    )
