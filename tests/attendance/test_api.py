"""The door over the web API."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.choices import Role
from accounts.services import tokens
from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn
from attendance.services import badges
from bookings.models import Place
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import let_in, mark


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


def send(door: Door, actor: Actor | None, data: object = None, *, end: str = "") -> Any:
    """A POST with data, a GET without."""
    headers = {}
    if actor is not None:
        _token, secret = tokens.issue(by=actor, label="desk", now=door.now)
        headers["Authorization"] = f"Bearer {secret}"
    path = f"/api/v1/sessions/{door.session.pk}/check-ins/{end}"
    if data is None:
        return Client().get(path, headers=headers)
    return Client().post(path, json.dumps(data), content_type="application/json", headers=headers)


def arrival(code: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "code": code} | more


def test_arrival_is_made_once(door: Door) -> None:
    data = arrival(door.badges[2].code, way_in="camera", happened_at="2026-12-08T08:47:00+08:00")

    made = send(door, door.manager, data)
    again = send(door, door.manager, data)

    event = CheckIn.objects.get()
    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json() == {
        "id": data["id"],
        "outcome": "new",
        "check_in": data["id"],
        "happened_at": "2026-12-08T08:47:00+08:00",
        "class_group": door.world.group.pk,
        "seat_no": 2,
    }
    assert again.json() == made.json()
    assert event.way_in == WayIn.CAMERA
    assert event.happened_at == door.now - 3 * MINUTE


def test_student_is_ticked_by_class_and_seat(door: Door) -> None:
    seat = {"class_group": door.world.group.pk, "seat_no": 4}

    made = send(door, door.manager, {"id": str(uuid4()), "way_in": "tick"} | seat)
    nobody = send(door, door.manager, {"id": str(uuid4())} | seat | {"seat_no": 44})

    event = CheckIn.objects.get()
    assert (made.status_code, made.json()["seat_no"]) == (201, 4)
    assert (event.student, event.way_in) == (door.students[3], WayIn.TICK)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "not_booked_here")


def test_second_device_hears_of_the_first(door: Door) -> None:
    first = arrival(door.badges[2].code)
    send(door, door.manager, first)

    second = send(door, actor_of(door.instructor), arrival(door.badges[2].code))

    assert second.status_code == 200
    assert (second.json()["outcome"], second.json()["check_in"]) == ("already", first["id"])
    assert CheckIn.objects.get().way_in == WayIn.API


def test_batch_answers_each(door: Door) -> None:
    badges.reissue(by=door.world.coordinator, student=door.students[4], reason="遗失", now=door.now)
    sent = [
        arrival(door.badges[1].code),
        arrival("A" * 16),
        arrival(door.badges[5].code),
        arrival(door.badges[3].code),
        arrival(door.badges[1].code),
    ]

    answer = send(door, door.manager, {"check_ins": sent}, end="batch/")

    found = answer.json()["check_ins"]
    assert answer.status_code == 200
    assert [one["id"] for one in found] == [one["id"] for one in sent]
    assert [one["status"] for one in found] == [201, 409, 409, 201, 200]
    assert [one.get("outcome", one.get("code")) for one in found] == [
        "new",
        "unknown_badge",
        "badge_revoked",
        "new",
        "already",
    ]
    assert found[1]["detail"] == "没有这个胸牌码。请对照胸牌上的 16 个字符再试。"
    assert CheckIn.objects.count() == 2


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "x", "code": "A" * 16},
        {"id": str(uuid4())},
        {"id": str(uuid4()), "code": ""},
        {"id": str(uuid4()), "seat_no": 1},
        {"id": str(uuid4()), "class_group": 1, "seat_no": 1, "code": "A" * 16},
        {"id": str(uuid4()), "class_group": 2**63, "seat_no": 1},
        {"id": str(uuid4()), "class_group": 1, "seat_no": 2**15},
        {"id": str(uuid4()), "code": "A" * 201},
        {"id": str(uuid4()), "code": "\x00"},
        {"id": str(uuid4()), "code": "A" * 16, "way_in": "teleport"},
        {"id": str(uuid4()), "code": "A" * 16, "happened_at": "yesterday"},
        [],
    ],
)
def test_misshapen_arrival_is_refused(door: Door, data: object) -> None:
    answer = send(door, door.manager, data)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"


@pytest.mark.parametrize(
    "data", [{}, {"check_ins": []}, {"check_ins": [{"id": 1}]}, {"check_ins": "x"}]
)
def test_misshapen_batch_is_refused_whole(door: Door, data: object) -> None:
    assert send(door, door.manager, data, end="batch/").status_code == 400


def test_refusal_is_a_problem_with_our_code(door: Door) -> None:
    other = arrival(door.badges[2].code)
    send(door, door.manager, other)

    unknown = send(door, door.manager, arrival("A" * 16))
    reused = send(door, door.manager, {"id": other["id"], "code": door.badges[3].code})

    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_badge")
    assert (reused.status_code, reused.json()["code"]) == (422, "event_of_another")


def test_states_are_listed_by_seat_without_names(door: Door) -> None:
    at_door = {"by": door.manager, "session": door.session}
    let_in(door.students[0], now=door.now, **at_door)  # type: ignore[arg-type]
    mark(door.students[1], EventKind.EXCUSED, now=door.now, **at_door)  # type: ignore[arg-type]

    answer = send(door, door.manager)

    assert [(one["seat_no"], one["attendance"]) for one in answer.json()] == [
        (1, "present"),
        (2, "excused"),
        (3, "expected"),
        (4, "expected"),
        (5, "expected"),
    ]
    assert answer.json()[0] == {
        "class_group": door.world.group.pk,
        "seat_no": 1,
        "attendance": "present",
        "came_at": "2026-12-08T08:50:00+08:00",
        "left_at": None,
        "is_credited": True,
    }
    assert not any(one.name in answer.content.decode() for one in door.students)


@pytest.mark.parametrize("count", [1, 3])
def test_states_cost_the_same_with_one_student_and_with_three(
    door: Door, django_assert_num_queries: Any, count: int
) -> None:
    Place.objects.filter(session=door.session, student__seat_no__gt=count).update(is_live=False)
    for student in door.students[:count]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    _token, secret = tokens.issue(by=door.manager, label="desk", now=door.now)

    with django_assert_num_queries(5):
        answer = Client().get(
            f"/api/v1/sessions/{door.session.pk}/check-ins/",
            headers={"Authorization": f"Bearer {secret}"},
        )

    assert [one["attendance"] for one in answer.json()] == ["present"] * count


def test_door_is_shut_to_everybody_else(door: Door) -> None:
    colleague = actor_of(MembershipFactory(organisation=door.world.host, role=Role.INSTRUCTOR))
    stranger = actor_of(MembershipFactory(host_manager=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))
    data = arrival(door.badges[2].code)

    def statuses(actor: Actor | None) -> list[int]:
        return [
            send(door, actor).status_code,
            send(door, actor, data).status_code,
            send(door, actor, {"check_ins": [data]}, end="batch/").status_code,
        ]

    assert statuses(None) == [401, 401, 401]
    assert statuses(colleague) == [403, 403, 403]
    for actor in (stranger, door.world.teacher, door.world.coordinator, secretariat):
        assert statuses(actor) == [404, 404, 404]
    assert not CheckIn.objects.exists()


def test_session_that_is_none_is_not_found(door: Door) -> None:
    door.session.pk = door.session.pk + 10_000

    assert send(door, door.manager).status_code == 404


def test_early_arrival_says_when_the_door_opens(door: Door) -> None:
    with time_machine.travel(door.session.starts_at - timedelta(minutes=90), tick=False):
        answer = send(door, door.manager, arrival(door.badges[2].code))

    assert answer.status_code == 409
    assert answer.json()["code"] == "desk_not_open_yet"
    assert answer.json()["facts"] == {"opens": "12 月 8 日（周二）8:00"}
