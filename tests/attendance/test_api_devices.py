"""What a device asks of the web API: its secret, the shape of what it sends, what it hears."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from accounts.services import tokens
from attendance.models import CheckIn, Conflict
from attendance.services import devices
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.devices import Tablet, make_tablet
from tests.factories.attendance import close_desk, let_in


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


@pytest.fixture
def tablet(door: Door) -> Tablet:
    return make_tablet(door)


def post(tablet: Tablet | None, what: str, data: object, *, headers: Any = None) -> Any:
    secret = {"Authorization": f"Device {tablet.secret}"} if tablet is not None else {}
    return Client().post(
        f"/api/v1/desk/{what}/",
        json.dumps(data),
        content_type="application/json",
        headers=secret | (headers or {}),
    )


def arrival(tablet: Tablet, seat_no: int, **more: Any) -> dict[str, Any]:
    seat = tablet.seats[seat_no]
    return {
        "id": str(uuid4()),
        "pack": tablet.pack["pack"],
        "kind": "in",
        "way_in": "camera",
        "happened_at": tablet.now.isoformat(),
        "student": seat["student"],
        "badge": seat["badge"],
    } | more


def batch(tablet: Tablet, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"now": tablet.now.isoformat(), "events": list(events)} | more


def test_lists_come_sealed(door: Door, tablet: Tablet) -> None:
    answer = post(tablet, "packs", {"now": door.now.isoformat()})

    (pack,) = answer.json()["packs"]
    assert answer.status_code == 200
    assert answer.json()["now"] == door.now.isoformat()
    assert pack["seal"] == devices.seal(devices.digest_of(tablet.secret), pack["text"])
    assert json.loads(pack["text"])["session"] == door.session.pk


def test_events_are_answered_and_others_marks_told(door: Door, tablet: Tablet) -> None:
    let_in(door.students[2], by=door.manager, session=door.session, now=door.now)
    first, last = arrival(tablet, 1), arrival(tablet, 2)
    undo = {
        key: value
        for key, value in arrival(tablet, 2, kind="void", voids=last["id"]).items()
        if key not in ("student", "badge")
    }
    unknown = {
        key: value
        for key, value in arrival(tablet, 1, code="A" * 16).items()
        if key not in ("student", "badge")
    }

    answer = post(
        tablet, "events", batch(tablet, first, last, undo, unknown, sessions=[door.session.pk])
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "now": door.now.isoformat(),
        "is_revoked": False,
        "answers": [
            {"id": first["id"], "result": "accepted", "why": "", "detail": ""},
            {"id": last["id"], "result": "accepted", "why": "", "detail": ""},
            {"id": undo["id"], "result": "accepted", "why": "", "detail": ""},
            {
                "id": unknown["id"],
                "result": "refused",
                "why": "unknown_badge",
                "detail": "没有这个胸牌码。请对照胸牌上的 16 个字符再试。",
            },
        ],
        "marks": {
            str(door.session.pk): {
                str(door.students[0].pk): "present",
                str(door.students[2].pk): "present",
            }
        },
        "left": {str(door.session.pk): []},
    }
    assert not any(student.name in answer.content.decode() for student in door.students)


@pytest.mark.parametrize(
    ("ahead_ms", "happened"), [(None, 0), (-600_000, 10), (-(10**30), 20), (10**30, 0)]
)
def test_event_may_say_how_wrong_the_clock_was(
    door: Door, tablet: Tablet, ahead_ms: int | None, happened: int
) -> None:
    sent = batch(tablet, arrival(tablet, 1, ahead_ms=ahead_ms))
    with time_machine.travel(door.now + 20 * MINUTE, tick=False):
        sent["now"] = (door.now + 20 * MINUTE).isoformat()
        answer = post(tablet, "events", sent).json()["answers"][0]

    assert answer["result"] == "accepted"
    assert CheckIn.objects.get().happened_at == door.now + happened * MINUTE


def test_doubt_is_told_in_words(door: Door, tablet: Tablet) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)

    answer = post(tablet, "events", batch(tablet, arrival(tablet, 1))).json()["answers"][0]

    assert (answer["result"], answer["why"], answer["detail"]) == (
        "conflict",
        "desk_closed",
        "送到时本场已结束签到",
    )


def test_marks_of_sessions_without_a_list_are_not_told(door: Door, tablet: Tablet) -> None:
    other = door.world.session()

    answer = post(tablet, "events", batch(tablet, sessions=[other.pk, door.session.pk + 10_000]))

    assert answer.json()["marks"] == {}


def test_revoked_device_hears_so_and_no_names(door: Door, tablet: Tablet) -> None:
    devices.revoke(by=door.manager, device=tablet.device, now=door.now)
    let_in(door.students[2], by=door.manager, session=door.session, now=door.now)

    lists = post(tablet, "packs", {"now": door.now.isoformat()})
    events = post(tablet, "events", batch(tablet, arrival(tablet, 1), sessions=[door.session.pk]))

    assert (lists.status_code, lists.json()["code"]) == (403, "device_revoked")
    assert [events.json()[name] for name in ("is_revoked", "marks", "left")] == [True, {}, {}]
    assert events.json()["answers"][0]["why"] == "device_revoked"
    assert Conflict.objects.count() == 1
    assert not CheckIn.objects.filter(device=tablet.device).exists()


def test_nobody_but_a_device_gets_in(door: Door, tablet: Tablet) -> None:
    _token, secret = tokens.issue(by=door.manager, label="desk", now=door.now)
    signed_in = Client()
    signed_in.force_login(User.objects.get(pk=door.manager.user_id))
    asked = {"now": door.now.isoformat(), "events": []}

    for what in ("packs", "events"):
        statuses = [
            post(None, what, asked).status_code,
            post(None, what, asked, headers={"Authorization": f"Bearer {secret}"}).status_code,
            post(None, what, asked, headers={"Authorization": "Device dev_x"}).status_code,
            post(None, what, asked, headers={"Authorization": "Device"}).status_code,
            signed_in.post(
                f"/api/v1/desk/{what}/", json.dumps(asked), content_type="application/json"
            ).status_code,
        ]
        assert statuses == [401] * 5
    # Nor does a device's secret open anything else.
    elsewhere = Client().get(
        f"/api/v1/sessions/{door.session.pk}/check-ins/",
        headers={"Authorization": f"Device {tablet.secret}"},
    )
    assert elsewhere.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"id": None},
        {"id": 7},
        {"pack": None},
        {"pack": True},
        {"pack": 0},
        {"pack": 2**63},
        {"kind": "came"},
        {"kind": None},
        {"way_in": "teleport"},
        # What only we write, and a badge that it says it read and does not name.
        {"way_in": "room"},
        {"way_in": "api"},
        {"way_in": "camera", "badge": ""},
        {"happened_at": "yesterday"},
        {"happened_at": "2026-12-08T08:50:00"},
        {"happened_at": 7},
        {"student": "1"},
        {"student": None},
        {"student": 2**63},
        {"code": "A" * 16},
        {"code": 7},
        {"code": "\x00", "student": None},
        {"code": "\ud800", "student": None},
        {"code": "A" * 201, "student": None},
        {"badge": "x"},
        {"badge": "G" * 32},
        {"badge": 7},
        {"no_badge": "lazy"},
        {"ahead_ms": "7"},
        {"ahead_ms": 7.5},
        {"ahead_ms": True},
        {"voids": str(uuid4())},
        {"kind": "void"},
        {"kind": "void", "voids": "x"},
    ],
)
def test_misshapen_event_is_refused_and_the_others_are_taken(
    tablet: Tablet, change: dict[str, Any]
) -> None:
    first, misshapen, last = arrival(tablet, 1), arrival(tablet, 2, **change), arrival(tablet, 3)

    answer = post(tablet, "events", batch(tablet, first, misshapen, last))

    assert answer.status_code == 200
    told = answer.json()["answers"]
    assert [(one["result"], one["why"]) for one in told] == [
        ("accepted", ""),
        ("refused", "event_unreadable"),
        ("accepted", ""),
    ]
    named = misshapen["id"] if isinstance(misshapen["id"], str) else ""
    assert [one["id"] for one in told] == [first["id"], named, last["id"]]
    assert {str(pk) for pk in CheckIn.objects.values_list("pk", flat=True)} == {
        first["id"],
        last["id"],
    }


def test_what_is_no_event_at_all_is_refused_with_a_sentence(tablet: Tablet) -> None:
    first = arrival(tablet, 1)

    answer = post(tablet, "events", batch(tablet, 7, first, {"id": "\ud800"}))  # type: ignore[arg-type]

    assert answer.json()["answers"] == [
        {
            "id": "",
            "result": "refused",
            "why": "event_unreadable",
            "detail": "这条记录不完整（内容），没有记上。请再记一次。",
        },
        {"id": first["id"], "result": "accepted", "why": "", "detail": ""},
        {
            "id": "",
            "result": "refused",
            "why": "event_unreadable",
            "detail": "这条记录不完整（记什么），没有记上。请再记一次。",
        },
    ]


@pytest.mark.parametrize(
    ("change", "language", "sentence"),
    [
        ({"badge": "spoilt"}, "zh-CN", "这条记录不完整（胸牌码），没有记上。请再记一次。"),
        ({"badge": "spoilt"}, "en", "This entry is incomplete (Badge code)"),
        ({"way_in": "flown"}, "en", "This entry is incomplete (Way of signing in)"),
        ({"ahead_ms": "much"}, "en", "This entry is incomplete (Time)"),
    ],
)
def test_field_that_is_wrong_is_called_what_the_reader_calls_it(
    tablet: Tablet, change: dict[str, Any], language: str, sentence: str
) -> None:
    answer = post(
        tablet,
        "events",
        batch(tablet, arrival(tablet, 1, **change)),
        headers={"Accept-Language": language},
    )

    assert answer.json()["answers"][0]["detail"].startswith(sentence)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("0001-01-01T00:00:00+08:00", 0),
        ("1970-01-01T00:00:00+00:00", 0),
        ("9999-12-31T23:59:59-08:00", 20),
    ],
)
def test_absurd_moment_is_brought_within_what_can_be_true(
    door: Door, tablet: Tablet, said: str, minutes: int
) -> None:
    sent = batch(tablet, arrival(tablet, 1, happened_at=said))
    with time_machine.travel(door.now + 20 * MINUTE, tick=False):
        sent["now"] = (door.now + 20 * MINUTE).isoformat()
        answer = post(tablet, "events", sent).json()["answers"][0]

    assert answer["result"] == "accepted"
    assert CheckIn.objects.get().happened_at == door.now + minutes * MINUTE


@pytest.mark.parametrize("clock", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_absurd_clock_does_not_keep_the_batch_out(tablet: Tablet, clock: str) -> None:
    answer = post(tablet, "events", batch(tablet, arrival(tablet, 1), now=clock))

    assert [one["result"] for one in answer.json()["answers"]] == ["accepted"]


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({}, "wait"),
        ({"is_all": False}, "wait"),
        ({"is_all": 1}, "wait"),
        ({"is_all": True}, "already"),
    ],
)
def test_undo_of_what_never_came_waits_until_nothing_else_is_to_come(
    tablet: Tablet, more: dict[str, Any], result: str
) -> None:
    undo = arrival(tablet, 1, kind="void", way_in="tick", voids=str(uuid4()))

    answer = post(tablet, "events", batch(tablet, undo, **more)).json()["answers"][0]

    assert answer["result"] == result


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"now": "2026-12-08T08:50:00+08:00"},
        {"now": "2026-12-08T08:50:00+08:00", "events": {}},
        {"now": "2026-12-08T08:50:00+08:00", "events": [], "sessions": ["x"]},
        {"now": "2026-12-08T08:50:00+08:00", "events": [], "sessions": 7},
        {"now": "2026-12-08T08:50:00+08:00", "events": [], "sessions": [1] * 21},
        {"now": "2026-12-08T08:50:00+08:00", "events": [{}] * 501},
        {"now": "soon", "events": []},
        {"events": []},
    ],
)
def test_misshapen_batch_is_refused(tablet: Tablet, data: object) -> None:
    assert post(tablet, "events", data).status_code == 400
    assert post(tablet, "packs", {"now": "soon"}).status_code == 400
