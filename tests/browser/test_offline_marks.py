"""What the door's page notes without a network beside arrivals: leaving, absence, a whole class at
once, and the last taken back; what is heard, and where a badge of another door is sent."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.browser.conftest import axe_violations, fits, follow, wait_until
from tests.browser.test_desk import manager_of, session_at_the_door, world_today
from tests.browser.test_offline_door import (
    OFFLINE,
    forgets_names,
    kept,
    register,
    session_at_the_door_of_another_class,
    states,
    type_code,
)
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import make_badges

NewContext = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


def seat(page: Page, number: int) -> None:
    page.locator("#door-groups button.seat").nth(number - 1).click()


def choose(page: Page, mode: str) -> None:
    page.locator("#door-modes").get_by_role("button", name=mode, exact=True).click()


def answered(page: Page, look: str, word: str) -> None:
    expect(page.locator(f"#door-result.{look} .w")).to_have_text(word)


def sees_nothing_wrong(page: Page) -> None:
    assert fits(page)
    assert axe_violations(page) == []


def test_leaving_and_marks_and_the_last_taken_back(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    type_code(page, badges[1].code)
    answered(page, "off", "已记下")
    seat(page, 2)
    expect(page.locator("#door-unsent")).to_have_text("未送出：2")

    choose(page, "签退")
    answered(page, "idle", "扫胸牌签退")
    type_code(page, badges[1].code)
    answered(page, "off", "已记签退")
    type_code(page, badges[1].code)
    answered(page, "dup", "已签过退")
    type_code(page, badges[3].code)
    answered(page, "out", "还没有签到")
    seat(page, 2)
    answered(page, "off", "已记签退")
    expect(page.locator("#door-inside")).to_have_text("现在在场 0 人，已签退 2 人。")
    page.get_by_role("button", name="撤销上一条").click()
    answered(page, "idle", "已撤销")
    expect(page.locator("#door-result .m")).to_contain_text("签退")
    expect(page.locator("#door-inside")).to_have_text("现在在场 1 人，已签退 1 人。")
    expect(page.locator("button.seat.left")).to_have_count(1)

    # A seat of whom something is noted asks, and so does every seat where states are changed.
    choose(page, "改状态")
    seat(page, 4)
    expect(page.locator("#door-seat-title")).to_be_focused()
    sees_nothing_wrong(page)
    page.keyboard.press("Escape")
    expect(page.locator("#door-groups button.seat").nth(3)).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#door-seat").get_by_role("button", name="缺席").click()
    answered(page, "off", "已记缺席")
    type_code(page, badges[5].code)
    page.locator("#door-seat").get_by_role("button", name="请假").click()
    answered(page, "off", "已记请假")
    choose(page, "签到")
    seat(page, 5)
    page.locator("#door-seat").get_by_role("button", name="撤销上一次").click()
    answered(page, "idle", "已撤销")
    expect(page.locator("#door-count-absent")).to_have_text("1")
    expect(page.locator("#door-count-excused")).to_have_text("0")
    expect(page.locator("#door-unsent")).to_have_text("未送出：8")
    # However far down the list; and who scans there sees the answer.
    page.set_viewport_size({"width": 390, "height": 420})
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#door-unsent")).to_be_in_viewport()
    expect(page.locator("#door-result .w")).not_to_be_in_viewport()
    page.keyboard.type("A" * 15 + "\n")
    answered(page, "out", "没有这个码")
    expect(page.locator("#door-result .w")).to_be_in_viewport()
    covered = "document.querySelector('.desk-h').getBoundingClientRect().bottom"
    assert page.evaluate(
        f"document.querySelector('#door-result').getBoundingClientRect().top >= {covered}"
    )
    page.reload()
    expect(page.locator("#door-inside")).to_have_text("现在在场 1 人，已签退 1 人。")

    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    # The server says the same, and that whoever left before the end left early.
    expect(page.locator("#door-inside")).to_have_text("现在在场 1 人，已签退 1 人。")
    found = states(session)
    assert [found.get(student.pk, "expected") for student in world.students] == [
        "left_early",
        "present",
        "expected",
        "absent",
        "expected",
    ]
    assert sorted(CheckIn.objects.values_list("student__seat_no", "kind", "way_in")) == [
        (1, "in", "typed"),
        (1, "out", "typed"),
        (2, "in", "tick"),
        (2, "out", "tick"),
        (2, "void", "tick"),
        (4, "absent", "tick"),
        (5, "excused", "tick"),
        (5, "void", "tick"),
    ]
    # What was taken back after it was sent is so again without a network.
    context.set_offline(True)
    choose(page, "改状态")
    seat(page, 1)
    page.locator("#door-seat").get_by_role("button", name="撤销上一次").click()
    expect(page.locator("#door-inside")).to_have_text("现在在场 2 人，已签退 0 人。")
    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    assert states(session)[world.students[0].pk] == "present"


def test_whole_class_comes_and_leaves_without_a_network(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    reference = session.bookings.get().reservation.reference
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    assert reference not in kept(page)
    context.set_offline(True)

    type_code(page, "ABCD-2345")
    answered(page, "out", "没有这个班")
    # As it is scanned, and as it is said on the telephone.
    type_code(page, reference.replace("-", " ").lower())
    expect(page.get_by_role("heading", name="全班签到")).to_be_focused()
    expect(page.get_by_role("checkbox")).to_have_count(5)
    sees_nothing_wrong(page)
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="0 人签到").click()
    expect(page.locator("#door-class-none")).to_be_visible()
    for box in page.get_by_role("checkbox").all()[1:]:
        box.check()
    page.get_by_role("button", name="4 人签到").click()
    answered(page, "off", "已记下")
    expect(page.locator("#door-result .p")).to_have_text("4 人")
    expect(page.locator("#door-unsent")).to_have_text("未送出：4")
    page.get_by_role("button", name="撤销上一条").click()
    expect(page.locator("#door-result .p")).to_have_text("4 人")
    expect(page.locator("#door-count-arrived")).to_have_text("0")
    type_code(page, reference)
    page.get_by_role("checkbox").nth(0).uncheck()
    page.get_by_role("button", name="4 人签到").click()
    expect(page.locator("#door-count-arrived")).to_have_text("4")

    choose(page, "签退")
    type_code(page, reference)
    expect(page.get_by_role("heading", name="全班签退")).to_be_visible()
    # Who never came has not left.
    expect(page.get_by_role("checkbox")).to_have_count(4)
    page.get_by_role("checkbox").nth(3).uncheck()
    page.get_by_role("button", name="3 人签退").click()
    expect(page.locator("#door-inside")).to_have_text("现在在场 1 人，已签退 3 人。")
    context.set_offline(False)
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")

    found = states(session)
    assert [found.get(student.pk, "expected") for student in world.students] == [
        "expected",
        "left_early",
        "left_early",
        "left_early",
        "present",
    ]
    standing = CheckIn.objects.exclude(kind=EventKind.VOID).filter(voided_by=None)
    assert set(standing.values_list("way_in", flat=True)) == {WayIn.CLASS}
    assert standing.count() == 7


def test_badge_of_a_colleagues_door_is_told_where_to_go(
    world: World, new_context: NewContext
) -> None:
    """An instructor's tablet has her own list alone; of the other it has what the badge says."""
    session = session_at_the_door(world)
    other = session_at_the_door_of_another_class(world)
    own, colleague = (
        MembershipFactory(organisation=world.host, instructor=True) for _each in range(2)
    )
    CourseSession.objects.filter(pk=session.pk).update(instructor=own)
    CourseSession.objects.filter(pk=other.pk).update(instructor=colleague)
    elsewhere = make_badges(other.bookings.get().class_group, now=timezone.now())[1]
    stranger = make_badges(world.new_group(9, 1), now=timezone.now())[1]
    context = new_context(own)
    page = context.new_page()
    register(page)
    context.set_offline(True)

    type_code(page, elsewhere.code)
    answered(page, "out", "不在本场")
    expect(page.locator("#door-result .p")).to_contain_text("2号实训室")
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    type_code(page, stranger.code)
    expect(page.locator("#door-result.off .p")).to_have_text("名单外的胸牌")
    expect(page.locator("#door-result .m")).to_contain_text("由您决定记不记")
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")
    assert elsewhere.student.name not in page.content()
    # Her own five, and nobody of the other class.
    assert kept(page).count("学○○") == 5


LISTENING = """
window.heard = [];
window.felt = [];
window.contexts = 0;
const Real = window.AudioContext;
window.AudioContext = class extends Real {
  constructor() { super(); window.contexts += 1; }
  createOscillator() {
    const made = super.createOscillator();
    const start = made.start.bind(made);
    made.start = (when) => { window.heard.push(made.frequency.value); start(when); };
    return made;
  }
};
navigator.vibrate = (pattern) => { window.felt.push(pattern); return true; };
"""
GOOD, BAD = [1040], [300, 225]


def heard(page: Page, *, tones: int) -> list[object]:
    """What was heard and felt since the last time, once there are so many tones."""
    wait_until(page, f"window.heard.length >= {tones}")
    told = page.evaluate("[window.heard.splice(0), window.felt.splice(0)]")
    assert isinstance(told, list)
    return told


@pytest.mark.parametrize("is_offline", [False, True])
def test_good_and_bad_are_heard_and_felt_and_muting_is_remembered(
    world: World, new_context: NewContext, is_offline: bool
) -> None:
    """The same on the desk's page and on the one that works off line."""
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    context = new_context(manager_of(world))
    page = context.new_page()
    page.add_init_script(LISTENING)
    if is_offline:
        register(page)
        context.set_offline(True)
        page.reload()
        expect(page.locator("#door-groups button.seat").first).to_be_visible()
    else:
        page.goto(f"/desk/{session.pk}/")
    result = page.locator("#door-result" if is_offline else "#answer .result")
    # Nobody touched the page yet: no browser would let it be heard.
    assert page.evaluate("window.contexts") == 0

    type_code(page, badges[1].code)
    expect(result.locator(".w")).to_have_text("已记下" if is_offline else "已签到")
    assert heard(page, tones=1) == [GOOD, [80]]
    type_code(page, badges[1].code)
    expect(result.locator(".w")).to_have_text("已签过到")
    assert heard(page, tones=2) == [BAD, [[120, 80, 120]]]
    sound = page.get_by_role("button", name="提示音")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(sound).to_have_attribute("aria-pressed", "false")
    type_code(page, badges[2].code)
    expect(result.locator(".w")).to_have_text("已记下" if is_offline else "已签到")
    assert heard(page, tones=0) == [[], [80]]
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    assert heard(page, tones=1) == [GOOD, []]
    sees_nothing_wrong(page)


def test_page_that_could_not_be_kept_says_so(world: World, new_context: NewContext) -> None:
    """As behind a certificate that somebody clicked away: it works while there is a network."""
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    page = new_context(manager_of(world)).new_page()
    page.add_init_script(
        "navigator.serviceWorker.register ="
        " () => Promise.reject(new DOMException('', 'SecurityError'))"
    )
    page.goto("/desk/devices/")
    page.get_by_label("设备名称").fill("门口平板")
    page.get_by_role("button", name="在本机离线使用").click()

    expect(page.get_by_text("本页没能存到本机，断网后会打不开。")).to_be_visible()
    type_code(page, badges[1].code)
    answered(page, "in", "已签到")


def test_names_are_gone_when_the_page_is_opened_after_the_session_without_a_network(
    world: World, new_context: NewContext
) -> None:
    session_at_the_door(world)
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    assert "学○○" in kept(page)
    page.close()
    context.set_offline(True)

    page = context.new_page()
    page.clock.install(time=timezone.now() + timedelta(hours=3, minutes=10))
    page.goto(OFFLINE)

    expect(page.locator("#door-empty")).to_be_visible()
    forgets_names(page)


def test_clock_that_is_set_back_keeps_no_name(world: World, new_context: NewContext) -> None:
    session_at_the_door(world)
    context = new_context(manager_of(world))
    page = context.new_page()
    register(page)
    context.set_offline(True)
    # As after four hours off line that the page was open, without the list's end in them.
    page.evaluate(
        """async () => {
            const device = await Door.store.device();
            await Door.store.setDevice({ ...device, latest: device.latest + 4 * 3600 * 1000 });
        }"""
    )
    page.close()

    page = context.new_page()
    page.goto(OFFLINE)

    expect(page.locator("#door-empty")).to_be_visible()
    forgets_names(page)


WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; V2055A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MMWEBID/2307"
    " MicroMessenger/8.0.49.2600(0x2800313D) WeChat/arm64 Weixin NetType/4G Language/zh_CN"
)


def test_inside_wechat_the_room_code_works_and_the_door_says_open_in_a_browser(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    screen = new_context(manager_of(world), width=1280).new_page()
    screen.goto(f"/desk/{session.pk}/")
    follow(screen.get_by_role("button", name="打开屏幕签到"))
    code = screen.locator(".code6").inner_text()

    # As WeChat's browser on a telephone without a service worker.
    phone = new_context(None, user_agent=WECHAT).new_page()
    phone.add_init_script("delete Navigator.prototype.serviceWorker")
    phone.goto("/in/")
    phone.get_by_label("屏幕上的六位码").fill(code)
    phone.get_by_role("button", name="下一步").click()
    phone.get_by_label("胸牌码").fill(badge.code)
    phone.get_by_role("button", name="下一步").click()
    phone.get_by_role("button", name="确认签到").click()
    expect(phone.locator(".result.in .w")).to_have_text("已签到")
    phone.goto(OFFLINE)
    expect(phone.get_by_text("请在浏览器打开")).to_be_visible()
    expect(phone.get_by_role("link", name="登记本机")).to_be_hidden()
    sees_nothing_wrong(phone)
    # And as on one that has them, but not for long.
    other = new_context(None, user_agent=WECHAT).new_page()
    other.goto(OFFLINE)
    expect(other.locator("#door-unregistered")).to_have_text("")
    expect(other.get_by_text("请在浏览器打开")).to_be_visible()
    host = new_context(manager_of(world), user_agent=WECHAT).new_page()
    host.goto("/desk/devices/")
    expect(host.get_by_text("请在浏览器打开")).to_be_visible()
    expect(host.get_by_label("设备名称")).to_be_hidden()
    sees_nothing_wrong(host)

    assert CheckIn.objects.get().student == badge.student
