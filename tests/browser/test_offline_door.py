"""The door's page without a network, in a real Chromium: registered, cut off, reloaded;
two devices at one door; what was kept arrives, and the names are gone afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn, Conflict, Device
from attendance.selectors.states import attendance_of_session
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.browser.conftest import axe_violations, follow
from tests.browser.test_desk import fits, manager_of, session_at_the_door, world_today
from tests.factories.attendance import make_badges

NewContext = Callable[..., BrowserContext]
OFFLINE = "/desk/offline/"


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


def register(page: Page) -> None:
    """The device in hand becomes one of the host's, and has today's lists."""
    page.goto("/desk/devices/")
    page.get_by_label("设备名称").fill("门口平板")
    page.get_by_role("button", name="在本机离线使用").click()
    page.wait_for_url(f"**{OFFLINE}")
    expect(page.locator("#door-groups button.seat").first).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")


def type_code(page: Page, code: str) -> None:
    page.get_by_label("胸牌码").fill(code)
    page.get_by_label("胸牌码").press("Enter")


def arrivals() -> list[tuple[int, str]]:
    """Who is in, by seat and by which way."""
    return sorted(
        CheckIn.objects.filter(kind=EventKind.IN).values_list("student__seat_no", "way_in")
    )


def states(session: CourseSession) -> dict[int, str]:
    return {pk: found.state.value for pk, found in attendance_of_session(session).items()}


def test_cut_off_the_door_goes_on_and_sends_by_itself(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    register(page)
    expect(page.locator("#door-net")).to_contain_text("联网")
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")

    type_code(page, badges[1].code.lower())
    expect(page.locator("#door-result.in .w")).to_have_text("已签到")
    context.set_offline(True)
    type_code(page, badges[2].code)
    expect(page.locator("#door-result.off .w")).to_have_text("已记下")
    expect(page.locator("#door-result .p")).to_have_text("学○○")
    page.get_by_label("点座号的原因").select_option("忘带胸牌")
    page.locator("button.seat", has_text="3").first.click()
    expect(page.locator("#door-unsent")).to_have_text("未送出：2")
    type_code(page, badges[2].code)
    expect(page.locator("#door-result.dup .w")).to_have_text("已签过到")
    type_code(page, "A" * 15)
    expect(page.locator("#door-result.out .w")).to_have_text("没有这个码")
    page.locator("button.seat", has_text="4").first.click()
    expect(page.locator("#door-unsent")).to_have_text("未送出：3")
    page.get_by_role("button", name="撤销上一条").click()
    expect(page.locator("#door-result .w")).to_have_text("已撤销")
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    expect(page.locator("#door-net.bad")).to_contain_text("断网")
    expect(page.locator("button.seat.queue")).to_have_count(2)
    expect(page.locator("#door-count-arrived")).to_have_text("3")

    page.reload()
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    expect(page.locator("button.seat.queue")).to_have_count(2)
    page.goto(f"/desk/{session.pk}/")
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    assert CheckIn.objects.count() == 1

    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(page.locator("button.seat.in")).to_have_count(3)
    expect(page.locator("button.seat.queue")).to_have_count(0)
    assert arrivals() == [(1, "typed"), (2, "typed"), (3, "tick"), (4, "tick")]
    assert CheckIn.objects.get(student__seat_no=3).reason == "forgotten"
    found = states(session)
    assert [found[student.pk] for student in world.students[:4]] == [
        "present",
        "present",
        "present",
        "expected",
    ]
    assert [text for text in complaints if "ERR_INTERNET_DISCONNECTED" not in text] == []


def test_two_devices_at_one_door_agree(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    one, other = (new_context(manager_of(world)) for _device in range(2))
    first, second = one.new_page(), other.new_page()
    register(first)
    register(second)
    # The second one's clock is an hour fast.
    second.clock.install(time=timezone.now() + timedelta(hours=1))
    second.reload()
    expect(second.locator("button.seat").first).to_be_visible()
    one.set_offline(True)
    other.set_offline(True)
    for seat_no in (1, 2, 3):
        type_code(first, badges[seat_no].code)
        expect(first.locator("#door-unsent")).to_have_text(f"未送出：{seat_no}")
    for count, seat_no in enumerate((3, 4), start=1):
        type_code(second, badges[seat_no].code)
        expect(second.locator("#door-unsent")).to_have_text(f"未送出：{count}")

    other.set_offline(False)
    expect(second.locator("#door-unsent")).to_have_text("未送出：0")
    one.set_offline(False)
    expect(first.locator("#door-unsent")).to_have_text("未送出：0")

    expect(first.locator("button.seat.in")).to_have_count(4)
    second.get_by_role("button", name="更新名单").click()
    expect(second.locator("button.seat.in")).to_have_count(4)
    found = states(session)
    assert [found.get(student.pk, "expected") for student in world.students] == [
        *["present"] * 4,
        "expected",
    ]
    now = timezone.now()
    times = CheckIn.objects.values_list("happened_at", flat=True)
    assert all(timedelta() <= now - moment < timedelta(minutes=2) for moment in times)


def test_scanner_that_types_is_told_from_a_person(world: World, new_context: NewContext) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    page = new_context(manager_of(world)).new_page()
    register(page)

    # Wherever the focus is.
    page.get_by_role("button", name="更新名单").focus()
    page.keyboard.type(badges[1].code)
    page.keyboard.press("Enter")
    expect(page.locator("#door-result.in .w")).to_have_text("已签到")
    page.get_by_label("胸牌码").focus()
    page.keyboard.type(badges[2].code, delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("button.seat.in")).to_have_count(2)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")

    assert arrivals() == [(1, WayIn.SCANNER), (2, WayIn.TYPED)]


def test_badges_of_other_doors_and_of_nobody(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    other = session_at_the_door_of_another_class(world)
    badges = make_badges(world.group, now=timezone.now())
    elsewhere = make_badges(other.bookings.get().class_group, now=timezone.now())
    stranger = make_badges(world.new_group(9, 1), now=timezone.now())[1]
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    page.get_by_role("button", name="1号实训室").click()

    type_code(page, elsewhere[1].code)
    expect(page.locator("#door-result.out .w")).to_have_text("不在本场")
    expect(page.locator("#door-result .p")).to_contain_text("2号实训室")
    assert elsewhere[1].student.name not in page.content()
    type_code(page, stranger.code)
    expect(page.locator("#door-result.dup .w")).to_have_text("待定")
    expect(page.locator("#door-doubtful")).to_contain_text("1 条记录要有人决定")
    context.set_offline(True)
    type_code(page, "A" * 16)
    expect(page.locator("#door-result.off .p")).to_have_text("名单外的胸牌")
    context.set_offline(False)
    expect(page.locator("#door-refused")).to_contain_text("没有这个胸牌码")
    page.get_by_role("button", name="知道了").click()
    expect(page.locator("#door-refused")).to_be_hidden()

    assert [badges[1].student.name in page.content(), stranger.student.name in page.content()] == [
        False,
        False,
    ]
    follow(page.get_by_role("link", name="1 条记录要有人决定"))
    follow(page.get_by_role("link", name="名单外的胸牌"))
    page.get_by_role("button", name="记入").click()
    expect(page.get_by_text("已记入。")).to_be_visible()
    assert CheckIn.objects.get(session=session).student == stranger.student


def session_at_the_door_of_another_class(world: World) -> CourseSession:
    group = world.new_group(8, 2)
    world.teach(group)
    class_before, world.group = world.group, group
    try:
        return session_at_the_door(world, minutes=20)
    finally:
        world.group = class_before


def kept(page: Page) -> str:
    """Everything in the page's store."""
    return str(
        page.evaluate(
            """async () => {
                const { packs, events, marks } = Door.store;
                return JSON.stringify([await packs(), await events(), await marks()]);
            }"""
        )
    )


def forgets_names(page: Page) -> None:
    """The store is emptied beside the page that says so."""
    for _attempt in range(300):
        if "○" not in kept(page):
            return
        page.wait_for_timeout(100)
    pytest.fail(kept(page))


def test_names_are_gone_once_the_session_is_over(world: World, new_context: NewContext) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    page.clock.install()
    register(page)
    type_code(page, badges[1].code)
    expect(page.locator("#door-result.in .w")).to_have_text("已签到")
    context.set_offline(True)
    type_code(page, badges[2].code)
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")
    assert "学○○" in kept(page)
    assert badges[1].student.name not in kept(page)
    assert badges[1].code not in kept(page)

    page.clock.fast_forward(timedelta(hours=3, minutes=10).total_seconds() * 1000)

    expect(page.locator("#door-empty")).to_be_visible()
    forgets_names(page)
    # What nobody has heard of yet stays until it is sent; it names nobody.
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")


def test_lost_device_is_revoked_and_forgets(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    type_code(page, badges[2].code)
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")

    office = new_context(manager_of(world)).new_page()
    office.goto("/desk/devices/")
    office.get_by_role("link", name="停用 门口平板").click()
    office.get_by_role("button", name="停用").click()
    expect(office.get_by_text("已停用“门口平板”。")).to_be_visible()
    context.set_offline(False)

    expect(page.locator("#door-stopped")).to_be_visible()
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    forgets_names(page)
    conflict = Conflict.objects.get()
    assert (conflict.session, conflict.student, conflict.doubt) == (
        session,
        badges[2].student,
        "device_revoked",
    )
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_offline_pages_fit_and_axe_finds_nothing(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_at_the_door(world, minutes=-1)
    badges = make_badges(world.group, now=timezone.now())
    stranger = make_badges(world.new_group(9, 1), now=timezone.now())[1]
    context = new_context(manager_of(world), width=width)
    page = context.new_page()
    found: dict[str, list[str]] = {}

    def look(what: str) -> None:
        found[what] = ([] if fits(page) else ["too wide"]) + axe_violations(page)

    page.goto("/desk/devices/")
    expect(page.get_by_label("设备名称")).to_be_visible()
    look("devices")
    register(page)
    type_code(page, badges[1].code)
    expect(page.locator("#door-result.in")).to_be_visible()
    look("in")
    type_code(page, stranger.code)
    expect(page.locator("#door-doubtful")).to_be_visible()
    context.set_offline(True)
    type_code(page, badges[2].code)
    expect(page.locator("#door-result.off")).to_be_visible()
    look("off")
    context.set_offline(False)
    # The door is about to be closed; what is undecided comes first, and leads back.
    page.goto(f"/desk/{session.pk}/close/")
    look("asked to decide")
    follow(page.get_by_role("link", name="先结束，以后再定"))
    expect(page.get_by_text("1 条签到待定，留到以后决定。")).to_be_visible()
    look("to be left undecided")
    follow(page.get_by_role("link", name="去决定"))
    look("conflicts")
    follow(page.get_by_role("link", name="名单外的胸牌"))
    look("conflict")
    page.get_by_label("原因").fill("不是本场的")
    follow(page.get_by_role("button", name="不记"))
    expect(page.get_by_text("没有待定的签到")).to_be_visible()
    look("none left")
    page.get_by_role("main").get_by_role("link", name="结束签到").last.click()
    expect(page.get_by_role("heading", name="结束签到，记学时？")).to_be_visible()
    page.goto(f"/desk/devices/{Device.objects.get().pk}/revoke/")
    look("revoke")

    assert found == {
        what: []
        for what in (
            "devices",
            "in",
            "off",
            "asked to decide",
            "to be left undecided",
            "conflicts",
            "conflict",
            "none left",
            "revoke",
        )
    }


def test_page_says_what_it_needs_without_scripts(world: World, new_context: NewContext) -> None:
    page = new_context(manager_of(world), java_script_enabled=False).new_page()

    page.goto("/desk/devices/")
    expect(page.get_by_text("登记本机需要 JavaScript")).to_be_visible()
    expect(page.get_by_label("设备名称")).to_be_hidden()
    page.goto(OFFLINE)
    expect(page.get_by_text("不联网签到需要 JavaScript。")).to_be_visible()
