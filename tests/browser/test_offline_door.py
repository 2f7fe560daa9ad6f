"""The door's page without a network, in a real Chromium: registered, cut off, reloaded, killed and
started again; two devices at one door; what was kept arrives, and the names are gone afterwards."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn, Conflict, Device, RosterPack
from attendance.selectors.states import attendance_of_session
from attendance.services import desk as desks
from attendance.services import devices
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.browser.conftest import ARGS, axe_violations, chromium_path, signed_in_session
from tests.browser.test_desk import fits, manager_of, session_at_the_door, world
from tests.factories.attendance import make_badges

NewContext = Callable[..., BrowserContext]
OFFLINE = "/desk/offline/"


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


def register(page: Page) -> None:
    """The device in hand becomes one of the host's, and has today's lists."""
    page.goto("/desk/devices/")
    page.get_by_label("设备名称").fill("门口平板")
    page.get_by_role("button", name="在本机离线使用").click()
    page.wait_for_url(f"**{OFFLINE}")
    expect(page.locator("#door-groups button.seat").first).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")


def type_code(page: Page, code: str) -> None:
    page.get_by_label("胸牌码").fill(code)
    page.get_by_label("胸牌码").press("Enter")


def unsent(page: Page) -> str:
    return page.locator("#door-unsent").inner_text()


def arrivals() -> list[tuple[int, str]]:
    """Who is in, by seat and by which way."""
    return sorted(
        CheckIn.objects.filter(kind=EventKind.IN).values_list("student__seat_no", "way_in")
    )


def states(session: CourseSession) -> dict[int, str]:
    return {pk: found.state.value for pk, found in attendance_of_session(session).items()}


def test_cut_off_the_door_goes_on_and_sends_by_itself(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    register(page)
    expect(page.locator("#door-net")).to_contain_text("联网")
    assert unsent(page) == "未送出：0"

    type_code(page, badges[1].code.lower())
    expect(page.locator("#door-result.in .w")).to_have_text("已签到")
    context.set_offline(True)
    type_code(page, badges[2].code)
    expect(page.locator("#door-result.off .w")).to_have_text("已记下")
    expect(page.locator("#door-result .p")).to_have_text("学○○")
    page.get_by_label("点座号的原因").select_option("忘带胸牌")
    page.locator("button.seat", has_text="3").first.click()
    expect(page.locator("#door-unsent")).to_have_text("未送出：2")
    type_code(page, badges[2].code)
    expect(page.locator("#door-result.dup .w")).to_have_text("已签过到")
    type_code(page, "A" * 15)
    expect(page.locator("#door-result.out .w")).to_have_text("没有这个码")
    page.locator("button.seat", has_text="4").first.click()
    expect(page.locator("#door-unsent")).to_have_text("未送出：3")
    page.get_by_role("button", name="撤销上一条").click()
    expect(page.locator("#door-result .w")).to_have_text("已撤销")
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    expect(page.locator("#door-net.bad")).to_contain_text("断网")
    expect(page.locator("button.seat.queue")).to_have_count(2)
    expect(page.locator("#door-count-arrived")).to_have_text("3")

    page.reload()
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    expect(page.locator("button.seat.queue")).to_have_count(2)
    page.goto(f"/desk/{session.pk}/")
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    assert CheckIn.objects.count() == 1

    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(page.locator("button.seat.in")).to_have_count(3)
    expect(page.locator("button.seat.queue")).to_have_count(0)
    assert arrivals() == [(1, "typed"), (2, "typed"), (3, "tick"), (4, "tick")]
    assert CheckIn.objects.get(student__seat_no=3).reason == "forgotten"
    found = states(session)
    assert [found[student.pk] for student in world.students[:4]] == [
        "present",
        "present",
        "present",
        "expected",
    ]
    assert [text for text in complaints if "ERR_INTERNET_DISCONNECTED" not in text] == []


@pytest.fixture
def folder(tmp_path: Path, live_server: LiveServer) -> Iterator[Callable[[], BrowserContext]]:
    """Opens one and the same browser, with what it keeps on the disk, again and again."""
    with sync_playwright() as playwright:
        opened: list[BrowserContext] = []

        def start() -> BrowserContext:
            context = playwright.chromium.launch_persistent_context(
                str(tmp_path / "profile"),
                executable_path=chromium_path(),
                args=ARGS,
                base_url=live_server.url,
                viewport={"width": 390, "height": 844},
                locale="zh-CN",
            )
            context.set_default_timeout(15_000)
            opened.append(context)
            return context

        yield start

        for context in opened:
            context.close()
