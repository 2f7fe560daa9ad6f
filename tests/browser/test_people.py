"""A person comes and goes: invited by mail, in by the link, out at once."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from playwright.sync_api import BrowserContext, expect

from notifications.models import Message
from tests.browser.conftest import axe_violations, follow
from tests.factories.accounts import MembershipFactory


@pytest.mark.parametrize("width", [390, 1280])
def test_a_teacher_is_invited_comes_in_and_is_out_at_once(
    width: int, new_context: Callable[..., BrowserContext], settings: LazySettings
) -> None:
    settings.DEMO = True
    coordinator = MembershipFactory(coordinator=True, organisation__name="清河中学")
    office = new_context(coordinator, width=width).new_page()
    teacher = new_context(width=width).new_page()

    office.goto("/people/")
    found = axe_violations(office)
    office.get_by_label("邮箱").fill("zhou@example.org")
    office.get_by_text("教师", exact=True).click()
    office.get_by_role("button", name="发送邀请").click()
    expect(office.get_by_text("邀请已发到 zhou@example.org。")).to_be_visible()

    teacher.goto(Message.objects.get().path)
    found += axe_violations(teacher)
    teacher.get_by_label("姓名").fill("周敏")
    teacher.get_by_label("设一个密码").fill("a long pass phrase")
    follow(teacher.get_by_role("button", name="接受邀请"))
    teacher.goto("/me/")
    found += axe_violations(teacher)
    expect(teacher.get_by_label("姓名")).to_have_value("周敏")

    office.goto("/people/")
    follow(office.get_by_role("link", name="结束身份 周敏"))
    found += axe_violations(office)
    office.get_by_role("button", name="结束身份").click()
    expect(office.get_by_text("周敏已不能再进入。")).to_be_visible()

    teacher.goto("/inbox/")
    expect(teacher.get_by_role("heading", name="登录")).to_be_visible()
    found += axe_violations(teacher)
    assert found == []
