"""The door's page when something fails: the device's own store, the network, the server, the
clock. Nothing is lost in silence, and nothing stops the rest."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Route, expect

from attendance.models import CheckIn, Conflict
from tests.bookings.conftest import World
from tests.browser.test_desk import manager_of, session_at_the_door, world_today
from tests.browser.test_offline_door import OFFLINE, arrivals, kept, register, type_code
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


def events_of(page: Page) -> list[dict[str, object]]:
    found = page.evaluate("Door.store.events()")
    assert isinstance(found, list)
    return found


def test_event_that_the_server_cannot_read_is_set_aside_and_stops_no_other(
    world: World, new_context: NewContext
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    for count in range(1, 5):
        type_code(page, badges[count].code)
        expect(page.locator("#door-unsent")).to_have_text(f"未送出：{count}")
    # The third is spoilt, and then taken back: neither the one nor the other can ever be sent.
    page.evaluate(
        """async (student) => {
            const spoilt = (await Door.store.events()).find((event) => event.student === student);
            await Door.store.putEvents([{ ...spoilt, badge: "spoilt" }]);
        }""",
        world.students[2].pk,
    )
    seat(page, 3)
    page.locator("#door-seat").get_by_role("button", name="撤销上一次").click()
    answered(page, "idle", "已撤销")
    context.set_offline(False)

    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(page.locator("#door-refused-list li")).to_have_count(1)
    expect(page.locator("#door-refused-list li")).to_contain_text(
        f"{world.students[2].name[0]}○○ 这条记录不完整（胸牌码），没有记上。请再记一次。"
    )
    expect(page.locator("#door-net")).to_contain_text("联网")
    expect(page.locator("#door-count-arrived")).to_have_text("3")
    assert arrivals() == [(1, "typed"), (2, "typed"), (4, "typed")]
    # The void of what was refused is answered too: nothing waits for ever.
    assert sorted(event["kind"] for event in events_of(page)) == [*["in"] * 4, "void"]
    page.get_by_role("button", name="知道了").click()
    expect(page.locator("#door-refused")).to_be_hidden()
    seat(page, 3)
    answered(page, "in", "已签到")
    assert arrivals()[2] == (3, "tick")


def test_somebody_elses_no_costs_nobody_the_lists(world: World, new_context: NewContext) -> None:
    """A guest network's page, a proxy: neither is our word that the device is stopped."""
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    codes = iter([401, 403] * 50)
    context.route(
        "**/api/v1/desk/**",
        lambda route: route.fulfill(
            status=next(codes), content_type="text/html", body="<h1>Log in to the network</h1>"
        ),
    )

    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    page.get_by_role("button", name="更新名单").click()
    page.wait_for_timeout(1500)

    expect(page.locator("#door-stopped")).to_be_hidden()
    assert "学○○" in kept(page)
    context.unroute("**/api/v1/desk/**")
    page.get_by_role("button", name="更新名单").click()
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    assert arrivals() == [(1, "typed")]


def test_call_that_nobody_answers_is_given_up(world: World, new_context: NewContext) -> None:
    """When the network changes, and after twenty seconds in any case."""
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    page.add_init_script(
        """
        const ask = window.fetch;
        window.isDead = false;
        window.fetch = (address, options = {}) =>
          window.isDead && options.method === "POST"
            ? new Promise((_resolve, reject) => {
                options.signal.addEventListener("abort", () => reject(options.signal.reason));
              })
            : ask(address, options);
        """
    )
    page.clock.install()
    register(page)
    expect(page.locator("#door-net")).to_contain_text("联网")

    page.evaluate("window.isDead = true")
    type_code(page, badges[1].code)
    page.clock.run_for(2_000)
    answered(page, "off", "已记下")
    expect(page.locator("#door-net")).to_contain_text("联网")
    page.clock.run_for(21_000)
    expect(page.locator("#door-net")).to_contain_text("断网")
    # Another call is under way over the dead line when the network comes back.
    page.clock.run_for(3_000)
    page.evaluate("window.isDead = false")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    assert arrivals() == [(1, "typed")]


def test_two_windows_know_each_others_events(world: World, new_context: NewContext) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    first = context.new_page()
    register(first)
    second = context.new_page()
    second.goto(OFFLINE)
    expect(second.locator("#door-groups button.seat").first).to_be_visible()
    context.set_offline(True)

    type_code(first, badges[1].code)
    answered(first, "off", "已记下")
    expect(first.locator("#door-unsent")).to_have_text("未送出：1")
    second.evaluate("Door.queue.send()")
    expect(second.locator("#door-unsent")).to_have_text("未送出：1")
    first.close()
    context.set_offline(False)

    expect(second.locator("#door-unsent")).to_have_text("未送出：0")
    expect(second.locator("#door-count-arrived")).to_have_text("1")
    assert arrivals() == [(1, "typed")]


def ahead_of(page: Page) -> list[object]:
    """By how much the clock was ahead at each event, in the order of the events."""
    told = sorted(events_of(page), key=lambda event: int(str(event["turn"])))
    return [event["ahead_ms"] for event in told]


def test_each_event_keeps_how_wrong_the_clock_was_then(
    world: World, new_context: NewContext
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    page.clock.install(time=timezone.now() + timedelta(minutes=10))
    register(page)
    context.set_offline(True)
    sent: list[dict[str, object]] = []
    page.on(
        "request",
        lambda asked: (
            sent.extend(asked.post_data_json["events"])
            if asked.url.endswith("/api/v1/desk/events/")
            else None
        ),
    )

    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    # Somebody sets it right; then it runs ahead again, unless the device slept: who can tell.
    page.clock.set_system_time(timezone.now())
    type_code(page, badges[2].code)
    answered(page, "off", "已记下")
    page.clock.set_system_time(timezone.now() + timedelta(hours=1))
    type_code(page, badges[3].code)
    expect(page.locator("#door-unsent")).to_have_text("未送出：3")

    before, after, unknown = ahead_of(page)
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert abs(before - 600_000) < 30_000
    assert abs(after) < 30_000
    assert unknown is None
    page.clock.set_system_time(timezone.now())
    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    told = {one["student"]: one.get("ahead_ms") for one in sent}
    assert told == dict(
        zip((student.pk for student in world.students[:3]), (before, after, None), strict=True)
    )


@pytest.mark.parametrize("is_set_right", [False, True])
def test_clock_put_forward_while_the_page_was_closed_is_noticed(
    world: World, new_context: NewContext, is_set_right: bool
) -> None:
    """Set right again or not by the time that the network is back."""
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    page.close()
    page = context.new_page()
    sent: list[dict[str, object]] = []
    page.on(
        "request",
        lambda asked: (
            sent.extend(asked.post_data_json["events"])
            if asked.url.endswith("/api/v1/desk/events/")
            else None
        ),
    )

    page.clock.install(time=timezone.now() + timedelta(minutes=40))
    page.goto(OFFLINE)
    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    (before,) = ahead_of(page)
    assert isinstance(before, int)
    assert abs(before) < 30_000
    if is_set_right:
        page.clock.set_system_time(timezone.now())
    context.set_offline(False)

    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    (told,) = sent
    assert isinstance(told["ahead_ms"], int)
    assert abs(told["ahead_ms"] - 40 * 60_000) < 30_000
    assert {"lead", "life"} & told.keys() == set()
    arrived = CheckIn.objects.get()
    assert arrived.said_at is not None
    assert abs(arrived.said_at - timezone.now() - timedelta(minutes=40)) < timedelta(minutes=1)
    assert timedelta() <= timezone.now() - arrived.happened_at < timedelta(minutes=1)


def test_code_of_an_unknown_badge_is_kept_until_it_is_sent_and_no_longer(
    world: World, new_context: NewContext
) -> None:
    session_at_the_door(world)
    stranger = make_badges(world.new_group(4, 1), now=timezone.now())[1]
    known = make_badges(world.group, now=timezone.now())[1]
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)

    type_code(page, stranger.code)
    answered(page, "off", "已记下")
    type_code(page, known.code)
    expect(page.locator("#door-unsent")).to_have_text("未送出：2")
    before = kept(page)
    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")

    # Of a badge on the list there is a digest only; the other's is nowhere once it was sent.
    assert (stranger.code in before, known.code in before) == (True, False)
    assert stranger.code not in kept(page)
    assert Conflict.objects.get().student_id == stranger.student_id


@pytest.mark.parametrize("is_epoch", [False, True])
def test_clock_that_fell_back_without_a_network_shuts_no_door(
    world: World, new_context: NewContext, is_epoch: bool
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    page.close()

    page = context.new_page()
    yesterday = timezone.now() - timedelta(days=1)
    page.clock.install(time=datetime(1970, 1, 1, 8, tzinfo=UTC) if is_epoch else yesterday)
    page.goto(OFFLINE)
    expect(page.get_by_text("本机时间可能不对，请校准。")).to_be_visible()
    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    sees_nothing_wrong(page)
    assert ahead_of(page) == [None]
    seat(page, 1)
    page.locator("#door-seat").get_by_role("button", name="撤销上一次").click()
    answered(page, "idle", "已撤销")
    type_code(page, badges[2].code)
    answered(page, "off", "已记下")
    context.set_offline(False)

    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(page.get_by_text("本机时间可能不对，请校准。")).to_be_hidden()
    expect(page.locator("#door-count-arrived")).to_have_text("1")
    assert arrivals() == [(1, "typed"), (2, "typed")]


def test_arrival_that_another_device_noted_too_is_taken_back_and_said_to_stand(
    world: World, new_context: NewContext
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    one, other = (new_context(manager_of(world)) for _device in range(2))
    first, second = one.new_page(), other.new_page()
    register(first)
    register(second)
    other.set_offline(True)
    type_code(first, badges[1].code)
    answered(first, "in", "已签到")
    type_code(second, badges[1].code)
    answered(second, "off", "已记下")
    other.set_offline(False)
    expect(second.locator("#door-unsent")).to_have_text("未送出：0")

    second.get_by_role("button", name="撤销上一条").click()

    answered(second, "dup", "已撤销")
    expect(second.locator("#door-result .m")).to_contain_text("别的设备也记过，仍然算数。")
    expect(second.locator("#door-count-arrived")).to_have_text("1")
    assert CheckIn.objects.filter(kind="in", voided_by=None).count() == 1


REFUSALS = [
    (429, "application/problem+json", {"Retry-After": "90"}, '{"code": "throttled"}'),
    # As the server says it where two transactions met twice.
    (409, "application/problem+json", {}, '{"code": "too_many_changes_at_once", "status": 409}'),
    (500, "application/problem+json", {}, '{"code": "error"}'),
    (503, "text/html", {}, "<h1>Service Unavailable</h1>"),
]


def test_batch_that_the_server_refuses_is_kept_and_sent_again(
    world: World, new_context: NewContext
) -> None:
    """Whatever the refusal is: it is said, nothing is lost, and the server is not asked the more
    often the more come in."""
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    page.clock.install()
    register(page)
    refused: list[list[int]] = []

    def refuse(route: Route) -> None:
        status, kind, headers, body = REFUSALS[len(refused)]
        refused.append(sorted(one["student"] for one in route.request.post_data_json["events"]))
        route.fulfill(status=status, content_type=kind, headers=headers, body=body)

    context.route("**/api/v1/desk/events/", refuse)
    notice = page.get_by_text("服务器暂时没有收下记录。记录都在本机，稍后自动再送")
    expect(notice).to_be_hidden()

    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    expect(notice).to_be_visible()
    assert len(refused) == 1
    # Nor does a line that falters once more.
    page.evaluate("window.dispatchEvent(new Event('online'))")
    # It goes on as without a network; two more do not ask twice more.
    type_code(page, badges[2].code)
    answered(page, "off", "已记下")
    seat(page, 3)
    answered(page, "off", "已记下")
    expect(page.locator("#door-unsent")).to_have_text("未送出：3")
    assert len(refused) == 1
    sees_nothing_wrong(page)
    # It was asked to stay away for a minute and a half.
    page.clock.run_for(60_000)
    assert len(refused) == 1
    for count, wait in ((2, 35_000), (3, 5_000), (4, 9_000)):
        page.clock.run_for(wait)
        until = time.monotonic() + 10
        while len(refused) < count and time.monotonic() < until:
            page.wait_for_timeout(20)
    assert len(refused) == len(REFUSALS)
    expect(notice).to_be_visible()
    expect(page.locator("#door-net")).to_contain_text("联网")
    assert arrivals() == []

    context.unroute("**/api/v1/desk/events/")
    page.clock.run_for(16_000)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(notice).to_be_hidden()
    pks = sorted(student.pk for student in world.students[:3])
    assert refused == [pks[:1], pks, pks, pks]
    assert arrivals() == [(1, "typed"), (2, "typed"), (3, "tick")]
