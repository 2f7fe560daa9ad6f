"""A request sent twice is carried out once: over the API, and from a page."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.choices import BookingState
from bookings.errors.basket import KeyMissing, KeyReused
from bookings.models import Booking, IdempotentAnswer, Reservation
from bookings.services import idempotency
from bookings.services.idempotency import Answer
from bookings.tasks import purge_answers
from notifications.models import Message
from tests.bookings.conftest import DAY, World, make_world
from tests.bookings.races import before_commit
from tests.bookings.test_api import ask, booked, send


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def counted(done: list[int], status: int = 200) -> Callable[[], Answer]:
    def work() -> Answer:
        done.append(1)
        return Answer(status, {"times": len(done)})

    return work


def test_a_replay_returns_the_first_answer_for_24_hours(world: World, now: datetime) -> None:
    done: list[int] = []

    def ask_at(moment: datetime, by: Actor = world.coordinator) -> Answer:
        return idempotency.once(by=by, key="k", digest="d", now=moment, work=counted(done))

    answers = [
        ask_at(now),
        ask_at(now + timedelta(hours=23, minutes=59)),
        ask_at(now + timedelta(hours=24)),
    ]

    assert answers == [
        Answer(200, {"times": 1}),
        Answer(200, {"times": 1}, is_replay=True),
        Answer(200, {"times": 2}),
    ]
    # Another person's key is another key.
    assert ask_at(now, world.teacher) == Answer(200, {"times": 3})


def test_a_key_for_other_contents_and_no_key_are_refused(world: World, now: datetime) -> None:
    done: list[int] = []
    idempotency.once(by=world.teacher, key="k", digest="d", now=now, work=counted(done))

    with pytest.raises(KeyReused):
        idempotency.once(by=world.teacher, key="k", digest="e", now=now, work=counted(done))
    for key in ("", "k" * 81, "k\0"):
        with pytest.raises(KeyMissing):
            idempotency.once(by=world.teacher, key=key, digest="d", now=now, work=counted(done))

    assert done == [1]


def test_what_was_refused_is_judged_anew(world: World, now: datetime) -> None:
    done: list[int] = []
    work = counted(done, 409)

    for _time in (1, 2):
        idempotency.once(by=world.teacher, key="k", digest="d", now=now, work=work)

    assert len(done) == 2
    assert not IdempotentAnswer.objects.exists()


def test_answers_older_than_a_day_are_purged(world: World, now: datetime) -> None:
    for key, age in (("old", 24), ("young", 23)):
        idempotency.once(
            by=world.teacher,
            key=key,
            digest="d",
            now=now - timedelta(hours=age),
            work=counted([]),
        )

    assert purge_answers() == 1

    assert IdempotentAnswer.objects.get().key == "young"


def test_a_reservation_sent_twice_is_answered_alike(world: World, now: datetime) -> None:
    asked = ask(world)
    first = send("POST", "/api/v1/reservations/", world.teacher, now, asked, key="k")
    Booking.objects.update(edition=7)

    again = send("POST", "/api/v1/reservations/", world.teacher, now, asked, key="k")
    other = send("POST", "/api/v1/reservations/", world.teacher, now, ask(world), key="k")

    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.headers.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (
        None,
        "true",
    )
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert Reservation.objects.count() == 1


@pytest.mark.parametrize("action", ["cancel", "swap", "change", "session", "move"])
def test_every_change_is_made_once(world: World, now: datetime, action: str) -> None:
    booking = booked(world, now)
    new = world.session(day=DAY + timedelta(days=3))
    of_booking, of_session = (
        f"/api/v1/bookings/{booking.pk}/",
        f"/api/v1/sessions/{booking.session_id}/",
    )
    method, path, actor, body = {
        "cancel": ("POST", f"{of_booking}cancel/", world.teacher, {"code": "exam"}),
        "swap": ("POST", f"{of_booking}swap/", world.teacher, {"sessions": [new.pk]}),
        "change": (
            "PATCH",
            of_booking,
            world.teacher,
            {"edition": 1, "students": [world.students[0].pk]},
        ),
        "session": ("POST", f"{of_session}cancel/", world.manager, {"reason": "停电"}),
        "move": (
            "POST",
            f"{of_session}move/",
            world.manager,
            {"sequence": 0, "reason": "换天", "capacity": 30},
        ),
    }[action]

    first = send(method, path, actor, now, body, key="k")
    told = Message.objects.count()
    again = send(method, path, actor, now, body, key="k")
    bare = send(method, path, actor, now, body)

    assert first.status_code == 200
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (
        200,
        first.json(),
        "true",
    )
    # Without the key it is asked anew: too late, or nothing is left to change.
    assert (bare.status_code, Message.objects.count()) == (
        {"change": 200, "move": 409}.get(action, 409),
        told,
    )


def test_a_form_sent_twice_is_carried_out_once(
    world: World, now: datetime, login: Callable[[Actor], Client]
) -> None:
    booking = booked(world, now)
    client = login(world.teacher)
    path = f"/trips/{booking.pk}/cancel/"
    page = client.get(path).content.decode()
    key = page.split('name="form_key" value="')[1].split('"')[0]
    filled = {"code": "exam", "reason": "", "form_key": key}

    first = client.post(path, filled)
    again = client.post(path, filled)
    other = client.post(path, filled | {"code": "weather"})

    assert [(one.status_code, one["Location"]) for one in (first, again)] == [
        (302, f"/trips/{booking.pk}/"),
        (302, f"/trips/{booking.pk}/"),
    ]
    # Filled in otherwise it is another request, and refused, since it is cancelled already.
    assert other.status_code == 409
    booking.refresh_from_db()
    assert (booking.state, booking.cancel_code, booking.cancel_reason, booking.edition) == (
        BookingState.CANCELLED,
        "exam",
        "",
        2,
    )


@pytest.mark.django_db(transaction=True)
def test_an_answer_given_anew_while_old_ones_are_purged_stays(
    transactional_db: None, now: datetime
) -> None:
    world, next_day = make_world(now), now + timedelta(hours=24)
    done: list[int] = []

    def ask_at(moment: datetime) -> Answer:
        return idempotency.once(
            by=world.teacher, key="k", digest="d", now=moment, work=counted(done)
        )

    ask_at(now)
    gone = before_commit(lambda: ask_at(next_day), lambda: idempotency.purge(now=next_day))

    assert (gone, ask_at(next_day).is_replay, done) == (0, True, [1, 1])
