"""Sessions over the alliance: a day's, a week's, and the chart's numbers."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from attendance.choices import EventKind
from bookings.services import host_changes
from courses.models import CourseSession
from insights.selectors import sessions
from sites.calendar import at
from tests.attendance.conftest import MINUTE, Door, make_door
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.bookings import make_booking


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    return make_door(world, now)


def test_day_says_who_comes_and_who_is_there(door: Door) -> None:
    at_door: Any = {"by": door.manager, "session": door.session}
    for student in door.students[:3]:
        let_in(student, now=door.now, **at_door)
    mark(door.students[0], EventKind.ABSENT, now=door.now + MINUTE, **at_door)
    mark(door.students[1], EventKind.OUT, now=door.now + MINUTE, **at_door)

    (row,) = sessions.sessions_of_day(DAY, door.session.starts_at + 30 * MINUTE)

    assert row == sessions.SessionRow(
        pk=door.session.pk,
        starts_at=door.session.starts_at,
        occupation="面包师",
        family=door.session.version.occupation_family,
        host="曹杨职业技术学校",
        classes="清河中学 七(3)班 5 人",
        booked=5,
        free=35,
        arrived=2,
        state="present",
        state_label="进行中",
        cancelled=False,
        alarm=False,
    )
    assert sessions.sessions_of_day(DAY + timedelta(days=1), door.now) == []


def test_who_comes_back_after_a_wrong_mark_is_there(door: Door) -> None:
    at_door: Any = {"by": door.manager, "session": door.session}
    let_in(door.students[0], now=door.now, **at_door)
    mark(door.students[0], EventKind.ABSENT, now=door.now + MINUTE, **at_door)
    let_in(door.students[0], now=door.now + 2 * MINUTE, **at_door)

    (row,) = sessions.sessions_of_day(DAY, door.session.starts_at)

    assert row.arrived == 1


def _cancelled(door: Door) -> None:
    host_changes.cancel_session(
        by=door.manager, session=door.session, reason="停电。", now=door.now
    )


def _empty(door: Door) -> None:
    CourseSession.objects.filter(pk=door.session.pk).update(seats_taken=0)


def _nothing(door: Door) -> None:
    pass


def _somebody_in(door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)


def _closed(door: Door) -> None:
    _somebody_in(door)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)


@pytest.mark.parametrize(
    ("what", "minutes", "state", "label", "alarm"),
    [
        (_nothing, -1, "soon", "未开始", False),
        (_nothing, 20, "present", "进行中", False),
        (_nothing, 21, "bad", "无人签到", True),
        (_somebody_in, 21, "present", "进行中", False),
        (_closed, 21, "out", "已结束", False),
        (_empty, 21, "soon", "无人预约", False),
        (_nothing, 150, "out", "已结束", False),
        (_cancelled, 21, "cancelled", "已取消", False),
    ],
)
def test_state_of_a_session(
    door: Door,
    what: Callable[[Door], None],
    minutes: int,
    state: str,
    label: str,
    alarm: bool,
) -> None:
    what(door)

    (row,) = sessions.sessions_of_day(DAY, door.session.starts_at + minutes * MINUTE)

    assert (row.state, row.state_label, row.alarm) == (state, label, alarm)
    assert row.cancelled is (state == "cancelled")


def test_columns_of_the_chart_are_the_sums_of_their_rows(world: World, now: datetime) -> None:
    """Tuesday 24 November, 8:00: what began on Monday, what was cancelled and what lies beyond
    eight weeks count nowhere; a Monday at midnight belongs to its own week."""
    world.session(day=date(2026, 11, 23))
    booked = world.session(day=date(2026, 11, 24))
    make_booking(by=world.teacher, session=booked, class_group=world.group, now=now)
    world.session(day=date(2026, 11, 29), starts=time(20))
    world.session(day=date(2026, 11, 30), starts=time(0), capacity=10)
    gone = world.session(day=date(2026, 12, 2))
    host_changes.cancel_session(by=world.manager, session=gone, reason="停电。", now=now)
    CourseSession.objects.filter(pk=booked.pk).update(seats_held=2)
    world.session(day=date(2027, 1, 17), starts=time(20), capacity=7)
    world.session(day=date(2027, 1, 18), starts=time(0))

    weeks = sessions.weeks_ahead(date(2026, 11, 24), now)

    mondays = [date(2026, 11, 23) + timedelta(weeks=number) for number in range(8)]
    rows = [sessions.sessions_of_week(monday, now) for monday in mondays]
    assert [(week["taken"], week["free"]) for week in weeks] == [
        (5, 73), (0, 10), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 7),
    ]  # fmt: skip
    assert [(week["taken"], week["free"]) for week in weeks] == [
        (sum(row.booked for row in own), sum(row.free for row in own)) for own in rows
    ]
    assert [week["url"] for week in weeks] == [
        f"/overview/weeks/?day={monday.isoformat()}" for monday in mondays
    ]
    assert [row.starts_at for row in rows[1]] == [at(date(2026, 11, 30), time(0))]


@pytest.mark.parametrize("count", [1, 3])
def test_lists_are_three_queries_however_many_sessions(
    world: World, now: datetime, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        make_booking(
            by=world.coordinator,
            session=world.session(),
            class_group=world.new_group(20 + number, 2),
            now=now,
        )

    with django_assert_num_queries(3):
        day = sessions.sessions_of_day(DAY, now)
    with django_assert_num_queries(3):
        week = sessions.sessions_of_week(DAY - timedelta(days=1), now)
    with django_assert_num_queries(1):
        sessions.weeks_ahead(DAY, now)

    assert (len(day), len(week)) == (count, count)
