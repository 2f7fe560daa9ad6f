"""A desk closed over locked hours, on a phone: the host and the secretariat read what it means."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext

from accounts.choices import Role
from accounts.models import Membership
from hours import period_locks
from hours.models import HourCredit, PracticumRequirement
from sites.calendar import local_day
from tests.browser.conftest import axe_violations, fits
from tests.browser.test_desk import manager_of, moved, session_at_the_door, world_today
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.attendance import let_in

NewContext = Callable[..., BrowserContext]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_locked_class_is_closed_and_the_pages_say_what_comes_next(
    transactional_db: None, new_context: NewContext, width: int, tmp_path: Path
) -> None:
    cache.clear()
    world, now = world_today(), timezone.now()
    session = session_at_the_door(world, minutes=-1)
    secretary = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    day = local_day(now)
    PracticumRequirement.objects.update(
        counts_from=day - timedelta(days=9), due_on=day + timedelta(days=1)
    )
    for student in world.students[:3]:
        let_in(student, by=world.manager, session=session, now=now)
    period_locks.lock_period(
        by=world.coordinator,
        school=world.school,
        requirement=PracticumRequirement.objects.get(),
        now=now,
    )
    moved(session, now - timedelta(hours=2, minutes=1))
    desk = new_context(manager_of(world), width=width).new_page()
    locks = new_context(Membership.objects.get(pk=secretary.pk), width=width).new_page()

    desk.goto(f"/desk/{session.pk}/close/")
    desk.get_by_text("3 人的学时已由学校公示锁定，结束后不会变动。").wait_for()
    desk.get_by_role("button", name="全班离开，结束签到").click()
    desk.get_by_text("清河中学 3 人的学时没有按签到记入").first.wait_for()
    locks.goto("/locks/")
    locks.get_by_text("锁定后结束签到，学时没有记入").wait_for()

    assert not HourCredit.objects.exists()
    for name, page in (("desk", desk), ("locks", locks)):
        assert axe_violations(page) == [], name
        assert fits(page), name
        page.screenshot(path=tmp_path / f"{width}-{name}.png", full_page=True)
