"""The door in a real Chromium: typed codes, ticks, and the badge's own page."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Route, expect

from accounts.models import Membership
from attendance.choices import Doubt, EventKind, WayIn
from attendance.models import CheckIn, Conflict, Device
from attendance.services import devices
from courses.models import CourseSession
from hours.models import HourCredit
from rosters.models import ClassGroup, Student
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

NewContext = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    return world_today()


def world_today() -> World:
    """A seventh grade today, whatever today is."""
    now = timezone.now()
    made = make_world(now)
    ClassGroup.objects.update(entry_year=school_year(local_day(now)) - 1)
    made.group.refresh_from_db()
    return made


def session_at_the_door(world: World, *, minutes: int = 5) -> CourseSession:
    """Booked for the world's class; it starts in so many minutes from now."""
    now = timezone.now()
    session = world.session(day=local_day(now) + timedelta(days=3), starts=time(9))
    make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    return moved(session, now + timedelta(minutes=minutes))


def moved(session: CourseSession, starts_at: datetime) -> CourseSession:
    """To a time at which no teacher may book any more."""
    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=2)
    )
    session.refresh_from_db()
    return session


def manager_of(world: World) -> Membership:
    return Membership.objects.get(pk=world.manager.membership_id)


def test_seats_and_codes_are_answered_without_leaving_the_page(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    stranger = make_badges(world.new_group(9, 1), now=timezone.now())[1]
    page = new_context(manager_of(world)).new_page()
    page.goto(f"/desk/{session.pk}/")
    page.evaluate("window.notLeft = true")

    page.get_by_role("button", name=badges[1].student.name).click()
    expect(page.locator(".result.in .p")).to_have_text(badges[1].student.name)
    page.get_by_label("胸牌码").fill(badges[2].code.lower())
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.in .p")).to_have_text(badges[2].student.name)
    expect(page.get_by_label("胸牌码")).to_have_value("")
    page.get_by_label("胸牌码").fill(badges[2].code)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.dup .w")).to_have_text("已签过到")
    page.get_by_label("胸牌码").fill(stranger.code)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.out .w")).to_have_text("不在本场")
    expect(page.get_by_label("胸牌码")).to_have_value(stranger.code)

    assert page.evaluate("window.notLeft") is True
    expect(page.locator(".counts b").first).to_have_text("2")
    page.get_by_role("button", name=badges[1].student.name).click()
    page.wait_for_url(f"**/desk/{session.pk}/places/*/")
    page.get_by_role("button", name="请假").click()
    page.wait_for_url(f"**/desk/{session.pk}/")
    expect(page.locator(".seat.exc")).to_have_count(1)
    assert axe_violations(page) == []


def test_two_desks_of_one_door_and_leaving_by_badge(world: World, new_context: NewContext) -> None:
    """An answer redraws one seat; the other desk's arrivals come with the board, once it is quiet,
    and neither the reason chosen nor the focus is lost."""
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    one, other = (new_context(manager_of(world)).new_page() for _ in range(2))
    for page in (one, other):
        page.goto(f"/desk/{session.pk}/")
    one.get_by_label("点座号的原因").select_option("lost")
    one.evaluate("window.board = document.getElementById('board')")
    # The board is not drawn before it was looked at without.
    boards: list[Route] = []
    one.route(one.url, lambda route: boards.append(route))
    other.get_by_role("button", name=badges[3].student.name).click()
    expect(other.locator(".result.in .p")).to_have_text(badges[3].student.name)

    one.get_by_label("胸牌码").fill(badges[1].code)
    one.get_by_label("胸牌码").press("Enter")
    expect(one.locator(".seat.in.now b")).to_have_text(badges[1].student.name)
    assert one.evaluate("window.board.isConnected") is True
    # Of the other desk it is counted at once, drawn with the next board.
    expect(one.locator(".counts b").first).to_have_text("2")
    one.unroute(one.url)
    for board in boards:
        board.continue_()
    expect(one.locator(".seat.in")).to_have_count(2)
    assert one.evaluate("window.board.isConnected") is False
    expect(one.locator(".seat.in.now b")).to_have_text(badges[1].student.name)
    expect(one.get_by_label("点座号的原因")).to_have_value("lost")
    expect(one.get_by_label("胸牌码")).to_be_focused()

    one.get_by_role("link", name="签退", exact=True).click()
    expect(one.locator(".result.idle .w")).to_have_text("扫胸牌签退")
    one.get_by_label("胸牌码").fill(badges[3].code)
    one.get_by_role("button", name="签退", exact=True).click()
    expect(one.locator(".result.in .w")).to_have_text("已签退")
    expect(one.locator(".seat.left.now b")).to_have_text(badges[3].student.name)
    expect(one.get_by_text("现在在场 1 人，已签退 1 人。")).to_be_visible()
    one.get_by_role("button", name=badges[1].student.name).click()
    expect(one.locator(".seat.left")).to_have_count(2)
    expect(one.get_by_role("button", name=badges[1].student.name)).to_be_focused()
    one.get_by_label("胸牌码").fill(badges[2].code)
    one.get_by_label("胸牌码").press("Enter")
    expect(one.locator(".result.out .w")).to_have_text("还没有签到")
    assert fits(one)
    assert axe_violations(one) == []
    # Taken back as ever, and the mode is kept.
    one.get_by_role("button", name=badges[1].student.name).click()
    one.wait_for_url(f"**/desk/{session.pk}/places/*/?mode=out")
    one.get_by_role("button", name="撤销上一次").click()
    one.wait_for_url(f"**/desk/{session.pk}/?mode=out")
    expect(one.locator(".seat.left")).to_have_count(1)


def test_badges_do_not_wait_for_each_others_answers(world: World, new_context: NewContext) -> None:
    """One answer hangs: those behind it are sent and drawn, and the one is drawn when it comes."""
    session = session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    page = new_context(manager_of(world)).new_page()
    held: list[Route] = []
    page.route("**/tick/", lambda route: held.append(route), times=1)
    page.goto(f"/desk/{session.pk}/")

    page.get_by_role("button", name=badges[1].student.name).click()
    page.get_by_role("button", name=badges[2].student.name).click()
    page.get_by_role("button", name=badges[3].student.name).click()
    expect(page.locator(".seat.in")).to_have_count(2)
    # A second tap of the one that hangs is no second one.
    page.get_by_role("button", name=badges[1].student.name).click()
    expect(page.locator(".seat.in")).to_have_count(2)
    held[0].continue_()

    expect(page.locator(".seat.in")).to_have_count(3)
    expect(page.locator(".result.in .p")).to_have_text(badges[1].student.name)
    expect(page.locator(".counts b").first).to_have_text("3")
    assert CheckIn.objects.count() == 3
    assert len(held) == 1


def test_answer_that_does_not_come_is_said(world: World, new_context: NewContext) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[1]
    context = new_context(manager_of(world))
    page = context.new_page()
    page.goto(f"/desk/{session.pk}/")

    context.set_offline(True)
    page.get_by_label("胸牌码").fill(badge.code)
    page.get_by_label("胸牌码").press("Enter")

    expect(page.locator(".result.off .w")).to_have_text("没有签上")
    expect(page.get_by_label("胸牌码")).to_have_value(badge.code)
    context.set_offline(False)
    page.get_by_label("胸牌码").press("Enter")
    expect(page.locator(".result.in .w")).to_have_text("已签到")
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_whole_door_without_scripts(world: World, new_context: NewContext, width: int) -> None:
    session = session_at_the_door(world, minutes=0)
    badges = make_badges(world.group, now=timezone.now())
    page = new_context(manager_of(world), width=width, java_script_enabled=False).new_page()
    page.goto("/desk/")

    follow(page.get_by_role("link", name="面包师"))
    page.get_by_label("胸牌码").fill(badges[1].code)
    page.get_by_role("button", name="签到", exact=True).click()
    expect(page.locator(".result.in .p")).to_have_text(badges[1].student.name)
    page.get_by_role("button", name=badges[2].student.name).click()
    expect(page.locator(".result.in .p")).to_have_text(badges[2].student.name)
    follow(page.get_by_role("link", name="签退", exact=True))
    page.get_by_label("胸牌码").fill(badges[1].code)
    page.get_by_role("button", name="签退", exact=True).click()
    expect(page.locator(".result.in .w")).to_have_text("已签退")
    page.get_by_role("button", name=badges[2].student.name).click()
    expect(page.locator(".seat.left")).to_have_count(2)
    follow(page.get_by_role("link", name="改状态"))
    page.get_by_role("button", name=badges[3].student.name).click()
    follow(page.get_by_role("button", name="缺席"))
    follow(page.get_by_role("link", name="其余记为已到"))
    follow(page.get_by_role("button", name="其余记为已到"))
    follow(page.get_by_role("link", name="结束签到，记学时"))
    expect(page.get_by_role("link", name="还在上课，先不结束")).to_be_visible()
    # Two hours later.
    moved(session, timezone.now() - timedelta(hours=2, minutes=1))
    page.reload()
    page.get_by_role("button", name="全班离开，结束签到").click()

    expect(page.locator(".result.off .w")).to_have_text("已结束")
    assert HourCredit.objects.count() == 4
    follow(page.get_by_role("link", name="重新打开"))
    page.get_by_label("原因").fill("名单点错")
    page.get_by_role("button", name="重新打开").click()
    expect(page.locator(".seat.abs")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_door_pages_fit_and_axe_finds_nothing(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_at_the_door(world, minutes=-1)
    badges = make_badges(world.group, now=timezone.now())
    place = session.places.get(student=badges[1].student)
    host = new_context(manager_of(world), width=width).new_page()
    teacher = new_context(world.teacher_membership, width=width).new_page()
    ends = ("", "?mode=out", "?mode=menu", f"places/{place.pk}/", "rest/", "close/", "reopen/")
    pages = [(host, "/desk/"), *((host, f"/desk/{session.pk}/{end}") for end in ends)]
    pages += [
        (teacher, f"/classes/{world.group.pk}/badges/"),
        (teacher, f"/classes/{world.group.pk}/badges/{badges[1].student_id}/"),
    ]

    found = {}
    for page, address in pages:
        page.goto(address)
        found[address] = ([] if fits(page) else ["too wide"]) + axe_violations(page)

    assert found == {address: [] for _page, address in pages}


BACKGROUND = "getComputedStyle(document.querySelector('.desk')).backgroundColor"
LIGHT, DARK = "rgb(243, 245, 241)", "rgb(19, 25, 22)"


@pytest.mark.parametrize("width", [390, 1280])
def test_door_is_dark_where_the_device_is(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_at_the_door(world, minutes=-1)
    badges = make_badges(world.group, now=timezone.now())
    place = session.places.get(student=badges[1].student)
    code = session.bookings.get().reservation.reference
    light = new_context(manager_of(world), width=width).new_page()
    dark = new_context(manager_of(world), width=width, color_scheme="dark").new_page()
    door = f"/desk/{session.pk}/"
    light.goto(door)
    assert light.evaluate(BACKGROUND) == LIGHT
    dark.goto(door)
    dark.get_by_role("button", name=badges[1].student.name).click()
    expect(dark.locator(".result.in")).to_be_visible()

    found = {}
    for address in (door, f"{door}?mode=out", f"{door}places/{place.pk}/", "/desk/offline/"):
        dark.goto(address)
        found[address] = [dark.evaluate(BACKGROUND), *axe_violations(dark)]
    dark.goto(door)
    dark.get_by_label("胸牌码").fill(code)
    dark.get_by_label("胸牌码").press("Enter")
    expect(dark.get_by_role("checkbox").first).to_be_visible()
    found["class"] = [dark.evaluate(BACKGROUND), *axe_violations(dark)]

    assert found == {address: [DARK] for address in found}
    assert len(found) == 5


@pytest.mark.parametrize("width", [390, 1280])
def test_badge_page_shows_the_way_to_who_knows_the_number(
    world: World, new_context: NewContext, width: int
) -> None:
    session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    page = new_context(width=width).new_page()
    page.goto("/badge/")

    page.get_by_label("胸牌码").fill(badge.code)
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("heading", name="下一次")).to_be_visible()
    assert "焙烤实训中心" not in page.locator("main").inner_text()
    page.get_by_label("学号").fill(badge.student.student_no)
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("焙烤实训中心 1号实训室")).to_be_visible()

    assert badge.code not in page.url
    assert badge.student.name not in page.content()
    assert fits(page)
    assert axe_violations(page) == []
    page.get_by_label("胸牌码").fill("AAAA")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("没有这个胸牌码。").first).to_be_visible()
    assert axe_violations(page) == []


def pupils(world: World) -> list[Student]:
    return list(Student.objects.filter(class_group=world.group).order_by("seat_no")[:3])


def doubtful(session: CourseSession, device: Device, student: Student) -> Conflict:
    """An arrival that came once the door was closed; it is open again."""
    now = timezone.now()
    return Conflict.objects.create(
        id=uuid4(),
        device=device,
        session=session,
        student=student,
        kind=EventKind.IN,
        way_in=WayIn.CAMERA,
        doubt=Doubt.DESK_CLOSED,
        happened_at=now,
        received_at=now,
    )


def test_class_that_came_without_a_network_is_decided_on_one_page_without_scripts(
    world: World, new_context: NewContext
) -> None:
    session = session_at_the_door(world)
    device, _secret = devices.register(by=world.manager, name="门口平板", now=timezone.now())
    for student in pupils(world):
        doubtful(session, device, student)
    page = new_context(manager_of(world), width=390, java_script_enabled=False).new_page()

    page.goto("/desk/conflicts/")
    follow(page.get_by_role("link", name="3 条，可一起决定"))
    ticks = page.get_by_role("group", name="要处理的记录").get_by_role("checkbox")
    expect(ticks).to_have_count(3)
    assert [tick.is_checked() for tick in ticks.all()] == [True] * 3
    assert fits(page)
    page.get_by_role("checkbox", name="2 号").uncheck()
    page.get_by_role("button", name="勾选的记入").click()

    expect(page.get_by_text("已记入 2 条。")).to_be_visible()
    expect(page.get_by_role("link", name="2 号")).to_be_visible()
    assert set(CheckIn.objects.values_list("student__seat_no", flat=True)) == {1, 3}


@pytest.mark.parametrize("width", [390, 1280])
def test_page_of_a_class_fits_and_axe_finds_nothing(
    world: World, new_context: NewContext, width: int
) -> None:
    session = session_at_the_door(world)
    device, _secret = devices.register(by=world.manager, name="门口平板", now=timezone.now())
    first, *_others = [doubtful(session, device, student) for student in pupils(world)]
    page = new_context(manager_of(world), width=width).new_page()

    for address in ("/desk/conflicts/", f"/desk/conflicts/{first.pk}/together/"):
        page.goto(address)
        assert fits(page)
        assert axe_violations(page) == []
    # The heading of the list is within its panel, and the list below it.
    panel, legend, choices = (
        page.locator(one).bounding_box() for one in ("fieldset", "legend", "fieldset .facet")
    )
    assert panel is not None
    assert legend is not None
    assert choices is not None
    assert legend["y"] >= panel["y"] + 8
    assert legend["x"] >= panel["x"] + 8
    assert choices["y"] >= legend["y"] + legend["height"]
