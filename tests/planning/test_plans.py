"""Asking for a plan, stopping it, putting one away."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django_q.models import OrmQ

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit, PracticumRequirement
from planning.choices import PlanGoal, PlanState
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
from planning.models import CohortPlan, PlannedPlace
from planning.services import plans
from tests.bookings.conftest import World
from tests.factories.accounts import OrganisationFactory
from tests.factories.planning import make_plan


@pytest.fixture(autouse=True)
def offered(world: World) -> CourseSession:
    """There is something to plan with."""
    return world.session()


def ask(by: Actor, world: World, now: datetime, **values: Any) -> CohortPlan:
    return plans.start_plan(
        **{
            "by": by,
            "season": world.season,
            "requirement": PracticumRequirement.objects.get(),
            "schools": [world.school],
            "sites_at_once": 3,
            "goal": PlanGoal.TRIPS,
            "is_draft": True,
            "now": now,
        }
        | values
    )


def test_a_plan_that_is_asked_for_waits_for_the_cluster_of_plans(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = ask(secretary, world, now)

    task = OrmQ.objects.get()
    plan.refresh_from_db()
    assert (plan.state, plan.goal, plan.sites_at_once, plan.is_draft) == (
        "queued",
        "trips",
        3,
        True,
    )
    assert (plan.school_id, plan.made_by_id) == (None, secretary.membership_id)
    assert [one.school_id for one in plan.schools.all()] == [world.school.pk]
    assert task.key == "planning"
    assert (task.task["func"], task.task["args"]) == ("planning.tasks.solve", (plan.pk,))
    entry = AuditEntry.objects.get(verb="plan.asked")
    assert (entry.target, entry.facts) == (f"planning.cohortplan:{plan.pk}", {"schools": 1})


def test_a_school_plans_for_itself_alone(world: World, now: datetime) -> None:
    other = OrganisationFactory()

    plan = ask(world.coordinator, world, now)

    assert plan.school_id == world.school.pk
    for schools in ([other], [world.school, other]):
        with pytest.raises(NotYours):
            ask(world.coordinator, world, now, schools=schools)


def test_nobody_else_plans(world: World, now: datetime) -> None:
    for actor in (world.teacher, world.manager):
        with pytest.raises(NotAllowed):
            ask(actor, world, now)

    assert not CohortPlan.objects.exists()


def test_what_comes_to_nothing_is_refused_with_what_to_do(
    world: World, secretary: Actor, now: datetime
) -> None:
    empty = OrganisationFactory()
    late = now + timedelta(days=200)

    with pytest.raises(NoSchools, match="请至少选一所学校。"):
        ask(secretary, world, now, schools=[])
    with pytest.raises(
        SeasonOver, match="预约季“2026 学年秋季”已经结束，不能再统筹。请选别的预约季。"
    ):
        ask(secretary, world, late)
    with pytest.raises(NoClassesCovered, match="请换一个学时要求，或另选学校。"):
        ask(secretary, world, now, schools=[empty])
    PracticumRequirement.objects.update(min_occupations=0)
    HourCredit.objects.bulk_create(
        HourCredit(
            student=one, school=world.school, kind=CreditKind.MANUAL, class_hours=14,
            reason="转入", earned_on=now.date(), credited_at=now,
        )
        for one in world.students
    )  # fmt: skip
    with pytest.raises(NobodyShort, match="不用统筹。"):
        ask(secretary, world, now)


@pytest.mark.parametrize("nothing", ["none", "full", "settled", "after the hours are due"])
def test_nothing_is_calculated_where_nothing_can_be_booked(
    world: World, secretary: Actor, now: datetime, offered: CourseSession, nothing: str
) -> None:
    if nothing == "none":
        offered.delete()
    elif nothing == "full":
        CourseSession.objects.update(seats_taken=F("capacity"))
    elif nothing == "settled":
        now = offered.starts_at - timedelta(hours=1)
    else:
        PracticumRequirement.objects.update(due_on=date(2026, 12, 7))

    with pytest.raises(NothingOnOffer) as refused:
        ask(secretary, world, now)

    until = "12 月 7 日" if nothing.startswith("after") else "1 月 23 日"
    assert str(refused.value) == (
        f"还没有可约的场次：“2026 学年秋季”到 {until}为止没有空位。"
        "请等开课单位开出场次，再开始计算。"
    )
    assert not CohortPlan.objects.exists()
    assert not OrmQ.objects.exists()
    assert not CohortPlan.objects.exists()


def test_one_plan_of_a_scope_is_calculated_at_a_time(
    world: World, secretary: Actor, now: datetime
) -> None:
    first = ask(secretary, world, now)

    with pytest.raises(PlanAtWork, match=f"方案 {first.pk} 还在计算。请等它算好，或先停止它。"):
        ask(secretary, world, now)
    own = ask(world.coordinator, world, now)
    CohortPlan.objects.filter(pk=first.pk).update(state=PlanState.FOUND)
    second = ask(secretary, world, now)

    assert {own.school_id, second.school_id} == {world.school.pk, None}


def test_a_plan_that_waits_is_dropped_and_one_that_runs_is_asked_to_stop(
    world: World, secretary: Actor, now: datetime
) -> None:
    waiting = plans.cancel_plan(by=secretary, plan=ask(secretary, world, now), now=now)
    running = ask(secretary, world, now)
    CohortPlan.objects.filter(pk=running.pk).update(state=PlanState.RUNNING)

    asked = plans.cancel_plan(by=secretary, plan=running, now=now)
    again = plans.cancel_plan(by=secretary, plan=running, now=now + timedelta(seconds=5))

    assert (waiting.state, waiting.lease_until) == (PlanState.DROPPED, None)
    assert (asked.state, asked.cancel_asked_at) == (PlanState.RUNNING, now)
    assert again.cancel_asked_at == now
    assert AuditEntry.objects.filter(verb="plan.cancelled").count() == 2
    with pytest.raises(NotCalculating, match="这个方案现在是“已取消”，没有在计算。"):
        plans.cancel_plan(by=secretary, plan=waiting, now=now)
    with pytest.raises(NotYours):
        plans.cancel_plan(by=world.coordinator, plan=running, now=now)


def test_a_plan_that_nobody_wants_is_put_away_with_its_places(
    world: World, secretary: Actor, now: datetime
) -> None:
    wanted = {world.group: {world.session(): world.students}}
    plan = make_plan(by=secretary, season=world.season, wanted=wanted, now=now)
    kept = make_plan(by=secretary, season=world.season, wanted=wanted, now=now)

    with pytest.raises(NotYours):
        plans.drop_plan(by=world.coordinator, plan=plan, now=now)
    dropped = plans.drop_plan(by=secretary, plan=plan, now=now)
    plans.drop_plan(by=secretary, plan=plan, now=now)

    assert dropped.state == PlanState.DROPPED
    assert set(PlannedPlace.objects.values_list("plan_class__plan_id", flat=True)) == {kept.pk}
    assert AuditEntry.objects.filter(verb="plan.dropped").count() == 1
    CohortPlan.objects.filter(pk=kept.pk).update(
        state=PlanState.PUBLISHED, published_at=now, published_by=secretary.membership_id
    )
    with pytest.raises(NotToDrop, match="这个方案现在是“已发布”，不能放弃。"):
        plans.drop_plan(by=secretary, plan=kept, now=now)
