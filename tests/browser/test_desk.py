"""The door in a real Chromium: a printed badge read by the page's own decoder, typed codes,
ticks, and the badge's own page."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, expect

from accounts.models import Membership
from attendance.choices import EventKind, WayIn
from attendance.documents.badges import BadgePart, BadgeRow, badge_sheets
from attendance.models import Badge, CheckIn
from courses.models import CourseSession
from hours.models import HourCredit
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser import camera
from tests.browser.conftest import axe_violations, fits
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

NewContext = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


def world_today() -> World:
    """A seventh grade today, whatever today is."""
    now = timezone.now()
    made = make_world(now)
    ClassGroup.objects.update(entry_year=school_year(local_day(now)) - 1)
    made.group.refresh_from_db()
    return made


def session_at_the_door(world: World, *, minutes: int = 5) -> CourseSession:
    """Booked for the world's class; it starts in so many minutes from now."""
    now = timezone.now()
    session = world.session(day=local_day(now) + timedelta(days=3), starts=time(9))
    make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    return moved(session, now + timedelta(minutes=minutes))


def moved(session: CourseSession, starts_at: datetime) -> CourseSession:
    """To a time at which no teacher may book any more."""
    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=2)
    )
    session.refresh_from_db()
    return session


def manager_of(world: World) -> Membership:
    return Membership.objects.get(pk=world.manager.membership_id)


def printed(badge: Badge, world: World) -> bytes:
    """The sheet as the school prints it, this badge the first on it."""
    row = BadgeRow(
        code=badge.code,
        name=badge.student.name,
        class_label="七(3)班",
        seat="2 号",
        school=world.school.name,
    )
    return badge_sheets([BadgePart(world.school.name, [row])], hint="")


def test_camera_reads_a_printed_badge_and_lets_its_bearer_in(
    world: World, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    film = tmp_path / "badge.y4m"
    camera.film_badge(printed(badge, world), film)
    browser = launch(*camera.switches(film))
    page = new_context(manager_of(world), by=browser).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(f"/desk/{session.pk}/")
    assert page.evaluate("'BarcodeDetector' in window") is False

    page.get_by_role("button", name="打开摄像头").click()

    expect(page.locator(".result.in .w")).to_have_text("已签到", timeout=20_000)
    expect(page.locator(".result .p")).to_have_text(badge.student.name)
    event = CheckIn.objects.get()
    assert (event.student_id, event.session_id, event.kind, event.way_in) == (
        badge.student_id,
        session.pk,
        EventKind.IN,
        WayIn.CAMERA,
    )
    # Held in front of the camera it is not sent again.
    page.wait_for_timeout(4_000)
    expect(page.locator(".result.in .w")).to_have_text("已签到")
    assert complaints == []


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
    page.get_by_role("button", name="打开摄像头").click()

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


def test_seats_and_codes_are_answered_without_leaving_the_page(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    stranger = make_badges(world.new_group(9, 1), now=timezone.now())[1]
    page = new_context(manager_of(world)).new_page()
    page.goto(f"/desk/{session.pk}/")
    page.evaluate("window.notLeft = true")

    page.get_by_role("button", name=badges[1].student.name).click()
    expect(page.locator(".result.in .p")).to_have_text(badges[1].student.name)
    page.get_by_label("胸牌码").fill(badges[2].code.lower())
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.in .p")).to_have_text(badges[2].student.name)
    expect(page.get_by_label("胸牌码")).to_have_value("")
    page.get_by_label("胸牌码").fill(badges[2].code)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.dup .w")).to_have_text("已签过到")
    page.get_by_label("胸牌码").fill(stranger.code)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.out .w")).to_have_text("不在本场")
    expect(page.get_by_label("胸牌码")).to_have_value(stranger.code)

    assert page.evaluate("window.notLeft") is True
    expect(page.locator(".counts b").first).to_have_text("2")
    page.get_by_role("button", name=badges[1].student.name).click()
    page.wait_for_url(f"**/desk/{session.pk}/places/*/")
    page.get_by_role("button", name="请假").click()
    page.wait_for_url(f"**/desk/{session.pk}/")
    expect(page.locator(".seat.exc")).to_have_count(1)
    assert axe_violations(page) == []


def test_answer_that_does_not_come_is_said(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[1]
    context = new_context(manager_of(world))
    page = context.new_page()
    page.goto(f"/desk/{session.pk}/")

    context.set_offline(True)
    page.get_by_label("胸牌码").fill(badge.code)
    page.get_by_label("胸牌码").press("Enter")

    expect(page.locator(".result.off .w")).to_have_text("没有签上")
    expect(page.get_by_label("胸牌码")).to_have_value(badge.code)
    context.set_offline(False)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.in .w")).to_have_text("已签到")
    assert CheckIn.objects.count() == 1


def test_camera_that_is_not_there_is_said(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    page = new_context(manager_of(world)).new_page()
    page.goto(f"/desk/{session.pk}/")

    page.get_by_role("button", name="打开摄像头").click()

    expect(page.locator("#camera-note")).to_contain_text("用不了摄像头")
    expect(page.get_by_role("button", name="打开摄像头")).to_be_visible()


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_whole_door_without_scripts(world: World, new_context: NewContext, width: int) -> None:
    session = session_at_the_door(world, minutes=0)
    badges = make_badges(world.group, now=timezone.now())
    page = new_context(manager_of(world), width=width, java_script_enabled=False).new_page()
    page.goto("/desk/")

    page.get_by_role("link", name="面包师").click()
    page.get_by_label("胸牌码").fill(badges[1].code)
    page.get_by_role("button", name="签到", exact=True).click()
    expect(page.locator(".result.in .p")).to_have_text(badges[1].student.name)
    page.get_by_role("button", name=badges[2].student.name).click()
    expect(page.locator(".result.in .p")).to_have_text(badges[2].student.name)
    page.get_by_role("link", name="改状态").click()
    page.get_by_role("button", name=badges[3].student.name).click()
    page.get_by_role("button", name="缺席").click()
    page.get_by_role("link", name="其余记为已到").click()
    page.get_by_role("button", name="其余记为已到").click()
    page.get_by_role("link", name="结束签到，记学时").click()
    expect(page.get_by_role("link", name="还在上课，先不结束")).to_be_visible()
    # Two hours later.
    moved(session, timezone.now() - timedelta(hours=2, minutes=1))
    page.reload()
    page.get_by_role("button", name="全班离开，结束签到").click()

    expect(page.locator(".result.off .w")).to_have_text("已结束")
    assert HourCredit.objects.count() == 4
    page.get_by_role("link", name="重新打开").click()
    page.get_by_label("原因").fill("名单点错")
    page.get_by_role("button", name="重新打开").click()
    expect(page.locator(".seat.abs")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_door_pages_fit_and_axe_finds_nothing(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_at_the_door(world, minutes=-1)
    badges = make_badges(world.group, now=timezone.now())
    place = session.places.get(student=badges[1].student)
    host = new_context(manager_of(world), width=width).new_page()
    teacher = new_context(world.teacher_membership, width=width).new_page()
    ends = ("", "?mode=menu", f"places/{place.pk}/", "rest/", "close/", "reopen/")
    pages = [(host, "/desk/"), *((host, f"/desk/{session.pk}/{end}") for end in ends)]
    pages += [
        (teacher, f"/classes/{world.group.pk}/badges/"),
        (teacher, f"/classes/{world.group.pk}/badges/{badges[1].student_id}/"),
    ]

    found = {}
    for page, address in pages:
        page.goto(address)
        found[address] = ([] if fits(page) else ["too wide"]) + axe_violations(page)

    assert found == {address: [] for _page, address in pages}


@pytest.mark.parametrize("width", [390, 1280])
def test_badge_page_shows_the_way_to_who_knows_the_number(
    world: World, new_context: NewContext, width: int
) -> None:
    session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    page = new_context(width=width).new_page()
    page.goto("/badge/")

    page.get_by_label("胸牌码").fill(badge.code)
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("heading", name="下一次")).to_be_visible()
    assert "焙烤实训中心" not in page.locator("main").inner_text()
    page.get_by_label("学号").fill(badge.student.student_no)
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("焙烤实训中心 1号实训室")).to_be_visible()

    assert badge.code not in page.url
    assert badge.student.name not in page.content()
    assert fits(page)
    assert axe_violations(page) == []
    page.get_by_label("胸牌码").fill("AAAA")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("没有这个胸牌码。").first).to_be_visible()
    assert axe_violations(page) == []
