"""The verifier finds a planted fault of each kind, and nothing where nothing is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from planning.solving.problem import AFTERNOON, MORNING, Plan, Problem
from planning.solving.verifying import Fault, Rule, faults

from .problems import Offer, planned, problem

TWO_DAYS = [Offer(day=0, course=0), Offer(day=1, course=1)]
BOTH = ((0, 0), (0, 1), (1, 0), (1, 1))


def test_a_sound_plan_has_no_fault() -> None:
    of = problem(TWO_DAYS)

    assert faults(of, planned(of, *BOTH)) == []


def test_nothing_at_all_has_no_fault() -> None:
    of = problem(TWO_DAYS)

    assert faults(of, planned(of)) == []


def changed(of: Problem, **changes: object) -> Problem:
    """The same with other classes, sessions or students."""
    whole = {}
    for name, value in changes.items():
        part, _, field = name.partition("__")
        whole[part] = replace(getattr(of, part), **{field: value}) if field else value
    return replace(of, **whole)


NOT_THURSDAY = np.array([[3, 1]], np.uint8)
FAR = np.array([[True, False]])
JUNIOR = np.array([[True, False]])


@pytest.mark.parametrize(
    ("offers", "given", "places", "expected"),
    [
        (TWO_DAYS, {}, ((0, 0), (0, 0)), Fault(Rule.TWICE, (0, 0))),
        (
            [Offer(seats=1, least=0)],
            {},
            ((0, 0), (1, 0)),
            Fault(Rule.OVER_CAPACITY, (0, 2)),
        ),
        ([Offer(least=2)], {}, ((0, 0),), Fault(Rule.UNDER_LEAST, (0, 1))),
        (
            [Offer(course=0), Offer(course=1, halves=AFTERNOON)],
            {},
            ((0, 0), (0, 1)),
            Fault(Rule.CLASH, (0, 1)),
        ),
        (
            [Offer(halves=MORNING), Offer(course=1, halves=AFTERNOON, site=1)],
            {},
            ((0, 0), (0, 1)),
            Fault(Rule.TWO_SITES, (0, 1)),
        ),
        (
            [Offer(day=0), Offer(day=1)],
            {},
            ((0, 0), (0, 1)),
            Fault(Rule.COURSE_AGAIN, (0, 1)),
        ),
        (
            TWO_DAYS,
            {"students__courses": np.array([[0, 1]], np.int32)},
            ((0, 1),),
            Fault(Rule.COURSE_AGAIN, (0, 1)),
        ),
        (TWO_DAYS, {"classes__free": NOT_THURSDAY}, ((0, 1),), Fault(Rule.NOT_FREE, (0, 1))),
        (
            [Offer(), Offer(day=1, course=1, site=1)],
            {"classes__reach": FAR},
            ((0, 1),),
            Fault(Rule.OUT_OF_REACH, (0, 1)),
        ),
        (TWO_DAYS, {"classes__admits": JUNIOR}, ((0, 1),), Fault(Rule.NOT_ADMITTED, (0, 1))),
        (
            [Offer(), Offer(course=1, site=1)],
            {"sites_at_once": 1},
            ((0, 0), (1, 1)),
            Fault(Rule.TOO_MANY_SITES, (0, 0, 1)),
        ),
        (
            [Offer(halves=MORNING), Offer(halves=MORNING, course=1, site=1)],
            {"teachers": np.ones((1, 1, 2), np.int32)},
            ((0, 0), (1, 1)),
            Fault(Rule.TEACHERS, (0, 0, 1)),
        ),
        (
            TWO_DAYS,
            {"fixed": np.array([[0, 0]], np.int32)},
            ((0, 1),),
            Fault(Rule.FIXED_LOST, (0, 0)),
        ),
        (
            [Offer(series=5), Offer(day=1, series=5)],
            {},
            ((0, 0),),
            Fault(Rule.SERIES_TORN, (0, 5)),
        ),
        (TWO_DAYS, {"quota": np.array([1], np.int32)}, ((0, 0), (0, 1)), Fault(Rule.QUOTA, (0, 2))),
    ],
    ids=lambda value: value.rule.name.lower() if isinstance(value, Fault) else None,
)
def test_a_planted_fault_is_found(
    offers: list[Offer],
    given: dict[str, object],
    places: tuple[tuple[int, int], ...],
    expected: Fault,
) -> None:
    of = changed(problem(offers), **given)

    assert expected in faults(of, planned(of, *places))


def test_a_place_that_is_nowhere_is_found() -> None:
    of = problem(TWO_DAYS)
    sound = planned(of, *BOTH)
    wrong = replace(sound, places=np.concatenate((sound.places, [[7, 0]])).astype(np.int32))

    assert faults(of, wrong) == [Fault(Rule.UNKNOWN, (7, 0))]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"students": 1}, Fault(Rule.REACHED, (2, 1))),
        ({"trips": 1}, Fault(Rule.TRIPS, (2, 1))),
    ],
)
def test_what_is_claimed_is_counted_anew(change: dict[str, int], expected: Fault) -> None:
    of = problem(TWO_DAYS)
    sound = planned(of, *BOTH)
    claimed: Plan = replace(sound, reached=replace(sound.reached, **change))

    assert faults(of, claimed) == [expected]


def test_what_is_wrong_with_fixed_places_is_not_the_plans_doing() -> None:
    fixed = np.array([[0, 0], [1, 0]], np.int32)
    of = changed(
        problem([Offer(seats=1, least=5)], at_once=0),
        fixed=fixed,
        teachers=np.zeros((1, 1, 2), np.int32),
        classes__free=np.zeros((1, 1), np.uint8),
    )

    assert faults(of, planned(of, (0, 0), (1, 0))) == []
