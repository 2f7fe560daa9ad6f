"""The secretariat raises the hours, sees who would no longer be done, and confirms."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.choices import Role
from accounts.models import Membership
from hours.models import PracticumRequirement
from sites.calendar import local_day
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.hours import make_credit
from tests.factories.rosters import make_class

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def world(transactional_db: None) -> World:
    """Three of five students have the 14 hours; of another school's two nobody has any."""
    now = timezone.now()
    today = local_day(now)
    made = make_world(now)
    PracticumRequirement.objects.update(
        counts_from=today - timedelta(days=60), due_on=today + timedelta(days=200)
    )
    make_class(students=2, school=OrganisationFactory(name="平江中学"))
    past = made.session(day=today - timedelta(days=7), class_hours=14)
    for student in made.students[:3]:
        make_credit(by=made.manager, student=student, session=past, now=now)
    return made


def checked(page: Page, *, scripts: bool) -> None:
    # Axe is a script.
    assert not scripts or axe_violations(page) == [], page.url
    assert fits(page), page.url


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_hours_are_raised_once_it_is_seen_whom_that_leaves_short(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    secretary: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    page = new_context(secretary, width=width, java_script_enabled=scripts).new_page()
    page.goto("/requirements/")
    follow(page.get_by_role("link", name="初中职业体验"))

    page.get_by_label("学时", exact=True).fill("16")
    page.get_by_label("企业").fill("2")
    follow(page.get_by_role("button", name="先看影响"))

    note = page.locator(".note.warn")
    expect(note).to_contain_text("学时：14 → 16")
    expect(note).to_contain_text("企业至少几学时：不要求 → 2")
    numbers = note.locator("table").first.locator("tbody tr")
    assert [" ".join(row.split()) for row in numbers.all_inner_texts()] == [
        "适用的班级 2 2",
        "适用的学生 7 7",
        "其中已完成 3 0",
    ]
    expect(note).to_contain_text("3 名学生从已完成变为未完成。")
    rows = note.locator("table").nth(1).locator("tbody tr")
    assert rows.count() == 1
    expect(rows).to_contain_text(world.school.name)
    assert PracticumRequirement.objects.get().class_hours == 14
    checked(page, scripts=scripts)

    page.get_by_role("button", name="确认保存").click()

    expect(page.get_by_text("已保存。")).to_be_visible()
    expect(page.get_by_role("link", name="初中职业体验")).to_contain_text("16 学时")
    assert PracticumRequirement.objects.get().class_hours == 16
