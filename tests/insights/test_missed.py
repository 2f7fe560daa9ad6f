"""Late cancellations and classes that did not come: counted, explained, and the rows behind."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from attendance.services.no_shows import give_reason
from bookings.choices import ReasonCode
from bookings.models import Booking
from bookings.services import changes
from insights.selectors import missed
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def secretary(db: None) -> Membership:
    membership: Membership = MembershipFactory(secretariat=True)
    return membership


def booked(world: World, now: datetime, number: int, day: int = 0) -> Booking:
    return make_booking(
        by=world.coordinator,
        session=world.session(day=DAY + timedelta(days=day)),
        class_group=world.new_group(number, 2),
        now=now,
    )


def given_up(
    world: World, now: datetime, number: int, code: ReasonCode, *, late: bool, reason: str = ""
) -> Booking:
    booking = booked(world, now, number)
    when = booking.session.starts_at - timedelta(days=1) if late else now
    return changes.cancel_booking(
        by=world.coordinator, booking=booking, code=code, reason=reason, now=when
    )


def missing(world: World, now: datetime, number: int, code: ReasonCode | None) -> Booking:
    booking = booked(world, now, number)
    if code is not None:
        give_reason(by=world.manager, booking=booking, code=code, now=booking.session.ends_at)
    return booking


@pytest.fixture
def after(world: World, now: datetime) -> datetime:
    """Two late cancellations, one in time, and three classes that did not come."""
    given_up(world, now, 10, ReasonCode.WEATHER, late=True, reason="台风停课")
    given_up(world, now, 11, ReasonCode.STAFF, late=True)
    given_up(world, now, 12, ReasonCode.STAFF, late=False)
    missing(world, now, 13, ReasonCode.TRANSPORT)
    missing(world, now, 14, ReasonCode.STAFF)
    missing(world, now, 15, None)
    return now + timedelta(days=20)


def text_of(client: Client, secretary: Membership, path: str, now: datetime) -> str:
    with time_machine.travel(now, tick=False):
        client.force_login(secretary.user)
        answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_sums_are_those_of_the_bookings(
    world: World, secretary: Membership, after: datetime
) -> None:
    found = missed.summary(after)

    assert (found.late, found.no_show) == (2, 3)
    for side, organisation in ((found.schools, world.school), (found.hosts, world.host)):
        (one,) = side
        assert (one.organisation, one.late, one.no_show, one.unexcused) == (organisation, 2, 3, 3)
    assert [(code, late, absent) for code, _label, late, absent in found.reasons] == [
        ("weather", 1, 0),
        ("transport", 0, 1),
        ("staff", 1, 1),
        ("", 0, 1),
    ]


def test_the_overview_leads_to_the_rows_behind_each_number(
    client: Client, world: World, secretary: Membership, after: datetime
) -> None:
    overview = text_of(client, secretary, "/overview/", after)
    late = text_of(
        client, secretary, f"/overview/missed/?school={world.school.pk}&show=late", after
    )
    absent = text_of(
        client, secretary, f"/overview/missed/?host={world.host.pk}&show=no_show", after
    )
    elsewhere = text_of(client, secretary, f"/overview/missed/?host={world.school.pk}", after)

    assert "本学年临时取消 2 次，全班未到 3 次。" in overview
    assert re.findall(r"(?:清河中学|曹杨职业技术学校) 2 3 3 ", overview) == [
        "清河中学 2 3 3 ",
        "曹杨职业技术学校 2 3 3 ",
    ]
    assert re.findall(r"临时取消 · (?!职业学堂)(\S+)(?: · (\S+))?", late) == [
        ("天气", "不计责任"),
        ("教师无法到岗", ""),
    ]
    assert re.findall(r"全班未到 · (?!职业学堂)(\S+)(?: · (\S+))?", absent) == [
        ("交通", "不计责任"),
        ("教师无法到岗", ""),
        ("未填原因", ""),
    ]
    assert "没有这样的预约" in elsewhere


def test_last_school_years_are_not_counted(secretary: Membership, after: datetime) -> None:
    found = missed.summary(after + timedelta(days=365))

    assert (found.late, found.no_show, found.schools, found.reasons) == (0, 0, (), ())


@pytest.mark.parametrize("count", [1, 3])
def test_the_queries_do_not_rise_with_the_bookings(
    client: Client,
    world: World,
    secretary: Membership,
    now: datetime,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(count):
        given_up(world, now, 10 + number, ReasonCode.STAFF, late=True)
        missing(world, now, 20 + number, None)
    after = now + timedelta(days=20)

    with django_assert_num_queries(3):
        missed.summary(after)
    with django_assert_num_queries(2):
        found = missed.rows(after, school_id=None, host_id=None)
    text_of(client, secretary, "/overview/missed/", after)
    with CaptureQueriesContext(connection) as queries:
        text_of(client, secretary, "/overview/missed/", after)

    assert len(found) == 2 * count
    assert len(queries) == QUERIES


# One of them looks up the classes that did not come, for what is counted and what is listed.
QUERIES = 15


def test_a_booking_says_what_it_was_recorded_as(
    client: Client, world: World, now: datetime, after: datetime
) -> None:
    coordinator = Membership.objects.get(pk=world.coordinator.membership_id)
    late = Booking.objects.get(is_late=True, cancel_code="weather")
    absent = Booking.objects.get(no_show_code="transport")

    assert "原因：台风停课（名单已定以后，记为临时取消） 类别：天气" in text_of(
        client, coordinator, f"/trips/{late.pk}/", after
    )
    assert "这一场全班没有到。原因：交通（不计责任）" in text_of(
        client, coordinator, f"/trips/{absent.pk}/", after
    )
