"""In which classes plans differ, and what each of them gives there."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Count

from planning.models import CohortPlan, PlanClass, PlannedPlace
from rosters.models import ClassGroup


def classes_that_differ(plans: Collection[CohortPlan]) -> list[int]:
    """The keys of the classes that all the plans are for, and for which they plan other sessions,
    or the same for other numbers of students; in the order of schools and classes. Two queries."""
    given: dict[int, dict[int, set[tuple[int, int]]]] = defaultdict(lambda: defaultdict(set))
    places = (
        PlannedPlace.objects.filter(plan_class__plan__in=plans)
        .order_by()
        .values_list("plan_class__plan_id", "plan_class__class_group_id", "session_id")
        .annotate(seats=Count("pk"))
    )
    for plan_id, class_id, session_id, seats in places:
        given[class_id][plan_id].add((session_id, seats))
    of_all = (
        PlanClass.objects.filter(plan__in=plans)
        .order_by()
        .values("class_group")
        .annotate(plans=Count("plan"))
        .filter(plans=len(plans))
        .order_by(
            "school__name",
            "school_id",
            "class_group__stage",
            "-class_group__entry_year",
            "class_group__number",
            "class_group",
        )
        .values_list("class_group", flat=True)
    )
    return [key for key in of_all if len({frozenset(given[key][plan.pk]) for plan in plans}) > 1]


def rows_of(plans: Collection[CohortPlan], classes: Sequence[int]) -> list[dict[int, PlanClass]]:
    """Of each of the classes, in their order, its row in each of the plans by the plan's key. One
    query."""
    rows: dict[int, dict[int, PlanClass]] = {key: {} for key in classes}
    found = PlanClass.objects.filter(plan__in=plans, class_group__in=classes)
    for row in found.select_related("class_group", "school"):
        rows[row.class_group_id][row.plan_id] = row
    return list(rows.values())


def schools_of(classes: Collection[int]) -> set[int]:
    """The keys of the classes' schools. One query."""
    found = ClassGroup.objects.filter(pk__in=classes).order_by()
    return set(found.values_list("school_id", flat=True))


def of_school(classes: Collection[int], school: int) -> list[int]:
    """Those of the classes that are the school's, in the same order. One query."""
    own = ClassGroup.objects.filter(pk__in=classes, school=school).order_by()
    keys = set(own.values_list("pk", flat=True))
    return [key for key in classes if key in keys]
