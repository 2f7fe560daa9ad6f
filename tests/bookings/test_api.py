"""Reservations and bookings over the web API."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.choices import OrganisationKind
from accounts.services import tokens
from bookings.models import Booking, Reservation
from bookings.services import changes
from hours.models import PracticumRequirement, RequirementMinimum
from notifications.models import Message
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def bearer(actor: Actor, now: datetime) -> dict[str, str]:
    _token, secret = tokens.issue(by=actor, label="test", now=now)
    return {"Authorization": f"Bearer {secret}"}


def ask(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "sessions": [world.session().pk],
        "class_group": world.group.pk,
        "companions": [{"name": "王老师", "phone": "13900000000"}],
    } | changes


def send(
    method: str, path: str, actor: Actor, now: datetime, data: object = None, key: str = ""
) -> Any:
    headers = bearer(actor, now) | ({"Idempotency-Key": key} if key else {})
    return Client().generic(
        method,
        path,
        data="" if data is None else json.dumps(data),
        content_type="application/json",
        headers=headers,
    )


def booked(world: World, now: datetime, day: int = 0) -> Booking:
    return make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=day)),
        class_group=world.group,
        now=now,
    )


def test_a_reservation_is_made_and_looked_up(world: World, now: datetime) -> None:
    made = send("POST", "/api/v1/reservations/", world.teacher, now, ask(world), key="k1")

    body = made.json()
    booking = Booking.objects.get()
    assert made.status_code == 201
    assert made["Location"] == f"/api/v1/reservations/{booking.reservation_id}/"
    assert body["reference"] == booking.reservation.reference
    assert body["bookings"] == [
        {
            "id": booking.pk,
            "reservation": booking.reservation_id,
            "reference": booking.reservation.reference,
            "session": booking.session_id,
            "class_group": world.group.pk,
            "school": world.school.pk,
            "host": world.host.pk,
            "state": "confirmed",
            "seats": 5,
            "adults": 2,
            "edition": 1,
            "starts_at": "2026-12-08T09:00:00+08:00",
            "ends_at": "2026-12-08T11:30:00+08:00",
            "class_hours": 4,
            "companions": [{"name": "王老师", "phone": "13900000000"}],
            "students": [student.pk for student in world.students],
            "created_at": "2026-11-24T08:00:00+08:00",
            "cancelled_at": None,
            "cancelled_side": "",
            "cancel_code": "",
            "cancel_reason": "",
            "is_late": False,
            "no_show_code": "",
        }
    ]
    assert send("GET", made["Location"], world.teacher, now).json() == body


def test_the_same_request_twice_makes_one_reservation(world: World, now: datetime) -> None:
    body = ask(world)

    answers = [
        send("POST", "/api/v1/reservations/", world.teacher, now, body, key="k1")
        for _turn in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert Reservation.objects.count() == 1


def test_a_set_is_booked_whole(world: World, now: datetime) -> None:
    camp, _days = world.camp()
    body = ask(world, session_set=camp.pk)
    del body["sessions"]

    made = send("POST", "/api/v1/reservations/", world.teacher, now, body, key="k1")

    assert len(made.json()["bookings"]) == 2


def test_a_refusal_is_a_problem_with_its_code_and_facts(world: World, now: datetime) -> None:
    body = ask(world, sessions=[world.session(capacity=3).pk])

    refused = send("POST", "/api/v1/reservations/", world.teacher, now, body, key="k1")

    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["facts"]) == (
        "session_full",
        {"seats": 5, "seats_left": 3},
    )


def test_a_request_without_a_key_is_refused(world: World, now: datetime) -> None:
    refused = send("POST", "/api/v1/reservations/", world.teacher, now, ask(world))

    assert (refused.status_code, refused.json()["code"]) == (422, "key_missing")


@pytest.mark.parametrize(
    "bad",
    [
        {"sessions": []},
        {"sessions": ["１２"]},
        {"sessions": [10**30]},
        {"session_set": 1},
        {"class_group": None},
        {"companions": "王老师"},
        {"companions": [{"phone": "13900000000"}]},
        {"companions": [{"name": "长" * 10_000}]},
        {"note": "长" * 10_000},
        {"note": "\x00"},
        {"students": [0]},
    ],
)
def test_bad_input_is_a_problem(world: World, now: datetime, bad: dict[str, Any]) -> None:
    body = ask(world) | bad
    if bad == {"sessions": ["１２"]}:
        # Full-width digits are digits; there is just no such session.
        body["sessions"] = ["十二"]

    refused = send("POST", "/api/v1/reservations/", world.teacher, now, body, key="k1")

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert not Reservation.objects.exists()


def test_another_class_is_not_found(world: World, now: datetime) -> None:
    body = ask(world, class_group=world.new_group(4, 1).pk)

    refused = send("POST", "/api/v1/reservations/", world.teacher, now, body, key="k1")

    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_a_booking_is_changed(world: World, now: datetime) -> None:
    booking = booked(world, now)
    body = {"edition": 1, "students": [world.students[0].pk]}
    path = f"/api/v1/bookings/{booking.pk}/"

    changed = send("PATCH", path, world.teacher, now, body)
    with_adults = send(
        "PATCH",
        path,
        world.teacher,
        now,
        {"edition": 2, "students": [world.students[0].pk], "companions": [{"name": "赵老师"}]},
    )

    assert (changed.json()["seats"], changed.json()["edition"]) == (1, 2)
    assert with_adults.json()["companions"] == [{"name": "赵老师", "phone": ""}]


def test_fewer_seats_than_students_are_a_problem_with_its_code_and_facts(
    world: World, now: datetime
) -> None:
    """As every other refusal, whichever way they are asked for."""
    booking = booked(world, now)
    keys = [student.pk for student in world.students[:4]]
    late = booking.session.starts_at - timedelta(days=1)
    path, wanted = f"/api/v1/bookings/{booking.pk}/", {"edition": 1, "students": keys, "seats": 3}

    changed = send("PATCH", path, world.teacher, now, wanted)
    with time_machine.travel(late, tick=False):
        because = wanted | {"reason": "少一人"}
        asked = send("POST", f"{path}change-requests/", world.teacher, late, because)

    for answer in (changed, asked):
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
        assert (answer.json()["code"], answer.json()["facts"]) == (
            "fewer_seats_than_named",
            {"seats": 3, "named": 4},
        )
        assert answer.json()["detail"] == "名单上有 4 名学生，名额却只要 3 个，请改成一致。"
    booking.refresh_from_db()
    assert (booking.seats, booking.edition) == (5, 1)


def test_the_description_of_a_change_names_what_it_is_refused_for(db: None) -> None:
    paths = Client().get("/api/v1/schema/", {"format": "json"}).json()["paths"]

    for path, method in (
        ("/api/v1/bookings/{id}/", "patch"),
        ("/api/v1/bookings/{id}/change-requests/", "post"),
    ):
        described = paths[path][method]["description"]
        assert "``fewer_seats_than_named`` (422" in described
        assert "``session_full`` (409" in described


def test_a_stale_change_is_refused(world: World, now: datetime) -> None:
    booking = booked(world, now)
    body = {"edition": 7, "students": [world.students[0].pk]}

    refused = send("PATCH", f"/api/v1/bookings/{booking.pk}/", world.teacher, now, body)

    assert (refused.status_code, refused.json()["code"]) == (409, "stale_booking")


def test_a_booking_is_cancelled(world: World, now: datetime) -> None:
    booking = booked(world, now)

    cancelled = send(
        "POST", f"/api/v1/bookings/{booking.pk}/cancel/", world.teacher, now, {"reason": "停课"}
    )

    assert (cancelled.json()["state"], cancelled.json()["cancel_reason"]) == ("cancelled", "停课")
    assert cancelled.json()["students"] == []


def test_the_host_cancels_a_session_once_and_the_school_is_told(
    world: World, now: datetime
) -> None:
    booking = booked(world, now)
    path = f"/api/v1/sessions/{booking.session_id}/cancel/"

    first = send("POST", path, world.manager, now, {"reason": "停电"})
    again = send("POST", path, world.manager, now, {"reason": "停电"})
    bare = send("POST", path, world.manager, now, {"reason": " "})

    booking.refresh_from_db()
    assert (first.status_code, first.json()["cancelled_at"]) == (200, now.isoformat())
    assert first.json()["cancel_reason"] == "停电"
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")
    assert again.headers["Content-Type"] == "application/problem+json"
    assert (bare.status_code, bare.json()["code"]) == (409, "already_cancelled")
    assert (booking.state, booking.cancelled_side) == ("cancelled", "host")
    assert Message.objects.filter(kind="booking_cancelled").count() == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [("teacher", 403), ("instructor", 403), ("other host", 404), ("secretariat", 200)],
)
def test_who_cancels_a_session(world: World, now: datetime, who: str, status: int) -> None:
    actor = {
        "teacher": lambda: world.teacher,
        "instructor": lambda: actor_of(MembershipFactory(instructor=True, organisation=world.host)),
        "other host": lambda: actor_of(MembershipFactory(host_manager=True)),
        "secretariat": lambda: actor_of(MembershipFactory(secretariat=True)),
    }[who]()
    session = world.session()

    answer = send("POST", f"/api/v1/sessions/{session.pk}/cancel/", actor, now, {"reason": "停电"})

    told = Message.objects.filter(
        kind="session_cancelled", recipient_id=world.manager.user_id
    ).count()
    assert answer.status_code == status
    assert told == (1 if who == "secretariat" else 0)


def test_the_host_sees_its_bookings_without_students(world: World, now: datetime) -> None:
    booking = booked(world, now)

    shown = send("GET", f"/api/v1/bookings/{booking.pk}/", world.manager, now).json()

    assert (shown["seats"], shown["students"]) == (5, None)


def test_the_hours_of_a_class(world: World, now: datetime) -> None:
    booked(world, now)

    hours = send("GET", f"/api/v1/classes/{world.group.pk}/hours/", world.teacher, now).json()

    assert hours["students"][0] == {
        "student": world.students[0].pk,
        "seat_no": 1,
        "earned": 0,
        "booked": 4,
        "missing": 10,
        "lacking": {"hours": 10, "kinds": [], "occupations": 0},
        "outside": {"before": 0, "after": 0},
    }
    assert {key: value for key, value in hours.items() if key != "students"} == {
        "class_group": world.group.pk,
        "required": 14,
        "earned": 0,
        "booked": 4,
        "missing": 10,
        "lacking": {"hours": 10, "kinds": [], "occupations": 0},
        "outside": {"before": 0, "after": 0},
    }


def test_the_hours_of_a_class_say_what_exactly_is_missing(world: World, now: datetime) -> None:
    """Of the class and of each student; and which hours do not count."""
    PracticumRequirement.objects.update(min_occupations=3, due_on=DAY - timedelta(days=1))
    RequirementMinimum.objects.create(
        requirement=PracticumRequirement.objects.get(),
        host_kind=OrganisationKind.ENTERPRISE,
        class_hours=6,
    )
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY - timedelta(days=1)),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:4]],
    )
    booked(world, now)

    hours = send("GET", f"/api/v1/classes/{world.group.pk}/hours/", world.teacher, now).json()

    kinds = [{"host_kind": "enterprise", "class_hours": 6}]
    assert hours["lacking"] == {"hours": 10, "kinds": kinds, "occupations": 2}
    assert hours["students"][4]["lacking"] == {"hours": 14, "kinds": kinds, "occupations": 3}
    assert hours["outside"] == hours["students"][4]["outside"] == {"before": 0, "after": 4}


def test_nobody_else_reaches_a_booking(world: World, now: datetime) -> None:
    booking = booked(world, now)
    stranger = actor_of(MembershipFactory(coordinator=True))
    reads = [
        f"/api/v1/reservations/{booking.reservation_id}/",
        f"/api/v1/bookings/{booking.pk}/",
        f"/api/v1/classes/{world.group.pk}/hours/",
    ]

    statuses = [send("GET", path, stranger, now).status_code for path in reads]
    writes = [
        send(
            "PATCH",
            f"/api/v1/bookings/{booking.pk}/",
            stranger,
            now,
            {"edition": 1, "students": [world.students[0].pk]},
        ).status_code,
        send(
            "POST", f"/api/v1/bookings/{booking.pk}/cancel/", stranger, now, {"reason": "x"}
        ).status_code,
    ]

    assert statuses == [404, 404, 404]
    assert writes == [404, 404]
    assert [send("GET", path, world.teacher, now).status_code for path in reads] == [200] * 3
    assert Client().get(reads[0]).status_code == 401


def test_a_host_may_not_change_a_booking(world: World, now: datetime) -> None:
    booking = booked(world, now)

    refused = send(
        "POST", f"/api/v1/bookings/{booking.pk}/cancel/", world.manager, now, {"reason": "x"}
    )

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("path", "queries"), [("/api/v1/reservations/", 6), ("/api/v1/bookings/", 5)]
)
@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_the_same_queries_for_one_and_three(
    world: World,
    now: datetime,
    count: int,
    path: str,
    queries: int,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    for day in range(count):
        booked(world, now, day)
    headers = bearer(world.teacher, now)

    with django_assert_num_queries(queries):
        page = Client().get(path, headers=headers)

    assert len(page.json()["results"]) == count


def test_the_list_shows_only_ones_own(world: World, now: datetime) -> None:
    booking = booked(world, now)
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)
    stranger = actor_of(MembershipFactory(coordinator=True))

    mine = send("GET", "/api/v1/bookings/", world.teacher, now).json()["results"]
    theirs = send("GET", "/api/v1/bookings/", stranger, now).json()["results"]

    assert [one["state"] for one in mine] == ["cancelled"]
    assert theirs == []


def test_the_schema_describes_what_is_asked_and_answered(db: None) -> None:
    schema = Client().get("/api/v1/schema/", {"format": "json"}).json()

    paths = schema["paths"]
    assert sorted(paths["/api/v1/reservations/"]) == ["get", "post"]
    assert sorted(paths["/api/v1/bookings/{id}/"]) == ["get", "patch"]
    asked = paths["/api/v1/reservations/"]["post"]
    assert [one["name"] for one in asked["parameters"] if one["in"] == "header"] == [
        "Idempotency-Key"
    ]
    assert sorted(paths["/api/v1/hour-credits/"]) == ["get"]


def test_a_booking_is_swapped(world: World, now: datetime) -> None:
    booking = booked(world, now)
    new, full = world.session(day=DAY + timedelta(days=1)), world.session(capacity=2)
    path = f"/api/v1/bookings/{booking.pk}/swap/"

    refused = send("POST", path, world.teacher, now, {"sessions": [full.pk]})
    made = send("POST", path, world.teacher, now, {"sessions": [new.pk], "reason": "考试"})
    shapeless = send("POST", path, world.teacher, now, {})

    booking.refresh_from_db()
    assert (refused.status_code, refused.json()["code"]) == (409, "session_full")
    assert made.status_code == 200
    assert [(one["session"], one["state"], one["seats"]) for one in made.json()] == [
        (new.pk, "confirmed", 5)
    ]
    assert (booking.state, booking.cancel_reason) == ("cancelled", "考试")
    assert shapeless.status_code == 400


def test_the_host_moves_a_session(world: World, now: datetime) -> None:
    booking = booked(world, now)
    path = f"/api/v1/sessions/{booking.session_id}/move/"
    room = world.session(day=DAY + timedelta(days=9)).room
    person = MembershipFactory(instructor=True, organisation=world.host)
    stranger = MembershipFactory(instructor=True)
    asked = {
        "sequence": 0,
        "code": "equipment",
        "starts_at": "2026-12-08T13:00:00+08:00",
        "ends_at": "2026-12-08T15:30:00+08:00",
        "room": room.pk,
        "instructor": person.pk,
        "capacity": 20,
    }

    answers = [
        send("POST", path, actor, now, asked | more)
        for actor, more in (
            (world.manager, {"instructor": stranger.pk}),
            (world.manager, {"capacity": 3}),
            (world.manager, {"online_url": "https://example.org/"}),
            (world.teacher, {}),
            (world.manager, {}),
            (world.manager, {}),
        )
    ]

    assert [(one.status_code, one.json().get("code")) for one in answers[:4]] == [
        (404, "not_found"),
        (409, "seats_still_taken"),
        (400, answers[2].json().get("code")),
        (404, "not_found"),
    ]
    assert answers[4].json() == {
        "id": booking.session_id,
        "sequence": 1,
        "starts_at": "2026-12-08T13:00:00+08:00",
        "ends_at": "2026-12-08T15:30:00+08:00",
        "venue": "room",
        "room": room.pk,
        "school": None,
        "online_url": "",
        "instructor": person.pk,
        "assistant": None,
        "capacity": 20,
        "seats_taken": 5,
        "seats_held": 0,
    }
    assert (answers[5].status_code, answers[5].json()["code"]) == (409, "stale_session")


def test_a_session_moves_to_the_school_and_on_line_and_not_to_what_is_no_school(
    world: World, now: datetime
) -> None:
    booking = booked(world, now)
    path = f"/api/v1/sessions/{booking.session_id}/move/"
    asked = {"code": "equipment"}

    no_school = send("POST", path, world.manager, now, asked | {"sequence": 0, "school": 999_999})
    at_host = send(
        "POST", path, world.manager, now, asked | {"sequence": 0, "school": world.host.pk}
    )
    at_school = send(
        "POST", path, world.manager, now, asked | {"sequence": 0, "school": world.school.pk}
    )
    on_line = send(
        "POST",
        path,
        world.manager,
        now,
        asked | {"sequence": 1, "online_url": "https://example.org/"},
    )
    nowhere = send("POST", "/api/v1/sessions/0/move/", world.manager, now, asked)

    assert [one.status_code for one in (no_school, at_host, nowhere)] == [404, 404, 404]
    places = [
        [one.json()[key] for key in ("venue", "room", "school", "online_url", "sequence")]
        for one in (at_school, on_line)
    ]
    assert places == [
        ["school", None, world.school.pk, "", 1],
        ["online", None, None, "https://example.org/", 2],
    ]


def test_parts_and_one_class_are_not_asked_for_together(world: World, now: datetime) -> None:
    session = world.session()
    part = {"class_group": world.group.pk, "sessions": [session.pk]}

    both = send(
        "POST", "/api/v1/reservations/", world.teacher, now, part | {"parts": [part]}, key="both"
    )
    neither = send("POST", "/api/v1/reservations/", world.teacher, now, {}, key="neither")

    assert [one.status_code for one in (both, neither)] == [400, 400]
    assert "给了 parts，场次和班级请写在各部分里。" in both.content.decode()
    assert "请给出班级。" in neither.content.decode()
    assert not Reservation.objects.exists()
