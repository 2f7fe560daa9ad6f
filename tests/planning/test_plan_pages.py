"""The pages of plans: what each person sees, in how many queries, and what becomes of it."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.models import AuditEntry
from bookings.models import Reservation
from bookings.services import host_changes
from courses.models import CourseSession
from planning.choices import PlanClassState, PlanGoal, PlanStage, PlanState
from planning.models import CohortPlan, PlanClass, PlanSchool
from planning.services import publishing
from rosters.models import ClassGroup
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.hours import RequirementFactory
from tests.factories.planning import make_plan
from tests.factories.rosters import make_class

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode().split("<main")[1]).split())


def rows_of(response: Any, table: int = 0) -> list[str]:
    """What each line of the page's table says."""
    body = response.content.decode().split("<tbody>")[table + 1].split("</tbody>")[0]
    return [
        " ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>") if row.strip()
    ]


def plan_of(
    by: Actor, world: World, now: datetime, *groups: ClassGroup, **values: Any
) -> CohortPlan:
    """A plan with one session of three seats for each of the classes, with figures."""
    wanted = {
        group: {world.session(class_hours=4): list(group.students.order_by("seat_no")[:3])}
        for group in groups or (world.group,)
    }
    plan = make_plan(
        by=by,
        season=world.season,
        wanted=wanted,
        now=now,
        school=world.school if by.is_school else None,
    )
    figures = {"students": 5000, "reached_before": 3000, "reached": 4876, "bound": 4889}
    CohortPlan.objects.filter(pk=plan.pk).update(
        **{**figures, "worst_school": 0.978, "wishes": 0.834, "trips": 1204, "seats_left": 312}
        | values
    )
    plan.schools.update(students=5, reached_before=1, reached=3, wishes=0.8, trips=1, seats=3)
    plan.classes.update(reached=3, reason={"code": "full", "occupation": "面包师"} | REASON)
    plan.refresh_from_db()
    return plan


REASON = {"wishing": 5, "attending": 3, "sessions": 1, "seats": 3}


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_plans_are_listed_the_newest_first(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan_of(secretary, world, now)
    newer = plan_of(
        secretary,
        world,
        now + timedelta(minutes=5),
        goal=PlanGoal.TRIPS,
        sites_at_once=3,
        is_draft=True,
    )
    at_work = plan_of(secretary, world, now + timedelta(minutes=9), state=PlanState.RUNNING)

    rows = rows_of(login(secretary).get("/plans/"))

    assert rows == [
        f"方案 {at_work.pk} 初中职业体验 · 志愿优先 · 每班半天最多 2 个地点 "
        "11 月 24 日（周二）8:09 正在计算",
        f"比较 方案 {newer.pk} 方案 {newer.pk} 初中职业体验 · 少跑优先 · 每班半天最多 3 个地点 "
        "· 草算 "
        "11 月 24 日（周二）8:05 已算好 4,876 / 5,000 97.8% 83.4% 1,204",
        f"比较 方案 {newer.pk - 1} 方案 {newer.pk - 1} 初中职业体验 · 志愿优先 "
        "· 每班半天最多 2 个地点 "
        "11 月 24 日（周二）8:00 已算好 4,876 / 5,000 97.8% 83.4% 1,204",
    ]


def test_another_seasons_plans_are_a_link_away(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)
    season = type(world.season).objects.create(
        name="2025 学年春季",
        school_year=2025,
        opens_at=now - timedelta(days=300),
        closes_at=now - timedelta(days=200),
        runs_from=now.date() - timedelta(days=250),
        runs_until=now.date() - timedelta(days=150),
    )
    old = plan_of(secretary, world, now, season=season)
    client = login(secretary)

    assert f"方案 {old.pk}" not in text_of(client.get("/plans/"))
    page = text_of(client.get(f"/plans/?season={season.pk}"))
    assert f"方案 {old.pk}" in page
    assert f"方案 {plan.pk}" not in page


def test_a_list_tells_plans_apart_that_were_asked_for_alike(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    """For other hours, to make another good, stopped, or out of time."""
    other = RequirementFactory(name="高中职业体验", stage="senior", due_on=date(2027, 7, 1))
    one = plan_of(secretary, world, now, requirement=other)
    plan_of(secretary, world, now, replans=one)
    plan_of(secretary, world, now, is_whole=False, cancel_asked_at=now)
    plan_of(secretary, world, now, is_whole=False)

    rows = rows_of(login(secretary).get("/plans/"))

    name, alike = "初中职业体验", "志愿优先 · 每班半天最多 2 个地点"
    assert [re.split(r"^(?:比较 )?(?:方案 \d+ )+| 11 月 24 日.*", row)[1] for row in rows] == [
        f"{name} · {alike} 计算时间用完，是当时最好的结果",
        f"{name} · {alike} 提前停止，是当时最好的结果",
        f"{name} · 重新统筹方案 {one.pk} · {alike}",
        f"高中职业体验 · {alike}",
    ]


def test_without_plans_it_says_what_they_are(world: World, secretary: Actor, login: Login) -> None:
    assert (
        "还没有统筹方案 系统按学时要求、志愿和路程，为各校班级一次排好场次。"
        "先比较方案再发布，发布前不占名额。 新建方案" in text_of(login(secretary).get("/plans/"))
    )
    assert (
        "还没有方案 系统用现在的空位，为本校还差学时的班级一次排好场次。"
        "先看方案再发布，发布前不占名额。 补齐学时"
        in text_of(login(world.coordinator).get("/plans/"))
    )


@pytest.mark.parametrize("role", ["teacher", "manager"])
def test_teachers_and_hosts_see_no_plans(
    world: World, secretary: Actor, login: Login, now: datetime, role: str
) -> None:
    plan = plan_of(secretary, world, now)
    client = login(getattr(world, role))
    row = plan.classes.get()

    for path in ("", "new/", "compare/", f"{plan.pk}/", f"{plan.pk}/classes/{row.pk}/"):
        assert client.get(f"/plans/{path}").status_code == 403


def test_a_school_and_the_alliance_do_not_see_each_others_plans(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    other = actor_of(MembershipFactory(coordinator=True, organisation=OrganisationFactory()))
    plans = {
        "alliance": plan_of(secretary, world, now),
        "own": plan_of(world.coordinator, world, now),
    }
    seen = {
        name: {
            which
            for which, plan in plans.items()
            if login(who).get(f"/plans/{plan.pk}/").status_code == 200
        }
        for name, who in (
            ("secretary", secretary),
            ("coordinator", world.coordinator),
            ("other", other),
        )
    }

    assert seen == {"secretary": {"alliance"}, "coordinator": {"own"}, "other": set()}


def test_a_plan_says_what_it_reaches_and_what_is_proven(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    like = world.session(capacity=40)
    plan = plan_of(
        secretary,
        world,
        now,
        shortage={
            "short": 124,
            "by_days": 26,
            "by_sites": 12,
            "openings": [
                {"session": like.pk, "seats": 40, "students": 38, "reached": 24},
                {"session": like.pk, "seats": 40, "students": 12, "reached": 6},
            ],
        },
    )

    answer = login(secretary).get(f"/plans/{plan.pk}/")

    page = text_of(answer)
    assert "能修满的学生 4,876 / 5,000 人" in page
    assert "已约即能修满 3,000 人，本方案再修满 1,876 人；上限 4,889 人。" in page
    assert "本方案占用 3 个；到 1 月 23 日为止的场次，算好时还剩 312 个空位。" in page
    assert "一个班一天去一个地点算一趟，原来约的也算。能否更少，未算出。" in page
    assert "124 名学生修不满学时。 26 人能去的场次，名额再多也不够" in page
    assert rows_of(answer) == [
        "面包师：吐司与软欧 12 月 8 日（周二）9:00–11:30 · 焙烤实训中心 1号实训室 "
        "曹杨职业技术学校 2 场 40 50 30"
    ]
    assert rows_of(answer, 1) == ["清河中学 3 / 5 60.0% 80.0% 1 3"]
    assert rows_of(answer, 2) == [
        "清河中学 七(3)班 3 / 5 0% 想去“面包师”的 5 人排上 3 人：能去的 1 场共 3 个名额都用完了。"
    ]


def test_classes_can_be_narrowed(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, world.group, world.new_group(4, 5), world.new_group(5, 5))
    met, unwished, _short = plan.classes.order_by("pk")
    PlanClass.objects.filter(pk=met.pk).update(reached=5, reason={"code": "met"})
    PlanClass.objects.filter(pk=unwished.pk).update(reason={"code": "no wish"})
    client = login(secretary)

    def shown(query: str) -> list[str]:
        return [row.label for row in client.get(f"/plans/{plan.pk}/{query}").context["classes"]]

    assert shown("") == ["七(3)班", "七(4)班", "七(5)班"]
    assert shown("?show=short") == ["七(4)班", "七(5)班"]
    assert shown("?show=unmet") == ["七(5)班"]
    assert shown(f"?school={world.school.pk}") == ["七(3)班", "七(4)班", "七(5)班"]
    assert shown("?show=refused") == []
    assert shown("?show=anything") == ["七(3)班", "七(4)班", "七(5)班"]


def test_the_worst_school_comes_first(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    far = world.new_group(1, 5, school=OrganisationFactory(name="安远中学"))
    plan = plan_of(secretary, world, now, world.group, far)
    PlanSchool.objects.filter(plan=plan, school=far.school).update(reached=5)

    schools = login(secretary).get(f"/plans/{plan.pk}/").context["schools"]

    assert [(row.name, row.reach) for row in schools] == [
        ("清河中学", "3 / 5"),
        ("安远中学", "5 / 5"),
    ]


def test_the_alliance_sees_how_many_and_a_school_whom(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    alliance, own = plan_of(secretary, world, now), plan_of(world.coordinator, world, now)
    names = [student.name for student in world.students]

    def page(who: Actor, plan: CohortPlan) -> str:
        row = plan.classes.get()
        return text_of(login(who).get(f"/plans/{plan.pk}/classes/{row.pk}/"))

    of_alliance = page(secretary, alliance)
    assert "3 个名额" in of_alliance
    assert [name for name in names if name in of_alliance] == []
    assert not AuditEntry.objects.filter(verb="names.read").exists()
    of_school = page(world.coordinator, own)
    assert [name for name in names if name in of_school] == names[:3]
    entry = AuditEntry.objects.get(verb="names.read")
    assert (entry.facts["context"], entry.facts["count"]) == ("plan_class", 3)
    assert entry.school_id == world.school.pk


def test_the_printed_plan_has_every_class_with_its_sessions(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)

    answer = login(secretary).get(f"/plans/{plan.pk}/print/")

    assert rows_of(answer, 1) == [
        "清河中学 七(3)班 3 / 5 12 月 8 日（周二）9:00–11:30 面包师：吐司与软欧 · "
        "焙烤实训中心 1号实训室 · 3 个名额 想去“面包师”的 5 人排上 3 人："
        "能去的 1 场共 3 个名额都用完了。"
    ]


@pytest.mark.parametrize(
    ("values", "words", "bar"),
    [
        ({"state": PlanState.QUEUED}, "等待计算 等待计算…", "进度"),
        (
            {"state": PlanState.RUNNING, "stage": PlanStage.COLUMNS, "seconds": 37.2, "best": 4790},
            "正在计算 安排每个学生的场次 · 37 秒 目前 4,790 / 5,000 人能修满，最多 4,889 人",
            'max="5000" value="4790"',
        ),
        (
            {"state": PlanState.RUNNING, "best": 4790, "bound": None},
            "正在计算 准备数据，第一次可能要一两分钟… 目前 4,790 / 5,000 人能修满 算好",
            'max="5000" value="4790"',
        ),
    ],
)
def test_a_plan_at_work_says_how_far_it_is(
    world: World,
    secretary: Actor,
    login: Login,
    now: datetime,
    values: dict[str, Any],
    words: str,
    bar: str,
) -> None:
    plan = plan_of(secretary, world, now, **values)
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/")
    part = client.get(f"/plans/{plan.pk}/", HTTP_HX_REQUEST="true")

    assert words in text_of(page)
    assert bar in page.content.decode()
    assert b"<main" not in part.content
    assert bar in part.content.decode()
    assert f'href="/plans/{plan.pk}/">刷新' in page.content.decode()


def test_once_it_is_found_the_moving_part_asks_for_the_whole_page(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)

    answer = login(secretary).get(f"/plans/{plan.pk}/", HTTP_HX_REQUEST="true")

    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PlanState.FAILED, "没有算成 计算中断了，请再算一次。"),
        (PlanState.DROPPED, "这个方案已取消，没有占用名额。"),
    ],
)
def test_a_plan_that_came_to_nothing_can_be_asked_for_again(
    world: World, secretary: Actor, login: Login, now: datetime, state: PlanState, words: str
) -> None:
    plan = plan_of(
        secretary, world, now, state=state, goal=PlanGoal.TRIPS, sites_at_once=3, is_draft=True
    )
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/")

    assert words in text_of(page)
    again = f"/plans/new/?like={plan.pk}&amp;requirement={plan.requirement_id}"
    assert again in page.content.decode()
    form = client.get(again.replace("&amp;", "&")).context["form"]
    assert [form[name].value() for name in ("goal", "sites_at_once", "is_draft")] == [
        "trips",
        3,
        "draft",
    ]


def test_publishing_says_first_how_much_it_books(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, world.group, world.new_group(4, 5))
    client = login(secretary)

    page = text_of(client.get(f"/plans/{plan.pk}/publish/"))

    assert "为 2 个班约场次，每班一张预约单，涉及 1 所学校，占 6 个名额。" in page
    assert not Reservation.objects.exists()
    client.post(f"/plans/{plan.pk}/publish/")
    assert "正在发布 已处理 0 个班，共 2 个班" in text_of(client.get(f"/plans/{plan.pk}/"))
    publishing.publish_classes(plan.pk, clock=lambda: now)
    plan.refresh_from_db()
    assert plan.state == PlanState.PUBLISHED
    assert [row.state for row in client.get(f"/plans/{plan.pk}/").context["classes"]] == [
        "已预约",
        "已预约",
    ]
    assert Reservation.objects.count() == 2


def test_seats_are_counted_in_thousands_as_everywhere(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    group = world.new_group(4, 41)
    students = list(group.students.all())
    sessions = [world.session(day=DAY + timedelta(days=day)) for day in range(25)]
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={group: dict.fromkeys(sessions, students)},
        now=now,
    )

    page = text_of(login(secretary).get(f"/plans/{plan.pk}/publish/"))

    assert "涉及 1 所学校，占 1,025 个名额。" in page


def test_a_refused_class_says_why_and_what_can_be_done(
    world: World, login: Login, now: datetime
) -> None:
    """Somebody else takes the seats between planning and publishing."""
    plan = plan_of(world.coordinator, world, now)
    session = CourseSession.objects.get(pk=plan.classes.get().places.first().session_id)
    CourseSession.objects.filter(pk=session.pk).update(capacity=2)
    client = login(world.coordinator)

    client.post(f"/plans/{plan.pk}/publish/")
    publishing.publish_classes(plan.pk, clock=lambda: now)

    page = client.get(f"/plans/{plan.pk}/")
    text = text_of(page)
    assert "1 个班没有约成，共 3 名学生还差学时。 可以重新统筹：还在的预约都不动" in text
    assert "没有约成，原因写在班级后面。" not in text
    assert "再算一" not in text
    assert page.content.decode().count(f'href="/plans/{plan.pk}/replan/"') == 1
    (row,) = page.context["classes"]
    assert (row.state, row.lost, row.refusal) == (
        "没有约成",
        "",
        "名额不够：这一场还剩 2 位，您要 3 位。没有约成，名额未扣。",
    )
    assert "另行选课" not in text


def test_what_was_cancelled_before_publishing_is_told_before(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, world.group, world.new_group(4, 5))
    client = login(secretary)
    words = "算好以后有场次取消了，1 个班会约不成。"
    pages = (f"/plans/{plan.pk}/", f"/plans/{plan.pk}/publish/")
    assert not any(words in text_of(client.get(page)) for page in pages)
    session = CourseSession.objects.get(pk=plan.classes.first().places.first().session_id)

    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    assert all(words in text_of(client.get(page)) for page in pages)


def test_whom_another_plan_booked_for_since_is_told_before_publishing(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, world.group, world.new_group(4, 5))
    own = plan_of(world.coordinator, world, now)
    words = "算好以后已有另一个方案为其中 1 个班约了场次，本方案不再为它们约。"
    client = login(secretary)
    assert words not in text_of(client.get(f"/plans/{plan.pk}/publish/"))

    publishing.publish(by=world.coordinator, plan=own, now=now)

    assert words in text_of(client.get(f"/plans/{plan.pk}/publish/"))


def test_a_plan_that_cannot_be_published_says_why(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)
    later = plan_of(secretary, world, now)
    publishing.publish(by=secretary, plan=later, now=now + timedelta(minutes=3))
    publishing.publish_classes(later.pk, clock=lambda: now)
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/")
    answer = client.get(f"/plans/{plan.pk}/publish/")

    why = "11 月 24 日（周二）8:03 已发布另一个方案，这个方案的 1 个班都在其中。请重新计算再发布。"
    assert why in text_of(page)
    assert answer.status_code == 409
    assert why in text_of(answer)
    assert client.post(f"/plans/{plan.pk}/publish/").status_code == 409


def test_a_published_plan_is_undone_until_its_lists_are_settled(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    client = login(secretary)

    page = text_of(client.get(f"/plans/{plan.pk}/undo/"))

    assert "取消 1 个班按方案约下的预约，最多放出 3 个名额。" in page
    assert "最后一场定名单的时间是 12 月 6 日（周日）0:00，此后不能再撤回。" in page
    client.post(f"/plans/{plan.pk}/undo/")
    at_work = text_of(client.get(f"/plans/{plan.pk}/"))
    assert "正在撤回 已处理 0 个班，共 1 个班 按班级取消预约。" in at_work
    publishing.undo_classes(plan.pk, clock=lambda: now)
    over = client.get(f"/plans/{plan.pk}/")
    assert "这个方案已撤回，不能再发布。" in text_of(over)
    again = f"/plans/new/?like={plan.pk}&amp;requirement={plan.requirement_id}"
    assert f'href="{again}">按同样的选择再算一次' in over.content.decode()
    assert plan.classes.get().state == PlanClassState.UNDONE
    again = client.post(f"/plans/{plan.pk}/undo/")
    assert again.status_code == 409
    assert "这个方案现在是“已撤回”，只有已发布的方案才能撤回或重新统筹。" in text_of(again)


def test_plans_are_compared_and_the_best_of_each_row_is_marked(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    one = plan_of(secretary, world, now)
    two = plan_of(
        secretary,
        world,
        now + timedelta(minutes=1),
        reached=4870,
        trips=900,
        wishes=0.834,
        sites_at_once=1,
        seats_left=400,
    )
    two.schools.update(reached=5)

    answer = login(secretary).get(f"/plans/compare/?with={one.pk}&with={two.pk}")

    assert rows_of(answer) == [
        "能修满的学生（共 5,000 人） 4,870 最好 4,876",
        "最低的学校 97.8% 97.8%",
        "志愿满足 83.4% 83.4%",
        "出行趟次 最好 900 1,204",
        "剩余空位（到 1 月 23 日） 最好 400 312",
    ]
    assert rows_of(answer, 1) == ["清河中学（共 5 人） 最好 5 3"]
    assert [line.name for line in answer.context["lines"]] == [f"方案 {two.pk}", f"方案 {one.pk}"]


def test_a_school_that_only_one_plan_is_for_has_a_dash_in_the_other(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    far = world.new_group(1, 5, school=OrganisationFactory(name="安远中学"))
    one, two = plan_of(secretary, world, now, world.group, far), plan_of(secretary, world, now)
    CohortPlan.objects.filter(pk=two.pk).update(students=9)

    answer = login(secretary).get(f"/plans/compare/?with={one.pk},{two.pk}")

    assert rows_of(answer)[0] == "能修满的学生 4,876 / 9 4,876 / 5,000"
    assert rows_of(answer, 1) == [
        "安远中学（共 5 人） — 3",
        "清河中学（共 5 人） 3 3",
    ]
    assert "这些方案统筹的学校或班级不同，合计的数字不能直接相比。" in text_of(answer)


def test_what_is_made_good_and_what_makes_it_good_are_no_contest(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    """The later one is for the classes that lost something: fewer trips are no merit of it."""
    one = plan_of(secretary, world, now)
    two = plan_of(secretary, world, now, replans=one, students=25, reached=25, trips=20)
    two.schools.update(reached=5)

    answer = login(secretary).get(f"/plans/compare/?with={one.pk},{two.pk}")

    assert "最好" not in "".join(rows_of(answer) + rows_of(answer, 1))
    assert "这些方案统筹的学校或班级不同，合计的数字不能直接相比。" in text_of(answer)
    assert f"方案 {two.pk} 重新统筹方案 {one.pk} 志愿优先" in text_of(answer)


def test_plans_for_other_hours_say_which_and_are_no_contest(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    one = plan_of(secretary, world, now)
    other = RequirementFactory(name="高中职业体验", stage="senior", due_on=date(2027, 7, 1))
    two = plan_of(secretary, world, now, requirement=other, trips=20)
    two.schools.update(reached=5)

    answer = login(secretary).get(f"/plans/compare/?with={one.pk},{two.pk}")

    assert "最好" not in "".join(rows_of(answer) + rows_of(answer, 1))
    assert "这些方案的预约季或学时要求不同，数字不能直接相比。" in text_of(answer)
    assert f"方案 {two.pk} 高中职业体验 志愿优先" in text_of(answer)


def test_a_school_without_wishes_has_no_share_of_them(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    far = world.new_group(1, 5, school=OrganisationFactory(name="安远中学"))
    plan = plan_of(secretary, world, now, world.group, far)
    plan.classes.filter(class_group=far).update(reason={"code": "no wish"})
    plan.schools.update(wishes=0)

    rows = rows_of(login(secretary).get(f"/plans/{plan.pk}/"))

    assert rows == ["安远中学 3 / 5 60.0% — 1 3", "清河中学 3 / 5 60.0% 0% 1 3"]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_two_to_four_plans_are_compared(
    world: World, secretary: Actor, login: Login, now: datetime, count: int
) -> None:
    keys = [str(plan_of(secretary, world, now).pk) for _number in range(count)]

    answer = login(secretary).get(
        f"/plans/compare/?with={','.join([*keys, 'x', '99999999999'])}", follow=True
    )

    assert answer.redirect_chain == [("/plans/", 302)]
    assert "请选 2 至 4 个算好的方案来比较。" in text_of(answer)


def test_nobody_compares_what_is_not_hers(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    keys = [plan_of(secretary, world, now).pk for _number in range(2)]

    answer = login(world.coordinator).get(f"/plans/compare/?with={keys[0]}&with={keys[1]}")

    assert (answer.status_code, answer["Location"]) == (302, "/plans/")


def test_each_list_costs_as_much_for_three_as_for_one(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    client = login(secretary)
    groups = [world.group, world.new_group(4, 5), world.new_group(5, 5)]
    far = world.new_group(1, 5, school=OrganisationFactory(name="安远中学"))
    one = plan_of(secretary, world, now)
    listed = queries(client, "/plans/")
    three = plan_of(secretary, world, now, *groups, far)
    third = plan_of(secretary, world, now)
    like = [
        {"session": one.pk, "seats": 1, "students": 1, "reached": 1}
        for one in CourseSession.objects.all()
    ]
    CohortPlan.objects.filter(pk=one.pk).update(shortage={"short": 1, "openings": like[:1]})
    CohortPlan.objects.filter(pk=three.pk).update(shortage={"short": 1, "openings": like[:3]})

    row = one.classes.get()
    few = {
        "list": listed,
        "plan": queries(client, f"/plans/{one.pk}/"),
        "print": queries(client, f"/plans/{one.pk}/print/"),
        "compare": queries(client, f"/plans/compare/?with={one.pk},{third.pk}"),
        "compare print": queries(client, f"/plans/compare/print/?with={one.pk},{third.pk}"),
        "class": queries(client, f"/plans/{one.pk}/classes/{row.pk}/"),
    }
    for number in range(2):
        session = world.session(day=DAY + timedelta(days=number + 1))
        row.places.create(session=session, student=world.students[0])
    many = {
        "list": queries(client, "/plans/"),
        "plan": queries(client, f"/plans/{three.pk}/"),
        "print": queries(client, f"/plans/{three.pk}/print/"),
        "compare": queries(client, f"/plans/compare/?with={three.pk},{third.pk}"),
        "compare print": queries(client, f"/plans/compare/print/?with={three.pk},{third.pk}"),
        "class": queries(client, f"/plans/{one.pk}/classes/{row.pk}/"),
    }

    assert (
        many
        == few
        == {
            "list": 8,
            "plan": 15,
            "print": 13,
            # Two of them for each of the two to four plans: whether it can be published.
            "compare": 12,
            "compare print": 7,
            "class": 9,
        }
    )


def test_a_form_for_a_new_plan_says_whom_it_is_for(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    """Of seven students of two schools one has hours enough with what is booked."""
    far = world.new_group(1, 2, school=OrganisationFactory(name="安远中学"))
    camp = world.session(class_hours=14)
    make_booking(
        by=world.teacher,
        session=camp,
        class_group=world.group,
        student_ids=[world.students[0].pk],
        now=now,
    )
    client = login(secretary)

    page = client.get("/plans/new/")

    text = text_of(page)
    assert "学校（共 2 所）" in text
    # The page's script counts along, from what each box stands for.
    assert 'data-chosen="学校（选了 {chosen} 所，共 2 所）"' in page.content.decode()
    boxes = re.findall(
        r'value="(\d+)"[^>]* data-classes="(\d+)" data-students="(\d+)"', page.content.decode()
    )
    assert boxes == [(str(far.school_id), "1", "2"), (str(world.school.pk), "1", "4")]
    assert "安远中学，1 个班，2 人" in text
    assert "清河中学，1 个班，4 人" in text
    assert "将为 2 个班的 6 名学生排场次：他们已得加已约，仍不够学时。" in text
    changed = client.post("/plans/new/", fields_of(page) | {"schools": [far.school_id]})
    assert "要统筹的学校变了，请看一下新的人数，再开始计算。" in text_of(changed)
    assert "将为 1 个班的 2 名学生排场次" in text_of(changed)
    assert not CohortPlan.objects.exists()
    none = client.post("/plans/new/", fields_of(page) | {"schools": []})
    assert "请至少选一所学校。" in text_of(none)
    assert "名学生排场次" not in text_of(none)
    assert "开始计算</button>" in none.content.decode()


def fields_of(page: Any) -> dict[str, Any]:
    """What the page's form sends as it stands."""
    form = page.context["form"]
    return {name: form[name].value() for name in form.fields} | {"seen": page.context["seen"]}


def test_a_plan_is_started_with_what_was_chosen(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    far = world.new_group(1, 2, school=OrganisationFactory(name="安远中学"))
    world.session()
    client = login(secretary)
    shown = client.get("/plans/new/")
    wanted = fields_of(shown) | {"schools": [far.school_id], "goal": "trips", "sites_at_once": 3}
    shown = client.post("/plans/new/", wanted | {"is_draft": "draft"})

    answer = client.post("/plans/new/", fields_of(shown))

    plan = CohortPlan.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/plans/{plan.pk}/")
    assert (plan.state, plan.goal, plan.sites_at_once, plan.is_draft, plan.school_id) == (
        PlanState.QUEUED,
        PlanGoal.TRIPS,
        3,
        True,
        None,
    )
    assert list(plan.schools.values_list("school_id", flat=True)) == [far.school_id]
    again = client.post("/plans/new/", fields_of(shown))
    assert again.status_code == 409
    assert f"方案 {plan.pk} 还在计算。请等它算好，或先停止它。" in text_of(again)


def test_asked_for_again_it_is_for_the_same_schools(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    far = world.new_group(1, 2, school=OrganisationFactory(name="安远中学"))
    plan = plan_of(secretary, world, now, far, state=PlanState.DROPPED)

    page = login(secretary).get(f"/plans/new/?like={plan.pk}&requirement={plan.requirement_id}")

    assert fields_of(page)["schools"] == [far.school_id]
    assert "将为 1 个班的 2 名学生排场次" in text_of(page)
    PlanSchool.objects.filter(plan=plan).delete()
    page = login(secretary).get(f"/plans/new/?like={plan.pk}&requirement={plan.requirement_id}")
    assert sorted(fields_of(page)["schools"]) == sorted([world.school.pk, far.school_id])


def test_another_requirement_has_other_schools(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    seniors = make_class(students=2, stage="senior", school=OrganisationFactory(name="安远中学"))
    other = RequirementFactory(name="高中职业体验", stage="senior", due_on=date(2027, 7, 1))
    client = login(secretary)
    shown = client.get("/plans/new/")

    answer = client.post("/plans/new/", fields_of(shown) | {"requirement": other.pk})

    assert "另有 1 所学校按“高中职业体验”还差学时：请换学时要求，另做一个方案。" in text_of(shown)
    assert "将为 1 个班的 2 名学生排场次" in text_of(answer)
    assert fields_of(answer)["schools"] == [seniors.school_id]
    assert not CohortPlan.objects.exists()


def test_a_calculation_is_stopped(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    world.session()
    client = login(secretary)
    client.post("/plans/new/", fields_of(client.get("/plans/new/")))
    plan = CohortPlan.objects.get()

    answer = client.post(f"/plans/{plan.pk}/cancel/", follow=True)

    assert "这个方案已取消，没有占用名额。" in text_of(answer)
    again = client.post(f"/plans/{plan.pk}/cancel/", follow=True)
    assert "这个方案现在是“已取消”，没有在计算。" in text_of(again)


def test_a_plan_that_is_asked_to_stop_says_so(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, state=PlanState.RUNNING, cancel_asked_at=now)

    page = text_of(login(secretary).get(f"/plans/{plan.pk}/"))

    assert "已要求停止，马上停下来。" in page
    assert "停止计算" not in page


def test_a_plan_that_is_put_away_shows_no_class_as_waiting(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, state=PlanState.DROPPED)

    answer = login(secretary).get(f"/plans/{plan.pk}/classes/{plan.classes.get().pk}/")

    assert (answer.status_code, answer["Location"]) == (302, f"/plans/{plan.pk}/")


def test_a_found_plan_is_put_away(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)
    client = login(secretary)
    assert f"放弃方案 {plan.pk}？ 它没有占用名额" in text_of(client.get(f"/plans/{plan.pk}/drop/"))

    answer = client.post(f"/plans/{plan.pk}/drop/", follow=True)

    assert "已放弃这个方案。" in text_of(answer)
    plan.refresh_from_db()
    assert plan.state == PlanState.DROPPED
    CohortPlan.objects.filter(pk=plan.pk).update(state=PlanState.RUNNING)
    refused = client.post(f"/plans/{plan.pk}/drop/")
    assert refused.status_code == 409
    assert "这个方案现在是“正在计算”，不能放弃。" in text_of(refused)


def test_a_school_is_asked_for_less(world: World, login: Login, now: datetime) -> None:
    page = login(world.coordinator).get("/plans/new/")

    assert list(page.context["form"].fields) == ["sites_at_once", "goal"]
    assert "将为 1 个班的 5 名学生排场次" in text_of(page)


def test_where_nobody_is_short_there_is_nothing_to_start(
    world: World, login: Login, now: datetime
) -> None:
    world.group.students.update(left_at=now)

    assert "按“初中职业体验”，没有还差学时的学生。" in text_of(
        login(world.coordinator).get("/plans/new/")
    )


def test_without_a_season_there_is_nothing_to_plan(secretary: Actor, login: Login) -> None:
    page = text_of(login(secretary).get("/plans/new/"))

    assert "还没有预约季。 定好预约季和学时要求以后，才能统筹。" in page


def test_offices_find_the_way_to_their_plans(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    assert b'href="/plans/"' in login(secretary).get("/overview/").content
    for path in ("/school/", "/classes/"):
        assert b'href="/plans/"' in login(world.coordinator).get(path).content
    assert b'href="/plans/"' not in login(world.teacher).get("/classes/").content
    nav = login(secretary).get("/plans/").context["frame"].nav
    assert [item.url for item in nav if item.is_current] == ["/plans/"]
    own = login(world.coordinator).get("/plans/").context["frame"].nav
    assert [item.url for item in own if item.is_current] == ["/school/"]
