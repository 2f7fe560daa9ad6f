"""Asking for a plan."""

from collections.abc import Collection
from datetime import datetime

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import Organisation
from accounts.services import audit
from bookings.services import planned
from bookings.services.retries import in_one_transaction
from courses import phases
from courses.models import Season
from hours.models import PracticumRequirement
from planning.choices import PlanGoal, PlanState
from planning.models import CohortPlan, PlanSchool
from planning.services import queueing
from planning.services.carrying_out import LEASE


def check_can_plan(actor: Actor) -> None:
    """The secretariat, for all schools; a coordinator for her own."""
    if not (actor.is_secretariat or actor.is_coordinator):
        raise NotAllowed


def start_plan(
    *,
    by: Actor,
    season: Season,
    requirement: PracticumRequirement,
    schools: Collection[Organisation],
    sites_at_once: int,
    goal: str,
    is_draft: bool,
    now: datetime,
    replans: CohortPlan | None = None,
) -> CohortPlan:
    """The plan waits for the cluster to calculate it. With ``replans`` it is for the classes which
    that one has lost something of (``selectors.losses.class_ids``).

    Refused: another's school (NotYours), OutsideSeason.
    """
    check_can_plan(by)
    if by.is_coordinator and {one.pk for one in schools} != {by.organisation_id}:
        raise NotYours
    phases.check_is_open(planned.action_of(by), season, now)

    def write() -> CohortPlan:
        assert by.membership_id is not None
        plan = CohortPlan.objects.create(
            season=season,
            requirement=requirement,
            school_id=by.organisation_id if by.is_coordinator else None,
            replans=replans,
            made_by_id=by.membership_id,
            made_at=now,
            goal=PlanGoal(goal),
            sites_at_once=sites_at_once,
            is_draft=is_draft,
            state=PlanState.QUEUED,
            lease_until=now + LEASE,
        )
        PlanSchool.objects.bulk_create(
            PlanSchool(plan=plan, school=school)
            for school in sorted(schools, key=lambda one: one.pk)
        )
        audit.record(
            by=by,
            verb="plan.asked",
            now=now,
            target=plan,
            schools=len(schools),
            replans=replans.pk if replans is not None else None,
        )
        queueing.hand_over("solve", plan.pk)
        return plan

    return in_one_transaction(write)
