"""The main job as four people, in a real Chromium: publish, review, book, badge, scan, close."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.actors import SYSTEM
from accounts.choices import Role, Stage
from accounts.models import Membership
from courses.models import CourseSession
from hours.services import requirements
from rosters.models import ClassGroup
from sites.calendar import at, is_lesson_day, local_day, school_year
from sites.selectors import special_days
from tests.browser import camera
from tests.browser.conftest import follow
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import make_room, make_season, make_session, make_version
from tests.factories.hours import make_credits
from tests.factories.rosters import make_class, make_teacher_of

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def today(transactional_db: None) -> date:
    cache.clear()
    return local_day(timezone.now())


def make_a_season(today: date) -> None:
    make_season(
        opens_at=at(today - timedelta(days=60), time(8)),
        closes_at=at(today + timedelta(days=60), time(18)),
        runs_from=today - timedelta(days=60),
        runs_until=today + timedelta(days=60),
    )


def make_class_with_ten_hours(today: date) -> ClassGroup:
    """七(3)班 with three students who have 10 of the 14 class hours they need."""
    now = timezone.now()
    requirements.set_requirement(
        by=SYSTEM,
        requirement=None,
        now=now,
        name="14 学时",
        stage=Stage.JUNIOR,
        entry_year_from=school_year(today) - 3,
        entry_year_to=school_year(today),
        class_hours=14,
        min_occupations=1,
        counts_from=today - timedelta(days=90),
        due_on=today + timedelta(days=90),
    )
    group = make_class(students=3, number=3, entry_year=school_year(today) - 1)
    past = make_session(
        make_version(class_hours=10),
        starts_at=at(today - timedelta(days=20), time(9)),
        now=now - timedelta(days=50),
    )
    make_credits(by=SYSTEM, students=list(group.students.all()), session=past, now=now)
    return group


def write_and_submit(page: Page) -> None:
    """The host's manager writes a course of 4 class hours and hands it in."""
    page.goto("/host/courses/new/")
    for label, text in {
        "课程名称": "面包师：一只吐司的诞生",
        "职业": "面包师",
        "简介": "从和面到出炉，做一只吐司。",
        "最低年级": "6",
        "最高年级": "9",
        "学时": "4",
        "每场最多人数": "24",
        "活动安排": "讲解、和面、整形、烘烤、互评。",
        "材料与着装": "围裙、发帽。",
        "评价方式": "成品与过程各占一半。",
        "实践指导手册": "一、洗手。二、称量。三、和面。",
        "风险与防护": "烤箱由教师操作。",
    }.items():
        page.locator(f"label:text-matches('^\\\\s*{label}')").first.evaluate(
            "(label, text) => { const field = document.getElementById(label.htmlFor);"
            " field.focus(); field.value = text; }",
            text,
        )
    page.locator("select[name=occupation_family]").select_option("f1")
    page.locator("label[for=id_stages_1]").click()
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("已提交，审核结果会发消息给您。")).to_be_visible()


def approve(page: Page) -> None:
    """The reviewer passes it on all four dimensions."""
    page.goto("/reviews/")
    follow(page.get_by_role("link", name="面包师：一只吐司的诞生 曹杨职业技术学校"))
    for dimension in (
        "goal_orientation",
        "content_standard",
        "assessment_method",
        "safety_assurance",
    ):
        page.locator(f"label[for=id_{dimension}_0]").click()
    page.get_by_role("button", name="批准并发布").click()
    expect(page.get_by_text("已批准并发布。")).to_be_visible()


def lesson_day(first: date) -> date:
    """The first day from then on with lessons, so that the page has nothing to ask."""
    days = (first + timedelta(days=offset) for offset in range(30))
    return next(day for day in days if is_lesson_day(day, special_days(day, day)))


def open_session(page: Page, day: date) -> CourseSession:
    """The manager plans one session, days ahead, in the only room."""
    page.goto("/host/sessions/new/")
    page.locator("select[name=course]").select_option(index=1)
    page.locator("input[name=day]").fill(f"{day:%Y-%m-%d}")
    page.locator("select[name=room]").select_option(index=1)
    page.locator("select[name=instructor]").select_option(label="汪书希")
    page.get_by_role("button", name="排好这一场").click()
    expect(page.get_by_text("已排好，学校现在可以预约。")).to_be_visible()
    return CourseSession.objects.latest("pk")


def book(page: Page, group: ClassGroup) -> None:
    """The teacher finds the course and books her class; after it the ruler stands at 14."""
    page.goto(f"/find/?class={group.pk}")
    follow(page.get_by_role("link", name="面包师").first)
    follow(page.get_by_role("link", name="选这一场").first)
    page.get_by_role("button", name="提交预约").click()
    expect(page.get_by_text("名额已定").first).to_be_visible()
    expect(page.get_by_role("img", name="已得 10，已约 4").first).to_be_visible()


def print_badges(page: Page, group: ClassGroup) -> bytes:
    """The sheet of badges as the page's own button makes it."""
    page.goto(f"/classes/{group.pk}/badges/")
    button = page.get_by_role("button", name="打印胸牌").or_(
        page.get_by_role("link", name="打印胸牌")
    )
    path = f"/classes/{group.pk}/badges.pdf"
    assert button.first.is_visible()
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = page.request.post(
        path, form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url}
    )
    assert answer.ok
    pdf = answer.body()
    assert pdf.startswith(b"%PDF")
    return pdf


def move_to_now(session: CourseSession) -> None:
    """The day has come: the one step that no person takes."""
    starts_at: datetime = timezone.now() - timedelta(minutes=2)
    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=2)
    )


def test_four_people_bring_a_class_to_fourteen_hours(
    today: date, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    make_a_season(today)
    group = make_class_with_ten_hours(today)
    host = OrganisationFactory(vocational_school=True, name="曹杨职业技术学校")
    make_room(host)
    manager: Membership = MembershipFactory(organisation=host, role=Role.HOST_MANAGER)
    instructor: Membership = MembershipFactory(
        organisation=host, role=Role.INSTRUCTOR, user__name="汪书希"
    )
    reviewer: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.REVIEWER
    )
    at_the_host = new_context(manager, width=1280).new_page()
    at_the_school = new_context(make_teacher_of(group)).new_page()

    write_and_submit(at_the_host)
    approve(new_context(reviewer, width=1280).new_page())
    session = open_session(at_the_host, lesson_day(today + timedelta(days=7)))
    book(at_the_school, group)
    film = tmp_path / "badge.y4m"
    camera.film_badge(print_badges(at_the_school, group), film)
    move_to_now(session)

    first = group.students.order_by("seat_no")[0]
    door = new_context(instructor, by=launch(*camera.switches(film))).new_page()
    door.goto(f"/desk/{session.pk}/")
    door.get_by_role("button", name="打开摄像头").click()
    expect(door.locator(".result.in .w")).to_have_text("已签到")
    expect(door.locator(".result.in .p")).to_have_text(first.name)
    follow(door.get_by_role("link", name="其余记为已到"))
    follow(door.get_by_role("button", name="其余记为已到"))
    over = timezone.now() - timedelta(minutes=1)
    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=over - timedelta(hours=3), ends_at=over
    )
    follow(door.get_by_role("link", name="结束签到，记学时"))
    door.get_by_role("button", name="全班离开，结束签到").click()
    expect(door.get_by_text("签到已结束，学时已记。")).to_be_visible()

    at_the_school.goto(f"/classes/{group.pk}/")
    expect(at_the_school.get_by_role("img", name="已得 14").first).to_be_visible()
    expect(at_the_school.get_by_text("3 人全部完成。").first).to_be_visible()
