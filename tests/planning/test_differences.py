"""What a published plan has lost, and what a plan that makes it good changes."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from attendance.services import merging
from bookings.choices import CancelledSide
from bookings.models import Booking
from bookings.services import changes, host_changes, roll
from courses.models import CourseSession
from planning.choices import PlanState
from planning.models import CohortPlan
from planning.selectors import differences, losses
from planning.services import publishing
from rosters.models import ClassGroup
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking
from tests.factories.planning import Wanted, make_plan

DAYS = timedelta(days=1)


def published(
    secretary: Actor, world: World, wanted: Wanted, now: datetime, replans: CohortPlan | None = None
) -> CohortPlan:
    plan = make_plan(by=secretary, season=world.season, wanted=wanted, now=now, replans=replans)
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    return CohortPlan.objects.select_related("season", "replans").get(pk=plan.pk)


def cancel(world: World, session: CourseSession, now: datetime) -> None:
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)


def lost(plan: CohortPlan, now: datetime) -> dict[ClassGroup, tuple[set[int], set[int]]]:
    return {
        one.class_group: (set(one.sessions), set(one.students)) for one in losses.losses(plan, now)
    }


def keys(students: list) -> set[int]:  # type: ignore[type-arg]
    return {one.pk for one in students}


@pytest.fixture
def days(world: World) -> list[CourseSession]:
    return [world.session(day=DAY + number * DAYS) for number in range(3)]


def test_nothing_is_lost_while_all_stands(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    plan = published(secretary, world, {world.group: {days[0]: world.students}}, now)

    assert losses.losses(plan, now) == []


def test_what_the_host_cancelled_is_lost_to_those_who_were_to_come(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    other = world.new_group(4, 2)
    plan = published(
        secretary,
        world,
        {
            world.group: {days[0]: world.students[:3], days[1]: world.students},
            other: {days[1]: list(other.students.all())},
        },
        now,
    )

    cancel(world, days[0], now)

    assert lost(plan, now) == {world.group: ({days[0].pk}, keys(world.students[:3]))}
    assert losses.class_ids(plan, now) == [world.group.pk]
    assert losses.extent_of(losses.losses(plan, now)) == losses.Extent(
        sessions=1, classes=1, refused=0, students=3
    )


def test_what_the_school_gave_up_is_not_lost(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    plan = published(secretary, world, {world.group: {days[0]: world.students}}, now)
    booking = Booking.objects.select_related("session__season", "class_group").get()

    changes.cancel_booking(by=world.teacher, booking=booking, reason="考试", now=now)

    assert losses.losses(plan, now) == []


def test_what_could_not_be_booked_is_lost(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    tight = world.session(capacity=4)

    plan = published(
        secretary, world, {world.group: dict.fromkeys([days[1], tight], world.students)}, now
    )

    assert lost(plan, now) == {world.group: ({days[1].pk, tight.pk}, keys(world.students))}


def test_who_has_all_she_needs_has_lost_nothing(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    """The school booked something else for all but one, before anybody planned anew."""
    plan = published(secretary, world, {world.group: {days[0]: world.students}}, now)
    cancel(world, days[0], now)
    make_booking(
        by=world.coordinator,
        session=world.session(day=DAY + 9 * DAYS, class_hours=14),
        class_group=world.group,
        student_ids=[one.pk for one in world.students[1:]],
        now=now,
    )

    assert lost(plan, now) == {world.group: ({days[0].pk}, {world.students[0].pk})}


def test_who_changed_class_and_has_no_place_is_looked_for_in_the_new_class(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    plan = published(secretary, world, {world.group: {days[0]: world.students}}, now)
    other = world.new_group(4, 2)
    stays, moves = world.students[:2]

    roll.move_student(
        by=world.coordinator, student=stays, class_group=other, seat_no=8, release=False, now=now
    )
    roll.move_student(
        by=world.coordinator, student=moves, class_group=other, seat_no=9, release=True, now=now
    )

    assert lost(plan, now) == {other: ({days[0].pk}, {moves.pk})}


def test_whoever_was_erased_or_merged_has_lost_nothing(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    plan = published(secretary, world, {world.group: {days[0]: world.students}}, now)
    merging.merge(
        by=world.coordinator, survivor=world.students[0], duplicate=world.students[1], now=now
    )

    assert losses.losses(plan, now) == []


def test_what_a_later_plan_has_seen_is_lost_no_more_and_what_is_lost_since_is(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    first = published(
        secretary, world, {world.group: {days[0]: world.students, days[1]: world.students}}, now
    )
    cancel(world, days[0], now)
    later = now + timedelta(hours=1)
    again = published(
        secretary, world, {world.group: {days[2]: world.students}}, later, replans=first
    )

    assert losses.losses(first, later) == []

    latest = later + timedelta(hours=1)
    cancel(world, days[1], latest)
    assert lost(first, latest) == {world.group: ({days[1].pk}, keys(world.students))}
    assert losses.losses(again, latest) == []
    CohortPlan.objects.filter(pk=again.pk).update(state=PlanState.UNDONE)
    assert set(lost(first, latest)[world.group][0]) == {days[0].pk, days[1].pk}


def test_the_differences_are_told_by_class(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    other = world.new_group(4, 2)
    first = published(
        secretary,
        world,
        {
            world.group: {days[0]: world.students[:4], days[1]: world.students},
            other: {days[0]: list(other.students.all())},
        },
        now,
    )
    cancel(world, days[0], now)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {days[2]: world.students[:4]}, other: {}},
        now=now + timedelta(hours=1),
        replans=first,
    )

    ours, theirs = differences.differences(plan)

    assert (ours.name, theirs.name) == ("七(3)班", "七(4)班")
    assert [
        [
            (line.when, line.where, line.title, line.class_hours, line.seats, line.why)
            for line in lines
        ]
        for lines in (ours.lost, ours.new, ours.kept)
    ] == [
        [
            (
                "12 月 8 日（周二）9:00–11:30",
                "焙烤实训中心 1号实训室",
                "面包师：吐司与软欧",
                4,
                4,
                "停电",
            )
        ],
        [
            (
                "12 月 10 日（周四）9:00–11:30",
                "焙烤实训中心 3号实训室",
                "面包师：吐司与软欧",
                4,
                4,
                "",
            )
        ],
        [
            (
                "12 月 9 日（周三）9:00–11:30",
                "焙烤实训中心 2号实训室",
                "面包师：吐司与软欧",
                4,
                5,
                "",
            )
        ],
    ]
    assert [(line.session_id, line.seats) for line in theirs.lost] == [(days[0].pk, 2)]
    assert (theirs.new, theirs.kept) == ((), ())


def test_once_published_the_differences_are_what_they_were(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    first = published(secretary, world, {world.group: {days[0]: world.students}}, now)
    cancel(world, days[0], now)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {days[2]: world.students}},
        now=now + timedelta(hours=1),
        replans=first,
    )
    before = differences.differences(plan)

    publishing.publish(by=secretary, plan=plan, now=now + timedelta(hours=2))
    publishing.publish_classes(plan.pk, clock=lambda: now + timedelta(hours=2))

    assert differences.differences(plan) == before
    assert len(before[0].new) == 1


def test_what_an_earlier_plan_has_made_good_is_not_among_the_lost_again(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    other = world.new_group(4, 2)
    fourth = world.session(day=DAY + 3 * DAYS)
    first = published(
        secretary,
        world,
        {
            world.group: {days[0]: world.students, days[1]: world.students},
            other: {days[0]: list(other.students.all())},
        },
        now,
    )
    # The other class could not be booked.
    first.classes.filter(class_group=other).update(
        state="refused", reservation=None, refusal={"code": "not_yours", "facts": {}}
    )
    cancel(world, days[0], now)
    hour = timedelta(hours=1)
    wanted = {world.group: {days[2]: world.students}, other: {days[2]: list(other.students.all())}}
    published(secretary, world, wanted, now + hour, replans=first)
    cancel(world, days[1], now + 2 * hour)

    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {fourth: world.students}, other: {}},
        now=now + 3 * hour,
        replans=first,
    )

    ours, theirs = differences.differences(plan)
    assert [line.session_id for line in ours.lost] == [days[1].pk]
    assert (theirs.lost, theirs.refused) == ((), "")


def test_a_class_that_could_not_be_booked_had_nothing_to_lose(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    """It gets what it was to have, but for what is cancelled: nothing is both lost and new."""
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: dict.fromkeys(days[:2], world.students)},
        now=now,
    )
    cancel(world, days[0], now)
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    made_good = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: dict.fromkeys(days[1:], world.students)},
        now=now,
        replans=plan,
    )

    (found,) = differences.differences(made_good)

    assert (found.lost, found.kept) == ((), ())
    assert [line.session_id for line in found.new] == [days[1].pk, days[2].pk]
    assert found.refused == "这一场已取消（停电），请另选一场。"


def test_what_a_class_gets_again_is_not_lost(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    """The alliance gave two sessions up for the class; one of them stands, and has seats."""
    first = published(secretary, world, {world.group: dict.fromkeys(days[:2], world.students)}, now)
    for booking in Booking.objects.select_related("session__season", "class_group"):
        changes.cancel_booking(by=world.teacher, booking=booking, reason="考试", now=now)
    Booking.objects.update(cancelled_side=CancelledSide.ALLIANCE)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: dict.fromkeys(days[1:], world.students)},
        now=now,
        replans=first,
    )

    (found,) = differences.differences(plan)

    assert [line.session_id for line in found.lost] == [days[0].pk]
    assert [line.session_id for line in found.new] == [days[1].pk, days[2].pk]
    assert found.refused == ""


def test_the_losses_of_several_plans_are_those_of_each(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    """One lost a session that two of its classes had, one could not book, one has lost nothing;
    in as many queries as for one."""
    tight = world.session(capacity=1)
    groups = [world.new_group(10 + one, 2) for one in range(4)]
    students = {group: list(group.students.all()) for group in groups}
    hit = published(
        secretary,
        world,
        {
            groups[0]: {days[0]: students[groups[0]], days[1]: students[groups[0]]},
            groups[1]: {days[0]: students[groups[1]]},
        },
        now,
    )
    refused = published(secretary, world, {groups[2]: {tight: students[groups[2]]}}, now)
    whole = published(secretary, world, {groups[3]: {days[2]: students[groups[3]]}}, now)
    cancel(world, days[0], now)

    with CaptureQueriesContext(connection) as queries:
        found = losses.of_plans([hit.pk, refused.pk, whole.pk], now)

    assert len(queries) == 8
    assert found == {plan.pk: losses.losses(plan, now) for plan in (hit, refused, whole)}
    assert [losses.extent_of(found[plan.pk]) for plan in (hit, refused, whole)] == [
        losses.Extent(sessions=1, classes=2, refused=0, students=4),
        losses.Extent(sessions=0, classes=0, refused=1, students=2),
        losses.Extent(sessions=0, classes=0, refused=0, students=0),
    ]


def test_what_one_plan_lost_the_next_to_book_it_has_not(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime
) -> None:
    """The alliance gave the session up; another plan booked it again, and the school gave it up."""
    wanted = {world.group: {days[0]: world.students}}
    plans = []
    for moment, side in ((now, CancelledSide.ALLIANCE), (now + DAYS, CancelledSide.SCHOOL)):
        plans.append(published(secretary, world, wanted, moment))
        booking = Booking.objects.live().select_related("session__season", "class_group").get()
        changes.cancel_booking(by=world.teacher, booking=booking, reason="考试", now=moment)
        Booking.objects.filter(pk=booking.pk).update(cancelled_side=side)

    found = losses.of_plans([plan.pk for plan in plans], now + DAYS)

    assert [len(found[plan.pk]) for plan in plans] == [1, 0]


@pytest.mark.parametrize("number", [1, 3])
def test_the_queries_do_not_rise_with_the_classes(
    world: World, secretary: Actor, days: list[CourseSession], now: datetime, number: int
) -> None:
    groups = [world.new_group(10 + one, 2) for one in range(number)]
    first = published(
        secretary,
        world,
        {group: {day: list(group.students.all()) for day in days[:2]} for group in groups},
        now,
    )
    cancel(world, days[0], now)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={group: {days[2]: list(group.students.all())} for group in groups},
        now=now,
        replans=first,
    )
    plan = CohortPlan.objects.select_related("season", "replans").get(pk=plan.pk)

    with CaptureQueriesContext(connection) as of_differences:
        found = differences.differences(plan)
    with CaptureQueriesContext(connection) as of_losses:
        classes = losses.class_ids(first, now)

    assert (len(found), len(classes)) == (number, number)
    assert (len(of_differences), len(of_losses)) == (7, 8)
