"""Who is reminded of the wish phase's end, when, and how often."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
import time_machine

from accounts.choices import Role
from accounts.models import User
from courses.models import Season
from notifications.models import Delivery, Message
from planning import tasks
from planning.services import wish_reminders
from planning.services.wishes import say_wishes
from rosters.models import ClassGroup, ClassTeacher
from sites.calendar import SHANGHAI
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026. The phase ends at midnight after the 28th."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def four(wishing: World) -> World:
    """Class 3 is 周老师's, class 4 吴老师's homeroom class; class 5 has a teacher and none of its
    own; class 6 is empty. Of another school, class 1 has a coordinator alone."""
    wu = MembershipFactory(organisation=wishing.school, user__name="吴老师")
    for number in (4, 5):
        group = wishing.new_group(number, 3)
        ClassTeacher.objects.create(class_group=group, membership=wu, is_homeroom=number == 4)
    wishing.new_group(6, 0)
    other = OrganisationFactory(name="平江中学")
    MembershipFactory(coordinator=True, organisation=other, user__name="何主任")
    wishing.new_group(1, 3, school=other)
    return wishing


def told() -> list[tuple[str, str, str]]:
    """Whom, on which classes, with a link to which page; oldest first, those together by name."""
    return sorted(
        (
            message.recipient.name,  # type: ignore[attr-defined]
            message.body.splitlines()[1],
            message.path,
        )
        for message in Message.objects.filter(kind="wishes_due")
    )


def say(world: World, groups: Sequence[ClassGroup], occupations: Sequence[str] = ()) -> None:
    for group in groups:
        say_wishes(
            by=world.coordinator,
            season=world.season,
            class_group=group,
            occupations=list(occupations),
            now=at(24, 9),
        )


def test_teachers_hear_of_their_own_class_and_coordinators_of_all(four: World) -> None:
    number = wish_reminders.send_due_reminders(now=at(25, 12))

    third, fourth = four.group, ClassGroup.objects.get(number=4)
    assert number == 4
    assert told() == [
        ("何主任", "七(1)班", f"/classes/{ClassGroup.objects.get(number=1).pk}/wishes/"),
        ("吴老师", "七(4)班", f"/classes/{fourth.pk}/wishes/"),
        ("周老师", "七(3)班", f"/classes/{third.pk}/wishes/"),
        ("沈主任", "七(3)班、七(4)班、七(5)班", "/wishes/"),
    ]
    message = Message.objects.get(recipient__name="沈主任", kind="wishes_due")
    assert message.subject == "还有 3 个班没有填志愿，11 月 29 日（周日）0:00 截止"
    assert message.body == (
        "“2026 学年秋季”的志愿填到 11 月 29 日（周日）0:00 为止。还没有填的班级：\n"
        "七(3)班、七(4)班、七(5)班\n"
        "\n"
        "有想体验的职业，请按先后填写；没有偏好，可以选“都可以”。\n"
        "不填也可以：排课时和别的班级一样对待，不受影响。"
    )
    assert Delivery.objects.filter(message=message).count() == 1


def test_each_is_told_in_their_language(four: World) -> None:
    User.objects.filter(name="吴老师").update(language="en")

    wish_reminders.send_due_reminders(now=at(25, 12))

    message = Message.objects.get(recipient__name="吴老师", kind="wishes_due")
    assert message.subject == "1 class has not said its wishes, open until Sun 29 Nov 0:00"
    assert message.body.splitlines()[-1] == (
        "Saying nothing is fine too: the class is planned for like any other, at no disadvantage."
    )


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param(at(24, 23, 59), 0, id="four days before"),
        pytest.param(at(25, 11, 59), 0, id="before noon of the third day before"),
        pytest.param(at(25, 12), 4, id="noon of the third day before"),
        pytest.param(at(26, 15), 4, id="missed by a day"),
        pytest.param(at(28, 23, 59), 4, id="the last minute"),
        pytest.param(at(29, 12), 0, id="over"),
    ],
)
def test_the_first_reminder_is_due_from_noon_of_the_third_day_before(
    four: World, moment: datetime, number: int
) -> None:
    assert wish_reminders.send_due_reminders(now=moment) == number
    assert len(told()) == number


def test_each_of_the_two_reminders_comes_once(four: World) -> None:
    moments = [
        at(25, 12),
        at(25, 12, 20),
        at(26, 14),
        at(27, 11),
        at(27, 12),
        at(27, 13),
        at(28, 12),
    ]

    numbers = [wish_reminders.send_due_reminders(now=moment) for moment in moments]

    assert numbers == [4, 0, 0, 0, 4, 0, 0]
    assert len(told()) == 8


def test_a_deadline_in_the_day_counts_from_that_day(four: World) -> None:
    Season.objects.filter(pk=four.season.pk).update(wishes_until=at(28, 17))

    numbers = [wish_reminders.send_due_reminders(now=at(day, 12)) for day in (24, 25, 27, 28)]

    assert numbers == [0, 4, 4, 0]


def test_a_deadline_that_was_moved_is_reminded_of_anew(four: World) -> None:
    first = wish_reminders.send_due_reminders(now=at(25, 12))
    Season.objects.filter(pk=four.season.pk).update(wishes_until=at(30, 0))

    numbers = [wish_reminders.send_due_reminders(now=at(day, 12)) for day in (25, 26)]

    assert [first, *numbers] == [4, 0, 4]


def test_classes_that_have_spoken_are_left_alone(four: World) -> None:
    say(four, [four.group], ["面包师"])
    say(four, [ClassGroup.objects.get(number=4)])
    first = wish_reminders.send_due_reminders(now=at(25, 12))
    fifth = ClassGroup.objects.get(number=5)
    told_first = [(name, classes) for name, classes, _path in told()]
    say(four, [fifth])
    say_other = ClassGroup.objects.get(number=1)
    ClassGroup.objects.filter(pk=say_other.pk).update(archived_at=at(26, 9))

    second = wish_reminders.send_due_reminders(now=at(27, 12))

    assert told_first == [("何主任", "七(1)班"), ("沈主任", "七(5)班")]
    assert (first, second) == (2, 0)


def test_who_has_left_is_not_told_and_a_coordinator_with_a_class_is_told_once(
    four: World,
) -> None:
    coordinator = User.objects.get(name="沈主任")
    as_teacher = MembershipFactory(user=coordinator, organisation=four.school, role=Role.TEACHER)
    ClassTeacher.objects.filter(class_group__number=4, is_homeroom=True).update(
        membership=as_teacher
    )
    User.objects.filter(name="何主任").update(is_active=False)

    wish_reminders.send_due_reminders(now=at(25, 12))

    assert [(name, classes) for name, classes, _path in told()] == [
        ("周老师", "七(3)班"),
        ("沈主任", "七(3)班、七(4)班、七(5)班"),
    ]


@pytest.mark.parametrize("more", [0, 3])
def test_reading_who_is_due_takes_as_many_queries_for_many_classes(
    four: World, more: int, django_assert_num_queries: Any
) -> None:
    for number in range(20, 20 + more):
        four.new_group(number, 2)
    wish_reminders.send_due_reminders(now=at(25, 12))

    with django_assert_num_queries(7):
        assert wish_reminders.send_due_reminders(now=at(25, 12, 20)) == 0


def test_the_cluster_s_task_reads_the_clock(four: World) -> None:
    with time_machine.travel(at(25, 12), tick=False):
        assert tasks.send_due_wish_reminders() == 4


def test_without_a_wish_phase_there_is_nothing_to_do(four: World) -> None:
    Season.objects.update(wishes_from=None, wishes_until=None)

    assert wish_reminders.send_due_reminders(now=at(25, 12)) == 0
    assert told() == []
