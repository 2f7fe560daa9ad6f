"""The camera at the door in a real Chromium: badges as they are held, one after the other, on the
desk's page and off line; and what is said when there is no camera."""

import os
import signal
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from attendance.choices import EventKind, WayIn
from attendance.documents.badges import BadgePart, BadgeRow, badge_sheets
from attendance.models import Badge, CheckIn
from courses.models import CourseSession
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World
from tests.browser import camera
from tests.browser.conftest import axe_violations, fits, signed_in_session
from tests.browser.test_desk import manager_of, moved, session_at_the_door, world_today
from tests.browser.test_offline_door import register
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

NewContext = Callable[..., BrowserContext]
# Three badges held in each of four ways.
CLASS = 12


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


def door_of_a_class(world: World) -> tuple[CourseSession, list[Badge]]:
    """A session of a whole class that begins in five minutes, and the class's badges by seat."""
    now = timezone.now()
    group = world.new_group(4, CLASS, entry_year=school_year(local_day(now)) - 1)
    world.teach(group)
    session = world.session(day=local_day(now) + timedelta(days=3), starts=time(9))
    make_booking(by=world.teacher, session=session, class_group=group, now=now)
    badges = make_badges(group, now=now)
    return moved(session, now + timedelta(minutes=5)), [badges[seat] for seat in sorted(badges)]


def printed(badges: list[Badge]) -> bytes:
    rows = [
        BadgeRow(
            code=badge.code,
            name=badge.student.name,
            class_label="七(4)班",
            seat=f"{badge.student.seat_no} 号",
            school="清河中学",
        )
        for badge in badges
    ]
    return badge_sheets([BadgePart("清河中学", rows)], hint="")


def film_of(badges: list[Badge], to: Path) -> Path:
    """Each badge for two fifths of a second: sharp, blurred, tilted, under-lit, and again."""
    camera.film_queue(
        camera.badge_pictures(printed(badges), len(badges)),
        to,
        looks=list(camera.LOOKS.values()),
        frames=4,
        per_second=10,
        empty=10,
    )
    return to


def complaints_of(page: Page) -> list[str]:
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def arrivals() -> list[tuple[int, str]]:
    """Who is in, by seat and by which way; twice in is twice here."""
    return sorted(
        CheckIn.objects.filter(kind=EventKind.IN).values_list("student__seat_no", "way_in")
    )


EVERYBODY = [(seat, WayIn.CAMERA.value) for seat in range(1, CLASS + 1)]


def open_camera(page: Page) -> None:
    page.get_by_role("button", name="打开摄像头").click()
    expect(page.get_by_role("region", name="扫码窗口")).to_be_visible()


@pytest.mark.parametrize("missing", ["", "VideoFrame"])
def test_badges_as_they_are_held_are_each_let_in_once(
    world: World,
    launch: Callable[..., Browser],
    new_context: NewContext,
    tmp_path: Path,
    missing: str,
) -> None:
    """Where the browser has no frames to hand over, the page itself draws for the worker."""
    session, badges = door_of_a_class(world)
    browser = launch(*camera.switches(film_of(badges, tmp_path / "class.y4m")))
    page = new_context(manager_of(world), by=browser).new_page()
    complaints = complaints_of(page)
    page.add_init_script(f"delete window['{missing}']")
    page.goto(f"/desk/{session.pk}/")
    assert page.evaluate("name => name in window", missing or "BarcodeDetector") is False

    open_camera(page)

    expect(page.locator(".counts b").first).to_have_text(str(CLASS), timeout=60_000)
    expect(page.locator(".seat.in")).to_have_count(CLASS)
    # The film begins again: they are shown once more, and are in already.
    expect(page.locator(".result.dup .w")).to_have_text("已签过到")
    assert arrivals() == EVERYBODY
    assert set(CheckIn.objects.values_list("session_id", flat=True)) == {session.pk}
    assert complaints == []


def test_camera_reads_without_a_network(
    world: World, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    """Everything that the camera needs was kept with the page."""
    _session, badges = door_of_a_class(world)
    browser = launch(*camera.switches(film_of(badges, tmp_path / "class.y4m")))
    context = new_context(manager_of(world), by=browser)
    page = context.new_page()
    complaints = complaints_of(page)
    register(page)
    context.set_offline(True)
    page.reload()
    expect(page.locator("#door-net.bad")).to_contain_text("断网")

    open_camera(page)

    expect(page.locator("#door-unsent")).to_have_text(f"未送出：{CLASS}", timeout=60_000)
    expect(page.locator("button.seat.queue")).to_have_count(CLASS)
    expect(page.locator("#door-result.dup .w")).to_have_text("已签过到")
    expect(page.locator("#door-unsent")).to_have_text(f"未送出：{CLASS}")
    assert arrivals() == []
    assert fits(page)
    assert axe_violations(page) == []

    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(page.locator("button.seat.in")).to_have_count(CLASS)
    assert arrivals() == EVERYBODY
    assert [text for text in complaints if "ERR_INTERNET_DISCONNECTED" not in text] == []


def posts_of(page: Page) -> list[str]:
    found: list[str] = []
    page.on("request", lambda sent: found.append(sent.url) if sent.method == "POST" else None)
    return found


def film_of_one(badge: Badge, to: Path) -> Path:
    camera.film_badge(printed([badge]), to)
    return to


@pytest.mark.parametrize("width", [390, 1280])
def test_badge_held_still_is_sent_once(
    world: World,
    launch: Callable[..., Browser],
    new_context: NewContext,
    tmp_path: Path,
    width: int,
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    browser = launch(*camera.switches(film_of_one(badge, tmp_path / "badge.y4m")))
    page = new_context(manager_of(world), by=browser, width=width).new_page()
    complaints, posts = complaints_of(page), posts_of(page)
    page.goto(f"/desk/{session.pk}/")

    open_camera(page)

    expect(page.locator(".result.in .w")).to_have_text("已签到")
    expect(page.locator(".result .p")).to_have_text(badge.student.name)
    page.wait_for_timeout(4_000)
    expect(page.locator(".result.in .w")).to_have_text("已签到")
    assert posts == [page.url + "check-in/"]
    event = CheckIn.objects.get()
    assert (event.student_id, event.session_id, event.kind, event.way_in) == (
        badge.student_id,
        session.pk,
        EventKind.IN,
        WayIn.CAMERA,
    )
    # A light is offered only where the camera has one.
    expect(page.get_by_role("button", name="手电")).to_be_hidden()
    assert fits(page)
    assert axe_violations(page) == []
    assert complaints == []


def test_badge_that_nobody_answered_for_is_taken_again_when_shown_again(
    world: World, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    """Held still it is asked for once, not with every frame; put away, it need not stay away for
    as long as one that was answered."""
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    (picture,) = camera.badge_pictures(printed([badge]), 1)
    film = tmp_path / "twice.y4m"
    camera.film([(camera.scene(picture), 30), (camera.nothing(), 15)], film)
    page = new_context(manager_of(world), by=launch(*camera.switches(film))).new_page()
    page.goto(f"/desk/{session.pk}/")
    posts = posts_of(page)
    page.route("**/check-in/", lambda route: route.abort(), times=1)

    open_camera(page)

    expect(page.locator(".result.off .w")).to_have_text("没有签上")
    expect(page.locator(".result.in .w")).to_have_text("已签到")
    assert len(posts) == 2
    assert arrivals() == [(2, "camera")]


DETECTOR = """
window.seen = "";
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { return window.seen ? [{ rawValue: window.seen }] : []; }
};
"""


def test_browsers_own_detector_is_used_where_there_is_one(
    world: World, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    """Chromium here has none, so one stands in for it: what a tablet's browser brings along."""
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    film = tmp_path / "nothing.y4m"
    camera.film_nothing(film)
    page = new_context(manager_of(world), by=launch(*camera.switches(film))).new_page()
    page.add_init_script(DETECTOR)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(f"/desk/{session.pk}/")
    open_camera(page)

    page.evaluate("code => { window.seen = code; }", badges[1].code)
    expect(page.locator(".result.in .p")).to_have_text(badges[1].student.name)
    page.evaluate("code => { window.seen = code; }", badges[2].code)
    expect(page.locator(".result.in .p")).to_have_text(badges[2].student.name)
    # Held still it stays green; put away for a while and shown again it is in already.
    page.wait_for_timeout(500)
    expect(page.locator(".result.in")).to_have_count(1)
    page.evaluate("() => { window.seen = ''; }")
    page.wait_for_timeout(3_300)
    page.evaluate("code => { window.seen = code; }", badges[2].code)
    expect(page.locator(".result.dup .p")).to_have_text(badges[2].student.name)

    assert [url for url in sent if url.endswith(".wasm")] == []
    assert len([url for url in sent if url.endswith("/check-in/")]) == 3
    assert CheckIn.objects.count() == 2


CLAIMS = "BarcodeDetector.getSupportedFormats = async () => ['qr_code'];"


@pytest.mark.parametrize("claim", ["", CLAIMS])
def test_detector_with_nothing_behind_it_gives_way_to_ours(
    world: World,
    launch: Callable[..., Browser],
    new_context: NewContext,
    tmp_path: Path,
    claim: str,
) -> None:
    """Chromium's own class, switched on where nothing implements it: it reads no format, or, as
    on Android without Google's services, says that it does and refuses when asked."""
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    film = film_of_one(badge, tmp_path / "badge.y4m")
    browser = launch("--enable-blink-features=BarcodeDetector", *camera.switches(film))
    page = new_context(manager_of(world), by=browser).new_page()
    complaints = complaints_of(page)
    page.add_init_script(claim)
    page.goto(f"/desk/{session.pk}/")
    assert page.evaluate("BarcodeDetector.getSupportedFormats()") == (["qr_code"] if claim else [])

    open_camera(page)

    expect(page.locator(".result.in .p")).to_have_text(badge.student.name)
    assert complaints == []


NO_CAMERAS = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
TAKEN = """
MediaDevices.prototype.getUserMedia = async () => {
  throw new DOMException("Could not start video source", "NotReadableError");
};
"""
FAKE = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"


@pytest.mark.parametrize(
    ("switches", "host", "script", "sentence"),
    [
        ([], "localhost", "", "这台设备没有摄像头。"),
        ([FAKE], "localhost", "", "没有使用摄像头的许可。"),
        ([FAKE, ALLOWED], "localhost", TAKEN, "摄像头打不开，可能正被别的应用占用。"),
        (
            ["--host-resolver-rules=MAP testserver 127.0.0.1"],
            "testserver",
            "",
            "要用 https 打开本页，才能用摄像头",
        ),
        ([], "localhost", NO_CAMERAS, "这个浏览器用不了摄像头。"),
    ],
    ids=["absent", "refused", "in use", "insecure", "old browser"],
)
def test_why_there_is_no_camera_is_said_and_the_other_ways_stay(
    world: World,
    launch: Callable[..., Browser],
    new_context: NewContext,
    live_server: LiveServer,
    switches: list[str],
    host: str,
    script: str,
    sentence: str,
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[1]
    address = live_server.url.replace("localhost", host)
    context = new_context(by=launch(*switches), permissions=[])
    key = signed_in_session(manager_of(world))
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": address}])
    page = context.new_page()
    page.add_init_script(script)
    page.goto(f"{address}/desk/{session.pk}/")

    page.get_by_role("button", name="打开摄像头").click()

    expect(page.locator("#camera-note")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="打开摄像头")).to_be_visible()
    expect(page.get_by_role("region", name="扫码窗口")).to_be_hidden()
    assert fits(page)
    assert axe_violations(page) == []
    page.get_by_label("胸牌码").fill(badge.code)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.in .p")).to_have_text(badge.student.name)


def test_decoder_that_did_not_arrive_is_fetched_again(
    world: World, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    browser = launch(*camera.switches(film_of_one(badge, tmp_path / "badge.y4m")))
    page = new_context(manager_of(world), by=browser).new_page()
    page.goto(f"/desk/{session.pk}/")
    page.route("**/*.wasm", lambda route: route.abort())
    page.get_by_role("button", name="打开摄像头").click()
    expect(page.locator("#camera-note")).to_contain_text("读码程序没有载入")
    page.unroute("**/*.wasm")

    open_camera(page)

    expect(page.locator(".result.in .p")).to_have_text(badge.student.name)
    expect(page.locator("#camera-note")).to_be_hidden()


# Keeps what the browser really gives: the tracks of the camera and the locks on the screen.
WITNESS = """
window.locks = [];
const request = WakeLock.prototype.request;
WakeLock.prototype.request = async function (kind) {
  const lock = await request.call(this, kind);
  window.locks.push(lock);
  return lock;
};
window.tracks = [];
const open = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = async function (wish) {
  const stream = await open.call(this, wish);
  window.tracks.push(...stream.getTracks());
  return stream;
};
window.setInterval(() => {
  // Not yet, while one page makes way for another.
  if (!document.documentElement) return;
  const { dataset } = document.documentElement;
  dataset.live = window.tracks.map((track) => track.readyState === "live").join();
  dataset.awake = window.locks.map((lock) => !lock.released).join();
}, 50);
window.setHidden = (isHidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


def expect_on(page: Page, *on: bool) -> None:
    """Of all tracks and locks that there were, these are still on."""
    told = ",".join("true" if one else "false" for one in on)
    expect(page.locator("html")).to_have_attribute("data-live", told)
    expect(page.locator("html")).to_have_attribute("data-awake", told)


def test_camera_rests_while_nobody_sees_the_page(
    world: World, launch: Callable[..., Browser], new_context: NewContext
) -> None:
    """Two cameras in turn; off with the page, on again with it; the screen stays lit meanwhile."""
    session = session_at_the_door(world)
    browser = launch(f"{FAKE}=device-count=2", ALLOWED)
    page = new_context(manager_of(world), by=browser).new_page()
    complaints = complaints_of(page)
    page.add_init_script(WITNESS)
    page.goto(f"/desk/{session.pk}/")

    open_camera(page)
    expect_on(page, True)
    page.evaluate("setHidden(true)")
    expect_on(page, False)
    page.evaluate("setHidden(false)")
    expect_on(page, False, True)
    expect(page.get_by_role("region", name="扫码窗口")).to_be_visible()

    page.get_by_role("button", name="换摄像头").click()
    expect_on(page, False, False, True)
    assert page.evaluate("tracks.slice(1).map((track) => track.label)") == [
        "fake_device_0",
        "fake_device_1",
    ]
    # Coming back to the page finds it as it was left.
    page.reload()
    expect_on(page, True)
    assert page.evaluate("tracks[0].label") == "fake_device_1"

    page.get_by_role("button", name="关闭摄像头").click()
    expect_on(page, False)
    expect(page.get_by_role("button", name="打开摄像头")).to_be_focused()
    # The camera that was chosen is no longer there: the other.
    page.evaluate("localStorage.setItem('door-camera', 'gone')")
    open_camera(page)
    expect_on(page, False, True)
    page.get_by_role("button", name="关闭摄像头").click()
    expect_on(page, False, False)
    page.reload()
    page.wait_for_timeout(500)
    expect_on(page)
    assert complaints == []


def test_camera_that_is_taken_away_is_said(
    world: World, launch: Callable[..., Browser], new_context: NewContext
) -> None:
    """The browser's process that holds the camera dies, as when its cable is pulled."""
    session = session_at_the_door(world)
    browser = launch(FAKE, ALLOWED)
    page = new_context(manager_of(world), by=browser).new_page()
    page.goto(f"/desk/{session.pk}/")
    open_camera(page)
    expect(page.locator("#camera video")).to_have_js_property("paused", False)
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    holders = [
        one["id"]
        for one in processes
        if "video_capture" in " ".join(psutil.Process(one["id"]).cmdline())
    ]

    for pid in holders:
        os.kill(pid, signal.SIGKILL)

    assert len(holders) == 1
    expect(page.locator("#camera-note")).to_contain_text("摄像头打不开")
    expect(page.get_by_role("button", name="打开摄像头")).to_be_visible()
