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
from bookings.models import Booking
from bookings.services import changes, host_changes, host_moves, move_checks
from courses.choices import ReasonCode
from courses.services.sessions import Place
from insights.selectors import missed
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
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


def taken_back(
    world: World, now: datetime, number: int, code: ReasonCode, *, late: bool
) -> Booking:
    booking = booked(world, now, number)
    host_changes.cancel_session(
        by=world.manager,
        session=booking.session,
        code=code,
        reason="",
        now=booking.session.starts_at - timedelta(days=1) if late else now,
    )
    booking.refresh_from_db()
    return booking


@pytest.fixture
def after(world: World, now: datetime) -> datetime:
    """Of the school two late cancellations, one in time, and three classes that did not come; of
    the host two late cancellations and one in time."""
    given_up(world, now, 10, ReasonCode.WEATHER, late=True, reason="台风停课")
    given_up(world, now, 11, ReasonCode.STAFF, late=True)
    given_up(world, now, 12, ReasonCode.STAFF, late=False)
    missing(world, now, 13, ReasonCode.TRANSPORT)
    missing(world, now, 14, ReasonCode.STAFF)
    missing(world, now, 15, None)
    taken_back(world, now, 16, ReasonCode.EQUIPMENT, late=True)
    taken_back(world, now, 17, ReasonCode.WEATHER, late=True)
    taken_back(world, now, 18, ReasonCode.EQUIPMENT, late=False)
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

    assert (found.late, found.no_show, found.host_late) == (2, 3, 2)
    for side, organisation in ((found.schools, world.school), (found.hosts, world.host)):
        (one,) = side
        assert (one.organisation, one.late, one.no_show, one.unexcused) == (organisation, 2, 3, 3)
        assert (one.host_late, one.host_unexcused) == (2, 1)
    assert [(one.code, one.late, one.no_show, one.host_late) for one in found.reasons] == [
        ("weather", 1, 0, 1),
        ("transport", 0, 1, 0),
        ("staff", 1, 1, 0),
        ("equipment", 0, 0, 1),
        ("", 0, 1, 0),
    ]


def test_the_schools_and_the_hosts_with_the_most_of_their_own_come_first(
    world: World, now: datetime
) -> None:
    given_up(world, now, 10, ReasonCode.STAFF, late=True)
    given_up(world, now, 11, ReasonCode.STAFF, late=True)
    school, host = OrganisationFactory(), OrganisationFactory(vocational_school=True)
    cancelled = taken_back(world, now, 12, ReasonCode.EQUIPMENT, late=True)
    Booking.objects.filter(pk=cancelled.pk).update(school=school, host=host)

    found = missed.summary(now + timedelta(days=20))

    assert [one.organisation for one in found.schools] == [world.school, school]
    assert [one.organisation for one in found.hosts] == [host, world.host]


def test_what_a_host_releases_after_the_freeze_is_late_and_what_the_alliance_cancels_is_not(
    world: World, secretary: Membership, now: datetime
) -> None:
    released, kept = booked(world, now, 10), booked(world, now, 11)
    eve = released.session.starts_at - timedelta(days=1)
    released.session.refresh_from_db()

    host_moves.change_session(
        by=world.manager,
        session=released.session,
        sequence=released.session.sequence,
        change=move_checks.Change(
            starts_at=released.session.starts_at,
            ends_at=released.session.ends_at,
            place=Place(released.session.room, None, ""),
            capacity=1,
            release=frozenset({released.pk}),
        ),
        code=ReasonCode.EQUIPMENT,
        reason="",
        now=eve,
    )
    host_changes.cancel_session(
        by=actor_of(secretary), session=kept.session, reason="台风", now=eve
    )

    for one in (released, kept):
        one.refresh_from_db()
    assert (released.cancelled_side, released.is_late) == ("host", True)
    assert (kept.cancelled_side, kept.is_late) == ("alliance", False)
    after = now + timedelta(days=20)
    assert [one.pk for one in missed.rows(after, school_id=None, host_id=None)] == [released.pk]


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
    of_host = text_of(
        client, secretary, f"/overview/missed/?host={world.host.pk}&show=host_late", after
    )
    elsewhere = text_of(client, secretary, f"/overview/missed/?host={world.school.pk}", after)

    assert "本学年学校临时取消 2 次，全班未到 3 次；开课单位临时取消 2 次。" in overview
    assert re.findall(r"(?:清河中学|曹杨职业技术学校)(?: \d+){4} ", overview) == [
        "清河中学 2 3 3 2 ",
        "曹杨职业技术学校 2 1 2 3 ",
    ]
    assert re.findall(r"学校临时取消 · (?!职业学堂)(\S+)(?: · (\S+))?", late) == [
        ("天气", "不计责任"),
        ("教师无法到岗", ""),
    ]
    assert re.findall(r"全班未到 · (?!职业学堂)(\S+)(?: · (\S+))?", absent) == [
        ("交通", "不计责任"),
        ("教师无法到岗", ""),
        ("未填原因", ""),
    ]
    assert re.findall(r"开课单位临时取消 · (?!职业学堂)(\S+)(?: · (\S+))?", of_host) == [
        ("设备或场地", ""),
        ("天气", "不计责任"),
    ]
    assert "没有这样的预约" in elsewhere


def test_last_school_years_are_not_counted(secretary: Membership, after: datetime) -> None:
    found = missed.summary(after + timedelta(days=365))

    assert (found.is_empty, found.schools, found.hosts, found.reasons) == (True, (), (), ())


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
        taken_back(world, now, 30 + number, ReasonCode.STAFF, late=True)
    after = now + timedelta(days=20)

    with django_assert_num_queries(3):
        missed.summary(after)
    with django_assert_num_queries(2):
        found = missed.rows(after, school_id=None, host_id=None)
    text_of(client, secretary, "/overview/missed/", after)
    with CaptureQueriesContext(connection) as queries:
        text_of(client, secretary, "/overview/missed/", after)

    assert len(found) == 3 * count
    assert len(queries) == QUERIES


# One of them looks up the classes that did not come, for what is counted and what is listed.
QUERIES = 15


def test_a_booking_says_what_it_was_recorded_as(
    client: Client, world: World, now: datetime, after: datetime
) -> None:
    coordinator = Membership.objects.get(pk=world.coordinator.membership_id)
    late = Booking.objects.get(is_late=True, cancel_code="weather", cancelled_side="school")
    absent = Booking.objects.get(no_show_code="transport")

    assert "原因：台风停课（名单已定以后，记为临时取消） 类别：天气" in text_of(
        client, coordinator, f"/trips/{late.pk}/", after
    )
    assert "这一场全班没有到。原因：交通（不计责任）" in text_of(
        client, coordinator, f"/trips/{absent.pk}/", after
    )
