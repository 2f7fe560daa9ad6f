"""The door's page when something fails: the device's own store, the network, the server, the
clock. Nothing is lost in silence, and nothing stops the rest."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from attendance.models import CheckIn
from tests.bookings.conftest import World
from tests.browser.test_desk import manager_of, session_at_the_door, world_today
from tests.browser.test_offline_door import register, type_code
from tests.browser.test_offline_marks import answered, choose, seat, sees_nothing_wrong
from tests.factories.attendance import make_badges

NewContext = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


DISK_IS_FULL = """
window.realPut = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function () {
  this.transaction.abort();
  throw new DOMException("", "QuotaExceededError");
};
null
"""
DISK_IS_FREE = "IDBObjectStore.prototype.put = window.realPut; null"


def test_what_the_device_cannot_keep_is_said_to_be_not_kept(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    reference = session.bookings.get().reservation.reference
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    field = page.get_by_label("胸牌码")

    page.evaluate("window.felt = []; navigator.vibrate = (one) => window.felt.push(one); null")
    page.evaluate(DISK_IS_FULL)
    type_code(page, badges[2].code)
    answered(page, "out", "没有记下")
    expect(field).to_have_value(badges[2].code)
    assert page.evaluate("window.felt") == [[120, 80, 120]]
    sees_nothing_wrong(page)
    choose(page, "签退")
    answered(page, "idle", "扫胸牌签退")
    seat(page, 1)
    answered(page, "out", "没有记下")
    choose(page, "签到")
    page.get_by_role("button", name="撤销上一条").click()
    answered(page, "out", "没有记下")
    type_code(page, reference)
    page.get_by_role("checkbox").nth(0).uncheck()
    page.get_by_role("button", name="3 人签到").click()
    answered(page, "out", "没有记下")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(3)
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")
    expect(page.locator("#door-count-arrived")).to_have_text("1")

    page.evaluate(DISK_IS_FREE)
    page.get_by_role("button", name="3 人签到").click()
    answered(page, "off", "已记下")
    # A code that was left there gives way to the next that is scanned.
    page.evaluate(DISK_IS_FULL)
    type_code(page, badges[2].code)
    answered(page, "out", "没有记下")
    page.evaluate(DISK_IS_FREE)
    page.keyboard.type(badges[2].code + "\n")
    answered(page, "off", "已记下")
    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    assert sorted(CheckIn.objects.values_list("student__seat_no", "way_in")) == [
        (1, "typed"),
        (2, "scanner"),
        (3, "class"),
        (4, "class"),
        (5, "class"),
    ]


def test_connection_to_the_store_that_was_closed_is_opened_again(
    world: World, new_context: NewContext
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    page.add_init_script(
        """
        const open = IDBFactory.prototype.open;
        window.opened = [];
        IDBFactory.prototype.open = function (...asked) {
          const request = open.apply(this, asked);
          request.addEventListener("success", () => window.opened.push(request.result));
          return request;
        };
        """
    )
    register(page)
    context.set_offline(True)

    # As the browser does it: every transaction from now on is an InvalidStateError.
    page.evaluate("window.opened.forEach((database) => database.close())")
    type_code(page, badges[1].code)

    answered(page, "off", "已记下")
    page.reload()
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")
