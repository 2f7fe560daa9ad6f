"""The door's page after the browser was killed while there was no network: what was kept is still
there, however much it is, and arrives once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Error, Playwright, expect
from pytest_django.live_server_helper import LiveServer

from attendance.models import CheckIn
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.browser.conftest import ARGS, PATIENCE, chromium_path, signed_in_session
from tests.browser.test_desk import manager_of, session_at_the_door, world_today
from tests.browser.test_offline_door import OFFLINE, arrivals, register, states, type_code
from tests.factories.attendance import make_badges


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


@pytest.fixture
def same_browser(
    playwright: Playwright, tmp_path: Path, live_server: LiveServer
) -> Iterator[Callable[[], BrowserContext]]:
    """Opens one and the same browser, with what it keeps on the disk, again and again."""
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
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context

    yield start

    for context in opened:
        with suppress(Error):
            context.close()


def kill(profile: Path) -> None:
    """The browser of this profile ends as when the battery does: no time to put anything away."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(profile).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def test_browser_killed_with_the_queue_full_loses_nothing(
    world: World,
    same_browser: Callable[[], BrowserContext],
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = same_browser()
    signed_in = {"name": settings.SESSION_COOKIE_NAME, "url": live_server.url}
    context.add_cookies([{**signed_in, "value": signed_in_session(manager_of(world))}])
    page = context.pages[0]
    register(page)
    context.set_offline(True)
    for seat_no in range(1, 6):
        type_code(page, badges[seat_no].code)
        expect(page.locator("#door-unsent")).to_have_text(f"未送出：{seat_no}")

    kill(tmp_path / "profile")
    context = same_browser()
    # Nobody signs in again, and there still is no network.
    context.clear_cookies()
    context.set_offline(True)
    page = context.pages[0]
    page.goto(OFFLINE)
    expect(page.locator("#door-unsent")).to_have_text("未送出：5")
    expect(page.locator("button.seat.queue")).to_have_count(5)
    assert not CheckIn.objects.exists()
    context.set_offline(False)

    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    assert arrivals() == [(seat_no, "typed") for seat_no in range(1, 6)]
    assert set(states(CourseSession.objects.get()).values()) == {"present"}


def test_more_than_one_batch_outlives_the_browser(
    world: World,
    same_browser: Callable[[], BrowserContext],
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    """The queue of an evening off line is longer than what is sent at once."""
    session_at_the_door(world)
    context = same_browser()
    signed_in = {"name": settings.SESSION_COOKIE_NAME, "url": live_server.url}
    context.add_cookies([{**signed_in, "value": signed_in_session(manager_of(world))}])
    page = context.pages[0]
    register(page)
    context.set_offline(True)
    page.evaluate(
        """async ([count, students]) => {
            const [list] = Door.lists.all();
            const event = { pack: list.pack, session: list.session, kind: "in", way_in: "tick" };
            for (let made = 0; made < count; made += 41) {
                const some = Array.from({ length: Math.min(41, count - made) }, (_one, place) => {
                    const student = students[(made + place) % students.length];
                    return { ...event, id: crypto.randomUUID(), student };
                });
                await Door.queue.add(some);
            }
        }""",
        [450, [student.pk for student in world.students]],
    )
    expect(page.locator("#door-unsent")).to_have_text("未送出：450")

    kill(tmp_path / "profile")
    context = same_browser()
    context.clear_cookies()
    context.set_offline(True)
    page = context.pages[0]
    page.goto(OFFLINE)
    expect(page.locator("#door-unsent")).to_have_text("未送出：450")
    sizes: list[int] = []
    page.on(
        "request",
        lambda asked: (
            sizes.append(len(asked.post_data_json["events"]))
            if asked.url.endswith("/events/")
            else None
        ),
    )
    context.set_offline(False)

    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    assert [size for size in sizes if size][-3:] == [200, 200, 50]
    assert CheckIn.objects.count() == 450
    assert arrivals() == sorted((seat_no, "tick") for seat_no in range(1, 6) for _each in range(90))
