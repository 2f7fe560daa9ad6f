"""A moved session remembers: what was planned, what became of it, when and why."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from accounts.models import AuditEntry, User
from accounts.services import audit
from bookings.models import Booking
from bookings.services import host_changes, host_moves
from bookings.services.move_checks import Change
from courses.choices import ReasonCode
from courses.models import CourseSession
from courses.selectors import history
from courses.services import sessions
from courses.services.sessions import Place
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking

HOUR = timedelta(hours=1)


def as_it_is(session: CourseSession, **differing: Any) -> Change:
    return replace(
        Change(
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            place=Place(session.room, session.school, session.online_url),
            capacity=session.capacity,
        ),
        **differing,
    )


def change(
    world: World,
    session: CourseSession,
    now: datetime,
    code: ReasonCode = ReasonCode.EQUIPMENT,
    **differing: Any,
) -> None:
    session.refresh_from_db()
    host_moves.change_session(
        by=world.manager,
        session=session,
        sequence=session.sequence,
        change=as_it_is(session, **differing),
        code=code,
        reason="王师傅生病",
        now=now,
    )
    session.refresh_from_db()


def booked(world: World, session: CourseSession, now: datetime, number: int = 0) -> Booking:
    group = world.new_group(number, 4) if number else world.group
    return make_booking(by=world.coordinator, session=session, class_group=group, now=now)


def told(session: CourseSession, **how: Any) -> list[tuple[tuple[str, ...], str]]:
    return [(one.lines, one.reason) for one in history.moves_of(session, **how)]


def page(user_id: int | None, path: str, now: datetime) -> str:
    client = Client()
    with time_machine.travel(now, tick=False):
        client.force_login(User.objects.get(pk=user_id))
        answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_each_thing_that_changed_has_a_line_and_the_newest_comes_first(
    world: World, now: datetime
) -> None:
    session, other = world.session(), world.session()
    starts, ends = session.starts_at, session.ends_at
    change(world, session, now, starts_at=starts + 24 * HOUR, ends_at=ends + 24 * HOUR)
    change(world, session, now + 24 * HOUR, ReasonCode.OTHER, place=Place(room=other.room))
    change(world, session, now + 48 * HOUR, ReasonCode.STAFF, capacity=30)
    change(world, session, now + 49 * HOUR, place=Place(None, world.school, ""))
    change(world, session, now + 50 * HOUR, place=Place(None, None, "https://meet.example/x?k=1"))

    assert told(session) == [
        (("地点原定清河中学（送教上门），11 月 26 日改为线上。",), "设备或场地"),
        (
            ("地点原定焙烤实训中心 2号实训室，11 月 26 日改为清河中学（送教上门）。",),
            "设备或场地",
        ),
        (("名额原定 40，11 月 26 日改为 30。",), "教师无法到岗"),
        (("地点原定焙烤实训中心 1号实训室，11 月 25 日改为焙烤实训中心 2号实训室。",), ""),
        (
            ("原定 12 月 8 日（周二）9:00–11:30，11 月 24 日改为 12 月 9 日（周三）9:00–11:30。",),
            "设备或场地",
        ),
    ]
    with translation.override("en"):
        assert told(session)[2] == (
            ("Planned with 40 seats, changed on 26 Nov to 30.",),
            "No teacher available",
        )


def test_the_trail_keeps_neither_words_nor_people_nor_addresses(
    world: World, now: datetime
) -> None:
    session = world.session()

    change(world, session, now, ReasonCode.OTHER, place=Place(None, None, "https://meet.example/x"))

    entry = AuditEntry.objects.get(verb="session.changed")
    assert entry.reason == ""
    assert set(entry.facts) == {"reason_code", "before", "after", "bookings", "released"}
    assert entry.facts["after"] == {
        "starts_at": "2026-12-08T01:00:00+00:00",
        "ends_at": "2026-12-08T03:30:00+00:00",
        "venue": "online",
        "site": None,
        "room": None,
        "school": None,
        "seats": 40,
    }


def test_a_session_changed_before_anybody_booked_remembers_too(world: World, now: datetime) -> None:
    session = world.session()

    sessions.change_session(
        by=world.manager,
        session=session,
        sequence=0,
        starts_at=session.starts_at + HOUR,
        ends_at=session.ends_at + HOUR,
        capacity=40,
        room=session.room,
        now=now,
    )

    assert told(session) == [
        (
            ("原定 12 月 8 日（周二）9:00–11:30，11 月 24 日改为 12 月 8 日（周二）10:00–12:30。",),
            "",
        )
    ]


def test_a_change_of_people_alone_and_what_was_recorded_before_are_not_told(
    world: World, now: datetime
) -> None:
    session = world.session()
    person = MembershipFactory(instructor=True, organisation=world.host)
    change(world, session, now, instructor=person)
    audit.record(
        by=world.manager, verb="session.changed", now=now, target=session, reason_code="other"
    )

    assert told(session) == []


def test_host_and_teacher_read_it_on_their_pages(world: World, now: datetime) -> None:
    session = world.session()
    starts, ends = session.starts_at, session.ends_at
    change(world, session, now, starts_at=starts + HOUR, ends_at=ends + HOUR)
    booking = booked(world, session, now + HOUR)
    change(world, session, now + 24 * HOUR, ReasonCode.WEATHER, starts_at=starts, ends_at=ends)
    change(world, session, now + 25 * HOUR, capacity=30)

    of_host = page(world.manager.user_id, f"/host/sessions/{session.pk}/", now + 30 * HOUR)
    of_teacher = page(world.teacher.user_id, f"/trips/{booking.pk}/", now + 30 * HOUR)

    back = "原定 12 月 8 日（周二）10:00–12:30，11 月 25 日改为 12 月 8 日（周二）9:00–11:30。"
    first = "原定 12 月 8 日（周二）9:00–11:30，11 月 24 日改为 12 月 8 日（周二）10:00–12:30。"
    seats = "名额原定 40，11 月 25 日改为 30。"
    assert (
        f"调整记录 {seats} 原因：设备或场地 {back} 原因：天气 {first} 原因：设备或场地" in of_host
    )
    # What was before she booked is not hers, nor how many seats the host offers to all.
    assert f"调整记录 {back} 原因：天气" in of_teacher
    assert (first in of_teacher, seats in of_teacher) == (False, False)


def test_a_class_that_went_elsewhere_does_not_read_on(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    starts, ends = session.starts_at + HOUR, session.ends_at + HOUR
    change(
        world,
        session,
        now + HOUR,
        starts_at=starts,
        ends_at=ends,
        release=frozenset({booking.pk}),
    )

    text = page(world.teacher.user_id, f"/trips/{booking.pk}/", now + 30 * HOUR)

    assert "调整记录" not in text
    assert len(told(session)) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_queries_do_not_rise_with_the_changes(
    world: World, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    session = world.session()
    for number in range(count):
        change(
            world,
            session,
            now + number * HOUR,
            place=Place(room=world.session(day=DAY + timedelta(days=7)).room),
        )
    change(world, session, now + 10 * HOUR, place=Place(None, world.school, ""))

    with django_assert_num_queries(3):
        found = history.moves_of(session)

    assert len(found) == count + 1


def test_a_cancelled_session_keeps_its_history(world: World, now: datetime) -> None:
    session = world.session()
    change(world, session, now, capacity=30)

    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now + HOUR)

    assert told(session) == [(("名额原定 40，11 月 24 日改为 30。",), "设备或场地")]
