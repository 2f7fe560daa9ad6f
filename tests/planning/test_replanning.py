"""Making good what a published plan has lost."""

from copy import copy
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django_q.models import OrmQ

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.models import Booking
from bookings.selectors.progress import progress_of_classes
from bookings.services import host_changes
from courses.errors import OutsideSeason
from courses.models import Course, CourseVersion, Season
from hours.models import PracticumRequirement
from insights.selectors import invariants
from notifications.models import Message
from planning.choices import PlanClassState, PlanGoal, PlanState
from planning.errors.publishing import NothingLost, PlanNotPublished
from planning.models import CohortPlan, PlanClass, PlannedPlace
from planning.selectors import differences, losses
from planning.selectors.losses import Extent
from planning.services import building, plans, publishing, replanning, running
from sites.calendar import at
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.planning import make_plan

DAYS = timedelta(days=1)
NINE = time(9)


@pytest.fixture
def plan(world: World, secretary: Actor, now: datetime) -> CohortPlan:
    """Published for a class of each of two schools; the first class's session is cancelled."""
    first, second = world.session(), world.session(day=DAY + DAYS)
    other = world.new_group(4, 2, school=OrganisationFactory())
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {first: world.students, second: world.students},
            other: {second: list(other.students.all())},
        },
        now=now,
    )
    CohortPlan.objects.filter(pk=plan.pk).update(goal=PlanGoal.TRIPS, sites_at_once=3)
    plan.refresh_from_db()
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    host_changes.cancel_session(by=world.manager, session=first, reason="停电", now=now)
    OrmQ.objects.all().delete()
    return CohortPlan.objects.select_related("season", "requirement").get(pk=plan.pk)


def test_planned_anew_are_the_schools_that_lost_something(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    made = replanning.replan(by=secretary, plan=plan, now=now)

    assert (made.replans_id, made.season_id, made.requirement_id, made.school_id) == (
        plan.pk,
        plan.season_id,
        plan.requirement_id,
        None,
    )
    assert (made.goal, made.sites_at_once, made.is_draft, made.state) == (
        PlanGoal.TRIPS,
        3,
        False,
        PlanState.QUEUED,
    )
    assert list(made.schools.values_list("school_id", flat=True)) == [world.school.pk]
    assert losses.class_ids(plan, now) == [world.group.pk]
    assert [(one.func(), one.task["args"]) for one in OrmQ.objects.all()] == [
        ("planning.tasks.solve", (made.pk,))
    ]
    assert AuditEntry.objects.get(verb="plan.asked").facts == {"schools": 1}


def test_it_takes_up_who_could_not_be_booked_and_who_lost_something(
    world: World, secretary: Actor, now: datetime
) -> None:
    """Of three classes one lost a session, one could not be booked for one of two, and one has
    what was planned."""
    days = [world.session(day=DAY + number * DAYS) for number in range(3)]
    refused, whole = world.new_group(4, 2), world.new_group(5, 2)
    spare = world.session(day=DAY + 3 * DAYS, class_hours=4)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {days[0]: world.students},
            refused: {day: list(refused.students.all()) for day in days[1:]},
            whole: {days[2]: list(whole.students.all())},
        },
        now=now,
    )
    host_changes.cancel_session(by=world.manager, session=days[1], reason="停电", now=now)
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    host_changes.cancel_session(by=world.manager, session=days[0], reason="停电", now=now)
    plan = CohortPlan.objects.select_related("season", "requirement").get(pk=plan.pk)

    made = replanning.replan(by=secretary, plan=plan, now=now)

    built = building.problem_of(made, now)
    assert built.classes.tolist() == [world.group.pk, refused.pk]
    # What the class was refused as a whole is on offer to it again, but for what is cancelled.
    admitted = built.problem.classes.admits[1]
    assert built.sessions[admitted].tolist() == [days[2].pk, spare.pk]


def test_the_plans_to_make_good_are_ones_own_while_they_can_be(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    session, group = world.session(day=DAY + 5 * DAYS), world.new_group(6, 2)
    own = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted={group: {session: list(group.students.all())}},
        now=now,
    )
    publishing.publish(by=world.coordinator, plan=own, now=now)
    publishing.publish_classes(own.pk, clock=lambda: now)
    assert replanning.to_make_good(world.coordinator, now) == []

    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    lost = Extent(sessions=1, classes=1, refused=0, students=5)
    assert replanning.to_make_good(secretary, now) == [(plan, lost)]
    assert replanning.to_make_good(world.coordinator, now) == [(own, replace(lost, students=2))]
    assert replanning.to_make_good(world.teacher, now) == []
    # A school makes good while it may book, the alliance until the season is over.
    Season.objects.filter(pk=plan.season_id).update(closes_at=now)
    assert replanning.to_make_good(world.coordinator, now) == []
    assert replanning.to_make_good(secretary, now) == [(plan, lost)]
    assert replanning.to_make_good(secretary, now + 61 * DAYS) == []
    CohortPlan.objects.filter(pk=plan.pk).update(state=PlanState.UNDONE)
    assert replanning.to_make_good(secretary, now) == []


def test_published_it_books_beside_what_still_holds(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    """The same class has a second reservation for what it lost, and keeps the rest of the first."""
    later = now + timedelta(hours=1)
    made = replanning.replan(by=secretary, plan=plan, now=later)
    row = PlanClass.objects.create(
        plan=made, class_group=world.group, school=world.school, state=PlanClassState.PLANNED
    )
    PlannedPlace.objects.bulk_create(
        PlannedPlace(plan_class=row, session=world.session(day=DAY + 2 * DAYS), student=student)
        for student in world.students[:1]
    )
    CohortPlan.objects.filter(pk=made.pk).update(state=PlanState.FOUND, found_at=later)
    made = CohortPlan.objects.select_related("season").get(pk=made.pk)
    Season.objects.filter(pk=plan.season_id).update(closes_at=later)

    publishing.publish(by=secretary, plan=made, now=later)
    assert publishing.publish_classes(made.pk, clock=lambda: later) == {"booked": 1}

    assert list(
        Booking.objects.live()
        .filter(class_group=world.group)
        .order_by("session__starts_at")
        .values_list("session__starts_at", "seats")
    ) == [(at(DAY + DAYS, NINE), 5), (at(DAY + 2 * DAYS, NINE), 1)]
    with pytest.raises(NothingLost):
        replanning.check_can_replan(secretary, plan, later)
    assert Message.objects.filter(kind="plan_published").count() == 2
    assert invariants.findings() == []


def test_who_may_and_when(world: World, secretary: Actor, plan: CohortPlan, now: datetime) -> None:
    replanning.check_can_replan(secretary, plan, now)
    for actor, refusal in (
        (world.coordinator, NotYours),
        (world.manager, NotAllowed),
        (world.teacher, NotAllowed),
        (actor_of(MembershipFactory(reviewer=True)), NotAllowed),
    ):
        with pytest.raises(refusal):
            replanning.replan(by=actor, plan=plan, now=now)
    Booking.objects.exclude(cancelled_side="").update(cancelled_side="school")
    with pytest.raises(NothingLost):
        replanning.replan(by=secretary, plan=plan, now=now)


@pytest.mark.parametrize("state", [one for one in PlanState if one != PlanState.PUBLISHED])
def test_only_a_published_plan_is_made_good(
    secretary: Actor, plan: CohortPlan, now: datetime, state: PlanState
) -> None:
    plan.state = state

    with pytest.raises(PlanNotPublished):
        replanning.check_can_replan(secretary, plan, now)


def test_once_the_season_is_over_nothing_is_made_good(
    secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    with pytest.raises(OutsideSeason):
        replanning.check_can_replan(secretary, plan, now + 61 * DAYS)


def test_a_school_makes_its_own_plan_good(world: World, now: datetime) -> None:
    session = world.session()
    plan = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted={world.group: {session: world.students}},
        now=now,
    )
    publishing.publish(by=world.coordinator, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)
    world.session(day=DAY + DAYS)
    plan = CohortPlan.objects.select_related("season", "requirement").get(pk=plan.pk)

    made = replanning.replan(by=world.coordinator, plan=plan, now=now)

    assert made.school_id == world.school.pk
    assert list(made.schools.values_list("school_id", flat=True)) == [world.school.pk]


def another(world: World) -> CourseVersion:
    """A second course of the host: nobody attends one twice."""
    version = copy(world.version)
    version.pk = None
    version.course = Course.objects.create(host=world.host, code="CY-02")
    version.occupation_zh = "西点师"
    version.save()
    return version


def test_calculated_published_lost_and_made_good(
    world: World, secretary: Actor, now: datetime
) -> None:
    """The whole way by the real parts: only the class that lost something is planned for anew."""
    for number, version in enumerate([world.version, another(world)] * 3):
        world.session(day=DAY + number * DAYS, class_hours=7, capacity=10, version=version)
    other = world.new_group(4, 4)
    plan = plans.start_plan(
        by=secretary,
        season=world.season,
        requirement=PracticumRequirement.objects.get(),
        schools=[world.school],
        sites_at_once=2,
        goal=PlanGoal.WISHES,
        is_draft=False,
        now=now,
    )
    with time_machine.travel(now, tick=True):
        assert running.run_plan(plan.pk) == PlanState.FOUND
    plan = CohortPlan.objects.select_related("season", "requirement").get(pk=plan.pk)
    assert (plan.students, plan.reached) == (9, 9)
    publishing.publish(by=secretary, plan=plan, now=now)
    assert publishing.publish_classes(plan.pk, clock=lambda: now) == {"booked": 2}
    plan.refresh_from_db()
    first = Booking.objects.filter(class_group=world.group).order_by("session__starts_at")
    gone = first.select_related("session")[0].session
    later = now + timedelta(hours=1)
    host_changes.cancel_session(by=world.manager, session=gone, reason="停电", now=later)
    hit = set(losses.class_ids(plan, later))

    again = replanning.replan(by=secretary, plan=plan, now=later)
    with time_machine.travel(later, tick=True):
        assert running.run_plan(again.pk) == PlanState.FOUND
    again = CohortPlan.objects.select_related("season", "replans").get(pk=again.pk)

    assert set(again.classes.values_list("class_group_id", flat=True)) == hit
    assert world.group.pk in hit
    ours = next(one for one in differences.differences(again) if one.class_group == world.group)
    assert [line.session_id for line in ours.lost] == [gone.pk]
    assert len(ours.new) == len(ours.kept) == 1
    publishing.publish(by=secretary, plan=again, now=later)
    assert publishing.publish_classes(again.pk, clock=lambda: later) == {"booked": len(hit)}
    assert {
        row.missing
        for progress in progress_of_classes([world.group, other], later).values()
        for row in progress.rows
    } == {0}
    assert invariants.findings() == []
