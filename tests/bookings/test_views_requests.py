"""Pages of what was asked after the freeze: the school that asked, the host that answers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.models import Booking, ChangeRequest
from bookings.selectors import change_requests as selectors
from bookings.services import change_requests, changes
from tests.bookings.conftest import World
from tests.bookings.test_change_requests import ask
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]


@pytest.fixture
def booking(world: World, now: datetime) -> Booking:
    """Three of the five students, in a session of twenty."""
    return make_booking(
        by=world.teacher,
        session=world.session(capacity=20),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:3]],
    )


@pytest.fixture
def late(booking: Booking) -> Iterator[datetime]:
    """Two days before the session, and now."""
    moment = booking.session.starts_at - timedelta(days=2)
    with time_machine.travel(moment, tick=False):
        yield moment


def filled_in(world: World, booking: Booking, count: int, **more: Any) -> dict[str, Any]:
    return {
        "edition": booking.edition,
        "students": [student.pk for student in world.students[:count]],
        "adults": 2,
        "companion_0": "顶班老师",
        "companion_phone_0": "13900000003",
        "reason": "",
    } | more


def test_names_of_adults_are_saved_beside_the_request(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    client, path = login(world.teacher), f"/trips/{booking.pk}/change/"

    answer = client.post(path, filled_in(world, booking, 5, reason="多两人"), follow=True)

    booking.refresh_from_db()
    assert "带队教师已保存；其余的申请已发给开课单位，答复前不变。" in answer.content.decode()
    assert [(one.name, one.phone) for one in booking.companions.all()] == [
        ("顶班老师", "13900000003")
    ]
    assert (booking.seats, ChangeRequest.objects.get().wanted["seats"]) == (3, 5)


def test_names_alone_are_saved_and_nothing_is_asked(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    client, path = login(world.teacher), f"/trips/{booking.pk}/change/"

    answer = client.post(path, filled_in(world, booking, 3, reason="换人带队"), follow=True)

    assert "带队教师已保存。" in answer.content.decode()
    assert booking.companions.get().name == "顶班老师"
    assert not ChangeRequest.objects.exists()


def test_names_may_be_saved_while_a_request_waits(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    ask(world, booking, late)

    login(world.teacher).post(f"/trips/{booking.pk}/change/", filled_in(world, booking, 3))

    assert booking.companions.get().name == "顶班老师"
    assert ChangeRequest.objects.get().state == "asked"


def test_names_of_one_more_adult_wait_and_the_page_says_so(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    three = {"companion_1": "乙老师", "companion_2": "丙老师", "reason": "加一位老师"}

    answer = login(world.teacher).post(
        f"/trips/{booking.pk}/change/", filled_in(world, booking, 3, **three), follow=True
    )

    assert "带队教师的姓名同意后一起更新。" in answer.content.decode()
    assert booking.companions.count() == 2
    assert [name for name, _phone in ChangeRequest.objects.get().wanted["companions"]] == [
        "顶班老师", "乙老师", "丙老师"
    ]  # fmt: skip


def test_without_a_reason_it_is_asked_for_at_its_field_and_all_is_kept(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    refused = login(world.teacher).post(
        f"/trips/{booking.pk}/change/", filled_in(world, booking, 5)
    )

    form = refused.context["form"]
    assert refused.status_code == 422
    assert form.errors == {"reason": ["请写明原因，对方会看到。"]}
    assert form["companion_0"].value() == "顶班老师"
    assert "您填的内容还在。" in refused.content.decode()
    assert booking.companions.count() == 2


def test_a_reason_without_a_change_is_refused(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    same = {"companion_0": "王老师", "companion_phone_0": "13900000001", "companion_1": "李老师"}

    refused = login(world.teacher).post(
        f"/trips/{booking.pk}/change/", filled_in(world, booking, 3, reason="改", **same)
    )

    assert refused.status_code == 422
    assert refused.context["form"].non_field_errors() == ["学生和人数都没有变，无需申请。"]


def answered(world: World, booking: Booking, late: datetime) -> ChangeRequest:
    request = ask(world, booking, late)
    return change_requests.decline_change(
        by=world.manager, request=request, answer="材料已备好。", now=late
    )


LINES = ["增加：4、5号", "不来：1号", "学生：3 人 → 4 人"]


def test_what_was_asked_stays_on_the_schools_page_once_answered(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    answered(world, booking, late)
    ask(world, booking, late, slice(0, 4))

    page = login(world.teacher).get(f"/trips/{booking.pk}/")

    rows = [page.context["waiting"], *page.context["requests"]]
    assert [(row.asked.state, row.difference) for row in rows] == [
        ("asked", ["增加：4号", "学生：3 人 → 4 人"]),
        ("declined", LINES),
    ]
    text = page.content.decode()
    parts = ("增加：4号", "撤回申请", "预约单", "增加：4、5号")
    assert sorted(parts, key=text.index) == list(parts)
    assert "答复：材料已备好。" in text


def test_a_cancelled_trip_still_says_what_was_asked(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    ask(world, booking, late)
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=late)

    page = login(world.teacher).get(f"/trips/{booking.pk}/")

    (row,) = page.context["requests"]
    assert (row.asked.state, row.difference) == ("expired", LINES)
    assert "撤回申请" not in page.content.decode()


def test_the_host_reads_an_answered_request_without_buttons(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    request = answered(world, booking, late)

    text = login(world.manager).get(f"/requests/{request.pk}/").content.decode()

    assert all(line in text for line in LINES)
    assert "材料已备好。" in text
    assert 'name="accepts"' not in text


def test_answered_requests_are_listed_a_page_at_a_time(
    world: World, booking: Booking, late: datetime, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE", 2)
    made = [answered(world, booking, late) for _time in range(3)]
    ask(world, booking, late)
    stranger = actor_of(MembershipFactory(host_manager=True))

    for actor in (world.manager, world.teacher):
        client = login(actor)
        first = client.get("/requests/?show=answered")
        after = first.context["after"]
        second = client.get("/requests/", {"show": "answered", "after": after})
        waiting = client.get("/requests/")

        shown = [
            [row.asked.pk for row in page.context["rows"]] for page in (first, second, waiting)
        ]
        assert shown == [[made[2].pk, made[1].pk], [made[0].pk], [ChangeRequest.objects.last().pk]]  # type: ignore[union-attr]
        assert second.context["after"] == ""
    for bad in ("x", "2026-01-01_1", f"{late.isoformat()}_-1"):
        page = login(world.manager).get("/requests/", {"show": "answered", "after": bad})
        assert len(page.context["rows"]) == 2
    assert login(stranger).get("/requests/?show=answered").context["rows"] == []


def test_a_teacher_finds_what_is_hers_at_the_hosts_addresses(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    request = ask(world, booking, late)
    client = login(world.teacher)

    listed = client.get("/requests/")
    one = client.get(f"/requests/{request.pk}/")
    answer = client.post(f"/requests/{request.pk}/", {"accepts": "yes", "answer": ""})

    assert f'href="/trips/{booking.pk}/"' in listed.content.decode()
    assert (one.status_code, one["Location"]) == (302, f"/trips/{booking.pk}/")
    assert answer.status_code == 403
    request.refresh_from_db()
    assert request.state == "asked"


def test_a_teacher_without_requests_is_told_where_they_are_made(world: World, login: Login) -> None:
    text = login(world.teacher).get("/requests/").content.decode()

    assert "没有在等答复的申请" in text
    assert "请打开那次行程，点“申请修改学生和人数”。" in text
