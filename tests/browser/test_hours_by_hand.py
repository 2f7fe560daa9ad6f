"""From the last tap at a door to hours that two people agree on, without JavaScript; and every
page of it at phone and desk width."""

import os
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Membership
from attendance.models import Desk, HourProposal
from hours.models import HourCredit
from tests.bookings.conftest import World
from tests.browser.conftest import axe_violations, fits, follow
from tests.browser.test_desk import moved, session_at_the_door, world
from tests.factories.attendance import let_in
from tests.factories.rules import make_edition, make_secretary

NewContext = Callable[..., BrowserContext]

__all__ = ["world"]

PICTURES = os.environ.get("PICTURES", "")


def looked_at(page: Page, name: str, wrong: list[str]) -> None:
    """At both widths: nothing for axe to say, nothing sticks out."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        wrong += [f"{name} {width}: {one}" for one in axe_violations(page)]
        if not fits(page):
            wrong.append(f"{name} {width}: scrolls sideways")
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})


@pytest.mark.django_db(transaction=True)
def test_a_door_closes_and_a_missed_session_is_made_up(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    for student in world.students[:3]:
        let_in(student, by=world.manager, session=session, now=timezone.now())
    moved(session, timezone.now() - timedelta(hours=3))
    manager = Membership.objects.get(pk=world.manager.membership_id)
    coordinator = Membership.objects.get(pk=world.coordinator.membership_id)
    host = new_context(manager).new_page()
    teacher = new_context(world.teacher_membership, java_script_enabled=False).new_page()
    office = new_context(coordinator, java_script_enabled=False).new_page()
    group, absent = world.group, world.students[3]

    host.goto(f"/desk/{session.pk}/close/")
    expect(host.get_by_text("到了 3 人，签退 0 人。")).to_be_visible()
    host.get_by_role("button", name="全班离开，结束签到").click()
    expect(host.get_by_text("签到已结束，学时已记。")).to_be_visible()
    desk = Desk.objects.get()
    assert (desk.heads_in, desk.heads_out) == (3, 3)

    teacher.goto(f"/classes/{group.pk}/students/{absent.pk}/")
    missed = teacher.locator("section", has=teacher.locator("#missed"))
    follow(missed.get_by_role("link", name="补记", exact=True))
    teacher.get_by_text("补课：缺席或请假，后来补上了").click()
    teacher.get_by_label("原因").fill("下午补上")
    follow(teacher.get_by_role("button", name="提交复核"))
    expect(teacher.get_by_text("已提交，等另一个人复核。")).to_be_visible()

    office.goto("/")
    follow(office.get_by_role("link", name="1 份补记学时的申请等您复核"))
    follow(office.locator("a.line").first)
    office.get_by_role("button", name="同意，记入学时").click()
    expect(office.get_by_text("已同意，学时已记入。")).to_be_visible()

    assert HourCredit.objects.get(student=absent).kind == "make_up"
    assert HourProposal.objects.get().decider == coordinator.user


@pytest.mark.django_db(transaction=True)
def test_its_pages_are_accessible_and_fit(world: World, new_context: NewContext) -> None:
    make_edition(valid_from=date(2099, 9, 1), now=timezone.now())
    session = session_at_the_door(world)
    for student in world.students[:3]:
        let_in(student, by=world.manager, session=session, now=timezone.now())
    moved(session, timezone.now() - timedelta(hours=1))
    wrong: list[str] = []
    manager = Membership.objects.get(pk=world.manager.membership_id)
    coordinator = Membership.objects.get(pk=world.coordinator.membership_id)
    host = new_context(manager).new_page()
    group = world.group

    host.goto(f"/desk/{session.pk}/")
    looked_at(host, "desk", wrong)
    host.goto(f"/desk/{session.pk}/close/")
    host.locator("details summary").click()
    looked_at(host, "close", wrong)
    host.get_by_label("清点离开的学生人数").fill("2")
    follow(host.get_by_role("button", name="按这个人数结束"))
    looked_at(host, "close-refused", wrong)
    host.get_by_label("对不上的原因").fill("1 名学生由家长接走")
    follow(host.get_by_role("button", name="按这个人数结束"))
    looked_at(host, "desk-closed", wrong)
    follow(host.locator("#missed ~ ul a").first)
    looked_at(host, "host-propose", wrong)

    teacher = new_context(world.teacher_membership).new_page()
    student = world.students[3]
    moved(session, timezone.now() - timedelta(hours=4))
    teacher.goto(f"/school/students/{student.pk}/hours/new/?session={session.pk}")
    looked_at(teacher, "propose", wrong)
    teacher.get_by_text("漏记：到了，但没有记上学时").click()
    teacher.get_by_label("原因").fill("到了，没带胸牌")
    follow(teacher.get_by_role("button", name="提交复核"))
    looked_at(teacher, "proposals", wrong)
    proposal = HourProposal.objects.get()
    teacher.goto(f"/proposals/{proposal.pk}/")
    looked_at(teacher, "proposal-own", wrong)
    teacher.goto(f"/classes/{group.pk}/students/{student.pk}/")
    looked_at(teacher, "student-missed", wrong)
    office = new_context(coordinator).new_page()
    office.goto(f"/proposals/{proposal.pk}/")
    looked_at(office, "proposal", wrong)
    office.get_by_role("button", name="同意，记入学时").click()
    expect(office.get_by_text("已同意，学时已记入。")).to_be_visible()
    office.goto(f"/classes/{group.pk}/students/{student.pk}/")
    follow(office.get_by_role("link", name="更正", exact=True))
    looked_at(office, "correct", wrong)
    office.get_by_label("应记几学时").fill("2")
    office.get_by_label("原因").fill("只有半场")
    office.get_by_role("button", name="提交复核").click()
    expect(office.get_by_text("已提交，等另一个人复核。")).to_be_visible()
    secretary = new_context(make_secretary()).new_page()
    secretary.goto("/overview/")
    looked_at(secretary, "overview", wrong)
    secretary.goto("/proposals/")
    follow(secretary.locator("a.line").first)
    secretary.get_by_role("button", name="同意，记入学时").click()
    expect(secretary.get_by_text("已同意，学时已记入。")).to_be_visible()
    looked_at(secretary, "proposals-secretariat", wrong)
    office.goto(f"/classes/{group.pk}/students/{student.pk}/")
    looked_at(office, "student-corrected", wrong)
    secretary.goto("/rules/")
    looked_at(secretary, "rules", wrong)
    secretary.goto("/rules/new/")
    secretary.get_by_label("生效日").fill("2099-10-01")
    secretary.get_by_label("为什么改").fill("统一标准")
    follow(secretary.get_by_role("button", name="先看影响"))
    looked_at(secretary, "rules-preview", wrong)

    assert wrong == []
