"""What waits, what is missing and what cannot be: said before anybody fills in a form."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bookings.models import Booking, ChangeRequest
from bookings.services import change_requests, lists
from courses.models import CourseSession
from sites.calendar import local_day
from tests.bookings.conftest import World
from tests.browser.conftest import follow
from tests.browser.test_basket import NewContext, checked, session_in, world
from tests.factories.bookings import make_booking

__all__ = ["world"]


def booked(world: World, **more: object) -> Booking:
    return make_booking(
        by=world.teacher,
        session=session_in(world, 14, capacity=4),
        class_group=world.group,
        now=timezone.now(),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_waiting_request_is_met_first_and_taken_back(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    keys = [student.pk for student in world.students]
    booking = booked(world, student_ids=keys[:2])
    world.season.freeze_days = 30
    world.season.save()
    now = timezone.now()
    booking.refresh_from_db()
    change_requests.ask_change(
        by=world.teacher,
        booking=booking,
        edition=1,
        wanted=lists.look_up(
            booking, now, student_ids=keys, seats=None, adults=None, companions=None
        ),
        reason="全班都能来。",
        now=now,
    )
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/trips/{booking.pk}/")
    waiting = page.get_by_role("region", name="有一份修改申请在等开课单位答复")
    waiting.get_by_text("余位不够：开课单位要先加 1 个名额才能同意。").wait_for()
    if scripts:
        checked(page)

    page.get_by_role("link", name="申请修改学生和人数").click()
    page.wait_for_url("**/change/")
    if scripts:
        checked(page)
    boxes = [one.bounding_box() for one in (waiting, page.get_by_label("名额总数"))]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == 2
    assert tops == sorted(tops)
    follow(waiting.get_by_role("button", name="撤回申请"))
    page.get_by_text("申请已撤回，预约不变。").wait_for()

    assert page.url.endswith(f"/trips/{booking.pk}/change/")
    assert waiting.count() == 0
    assert ChangeRequest.objects.get().state == "withdrawn"


@pytest.mark.parametrize("width", [390, 1280])
def test_more_than_there_can_be_is_said_before_and_refused_at_the_number(
    world: World, new_context: NewContext, width: int
) -> None:
    booking = booked(world, student_ids=[world.students[0].pk])
    version = booking.session.version
    version.group_size_max = 4
    version.save()
    world.season.freeze_days = 30
    world.season.save()
    page = new_context(world.teacher_membership, width=width).new_page()
    page.goto(f"/trips/{booking.pk}/change/")
    seats = page.get_by_label("名额总数")
    hint = page.get_by_text("这一场只余 3 位，最多 4 人。")
    assert seats.get_attribute("aria-describedby") == hint.get_attribute("id")

    seats.fill("5")
    page.get_by_label("原因（开课单位会看到）").fill("全班都能来。")
    page.get_by_role("button", name="保存或提出申请").click()
    page.get_by_text("这一场只余 3 位，这个预约最多 4 人。申请没有发出。").wait_for()

    checked(page)
    assert seats.input_value() == "5"
    assert hint.count() == 1
    page.get_by_role("link", name="名额总数").click()
    expect(seats).to_be_focused()
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_missing_names_are_reached_from_the_list_of_trips(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    booking = booked(world, student_ids=[], seats=3)
    context = new_context(world.teacher_membership, width=width, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/trips/")
    if scripts:
        checked(page)

    page.get_by_role("link", name="待报名单 3 人").click()
    page.wait_for_url(f"**/trips/{booking.pk}/change/")
    for student in world.students[:3]:
        page.get_by_label(student.name).check()
    page.get_by_role("button", name="保存").click()
    page.get_by_text("已保存，现在是 3 人。").wait_for()
    page.goto("/trips/")

    assert page.get_by_text("待报名单").count() == 0
    assert CourseSession.objects.get().seats_taken == 3


@pytest.mark.parametrize("width", [390, 1280])
def test_groups_are_offered_where_they_can_be_had_and_keep_what_was_filled_in(
    world: World, new_context: NewContext, width: int
) -> None:
    for days in (14, 14, 15):
        session_in(world, days, capacity=3)
    page = new_context(world.teacher_membership, width=width).new_page()
    page.goto(f"/courses/{world.version.course_id}/?class={world.group.pk}")
    checked(page)
    assert page.get_by_role("link", name="分组同去").count() == 2
    page.get_by_text("不能分组同去：同一天没有别的场次既适合这个班又有空位。").wait_for()

    follow(page.get_by_role("link", name="分组同去").first)
    page.get_by_text("自己分组").click()
    for student in world.students:
        page.get_by_label(student.name).select_option("1")
    page.get_by_role("button", name="提交预约").click()
    alert = page.get_by_role("alert")
    alert.wait_for()

    checked(page)
    day = local_day(timezone.now()) + timedelta(days=14)
    assert alert.inner_text().startswith(f"第 2 组，{day.month} 月 {day.day} 日")
    cards = page.locator("main form .list > li")
    assert [card.locator("p").first.inner_text() for card in cards.all()] == [
        "第 1 组 0 人",
        "第 2 组 5 人 · 1–5 号",
    ]
    assert not Booking.objects.exists()
