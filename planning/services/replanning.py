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


def check_can_replan(actor: Actor, plan: CohortPlan, now: datetime) -> None:
    """Whose plan it is, once published, while its season still runs and classes have lost what
    they need (``plan.season`` loaded). Refused: PlanNotPublished, OutsideSeason, NothingLost."""
    check_is_own(actor, plan)
    if plan.state != PlanState.PUBLISHED:
        raise PlanNotPublished(state=PlanState(plan.state).label)
    phases.check_is_open(planned.action_of(actor), plan.season, now)
    if not losses.class_ids(plan, now):
        raise NothingLost


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
