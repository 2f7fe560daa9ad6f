"""Making good what a published plan has lost since; all that still holds stays."""

from datetime import datetime

from accounts.actors import Actor
from accounts.models import Organisation
from bookings.services import planned
from courses import phases
from planning.choices import PlanState
from planning.errors.publishing import NothingLost, PlanNotPublished
from planning.models import CohortPlan
from planning.selectors import losses
from planning.services import plans
from planning.services.ownership import check_is_own
from sites.calendar import local_day


def check_may_replan(actor: Actor, plan: CohortPlan, now: datetime) -> None:
    """Whose plan it is, once published, while its season still runs, if anything is lost
    (``plan.season`` loaded). Refused: PlanNotPublished, OutsideSeason. No query."""
    check_is_own(actor, plan)
    if plan.state != PlanState.PUBLISHED:
        raise PlanNotPublished(state=PlanState(plan.state).label)
    phases.check_is_open(planned.action_of(actor), plan.season, now)


def check_can_replan(actor: Actor, plan: CohortPlan, now: datetime) -> None:
    """The same while classes have lost what they need. Refused too: NothingLost."""
    check_may_replan(actor, plan, now)
    if not losses.class_ids(plan, now):
        raise NothingLost


def to_make_good(actor: Actor, now: datetime) -> list[tuple[CohortPlan, losses.Extent]]:
    """The actor's published plans that have lost something and can be made good now, with how
    much; the latest first. One query where there are none, nine at most."""
    plans_then = [
        plan
        for plan in CohortPlan.objects.visible_to(actor)
        .filter(state=PlanState.PUBLISHED, season__runs_until__gte=local_day(now))
        .select_related("season")
        .order_by("-published_at", "-pk")
        if phases.is_open(planned.action_of(actor), plan.season, now)
    ]
    if not plans_then:
        return []
    found = losses.of_plans([plan.pk for plan in plans_then], now)
    return [(plan, losses.extent_of(found[plan.pk])) for plan in plans_then if found[plan.pk]]


def replan(*, by: Actor, plan: CohortPlan, now: datetime) -> CohortPlan:
    """A plan for the classes that have lost something, asked for as the first was; it is
    calculated by the cluster, shown with its differences, and published like any other.

    Refused as ``check_can_replan`` and ``plans.start_plan``.
    """
    check_can_replan(by, plan, now)
    return plans.start_plan(
        by=by,
        season=plan.season,
        requirement=plan.requirement,
        schools=list(
            Organisation.objects.filter(
                pk__in={one.class_group.school_id for one in losses.losses(plan, now)}
            ).order_by("pk")
        ),
        sites_at_once=plan.sites_at_once,
        goal=plan.goal,
        is_draft=False,
        now=now,
        replans=plan,
    )
