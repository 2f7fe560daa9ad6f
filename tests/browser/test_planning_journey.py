"""A district is planned: two plans are compared, one is published, a host calls a session off, and
what is lost is planned anew. And a school fills its own hours."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Membership
from bookings.models import Booking, Reservation
from courses.models import CourseSession, CourseVersion
from hours.models import PracticumRequirement
from planning import tasks
from planning.choices import PlanState
from planning.models import CohortPlan
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.planning.conftest import offer

NewContext = Callable[..., BrowserContext]


def tuesday(weeks: int) -> date:
    today = local_day(timezone.now())
    return today + timedelta(days=(1 - today.weekday()) % 7 + 7 * weeks)


@pytest.fixture
def world(transactional_db: None) -> World:
    """Two schools with three seventh grades that lack eight hours, and two courses of four."""
    now = timezone.now()
    made = make_world(now)
    PracticumRequirement.objects.update(
        class_hours=8,
        counts_from=local_day(now) - timedelta(days=60),
        due_on=local_day(now) + timedelta(days=200),
    )
    made.teach(made.new_group(4, 4))
    other = OrganisationFactory(name="平江中学")
    away = made.new_group(1, 5, school=other)
    teacher = MembershipFactory(organisation=other)
    away.teachers.create(membership=teacher, is_homeroom=True)
    ClassGroup.objects.update(entry_year=school_year(local_day(now)) - 1)
    for version in (made.version, offer(made, "花艺师")):
        sessions(made, version)
    return made


def sessions(world: World, version: CourseVersion) -> list[CourseSession]:
    """Three, each with seats for all."""
    first = version == world.version
    return [
        world.session(version=version, day=tuesday(2 + number) + timedelta(days=0 if first else 2))
        for number in range(3)
    ]


def checked(page: Page, *, scripts: bool) -> None:
    # Axe is a script.
    assert not scripts or axe_violations(page) == [], page.url
    assert fits(page), page.url


def planned(page: Page, *, trips: bool = False) -> CohortPlan:
    """A plan is asked for and shown; the cluster's part is done here."""
    page.goto("/plans/new/")
    if trips:
        page.get_by_text("少跑优先").click()
    page.get_by_role("button", name="开始计算").click()
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    plan = CohortPlan.objects.latest("pk")
    tasks.solve(plan.pk)
    return shown(page, plan)


def shown(page: Page, plan: CohortPlan) -> CohortPlan:
    """The page of a plan that is ready; without JavaScript by its own link."""
    link = page.get_by_role("link", name="刷新")
    if link.is_visible() and not page.evaluate("typeof htmx !== 'undefined'"):
        link.click()
    expect(page.get_by_role("heading", name="各班")).to_be_visible()
    plan.refresh_from_db()
    return plan


def published(page: Page, plan: CohortPlan) -> None:
    page.get_by_role("link", name="发布").click()
    page.get_by_role("button", name="发布方案").click()
    page.wait_for_url(re.compile(rf"/plans/{plan.pk}/$"))
    tasks.publish(plan.pk)
    shown(page, plan)
    assert plan.state == PlanState.PUBLISHED


@pytest.mark.parametrize(("width", "scripts"), [(390, True), (820, True), (1280, False)])
def test_a_district_is_planned_published_and_made_good(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    secretary = MembershipFactory(secretariat=True)
    page = new_context(secretary, width=width, java_script_enabled=scripts).new_page()
    page.goto("/plans/")
    expect(page.locator("main")).to_contain_text("还没有统筹方案")
    checked(page, scripts=scripts)
    page.get_by_role("link", name="新建方案").click()
    expect(page.locator("main")).to_contain_text("将为 3 个班的 14 名学生排场次")
    checked(page, scripts=scripts)

    first = planned(page)
    checked(page, scripts=scripts)
    expect(page.locator("main")).to_contain_text("14 / 14 人")
    second = planned(page, trips=True)
    assert (first.reached, second.reached) == (14, 14)

    page.goto("/plans/")
    for box in page.get_by_role("checkbox").all():
        box.check()
    checked(page, scripts=scripts)
    page.get_by_role("button", name="比较选中的方案").click()
    expect(page.get_by_role("heading", name="比较方案")).to_be_visible()
    expect(page.locator("main")).to_contain_text("能修满的学生（共 14 人）")
    checked(page, scripts=scripts)

    page.get_by_role("link", name=f"方案 {first.pk}", exact=True).click()
    published(page, first)
    checked(page, scripts=scripts)
    assert Reservation.objects.count() == 3
    assert Booking.objects.live().count() == first.classes.exclude(places=None).count() * 2

    lost = Booking.objects.live().order_by("session__starts_at", "pk")[0].session
    classes = Booking.objects.live().filter(session=lost).count()
    host = Membership.objects.get(pk=world.manager.membership_id)
    door = new_context(host, width=width, java_script_enabled=scripts).new_page()
    door.goto(f"/today/sessions/{lost.pk}/cancel/")
    door.get_by_label("原因", exact=True).select_option(label="设备或场地")
    door.get_by_role("button", name="取消场次").click()
    door.get_by_text("场次已取消").wait_for()

    # The secretariat finds it where it looks, and is led to the plan.
    lost = f"1 场落空，{classes} 个班受影响"
    page.goto("/plans/")
    expect(page.locator("main")).to_contain_text(lost)
    checked(page, scripts=scripts)
    page.goto("/overview/")
    checked(page, scripts=scripts)
    page.get_by_role("link", name=f"方案 {first.pk}：{lost}").click()
    expect(page.get_by_role("region", name="方案和现在")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"{classes} 个班的")
    expect(page.locator("main")).to_contain_text("有场次落空")
    checked(page, scripts=scripts)
    page.get_by_role("link", name="重新统筹", exact=True).click()
    checked(page, scripts=scripts)
    page.get_by_role("button", name="重新统筹").click()
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    again = CohortPlan.objects.latest("pk")
    tasks.solve(again.pk)
    shown(page, again)

    page.get_by_role("link", name="看变动").click()
    expect(page.locator("main")).to_contain_text(
        f"落空 {classes} 场，新增 {classes} 场，{classes} 场不变。"
    )
    checked(page, scripts=scripts)
    published(page, again)
    checked(page, scripts=scripts)
    page.goto(f"/plans/{first.pk}/")
    expect(page.locator("main")).not_to_contain_text("有场次落空")
    page.get_by_role("link", name="撤回").click()
    expect(page.locator("main")).to_contain_text(f"方案 {again.pk} 不会一起撤回")
    checked(page, scripts=scripts)
    for group in ClassGroup.objects.all():
        live = Booking.objects.live().filter(class_group=group).select_related("session")
        assert sorted(one.session.version_id for one in live) == sorted(
            CourseVersion.objects.values_list("pk", flat=True)
        )


def test_a_school_fills_its_own_hours_with_the_keyboard(
    world: World, new_context: NewContext
) -> None:
    office = Membership.objects.get(pk=world.coordinator.membership_id)
    page = new_context(office, width=1280).new_page()
    page.goto("/school/")

    page.get_by_role("link", name="补齐学时").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="补齐学时").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("将为 2 个班的 9 名学生排场次")
    assert axe_violations(page) == []
    page.get_by_role("button", name="开始计算").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    plan = CohortPlan.objects.latest("pk")
    tasks.solve(plan.pk)
    shown(page, plan)
    page.get_by_role("link", name="七(3)班").focus()
    page.keyboard.press("Enter")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("学生301").first).to_be_visible()
    assert axe_violations(page) == []
    page.goto(f"/plans/{plan.pk}/")
    published(page, plan)

    assert Reservation.objects.filter(school=world.school).count() == 2
    assert (plan.reached, plan.students) == (9, 9)
