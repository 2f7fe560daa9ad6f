"""How far classes are."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from accounts.errors import NotYours
from bookings.selectors.progress import class_progress, of_students, progress_of_classes
from bookings.services import changes
from courses.models import CourseSession
from hours.models import PracticumRequirement
from hours.services.ledger import reverse
from rosters.models import ClassGroup, Student
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit


def booked(world: World, session: CourseSession, now: datetime, students: int = 5) -> Any:
    return make_booking(
        by=world.teacher,
        session=session,
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:students]],
    )


def hours(world: World, now: datetime) -> list[tuple[int, int, int]]:
    rows = class_progress(world.teacher, world.group, now).rows
    return [(row.earned, row.booked, row.missing) for row in rows]


def test_earned_booked_and_missing_of_each_student(world: World, now: datetime) -> None:
    past = world.session(class_hours=7)
    for student in world.students[:2]:
        make_credit(by=world.manager, student=student, session=past, now=now)
    booked(world, world.session(day=DAY + timedelta(days=1)), now, students=4)

    assert hours(world, now) == [
        (7, 4, 3),
        (7, 4, 3),
        (0, 4, 10),
        (0, 4, 10),
        (0, 0, 14),
    ]


def test_a_session_counts_as_booked_until_it_is_over_or_credited(
    world: World, now: datetime
) -> None:
    session = world.session()
    booked(world, session, now)
    credit = make_credit(
        by=world.manager, student=world.students[0], session=session, now=session.starts_at
    )

    assert hours(world, session.starts_at)[:2] == [(4, 0, 10), (0, 4, 10)]
    assert hours(world, session.ends_at)[:2] == [(4, 0, 10), (0, 0, 14)]
    reverse(by=world.manager, credit=credit, reason="认错人", now=now)
    assert hours(world, session.starts_at)[0] == (0, 4, 10)


def test_what_was_cancelled_is_not_booked(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)

    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)

    assert hours(world, now) == [(0, 0, 14)] * 5


def test_nobody_misses_less_than_nothing(world: World, now: datetime) -> None:
    for start in (9, 12, 15):
        booked(world, world.session(starts=time(start), class_hours=7), now)

    progress = class_progress(world.teacher, world.group, now)

    assert {row.missing for row in progress.rows} == {0}
    assert (progress.booked, progress.reached, progress.short) == (21, 14, 0)


def test_the_class_has_what_most_of_it_have(world: World, now: datetime) -> None:
    booked(world, world.session(), now, students=3)

    progress = class_progress(world.teacher, world.group, now)

    assert (progress.earned, progress.booked, progress.missing) == (0, 4, 10)
    assert (progress.students, progress.differing, progress.short) == (5, 2, 5)
    assert [row.differs for row in progress.rows] == [False] * 3 + [True] * 2


def test_of_two_halves_the_one_further_behind_speaks_for_the_class(
    world: World, now: datetime
) -> None:
    Student.objects.filter(pk=world.students[4].pk).update(left_at=now)
    booked(world, world.session(), now, students=2)

    progress = class_progress(world.teacher, world.group, now)

    assert (progress.booked, progress.missing) == (0, 14)


def test_a_class_is_done_when_all_have_earned_it(world: World, now: datetime) -> None:
    session = world.session(class_hours=14)
    for student in world.students[:4]:
        make_credit(by=world.manager, student=student, session=session, now=now)
    almost = class_progress(world.teacher, world.group, now)
    make_credit(by=world.manager, student=world.students[4], session=session, now=now)

    progress = class_progress(world.teacher, world.group, now)

    assert (almost.is_done, almost.done) == (False, 4)
    assert (progress.is_done, progress.done) == (True, 5)


def test_a_class_without_students_is_not_done(world: World, now: datetime) -> None:
    empty = world.new_group(9, 0)

    progress = class_progress(world.coordinator, empty, now)

    assert (progress.is_done, progress.earned, progress.missing) == (False, 0, 14)


def test_a_class_of_which_nothing_is_required(world: World, now: datetime) -> None:
    PracticumRequirement.objects.all().delete()
    booked(world, world.session(), now)

    progress = class_progress(world.teacher, world.group, now)

    assert (progress.requirement, progress.required, progress.booked) == (None, 0, 4)
    assert (progress.missing, progress.is_done) == (0, False)


def test_nobody_else_reads_the_hours_of_a_class(world: World, now: datetime) -> None:
    strangers = [
        world.manager,
        actor_of(MembershipFactory(coordinator=True)),
        actor_of(MembershipFactory(organisation=world.school)),
    ]

    for stranger in strangers:
        with pytest.raises(NotYours):
            class_progress(stranger, world.group, now)


@pytest.mark.parametrize("count", [1, 3])
def test_many_classes_take_the_queries_of_one(
    world: World,
    now: datetime,
    count: int,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    for number in range(10, 9 + count):
        world.new_group(number, 2)
    groups = list(ClassGroup.objects.all())

    with django_assert_num_queries(3):
        progress = progress_of_classes(groups, now)

    assert sorted(progress) == sorted(group.pk for group in groups)


def test_some_students_have_hours_of_their_own(world: World, now: datetime) -> None:
    booked(world, world.session(), now, students=2)
    of_class = class_progress(world.teacher, world.group, now)

    progress = of_students(of_class, {student.pk for student in world.students[:2]})

    assert (of_class.booked, progress.booked, progress.missing) == (0, 4, 10)
    assert (progress.students, progress.differing) == (2, 0)
