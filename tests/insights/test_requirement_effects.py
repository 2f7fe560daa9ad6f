"""What a requirement would change is counted before it is saved, and saved only as looked at."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, SchoolKind, Stage
from accounts.errors import NotAllowed
from accounts.models import Organisation
from accounts.selectors import actor_of
from bookings.selectors import standing
from hours.models import PracticumRequirement
from hours.services import requirements as hours_requirements
from insights.errors import RequirementNotLookedAt
from insights.selectors.requirement_effects import Look, Numbers, look_at
from insights.services import requirements
from rosters.models import ClassGroup, Student
from tests.bookings.races import before_commit
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import make_session, make_version, manager_of
from tests.factories.hours import make_credit
from tests.factories.rosters import make_class

VALUES: dict[str, Any] = {
    "name": "初中职业体验 14 学时",
    "stage": Stage.JUNIOR,
    "school_kind": "",
    "entry_year_from": 2024,
    "entry_year_to": 2025,
    "class_hours": 8,
    "min_occupations": 1,
    "counts_from": date(2026, 9, 1),
    "due_on": date(2027, 6, 30),
    "minimums": {},
}


def changed(**values: Any) -> dict[str, Any]:
    return VALUES | values


def credited(students: list[Student], version: Any, day: datetime) -> None:
    session = make_session(version, starts_at=day, now=day - timedelta(days=20))
    for student in students:
        make_credit(by=manager_of(session.host), student=student, session=session, now=day)


@pytest.fixture
def classes(db: None, now: datetime) -> list[ClassGroup]:
    """Of three schools, the second private. In each class of 2025 four students have 0, 4, 8
    and 12 hours of one occupation, the last 4 of another one at an enterprise; a class of 2023,
    outside the cohort, has nothing. One student more has left."""
    baker = make_version(occupation_zh="面包师", class_hours=4)
    host = OrganisationFactory(enterprise=True)
    fitter = make_version(host, occupation_zh="装配钳工", class_hours=4)
    groups = [make_class(students=4) for _school in range(3)]
    groups.append(make_class(students=2, school=groups[0].school, entry_year=2023, number=9))
    Organisation.objects.filter(pk=groups[1].school_id).update(school_kind=SchoolKind.PRIVATE)
    for number, group in enumerate(groups[:3]):
        students = list(group.students.order_by("seat_no"))
        for back, who in ((41, students[1:]), (31, students[2:])):
            credited(who, baker, now - timedelta(days=back, minutes=200 * number))
        credited(students[3:], fitter, now - timedelta(days=21, minutes=200 * number))
    leaver = Student.objects.filter(class_group=groups[0]).order_by("-seat_no")[0]
    leaver.pk = None
    leaver.seat_no, leaver.student_no, leaver.left_at = 40, "L", now
    leaver.save()
    return groups


@pytest.fixture
def requirement(db: None, now: datetime) -> PracticumRequirement:
    return hours_requirements.set_requirement(by=SYSTEM, requirement=None, now=now, **VALUES)


def seen(requirement: PracticumRequirement | None, now: datetime, **values: Any) -> Look:
    look = look_at(requirement, changed(**values), now)
    assert look is not None
    return look


def test_more_hours_leave_students_short(
    classes: list[ClassGroup], requirement: PracticumRequirement, now: datetime
) -> None:
    look = seen(requirement, now, class_hours=10)

    one = Numbers(1, 1, 4, 4, 2, 1, losing=1)
    assert look.changes == {"class_hours": (8, 10)}
    assert look.schools == {group.school_id: one for group in classes[:3]}
    assert look.total == Numbers(3, 3, 12, 12, 6, 3, losing=3)


# Each with the whole district's numbers: classes, students and done before and after.
CHANGES: list[tuple[dict[str, Any], Numbers]] = [
    ({"class_hours": 4}, Numbers(3, 3, 12, 12, 6, 9, gaining=3)),
    ({"min_occupations": 2}, Numbers(3, 3, 12, 12, 6, 3, losing=3)),
    (
        {"minimums": {OrganisationKind.ENTERPRISE: 2}},
        Numbers(3, 3, 12, 12, 6, 3, losing=3),
    ),
    ({"counts_from": date(2026, 10, 16)}, Numbers(3, 3, 12, 12, 6, 3, losing=3)),
    ({"due_on": date(2026, 10, 20)}, Numbers(3, 3, 12, 12, 6, 0, losing=6)),
    ({"entry_year_from": 2023}, Numbers(3, 4, 12, 14, 6, 6)),
    ({"entry_year_to": 2024}, Numbers(3, 0, 12, 0, 6, 0, released=12)),
    ({"school_kind": SchoolKind.PRIVATE}, Numbers(3, 1, 12, 4, 6, 2, released=8)),
    ({"stage": Stage.SENIOR}, Numbers(3, 0, 12, 0, 6, 0, released=12)),
]


@pytest.mark.parametrize(("values", "numbers"), CHANGES)
def test_what_is_shown_is_what_saving_gives(
    classes: list[ClassGroup],
    requirement: PracticumRequirement,
    now: datetime,
    values: dict[str, Any],
    numbers: Numbers,
) -> None:
    everybody = Student.objects.current()
    before = standing.of_students(everybody, now)

    look = seen(requirement, now, **values)

    untouched = standing.of_students(everybody, now)
    hours_requirements.set_requirement(
        by=SYSTEM, requirement=requirement, now=now, **changed(**values)
    )
    after = standing.of_students(everybody, now)
    assert look.total == numbers
    assert untouched == before
    assert (numbers.done_before, numbers.done_after) == tuple(
        sum(one.is_done for one in found.values()) for found in (before, after)
    )
    assert numbers.losing == sum(
        one.is_done and not after[key].is_done and after[key].requirement_id is not None
        for key, one in before.items()
    )
    assert numbers.gaining == sum(
        after[key].is_done and not one.is_done for key, one in before.items()
    )


def test_a_minimum_lowered_or_taken_away_counts_as_it_would_be(
    classes: list[ClassGroup], requirement: PracticumRequirement, now: datetime
) -> None:
    hours_requirements.set_requirement(
        by=SYSTEM,
        requirement=requirement,
        now=now,
        **changed(minimums={OrganisationKind.ENTERPRISE: 4, OrganisationKind.VOCATIONAL_SCHOOL: 4}),
    )

    look = seen(requirement, now, minimums={OrganisationKind.VOCATIONAL_SCHOOL: 8})

    assert look.changes == {
        "minimum_vocational_school": (4, 8),
        "minimum_enterprise": (4, None),
    }
    assert look.total == Numbers(3, 3, 12, 12, 3, 6, gaining=3)


def test_a_new_requirement_takes_in_whom_no_other_comes_before(
    classes: list[ClassGroup], requirement: PracticumRequirement, now: datetime
) -> None:
    """For the private school it comes before the general one; for 2023 nothing was required."""
    private = seen(
        None, now, name="民办", school_kind=SchoolKind.PRIVATE, class_hours=12, entry_year_from=2023
    )
    earlier = seen(None, now, name="早", entry_year_from=2023, due_on=date(2027, 5, 1))
    later = seen(None, now, name="晚", entry_year_from=2023, due_on=date(2027, 7, 1))
    same_day = seen(None, now, name="同", entry_year_from=2023)

    of_private = Numbers(0, 1, 0, 4, 0, 1, losing=1, taken_over=4)
    assert private.schools == {classes[1].school_id: of_private}
    assert earlier.total == Numbers(0, 4, 0, 14, 0, 6, taken_over=12)
    assert later.total == Numbers(0, 1, 0, 2)
    assert same_day.total == later.total
    assert private.changes == {}


def test_leaving_one_requirement_for_another_is_no_release(
    classes: list[ClassGroup], requirement: PracticumRequirement, now: datetime
) -> None:
    hours_requirements.set_requirement(
        by=SYSTEM, requirement=None, now=now,
        **changed(name="全体", class_hours=12, due_on=date(2027, 7, 1)),
    )  # fmt: skip

    look = seen(requirement, now, school_kind=SchoolKind.PUBLIC)

    assert look.total == Numbers(3, 0, 12, 0, 6, 0, losing=3, handed_on=12)


@pytest.mark.parametrize("values", [{}, {"name": "另一个名称"}])
def test_a_name_needs_no_look(
    requirement: PracticumRequirement, now: datetime, values: dict[str, Any]
) -> None:
    assert look_at(requirement, changed(**values), now) is None


@pytest.mark.parametrize("count", [1, 3])
def test_a_look_takes_the_same_queries_for_one_and_three_schools(
    requirement: PracticumRequirement,
    now: datetime,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for _school in range(count):
        make_class(students=2)

    with django_assert_num_queries(2):
        look = seen(requirement, now, class_hours=10)
    with django_assert_num_queries(1):
        of_new = seen(None, now, name="新", due_on=date(2027, 5, 1))

    assert (len(look.schools), len(of_new.schools)) == (count, count)


def save(
    requirement: PracticumRequirement | None, seal: str, now: datetime, **values: Any
) -> PracticumRequirement:
    return requirements.set_requirement(
        by=SYSTEM, requirement=requirement, values=changed(**values), seal=seal, now=now
    )


def test_what_was_looked_at_is_saved(requirement: PracticumRequirement, now: datetime) -> None:
    look = seen(requirement, now, class_hours=10)

    saved = save(requirement, look.seal, now, class_hours=10)

    assert (saved.pk, saved.class_hours) == (requirement.pk, 10)
    assert save(requirement, "", now, class_hours=10, name="十学时").name == "十学时"


@pytest.mark.parametrize("is_new", [True, False])
def test_what_nobody_looked_at_is_not_saved(
    requirement: PracticumRequirement, now: datetime, is_new: bool
) -> None:
    with pytest.raises(RequirementNotLookedAt) as refusal:
        save(None if is_new else requirement, "", now, class_hours=10, name="十学时")

    assert str(refusal.value).startswith("这项要求或它影响的学生和刚才看到的不一样了")
    assert list(PracticumRequirement.objects.values_list("class_hours", flat=True)) == [8]


def test_a_look_is_good_for_what_was_seen_and_no_more(
    classes: list[ClassGroup], requirement: PracticumRequirement, now: datetime
) -> None:
    """Other values, a class that came, and a row that somebody changed each ask for another."""
    look = seen(requirement, now, class_hours=10)

    with pytest.raises(RequirementNotLookedAt) as others:
        save(requirement, look.seal, now, class_hours=11)
    make_class(students=3)
    with pytest.raises(RequirementNotLookedAt) as grown:
        save(requirement, look.seal, now, class_hours=10)
    fresh = grown.value.facts["look"]
    PracticumRequirement.objects.update(min_occupations=2)
    with pytest.raises(RequirementNotLookedAt) as moved:
        save(requirement, fresh.seal, now, class_hours=10)

    requirement.refresh_from_db()
    assert others.value.facts["look"].changes == {"class_hours": (8, 11)}
    assert (look.total.students_after, fresh.total.students_after) == (12, 15)
    assert moved.value.facts["look"].changes == {
        "class_hours": (8, 10),
        "min_occupations": (2, 1),
    }
    assert requirement.class_hours == 8


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_the_second_looks_again(now: datetime) -> None:
    requirement = hours_requirements.set_requirement(by=SYSTEM, requirement=None, now=now, **VALUES)
    first, second = (seen(requirement, now, class_hours=hours) for hours in (10, 12))

    answer = before_commit(
        lambda: save(requirement, first.seal, now, class_hours=10),
        lambda: save(requirement, second.seal, now, class_hours=12),
    )

    assert isinstance(answer, RequirementNotLookedAt)
    assert answer.facts["look"].changes == {"class_hours": (10, 12)}
    assert PracticumRequirement.objects.get().class_hours == 10


@pytest.mark.parametrize("trait", ["teacher", "coordinator", "host_manager", "reviewer"])
def test_nobody_but_the_secretariat_is_told_or_saves(
    requirement: PracticumRequirement, now: datetime, trait: str
) -> None:
    with pytest.raises(NotAllowed):
        requirements.set_requirement(
            by=actor_of(MembershipFactory(**{trait: True})),
            requirement=requirement,
            values=changed(class_hours=10),
            seal="",
            now=now,
        )
