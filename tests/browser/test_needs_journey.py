"""A teacher finds a student and writes down what she needs; the desk shows it that day."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from accounts.models import AuditEntry
from rosters.models import Student
from rosters.pinyin import initials_of
from sites.calendar import SHANGHAI
from tests.attendance.conftest import World
from tests.bookings.conftest import make_world
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    yield make_world(timezone.now())
    connection.close()


def test_a_need_written_by_the_teacher_is_seen_at_the_desk(
    world: World, new_context: Callable[..., BrowserContext]
) -> None:
    now = timezone.now().astimezone(SHANGHAI)
    starts = (now + timedelta(minutes=5)).replace(second=0, microsecond=0)
    session = world.session(day=starts.date(), starts=starts.time(), hours=0.1)
    instructor = MembershipFactory(instructor=True, organisation=world.host, user__name="赵师傅")
    session.instructor = instructor
    session.save(update_fields=["instructor"])
    Student.objects.filter(class_group=world.group, seat_no=2).update(
        name="欧阳思远", initials=initials_of("欧阳思远")
    )
    make_booking(by=world.teacher, session=session, class_group=world.group, now=timezone.now())
    teacher = new_context(world.teacher_membership).new_page()
    desk = new_context(instructor).new_page()

    teacher.goto("/classes/")
    follow(teacher.get_by_role("link", name="找学生、看任课"))
    found = axe_violations(teacher)
    teacher.get_by_label("找学生").fill("oysy")
    teacher.get_by_role("button", name="查找").click()
    teacher.get_by_role("link", name="欧阳思远").wait_for()
    assert "oysy" not in teacher.url
    found += axe_violations(teacher)
    follow(teacher.get_by_role("link", name="欧阳思远"))
    teacher.get_by_label("饮食").fill("花生过敏，带了药")
    teacher.locator("form", has=teacher.get_by_label("饮食")).get_by_role(
        "button", name="保存"
    ).click()
    expect(teacher.get_by_text("已保存，当天的指导教师能看到。")).to_be_visible()
    found += axe_violations(teacher)

    desk.goto(f"/desk/{session.pk}/")
    needs = desk.get_by_role("region", name="需要照顾")
    expect(needs).to_contain_text("2 号 欧阳思远")
    expect(needs).to_contain_text("饮食：花生过敏，带了药")
    found += axe_violations(desk)
    for page in (teacher, desk):
        if not fits(page):
            found.append(f"{page.url} scrolls sideways")

    assert found == []
    assert AuditEntry.objects.filter(verb="needs.read", facts__context="desk").exists()
