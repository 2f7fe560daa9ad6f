"""Lists of the engine that no other test counts: the same queries for one row and for three."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.models import Booking
from bookings.services import change_requests, feeds, lists
from sites.calendar import at
from sites.models import Site
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]
# The lists of sessions on DAY are settled then.
LATE = at(DAY, time(8)) - timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def booked(world: World, now: datetime, count: int) -> list[Booking]:
    """A booking of each of so many classes, in a session of its own each."""
    return [
        make_booking(
            by=world.coordinator,
            session=world.session(),
            class_group=world.new_group(number, 4),
            now=now,
        )
        for number in range(4, 4 + count)
    ]


def ask(world: World, booking: Booking) -> None:
    """The class asks for one student less."""
    students = booking.class_group.students.order_by("seat_no").values_list("pk", flat=True)
    change_requests.ask_change(
        by=world.coordinator,
        booking=booking,
        edition=booking.edition,
        wanted=lists.look_up(
            booking, LATE, student_ids=list(students)[1:], seats=None, adults=None, companions=None
        ),
        reason="一人请假。",
        now=LATE,
    )


@pytest.mark.parametrize("count", [1, 3])
def test_requests_of_schools(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    for booking in booked(world, now, count):
        ask(world, booking)
    client = login(world.manager)
    client.get("/requests/")

    # One of them brings the class seat numbers of all that is asked.
    with django_assert_num_queries(14):
        page = client.get("/requests/")

    assert len(page.context["rows"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_answered_requests(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    for booking in booked(world, now, count):
        ask(world, booking)
        change_requests.decline_change(
            by=world.manager,
            request=booking.change_requests.get(),
            answer="材料已备好。",
            now=LATE,
        )
    # On a school's pages the basket is counted, too.
    clients = [(login(world.manager), 14), (login(world.coordinator), 15)]
    for client, _queries in clients:
        client.get("/requests/")

    for client, queries in clients:
        with django_assert_num_queries(queries):
            page = client.get("/requests/?show=answered")
        assert len(page.context["rows"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_one_request_with_few_students_or_many(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    (booking,) = booked(world, now, 1)
    students = list(booking.class_group.students.order_by("seat_no"))
    wanted = lists.look_up(
        booking,
        LATE,
        student_ids=[student.pk for student in students[count:]],
        seats=None,
        adults=None,
        companions=None,
    )
    asked = change_requests.ask_change(
        by=world.coordinator,
        booking=booking,
        edition=booking.edition,
        wanted=wanted,
        reason="请假。",
        now=LATE,
    )
    client = login(world.manager)
    client.get("/requests/")

    with django_assert_num_queries(14):
        page = client.get(f"/requests/{asked.pk}/")

    assert page.context["row"].difference


@pytest.mark.parametrize("count", [1, 3])
def test_a_class_in_groups(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    session = world.session(capacity=3)
    for _other in range(count):
        world.session(capacity=2)
    client = login(world.teacher)
    client.get("/trips/")

    with django_assert_num_queries(17):
        page = client.get(f"/sessions/{session.pk}/split/?class={world.group.pk}")

    assert len(page.context["ways"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_day_called_off(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    booked(world, now, count)
    client = login(world.manager)
    client.get("/today/")

    # For each booked session of the day what is near it, and when its classes are elsewhere.
    with django_assert_num_queries(9 + 2 * count):
        page = client.get(f"/today/{DAY}/cancel/")

    assert len(page.context["sessions"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_ones_own_calendar_beside_those_of_sites(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    feeds.make(by=world.manager, site=None, now=now)
    for number in range(count):
        site = Site.objects.create(host=world.host, name=f"{number} 号基地")
        feeds.make(by=world.manager, site=site, now=now)
    client = login(world.manager)
    client.get("/today/")

    with django_assert_num_queries(5):
        page = client.get("/me/calendar/")

    assert page.context["feed"].membership_id == world.manager.membership_id
