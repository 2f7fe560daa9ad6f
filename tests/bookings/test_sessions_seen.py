"""A session that its host moves between the look and the press is not booked unseen."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.actors import Actor
from bookings.models import Booking, ChangeRequest
from bookings.services import basket, host_changes, host_moves, move_checks
from courses.models import CourseSession
from courses.services.sessions import Place
from tests.bookings.conftest import DAY, World
from tests.bookings.test_api import send
from tests.bookings.test_host_moves import as_it_is, later
from tests.bookings.test_proposals import split_form
from tests.bookings.test_reserve_pages import address, errors, filled_in
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]
MOVED = (
    "这一场已由开课单位改期：原来是 12 月 8 日（周二）9:00–11:30，"
    "现在是 12 月 9 日（周三）9:00–11:30，在焙烤实训中心 1号实训室。请看过再提交。"
)


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def rearrange(world: World, session: CourseSession, change: move_checks.Change) -> None:
    host_moves.change_session(
        by=world.manager,
        session=session,
        sequence=session.sequence,
        change=change,
        reason="设备检修",
        now=timezone.now(),
    )


def seen(session: CourseSession) -> dict[str, Any]:
    return {
        "session": session.pk,
        "sequence": session.sequence,
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
    }


def test_a_page_shown_before_the_move_is_told_and_may_be_sent_again(
    world: World, login: Login
) -> None:
    session = world.session()
    client, url = login(world.teacher), address(world, session)
    filled = filled_in(client, url, note="有一位同学坐轮椅。")
    rearrange(world, session, later(session, 24))

    refused = client.post(url, filled)
    form = refused.context["form"]
    again = client.post(url, filled | {"seen": form["seen"].value()})

    assert (refused.status_code, errors(refused)) == (409, [MOVED])
    assert form["note"].value() == "有一位同学坐轮椅。"
    assert again.status_code == 302
    assert Booking.objects.get().session_id == session.pk


def test_a_move_to_another_room_says_where(world: World, login: Login) -> None:
    session, other = world.session(), world.session(day=DAY + timedelta(days=7))
    client, url = login(world.teacher), address(world, session)
    filled = filled_in(client, url)
    rearrange(world, session, as_it_is(session, place=Place(room=other.room)))

    refused = client.post(url, filled)

    assert errors(refused) == [
        "这一场已由开课单位改动：时间仍是 12 月 8 日（周二）9:00–11:30，"
        "现在在焙烤实训中心 2号实训室。请看过再提交。"
    ]
    assert not Booking.objects.exists()


def test_a_cancelled_one_is_called_cancelled(world: World, login: Login, now: datetime) -> None:
    session = world.session()
    client, url = login(world.teacher), address(world, session)
    filled = filled_in(client, url)
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    refused = client.post(url, filled)

    assert (refused.status_code, errors(refused)) == (409, ["这一场已取消（停电），请另选一场。"])


@pytest.mark.parametrize("said", ["", "nonsense", "1:2", "1:2:3:99999999999999", "²:1:1:1"])
def test_what_is_not_of_our_writing_says_nothing(world: World, login: Login, said: str) -> None:
    session = world.session()
    client, url = login(world.teacher), address(world, session)

    answer = client.post(url, filled_in(client, url, seen=said))

    assert answer.status_code == 302


@pytest.mark.parametrize("is_late", [False, True])
def test_a_booking_is_not_changed_unseen_either(
    world: World, login: Login, now: datetime, is_late: bool
) -> None:
    session = world.session()
    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    client, path = login(world.teacher), f"/trips/{booking.pk}/change/"
    late = session.starts_at - timedelta(days=1)
    with time_machine.travel(late if is_late else now, tick=False):
        page = client.get(path).context["form"]
        filled = {one.name: one.value() for one in page if one.value() is not None} | {
            "students": [world.students[0].pk],
            "seats": "",
            "companion_1": "丙老师",
        }
        if is_late:
            filled["reason"] = "四人请假"
        rearrange(world, session, later(session, 24))

        refused = client.post(path, filled)
        form = refused.context["form"]
        again = client.post(
            path, filled | {"seen": form["seen"].value(), "edition": form["edition"].value()}
        )

    assert (refused.status_code, errors(refused)) == (409, [MOVED])
    assert form["companion_1"].value() == "丙老师"
    assert again.status_code == 302
    booking.refresh_from_db()
    assert booking.seats == (5 if is_late else 1)
    assert ChangeRequest.objects.count() == is_late


def test_a_program_may_say_what_it_has_read(world: World, now: datetime) -> None:
    session = world.session()
    asked = {"sessions": [session.pk], "class_group": world.group.pk, "seen": [seen(session)]}
    rearrange(world, session, later(session, 24))

    def book(key: str, **changes: Any) -> Any:
        path = "/api/v1/reservations/"
        return send("POST", path, world.teacher, now, asked | changes, key=key)

    refused = book("one")
    session.refresh_from_db()
    booked = book("two", seen=[seen(session)])

    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["detail"]) == ("session_moved", MOVED)
    assert refused.json()["facts"] == {
        "was": "12 月 8 日（周二）9:00–11:30",
        "now": "12 月 9 日（周三）9:00–11:30",
        "where": "焙烤实训中心 1号实训室",
    }
    assert booked.status_code == 201


@pytest.mark.parametrize("is_late", [False, True])
def test_a_program_changes_and_asks_alike(world: World, now: datetime, is_late: bool) -> None:
    session = world.session()
    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    before = seen(session)
    rearrange(world, session, later(session, 24))
    asked = {"edition": 2, "students": [world.students[0].pk], "reason": "四人请假"}
    path = f"/api/v1/bookings/{booking.pk}/" + ("change-requests/" if is_late else "")
    at = session.starts_at - timedelta(days=1) if is_late else now

    with time_machine.travel(at, tick=False):
        method = "POST" if is_late else "PATCH"
        refused = send(method, path, world.teacher, at, asked | {"seen": [before]})
        done = send(method, path, world.teacher, at, asked)

    assert (refused.status_code, refused.json()["code"]) == (409, "session_moved")
    assert done.status_code == (201 if is_late else 200)


# ── what is reserved with one press ──


def pressed(client: Client, url: str, form: Any, **more: Any) -> Any:
    """What comes of the page's form, its hidden fields as the page has them."""
    hidden = {name: form[name].value() for name in ("key", "seen")}
    return client.post(url, hidden | more)


def test_a_basket_looked_at_before_the_move_is_looked_at_again(
    world: World, login: Login, now: datetime
) -> None:
    session = world.session()
    basket.add(by=world.teacher, class_group=world.group, session_id=session.pk, now=now)
    client = login(world.teacher)
    (shown,) = client.get("/basket/").context["baskets"]
    rearrange(world, session, later(session, 24))

    refused = pressed(client, "/basket/reserve/", shown["form"], group=world.group.pk)
    (again,) = refused.context["baskets"]
    done = pressed(client, "/basket/reserve/", again["form"], group=world.group.pk)

    assert (refused.status_code, MOVED in refused.content.decode()) == (409, True)
    assert done.status_code == 302
    assert Booking.objects.get().session_id == session.pk


def test_a_basket_into_which_something_came_since_is_looked_at_again(
    world: World, login: Login, now: datetime
) -> None:
    client = login(world.teacher)
    _camp, days = world.camp()
    basket.add(by=world.teacher, class_group=world.group, session_id=days[0].pk, now=now)
    (shown,) = client.get("/basket/").context["baskets"]
    extra = world.session(day=DAY + timedelta(days=9))
    basket.add(by=world.teacher, class_group=world.group, session_id=extra.pk, now=now)

    refused = pressed(client, "/basket/reserve/", shown["form"], group=world.group.pk)
    (again,) = refused.context["baskets"]
    done = pressed(client, "/basket/reserve/", again["form"], group=world.group.pk)

    assert refused.status_code == 409
    assert "待约清单刚才有变化，请看过再提交。" in refused.content.decode()
    assert done.status_code == 302
    assert Booking.objects.count() == 3


def test_a_proposal_looked_at_before_the_move_is_proposed_anew(world: World, login: Login) -> None:
    first, _second = (world.session(day=DAY + timedelta(days=day), class_hours=7) for day in (0, 2))
    client, url = login(world.teacher), f"/classes/{world.group.pk}/complete/"
    card = client.get(url).context["cards"][0]
    rearrange(world, first, later(first, 24))

    refused = pressed(client, url, card["form"], picks=card["picks"])
    card = refused.context["cards"][0]
    done = pressed(client, url, card["form"], picks=card["picks"])

    assert (refused.status_code, MOVED in refused.content.decode()) == (409, True)
    assert done.status_code == 302
    assert Booking.objects.count() == 2


def test_a_split_looked_at_before_the_move_keeps_its_groups(world: World, login: Login) -> None:
    one, _other = (world.session(capacity=3) for _number in range(2))
    client, url = login(world.teacher), f"/sessions/{one.pk}/split/?class={world.group.pk}"
    data = split_form(client, url)
    rearrange(world, one, later(one, 0.25))

    refused = client.post(url, data)
    form = refused.context["form"]
    done = client.post(url, data | {"seen": form["seen"].value()})

    assert refused.status_code == 409
    assert "原来是 12 月 8 日（周二）9:00–11:30" in refused.content.decode()
    assert done.status_code == 302
    assert Booking.objects.count() == 2


def test_kept_seats_of_a_session_moved_since_are_looked_at_again(
    world: World, login: Login, now: datetime
) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    other = world.session(day=DAY + timedelta(days=2))
    client, url = login(world.teacher), f"/trips/{booking.pk}/swap/confirm/"
    client.post(f"/trips/{booking.pk}/swap/", {"session": other.pk})
    form = client.get(url).context["form"]
    rearrange(world, other, later(other, 1))

    refused = client.post(url, {"reason": "x", "seen": form["seen"].value()})
    form = refused.context["form"]
    done = client.post(url, {"reason": "x", "seen": form["seen"].value()})

    assert refused.status_code == 409
    assert "原来是 12 月 10 日（周四）9:00–11:30" in refused.content.decode()
    assert form["reason"].value() == "x"
    assert done.status_code == 302
    assert Booking.objects.live().get().session_id == other.pk
