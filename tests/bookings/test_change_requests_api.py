"""Changes after the freeze over the web API."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.actors import Actor
from bookings.models import Booking, ChangeRequest
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.bookings.test_api import send
from tests.factories.bookings import make_booking


@pytest.fixture
def booking(world: World, now: datetime) -> Booking:
    return make_booking(
        by=world.teacher,
        session=world.session(capacity=20),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:3]],
    )


@pytest.fixture
def late(booking: Booking) -> Iterator[datetime]:
    """Two days before the session."""
    moment = booking.session.starts_at - timedelta(days=2)
    with time_machine.travel(moment, tick=False):
        yield moment


def ask(world: World, booking: Booking, late: datetime, **changes: Any) -> Any:
    wanted = {
        "edition": 1,
        "students": [student.pk for student in world.students[1:]],
        "adults": 3,
        "reason": "一人请假，另两人补上。",
    }
    return send(
        "POST",
        f"/api/v1/bookings/{booking.pk}/change-requests/",
        world.teacher,
        late,
        wanted | changes,
        key=str(changes),
    )


def answer(by: Actor, asked: int, late: datetime, **given: Any) -> Any:
    return send("POST", f"/api/v1/change-requests/{asked}/answer/", by, late, given)


def test_a_school_asks_and_the_host_accepts(world: World, booking: Booking, late: datetime) -> None:
    asked = ask(world, booking, late)
    waiting = send("GET", "/api/v1/change-requests/?state=asked", world.manager, late).json()
    accepted = answer(world.manager, asked.json()["id"], late, accepts=True, answer="好的。")
    again = answer(world.manager, asked.json()["id"], late, accepts=True)
    after = send("GET", "/api/v1/change-requests/?state=asked", world.manager, late).json()

    shown = {
        "id": asked.json()["id"],
        "booking": booking.pk,
        "session": booking.session_id,
        "state": "asked",
        "seats": 4,
        "adults": 3,
        "seats_before": 3,
        "adults_before": 2,
        "students": [student.pk for student in world.students[1:]],
        "reason": "一人请假，另两人补上。",
        "asked_at": "2026-12-06T09:00:00+08:00",
        "answered_at": None,
        "answer": "",
    }
    assert (asked.status_code, asked.json()) == (201, shown)
    assert waiting["results"] == [shown | {"students": None}]
    assert accepted.json() == shown | {
        "students": None,
        "state": "accepted",
        "answered_at": "2026-12-06T09:00:00+08:00",
        "answer": "好的。",
    }
    assert (again.status_code, again.json()["code"], after["results"]) == (409, "request_over", [])
    session = CourseSession.objects.get()
    assert (session.seats_taken, session.adults_coming) == (4, 3)


def test_asking_twice_under_one_key_asks_once(
    world: World, booking: Booking, late: datetime
) -> None:
    first, second = (ask(world, booking, late) for _twice in range(2))

    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_request_is_declined_or_taken_back(
    world: World, booking: Booking, late: datetime
) -> None:
    asked = ask(world, booking, late).json()["id"]
    wordless = answer(world.manager, asked, late, accepts=False)
    declined = answer(world.manager, asked, late, accepts=False, answer="材料已备好。")
    other = ask(world, booking, late, adults=4).json()["id"]
    back = send("POST", f"/api/v1/change-requests/{other}/withdraw/", world.teacher, late)
    read = send("GET", f"/api/v1/change-requests/{other}/", world.teacher, late)

    assert (wordless.status_code, wordless.json()["code"]) == (422, "reason_missing")
    assert declined.json()["state"] == "declined"
    assert (back.json()["state"], read.json()) == ("withdrawn", back.json())
    booking.refresh_from_db()
    assert (booking.seats, booking.edition) == (3, 1)


def test_before_the_freeze_nothing_is_asked(world: World, booking: Booking, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        refused = ask(world, booking, now)

    assert (refused.status_code, refused.json()["code"]) == (409, "list_still_open")


@pytest.mark.parametrize("key", ["", "k"])
def test_a_request_that_was_overtaken_is_over_with_and_without_a_key(
    world: World, booking: Booking, late: datetime, key: str
) -> None:
    asked = ask(world, booking, late).json()["id"]
    # By a hand in the database, since every service of ours ends such a request at once.
    Booking.objects.update(adults=9)
    given, path = {"accepts": True, "answer": ""}, f"/api/v1/change-requests/{asked}/answer/"

    refused, again = (
        send("POST", path, world.manager, late, given, **({"key": key} if key else {}))
        for _twice in range(2)
    )

    assert [(one.status_code, one.json()["code"]) for one in (refused, again)] == [
        (409, "request_stale"),
        (409, "request_over"),
    ]
    assert ChangeRequest.objects.get().state == "expired"
