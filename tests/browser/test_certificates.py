"""Certificates on a phone: issued, printed, checked by a stranger, with and without scripts."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from attendance.models import Certificate
from attendance.services import certificates
from hours.models import HourCredit, PracticumRequirement
from tests.bookings.conftest import World, world
from tests.browser.conftest import axe_violations, drawn_width

__all__ = ["world"]


def look_at(page: Page, address: str, width: int, *, javascript: bool) -> None:
    page.goto(address)
    if javascript:
        assert axe_violations(page) == []
        assert drawn_width(page) == width


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("javascript", [True, False])
def test_issued_at_school_and_checked_anywhere(
    new_context: Any, world: World, now: datetime, width: int, javascript: bool
) -> None:
    session = world.session(class_hours=14)
    PracticumRequirement.objects.update(counts_from="2020-01-01", due_on="2090-01-01")
    for student in world.students[:2]:
        HourCredit.objects.create(
            student=student, school=world.school, session=session, kind="attendance",
            class_hours=14, earned_on=session.starts_at.date(), credited_at=now,
        )  # fmt: skip
    certificates.take_to_print(
        by=world.teacher, class_group=world.group, now=timezone.now(),
        student_ids=[world.students[0].pk],
    )  # fmt: skip
    made = Certificate.objects.get()
    context: BrowserContext = new_context(
        world.teacher_membership, width=width, java_script_enabled=javascript
    )
    page = context.new_page()
    pk = world.group.pk
    look_at(page, f"/classes/{pk}/certificates/", width, javascript=javascript)
    assert page.get_by_text("1 人还没有有效的证书").is_visible()
    assert page.get_by_role("button", name="打印 2 份证书").is_visible()

    anybody = new_context(width=width, java_script_enabled=javascript).new_page()
    look_at(anybody, "/verify/", width, javascript=javascript)
    anybody.get_by_label("证书编号").fill(made.code.lower())
    anybody.get_by_role("button", name="核验").click()
    anybody.get_by_text("与学时记录一致。").wait_for()
    assert anybody.get_by_role("status").inner_text().split()[:3] == ["有效", "学○○", "14"]
    look_at(anybody, f"/verify/{made.code}/", width, javascript=javascript)
    look_at(anybody, f"/verify/{'A' * 16}/", width, javascript=javascript)
    assert anybody.get_by_text("查无此证").is_visible()

    revoking = f"/classes/{pk}/certificates/{world.students[0].pk}/revoke/"
    look_at(page, revoking, width, javascript=javascript)
    page.get_by_label("原因").fill("姓名有误")
    page.get_by_role("button", name="作废证书").click()
    page.get_by_text("证书已作废。已得学时不受影响。").wait_for()
    look_at(anybody, f"/verify/{made.code}/", width, javascript=javascript)
    assert anybody.get_by_role("status").inner_text().startswith("已作废")
