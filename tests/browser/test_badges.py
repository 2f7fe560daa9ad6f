"""The pages of badges on a phone and a wide screen, with and without scripts."""

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from attendance.models import Badge
from tests.bookings.conftest import World, world
from tests.browser.conftest import axe_violations, drawn_width
from tests.factories.attendance import make_badges

__all__ = ["world"]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("javascript", [True, False])
def test_class_is_issued_anew(
    new_context: Any, world: World, now: datetime, width: int, javascript: bool
) -> None:
    make_badges(world.group, now=now)
    before = set(Badge.objects.values_list("code", flat=True))
    context: BrowserContext = new_context(
        world.teacher_membership, width=width, java_script_enabled=javascript
    )
    page = context.new_page()
    pk = world.group.pk
    for address in (f"/classes/{pk}/badges/", "/classes/badges/", f"/classes/{pk}/badges/all/"):
        page.goto(address)
        if javascript:
            assert axe_violations(page) == []
            assert drawn_width(page) == width

    page.get_by_label("原因").fill("重新制卡")
    page.get_by_role("button", name="作废旧胸牌").click()

    page.get_by_text("已补发 5 张，旧胸牌全部作废。").wait_for()
    expect(page.get_by_text("未打印")).to_have_count(5)
    assert before.isdisjoint(Badge.objects.live().values_list("code", flat=True))
