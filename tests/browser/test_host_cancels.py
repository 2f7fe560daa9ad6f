"""A host calls a session off, makes it smaller, moves it: the schools see what became of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from accounts.models import Membership
from bookings.models import Booking
from courses.models import CourseSession
from notifications.models import Message
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.bookings import make_booking

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def world(transactional_db: None) -> World:
    """A seventh grade today, whatever today is."""
    now = timezone.now()
    made = make_world(now)
    ClassGroup.objects.update(entry_year=school_year(local_day(now)) - 1)
    made.group.refresh_from_db()
    return made


def session_in(world: World, days: int, **values: int) -> CourseSession:
    return world.session(day=local_day(timezone.now()) + timedelta(days=days), **values)


def booked(world: World, session: CourseSession, group: ClassGroup | None = None) -> Booking:
    return make_booking(
        by=world.coordinator,
        session=session,
        class_group=group or world.group,
        now=timezone.now(),
    )


def manager(world: World) -> Membership:
    return Membership.objects.get(pk=world.manager.membership_id)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_cancelled_class_books_what_still_fits(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    session, other = session_in(world, 14), session_in(world, 15)
    booking = booked(world, session)
    page = new_context(manager(world), width=width, java_script_enabled=scripts).new_page()
    page.goto(f"/today/{local_day(session.starts_at)}/")

    follow(page.get_by_role("link", name="取消场次"))
    expect(page.locator("main")).to_contain_text("还适合这个班的：")
    page.get_by_label("原因", exact=True).select_option(label="设备或场地")
    page.get_by_role("button", name="取消场次").click()
    page.get_by_text("场次已取消，约了的学校都已收到通知。").wait_for()

    booking.refresh_from_db()
    assert (booking.state, booking.cancel_code, booking.why_cancelled) == (
        "cancelled",
        "equipment",
        "设备或场地",
    )
    school = new_context(
        world.teacher_membership, width=width, java_script_enabled=scripts
    ).new_page()
    school.goto(f"/trips/{booking.pk}/")
    follow(school.get_by_role("link", name="约这一场"))
    school.get_by_role("button", name="提交预约").click()
    school.wait_for_url("**/trips/*/")
    assert Booking.objects.live().get().session_id == other.pk


@pytest.mark.parametrize("scripts", [True, False])
def test_a_cancelled_day_shows_what_still_fits_each_class(
    world: World, new_context: NewContext, scripts: bool
) -> None:
    session, other = session_in(world, 14), session_in(world, 15)
    bookings = [
        booked(world, session),
        booked(world, session, world.new_group(4, 4, entry_year=world.group.entry_year)),
    ]
    page = new_context(manager(world), java_script_enabled=scripts).new_page()
    page.goto(f"/today/{local_day(session.starts_at)}/")

    follow(page.get_by_role("link", name="取消这一天"))
    expect(page.get_by_text("还适合这个班的：")).to_have_count(2)
    assert fits(page)
    if scripts:
        assert axe_violations(page) == []
    page.get_by_label("原因", exact=True).select_option(label="设备或场地")
    page.get_by_role("button", name="取消这一天").click()
    page.get_by_text("1 场已取消，约了的学校都已收到通知。").wait_for()

    for row in (session, other, *bookings):
        row.refresh_from_db()
    assert [one.is_live for one in bookings] == [False, False]
    assert (session.state, other.state) == ("cancelled", "scheduled")


def test_a_double_click_cancels_once(world: World, new_context: NewContext) -> None:
    session = session_in(world, 14)
    booked(world, session)
    page = new_context(manager(world)).new_page()
    page.goto(f"/today/sessions/{session.pk}/cancel/")
    page.get_by_label("原因", exact=True).select_option(label="天气")

    page.get_by_role("button", name="取消场次").dblclick()

    page.wait_for_url("**/today/20*/")
    assert "已经取消" not in page.locator("main").inner_text()
    session.refresh_from_db()
    assert session.sequence == 1
    assert Message.objects.filter(kind="booking_cancelled").count() == 2


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_shrinking_asks_who_goes(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    session = session_in(world, 14)
    stays = booked(world, session)
    goes = booked(world, session, world.new_group(4, 4, entry_year=world.group.entry_year))
    context = new_context(manager(world), width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/today/{local_day(session.starts_at)}/")

    follow(page.get_by_role("link", name="调整场次"))
    page.get_by_label("名额", exact=True).fill("6")
    assert page.get_by_role("button", name="保存并通知").count() == 0
    page.get_by_role("button", name="先看影响").click()
    page.get_by_text("已有 9 位（含正在换场次的），改成 6 位还多 3 位。").wait_for()
    page.get_by_label("七(4)班").check()
    page.get_by_role("button", name="先看影响").click()
    page.get_by_text("可以这样改。").wait_for()
    assert "取消：清河中学 七(4)班 · 4 人" in page.locator("main").inner_text()
    # Seen without scrolling.
    assert page.get_by_text("可以这样改。").bounding_box()["y"] < 600
    assert fits(page)
    goes.refresh_from_db()
    assert goes.is_live
    page.get_by_role("link", name="去写原因并保存").click()
    page.get_by_label("原因", exact=True).select_option(label="设备或场地")
    page.get_by_role("button", name="保存并通知").click()

    page.get_by_text("已改好").wait_for()
    for row in (session, stays, goes):
        row.refresh_from_db()
    assert (session.capacity, session.seats_taken, stays.is_live, goes.is_live) == (
        6,
        5,
        True,
        False,
    )


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_an_odd_time_is_said_before_a_session_that_nobody_booked_is_saved(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    session = session_in(world, 14)
    context = new_context(manager(world), width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/today/sessions/{session.pk}/change/")

    page.get_by_label("开始").fill("05:00")
    page.get_by_label("结束").fill("07:30")
    page.get_by_label("原因", exact=True).select_option(label="其他")
    page.get_by_label("说明").fill("赶早市")
    page.get_by_role("button", name="保存并通知").click()
    page.get_by_text("5:00–7:30 不在 7:00–20:00 之内。").wait_for()

    assert page.get_by_text("请再核对一下：").bounding_box()["y"] < 900
    assert page.get_by_label("说明").input_value() == "赶早市"
    assert fits(page)
    if scripts:
        assert axe_violations(page) == []
    session.refresh_from_db()
    assert session.sequence == 0
    page.get_by_role("button", name="保存并通知").click()
    page.get_by_text("已改好").wait_for()
    session.refresh_from_db()
    assert session.sequence == 1


def test_a_move_that_clashes_says_who_and_with_what(world: World, new_context: NewContext) -> None:
    session, elsewhere = session_in(world, 14), session_in(world, 15)
    booked(world, session)
    booked(world, elsewhere)
    page = new_context(manager(world)).new_page()
    page.goto(f"/today/sessions/{session.pk}/change/")

    page.get_by_label("日期").fill(local_day(elsewhere.starts_at).isoformat())
    page.get_by_label("原因", exact=True).select_option(label="其他")
    page.get_by_label("说明").fill("换天")
    page.get_by_role("button", name="先看影响").click()

    page.get_by_text("还不能这样改：").wait_for()
    assert "七(3)班 1、2、3、4、5号在" in page.locator("main").inner_text()
    assert page.get_by_label("说明").input_value() == "换天"
    assert axe_violations(page) == []
    session.refresh_from_db()
    assert session.sequence == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_are_accessible_and_fit_the_window(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_in(world, 14)
    booking = booked(world, session)
    for day in (15, 16, 17):
        session_in(world, day)
    page = new_context(manager(world), width=width).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)

    for path in (
        f"/today/{local_day(session.starts_at)}/",
        f"/today/sessions/{session.pk}/cancel/",
        f"/today/sessions/{session.pk}/change/",
    ):
        page.goto(path)
        assert axe_violations(page) == [], path
        assert fits(page), path
    page.get_by_label("名额", exact=True).fill("4")
    page.get_by_role("button", name="先看影响").click()
    page.get_by_text("还不能这样改：").wait_for()

    assert axe_violations(page) == []
    assert fits(page)
    page.goto(f"/today/sessions/{session.pk}/cancel/")
    page.get_by_label("原因", exact=True).select_option(label="天气")
    page.get_by_role("button", name="取消场次").click()
    page.get_by_text("场次已取消").wait_for()
    school = new_context(world.teacher_membership, width=width).new_page()
    school.goto(f"/trips/{booking.pk}/")
    assert axe_violations(school) == []
    assert fits(school)
    assert complaints == []
