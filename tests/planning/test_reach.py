"""How far a plan's students are now, by the rule that says whom a plan is for."""

from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from bookings.services import changes, host_changes
from planning.models import CohortPlan, PlanClass
from planning.selectors import cohorts, reach
from planning.services import publishing
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import OrganisationFactory
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit
from tests.factories.planning import Wanted, make_plan

DAYS = timedelta(days=1)


def published(by: Actor, world: World, wanted: Wanted, now: datetime) -> CohortPlan:
    plan = make_plan(by=by, season=world.season, wanted=wanted, now=now)
    publishing.publish(by=by, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    return plan


def test_it_follows_what_is_booked_credited_cancelled_and_who_is_in_the_class(
    world: World, secretary: Actor, now: datetime
) -> None:
    camp, other = world.session(class_hours=14), world.session(day=DAY + DAYS, class_hours=14)
    away = world.new_group(1, 4, school=OrganisationFactory())
    plan = published(
        secretary,
        world,
        {
            world.group: {camp: world.students[:3]},
            away: {other: list(away.students.all())},
        },
        now,
    )

    def now_is() -> tuple[tuple[int, int], dict[int, tuple[int, int]]]:
        found = reach.reach_of([plan], now)[plan.pk]
        _groups, short = cohorts.classes_to_plan(
            [world.school.pk, away.school_id], plan.requirement, now
        )
        assert found.whole[1] - found.whole[0] == sum(short.values())
        assert found.schools == {
            world.school.pk: found.classes[world.group.pk],
            away.school_id: found.classes[away.pk],
        }
        return found.whole, dict(found.classes)

    assert now_is() == ((7, 9), {world.group.pk: (3, 5), away.pk: (4, 4)})
    make_credit(
        by=world.manager,
        student=world.students[3],
        session=world.session(day=DAY - 21 * DAYS, class_hours=14),
        now=now,
    )
    assert now_is() == ((8, 9), {world.group.pk: (4, 5), away.pk: (4, 4)})
    host_changes.cancel_session(by=world.manager, session=other, reason="停电", now=now)
    assert now_is() == ((4, 9), {world.group.pk: (4, 5), away.pk: (0, 4)})
    assert reach.reach_of([plan], now)[plan.pk].worst == 0.0
    away.students.filter(seat_no__lte=3).update(left_at=now)
    assert now_is() == ((4, 6), {world.group.pk: (4, 5), away.pk: (0, 1)})
    (booking,) = camp.bookings.select_related("session__season", "class_group")
    changes.cancel_booking(by=world.teacher, booking=booking, reason="考试", now=now)
    assert now_is() == ((1, 6), {world.group.pk: (1, 5), away.pk: (0, 1)})
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + 2 * DAYS, class_hours=14),
        class_group=world.group,
        now=now,
    )
    assert now_is() == ((5, 6), {world.group.pk: (5, 5), away.pk: (0, 1)})


def test_plans_cost_two_queries_however_many(world: World, secretary: Actor, now: datetime) -> None:
    plans = []
    for number in range(3):
        group = world.new_group(10 + number, 2)
        session = world.session(day=DAY + number * DAYS, class_hours=14)
        wanted = {group: {session: list(group.students.all())[: number or 2]}}
        plans.append(published(secretary, world, wanted, now))

    for some in (plans[:1], plans):
        with CaptureQueriesContext(connection) as queries:
            found = reach.reach_of(some, now)
        assert len(queries) == 2
        assert [found[plan.pk].whole for plan in some] == [(2, 2), (1, 2), (2, 2)][: len(some)]


def test_a_plan_without_classes_has_nobody(world: World, secretary: Actor, now: datetime) -> None:
    plan = make_plan(by=secretary, season=world.season, wanted={world.group: {}}, now=now)
    PlanClass.objects.all().delete()

    found = reach.reach_of([plan], now)[plan.pk]

    assert (found.whole, found.worst) == ((0, 0), 1.0)


def test_a_class_that_nothing_is_required_of_counts_for_nobody(
    world: World, secretary: Actor, now: datetime
) -> None:
    old = world.new_group(1, 3, entry_year=2019)
    plan = make_plan(by=secretary, season=world.season, wanted={world.group: {}, old: {}}, now=now)

    found = reach.reach_of([plan], now)[plan.pk]

    assert (found.whole, found.classes[old.pk]) == ((0, 5), (0, 0))


def test_seats_booked_are_those_that_still_are(
    world: World, secretary: Actor, now: datetime
) -> None:
    days = [world.session(day=DAY + number * DAYS) for number in range(2)]
    plan = published(
        secretary, world, {world.group: {days[0]: world.students, days[1]: world.students[:3]}}, now
    )
    assert reach.seats_booked(plan) == 8

    host_changes.cancel_session(by=world.manager, session=days[0], reason="停电", now=now)

    assert reach.seats_booked(plan) == 3
