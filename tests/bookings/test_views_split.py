"""Going in groups is offered where it can be had; where it cannot, the pages say why."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from accounts.actors import Actor
from accounts.models import User
from bookings.models import Booking
from bookings.services import host_changes
from courses.models import CourseSession
from rosters.choices import ConsentRule
from rosters.models import ClassGroup, SchoolSettings
from rosters.services import consents as roster_consents
from tests.bookings.conftest import DAY, World
from tests.bookings.test_proposals import split_form
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def group(world: World) -> ClassGroup:
    """A class of twenty."""
    group = world.new_group(8, 20)
    world.teach(group)
    return group


def course_page(world: World, group: ClassGroup, login: Login) -> Any:
    return login(world.teacher).get(f"/courses/{world.version.course_id}/?class={group.pk}")


def lines(page: Any) -> list[tuple[bool, str]]:
    """Of each offer whether going in groups is offered, and why not."""
    return [(bool(line.split_url), line.no_split) for line in page.context["lines"]]


def split_page(world: World, session: CourseSession, group: ClassGroup, login: Login) -> Any:
    return login(world.teacher).get(f"/sessions/{session.pk}/split/?class={group.pk}")


NOTHING = "同一天没有别的场次既适合这个班又有空位。"
SMALL = "同一天的场次分不匀，总有一组不到 5 人。"


@pytest.mark.parametrize(
    ("capacities", "expected"),
    [
        ([20], [(False, "")]),
        ([12, 8], [(True, ""), (True, "")]),
        ([12], [(False, NOTHING)]),
        ([18, 3], [(False, SMALL), (False, SMALL)]),
        (
            [9, 5, 4, 1],
            [(False, f"同一天的场次，最多三场加起来只有 {seats} 位，坐不下全班 20 人。")
             for seats in (18, 18, 18, 15)],
        ),
        # Side by side with one that seats everybody: of two ways one is to go there whole.
        ([20, 12], [(False, ""), (True, "")]),
    ],
)  # fmt: skip
def test_a_course_offers_groups_where_they_can_be_had_and_says_why_not_elsewhere(
    world: World,
    group: ClassGroup,
    login: Login,
    capacities: list[int],
    expected: list[tuple[bool, str]],
) -> None:
    for capacity in capacities:
        world.session(capacity=capacity)

    page = course_page(world, group, login)

    assert lines(page) == expected
    text = page.content.decode()
    assert text.count("分组同去</a>") == sum(is_offered for is_offered, _why in expected)
    assert text.count("不能分组同去：") == sum(bool(why) for _offered, why in expected)


def test_nobody_without_a_consent_that_the_school_asks_for_is_put_into_a_group(
    world: World, group: ClassGroup, login: Login, now: datetime
) -> None:
    """Everybody is in a group, so one student without it bars the split."""
    sessions = [world.session(capacity=capacity) for capacity in (12, 8)]
    SchoolSettings.objects.update_or_create(
        school=world.school, defaults={"consent_rule": ConsentRule.YEAR, "consent_blocks": True}
    )
    students = list(group.students.order_by("seat_no"))
    roster_consents.record_consents(
        by=world.teacher,
        class_group=group,
        student_ids=[student.pk for student in students[:-1]],
        school_year=2026,
        now=now,
    )
    missing = "七(8)班 20号缺本学年的监护人同意书，收到后才能预约。"

    assert lines(course_page(world, group, login)) == [(False, missing)] * 2
    page = split_page(world, sessions[0], group, login)
    assert missing in page.content.decode()

    roster_consents.record_consents(
        by=world.teacher,
        class_group=group,
        student_ids=[students[-1].pk],
        school_year=2026,
        now=now,
    )
    assert lines(course_page(world, group, login)) == [(True, "")] * 2


def test_another_day_is_no_other_half(world: World, group: ClassGroup, login: Login) -> None:
    for days in (0, 1):
        world.session(day=DAY + timedelta(days=days), capacity=12)

    assert lines(course_page(world, group, login)) == [(False, NOTHING)] * 2


def test_where_nothing_can_be_booked_groups_are_not_spoken_of(
    world: World, group: ClassGroup, login: Login, now: datetime
) -> None:
    """Full, and while students are elsewhere, which both are said on the line already."""
    full, _free = world.session(capacity=12), world.session(starts=time(14), capacity=12)
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=12)
    make_booking(
        by=world.teacher,
        session=world.session(starts=time(15), day=DAY),
        class_group=group,
        now=now,
        student_ids=[group.students.order_by("seat_no")[0].pk],
    )

    page = course_page(world, group, login)

    assert lines(page) == [(False, "")] * 3
    assert [bool(line.why_not) for line in page.context["lines"]] == [True, False, True]
    assert page.context["lines"][1].busy == 1


def test_a_camp_says_that_it_is_not_divided(world: World, group: ClassGroup, login: Login) -> None:
    world.camp(capacity=12)

    assert lines(course_page(world, group, login)) == [(False, "“两日营”各场一起预约，不能分组。")]


@pytest.mark.parametrize("count", [1, 3])
def test_offers_that_are_too_small_cost_the_same_queries(
    world: World,
    group: ClassGroup,
    login: Login,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for days in range(count):
        for _half in range(2):
            world.session(day=DAY + timedelta(days=days), capacity=12)
    client = login(world.teacher)
    client.get("/trips/")

    with django_assert_num_queries(23):
        page = client.get(f"/courses/{world.version.course_id}/?class={group.pk}")

    assert lines(page) == [(True, "")] * 2 * count


@pytest.mark.parametrize("which", ["whole", "alone", "full", "busy", "cancelled"])
def test_the_page_of_a_split_that_cannot_be_had_says_which_it_is(
    world: World, group: ClassGroup, login: Login, now: datetime, which: str
) -> None:
    session = world.session(capacity=20 if which == "whole" else 12)
    if which == "full":
        CourseSession.objects.filter(pk=session.pk).update(seats_taken=12)
    if which == "busy":
        make_booking(
            by=world.teacher,
            session=world.session(starts=time(10)),
            class_group=group,
            now=now,
            student_ids=[group.students.order_by("seat_no")[0].pk],
        )
    if which == "cancelled":
        host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    page = split_page(world, session, group, login)

    why, leads_on = {
        "whole": ("这一场坐得下全班 20 人，不用分组。", ["全班预约"]),
        "alone": (NOTHING, ["另选一场", "只约一部分"]),
        "full": ("这一场已满，请另选一场。", ["另选一场"]),
        "busy": (
            "七(8)班 1号在 12 月 8 日（周二）10:00–12:30 已约面包师：吐司与软欧，时间冲突。",
            ["另选一场", "只约一部分"],
        ),
        "cancelled": ("这一场已取消（停电），请另选一场。", ["另选一场"]),
    }[which]
    empty = page.content.decode().split('class="empty"')[1].split("</section>")[0]
    assert why in empty
    assert re.findall(r"<a [^>]*>([^<]*)</a>", empty) == leads_on


def test_a_session_that_filled_up_meanwhile_is_named_with_its_group(
    world: World, group: ClassGroup, login: Login
) -> None:
    """Two rooms at the same time: only group and room tell which it is."""
    one, other = world.session(capacity=12), world.session(capacity=12)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={group.pk}"
    by_hand = {
        f"group_{student.pk}": int(student.seat_no > 7)
        for student in group.students.order_by("seat_no")
    }

    refused = client.post(url, split_form(client, url, **by_hand))

    assert refused.context["why"] == (
        "第 2 组，12 月 8 日（周二）9:00–11:30，面包师：吐司与软欧（焙烤实训中心 2号实训室）："
        "名额不够：这一场还剩 12 位，您要 13 位。没有约成，名额未扣。"
    )
    assert [(one["seats"], one["numbers"]) for one in refused.context["way"]] == [
        (7, "1–7"),
        (13, "8–20"),
    ]
    assert other.pk not in Booking.objects.values_list("session_id", flat=True)


def test_who_is_where_is_said_in_runs(world: World, group: ClassGroup, login: Login) -> None:
    one, _other = world.session(capacity=12), world.session(capacity=12)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={group.pk}"
    by_hand = {
        f"group_{student.pk}": int(student.seat_no in (1, 2, 3, 20))
        for student in group.students.order_by("seat_no")
    }

    page = client.post(url, split_form(client, url, **by_hand))

    assert [one["numbers"] for one in page.context["way"]] == ["4–19", "1–3、20"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "zh-hans",
            "第 1 组只有 1 人、第 2 组只有 2 人。请匀一匀；确实要这样分，请勾选后再提交。",
        ),
        (
            "en",
            "Group 1 has only 1 student, Group 2 has only 2 students. "
            "Please even them out; if you mean it, tick the box and send it again.",
        ),
    ],
)
def test_small_groups_are_told_in_one_sentence(
    world: World, group: ClassGroup, login: Login, language: str, said: str
) -> None:
    for _room in range(3):
        world.session(capacity=9)
    one = CourseSession.objects.order_by("pk")[0]
    User.objects.filter(pk=world.teacher.user_id).update(language=language)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={group.pk}"
    of_seat = {1: 0, 2: 1, 3: 1}
    by_hand = {
        f"group_{student.pk}": of_seat.get(student.seat_no, 2)
        for student in group.students.order_by("seat_no")
    }

    with translation.override(language):
        page = client.post(url, split_form(client, url, **by_hand))

    assert page.context["why"] == said
