"""The room's screen and a phone before it, in a real Chromium: the code on the picture is read by
a reader that is not ours, the badge typed, the name confirmed."""

import io
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from accounts.models import Membership
from attendance.choices import WayIn
from attendance.models import CheckIn
from courses.models import CourseSession
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.attendance.readers import by_zxing
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def world(transactional_db: None) -> World:
    """A seventh grade today, whatever today is; nobody has guessed at a code yet."""
    cache.clear()
    made = make_world(timezone.now())
    ClassGroup.objects.update(entry_year=school_year(local_day(timezone.now())) - 1)
    made.group.refresh_from_db()
    return made


def session_at_the_door(world: World) -> CourseSession:
    now = timezone.now()
    session = world.session(day=local_day(now) + timedelta(days=3), starts=time(9))
    make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=now + timedelta(minutes=5), ends_at=now + timedelta(hours=2)
    )
    session.refresh_from_db()
    return session


@pytest.mark.parametrize("scripts", [True, False])
def test_a_code_on_the_screen_lets_a_phone_in(
    world: World, new_context: NewContext, scripts: bool
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    manager = Membership.objects.get(pk=world.manager.membership_id)
    screen = new_context(manager, width=1280, java_script_enabled=scripts).new_page()
    complaints: list[str] = []
    screen.on(
        "console", lambda line: complaints.append(line.text) if line.type == "error" else None
    )
    screen.goto(f"/desk/{session.pk}/")
    follow(screen.get_by_role("button", name="打开屏幕签到"))
    expect(screen.locator(".code6")).to_be_visible()
    if scripts:
        assert axe_violations(screen) == []
    (found,) = by_zxing([Image.open(io.BytesIO(screen.screenshot()))])
    (address,) = found
    first = screen.locator(".code6").inner_text()

    phone = new_context(None, width=390, java_script_enabled=scripts).new_page()
    phone.goto(address)
    assert fits(phone)
    if scripts:
        assert axe_violations(phone) == []
    phone.get_by_label("胸牌码").fill(badge.code.lower())
    phone.get_by_role("button", name="下一步").click()
    expect(phone.get_by_text(f"{badge.student.name[0]}○")).to_be_visible()
    assert fits(phone)
    if scripts:
        assert axe_violations(phone) == []
    assert not CheckIn.objects.exists()
    phone.get_by_role("button", name="确认签到").click()
    expect(phone.locator(".result.in .w")).to_have_text("已签到")
    if scripts:
        assert axe_violations(phone) == []

    event = CheckIn.objects.get()
    assert (event.student_id, event.way_in) == (badge.student_id, WayIn.ROOM)
    # The screen follows by itself, and so does the code.
    expect(screen.locator(".dots li.present")).to_have_text("2 出席")
    expect(screen.locator(".code6")).not_to_have_text(first)
    assert complaints == []


def test_screen_says_so_where_the_network_is_gone(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    manager = Membership.objects.get(pk=world.manager.membership_id)
    context = new_context(manager, width=390)
    screen = context.new_page()
    screen.goto(f"/desk/{session.pk}/")
    follow(screen.get_by_role("button", name="打开屏幕签到"))
    expect(screen.locator(".code6")).to_be_visible()
    assert fits(screen)

    context.set_offline(True)
    expect(screen.locator("#room-lost")).to_have_text("没有连上网络，码可能已过期。正在重连。")
    context.set_offline(False)
    expect(screen.locator("#room-lost")).to_be_hidden()
    screen.get_by_role("button", name="关闭屏幕签到").click()
    expect(screen.get_by_text("屏幕签到已关闭。")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_whole_class_comes_and_leaves_by_its_teachers_code(
    world: World, new_context: NewContext, scripts: bool
) -> None:
    session = session_at_the_door(world)
    booking = session.bookings.get()
    teacher = new_context(
        world.teacher_membership, width=390, java_script_enabled=scripts
    ).new_page()
    teacher.goto(f"/trips/{booking.pk}/")
    follow(teacher.get_by_role("link", name="全班签到码"))
    expect(teacher.locator(".code6")).to_have_text(booking.reservation.reference)
    assert fits(teacher)
    if scripts:
        assert axe_violations(teacher) == []
    (found,) = by_zxing([Image.open(io.BytesIO(teacher.screenshot()))])

    manager = Membership.objects.get(pk=world.manager.membership_id)
    desk = new_context(manager, width=390, java_script_enabled=scripts).new_page()
    desk.goto(f"/desk/{session.pk}/")
    desk.get_by_label("胸牌码").fill(found[0])
    desk.get_by_role("button", name="签到", exact=True).click()
    expect(desk.get_by_role("heading", name="全班签到")).to_be_visible()
    assert fits(desk)
    if scripts:
        assert axe_violations(desk) == []
    desk.get_by_role("checkbox").nth(1).uncheck()
    desk.get_by_role("button", name="勾选的学生签到").click()
    expect(desk.get_by_text("4 人已签到。")).to_be_visible()
    assert CheckIn.objects.filter(way_in=WayIn.CLASS).count() == 4

    desk.goto(f"/desk/{session.pk}/class/{booking.reservation.reference}/?mode=out")
    expect(desk.get_by_role("checkbox")).to_have_count(4)
    desk.get_by_role("button", name="勾选的学生签退").click()
    expect(desk.get_by_text("4 人已签退。")).to_be_visible()
