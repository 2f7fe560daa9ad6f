"""What is over is forgotten, every night: the whole map's last column, plans' among it."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.data_map import Term
from attendance.services import retention
from attendance.services.retention import Outcome, Rule, since
from planning.models import PlanClass, PlannedPlace
from sites.calendar import local_day


def places_over(now: datetime) -> QuerySet[PlannedPlace]:
    """Of sessions that ended a month ago; what of them was booked is kept as places."""
    return PlannedPlace.objects.filter(session__ends_at__lt=since(Term.LIST, now))


def refusals_over(now: datetime) -> QuerySet[PlanClass]:
    """Why classes could not be booked, with the seat numbers of those who were in the way: of
    seasons that ended a month ago."""
    return PlanClass.objects.exclude(refusal={}).filter(
        plan__season__runs_until__lt=local_day(since(Term.LIST, now))
    )


OWN = (
    Rule(
        "planned_places",
        Term.LIST,
        ("planning.PlannedPlace.student",),
        places_over,
        lambda now: places_over(now).delete()[0],
    ),
    Rule(
        "plan_refusals",
        Term.LIST,
        ("planning.PlanClass.refusal",),
        refusals_over,
        lambda now: refusals_over(now).update(refusal={}),
    ),
)
# Every rule there is.
RULES = (*retention.RULES, *OWN)


def retain(*, now: datetime, dry_run: bool = False) -> list[Outcome]:
    """As ``attendance.services.retention.retain``, by every rule there is."""
    return retention.retain(now=now, dry_run=dry_run, besides=OWN)
