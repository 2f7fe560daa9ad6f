"""Asking for a plan, stopping its calculation, and putting away one that nobody wants."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import Organisation
from accounts.services import audit
from bookings.services.retries import in_one_transaction
from courses import phases
from courses.choices import SeasonPhase
from courses.models import Season
from hours.models import PracticumRequirement
from planning.choices import PlanState
from planning.errors.plans import (
    NobodyShort,
    NoClassesCovered,
    NoSchools,
    NotCalculating,
    NothingOnOffer,
    NotToDrop,
    PlanAtWork,
    SeasonOver,
)
from planning.models import CohortPlan, PlannedPlace, PlanSchool
from planning.models.plans import last_day
from planning.selectors import cohorts, offers
from planning.services import carrying_out, queueing
from planning.services.ownership import check_is_own
from sites import dates

CALCULATING = (PlanState.QUEUED, PlanState.RUNNING)
# After so long a plan still waiting is handed over anew: its task may be lost.
PATIENCE = timedelta(minutes=10)


def check_can_plan(actor: Actor) -> None:
    """The secretariat plans for the alliance, a coordinator for her own school."""
    if not (actor.is_secretariat or actor.is_coordinator):
        raise NotAllowed


def start_plan(
    *,
    by: Actor,
    season: Season,
    requirement: PracticumRequirement,
    schools: Sequence[Organisation],
    sites_at_once: int,
    goal: str,
    is_draft: bool,
    now: datetime,
    replans: CohortPlan | None = None,
) -> CohortPlan:
    """A plan for the schools' classes that are short of the requirement, which the cluster
    calculates (``running.run_plan``). With ``replans`` for those of them that have lost something
    of that plan.

    Refused: NotAllowed, NoSchools, another school's coordinator (NotYours), SeasonOver,
    NoClassesCovered, NobodyShort, NothingOnOffer, and while another one of the alliance, or of the
    school, is being calculated (PlanAtWork).
    """
    check_can_plan(by)
    if not schools:
        raise NoSchools
    own = by.organisation_id if by.is_coordinator else None
    if own is not None and {one.pk for one in schools} != {own}:
        raise NotYours
    if phases.phase_of(season, now) == SeasonPhase.CLOSED:
        raise SeasonOver(season=season.name)
    groups, short = cohorts.classes_to_plan([one.pk for one in schools], requirement, now)
    if not groups:
        raise NoClassesCovered(requirement=requirement.name)
    if not short:
        raise NobodyShort
    if not offers.is_anything_on_offer(season, requirement, now):
        until = last_day(season, requirement)
        raise NothingOnOffer(season=season.name, until=dates.day_plain(until))

    def write() -> CohortPlan:
        # Of two who ask at once the second sees the first.
        Season.objects.select_for_update(no_key=True).get(pk=season.pk)
        other = (
            CohortPlan.objects.filter(season=season, school=own, state__in=CALCULATING)
            .order_by("pk")
            .first()
        )
        if other is not None:
            raise PlanAtWork(plan=other.pk)
        assert by.membership_id is not None
        plan = CohortPlan.objects.create(
            season=season,
            requirement=requirement,
            school_id=own,
            replans=replans,
            made_by_id=by.membership_id,
            made_at=now,
            goal=goal,
            sites_at_once=sites_at_once,
            is_draft=is_draft,
            lease_until=now + PATIENCE,
        )
        PlanSchool.objects.bulk_create(
            PlanSchool(plan=plan, school=one) for one in sorted(schools, key=lambda one: one.pk)
        )
        audit.record(by=by, verb="plan.asked", now=now, target=plan, schools=len(schools))
        queueing.hand_over("solve", plan.pk)
        return plan

    return in_one_transaction(write)


def cancel_plan(*, by: Actor, plan: CohortPlan, now: datetime) -> CohortPlan:
    """A plan that waits is dropped; one that is being calculated ends soon, with the best so far
    if there is any. Repeating it changes nothing. Refused: whose it is not, NotCalculating."""

    def write() -> CohortPlan:
        row = carrying_out.locked(plan.pk)
        check_is_own(by, row)
        if row.state not in CALCULATING:
            raise NotCalculating(state=PlanState(row.state).label)
        if row.cancel_asked_at is not None:
            return row
        row.cancel_asked_at = now
        if row.state == PlanState.QUEUED:
            row.state = PlanState.DROPPED
            row.lease_until = None
        row.save(update_fields=["cancel_asked_at", "state", "lease_until"])
        audit.record(by=by, verb="plan.cancelled", now=now, target=row)
        return row

    return in_one_transaction(write)


def drop_plan(*, by: Actor, plan: CohortPlan, now: datetime) -> CohortPlan:
    """A found plan that nobody wants is put away, and with it who was to be where. Repeating it
    changes nothing. Refused: whose it is not, NotToDrop."""

    def write() -> CohortPlan:
        row = carrying_out.locked(plan.pk)
        check_is_own(by, row)
        if row.state == PlanState.DROPPED:
            return row
        if row.state != PlanState.FOUND:
            raise NotToDrop(state=PlanState(row.state).label)
        row.state = PlanState.DROPPED
        row.save(update_fields=["state"])
        PlannedPlace.objects.filter(plan_class__plan=row).delete()
        audit.record(by=by, verb="plan.dropped", now=now, target=row)
        return row

    return in_one_transaction(write)
