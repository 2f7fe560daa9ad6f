"""How far the students of plans are now: what a published plan said is one thing, what is booked
and credited another."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from bookings.models import Booking
from planning.models import CohortPlan, PlanClass
from planning.selectors import cohorts
from planning.selectors.plans import share

# How many reach the requirement, of how many.
Reached = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reach:
    """The students who are in a plan's classes now, and how many of them reach what is required
    of them when they attend all that is booked; the same by school and by class (keys)."""

    whole: Reached
    schools: Mapping[int, Reached]
    classes: Mapping[int, Reached]

    def share(self, school: int) -> float:
        """How much of the school reaches it; all where it has nobody."""
        return share(*self.schools.get(school, (0, 0)))

    @property
    def worst(self) -> float:
        """The smallest share of a school that reaches it."""
        return min(map(self.share, self.schools), default=1.0)


def reach_of(plans: Collection[CohortPlan], now: datetime) -> dict[int, Reach]:
    """Of each plan, by its key. By the rule that says whom a plan is for
    (``cohorts.classes_to_plan``). Two queries, however many plans and classes."""
    rows = list(
        PlanClass.objects.filter(plan__in=plans)
        .order_by()
        .values_list("plan_id", "school_id", "class_group_id")
    )
    if not rows:
        return {plan.pk: Reach((0, 0), {}, {}) for plan in plans}
    reached = of_classes(
        {class_id for *_keys, class_id in rows},
        now,
        schools=len({school for _plan, school, _class in rows}),
    )
    schools: dict[int, dict[int, Reached]] = defaultdict(dict)
    classes: dict[int, dict[int, Reached]] = defaultdict(dict)
    for plan, school, class_id in rows:
        classes[plan][class_id] = here = reached[class_id]
        schools[plan][school] = _added(schools[plan].get(school, (0, 0)), here)
    return {
        plan.pk: Reach(
            whole=_added(*schools[plan.pk].values()),
            schools=schools[plan.pk],
            classes=classes[plan.pk],
        )
        for plan in plans
    }


def of_classes(classes: Collection[int], now: datetime, *, schools: int = 1) -> dict[int, Reached]:
    """Of each class (keys), nobody of nobody where nothing is required of it; ``schools``: of how
    many they are. One query."""
    found = cohorts.coverage_of(classes, now, schools=schools)
    none: Reached = (0, 0)
    return dict.fromkeys(classes, none) | {
        key: (one.students - one.short, one.students) for key, one in found.items()
    }


def seats_booked(plan: CohortPlan) -> int:
    """Seats that the plan's reservations still hold. One query."""
    reservations = plan.classes.exclude(reservation=None).values("reservation")
    booked = Booking.objects.live().filter(reservation__in=reservations)
    return booked.aggregate(seats=Sum("seats", default=0))["seats"]


def _added(*parts: Reached) -> Reached:
    return sum(part for part, _of in parts), sum(of for _part, of in parts)
