"""Bookings nobody came to, and why."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, User
from attendance.choices import WayIn
from attendance.errors.desk import SomebodyCame
from attendance.selectors.no_shows import no_shows
from attendance.services import check_in
from attendance.services.no_shows import give_reason
from bookings.errors.requests import BookingOver
from bookings.errors.sessions import SessionNotOverYet
from bookings.models import Booking
from bookings.services import changes
from courses.choices import ReasonCode
from courses.models import CourseSession
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return make_world(now)


def booked(world: World, session: CourseSession, now: datetime, number: int = 0) -> Booking:
    group = world.new_group(number, 2) if number else world.group
    return make_booking(by=world.coordinator, session=session, class_group=group, now=now)


def arrive(world: World, booking: Booking) -> Any:
    moment = booking.session.starts_at
    return check_in.check_in(
        by=world.manager,
        session=booking.session,
        student_id=booking.places.order_by("pk").first().student_id,
        way_in=WayIn.TICK,
        event_id=uuid4(),
        happened_at=moment,
        now=moment,
    )


def test_a_class_of_which_somebody_came_is_no_no_show(world: World, now: datetime) -> None:
    session = world.session()
    came, missing = booked(world, session, now), booked(world, session, now, 4)
    arrive(world, came)
    over = session.ends_at

    assert list(no_shows(world.coordinator, over)) == [missing]
    assert list(no_shows(world.manager, over)) == [missing]
    assert list(no_shows(world.teacher, over)) == []
    assert list(no_shows(world.coordinator, over - timedelta(seconds=1))) == []
    with pytest.raises(SomebodyCame):
        give_reason(by=world.manager, booking=came, code=ReasonCode.OTHER, now=over)


def test_only_an_arrival_that_stands_and_at_that_session_counts(
    world: World, now: datetime
) -> None:
    first, second = world.session(), world.session(day=DAY + timedelta(days=1))
    missed, met = booked(world, first, now), booked(world, second, now)
    arrive(world, missed)
    arrive(world, met)

    before = list(no_shows(world.coordinator, second.ends_at))
    check_in.undo_last(
        by=world.manager,
        session=first,
        student_id=missed.places.order_by("pk")[0].student_id,
        event_id=uuid4(),
        now=first.starts_at + timedelta(minutes=1),
    )

    assert before == []
    assert list(no_shows(world.coordinator, second.ends_at)) == [missed]


def test_a_reason_is_kept_once(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)
    over = booking.session.ends_at

    for _time in (1, 2):
        give_reason(by=world.teacher, booking=booking, code=ReasonCode.WEATHER, now=over)

    booking.refresh_from_db()
    assert booking.no_show_code == ReasonCode.WEATHER
    assert AuditEntry.objects.get(verb="booking.no_show").facts == {"reason_code": "weather"}


def test_who_may_give_a_reason_and_when(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)
    over = booking.session.ends_at
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))
    stranger = actor_of(MembershipFactory(host_manager=True))
    other_school = actor_of(MembershipFactory(coordinator=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))

    for actor, refusal in {
        stranger: NotYours,
        other_school: NotYours,
        secretariat: NotAllowed,
    }.items():
        with pytest.raises(refusal):
            give_reason(by=actor, booking=booking, code=ReasonCode.EXAM, now=over)
    give_reason(by=instructor, booking=booking, code=ReasonCode.EXAM, now=over)
    with pytest.raises(SessionNotOverYet):
        give_reason(
            by=world.teacher,
            booking=booking,
            code=ReasonCode.EXAM,
            now=over - timedelta(seconds=1),
        )


def test_nobody_was_expected_of_a_booking_that_is_over(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)
    over = booking.session.ends_at
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)
    booking.refresh_from_db()

    with pytest.raises(BookingOver) as refused:
        give_reason(by=world.teacher, booking=booking, code=ReasonCode.EXAM, now=over)

    assert refused.value.facts == {"state": "已取消"}
    booking.refresh_from_db()
    assert booking.no_show_code == ""


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def test_the_page_lists_those_without_a_reason_and_takes_one(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)

    with time_machine.travel(booking.session.ends_at, tick=False):
        client = signed_in(world.teacher)
        before = client.get("/no-shows/").content.decode()
        empty = client.post(f"/no-shows/{booking.pk}/", {"code": ""})
        done = client.post(f"/no-shows/{booking.pk}/", {"code": "illness"}, follow=True)

    assert before.count("未填原因") == 1
    assert empty.status_code == 200
    assert "请选一个原因。" in empty.content.decode()
    assert "传染病或集体生病 · 不计责任" in done.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_the_same_queries_for_one_and_three(
    world: World,
    now: datetime,
    count: int,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    for day in range(count):
        booked(world, world.session(day=DAY + timedelta(days=day)), now)

    with django_assert_num_queries(1):
        assert len(no_shows(world.coordinator, now + timedelta(days=30))) == count
