"""The pages of a swap and of a change by the host, as a client without a browser sees them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.models import Booking, SeatHold
from bookings.selectors import swapping
from sites.models import Room, Site
from tests.bookings.conftest import DAY, World
from tests.bookings.test_catalogue import new_course
from tests.factories.bookings import make_booking, make_reservation

Login = Callable[[Actor], Client]

# Two of them for the days and sites to narrow by.
SWAP_QUERIES = 26
CANCEL_QUERIES = 11
CHANGE_QUERIES = 15


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def booked(world: World, now: datetime, number: int = 0, **more: Any) -> Booking:
    group = world.new_group(number, 4) if number else world.group
    return make_booking(
        by=world.coordinator,
        session=more.get("session") or world.session(),
        class_group=group,
        now=now,
    )


def test_a_set_is_swapped_for_a_set(world: World, now: datetime, login: Login) -> None:
    _camp, days = world.camp()
    other, other_days = world.camp()
    reservation = make_reservation(
        by=world.coordinator, sessions=days, class_group=world.group, now=now
    )
    booking = reservation.bookings.order_by("pk")[0]
    client = login(world.teacher)

    page = client.get(f"/trips/{booking.pk}/swap/").content.decode()
    kept = client.post(f"/trips/{booking.pk}/swap/", {"session_set": other.pk})
    done = client.post(f"/trips/{booking.pk}/swap/confirm/", {"reason": ""})

    assert page.count("换到这一场</button>") == 1
    assert kept["Location"] == f"/trips/{booking.pk}/swap/confirm/"
    made = Booking.objects.live().order_by("pk")
    assert [one.session_id for one in made] == [day.pk for day in other_days]
    assert done["Location"] == f"/trips/{made[0].pk}/"


@pytest.mark.parametrize(
    "data", [{}, {"session": "x"}, {"session": "1", "session_set": "1"}, {"session": "-1"}]
)
def test_a_form_without_one_session_keeps_nothing(
    world: World, now: datetime, login: Login, data: dict[str, str]
) -> None:
    booking = booked(world, now)

    answer = login(world.teacher).post(f"/trips/{booking.pk}/swap/", data)

    assert answer.status_code == 200
    assert "请选择场次。" in answer.content.decode()
    assert not SeatHold.objects.exists()


def test_confirming_without_kept_seats_leads_back(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now)
    client = login(world.teacher)

    looked = client.get(f"/trips/{booking.pk}/swap/confirm/")
    sent = client.post(f"/trips/{booking.pk}/swap/confirm/", {"reason": ""})

    assert looked["Location"] == f"/trips/{booking.pk}/swap/"
    assert sent.status_code == 409


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_take_the_same_queries_for_one_and_three(
    world: World,
    now: datetime,
    login: Login,
    count: int,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    session = world.session()
    booking = booked(world, now, session=session)
    for number in range(4, 3 + count):
        booked(world, now, number, session=session)
    for day in range(count):
        world.session(day=DAY + timedelta(days=1 + day))
    school, host = login(world.teacher), login(world.manager)
    pages = (
        (school, f"/trips/{booking.pk}/swap/", SWAP_QUERIES),
        (host, f"/today/sessions/{session.pk}/cancel/", CANCEL_QUERIES),
        (host, f"/today/sessions/{session.pk}/change/", CHANGE_QUERIES),
    )

    for client, path, queries in pages:
        client.get(path)
        with django_assert_num_queries(queries):
            page = client.get(path).content.decode()
        assert page.count("12 月 9 日（周三）9:00–11:30") >= 1


def test_what_is_offered_says_how_near_it_is(world: World, now: datetime, login: Login) -> None:
    booking = booked(world, now)
    near = (
        world.session(day=DAY + timedelta(days=1)),
        world.session(day=DAY + timedelta(days=2), version=new_course(world)),
        world.session(
            day=DAY + timedelta(days=3),
            version=new_course(world, 3, occupation_zh="焊工", occupation_en="Welder"),
        ),
    )

    page = login(world.teacher).get(f"/trips/{booking.pk}/swap/")

    assert [
        (offer.first, offer.is_same_course, offer.is_same_occupation)
        for offer in page.context["offers"]
    ] == [(near[0], True, False), (near[1], False, True), (near[2], False, False)]
    text = page.content.decode()
    assert (text.count("同一门课 ·"), text.count("同一职业 ·")) == (1, 1)


def test_offers_come_by_date_and_are_narrowed_by_day_and_site(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now, session=world.session(day=DAY + timedelta(days=2)))
    late, early, near = (world.session(day=DAY + timedelta(days=day)) for day in (6, -1, 3))
    other_site = Site.objects.create(host=world.host, name="二号校区", address="曹杨路 2 号")
    Room.objects.filter(pk=late.room_id).update(site=other_site)
    client = login(world.teacher)

    def shown(query: str) -> list[int]:
        page = client.get(f"/trips/{booking.pk}/swap/{query}")
        return [one.first.pk for one in page.context["offers"]]

    day = (DAY + timedelta(days=3)).isoformat()
    assert shown("") == [early.pk, near.pk, late.pk]
    assert shown(f"?day={day}") == [near.pk]
    assert shown(f"?day=&site={other_site.pk}") == [late.pk]
    assert shown(f"?day={day}&site={other_site.pk}") == []


def test_a_day_is_to_be_chosen_however_many_lie_nearer(
    world: World, now: datetime, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is shown, the nearest is not all: another day is asked for by itself."""
    monkeypatch.setattr(swapping, "SHOWN", 1)
    booking = booked(world, now)
    near, far = (world.session(day=DAY + timedelta(days=day)) for day in (1, 6))
    client = login(world.teacher)
    path = f"/trips/{booking.pk}/swap/"

    page = client.get(path)
    narrowed = client.get(path, {"day": (DAY + timedelta(days=6)).isoformat()})

    assert [one.first for one in page.context["offers"]] == [near]
    assert "只列出最相近的 20 场" in page.content.decode()
    assert "只列出最相近的 20 场" not in narrowed.content.decode()
    assert f'value="{(DAY + timedelta(days=6)).isoformat()}"' in page.content.decode()
    assert [one.first for one in narrowed.context["offers"]] == [far]
    assert f"{world.host.short_name or world.host.name} · 焙烤实训中心" in page.content.decode()


@pytest.mark.parametrize(
    ("asked", "sentences", "days"),
    [
        ({"day": "2026-12-12"}, ["这一天没有能换的场次。"], [9, 14]),
        ({"day": "x"}, ["这一天没有能换的场次。"], [9, 14]),
        ({"site": "-1"}, ["这个地点没有能换的场次。"], [9, 14]),
        (
            {"day": "2026-12-12", "site": "-1"},
            ["这一天没有能换的场次。", "这个地点没有能换的场次。"],
            [9, 14],
        ),
        ({"day": "2026-12-09", "site": "other"}, ["这一天在这个地点没有能换的场次。"], [14]),
    ],
)
def test_what_is_not_on_offer_is_said_beside_the_days_that_are(
    world: World,
    now: datetime,
    login: Login,
    asked: dict[str, str],
    sentences: list[str],
    days: list[int],
) -> None:
    booking = booked(world, now)
    world.session(day=DAY + timedelta(days=1))
    elsewhere = world.session(day=DAY + timedelta(days=6))
    other_site = Site.objects.create(host=world.host, name="二号校区", address="曹杨路 2 号")
    Room.objects.filter(pk=elsewhere.room_id).update(site=other_site)
    if asked.get("site") == "other":
        asked = asked | {"site": str(other_site.pk)}
    client = login(world.teacher)
    path = f"/trips/{booking.pk}/swap/"

    page = client.get(path, asked)
    followed = client.get(path + "?" + page.context["other_days"][-1]["query"])

    assert page.status_code == 200
    text = page.content.decode()
    errors = page.context["narrow"].errors
    assert [one for field in ("day", "site") for one in errors.get(field, [])] == sentences
    assert [text.count(sentence) for sentence in sentences] == [1] * len(sentences)
    assert page.context["offers"] == ()
    assert "换到这一场</button>" not in text
    assert [one["day"].day for one in page.context["other_days"]] == days
    assert text.count('class="chip"') == len(days)
    assert [one.first for one in followed.context["offers"]] == [elsewhere]


def test_where_there_is_nothing_at_all_a_day_is_answered_so(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now)

    page = login(world.teacher).get(f"/trips/{booking.pk}/swap/", {"day": "2026-12-12"})

    text = page.content.decode()
    assert (text.count("这一天没有能换的场次。"), text.count("没有找到合适的场次")) == (1, 1)
    assert "这些日子有能换的场次" not in text
