"""A teacher says her class's wishes on a phone; the secretariat sees them counted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.choices import Role
from accounts.models import Membership, User
from courses.models import Season
from planning.models import ClassWish, WishList
from tests.bookings.conftest import World
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.planning.conftest import make_wishing, offer

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def world(transactional_db: None) -> World:
    """One class that has said nothing, and three occupations, of which one has seats."""
    made = make_wishing(timezone.now())
    offer(made, "花艺师", occupation_en="Florist")
    offer(made, "无人机飞手", occupation_en="Drone pilot")
    made.session(capacity=40)
    return made


def checked(page: Page, *, scripts: bool = True) -> None:
    # Axe is a script.
    assert not scripts or axe_violations(page) == [], page.url
    assert fits(page), page.url


def wishes() -> list[str]:
    return list(ClassWish.objects.order_by("rank").values_list("occupation", flat=True))


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_wishes_are_said_corrected_and_read_after_the_deadline(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    page = new_context(
        world.teacher_membership, width=width, java_script_enabled=scripts
    ).new_page()
    page.goto("/")
    checked(page, scripts=scripts)
    follow(page.get_by_role("link", name="1 个班还没有填志愿"))
    checked(page, scripts=scripts)

    page.get_by_label("第 1 志愿").select_option(label="花艺师（还没有场次）")
    page.get_by_label("第 2 志愿").select_option("花艺师")
    page.get_by_role("button", name="保存志愿").click()

    expect(page.get_by_label("第 2 志愿")).to_have_attribute("aria-invalid", "true")
    assert wishes() == []
    checked(page, scripts=scripts)
    page.get_by_label("第 2 志愿").select_option("面包师")
    page.get_by_role("button", name="保存志愿").click()
    expect(page.get_by_text("七(3)班的志愿已保存。")).to_be_visible()
    assert wishes() == ["花艺师", "面包师"]
    assert page.locator(".prose li").all_inner_texts() == ["花艺师", "面包师"]
    checked(page, scripts=scripts)

    page.get_by_role("button", name="都可以").click()
    expect(page.get_by_text("已记下：七(3)班都可以。")).to_be_visible()
    assert (WishList.objects.count(), wishes()) == (1, [])
    follow(page.get_by_role("link", name="班级志愿"))
    expect(page.locator("main .list li")).to_contain_text("都可以")
    checked(page, scripts=scripts)

    Season.objects.update(wishes_until=timezone.now() - timedelta(minutes=1))
    follow(page.locator("main .list a"))
    expect(page.get_by_text("截止，不能再改。")).to_be_visible()
    expect(page.get_by_role("button", name="保存志愿")).to_have_count(0)
    checked(page, scripts=scripts)


def test_wishes_are_said_with_the_keyboard_alone(world: World, new_context: NewContext) -> None:
    page = new_context(world.teacher_membership, width=1280).new_page()
    page.goto(f"/classes/{world.group.pk}/wishes/")
    page.get_by_label("第 1 志愿").focus()

    page.keyboard.press("ArrowDown")
    chosen = page.get_by_label("第 1 志愿").input_value()
    for _step in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_label("第 5 志愿")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="保存志愿")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("七(3)班的志愿已保存。")).to_be_visible()
    assert chosen != ""
    assert wishes() == [chosen]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_secretariat_reads_demand_beside_seats(
    world: World, new_context: NewContext, width: int, language: str
) -> None:
    secretary: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    User.objects.update(language=language)
    teacher = new_context(world.teacher_membership, width=width).new_page()
    teacher.goto(f"/classes/{world.group.pk}/wishes/")
    teacher.locator("select").first.select_option("花艺师")
    teacher.locator("form.panel button").first.click()
    expect(teacher.locator(".prose li")).to_have_count(1)
    checked(teacher)

    page = new_context(secretary, width=width).new_page()
    page.goto(f"/seasons/{world.season.pk}/")
    link = {"zh-hans": "各班志愿", "en": "Wishes of the classes"}[language]
    follow(page.get_by_role("link", name=link))

    row = page.locator("tbody tr").first
    name, short = {
        "zh-hans": ("花艺师", "名额不够第 1 志愿"),
        "en": ("Florist", "Too few seats for first wishes"),
    }[language]
    expect(row).to_contain_text(name)
    expect(row).to_contain_text(short)
    # Seventy rows are a long way on a phone: they begin folded.
    tables = page.locator("details.table-fold table")
    expect(tables).to_have_count(2)
    for table in tables.all():
        expect(table).to_be_visible(visible=width > 700)
    checked(page)
