"""A small district beside the arrays that the planner gets of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from accounts.actors import Actor
from accounts.choices import OrganisationKind, Role
from bookings.services import reservations
from bookings.services.parts import Part
from courses.models import CourseSession, Season
from hours.choices import CreditKind
from hours.models import HourCredit, PracticumRequirement, RequirementMinimum
from planning.choices import PlanGoal
from planning.models import ClassWish, CohortPlan, WishList
from planning.services import building, plans
from planning.services.built import Built
from rosters.choices import ConsentRule
from rosters.models import ClassGroup, SchoolSettings, Student
from sites.choices import DayKind
from sites.models import CalendarDay, SchoolTerm
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory

from .conftest import offer

Queries = Callable[[int], AbstractContextManager[Any]]


def requirement() -> PracticumRequirement:
    return PracticumRequirement.objects.get()


def asked(by: Actor, world: World, now: datetime, **values: Any) -> CohortPlan:
    return plans.start_plan(
        **{
            "by": by,
            "season": world.season,
            "requirement": requirement(),
            "schools": [world.school],
            "sites_at_once": 2,
            "goal": PlanGoal.WISHES,
            "is_draft": False,
            "now": now,
        }
        | values
    )


def built(by: Actor, world: World, now: datetime) -> Built:
    return building.problem_of(asked(by, world, now), now)


def book(
    world: World, session: CourseSession, students: list[Student], now: datetime, unnamed: int = 0
) -> None:
    reservations.reserve(
        by=world.coordinator,
        parts=[
            Part(
                class_group=world.group if not students else students[0].class_group,
                session_ids=[session.pk],
                student_ids=[one.pk for one in students] or None,
                seats=unnamed or None,
            )
        ],
        idempotency_key=f"k{session.pk}",
        now=now,
    )


def admitted(found: Built, group: ClassGroup) -> set[int]:
    row = found.problem.classes.admits[found.classes.tolist().index(group.pk)]
    return set(found.sessions[: len(row)][row].tolist())


def test_sessions_have_their_seats_times_and_kinds(
    world: World, secretary: Actor, now: datetime
) -> None:
    baker = world.session(capacity=30, class_hours=4)
    florist = offer(world, "花艺师", group_size_min=8)
    after = world.session(version=florist, starts=time(13), capacity=20, class_hours=3)
    whole = world.session(day=DAY + timedelta(days=1), hours=6.5, version=florist, class_hours=7)
    book(world, baker, world.students[:3], now)

    found = built(secretary, world, now)

    offered = found.problem.sessions
    assert found.sessions.tolist() == [baker.pk, after.pk, whole.pk]
    # Three of the thirty seats are held by students of the problem itself.
    assert offered.seats.tolist() == [30, 20, 40]
    assert offered.day.tolist() == [0, 0, 1]
    assert offered.halves.tolist() == [1, 2, 3]
    assert offered.hours.tolist() == [4, 3, 7]
    assert offered.course.tolist() == [0, 1, 1]
    # Where somebody comes already it runs.
    assert offered.least.tolist() == [0, 8, 8]
    assert [found.occupations[key] for key in offered.occupation] == ["面包师", "花艺师", "花艺师"]
    assert {found.host_kinds[key] for key in offered.host_kind} == {"vocational_school"}
    assert found.sites == (("site", world.site.pk),)
    assert found.students.tolist() == [one.pk for one in world.students]
    assert found.problem.fixed.tolist() == [[0, 0], [1, 0], [2, 0]]
    # The class has booked the first already; another booking of it is refused.
    assert admitted(found, world.group) == {after.pk, whole.pk}


def test_what_cannot_be_booked_is_not_on_offer(
    world: World, secretary: Actor, now: datetime
) -> None:
    open_one = world.session()
    world.session(day=now.date() + timedelta(days=2))  # The list is settled.
    full = world.session(day=DAY + timedelta(days=2))
    CourseSession.objects.filter(pk=full.pk).update(seats_held=40)
    limited = world.session(day=DAY + timedelta(days=3))
    CourseSession.objects.filter(pk=limited.pk).update(heads_limit=20)
    other = Season.objects.create(
        name="别的", school_year=2026, opens_at=now, closes_at=now + timedelta(days=1),
        runs_from=DAY, runs_until=DAY + timedelta(days=9),
    )  # fmt: skip
    world.session(day=DAY + timedelta(days=4), season=other)
    older = world.new_group(8, 2, entry_year=2023)
    requirement().__class__.objects.update(counts_from=now.date(), due_on=DAY + timedelta(days=20))
    world.session(day=DAY + timedelta(days=21))  # Counts for nothing.

    found = built(secretary, world, now)

    # What is full is told of, and not on offer.
    assert found.sessions.tolist() == [open_one.pk, limited.pk, full.pk]
    # Two classes may share it, each with two adults.
    assert found.problem.sessions.seats.tolist() == [40, 16]
    assert found.problem.classes.admits.shape == (2, 2)
    assert found.explained.sessions.seats.tolist() == [40, 16, 0]
    assert found.explained.classes.admits.tolist() == [[False] * 3, [True] * 3]
    assert found.whole.tolist() == [40, 16, 40]
    assert admitted(found, world.group) == {open_one.pk, limited.pk}
    # The ninth grade is not for it.
    assert admitted(found, older) == set()


def test_a_set_is_on_offer_whole_or_not_at_all(
    world: World, secretary: Actor, now: datetime
) -> None:
    _camp, (first, second) = world.camp()
    _half, (open_day, full_day) = world.camp(day=DAY + timedelta(days=6))
    CourseSession.objects.filter(pk=full_day.pk).update(seats_held=40)

    found = built(secretary, world, now)

    assert found.sessions.tolist() == [first.pk, second.pk, open_day.pk, full_day.pk]
    assert found.problem.sessions.series.tolist() == [0, 0, 1]
    assert admitted(found, world.group) == {first.pk, second.pk}
    assert found.explained.classes.admits[0].tolist() == [True, True, False, False]


def test_classes_are_free_on_lesson_days_of_a_term(
    world: World, secretary: Actor, now: datetime
) -> None:
    for offset in (0, 1, 4, 5, 8):
        world.session(day=DAY + timedelta(days=offset))  # Tue, Wed, Sat, Sun, Wed after.
    taken = CourseSession.objects.order_by("starts_at")[1]
    SchoolTerm.objects.all().delete()
    SchoolTerm.objects.create(
        school_year=2026, term=1, starts_on=now.date(), ends_on=DAY + timedelta(days=7)
    )
    CalendarDay.objects.filter(day__range=(DAY, DAY + timedelta(days=9))).delete()
    CalendarDay.objects.create(
        day=DAY + timedelta(days=5), kind=DayKind.MAKEUP_WORKDAY, name="调休"
    )
    book(world, taken, [], now, unnamed=3)

    found = built(secretary, world, now)

    # Three seats without names: whoever comes, the class is out in that morning.
    assert found.problem.classes.free.tolist() == [[3, 2, 0, 3, 0]]


def test_seats_without_names_in_a_full_session_keep_the_class_from_all_else_then(
    world: World, secretary: Actor, now: datetime
) -> None:
    world.session()
    full = world.session(starts=time(10), capacity=3)
    book(world, full, [], now, unnamed=3)

    found = built(secretary, world, now)

    # Beside them five more would be more than the class has (MoreThanClass).
    assert found.problem.classes.free.tolist() == [[2]]


def test_what_is_earned_wished_and_required_is_told(
    world: World, secretary: Actor, now: datetime
) -> None:
    session = world.session()
    done, some, *_rest = world.students
    past = world.session(day=now.date() - timedelta(days=7), version=offer(world, "花艺师"))
    for student, hours in ((done, 14), (some, 3)):
        HourCredit.objects.create(
            student=student, school=world.school, session=past, kind=CreditKind.ATTENDANCE,
            class_hours=hours, earned_on=past.starts_at.date(), credited_at=now,
        )  # fmt: skip
    HourCredit.objects.create(
        student=some, school=world.school, kind=CreditKind.MANUAL, class_hours=2, reason="校内",
        earned_on=now.date() - timedelta(days=3), credited_at=now,
    )  # fmt: skip
    RequirementMinimum.objects.create(
        requirement=requirement(), host_kind=OrganisationKind.ENTERPRISE, class_hours=4
    )
    said = WishList.objects.create(
        season=world.season, school=world.school, class_group=world.group, said_at=now,
        said_by_id=world.coordinator.membership_id,
    )  # fmt: skip
    for rank, name in ((1, "面包师"), (2, "木工")):
        ClassWish.objects.create(wish_list=said, rank=rank, occupation=name)
    PracticumRequirement.objects.update(min_occupations=2)

    found = built(secretary, world, now)

    students = found.problem.students
    assert found.problem.requirement.hours == 14
    assert found.problem.requirement.occupations == 2
    assert found.problem.requirement.by_kind == (0, 4, 0)
    assert students.hours.tolist() == [14, 5, 0, 0, 0]
    assert students.hours_by_kind.tolist()[:2] == [[14, 0, 0], [3, 0, 0]]
    assert found.occupations == ("木工", "花艺师", "面包师")
    assert students.occupations.tolist()[:3] == [
        [False, True, False],
        [False, True, False],
        [False, False, False],
    ]
    assert students.courses.tolist() == [[0, 0], [1, 0]]
    assert found.problem.sessions.course.tolist() == [1]
    # She lacks the enterprise's hours all the same, and another occupation.
    assert found.is_open.tolist() == [True] * 5
    assert students.wishes.tolist() == [[0.8, 0.0, 1.0]] * 5
    assert found.sessions.tolist() == [session.pk]


def test_who_has_all_she_needs_wishes_for_nothing(
    world: World, secretary: Actor, now: datetime
) -> None:
    world.session()
    HourCredit.objects.create(
        student=world.students[0], school=world.school, kind=CreditKind.MANUAL, class_hours=14,
        reason="转入", earned_on=now.date(), credited_at=now,
    )  # fmt: skip
    PracticumRequirement.objects.update(min_occupations=0)

    found = built(secretary, world, now)

    assert found.is_open.tolist() == [False, True, True, True, True]


def test_teachers_are_those_the_school_has_left(
    world: World, secretary: Actor, now: datetime
) -> None:
    session = world.session()
    for _each in range(3):
        world.group.teachers.create(
            membership=MembershipFactory(organisation=world.school, role=Role.TEACHER)
        )
    other = world.new_group(4, 2)
    book(world, session, list(other.students.all()), now)
    HourCredit.objects.bulk_create(
        HourCredit(
            student=one, school=world.school, kind=CreditKind.MANUAL, class_hours=14,
            reason="转入", earned_on=now.date(), credited_at=now,
        )
        for one in other.students.all()
    )  # fmt: skip

    found = built(secretary, world, now)

    # Four teach; one is out with the class that needs nothing.
    assert found.classes.tolist() == [world.group.pk]
    assert found.problem.teachers.tolist() == [[[3, 4]]]


def test_a_teacher_who_is_out_in_a_full_session_is_not_counted_twice(
    world: World, secretary: Actor, now: datetime
) -> None:
    world.session()
    other = world.new_group(4, 2)
    book(world, world.session(capacity=2), list(other.students.all()), now)
    HourCredit.objects.bulk_create(
        HourCredit(
            student=one, school=world.school, kind=CreditKind.MANUAL, class_hours=14,
            reason="转入", earned_on=now.date(), credited_at=now,
        )
        for one in other.students.all()
    )  # fmt: skip

    found = built(secretary, world, now)

    # Two classes, so two can go along; one is out with the class that needs nothing.
    assert found.classes.tolist() == [world.group.pk]
    assert found.problem.teachers.tolist() == [[[1, 2]]]


def test_who_may_not_be_booked_is_in_a_class_that_is_never_free(
    world: World, secretary: Actor, now: datetime
) -> None:
    world.session()
    other = world.new_group(4, 2)
    SchoolSettings.objects.create(
        school=world.school, consent_rule=ConsentRule.YEAR, consent_blocks=True
    )

    found = built(secretary, world, now)

    assert found.classes.tolist() == [world.group.pk, other.pk]
    assert found.problem.students.class_.tolist() == [2] * 5 + [3] * 2
    assert found.class_of.tolist() == [0] * 5 + [1] * 2
    assert found.problem.classes.free.tolist() == [[3], [3], [0], [0]]
    assert not found.is_open.any()


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow(
    world: World, secretary: Actor, now: datetime, django_assert_num_queries: Queries, number: int
) -> None:
    schools = [world.school]
    world.camp(day=DAY + timedelta(days=20))
    for key in range(number):
        school = OrganisationFactory()
        schools.append(school)
        world.new_group(1, 2, school=school)
        world.new_group(5 + key, 3)
        session = world.session(day=DAY + timedelta(days=key))
        book(world, session, world.students[:2], now)
    plan = asked(secretary, world, now, schools=schools)

    with django_assert_num_queries(17):
        found = building.problem_of(plan, now)

    assert len(found.classes) == 1 + 2 * number
    assert np.array_equal(found.problem.fixed[:, 1], [*range(number)] * 2)
