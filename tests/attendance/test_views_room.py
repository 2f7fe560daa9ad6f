"""The room's screen and the pages that its code opens. Looking marks nobody present."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from attendance import room_codes
from attendance.choices import WayIn
from attendance.models import CheckIn, RoomCode, RoomScan
from attendance.services import room, throttle
from tests.attendance.conftest import Door
from tests.attendance.readers import by_zbar, by_zxing
from tests.factories.attendance import close_desk, let_in

WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 MicroMessenger/8.0.50(0x18003231) NetType/WIFI Language/zh_CN"
)


@pytest.fixture(autouse=True)
def clock(door: Door) -> Iterator[Any]:
    with time_machine.travel(door.now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def keeper(door: Door) -> Client:
    client = Client()
    client.force_login(door.manager_membership.user)
    return client


@pytest.fixture
def phone() -> Client:
    return Client(headers={"user-agent": WECHAT})


def code_of(door: Door) -> str:
    row = room.put_up(by=door.manager, session=door.session, now=timezone.now())
    return room_codes.code_at(row.salt, room_codes.step_of(timezone.now()))


def drawn(svg: str, *, unit: int = 6) -> Image.Image:
    """The SVG as a screen draws it: dark stretches on white, so many pixels a unit."""
    box = re.search(r'viewBox="0 0 (\d+) \d+"', svg)
    assert box
    picture = Image.new("L", (int(box[1]) * unit,) * 2, 255)
    pen = ImageDraw.Draw(picture)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v", svg):
        left, top = int(x) * unit, int(y) * unit
        pen.rectangle((left, top, left + int(length) * unit - 1, top + unit - 1), fill=0)
    return picture


def ticket_in(page: Any) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_screen_shows_the_code_and_who_is_there_by_number(keeper: Client, door: Door) -> None:
    assert keeper.get(f"/desk/{door.session.pk}/room/").status_code == 302
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)

    page = keeper.post(f"/desk/{door.session.pk}/room/up/", follow=True)

    text = page.content.decode()
    assert room_codes.grouped(code_of(door)) in text
    assert "已到 1" in text
    assert "共 5" in text
    assert not any(student.name in text for student in door.students)
    assert not any(badge.code in text for badge in door.badges.values())
    # Without a script it is drawn anew when the code changes.
    assert f'<noscript><meta http-equiv="refresh" content="{page.context["left"]}">' in text
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_screens_code_leads_to_its_page(keeper: Client, door: Door) -> None:
    page = keeper.post(f"/desk/{door.session.pk}/room/up/", follow=True)

    picture = drawn(str(page.context["qr"]))

    expected = [[f"http://testserver/in/{code_of(door)}/"]]
    assert by_zxing([picture]) == expected
    assert by_zbar([picture]) == expected


def test_screen_is_drawn_anew_for_its_script_until_it_is_taken_down(
    keeper: Client, door: Door, clock: Any
) -> None:
    code = code_of(door)
    live = f"/desk/{door.session.pk}/room/live/"
    assert room_codes.grouped(code) in keeper.get(live).json()["html"]
    clock.shift(timedelta(seconds=15))

    drawn = keeper.get(live).json()

    assert room_codes.grouped(code) not in drawn["html"]
    assert room_codes.grouped(code_of(door)) in drawn["html"]
    assert drawn["left"] == 15
    keeper.post(f"/desk/{door.session.pk}/room/down/")
    assert keeper.get(live).json() == {"go": f"/desk/{door.session.pk}/"}


def test_screen_says_it_in_english_too(keeper: Client, door: Door) -> None:
    """A second line below the Chinese one; on an English page once."""
    code_of(door)
    room = f"/desk/{door.session.pk}/room/"
    zh = "用微信或相机扫一扫，再输入胸牌码；没有手机的同学，请到门口出示胸牌。"
    en = "Scan, then enter your badge's code. No phone? Show your badge at the door."

    chinese = keeper.get(room).content.decode()
    live = keeper.get(f"{room}live/").json()["html"]
    User.objects.update(language="en")
    english = keeper.get(room).content.decode()

    for page in (chinese, live):
        assert f'<p class="sub s">{zh}</p>' in page
        assert f'<p class="sub s" lang="en">{en}</p>' in page
    assert (english.count(en), english.count(zh)) == (1, 0)


def test_screen_costs_the_same_with_one_there_and_with_three(
    keeper: Client, door: Door, django_assert_num_queries: Any
) -> None:
    code_of(door)
    live = f"/desk/{door.session.pk}/room/live/"
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    keeper.get(live)
    with django_assert_num_queries(8):
        keeper.get(live)
    for student in door.students[1:3]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    with django_assert_num_queries(8):
        keeper.get(live)


def test_scanned_code_badge_and_confirmation_let_one_in(phone: Client, door: Door) -> None:
    opened = phone.get(f"/in/{code_of(door)}/")
    assert CheckIn.objects.count() == 0

    asked = phone.post(
        "/in/badge/", {"ticket": ticket_in(opened), "badge": door.badges[2].code.lower()}
    )

    name = door.students[1].name
    assert name not in asked.content.decode()
    assert f"{name[0]}○" in asked.content.decode()
    assert "现在 8:50，确认是本人签到？" in asked.content.decode()
    assert CheckIn.objects.count() == 0

    done = phone.post(
        "/in/badge/",
        {"ticket": ticket_in(asked), "badge": asked.context["badge"], "confirmed": "in"},
    )

    assert "已签到" in done.content.decode()
    assert name not in done.content.decode()
    assert CheckIn.objects.get().way_in == WayIn.ROOM
    # The same browser with a second badge is the same browser.
    second = phone.get(f"/in/{code_of(door)}/")
    phone.post(
        "/in/badge/",
        {"ticket": ticket_in(second), "badge": door.badges[3].code, "confirmed": "in"},
    )
    assert len(set(RoomScan.objects.values_list("browser", flat=True))) == 1
    assert RoomScan.objects.count() == 2


def test_typed_code_is_as_good_as_the_scanned(phone: Client, door: Door) -> None:
    assert "屏幕上的六位码" in phone.get("/in/").content.decode()

    opened = phone.post("/in/", {"code": room_codes.grouped(code_of(door)).lower()})

    assert "胸牌码" in opened.content.decode()
    assert ticket_in(opened)


@pytest.mark.parametrize(
    ("seconds", "status", "sentence"), [(45, 409, "已换新"), (300, 404, "没有这个签到码")]
)
def test_an_old_code_says_what_to_do(
    phone: Client, door: Door, clock: Any, seconds: int, status: int, sentence: str
) -> None:
    code = code_of(door)
    clock.shift(timedelta(seconds=seconds))

    page = phone.get(f"/in/{code}/")

    assert page.status_code == status
    assert sentence in page.content.decode()
    assert f'value="{code}"' in page.content.decode()


def test_a_wrong_badge_is_asked_for_again_at_its_field(phone: Client, door: Door) -> None:
    opened = phone.get(f"/in/{code_of(door)}/")

    page = phone.post("/in/badge/", {"ticket": ticket_in(opened), "badge": "ABCD"})

    assert page.status_code == 409
    assert page.context["form"].errors["badge"]
    assert 'value="ABCD"' in page.content.decode()
    assert ticket_in(page) == ticket_in(opened)
    empty = phone.post("/in/badge/", {"ticket": ticket_in(opened), "badge": ""})
    assert (empty.status_code, CheckIn.objects.count()) == (422, 0)


def test_after_three_minutes_the_code_is_asked_for_again(
    phone: Client, door: Door, clock: Any
) -> None:
    opened = phone.get(f"/in/{code_of(door)}/")
    clock.shift(timedelta(minutes=3, seconds=1))

    page = phone.post(
        "/in/badge/",
        {"ticket": ticket_in(opened), "badge": door.badges[1].code, "confirmed": "in"},
    )

    assert (page.status_code, CheckIn.objects.count()) == (409, 0)
    assert "已换新" in page.content.decode()


def test_guessing_codes_is_stopped_and_a_code_just_passed_is_no_guess(
    phone: Client, door: Door, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert throttle.ROOM_MISSES == 300
    # What holds of the number here holds of any.
    monkeypatch.setattr(throttle, "ROOM_MISSES", 30)
    passed = code_of(door)
    clock.shift(timedelta(seconds=45))
    for _ in range(throttle.ROOM_MISSES + 1):
        assert phone.get(f"/in/{passed}/").status_code == 409
    for _ in range(throttle.ROOM_MISSES):
        assert phone.get("/in/222222/").status_code == 404

    assert phone.get("/in/222222/").status_code == 429
    assert phone.get(f"/in/{code_of(door)}/").status_code == 429


def test_forging_needs_the_pages_token(door: Door) -> None:
    outside = Client(enforce_csrf_checks=True)
    opened = outside.get(f"/in/{code_of(door)}/")

    answer = outside.post(
        "/in/badge/",
        {"ticket": ticket_in(opened), "badge": door.badges[1].code, "confirmed": "in"},
    )

    assert (answer.status_code, CheckIn.objects.count()) == (403, 0)


def test_desk_offers_the_screen_and_tells_what_is_odd(keeper: Client, door: Door) -> None:
    address = f"/desk/{door.session.pk}/"
    assert "打开屏幕签到" in keeper.get(address).content.decode()
    phone = Client()
    for seat in (1, 2, 3):
        opened = phone.get(f"/in/{code_of(door)}/")
        phone.post(
            "/in/badge/",
            {"ticket": ticket_in(opened), "badge": door.badges[seat].code, "confirmed": "in"},
        )

    text = keeper.get(address).content.decode()

    assert "看屏幕上的码" in text
    assert "同一台设备签到了几名学生：七(3)班 1 号、七(3)班 2 号、七(3)班 3 号" in text


def test_the_screen_is_barred_an_hour_after_the_end_with_the_hosts_reason(
    keeper: Client, door: Door, clock: time_machine.Traveller
) -> None:
    address = f"/desk/{door.session.pk}/"
    why = "本场结束已过一小时，屏幕签到不再打开。补签请在本页扫胸牌或点座号。"
    clock.move_to(door.session.ends_at + timedelta(minutes=59))
    in_time = keeper.get(address).content.decode()
    clock.move_to(door.session.ends_at + timedelta(minutes=60))

    late = keeper.get(address).content.decode()
    forced = keeper.post(f"{address}room/up/")

    assert (in_time.count("打开屏幕签到"), in_time.count(why)) == (1, 0)
    assert (late.count("打开屏幕签到"), late.count(why)) == (1, 1)
    assert (forced.status_code, forced.context["result"].detail) == (409, why)
    assert not RoomCode.objects.exists()


def test_closed_door_takes_the_code_down(keeper: Client, phone: Client, door: Door) -> None:
    code = code_of(door)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)

    assert phone.get(f"/in/{code}/").status_code == 404
    assert keeper.get(f"/desk/{door.session.pk}/room/").status_code == 302
    answer = keeper.post(f"/desk/{door.session.pk}/room/up/")
    assert (answer.status_code, RoomCode.objects.count()) == (409, 1)
