"""What a found plan says is missing, and why a class has not its wish: beside what others hold."""

from datetime import datetime, timedelta

import pytest

from accounts.actors import Actor
from bookings.services import reservations
from bookings.services.parts import Part
from courses.models import CourseSession
from planning.models import ClassWish, WishList
from planning.services import publishing
from rosters.choices import ConsentRule
from rosters.models import SchoolSettings
from tests.bookings.conftest import DAY, World

from .conftest import offer
from .test_running import ask, run, sessions


def take(session: CourseSession, seats: int) -> None:
    """Others have so many of the session's forty seats."""
    CourseSession.objects.filter(pk=session.pk).update(seats_held=seats)


def wish(world: World, occupation: str, now: datetime) -> None:
    said = WishList.objects.create(
        season=world.season, school=world.school, class_group=world.group, said_at=now,
        said_by_id=world.coordinator.membership_id,
    )  # fmt: skip
    ClassWish.objects.create(wish_list=said, rank=1, occupation=occupation)


@pytest.mark.parametrize("taken", [38, 40])
def test_a_session_that_is_opened_has_all_the_seats_of_the_one_it_is_like(
    world: World, secretary: Actor, now: datetime, taken: int
) -> None:
    _first, second, *_others = sessions(world)
    take(second, taken)

    plan = run(ask(secretary, world, now), now)

    short = 5 - (40 - taken)
    assert plan.reached == 40 - taken
    # Once more like it, and not twenty times two seats; who lacks seats is not held back by days.
    assert plan.shortage == {
        "short": short,
        "unsigned": 0,
        "is_nothing_on_offer": False,
        "by_days": 0,
        "by_sites": 0,
        "openings": [{"session": second.pk, "seats": 40, "students": short, "reached": short}],
    }


def test_a_wish_of_which_all_sessions_are_full_is_not_said_to_be_missing_from_the_season(
    world: World, secretary: Actor, now: datetime
) -> None:
    sessions(world)
    take(world.session(version=offer(world, "钟表"), day=DAY + timedelta(days=7)), 40)
    wish(world, "钟表", now)

    plan = run(ask(secretary, world, now), now)

    assert plan.classes.get().reason == {
        "code": "full",
        "occupation": "钟表",
        "wishing": 5,
        "attending": 0,
        "sessions": 1,
        "seats": 40,
        "lacking_hours": 5,
    }
    # It gives no seats to anybody.
    assert plan.seats_left == 160 - 20


def test_more_classes_than_two_share_a_room_that_holds_their_adults_too(
    world: World, secretary: Actor, now: datetime
) -> None:
    offered = sessions(world)
    # Three classes of three and two adults each are fifteen heads.
    CourseSession.objects.filter(pk=offered[0].pk).update(heads_limit=14, capacity=14)
    world.students[0].class_group.students.filter(seat_no__gt=3).update(left_at=now)
    for number in (4, 5):
        world.new_group(number, 3)

    plan = run(ask(secretary, world, now), now)

    assert (plan.state, plan.students, plan.reached, plan.is_whole) == ("found", 9, 8, True)
    assert plan.shortage["openings"] == [
        {"session": offered[0].pk, "seats": 10, "students": 1, "reached": 1}
    ]
    publishing.publish(by=secretary, plan=plan, now=now)
    assert publishing.publish_classes(plan.pk, clock=lambda: now) == {"booked": 3}
    full = CourseSession.objects.get(pk=offered[0].pk)
    assert (full.seats_taken, full.adults_coming) == (8, 6)


def test_a_class_that_may_not_be_booked_is_not_said_to_wish_for_nothing(
    world: World, secretary: Actor, now: datetime
) -> None:
    sessions(world)
    wish(world, "木工", now)
    SchoolSettings.objects.create(
        school=world.school, consent_rule=ConsentRule.YEAR, consent_blocks=True
    )

    plan = run(ask(secretary, world, now), now)

    assert plan.classes.get().reason == {"code": "unsigned"}


def test_beside_seats_without_names_in_a_full_session_the_plan_can_be_booked(
    world: World, secretary: Actor, now: datetime
) -> None:
    first, *others = sessions(world)
    full = world.session(version=offer(world, "钟表"), capacity=5)
    reservations.reserve(
        by=world.coordinator,
        parts=[Part(class_group=world.group, session_ids=[full.pk], seats=5)],
        idempotency_key="k",
        now=now,
    )

    plan = run(ask(secretary, world, now), now)

    planned = set(plan.classes.get().places.values_list("session_id", flat=True))
    assert planned == {one.pk for one in others}
    assert first.starts_at == full.starts_at
