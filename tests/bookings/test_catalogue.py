"""The pages on which a teacher finds a course and sees what her class may book."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.html import strip_tags

from accounts.models import User
from bookings.services.changes import cancel_booking
from courses.choices import OccupationFamily
from courses.models import Course, CourseSession, CourseVersion
from rosters.models import ClassGroup
from sites.calendar import at
from sites.choices import DayKind
from sites.models import CalendarDay, Site
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.bookings import make_booking

CATALOGUE_QUERIES = 19
COURSE_QUERIES = 16

NO_BREAK = re.compile(r"\s+")


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.teacher_membership.user)
    return client


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"q": "面" * 300}, "“课程、职业、单位”最多 100 个字，现在是 300 个字。"),
        ({"since": "2026-12-08", "until": "2026-12-07"}, "“到”的日期不能早于“从”的日期。"),
    ],
)
def test_a_search_that_cannot_be_says_why_and_leaves_it_out(
    world: World, client: Client, query: dict[str, str], sentence: str
) -> None:
    world.session(day=DAY)

    page = client.get("/find/", query)

    assert sentence in text(page)
    assert len(page.context["cards"]) == 1


def test_days_the_wrong_way_round_say_so_at_their_field(world: World, client: Client) -> None:
    """In the filters of the wide page and of the phone, which are open then."""
    world.session(day=DAY)

    page = client.get("/find/", {"since": "2026-12-08", "until": "2026-12-07"})
    right = client.get("/find/", {"since": "2026-12-07", "until": "2026-12-08"})

    markup = page.content.decode()
    for prefix in ("w", "p"):
        field = markup.split(f'id="{prefix}-until"')[1].split("</div>")[0]
        assert f'aria-invalid="true" aria-describedby="{prefix}-until-why"' in field
        assert "“到”的日期不能早于“从”的日期。" in field
        assert 'value="2026-12-07"' in field
    assert 'fold-panel" open>' in markup
    assert "aria-invalid" not in right.content.decode()
    assert 'fold-panel">' in right.content.decode()


def text(response: Any) -> str:
    """The page's words, on one line."""
    return NO_BREAK.sub(" ", strip_tags(response.content.decode()))


def offered_titles(response: Any) -> list[str]:
    return [f"{card.occupation}：{card.topic}" for card in response.context["cards"]]


def new_course(world: World, number: int = 2, **fields: Any) -> CourseVersion:
    """Another published course of the world's host, like the first but for the fields."""
    course = Course.objects.create(host=fields.pop("host", world.host), code=f"CY-{number:02}")
    same = {
        field.name: getattr(world.version, field.name)
        for field in CourseVersion._meta.concrete_fields
        if field.name not in ("id", "course", "host", "created_at")
    }
    version = CourseVersion.objects.create(
        course=course,
        host=course.host,
        **(same | {"title_zh": f"课程{number}：第{number}课"} | fields),
    )
    Course.objects.filter(pk=course.pk).update(published_version=version)
    return version


# ── the catalogue ──


def test_stranger_is_sent_to_sign_in_and_back(world: World) -> None:
    response = Client().get("/find/?hours=4")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/find/%3Fhours%3D4"


def test_card_says_occupation_first_and_how_the_class_finds_room(
    world: World, client: Client
) -> None:
    world.session(capacity=40)
    world.session(day=DAY + timedelta(days=1), capacity=4)

    response = client.get("/find/")

    [card] = response.context["cards"]
    assert (card.occupation, card.topic, card.host) == ("面包师", "吐司与软欧", "曹杨职业技术学校")
    assert (card.class_hours, card.group_size, card.family) == (4, 40, "f1")
    assert (card.next_day, card.offer_count, card.seats_free) == ("12 月 8 日", 2, 44)
    assert card.fit == "whole"
    assert card.url == f"/courses/{world.version.course_id}/?class={world.group.pk}"
    assert "12 月 8 日起 2 场" in text(response)
    assert "全班坐得下" in text(response)


@pytest.mark.parametrize(
    ("days", "fit", "word"),
    [
        ([(5,)], "whole", "全班坐得下"),
        ([(1, 3, 2)], "split", "分两组"),
        ([(3, 1)], "part", "坐不下全班"),
        # On two days a class does not go together.
        ([(3,), (3,)], "part", "坐不下全班"),
        ([(3, 1), (3, 2)], "split", "分两组"),
    ],
)
def test_fit_is_told_by_the_two_roomiest_sessions_of_a_day(
    world: World, client: Client, days: list[tuple[int, ...]], fit: str, word: str
) -> None:
    for offset, capacities in enumerate(days):
        for capacity in capacities:
            world.session(day=DAY + timedelta(days=offset), capacity=capacity)

    response = client.get("/find/")

    assert [card.fit for card in response.context["cards"]] == [fit]
    assert word in text(response)


def test_course_with_every_seat_taken_is_full(world: World, client: Client) -> None:
    CourseSession.objects.filter(pk=world.session().pk).update(seats_taken=40)

    response = client.get("/find/")

    assert [card.fit for card in response.context["cards"]] == ["full"]


def test_course_without_sessions_says_so(world: World, client: Client) -> None:
    response = client.get("/find/")

    assert "暂无场次" in text(response)


def test_own_grade_is_preselected_and_may_be_dropped(world: World, client: Client) -> None:
    new_course(world, title_zh="焊工：一道焊缝", grade_from=9, grade_to=9)

    own = client.get("/find/")
    every = client.get("/find/?stage=all")
    junior = client.get("/find/?stage=junior")

    assert offered_titles(own) == ["面包师：吐司与软欧"]
    assert len(offered_titles(every)) == len(offered_titles(junior)) == 2
    assert [
        (one.label, one.count) for one in own.context["options"]["stages"] if one.is_chosen
    ] == [("七年级（本班）", 1)]
    assert "七年级（本班）" in [chip.label for chip in own.context["chips"]]


def test_all_conditions_in_the_address_hold_together(world: World, client: Client) -> None:
    firm = OrganisationFactory(enterprise=True, name="申通快递")
    parcels = new_course(
        world,
        host=firm,
        title_zh="快递分拣员：包裹的最后一公里",
        occupation_family=OccupationFamily.LOGISTICS,
        class_hours=3,
    )
    world.session(version=parcels, starts=time(13), capacity=30)
    new_course(world, 3, host=firm, title_zh="快递分拣员：没有场次", class_hours=3)
    world.session()

    response = client.get(
        "/find/?q=快递　分拣&family=f10&hours=3&kind=enterprise"
        f"&host={firm.pk}&stage=junior&since=2026-12-08&until=2026-12-08&half=pm&seats=30"
    )

    assert offered_titles(response) == ["快递分拣员：包裹的最后一公里"]
    assert [chip.label for chip in response.context["chips"]] == [
        "“快递 分拣”",
        "3 学时",
        "物流",
        "企业",
        "申通快递",
        "初中",
        "12 月 8 日（周二）",
        "下午",
        "至少 30 空位",
    ]


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("since=2026-12-08", "12 月 8 日起"),
        ("until=2026-12-08", "到 12 月 8 日"),
        ("since=2026-12-08&until=2026-12-09", "12 月 8 日至 12 月 9 日"),
    ],
)
def test_days_are_named_in_the_chip(world: World, client: Client, query: str, label: str) -> None:
    world.session()

    response = client.get(f"/find/?stage=all&{query}")

    assert [chip.label for chip in response.context["chips"]] == [label]


def test_full_width_words_are_folded(world: World, client: Client) -> None:
    new_course(world, title_zh="AI训练师：教机器认字")

    response = client.get("/find/", {"q": "ＡＩ"})

    assert offered_titles(response) == ["AI训练师：教机器认字"]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "明天"},
        {"seats": "-3"},
        {"seats": "９９９９９９"},
        {"family": "f99"},
        {"hours": "many"},
        {"host": "0; DROP TABLE"},
        {"host": "99999999999999999999"},
        {"half": "night"},
        {"q": "茶" * 10_000},
        {"q": "\0"},
        {"stage": "kindergarten"},
    ],
)
def test_a_condition_that_cannot_be_right_is_told_and_left_out(
    world: World, client: Client, query: dict[str, str]
) -> None:
    response = client.get("/find/", query | {"hours": query.get("hours", "4")})

    assert response.status_code == 200
    assert offered_titles(response) == ["面包师：吐司与软欧"]
    assert "有的条件填得不对，没有用上" in text(response)


@pytest.mark.parametrize(
    "query",
    [
        {"page": "99"},
        {"page": "x"},
        {"class": "x"},
        {"class": "99999999999999999999"},
        {"week": "soon"},
        {"week": "9999-12-31"},
        {"week": "1900-01-01"},
        {"sort": "price"},
        {"q": "<script>alert(1)</script>"},
        {"q": "🍞"},
        {"since": "9999-12-31", "until": "0001-01-01"},
    ],
)
def test_odd_addresses_are_harmless(world: World, client: Client, query: dict[str, str]) -> None:
    response = client.get("/find/", query)

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_another_teachers_class_in_the_address_is_not_shown(world: World, client: Client) -> None:
    other = world.new_group(9, 3)

    response = client.get("/find/", {"class": other.pk})

    assert response.context["group"] == world.group
    assert "七(9)班" not in text(response)


def test_class_of_the_address_is_remembered_in_every_link(world: World, client: Client) -> None:
    second = world.new_group(4, 2)
    world.teach(second)
    world.session()

    response = client.get("/find/", {"class": second.pk})

    page = response.content.decode()
    assert response.context["group"] == second
    assert f"/courses/{world.version.course_id}/?class={second.pk}" in page
    assert f'<option value="{second.pk}" selected>七(4)班 · 2 人</option>' in page
    for _label, url, _current in response.context["sorts"]:
        assert f"class={second.pk}" in url


def test_coordinator_chooses_a_class_before_hours_are_shown(world: World) -> None:
    client = Client()
    client.force_login(User.objects.get(pk=world.coordinator.user_id))
    world.session()

    before = client.get("/find/")
    after = client.get("/find/", {"class": world.group.pk})

    assert before.context["group"] is None
    assert "请选择班级" in text(before)
    assert before.context["progress"] is None
    assert after.context["progress"].required == 14


def test_host_reads_the_catalogue_without_a_class(world: World) -> None:
    client = Client()
    client.force_login(User.objects.get(pk=world.manager.user_id))
    world.session()

    response = client.get("/find/?seats=10")

    assert offered_titles(response) == ["面包师：吐司与软欧"]
    assert "为哪个班选课" not in text(response)


def test_week_shows_free_seats_own_bookings_and_holidays(
    world: World, client: Client, now: datetime
) -> None:
    world.session(capacity=30)
    world.session(capacity=12, hours=6.5)
    full = world.session(starts=time(13), capacity=4)
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=4)
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=1), capacity=5),
        class_group=world.group,
        now=now,
    )
    CalendarDay.objects.create(day=date(2026, 12, 11), kind=DayKind.HOLIDAY, name="校庆")
    CalendarDay.objects.create(day=date(2026, 12, 12), kind=DayKind.MAKEUP_WORKDAY, name="调休")

    week = client.get("/find/").context["week"]

    assert week.label == "12 月 7 日至 12 月 12 日"
    cells = {
        (a_day["day"].day, half): cell
        for a_day in week.days
        for half, cell in enumerate(a_day["cells"])
    }
    assert cells[8, 0]["free"] == 42
    assert cells[8, 1]["free"] == 12
    assert cells[9, 0] == {"kind": "mine", "note": "本班已约", "url": "", "current": False} | {
        "url": cells[9, 0]["url"]
    }
    assert cells[10, 0] == {}
    assert cells[11, 0] == {"kind": "off", "note": "放假", "url": ""}
    assert (12, 0) in cells


def test_full_half_day_is_no_link(world: World, client: Client) -> None:
    full = world.session(starts=time(13), capacity=4)
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=4)

    week = client.get("/find/").context["week"]

    assert week.days[1]["cells"][1] == {"kind": "full", "url": ""}


def test_half_day_of_the_strip_narrows_and_pressed_again_widens(
    world: World, client: Client
) -> None:
    world.session()
    afternoon = new_course(world)
    world.session(version=afternoon, starts=time(13))
    cell = client.get("/find/").context["week"].days[1]["cells"][0]

    narrowed = client.get(cell["url"])

    assert offered_titles(narrowed) == ["面包师：吐司与软欧"]
    pressed = narrowed.context["week"].days[1]["cells"][0]
    assert pressed["current"] is True
    assert len(offered_titles(client.get(pressed["url"]))) == 2


def test_weeks_are_turned_but_not_into_the_past(world: World, client: Client) -> None:
    world.session(day=date(2026, 11, 25))

    first = client.get("/find/").context["week"]
    following = client.get(first.next_url).context["week"]

    assert first.label == "11 月 23 日至 11 月 27 日"
    assert first.previous_url == ""
    assert following.label == "11 月 30 日至 12 月 4 日"
    assert client.get(following.previous_url).context["week"].label == first.label


def test_nothing_found_names_the_condition_to_give_up(world: World, client: Client) -> None:
    world.session(capacity=40)

    response = client.get("/find/?q=面包&hours=9&half=am")

    assert offered_titles(response) == []
    assert "没有符合条件的课程" in text(response)
    [chip] = response.context["looser"]
    assert (chip.label, chip.count) == ("9 学时", 1)
    assert offered_titles(client.get(chip.url)) == ["面包师：吐司与软欧"]


def test_nothing_found_by_any_single_condition_offers_to_clear_all(
    world: World, client: Client
) -> None:
    response = client.get("/find/?q=潜水&hours=9")

    assert response.context["looser"] == []
    assert "清除全部条件" in text(response)
    assert offered_titles(client.get(response.context["clear_url"])) == ["面包师：吐司与软欧"]


def test_pages_of_twelve_are_linked(world: World, client: Client) -> None:
    for number in range(2, 15):
        new_course(world, number)

    first = client.get("/find/?hours=4")
    second = client.get(first.context["next_url"])

    assert len(first.context["cards"]) == 12
    assert "第 1–12 门，共 14 门" in text(first)
    assert len(second.context["cards"]) == 2
    assert second.context["next_url"] == ""
    assert "hours=4" in second.context["previous_url"]


def test_order_is_chosen_in_the_address(world: World, client: Client) -> None:
    large = new_course(world, title_zh="大课：多人", group_size_max=100)
    world.session(day=DAY + timedelta(days=3), version=large, capacity=100)
    world.session(capacity=10)

    assert offered_titles(client.get("/find/")) == ["面包师：吐司与软欧", "大课：多人"]
    assert offered_titles(client.get("/find/?sort=seats")) == ["大课：多人", "面包师：吐司与软欧"]


def test_counts_stand_beside_the_values(world: World, client: Client) -> None:
    new_course(world, class_hours=3, occupation_family=OccupationFamily.CRAFT)
    world.session()

    options = client.get("/find/?hours=3").context["options"]

    assert [(one.label, one.count, one.is_chosen) for one in options["hours"]] == [
        ("3 学时", 1, True),
        ("4 学时", 1, False),
    ]
    assert {one.label: one.count for one in options["families"] if one.count} == {"工艺与传承": 1}
    assert [(one.label, one.count) for one in options["seats"]] == [("全班坐得下", 0)]


@pytest.mark.parametrize("courses", [1, 3])
def test_catalogue_takes_the_same_queries_however_many_courses(
    world: World, client: Client, courses: int
) -> None:
    world.session()
    for number in range(2, courses + 1):
        world.session(version=new_course(world, number))

    # The first page also writes down which membership acts.
    client.get("/find/")

    with CaptureQueriesContext(connection) as queries:
        response = client.get("/find/?hours=4")

    assert len(response.context["cards"]) == courses
    assert len(queries) == CATALOGUE_QUERIES


def test_english_page_shows_english_titles(world: World, client: Client) -> None:
    User.objects.update(language="en")
    world.session()

    with translation.override("en"):
        response = client.get("/find/")

    [card] = response.context["cards"]
    assert (card.occupation, card.topic) == ("Baker", "Toast")


# ── one course ──


def course_page(client: Client, world: World, **query: Any) -> Any:
    return client.get(f"/courses/{world.version.course_id}/", query)


def test_course_tells_what_it_is(world: World, client: Client) -> None:
    CourseVersion.objects.update(
        plan="和面、烘烤",
        materials="围裙",
        hazards="烤箱由教师操作。",
        assessment="互评",
        handbook="第一步：洗手",
        needs_assistant=True,
    )
    world.site.stars = 4
    world.site.is_practice_base = True
    world.site.save()
    world.session()

    page = text(course_page(client, world))

    for words in (
        "面包师", "吐司与软欧", "Baker: toast", "曹杨职业技术学校", "做一次面包。", "4 学时",
        "七年级至八年级", "40 人，配助教", "和面、烘烤", "围裙", "安全须知", "烤箱由教师操作。",
        "互评", "第一步：洗手", "四项审核通过", "焙烤实训中心", "社会实践基地", "4 星",
        "曹杨路 1 号",
        "为七(3)班，5 人",
    ):  # fmt: skip
        assert words in page


def test_course_and_form_belong_to_finding_in_the_navigation(world: World, client: Client) -> None:
    session = world.session()

    for path in ("/find/", f"/courses/{world.version.course_id}/", f"/sessions/{session.pk}/book/"):
        nav = client.get(path).context["frame"].nav
        assert [str(item.label) for item in nav if item.is_current] == ["选课"]


def test_free_session_is_a_link_that_carries_the_class(world: World, client: Client) -> None:
    session = world.session()

    response = course_page(client, world)

    assert (
        f'href="/sessions/{session.pk}/book/?class={world.group.pk}"' in response.content.decode()
    )
    assert [line.label for line in response.context["lines"]] == ["选这一场"]


def test_session_with_fewer_seats_than_the_class_offers_those(world: World, client: Client) -> None:
    world.session(capacity=2)

    assert [line.label for line in course_page(client, world).context["lines"]] == ["选 2 位"]


def test_barred_button_says_why(world: World, client: Client, now: datetime) -> None:
    full = world.session(day=DAY)
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=40)
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=1), version=new_course(world)),
        class_group=world.group,
        now=now,
    )
    world.session(day=DAY + timedelta(days=1), starts=time(10))

    response = course_page(client, world)

    reasons = [line.why_not for line in response.context["lines"]]
    assert reasons == [
        "这一场已满，请另选一场。",
        "七(3)班 1、2、3、4、5号在 12 月 9 日（周三）9:00–11:30 已约课程2：第2课，时间冲突。",
    ]
    page = response.content.decode()
    assert page.count('aria-disabled="true"') == 2
    assert f'aria-describedby="why-not-{full.pk}"' in page
    assert f'id="why-not-{full.pk}"' in page


def test_wrong_grade_and_closed_season_are_reasons(
    world: World, client: Client, now: datetime
) -> None:
    world.session()
    CourseVersion.objects.update(grade_from=8, grade_to=9)
    wrong_grade = [line.why_not for line in course_page(client, world).context["lines"]]
    CourseVersion.objects.update(grade_from=6)
    world.season.opens_at = now + timedelta(days=1)
    world.season.save()
    closed = [line.why_not for line in course_page(client, world).context["lines"]]

    assert wrong_grade == ["这门课适合八年级至九年级，七(3)班是七年级，不能预约。"]
    assert closed == ["“2026 学年秋季”现在是“开课单位排场次”，11 月 25 日（周三）8:00 起可以预约。"]


def test_booked_session_links_to_the_booking_until_cancelled(
    world: World, client: Client, now: datetime
) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )

    booked = course_page(client, world)
    cancel_booking(by=world.teacher, booking=booking, reason="换一场", now=now)
    free = course_page(client, world)

    assert f'href="/trips/{booking.pk}/"' in booked.content.decode()
    assert [line.booking_id for line in booked.context["lines"]] == [booking.pk]
    assert [line.booking_id for line in free.context["lines"]] == [None]


def test_class_of_which_some_are_elsewhere_may_still_book(
    world: World, client: Client, now: datetime
) -> None:
    make_booking(
        by=world.teacher,
        session=world.session(version=new_course(world)),
        class_group=world.group,
        student_ids=[world.students[0].pk],
        now=now,
    )
    world.session()

    response = course_page(client, world)

    assert [(line.why_not, line.busy) for line in response.context["lines"]] == [("", 1)]
    assert "1 人当时已有别的预约，可以只约其余的人。" in text(response)


def test_set_is_one_offer_with_its_days(world: World, client: Client) -> None:
    _camp, [first, second] = world.camp()
    CourseSession.objects.filter(pk=second.pk).update(seats_taken=38)

    response = course_page(client, world)

    [line] = response.context["lines"]
    assert [session for session, _place in line.days] == [first, second]
    assert line.offer.seats_left == 2
    assert line.label == "选 2 位"
    assert "共 2 场，14 学时，一起预约" in text(response)


def test_further_sessions_stand_in_a_fold(world: World, client: Client) -> None:
    for offset in range(12):
        world.session(day=DAY + timedelta(days=offset))

    response = course_page(client, world)

    assert (len(response.context["lines"]), len(response.context["further"])) == (10, 2)
    assert "更晚的 2 场" in text(response)


def test_room_is_said_with_its_site_only_where_there_are_several(
    world: World, client: Client
) -> None:
    world.session()
    one = [place for line in course_page(client, world).context["lines"] for _s, place in line.days]
    world.site = Site.objects.create(host=world.host, name="二校区")
    world.session(day=DAY + timedelta(days=1))
    two = [place for line in course_page(client, world).context["lines"] for _s, place in line.days]

    assert one == ["1号实训室"]
    assert two == ["焙烤实训中心 1号实训室", "二校区 2号实训室"]


def test_without_a_class_nothing_is_offered_to_press(world: World) -> None:
    client = Client()
    client.force_login(User.objects.get(pk=world.coordinator.user_id))
    world.session()

    response = course_page(client, world)

    assert "/book/" not in response.content.decode()
    assert "请选择班级" in text(response)


def test_unpublished_course_is_not_found(world: World, client: Client) -> None:
    Course.objects.update(published_version=None)

    response = course_page(client, world)

    assert response.status_code == 404


def test_course_without_sessions_leads_back(world: World, client: Client) -> None:
    assert "开课单位排出新的场次后会显示在这里。" in text(course_page(client, world))


@pytest.mark.parametrize("sessions", [1, 3])
def test_course_takes_the_same_queries_however_many_sessions(
    world: World, client: Client, sessions: int
) -> None:
    for offset in range(sessions):
        world.session(day=DAY + timedelta(days=offset))

    client.get("/find/")

    with CaptureQueriesContext(connection) as queries:
        response = course_page(client, world)

    assert len(response.context["lines"]) == sessions
    assert len(queries) == COURSE_QUERIES


def test_class_archived_is_no_choice(world: World, client: Client, now: datetime) -> None:
    ClassGroup.objects.update(archived_at=now)

    assert client.get("/find/").context["classes"] == []


def test_teacher_of_another_school_books_with_her_own_class_only(
    world: World, now: datetime
) -> None:
    stranger = MembershipFactory()
    client = Client()
    client.force_login(stranger.user)
    world.session()

    response = course_page(client, world, **{"class": world.group.pk})

    assert response.status_code == 200
    assert response.context["group"] is None
    assert "七(3)班" not in text(response)


def test_begun_session_is_gone(world: World, client: Client) -> None:
    world.session()

    with time_machine.travel(at(DAY, time(9, 1))):
        client.force_login(world.teacher_membership.user)
        response = course_page(client, world)

    assert response.context["lines"] == []
