"""The host changes a booked session: what is saved has been looked at."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from courses.models import CourseSession
from sites.calendar import at
from sites.choices import DayKind
from sites.models import CalendarDay
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking

LOOK_FIRST = "保存前请先看过：内容或名单与上次看到的不同。"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(at(DAY, time(8)), tick=False):
        yield


@pytest.fixture
def session(world: World) -> CourseSession:
    return world.session()


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=world.manager.user_id))
    return client


def booked(world: World, session: CourseSession, now: datetime, number: int = 0) -> Booking:
    group = world.new_group(number, 4) if number else world.group
    return make_booking(by=world.coordinator, session=session, class_group=group, now=now)


def moved(session: CourseSession, **differing: Any) -> dict[str, Any]:
    """The form, filled in for two days later."""
    return {
        "sequence": 0,
        "day": "2026-12-09",
        "starts": "09:00",
        "ends": "11:30",
        "room": session.room_id,
        "capacity": 40,
    } | differing


def day_of(session: CourseSession) -> str:
    session.refresh_from_db()
    return session.starts_at.date().isoformat()


def test_looking_needs_no_reason_and_saving_what_was_looked_at_does(
    world: World, session: CourseSession, client: Client, now: datetime
) -> None:
    booked(world, session, now)
    path = f"/today/sessions/{session.pk}/change/"

    looked = client.post(path, moved(session, preview="1"))
    seen = looked.context["mark"]
    bare = client.post(path, moved(session, seen=seen))
    done = client.post(path, moved(session, seen=seen, code="equipment"))

    text = looked.content.decode()
    assert "可以这样改。" in text
    assert LOOK_FIRST not in text
    assert "跟着变：清河中学 七(3)班 · 5 人" in text
    assert (bare.status_code, "请选一个原因。" in bare.content.decode()) == (200, True)
    # It was looked at: only the reason is missing.
    assert f'name="seen" value="{seen}"' in bare.content.decode()
    assert done["Location"] == "/today/2026-12-09/"
    assert day_of(session) == "2026-12-09"


@pytest.mark.parametrize(
    ("differing", "more_booked"),
    [({"day": "2026-12-10"}, False), ({"capacity": 39}, False), ({}, True)],
    ids=["another day", "fewer seats", "another class has booked"],
)
def test_what_was_not_looked_at_is_shown_and_not_saved(
    world: World,
    session: CourseSession,
    client: Client,
    now: datetime,
    differing: dict[str, Any],
    more_booked: bool,
) -> None:
    booked(world, session, now)
    path = f"/today/sessions/{session.pk}/change/"
    seen = client.post(path, moved(session, preview="1")).context["mark"]
    if more_booked:
        booked(world, session, now, 4)
    wanted = moved(session, code="equipment", **differing)

    shown = client.post(path, wanted | {"seen": seen})
    stays = day_of(session)
    done = client.post(path, wanted | {"seen": shown.context["mark"]})

    assert (shown.status_code, stays) == (200, DAY.isoformat())
    assert LOOK_FIRST in shown.content.decode()
    assert done.status_code == 302
    assert day_of(session) == wanted["day"]


def test_there_is_nothing_to_save_before_looking(
    world: World, session: CourseSession, client: Client, now: datetime
) -> None:
    booked(world, session, now)
    path = f"/today/sessions/{session.pk}/change/"

    offered = [
        "保存并通知" in page.content.decode()
        for page in (
            client.get(path),
            client.post(path, moved(session, preview="1", capacity=4)),
            client.post(path, moved(session, preview="1")),
        )
    ]

    # Not before, not where it is impossible, and then.
    assert offered == [False, False, True]


def test_a_session_that_nobody_booked_is_saved_at_once(
    session: CourseSession, client: Client
) -> None:
    done = client.post(f"/today/sessions/{session.pk}/change/", moved(session, code="equipment"))

    assert done["Location"] == "/today/2026-12-09/"
    assert day_of(session) == "2026-12-09"


def test_a_session_that_nobody_booked_is_saved_once_an_odd_time_has_been_looked_at(
    session: CourseSession, client: Client
) -> None:
    path = f"/today/sessions/{session.pk}/change/"
    odd = moved(session, day="2026-12-12", starts="08:00", capacity=39, code="other", reason="补课")

    shown = client.post(path, odd)
    stays = day_of(session)
    other = client.post(path, odd | {"seen": shown.context["mark"], "day": "2026-12-13"})
    still = day_of(session)
    done = client.post(path, odd | {"seen": shown.context["mark"]})

    text = text_of(shown)
    assert "请再核对一下： 12 月 12 日（周六）不是上课日。 没有问题，就请保存。" in text
    assert "还没有学校预约，也还没有保存。" in text
    # Nothing that was filled in is lost.
    typed = shown.content.decode()
    for value in ("2026-12-12", "08:00", "39", "补课"):
        assert f'value="{value}"' in typed
    assert '<option value="other" selected>' in typed
    assert "12 月 13 日（周日）不是上课日。" in text_of(other)
    assert (stays, still) == (DAY.isoformat(), DAY.isoformat())
    assert done["Location"] == "/today/2026-12-12/"
    assert day_of(session) == "2026-12-12"


@pytest.mark.parametrize(
    ("hours", "starts", "ends", "is_outside"),
    [
        ("周一至周五 8:30–16:30", "08:30", "16:30", False),
        ("周一至周五 8:30–16:30", "08:29", "11:30", True),
        ("周一至周五 8:30–16:30", "13:30", "16:31", True),
        ("8：30至11：30，13:00-16:30", "11:00", "13:30", False),
        ("周末请先打电话", "08:00", "11:30", False),
        ("", "08:00", "11:30", False),
    ],
)
def test_a_time_outside_the_sites_opening_hours_is_said(
    world: World,
    session: CourseSession,
    client: Client,
    hours: str,
    starts: str,
    ends: str,
    is_outside: bool,
) -> None:
    type(world.site).objects.update(opening_hours=hours)

    looked = client.post(
        f"/today/sessions/{session.pk}/change/",
        moved(session, preview="1", starts=starts, ends=ends),
    )

    said = [line for line in looked.context["seen"].cautions if "开放时间" in line]
    times = f"{starts.lstrip('0')}–{ends}"
    assert said == ([f"{times} 不在焙烤实训中心的开放时间之内（{hours}）。"] if is_outside else [])


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize("ends", ["08:00", "09:00"])
def test_an_end_before_the_start_is_said_and_asks_nothing_else(
    world: World, session: CourseSession, client: Client, now: datetime, ends: str
) -> None:
    """With somebody booked, a room and a teacher: none of them can be asked about such a time."""
    person = MembershipFactory(instructor=True, organisation=world.host)
    booked(world, session, now)
    path = f"/today/sessions/{session.pk}/change/"
    wanted = moved(session, ends=ends, instructor=person.pk, code="equipment")

    looked = client.post(path, wanted | {"preview": "1"})
    saved = client.post(path, wanted)

    assert "还不能这样改： 结束时间要晚于开始时间。" in text_of(looked)
    assert "结束时间要晚于开始时间。" in text_of(saved)
    assert looked.context["seen"].obstacles == ["结束时间要晚于开始时间。"]
    assert day_of(session) == DAY.isoformat()


def test_the_preview_says_what_was_and_what_shall_be(
    world: World, session: CourseSession, client: Client, now: datetime
) -> None:
    other = world.session(day=DAY + timedelta(days=9))
    person = MembershipFactory(instructor=True, organisation=world.host, user__name="王师傅")
    booked(world, session, now)
    path = f"/today/sessions/{session.pk}/change/"
    same_day = moved(session, preview="1", day=DAY.isoformat())
    wanted = same_day | {"starts": "10:30", "ends": "13:00"}

    clock = client.post(path, wanted)
    all_else = client.post(
        path, moved(session, preview="1", room=other.room_id, capacity=30, instructor=person.pk)
    )

    assert lines_of(clock) == ["时间：9:00–11:30 → 10:30–13:00"]
    assert "可以这样改。 时间：9:00–11:30 → 10:30–13:00 1 个预约跟着变" in text_of(clock)
    assert lines_of(all_else) == [
        "时间：12 月 8 日（周二）9:00–11:30 → 12 月 9 日（周三）9:00–11:30",
        "地点：焙烤实训中心 1号实训室 → 焙烤实训中心 2号实训室",
        "指导教师：未定 → 王师傅",
        "名额：40 → 30",
    ]
    assert client.post(path, wanted).context["seen"].cautions == []


def lines_of(answer: Any) -> list[str]:
    return [
        f"{one.label}：{one.before} → {one.after}" for one in answer.context["seen"].differences
    ]


def test_where_nothing_changes_the_preview_says_so(
    world: World, session: CourseSession, client: Client, now: datetime
) -> None:
    booked(world, session, now)

    looked = client.post(
        f"/today/sessions/{session.pk}/change/",
        moved(session, preview="1", day=DAY.isoformat()),
    )

    text = text_of(looked)
    assert "没有变化，不用保存。" in text
    assert ("可以这样改。" in text, "还不能这样改" in text, "保存并通知" in text) == (False,) * 3


@pytest.mark.parametrize(
    ("differing", "cautions"),
    [
        (
            {"day": "2026-12-12", "starts": "03:00", "ends": "23:00"},
            [
                "12 月 12 日（周六）不是上课日。",
                "3:00–23:00 不在 7:00–20:00 之内。",
                "时长 20 小时，这门课记 4 学时（每学时 40 分钟）。",
            ],
        ),
        ({"day": "2026-12-10"}, ["12 月 10 日（周四）不是上课日（校运会）。"]),
        ({"day": "2026-12-13"}, []),
        ({"ends": "10:15"}, ["时长 1 小时 15 分钟，这门课记 4 学时（每学时 40 分钟）。"]),
        ({"starts": "07:00", "ends": "12:20"}, []),
        ({"starts": "14:40", "ends": "20:00"}, []),
        ({"starts": "06:59"}, ["6:59–11:30 不在 7:00–20:00 之内。"]),
        ({"starts": "17:30", "ends": "20:01"}, ["17:30–20:01 不在 7:00–20:00 之内。"]),
    ],
)
def test_what_is_seldom_meant_is_said_and_not_refused(
    world: World,
    session: CourseSession,
    client: Client,
    now: datetime,
    differing: dict[str, Any],
    cautions: list[str],
) -> None:
    CalendarDay.objects.create(day=date(2026, 12, 10), kind=DayKind.NO_LESSONS, name="校运会")
    CalendarDay.objects.create(day=date(2026, 12, 13), kind=DayKind.MAKEUP_WORKDAY, name="元旦")
    booked(world, session, now)

    looked = client.post(
        f"/today/sessions/{session.pk}/change/", moved(session, preview="1", **differing)
    )

    text = text_of(looked)
    assert looked.context["seen"].cautions == cautions
    assert ("请再核对一下：" in text) == bool(cautions)
    assert ("可以这样改。" in text, "保存并通知" in text) == (True, True)
