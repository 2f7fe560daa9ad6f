"""The rows behind a student's hours, and the days that were missed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actors import SYSTEM
from attendance.choices import EventKind
from attendance.services import desk
from hours.services import ledger as hours_ledger
from insights.selectors import ledger
from insights.selectors.ledger import Credit, Hint
from sites.calendar import local_day
from tests.attendance.conftest import MINUTE, Door, make_door
from tests.bookings.conftest import World, make_world
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.hours import make_credit


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    return make_door(world, now)


def hints(door: Door) -> dict[int, tuple[Hint, ...]]:
    """By seat number, once the session is over."""
    found = ledger.hints_of_class(door.world.group, door.session.ends_at)
    return {student.seat_no: found[student.pk] for student in door.students if student.pk in found}


def test_hints_say_how_a_day_was_missed(door: Door) -> None:
    starts, ends = door.session.starts_at, door.session.ends_at
    at_door: Any = {"by": door.manager, "session": door.session}
    for student in door.students[:2]:
        let_in(student, now=door.now, **at_door)
    mark(door.students[1], EventKind.OUT, now=starts + MINUTE, **at_door)
    mark(door.students[2], EventKind.EXCUSED, now=starts, **at_door)
    mark(door.students[3], EventKind.ABSENT, now=starts, **at_door)
    let_in(door.students[3], now=starts + MINUTE, **at_door)

    before = ledger.hints_of_class(door.world.group, starts)
    close_desk(now=ends, **at_door)

    assert before == {}
    assert hints(door) == {
        2: (Hint("left_early", "12/8 早退"),),
        3: (Hint("excused", "12/8 请假"),),
        5: (Hint("absent", "12/8 缺席"),),
    }


def test_absence_put_right_afterwards_is_no_hint(door: Door) -> None:
    """The mark of absent stays among the events; the arrival after it counts."""
    ends = door.session.ends_at
    at_door: Any = {"by": door.manager, "session": door.session}
    for student in door.students[1:]:
        let_in(student, now=door.now, **at_door)
    close_desk(now=ends, **at_door)
    assert list(hints(door)) == [1]

    desk.reopen_desk(reason="漏记。", now=ends + MINUTE, **at_door)
    let_in(door.students[0], now=ends + 2 * MINUTE, **at_door)
    close_desk(now=ends + 3 * MINUTE, **at_door)

    assert hints(door) == {}


@pytest.mark.parametrize("count", [1, 3])
def test_hints_are_two_queries_however_many_days(
    door: Door, django_assert_num_queries: Any, count: int
) -> None:
    at_door: Any = {"by": door.manager, "session": door.session}
    for student in door.students[:count]:
        mark(student, EventKind.ABSENT, now=door.now, **at_door)

    with django_assert_num_queries(2):
        found = ledger.hints_of_class(door.world.group, door.session.ends_at)

    assert len(found) == count


def test_credits_stand_beside_their_corrections(world: World, now: datetime) -> None:
    session, student = world.session(), world.students[0]
    credit = make_credit(by=world.manager, student=student, session=session, now=now)
    reversal = hours_ledger.reverse(by=SYSTEM, credit=credit, reason="记错了。", now=now)

    rows = ledger.credits_of(world.teacher, student)

    day = local_day(session.starts_at)
    title, host = "面包师：吐司与软欧", "曹杨职业技术学校"
    keeper = "李师傅（曹杨职业技术学校）"
    assert rows == [
        Credit(credit.pk, day, title, host, "出席", "", 4, keeper, now, True, False),
        Credit(reversal.pk, day, title, host, "冲正", "记错了。", -4, "", now, False, False),
    ]
    assert ledger.credits_of(world.manager, student) == []


@pytest.mark.parametrize("count", [1, 3])
def test_credits_are_one_query_however_many(
    world: World, now: datetime, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        session = world.session(day=local_day(now - timedelta(days=number)))
        make_credit(by=world.manager, student=world.students[0], session=session, now=now)
    teacher, student = world.teacher, world.students[0]

    with django_assert_num_queries(1):
        rows = ledger.credits_of(teacher, student)

    assert len(rows) == count
