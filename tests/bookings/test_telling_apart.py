"""Two proposals never look the same: how many go, for what, and what differs."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from courses.models import CourseSession, CourseVersion
from sites.models import Site
from tests.bookings.conftest import DAY, World
from tests.factories.courses import make_version

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def on(world: World, day: int, **more: Any) -> CourseSession:
    return world.session(day=DAY + timedelta(days=day), **({"class_hours": 14} | more))


def other_course(world: World) -> CourseVersion:
    """Nobody is proposed one course twice where there is another way."""
    return make_version(world.host, title_zh="咖啡师：拉花", class_hours=7)


def heads(world: World, login: Login) -> list[tuple[str, str]]:
    page = login(world.teacher).get(f"/classes/{world.group.pk}/complete/")
    cards = page.context["cards"]
    found = [(str(card["aim"]), card["difference"]) for card in cards]
    text = page.content.decode()
    said = [head.split("</header>")[0] for head in text.split('class="plan-head"')[1:]]
    assert ["<span>5 人</span>" in head for head in said] == [True] * len(cards)
    assert all(what in head for head, one in zip(said, found, strict=True) for what in one)
    return found


def test_one_proposal_says_what_it_is_best_at(world: World, login: Login) -> None:
    on(world, 0)

    assert heads(world, login) == [("去的地点最少", "")]


def test_the_same_course_on_another_day_says_the_day(world: World, login: Login) -> None:
    on(world, 0)
    on(world, 1)

    found = heads(world, login)

    assert [difference for _aim, difference in found] == ["12 月 8 日", "12 月 9 日"]


def test_the_same_course_in_fewer_days_says_how_many(world: World, login: Login) -> None:
    on(world, 0)
    on(world, 3, class_hours=7)
    on(world, 4, class_hours=7, version=other_course(world))

    assert {difference for _aim, difference in heads(world, login)} == {"去 1 天", "去 2 天"}


def test_the_same_day_in_another_place_says_the_place(world: World, login: Login) -> None:
    on(world, 0)
    world.site = Site.objects.create(host=world.host, name="南区实训中心")
    on(world, 0)

    assert sorted(difference for _aim, difference in heads(world, login)) == [
        "南区实训中心 2号实训室",
        "焙烤实训中心 1号实训室",
    ]


def test_the_same_day_and_place_at_another_time_says_the_time(world: World, login: Login) -> None:
    first = on(world, 0)
    second = on(world, 0, starts=time(14))
    CourseSession.objects.filter(pk=second.pk).update(room=first.room)

    assert sorted(difference for _aim, difference in heads(world, login)) == [
        "12 月 8 日（周二）14:00–16:30",
        "12 月 8 日（周二）9:00–11:30",
    ]


def test_where_all_else_is_alike_the_courses_tell(world: World, login: Login) -> None:
    first = on(world, 0)
    second = on(world, 0, version=make_version(world.host, title_zh="咖啡师：拉花"))
    CourseSession.objects.filter(pk=second.pk).update(room=first.room)

    found = heads(world, login)

    assert len(found) == len(set(found)) == 2


def test_of_three_alike_each_says_as_much_as_it_takes(world: World, login: Login) -> None:
    """Two on one day each, and one over two days: the number of days tells one, the day the
    others."""
    on(world, 0)
    on(world, 1)
    on(world, 3, class_hours=7)
    on(world, 4, class_hours=7, version=other_course(world))

    found = [difference for _aim, difference in heads(world, login)]

    assert len(found) == len(set(found)) == 3
