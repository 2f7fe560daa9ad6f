"""Fourteen hours for a class: proposed, gathered in a basket, in groups; grown and asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bookings.models import BasketItem, Booking, ChangeRequest
from courses.models import CourseSession
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.bookings import make_booking

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


def checked(page: Page) -> None:
    assert axe_violations(page) == [], page.url
    assert fits(page), page.url


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_fourteen_hours_for_a_class_in_at_most_six_interactions(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    days = [session_in(world, 14 + day, class_hours=7) for day in range(2)]
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/")
    hand = Hand()

    hand.press(page.get_by_role("link", name="排满学时"))
    hand.press(page.get_by_role("button", name="预约方案 1"))

    page.wait_for_url("**/trips/")
    assert len(hand.pressed) <= 6
    assert [
        (one.session_id, one.seats, one.adults) for one in Booking.objects.order_by("session_id")
    ] == [(day.pk, 5, 2) for day in days]
    assert "2 场约好了" in page.locator("main").inner_text()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_two_sessions_gathered_in_the_basket_and_booked_in_six(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    for day in range(2):
        session_in(world, 14 + day, class_hours=7)
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/")
    hand = Hand()

    hand.press(page.get_by_role("link", name="选课").locator("visible=true").first)
    hand.press(page.get_by_role("link", name="面包师"))
    hand.press(page.get_by_role("button", name="放进待约清单").first)
    hand.press(page.get_by_role("link", name="面包师"))
    hand.press(page.get_by_role("button", name="放进待约清单").last)
    page.get_by_text("0 + 14").wait_for()
    hand.press(page.get_by_role("button", name="预约这 2 项"))

    page.wait_for_url("**/trips/")
    assert len(hand.pressed) == 6
    assert Booking.objects.count() == 2
    assert not BasketItem.objects.exists()


@pytest.mark.parametrize("width", [390, 1280])
def test_an_item_taken_out_of_the_basket_is_put_back(
    world: World, new_context: NewContext, width: int
) -> None:
    session_in(world, 14)
    page = new_context(world.teacher_membership, width=width).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(f"/courses/{world.version.course_id}/?class={world.group.pk}")
    checked(page)
    page.get_by_role("button", name="放进待约清单").click()
    page.wait_for_url("**/basket/")
    checked(page)

    follow(page.get_by_role("button", name="移出：面包师"))
    page.get_by_text("已移出待约清单。").wait_for()
    checked(page)
    follow(page.get_by_role("button", name="放回去"))

    page.get_by_role("button", name="预约这 1 项").wait_for()
    expect(page.get_by_role("link", name="待约清单，1 项")).to_have_count(1)
    assert complaints == []


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_class_goes_in_two_groups_as_one_trip(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    first, second = session_in(world, 14, capacity=3), session_in(world, 14, capacity=3)
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/courses/{world.version.course_id}/?class={world.group.pk}")

    follow(page.get_by_role("link", name="分组同去").first)
    if scripts:
        checked(page)
        page.get_by_text("自己分组").click()
        checked(page)
    page.get_by_role("button", name="提交预约").click()

    page.get_by_text("本班分 2 组同去").wait_for()
    assert [(one.session_id, one.seats) for one in Booking.objects.order_by("session_id")] == [
        (first.pk, 3),
        (second.pk, 2),
    ]
    page.goto("/trips/")
    assert page.locator(".trips > li").count() == 1
    assert "分 2 组" in page.locator(".trips").inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_booking_grows_and_after_the_freeze_is_asked_for(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_in(world, 14)
    booking = make_booking(
        by=world.teacher,
        session=session,
        class_group=world.group,
        now=timezone.now(),
        student_ids=[student.pk for student in world.students[:3]],
    )
    page = new_context(world.teacher_membership, width=width).new_page()
    page.goto(f"/trips/{booking.pk}/")
    checked(page)

    follow(page.get_by_role("link", name="修改学生和人数"))
    checked(page)
    page.get_by_label(world.students[3].name).check()
    page.get_by_role("button", name="保存").click()

    page.get_by_text("已保存，现在是 4 人。").wait_for()
    assert CourseSession.objects.get().seats_taken == 4

    world.season.freeze_days = 30
    world.season.save()
    page.goto(f"/trips/{booking.pk}/change/")
    page.get_by_label(world.students[4].name).check()
    page.get_by_role("button", name="保存或提出申请").click()
    page.get_by_text("请写明原因，对方会看到。").first.wait_for()
    page.get_by_label("原因（开课单位会看到）").fill("又有一人能来。")
    checked(page)
    page.get_by_role("button", name="保存或提出申请").click()
    page.get_by_text("申请已发给开课单位，答复前预约不变。").wait_for()
    checked(page)

    host = new_context(
        world.host.memberships.get(pk=world.manager.membership_id), width=width
    ).new_page()
    host.goto("/today/")
    follow(host.get_by_role("link", name="1 份修改申请等您答复"))
    checked(host)
    follow(host.get_by_role("link", name="清河中学"))
    host.get_by_text("增加：5号").wait_for()
    checked(host)
    host.get_by_role("button", name="同意", exact=True).click()
    host.get_by_text("已答复，学校会收到通知。").wait_for()

    assert ChangeRequest.objects.get().state == "accepted"
    assert CourseSession.objects.get().seats_taken == 5
    page.goto(f"/trips/{booking.pk}/")
    page.get_by_text(world.students[4].name).wait_for()
    assert "5 人" in page.locator("main").inner_text()
    checked(page)
    host.goto("/requests/")
    host.get_by_text("没有等您答复的申请").wait_for()
    follow(host.get_by_role("link", name="已办结"))
    host.get_by_text("增加：5号").wait_for()
    checked(host)


@pytest.mark.parametrize("width", [390, 1280])
def test_proposals_are_accessible_and_fit_the_window(
    world: World, new_context: NewContext, width: int
) -> None:
    page = new_context(world.teacher_membership, width=width).new_page()
    page.goto(f"/classes/{world.group.pk}/complete/")
    checked(page)
    for day in range(6):
        session_in(world, 14 + day, class_hours=7)
    page.reload()

    assert page.get_by_role("button", name="预约方案").count() == 3
    checked(page)
