"""What is booked outside the days of the requirement: never proposed, and said before and after."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.selectors.progress import class_progress
from bookings.selectors.standing import Outside
from bookings.services import basket, proposals
from hours.models import PracticumRequirement
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]

SAID = "其中 4 学时在截止日以后，不计入。"


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def proposed(world: World, now: datetime) -> list[list[int]]:
    return [
        [choice.key for choice in one.choices]
        for one in proposals.proposals_for(world.teacher, world.group, now).proposals
    ]


def test_only_days_that_count_are_proposed(world: World, now: datetime) -> None:
    """Both ends included: not the day before the first nor the day after the last."""
    on_first, between, on_last = (DAY + timedelta(days=one) for one in (1, 2, 3))
    _early, *within, _late = [
        world.session(day=DAY + timedelta(days=one), class_hours=14) for one in range(5)
    ]
    PracticumRequirement.objects.update(counts_from=on_first, due_on=on_last)

    assert [[within[0].pk]] == proposed(world, now)[:1]
    assert {key for one in proposed(world, now) for key in one} <= {one.pk for one in within}
    for session in within[:2]:
        session.seats_taken = session.capacity
        session.save()
    assert proposed(world, now) == [[within[2].pk]]
    PracticumRequirement.objects.update(due_on=between)
    assert proposed(world, now) == []


def test_a_set_of_which_a_day_does_not_count_is_not_proposed(world: World, now: datetime) -> None:
    _camp, (first, second) = world.camp()
    PracticumRequirement.objects.update(due_on=DAY)
    cut_at_the_end = proposed(world, now)
    PracticumRequirement.objects.update(
        counts_from=DAY + timedelta(days=1), due_on=date(2027, 6, 30)
    )
    cut_at_the_front = proposed(world, now)
    PracticumRequirement.objects.update(counts_from=DAY, due_on=DAY + timedelta(days=1))

    assert (cut_at_the_end, cut_at_the_front) == ([], [])
    assert proposed(world, now) == [[first.pk]]
    assert second.session_set_id == first.session_set_id


def test_hours_of_sessions_that_would_not_count(world: World, now: datetime) -> None:
    sessions = [world.session(day=DAY + timedelta(days=one), class_hours=one) for one in (1, 2, 3)]
    PracticumRequirement.objects.update(
        counts_from=DAY + timedelta(days=1), due_on=DAY + timedelta(days=2)
    )

    progress = class_progress(world.teacher, world.group, now)

    assert progress.outside_of(sessions) == Outside(before=0, after=3)
    PracticumRequirement.objects.update(
        counts_from=DAY + timedelta(days=3), due_on=DAY + timedelta(days=9)
    )
    progress = class_progress(world.teacher, world.group, now)
    assert progress.outside_of(sessions) == Outside(before=3, after=0)
    PracticumRequirement.objects.all().delete()
    progress = class_progress(world.teacher, world.group, now)
    assert progress.outside_of(sessions) == Outside()


def test_the_form_says_that_the_hours_would_not_count(
    world: World, now: datetime, login: Login
) -> None:
    session = world.session()
    counts = login(world.teacher).get(f"/sessions/{session.pk}/book/?class={world.group.pk}")
    PracticumRequirement.objects.update(due_on=DAY - timedelta(days=1))

    late = login(world.teacher).get(f"/sessions/{session.pk}/book/?class={world.group.pk}")

    assert (counts.context["hours_then"], late.context["hours_then"]) == (4, 0)
    assert (counts.context["booked_then"], late.context["booked_then"]) == (4, 0)
    assert SAID not in counts.content.decode()
    assert late.content.decode().count(SAID) == 1


def test_the_basket_counts_only_what_counts(world: World, now: datetime, login: Login) -> None:
    PracticumRequirement.objects.update(due_on=DAY)
    for session in (world.session(class_hours=7), world.session(day=DAY + timedelta(days=1))):
        basket.add(by=world.teacher, class_group=world.group, session_id=session.pk, now=now)

    (found,) = basket.baskets(world.teacher, now)
    text = login(world.teacher).get("/basket/").content.decode()

    assert (found.hours, found.hours_then, found.outside) == (7, 7, Outside(after=4))
    assert text.count(SAID) == 1


def test_the_booking_says_that_its_hours_do_not_count(
    world: World, now: datetime, login: Login
) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    PracticumRequirement.objects.update(due_on=DAY - timedelta(days=1))

    page = login(world.teacher).get(f"/trips/{booking.pk}/")

    assert (page.context["progress"].reached, page.context["new_hours"]) == (0, 0)
    assert page.content.decode().count(SAID) == 1
