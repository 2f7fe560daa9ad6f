"""A teacher chooses another session: the old seats stay until the new ones are certain."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator

from bookings.models import Booking, SeatHold
from courses.models import CourseSession
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits
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


def booked(world: World, session: CourseSession) -> Booking:
    return make_booking(
        by=world.teacher, session=session, class_group=world.group, now=timezone.now()
    )


def box(part: Locator) -> Any:
    """Where the part is and how large."""
    return part.bounding_box()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_booking_is_swapped_in_three_steps(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    old, new = session_in(world, 14), session_in(world, 15)
    session_in(world, 16, capacity=4)
    booking = booked(world, old)
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/trips/{booking.pk}/")

    page.get_by_role("link", name="换一场").click()
    page.wait_for_url("**/swap/")
    buttons = page.get_by_role("button", name="换到这一场")
    assert buttons.count() == 1
    buttons.click()
    page.wait_for_url("**/swap/confirm/")
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.seats_taken, new.seats_held) == (5, 5)
    page.get_by_label("为什么换").fill("那天期中考试")
    page.get_by_role("button", name="确认换场").click()

    page.get_by_text("已换好，原来的名额已放出").wait_for()
    made = Booking.objects.live().get()
    assert page.url.endswith(f"/trips/{made.pk}/")
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.seats_taken, new.seats_taken, new.seats_held) == (0, 5, 0)
    page.goto(f"/trips/{booking.pk}/")
    page.get_by_role("link", name="已换到").click()
    page.wait_for_url(f"**/trips/{made.pk}/")


def test_seats_that_went_meanwhile_leave_the_old_booking(
    world: World, new_context: NewContext
) -> None:
    booking = booked(world, session_in(world, 14))
    new = session_in(world, 15)
    page = new_context(world.teacher_membership).new_page()
    page.goto(f"/trips/{booking.pk}/swap/")
    CourseSession.objects.filter(pk=new.pk).update(seats_taken=38)

    page.get_by_role("button", name="换到这一场").click()

    page.get_by_text("名额不够：这一场还剩 2 位，您要 5 位。").wait_for()
    booking.refresh_from_db()
    assert booking.is_live
    assert axe_violations(page) == []


def test_kept_seats_that_ran_out_are_told_and_can_be_chosen_again(
    world: World, new_context: NewContext
) -> None:
    booking = booked(world, session_in(world, 14))
    session_in(world, 15)
    page = new_context(world.teacher_membership).new_page()
    page.goto(f"/trips/{booking.pk}/swap/")
    page.get_by_role("button", name="换到这一场").click()
    page.wait_for_url("**/swap/confirm/")
    SeatHold.objects.update(
        made_at=timezone.now() - timedelta(minutes=20),
        expires_at=timezone.now() - timedelta(minutes=5),
    )

    page.get_by_role("button", name="确认换场").click()

    page.get_by_text("为换场次保留的名额已经放出，原来的预约没有变。").wait_for()
    assert axe_violations(page) == []
    page.get_by_role("link", name="重新选一场").click()
    page.wait_for_url("**/swap/")


def test_giving_up_keeps_the_booking(world: World, new_context: NewContext) -> None:
    booking = booked(world, session_in(world, 14))
    session_in(world, 15)
    page = new_context(world.teacher_membership).new_page()
    page.goto(f"/trips/{booking.pk}/swap/")
    page.get_by_role("button", name="换到这一场").click()

    page.get_by_role("button", name="不换了").click()

    page.get_by_text("没有换，原来的预约不变").wait_for()
    assert not SeatHold.objects.standing().exists()
    booking.refresh_from_db()
    assert booking.is_live


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_are_accessible_and_fit_the_window(
    world: World, new_context: NewContext, width: int
) -> None:
    booking = booked(world, session_in(world, 2))
    for day in (14, 15, 16):
        session_in(world, day)
    page = new_context(world.teacher_membership, width=width).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)

    for path in (
        f"/trips/{booking.pk}/",
        f"/trips/{booking.pk}/cancel/",
        f"/trips/{booking.pk}/swap/",
    ):
        page.goto(path)
        assert axe_violations(page) == [], path
        assert fits(page), path
    assert "会记为“临时取消”" in page.locator("main").inner_text()
    page.get_by_role("button", name="换到这一场").first.click()
    page.wait_for_url("**/swap/confirm/")

    assert axe_violations(page) == []
    assert fits(page)
    assert complaints == []


def test_selects_are_as_wide_and_tall_as_a_thumb_needs(
    world: World, new_context: NewContext
) -> None:
    """On a phone: the swap's days fill their line, and so do a class's own groups their column."""
    old, small = session_in(world, 14), session_in(world, 15, capacity=3)
    for days in (15, 16):
        session_in(world, days)
    booking = booked(world, old)
    other = world.new_group(7, 5, entry_year=world.group.entry_year)
    world.teach(other)
    page = new_context(world.teacher_membership).new_page()

    page.goto(f"/trips/{booking.pk}/swap/")
    day, line = box(page.get_by_label("日期")), box(page.locator(".narrowing"))
    assert fits(page)
    assert axe_violations(page) == []
    page.goto(f"/sessions/{small.pk}/split/?class={other.pk}")
    page.get_by_text("自己分组").click()
    group = box(page.locator(".groups select").first)
    column = box(page.locator(".groups .field").first)

    assert min(day["height"], group["height"]) >= 44
    assert (day["width"], group["width"]) == (line["width"], column["width"])
    assert fits(page)
    assert axe_violations(page) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_day_without_anything_leads_to_the_days_with_something(
    world: World, new_context: NewContext, scripts: bool
) -> None:
    booking = booked(world, session_in(world, 14))
    for days in (15, 17, 18):
        session_in(world, days)
    nothing = local_day(timezone.now()) + timedelta(days=16)
    context = new_context(world.teacher_membership, width=390, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/trips/{booking.pk}/swap/?day={nothing}")

    page.get_by_text("这一天没有能换的场次。").wait_for()
    assert fits(page)
    assert not scripts or axe_violations(page) == []
    assert page.get_by_role("button", name="换到这一场").count() == 0
    page.get_by_role("navigation", name="有能换的场次的日子").get_by_role("link").nth(1).click()

    page.wait_for_url(f"**/swap/?day={nothing + timedelta(days=1)}")
    assert page.get_by_role("button", name="换到这一场").count() == 1
