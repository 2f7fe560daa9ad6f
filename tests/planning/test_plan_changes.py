"""The pages of what a published plan has lost, and of what its successor changes."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from bookings.services import host_changes
from planning.choices import PlanClassState
from planning.models import CohortPlan
from planning.services import publishing
from tests.bookings.conftest import DAY, World
from tests.factories.planning import Wanted, make_plan

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode().split("<main")[1]).split())


def published(by: Actor, world: World, wanted: Wanted, now: datetime) -> CohortPlan:
    plan = make_plan(by=by, season=world.season, wanted=wanted, now=now)
    publishing.publish(by=by, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    return plan


def replanned(world: World, secretary: Actor, now: datetime, classes: int) -> CohortPlan:
    """Each class had two sessions, lost the first to its host, and gets another."""
    groups = [world.group, *(world.new_group(number, 3) for number in range(4, 3 + classes))]
    days = [world.session(day=DAY + timedelta(days=number)) for number in range(3)]
    before = published(
        secretary,
        world,
        {group: {day: list(group.students.all()[:3]) for day in days[:2]} for group in groups},
        now,
    )
    host_changes.cancel_session(by=world.manager, session=days[0], reason="停电", now=now)
    return make_plan(
        by=secretary,
        season=world.season,
        wanted={group: {days[2]: list(group.students.all()[:3])} for group in groups},
        now=now + timedelta(minutes=1),
        replans=before,
    )


def test_a_published_plan_says_what_it_has_lost(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    session = world.session()
    plan = published(secretary, world, {world.group: {session: world.students}}, now)
    client = login(secretary)
    assert "有场次落空" not in text_of(client.get(f"/plans/{plan.pk}/"))
    refused = client.get(f"/plans/{plan.pk}/replan/")
    assert refused.status_code == 409
    assert "这个方案约下的场次都在，没有要补的班级。" in text_of(refused)

    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    page = client.get(f"/plans/{plan.pk}/")
    assert (
        "1 个班的 5 名学生有场次落空，还差学时。 "
        "可以重新统筹：还在的预约都不动，只为这些班另找场次。" in text_of(page)
    )
    assert f'href="/plans/{plan.pk}/replan/"' in page.content.decode()
    question = text_of(client.get(f"/plans/{plan.pk}/replan/"))
    assert (
        "重新统筹？ 1 个班的 5 名学生有场次落空，还差学时。 清河中学 七(3)班 · 1 场落空" in question
    )
    assert "看是哪些班 清河中学 七(3)班 · 1 场落空" in text_of(page)
    (row,) = page.context["classes"]
    assert (row.state, row.lost) == ("已预约", "1 场落空，还差学时")
    assert "1 场落空，还差学时" in text_of(page)
    of_class = text_of(client.get(f"/plans/{plan.pk}/classes/{row.pk}/"))
    assert "面包师：吐司与软欧 场次已取消 周二" in of_class


def test_the_changes_stand_class_by_class(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = replanned(world, secretary, now, 1)
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/changes/")

    assert (
        "落空 1 场，新增 1 场，1 场不变。 清河中学 七(3)班 "
        "落空 面包师：吐司与软欧 12 月 8 日（周二）9:00–11:30 · 焙烤实训中心 1号实训室 "
        "3 个名额 · 停电 "
        "新增 面包师：吐司与软欧 12 月 10 日（周四）9:00–11:30 · 焙烤实训中心 3号实训室 3 个名额 "
        "1 场不变 面包师：吐司与软欧 12 月 9 日（周三）9:00–11:30 · 焙烤实训中心 2号实训室 3 个名额"
        in text_of(page)
    )
    assert f'href="/plans/{plan.pk}/publish/"' in page.content.decode()
    assert f'href="/plans/{plan.pk}/changes/"' in client.get(f"/plans/{plan.pk}/").content.decode()
    before = client.get(f"/plans/{plan.replans_id}/")
    assert f"方案 {plan.pk} 已重新统筹，还没有发布。" in text_of(before)


def test_the_changes_are_printed(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = replanned(world, secretary, now, 1)
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/changes/print/")

    assert f'href="/plans/{plan.pk}/changes/print/"' in (
        client.get(f"/plans/{plan.pk}/changes/").content.decode()
    )
    text = text_of(page)
    assert f"方案 {plan.pk}与已发布的方案 {plan.replans_id} 相比" in text
    assert (
        "学校 班级 落空 新增 不变 清河中学 七(3)班 "
        "面包师：吐司与软欧 12 月 8 日（周二）9:00–11:30 · 焙烤实训中心 1号实训室 "
        "3 个名额 · 停电 "
        "面包师：吐司与软欧 12 月 10 日（周四）9:00–11:30 · 焙烤实训中心 3号实训室 3 个名额 "
        "面包师：吐司与软欧 12 月 9 日（周三）9:00–11:30 · 焙烤实训中心 2号实训室 3 个名额" in text
    )
    plain = client.get(f"/plans/{plan.replans_id}/changes/print/")
    assert (plain.status_code, plain["Location"]) == (302, f"/plans/{plan.replans_id}/")


def test_a_class_for_which_nothing_is_found_is_told_so(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = replanned(world, secretary, now, 1)
    plan.classes.get().places.all().delete()
    plan.classes.update(state=PlanClassState.NOTHING)
    CohortPlan.objects.filter(pk=plan.pk).update(students=5, reached=2)

    page = text_of(login(secretary).get(f"/plans/{plan.pk}/changes/"))

    assert "落空 1 场，新增 0 场，1 场不变。 还有 3 名学生修不满学时。 还缺什么" in page
    assert "没有找到新的场次。" in page
    assert "这个方案没有新的场次，不用发布。" in page


def test_a_plan_that_makes_none_good_changes_nothing(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    wanted = {world.group: {world.session(): world.students}}
    plan = published(secretary, world, wanted, now)

    answer = login(secretary).get(f"/plans/{plan.pk}/changes/")

    assert (answer.status_code, answer["Location"]) == (302, f"/plans/{plan.pk}/")


@pytest.mark.parametrize("classes", [1, 3])
def test_changes_and_losses_cost_the_same_however_many(
    world: World, secretary: Actor, login: Login, now: datetime, classes: int
) -> None:
    plan = replanned(world, secretary, now, classes)
    client = login(secretary)
    counts = []
    for url in (f"/plans/{plan.pk}/changes/", f"/plans/{plan.replans_id}/"):
        client.get(url)
        with CaptureQueriesContext(connection) as found:
            assert client.get(url).status_code == 200
        counts.append(len(found))

    assert counts == [14, 25]
