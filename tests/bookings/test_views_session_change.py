"""The host changes a booked session: what is saved has been looked at."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from courses.models import CourseSession
from sites.calendar import at
from tests.bookings.conftest import DAY, World
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
