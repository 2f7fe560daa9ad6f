"""What the pages say of a published plan since: how far its students are, what was lost, what was
built on it."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.services import host_changes
from courses.models import CourseSession, Season
from planning.choices import PlanState
from planning.models import CohortPlan
from planning.services import publishing
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import OrganisationFactory
from tests.factories.bookings import make_booking
from tests.factories.planning import Wanted, make_plan
from tests.planning.test_plan_pages import queries, rows_of, text_of

Login = Callable[[Actor], Client]
DAYS = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def publish(by: Actor, plan: CohortPlan, now: datetime) -> CohortPlan:
    publishing.publish(by=by, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    return CohortPlan.objects.select_related("season").get(pk=plan.pk)


def found(
    by: Actor, world: World, wanted: Wanted, now: datetime, replans: CohortPlan | None = None
) -> CohortPlan:
    """Its figures say that it brings everybody there; its made time is that of ``now``."""
    plan = make_plan(
        by=by,
        season=world.season,
        wanted=wanted,
        now=now,
        school=world.school if by.is_school else None,
        replans=replans,
    )
    for row in plan.classes.all():
        row.reached = row.students
        row.save()
    for school in plan.schools.all():
        rows = plan.classes.filter(school=school.school_id)
        school.students = school.reached = sum(row.students for row in rows)
        school.seats = sum(row.places.count() for row in rows)
        school.save()
    students = sum(row.students for row in plan.classes.all())
    CohortPlan.objects.filter(pk=plan.pk).update(
        students=students, reached=students, worst_school=1.0, seats_left=8019
    )
    plan.refresh_from_db()
    return plan


def camp(world: World, number: int = 0) -> CourseSession:
    """All that is required, at once."""
    return world.session(day=DAY + number * DAYS, class_hours=14)


def cancel(world: World, session: CourseSession, now: datetime) -> None:
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)


def district(world: World, secretary: Actor, now: datetime) -> tuple[CohortPlan, CourseSession]:
    """Published for two classes of one school and one of another; the session of the latter."""
    other = world.new_group(4, 2)
    away = world.new_group(1, 4, school=OrganisationFactory(name="安远中学"))
    gone = camp(world, 1)
    plan = found(
        secretary,
        world,
        {
            world.group: {camp(world): world.students},
            other: {gone: list(other.students.all())},
            away: {gone: list(away.students.all())},
        },
        now,
    )
    return publish(secretary, plan, now), gone


def state_of(row: str) -> str:
    return row.split("8:00 ")[1]


def test_the_list_says_what_published_plans_have_lost_and_how_far_they_are(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan, gone = district(world, secretary, now)
    client = login(secretary)
    (whole,) = rows_of(client.get("/plans/"))
    assert state_of(whole) == "已发布 11 / 11 现在 11 / 11 100% 现在 100% 0% 0"

    cancel(world, gone, now)

    page = client.get("/plans/")
    (hit,) = rows_of(page)
    assert state_of(hit) == (
        f"已发布 1 场落空，2 个班受影响 重新统筹 方案 {plan.pk} "
        "11 / 11 现在 5 / 11 100% 现在 0% 0% 0"
    )
    assert f'href="/plans/{plan.pk}/replan/"' in page.content.decode()
    # Once the season is over there is nothing to be done, and it is still so.
    Season.objects.update(closes_at=now - 2 * DAYS, runs_until=now.date() - DAYS)
    page = client.get(f"/plans/?season={plan.season_id}")
    assert "1 场落空，2 个班受影响" in text_of(page)
    assert "/replan/" not in page.content.decode()


def test_what_could_not_be_booked_is_marked_too(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    other = world.new_group(4, 2)
    tight, gone = world.session(class_hours=4, capacity=1), camp(world, 2)
    wanted = {
        world.group: {gone: world.students},
        other: {tight: list(other.students.all())},
    }
    publish(secretary, found(secretary, world, wanted, now), now)
    cancel(world, gone, now)

    (row,) = rows_of(login(secretary).get("/plans/"))

    assert "已发布 1 场落空，1 个班受影响；1 个班没有约成 重新统筹" in row


def test_the_list_costs_as_much_for_three_published_plans_as_for_one(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    client = login(secretary)
    counts = []
    for number in (1, 2, 3):
        group = world.new_group(10 + number, 2)
        session = camp(world, number)
        wanted = {group: {session: list(group.students.all())}}
        publish(secretary, found(secretary, world, wanted, now), now)
        cancel(world, session, now)
        counts.append(
            (queries(client, "/plans/"), queries(client, "/overview/"), text_of_lost(client))
        )

    assert [lost for *_counts, lost in counts] == [1, 2, 3]
    assert {(of_list, of_overview) for of_list, of_overview, _lost in counts} == {(18, 23)}


def text_of_lost(client: Client) -> int:
    return text_of(client.get("/plans/")).count("1 场落空，1 个班受影响")


def test_the_secretariat_and_the_school_are_told_of_their_own_losses(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan, gone = district(world, secretary, now)
    third = world.new_group(6, 3)
    session = camp(world, 2)
    wanted = {third: {session: list(third.students.all())}}
    own = publish(world.coordinator, found(world.coordinator, world, wanted, now), now)
    office, school = login(secretary), login(world.coordinator)
    assert "受影响" not in text_of(office.get("/overview/"))
    assert "受影响" not in text_of(school.get("/"))

    cancel(world, gone, now)
    cancel(world, session, now)

    overview, home = office.get("/overview/"), school.get("/")
    ours = f'href="/plans/{plan.pk}/">方案 {plan.pk}：1 场落空，2 个班受影响</a> 可以重新统筹'
    assert ours in overview.content.decode()
    assert text_of(overview).count("受影响") == 1
    assert f"方案 {own.pk}：1 场落空，1 个班受影响 可以重新统筹" in text_of(home)
    assert f'href="/plans/{own.pk}/"' in home.content.decode()
    assert text_of(home).count("受影响") == 1
    assert "受影响" not in text_of(login(world.teacher).get("/"))
    # What the school has booked otherwise is lost no more.
    make_booking(by=world.coordinator, session=camp(world, 3), class_group=third, now=now)
    assert "受影响" not in text_of(school.get("/"))


def figures_of(page: Any) -> list[str]:
    return rows_of(page)[:3]


def test_a_published_plan_shows_what_was_planned_beside_what_is_so_now(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan, gone = district(world, secretary, now)
    client = login(secretary)
    page = client.get(f"/plans/{plan.pk}/")
    assert figures_of(page) == [
        "能修满的学生 11 / 11 11 / 11",
        "最低的学校 100% 安远中学 100% 安远中学",
        "占用名额 11 11",
    ]
    assert "本方案占用 11 个；到 1 月 23 日为止的场次，算好时还剩 8,019 个空位。" in text_of(page)

    cancel(world, gone, now)

    page = client.get(f"/plans/{plan.pk}/")
    assert figures_of(page) == [
        "能修满的学生 11 / 11 5 / 11",
        "最低的学校 100% 安远中学 0% 安远中学",
        "占用名额 11 5",
    ]
    assert rows_of(page, 1) == [
        "安远中学 4 / 4 现在 0 / 4 100% — 0 4",
        "清河中学 7 / 7 现在 5 / 7 100% — 0 7",
    ]
    assert [(row.label, row.reach, row.now) for row in page.context["classes"]] == [
        ("七(1)班", "4 / 4", "0 / 4"),
        ("七(3)班", "5 / 5", ""),
        ("七(4)班", "2 / 2", "0 / 2"),
    ]
    printed = client.get(f"/plans/{plan.pk}/print/")
    assert figures_of(printed) == figures_of(page)


def test_undone_it_says_how_far_they_are_without_it(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan, _gone = district(world, secretary, now)
    make_booking(
        by=world.coordinator,
        session=camp(world, 5),
        class_group=world.group,
        student_ids=[world.students[0].pk],
        now=now,
    )
    publishing.undo(by=secretary, plan=plan, now=now)
    publishing.undo_classes(plan.pk, clock=lambda: now)
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/")

    assert figures_of(page) == [
        "能修满的学生 11 / 11 1 / 11",
        "最低的学校 100% 安远中学 0% 安远中学",
        "占用名额 11 0",
    ]
    assert "已撤回 11 / 11 现在 1 / 11 100% 现在 0%" in rows_of(client.get("/plans/"))[0]


def test_a_plan_that_is_only_found_has_no_other_figures(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = found(secretary, world, {world.group: {camp(world): world.students}}, now)
    client = login(secretary)

    assert "现在" not in text_of(client.get(f"/plans/{plan.pk}/"))
    assert "现在" not in text_of(client.get(f"/plans/{plan.pk}/print/"))
    assert "现在" not in rows_of(client.get("/plans/"))[0]


@pytest.mark.parametrize("number", [1, 3])
def test_a_published_plan_costs_the_same_however_many_classes(
    world: World, secretary: Actor, login: Login, now: datetime, number: int
) -> None:
    groups = [world.new_group(1, 2, school=OrganisationFactory()) for _number in range(number)]
    gone, stays = camp(world), world.session(day=DAY + DAYS)
    wanted = {
        group: {session: list(group.students.all()) for session in (gone, stays)}
        for group in groups
    }
    plan = publish(secretary, found(secretary, world, wanted, now), now)
    cancel(world, gone, now)
    client = login(secretary)

    pages = [queries(client, f"/plans/{plan.pk}/{page}") for page in ("", "print/", "undo/")]

    assert pages == [25, 15, 9]


def made_good(world: World, secretary: Actor, now: datetime) -> list[CohortPlan]:
    """Published, lost, made good by a second, which lost and was made good by a third."""
    group, plans = world.new_group(7, 2), []
    stays = camp(world, 9)
    other = world.new_group(8, 2)
    before = None
    for number in range(3):
        session = camp(world, number)
        wanted = {group: {session: list(group.students.all())}}
        if before is None:
            wanted[other] = {stays: list(other.students.all())}
        moment = now + number * timedelta(minutes=10)
        before = publish(secretary, found(secretary, world, wanted, moment, before), moment)
        plans.append(before)
        if number < 2:
            cancel(world, session, moment + timedelta(minutes=1))
    return plans


def test_plans_lead_to_what_they_replan_and_what_replans_them(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    first, second, third = made_good(world, secretary, now)
    client = login(secretary)

    pages = {plan.pk: client.get(f"/plans/{plan.pk}/") for plan in (first, second, third)}

    def links(plan: CohortPlan) -> set[int]:
        main = pages[plan.pk].content.decode().split("<main")[1]
        return {int(key) for key in re.findall(r'href="/plans/(\d+)/"', main)}

    assert links(first) == {second.pk}
    assert f"在它之后重新统筹： 方案 {second.pk} （已发布）" in text_of(pages[first.pk])
    assert links(second) == {first.pk, third.pk}
    assert f"重新统筹方案 {first.pk} （已发布） · 志愿优先" in text_of(pages[second.pk])
    assert links(third) == {second.pk}
    CohortPlan.objects.filter(pk=third.pk).update(state=PlanState.DROPPED)
    assert "在它之后重新统筹" not in text_of(client.get(f"/plans/{second.pk}/"))


def test_undoing_a_plan_says_what_was_built_on_it_and_stays(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    first, second, third = made_good(world, secretary, now)
    client = login(secretary)

    question = client.get(f"/plans/{first.pk}/undo/")

    for later in (second, third):
        assert (
            f"在它之后重新统筹的 方案 {later.pk} 不会一起撤回，它约下的场次保留；"
            "不要的话请单独撤回。" in text_of(question)
        )
        assert f'href="/plans/{later.pk}/"' in question.content.decode()
    assert "不会一起撤回" not in text_of(client.get(f"/plans/{third.pk}/undo/"))
    client.post(f"/plans/{first.pk}/undo/")
    publishing.undo_classes(first.pk, clock=lambda: now)
    assert f"重新统筹方案 {first.pk} （已撤回）" in text_of(client.get(f"/plans/{second.pk}/"))
    # It stays, as it was said, and can be undone by itself.
    assert figures_of(client.get(f"/plans/{third.pk}/"))[0] == "能修满的学生 2 / 2 2 / 2"
    assert client.get(f"/plans/{third.pk}/undo/").status_code == 200


def test_who_could_not_be_booked_and_who_lost_something_have_one_way_on(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    other = world.new_group(4, 2)
    days = [camp(world, number) for number in range(3)]
    plan = found(
        secretary,
        world,
        {
            world.group: {days[0]: world.students},
            other: {day: list(other.students.all()) for day in days[1:]},
        },
        now,
    )
    cancel(world, days[1], now)
    publish(secretary, plan, now)
    cancel(world, days[0], now)
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/")

    text = text_of(page)
    assert (
        "1 个班没有约成，1 个班有场次落空，共 7 名学生还差学时。 "
        "可以重新统筹：还在的预约都不动，只为这些班另找场次。 看是哪些班 "
        "清河中学 七(3)班 · 1 场落空 清河中学 七(4)班 · 没有约成 重新统筹" in text
    )
    assert "再算一" not in text
    assert "请学校另约" not in text
    assert "原因写在班级后面" not in text
    assert page.content.decode().count(f'href="/plans/{plan.pk}/replan/"') == 1
    assert "清河中学 七(4)班 · 没有约成" in text_of(client.get(f"/plans/{plan.pk}/replan/"))
    # Taken up by another plan, it is told without any advice.
    later = now + timedelta(minutes=5)
    again = found(
        secretary,
        world,
        {
            world.group: {days[2]: world.students},
            other: {days[2]: list(other.students.all())},
        },
        later,
        plan,
    )
    changes = text_of(client.get(f"/plans/{again.pk}/changes/"))
    assert "落空 1 场，新增 2 场，0 场不变。" in changes
    assert (
        f"七(4)班 方案 {plan.pk} 发布时没有约成。 "
        "这一场已取消（停电），请另选一场。 新增" in changes
    )
    publish(secretary, again, later)
    text = text_of(client.get(f"/plans/{plan.pk}/"))
    assert "1 个班发布时没有约成，原因写在班级后面。 看这些班" in text
    assert "可以重新统筹" not in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"is_draft": True}, "这是草算的方案：正式计算可能会有更多学生修满。"),
        (
            {"is_draft": True, "bound": 5},
            "这是草算的方案：能修满的学生已是最多，正式计算可能更合志愿、更少跑路。",
        ),
        (
            {"is_draft": True, "is_whole": False},
            "这是草算的方案：正式计算可能会有更多学生修满。",
        ),
        ({"is_whole": False}, "计算没有做完，再算一次可能会有更多学生修满。"),
        ({"is_whole": False, "bound": 5}, ""),
        ({}, ""),
    ],
)
def test_publishing_a_draft_says_that_it_is_one(
    world: World,
    secretary: Actor,
    login: Login,
    now: datetime,
    values: dict[str, Any],
    words: str,
) -> None:
    plan = found(secretary, world, {world.group: {camp(world): world.students}}, now)
    CohortPlan.objects.filter(pk=plan.pk).update(**values)

    page = text_of(login(secretary).get(f"/plans/{plan.pk}/publish/"))

    caution = page.split("个名额。")[1].split("一个班要么")[0].strip()
    assert caution == words
