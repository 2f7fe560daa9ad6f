"""A teacher books for her class: in four interactions, on a phone and at a desk, with and
without JavaScript."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, expect

from bookings.models import Booking
from courses.models import CourseSession
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, follow

NewContext = Callable[..., BrowserContext]


@dataclass
class Hand:
    """Presses what it is shown, and counts."""

    pressed: list[str] = field(default_factory=list)

    def press(self, what: Locator) -> None:
        self.pressed.append(what.inner_text())
        follow(what)


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


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_from_signing_in_to_booked_in_four_interactions(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    session = session_in(world, 14)
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/")
    hand = Hand()

    hand.press(page.get_by_role("link", name="选课").locator("visible=true").first)
    hand.press(page.get_by_role("link", name="面包师"))
    hand.press(page.get_by_role("link", name="选这一场"))
    hand.press(page.get_by_role("button", name="提交预约"))

    page.wait_for_url("**/trips/*/")
    booking = Booking.objects.get()
    assert len(hand.pressed) == 4
    assert (booking.session_id, booking.class_group_id, booking.seats) == (
        session.pk,
        world.group.pk,
        5,
    )
    body = page.locator("main").inner_text()
    assert f"预约号 {booking.reservation.reference}" in body
    assert "七(3)班约好了" in body
    assert page.locator('a[href$=".ics"]').count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_and_fit_the_window(
    world: World, new_context: NewContext, width: int
) -> None:
    free, few = session_in(world, 14), session_in(world, 15, capacity=2)
    full = session_in(world, 16)
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=40)
    page = new_context(world.teacher_membership, width=width).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)

    for path in (
        "/find/",
        "/find/?q=潜水&hours=9",
        "/find/?since=yesterday",
        f"/courses/{world.version.course_id}/",
        f"/sessions/{free.pk}/book/",
        f"/sessions/{few.pk}/book/",
        f"/sessions/{full.pk}/book/",
    ):
        page.goto(path)

        assert axe_violations(page) == [], path
        assert fits(page), path

    assert complaints == []


def test_refusal_is_seen_and_what_was_typed_stays(world: World, new_context: NewContext) -> None:
    session = session_in(world, 14, capacity=10)
    page = new_context(world.teacher_membership).new_page()
    page.goto(f"/sessions/{session.pk}/book/")
    page.get_by_label("给开课单位的话").fill("请留前排。")
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=8)

    page.get_by_role("button", name="提交预约").click()

    page.get_by_text("名额不够：这一场还剩 2 位，您要 5 位。没有约成，名额未扣。").wait_for()
    assert page.get_by_label("给开课单位的话").input_value() == "请留前排。"
    assert axe_violations(page) == []


def test_class_is_changed_by_choosing_it(world: World, new_context: NewContext) -> None:
    second = world.new_group(4, 2, entry_year=world.group.entry_year)
    world.teach(second)
    page = new_context(world.teacher_membership).new_page()
    page.goto("/find/?hours=4")

    page.get_by_label("为哪个班选课").select_option(label="七(4)班 · 2 人")

    page.wait_for_url(f"**/find/**class={second.pk}**")
    assert "hours=4" in page.url


def test_filters_are_sent_without_javascript(world: World, new_context: NewContext) -> None:
    page = new_context(world.teacher_membership, width=1280, java_script_enabled=False).new_page()
    page.goto("/find/")

    facets = page.locator("aside")
    facets.get_by_text("烹饪与面点").click()
    facets.get_by_role("button", name="查看课程").click()

    expect(page.locator("aside input[name=family]:checked")).to_have_count(1)
    assert "family=f1" in page.url


def test_ticked_filter_moves_the_results_and_keeps_the_focus(
    world: World, new_context: NewContext
) -> None:
    session_in(world, 14)
    page = new_context(world.teacher_membership, width=1280).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto("/find/")
    page.evaluate("window.stayed = true")

    page.locator("#w-f2").check()

    page.get_by_text("没有符合条件的课程").wait_for()
    expect(page).to_have_url(re.compile("family=f2"))
    assert page.evaluate("window.stayed") is True
    expect(page.locator("#w-f2")).to_be_focused()
    page.go_back()
    page.get_by_role("link", name="面包师").wait_for()
    assert complaints == []


def test_the_slip_follows_ticks_and_number(world: World, new_context: NewContext) -> None:
    session = session_in(world, 20)
    page = new_context(world.teacher_membership).new_page()
    page.goto(f"/sessions/{session.pk}/book/?class={world.group.pk}")
    slip = page.locator("[data-coming]")
    everybody = world.group.students.count()
    expect(slip).to_have_text(f"{everybody} 人")

    page.locator("#id_students summary").click()
    page.locator("input[name=students]").first.uncheck()
    expect(slip).to_have_text(f"{everybody - 1} 人")
    page.fill("input[name=seats]", "2")
    expect(slip).to_have_text("2 人")
    page.fill("input[name=seats]", "")
    expect(slip).to_have_text(f"{everybody - 1} 人")
