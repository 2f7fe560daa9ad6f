"""The form for a new plan counts along where there are scripts, and misleads nobody where there are
none; English labels have room on a phone."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from hours.models import PracticumRequirement
from planning import tasks
from planning.models import CohortPlan
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, read
from tests.factories.accounts import MembershipFactory, OrganisationFactory

from .test_planning_journey import tuesday

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def world(transactional_db: None) -> World:
    """Two schools: one class of five, and three classes of 1,200 together."""
    now = timezone.now()
    made = make_world(now)
    PracticumRequirement.objects.update(
        counts_from=local_day(now) - timedelta(days=60), due_on=local_day(now) + timedelta(days=200)
    )
    far = OrganisationFactory(name="平江中学")
    for number in (1, 2, 3):
        made.new_group(number, 400, school=far)
    ClassGroup.objects.update(entry_year=school_year(local_day(now)) - 1)
    made.session(day=tuesday(2))
    return made


def opened(new_context: NewContext, *, scripts: bool, width: int = 390) -> Page:
    secretary = MembershipFactory(secretariat=True)
    page = new_context(secretary, width=width, java_script_enabled=scripts).new_page()
    page.goto("/plans/new/")
    return page


def test_the_schools_are_counted_as_they_are_ticked(world: World, new_context: NewContext) -> None:
    page = opened(new_context, scripts=True, width=1280)
    summary, note = page.locator(".schools summary"), page.locator("[data-planned-for]")
    expect(summary).to_have_text("学校（选了 2 所，共 2 所）")
    expect(note).to_contain_text("将为 4 个班的 1,205 名学生排场次")

    page.get_by_label("平江中学").uncheck()

    expect(summary).to_have_text("学校（选了 1 所，共 2 所）")
    expect(note).to_contain_text("将为 1 个班的 5 名学生排场次")
    page.get_by_label("清河中学").uncheck()
    expect(summary).to_have_text("学校（选了 0 所，共 2 所）")
    expect(note).to_be_hidden()
    page.get_by_label("平江中学").check()
    expect(note).to_contain_text("将为 3 个班的 1,200 名学生排场次")
    assert axe_violations(page) == []
    # One press is enough: what it is for was seen.
    page.get_by_role("button", name="开始计算").click()
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    plan = CohortPlan.objects.get()
    assert [one.school.name for one in plan.schools.all()] == ["平江中学"]
    expect(page.locator("main")).to_contain_text("算好会自动显示方案。")
    expect(page.locator("noscript span")).to_have_count(0)


def test_without_scripts_nothing_is_said_that_changes_unseen(
    world: World, new_context: NewContext
) -> None:
    page = opened(new_context, scripts=False)
    expect(page.locator(".schools summary")).to_have_text("学校（共 2 所）")
    expect(page.locator("noscript p")).to_have_text("改选学校后按“开始计算”，会先显示新的人数。")
    expect(page.locator("noscript p")).to_be_visible()

    page.get_by_label("平江中学").uncheck()
    page.get_by_role("button", name="开始计算").click()

    expect(page.locator("main")).to_contain_text("要统筹的学校变了，请看一下新的人数")
    expect(page.locator("main")).to_contain_text("将为 1 个班的 5 名学生排场次")
    assert fits(page)
    page.get_by_role("button", name="开始计算").click()
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    expect(page.locator("noscript span")).to_have_text("算好以后点“刷新”看方案。")
    expect(page.locator("noscript span")).to_be_visible()
    expect(page.get_by_text("算好会自动显示方案。")).to_be_hidden()
    tasks.solve(CohortPlan.objects.get().pk)
    page.get_by_role("link", name="刷新").click()
    expect(page.get_by_role("heading", name="各班")).to_be_visible()


GAPS = """(() => {
  const boxes = [...document.querySelectorAll(".tabbar a")].map((link) => {
    const range = document.createRange();
    range.selectNodeContents(link.lastChild);
    return { lines: range.getClientRects().length, box: range.getBoundingClientRect() };
  });
  return {
    lines: boxes.map((one) => one.lines),
    right: boxes[boxes.length - 1].box.right,
    least: Math.min(...boxes.slice(1).map((one, at) => one.box.left - boxes[at].box.right)),
  };
})()"""


@pytest.mark.parametrize("width", [320, 360, 390])
@pytest.mark.parametrize("role", ["secretariat", "host_manager", "coordinator"])
def test_english_labels_of_the_bottom_bar_stand_apart_on_one_line(
    transactional_db: None, new_context: NewContext, role: str, width: int
) -> None:
    member = MembershipFactory(**{role: True}, user__language="en")
    page = new_context(member, width=width).new_page()
    page.goto("/me/")
    expect(page.locator("html")).to_have_attribute("lang", "en")

    found = read(page, GAPS)

    assert set(found["lines"]) == {1}
    assert found["least"] >= (4 if width < 340 else 6)
    assert found["right"] <= width
