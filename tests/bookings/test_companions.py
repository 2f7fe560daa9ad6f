"""Trips that lack names of the adults who come along: found, counted, and led to."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from bookings.models import Booking
from bookings.selectors import companions
from bookings.services import changes, reservations
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]

DAYS = timedelta(days=1)
ONE = (CompanionInput("王老师"),)


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def booked(world: World, now: datetime, day: int = 0, **more: object) -> Booking:
    """Two adults are to come."""
    return make_booking(
        by=world.coordinator,
        session=world.session(day=DAY + day * DAYS),
        class_group=more.pop("class_group", world.group),  # type: ignore[arg-type]
        now=now,
        **more,  # type: ignore[arg-type]
    )


def words(html: str) -> str:
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.mark.parametrize(
    ("adults", "named", "missing"), [(2, 0, 2), (2, 1, 1), (2, 2, 0), (3, 1, 2), (None, 1, 1)]
)
def test_as_many_are_missing_as_are_to_come_and_not_named(
    world: World, now: datetime, adults: int | None, named: int, missing: int
) -> None:
    given = [CompanionInput(f"老师{one}") for one in range(named)]
    booking = booked(world, now, adults=adults, companions=given)

    assert companions.missing_of(booking) == missing
    assert companions.missing_in([booking], now) == ({booking.pk: missing} if missing else {})
    assert list(companions.lacking(Booking.objects.all(), now)) == ([booking] if missing else [])


def test_what_has_begun_or_is_cancelled_lacks_nobody(world: World, now: datetime) -> None:
    begun, gone = booked(world, now, companions=ONE), booked(world, now, 1, companions=ONE)
    changes.cancel_booking(by=world.coordinator, booking=gone, reason="停课", now=now)
    rows = list(Booking.objects.select_related("session").order_by("pk"))
    then = begun.session.starts_at

    assert companions.missing_in(rows, now) == {begun.pk: 1}
    assert companions.missing_in(rows, then) == {}
    assert list(companions.lacking(Booking.objects.all(), then)) == []
    assert companions.trips_lacking(world.coordinator, now) == 1
    assert companions.trips_lacking(world.coordinator, then) == 0


def test_whose_trips_are_counted(world: World, now: datetime) -> None:
    booked(world, now, companions=ONE)
    booked(world, now, 1, companions=ONE, class_group=world.new_group(4, 2))
    booked(world, now, 2)
    elsewhere = OrganisationFactory()
    stranger = actor_of(MembershipFactory(coordinator=True, organisation=elsewhere))

    assert [
        companions.trips_lacking(actor, now)
        for actor in (world.coordinator, world.teacher, stranger)
    ] == [2, 1, 0]


def test_the_groups_of_one_trip_are_one(world: World, now: datetime, login: Login) -> None:
    made = reservations.reserve(
        by=world.teacher,
        parts=[
            Part(
                class_group=world.group,
                session_ids=[world.session().pk],
                student_ids=[student.pk],
                companions=[CompanionInput(one) for one in names],
            )
            for student, names in zip(
                world.students, (("王老师", "李老师"), ("张老师",), ()), strict=False
            )
        ],
        idempotency_key="k",
        now=now,
    )

    (trip,) = login(world.teacher).get("/trips/").context["trips"]
    (alone,) = login(world.teacher).get("/trips/?show=teachers").context["trips"]

    second = made.bookings.order_by("pk")[1]
    assert (trip.unled, trip.to_lead) == (3, second)
    assert (alone.unled, alone.to_lead, len(alone.others)) == (3, second, 1)
    assert companions.trips_lacking(world.teacher, now) == 1


def test_the_home_page_counts_them_and_leads_to_their_list(
    world: World, now: datetime, login: Login
) -> None:
    lacking = booked(world, now, companions=ONE)
    whole = booked(world, now, 1)
    booked(world, now, 2, companions=ONE, class_group=world.new_group(4, 2))

    homes = [login(one).get("/").content.decode() for one in (world.coordinator, world.teacher)]
    listed = login(world.teacher).get("/trips/?show=teachers")

    assert "2 个行程还缺带队教师 请在名单定下前补上" in words(homes[0])
    assert "1 个行程还缺带队教师 请在名单定下前补上" in words(homes[1])
    assert all('href="/trips/?show=teachers"' in home for home in homes)
    assert [trip.booking for trip in listed.context["trips"]] == [lacking]
    text = listed.content.decode()
    assert text.count("还差带队教师 1 位</span>") == 1
    assert f'href="/trips/{lacking.pk}/change/#adults"' in text
    assert f"/trips/{whole.pk}/change/" not in login(world.teacher).get("/trips/").content.decode()


def test_once_they_are_named_nothing_is_asked_for(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now, companions=ONE)
    client = login(world.teacher)
    form = client.get(f"/trips/{booking.pk}/change/").content.decode()
    before = client.get(f"/trips/{booking.pk}/").content.decode()

    sent = client.post(
        f"/trips/{booking.pk}/change/",
        {
            "edition": booking.edition,
            "students": [student.pk for student in world.students],
            "companion_0": "王老师",
            "companion_1": "周老师",
            "form_key": re.findall(r'name="form_key" value="([^"]+)"', form)[0],
            "seen": re.findall(r'name="seen" value="([^"]+)"', form),
        },
    )
    after = client.get(f"/trips/{booking.pk}/").content.decode()

    # What is missing is unfolded.
    assert '<fieldset class="stack-s" id="adults">' in form
    assert '<details class="fold" open>' in form
    assert "还差 1 位的姓名。" in form
    assert "2 位 王老师 还差 1 位 补带队教师" in words(before)
    assert f'href="/trips/{booking.pk}/change/#adults"' in before
    assert sent.status_code == 302
    assert "2 位 王老师 周老师 预约人" in words(after)
    assert "补带队教师" not in after
    assert "还缺带队教师" not in client.get("/").content.decode()
    assert "带队教师都齐了" in client.get("/trips/?show=teachers").content.decode()


@pytest.mark.parametrize("path", ["/", "/trips/?show=teachers"])
def test_one_and_three_take_the_same_queries(
    world: World, now: datetime, login: Login, path: str
) -> None:
    client = login(world.teacher)
    counts = []
    for days in ([0], [1, 2]):
        for day in days:
            booked(world, now, day, companions=ONE)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        counts.append(len(queries))

    assert counts[0] == counts[1] == {"/": 16, "/trips/?show=teachers": 18}[path]
