"""A class at a glance: its sentence, its label, and what waits for its teacher."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from hours.models import PracticumRequirement
from insights.selectors import classes
from insights.selectors.classes import ClassCard, Todo
from rosters.models import ClassGroup
from rosters.services.students import remove_student
from tests.bookings.conftest import World, make_world
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit
from tests.factories.rosters import StudentFactory
from tests.insights.test_views import page

PAST = date(2026, 11, 3)


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return make_world(now)


def card(group: ClassGroup, now: datetime) -> ClassCard:
    (found,) = classes.cards([group], now)
    return found


def earn(world: World, count: int, hours: int, now: datetime, group: ClassGroup) -> None:
    """The first ``count`` students of the class have so many class hours."""
    session = world.session(day=PAST, class_hours=hours)
    for student in group.students.order_by("seat_no")[:count]:
        make_credit(by=world.manager, student=student, session=session, now=now)


def book(world: World, count: int, hours: int, now: datetime, group: ClassGroup) -> None:
    """The first ``count`` students of the class are booked for so many class hours."""
    students = group.students.order_by("seat_no")[:count]
    make_booking(
        by=world.coordinator,
        session=world.session(class_hours=hours),
        class_group=group,
        student_ids=[student.pk for student in students],
        now=now,
    )


def label(client: Client, world: World, now: datetime) -> list[str]:
    """What stands at the head of the card of the teacher's class."""
    text = page(client, world.teacher_membership, "/classes/", now)
    head = text.split('<div class="nw">')[1].split("</div>")[0]
    return [part for part in (word.split(">")[-1].strip() for word in head.split("<")) if part]


@pytest.mark.parametrize(
    ("earned", "booked", "sentence", "shown"),
    [
        ((0, 0), (0, 0), "5 人进度一致。", ["还差", "14", "学时"]),
        ((2, 4), (0, 0), "3 人进度一致，2 人不同。", ["还差", "14", "学时"]),
        ((5, 4), (5, 10), "已约的都按时出席，全班就能完成。", ["已排满"]),
        ((5, 4), (4, 10), "4 人进度一致，1 人不同。", ["1 人还差学时"]),
        ((5, 14), (0, 0), "5 人全部完成。", ["全部完成"]),
    ],
)
def test_card_says_how_far_the_class_is(
    client: Client,
    world: World,
    now: datetime,
    earned: tuple[int, int],
    booked: tuple[int, int],
    sentence: str,
    shown: list[str],
) -> None:
    if earned[0]:
        earn(world, *earned, now, world.group)
    if booked[0]:
        book(world, *booked, now, world.group)

    assert card(world.group, now).sentence == sentence
    assert label(client, world, now) == shown


def test_who_has_the_hours_still_lacks_occupations(
    client: Client, world: World, now: datetime
) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    earn(world, 5, 14, now, world.group)

    assert label(client, world, now) == ["5 人还差职业种类"]
    text = page(client, world.teacher_membership, "/classes/", now)
    assert ("全部完成" in text, "还差学时" in text) == (False, False)
    assert text.count("学时已满") == 1


def test_the_card_tells_apart_who_lacks_hours_and_who_occupations(
    world: World, now: datetime
) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    earn(world, 4, 14, now, world.group)

    found = card(world.group, now)

    assert found.short_of == "1 人还差学时，5 人还差职业种类"
    (todo,) = classes.todos([found], now)
    assert todo.text == "七(3)班 还差 1 种职业。"


def test_class_without_students_says_so_and_claims_nothing(
    client: Client, world: World, now: datetime
) -> None:
    world.group.students.update(left_at=now)

    assert card(world.group, now).sentence == "班里还没有学生。"
    assert label(client, world, now) == []


def test_class_without_a_requirement_is_not_called_full(
    client: Client, world: World, now: datetime
) -> None:
    PracticumRequirement.objects.all().delete()

    assert (card(world.group, now).required, card(world.group, now).due) == (0, "")
    assert label(client, world, now) == []


def test_what_waits_is_the_classes_furthest_behind(world: World, now: datetime) -> None:
    """Who has most to go comes first; a class in which a few are short leads to these; those
    that are planned or have nothing to reach are no work."""
    behind, few, planned = (world.new_group(number, 3) for number in (7, 8, 9))
    senior = world.new_group(10, 2, entry_year=2010)
    earn(world, 3, 4, now, few)
    book(world, 2, 10, now, few)
    book(world, 3, 14, now, planned)
    earn(world, 5, 4, now, world.group)
    groups = [world.group, few, planned, senior, behind]

    found = classes.todos(classes.cards(groups, now), now)

    assert found == [
        Todo("七(7)班还差 14 学时", "6 月 30 日（周三）前完成", f"/find/?class={behind.pk}"),
        Todo("七(3)班还差 10 学时", "6 月 30 日（周三）前完成", f"/find/?class={world.group.pk}"),
        Todo(
            "七(8)班有 1 人还差学时",
            "6 月 30 日（周三）前完成",
            f"/classes/{few.pk}/?show=short",
        ),
    ]


@pytest.mark.parametrize(
    ("came", "went", "detail"),
    [
        (1, 0, "1 人没有加入已约的行程"),
        (0, 2, "2 人离开后还占着名额"),
        (2, 1, "2 人没有加入已约的行程，1 人离开后还占着名额"),
    ],
)
def test_who_came_and_who_went_since_the_booking_waits_first(
    world: World, now: datetime, came: int, went: int, detail: str
) -> None:
    book(world, 5, 14, now, world.group)
    later = now + timedelta(hours=1)
    for student in world.students[:went]:
        remove_student(by=world.coordinator, student=student, now=later)
    StudentFactory.create_batch(came, class_group=world.group, joined_at=later)

    first, *_others = classes.todos(classes.cards([world.group], later), later)

    assert first == Todo("七(3)班名单有变化", detail, f"/classes/{world.group.pk}/")


def test_six_classes_at_most_wait_at_once(world: World, now: datetime) -> None:
    groups = [world.new_group(number, 1) for number in range(20, 28)]

    assert len(classes.todos(classes.cards(groups, now), now)) == 6


@pytest.mark.parametrize("count", [1, 3])
def test_cards_are_three_queries_however_many_classes(
    world: World, now: datetime, django_assert_num_queries: Any, count: int
) -> None:
    groups = list(
        ClassGroup.objects.filter(
            pk__in=[world.new_group(30 + number, 2).pk for number in range(count)]
        ).select_related("school")
    )

    with django_assert_num_queries(3):
        found = classes.cards(groups, now)

    assert len(found) == count
