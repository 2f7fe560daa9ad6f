"""The most that somebody could still get, held against trying everything."""

import random
from datetime import datetime, timedelta
from itertools import combinations

import pytest

from bookings.reaching import Free, Reach, reach_of
from sites.calendar import SHANGHAI

MORNING = datetime(2026, 12, 8, 9, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)


def free(
    start: float, length: float, hours: int, kind: str = "enterprise", occupation: str = "面包师"
) -> Free:
    begins = MORNING + start * HOUR
    return Free(begins, begins + length * HOUR, hours, kind, occupation)


def test_of_sessions_at_the_same_time_one_counts() -> None:
    found = reach_of([free(0, 2, 4), free(0, 2, 3), free(1, 2, 5), free(3, 1, 2)], [])

    assert found.hours == 7


def test_sessions_one_after_the_other_both_count() -> None:
    assert reach_of([free(0, 2, 4), free(2, 2, 4)], []).hours == 8


def test_what_lies_at_a_taken_time_does_not_count() -> None:
    taken = [(MORNING + HOUR, MORNING + 2 * HOUR)]

    found = reach_of([free(0, 1, 4), free(1, 1, 7, "education_unit", "车工"), free(2, 1, 2)], taken)

    assert found == Reach(6, {"enterprise": 6}, frozenset({"面包师"}))


def test_nothing_free_is_nothing() -> None:
    assert reach_of([], []) == Reach(0, {}, frozenset())


@pytest.mark.parametrize("seed", range(30))
def test_no_choice_of_sessions_gives_more_and_one_gives_as_much(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    sessions = [
        free(chance.randint(0, 12), chance.choice([1, 2, 3, 6]), chance.randint(1, 7))
        for _number in range(9)
    ]

    def apart(chosen: tuple[Free, ...]) -> bool:
        return all(
            one.ends_at <= other.starts_at or other.ends_at <= one.starts_at
            for one, other in combinations(chosen, 2)
        )

    most = max(
        sum(one.hours for one in chosen)
        for size in range(10)
        for chosen in combinations(sessions, size)
        if apart(chosen)
    )
    assert reach_of(sessions, []).hours == most


@pytest.mark.parametrize(
    ("hours", "kinds", "occupations", "falls_short"),
    [
        (8, (), 0, False),
        (9, (), 0, True),
        (2, (("enterprise", 4),), 0, False),
        (2, (("enterprise", 5),), 0, True),
        (2, (("vocational_school", 1),), 0, True),
        (0, (), 1, False),
        (0, (), 2, True),
    ],
)
def test_falls_short_where_any_bound_does(
    hours: int, kinds: tuple[tuple[str, int], ...], occupations: int, falls_short: bool
) -> None:
    reach = Reach(8, {"enterprise": 4, "education_unit": 4}, frozenset({"面包师", "车工"}))

    assert (
        reach.falls_short(hours=hours, kinds=kinds, occupations=occupations, had={"面包师"})
        is falls_short
    )
