"""What is missing, in whole sessions, and why a class has not its wish."""

from dataclasses import replace

import numpy as np
import pytest

from planning.solving.explaining import ClassReason, Opening, Reason, class_reasons, missing
from planning.solving.planner import plan
from planning.solving.problem import AFTERNOON, MORNING, WHOLE_DAY, Budget, Problem

from .problems import Offer, planned, problem

TWO_DAYS = [Offer(day=0, course=0, seats=3), Offer(day=1, course=1, seats=9)]


def test_what_is_missing_is_a_whole_session() -> None:
    of = problem(TWO_DAYS, students=(0,) * 6)

    found = missing(of, plan(of, Budget(60.0, turns=1)))

    assert len(found.short) == 3
    assert found.by_days.tolist() == found.by_sites.tolist() == []
    assert found.openings == (
        Opening(like=0, day=0, halves=WHOLE_DAY, seats=3, students=3, reached=3),
    )


def test_two_sessions_are_opened_where_one_is_not_enough() -> None:
    of = problem([replace(TWO_DAYS[0], seats=2), TWO_DAYS[1]], students=(0,) * 5)

    found = missing(of, plan(of, Budget(60.0, turns=1)))

    assert [(each.like, each.students, each.reached) for each in found.openings] == [
        (0, 2, 2),
        (0, 1, 1),
    ]


def test_a_sign_of_life_is_given_for_each_session_and_each_class() -> None:
    of = problem([replace(TWO_DAYS[0], seats=2), TWO_DAYS[1]], students=(0,) * 5)
    found, signs = plan(of, Budget(60.0, turns=1)), list[str]()

    missing(of, found, alive=lambda: signs.append("session"))
    class_reasons(of, found, alive=lambda: signs.append("class"))

    assert signs == ["session", "session", "class"]


def test_who_is_held_back_by_free_days_is_told_apart_from_seats() -> None:
    of = problem(TWO_DAYS, classes=(0, 0), students=(0, 0, 1))
    free = np.array([[WHOLE_DAY, WHOLE_DAY], [WHOLE_DAY, 0]], np.uint8)
    of = replace(of, classes=replace(of.classes, free=free))

    found = missing(of, planned(of, (0, 0), (0, 1), (1, 0), (1, 1)))

    assert found.short.tolist() == found.by_days.tolist() == [2]
    assert found.openings == ()


def test_who_has_seats_but_no_teacher_is_told_apart_too() -> None:
    of = problem(TWO_DAYS, students=(0,), teachers=np.zeros((1, 2, 2), np.int32))

    found = missing(of, plan(of, Budget(60.0, turns=1)))

    assert found.by_sites.tolist() == [0]
    assert found.openings == ()


def test_nothing_is_missing_where_all_reach_it() -> None:
    of = problem(TWO_DAYS, students=(0, 0))

    found = missing(of, plan(of, Budget(60.0, turns=1)))

    assert len(found.short) == len(found.by_days) == len(found.by_sites) == 0
    assert found.openings == ()


def wishing(of: Problem) -> Problem:
    """Everyone wishes for occupation 1."""
    wishes = np.zeros_like(of.students.wishes)
    wishes[:, 1] = 1.0
    return replace(of, students=replace(of.students, wishes=wishes))


WISHED = Offer(occupation=1, seats=2)
NOWHERE = np.zeros((1, 1), np.bool_)


@pytest.mark.parametrize(
    ("offers", "change", "places", "expected"),
    [
        ([WISHED], {}, ((0, 0), (1, 0)), ClassReason(0, Reason.MET)),
        ([Offer()], {}, (), ClassReason(0, Reason.NOT_OFFERED, 1, 2)),
        ([WISHED], {"admits": NOWHERE}, (), ClassReason(0, Reason.NOT_ADMITTED, 1, 2, 0, 1, 2)),
        ([WISHED], {"reach": NOWHERE}, (), ClassReason(0, Reason.OUT_OF_REACH, 1, 2, 0, 1, 2)),
        (
            [WISHED],
            {"free": np.full((1, 1), MORNING, np.uint8)},
            (),
            ClassReason(0, Reason.NOT_FREE, 1, 2, 0, 1, 2),
        ),
        (
            [replace(WISHED, seats=1)],
            {},
            ((0, 0),),
            ClassReason(0, Reason.FULL, 1, 2, 1, 1, 1),
        ),
        ([WISHED], {}, ((0, 0),), ClassReason(0, Reason.OUTWEIGHED, 1, 2, 1, 1, 2)),
    ],
    ids=lambda value: value.reason.name.lower() if isinstance(value, ClassReason) else None,
)
def test_a_class_reads_why_it_has_not_its_wish(
    offers: list[Offer],
    change: dict[str, np.ndarray],
    places: tuple[tuple[int, int], ...],
    expected: ClassReason,
) -> None:
    of = wishing(problem(offers))
    of = replace(of, classes=replace(of.classes, **change))

    assert class_reasons(of, planned(of, *places)) == [expected]


def test_a_class_without_wishes_is_told_so() -> None:
    assert class_reasons(problem([Offer()]), planned(problem([Offer()]))) == [
        ClassReason(0, Reason.NO_WISH)
    ]


def test_too_few_for_the_session_to_run_is_a_reason() -> None:
    of = wishing(problem([replace(WISHED, seats=9, least=3)]))

    assert class_reasons(of, planned(of)) == [ClassReason(0, Reason.TOO_FEW, 1, 2, 0, 1, 9)]


@pytest.mark.parametrize(
    ("hours", "expected"), [(7, Reason.OUTWEIGHED), (3, Reason.COSTS_REACH)], ids=lambda one: one
)
def test_a_wish_that_would_cost_the_requirement_is_told_apart(hours: int, expected: Reason) -> None:
    of = wishing(problem([*TWO_DAYS, replace(WISHED, day=0, course=2, hours=hours)]))

    found = class_reasons(of, planned(of, (0, 0), (0, 1), (1, 0), (1, 1)))

    assert found == [ClassReason(0, expected, 1, 2, 0, 1, 2)]


@pytest.mark.parametrize(
    ("at_once", "teachers", "expected"), [(1, 9, Reason.SITES), (2, 1, Reason.TEACHERS)]
)
def test_sites_and_teachers_are_reasons(at_once: int, teachers: int, expected: Reason) -> None:
    elsewhere = Offer(halves=AFTERNOON, site=1, occupation=0, course=1)
    of = wishing(
        problem(
            [replace(WISHED, halves=AFTERNOON), elsewhere],
            at_once=at_once,
            teachers=np.full((1, 1, 2), teachers, np.int32),
        )
    )

    found = class_reasons(of, planned(of, (0, 1), (1, 1)))

    assert found == [ClassReason(0, expected, 1, 2, 0, 1, 2)]
