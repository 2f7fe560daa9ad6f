"""A class in groups, as values."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings import splitting
from bookings.splitting import Slot
from sites.calendar import SHANGHAI

NINE = datetime(2026, 12, 8, 9, tzinfo=SHANGHAI)


def slot(key: int, seats: int, *, course: int = 1, site: int = 1, late: int = 0) -> Slot:
    starts = NINE + timedelta(hours=late)
    return Slot(
        key=key,
        course=course,
        site=site,
        half="am" if late < 3 else "pm",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        seats=seats,
    )


def shown(way: list[splitting.Group]) -> list[tuple[int, int]]:
    return [(group.slot.key, group.seats) for group in way]


def test_a_class_of_42_goes_in_halves_of_21_side_by_side() -> None:
    ways = splitting.ways(slot(1, 24), [slot(1, 24), slot(2, 24)], 42)

    assert [shown(way) for way in ways] == [[(1, 21), (2, 21)]]


def test_groups_are_as_even_as_the_seats_allow() -> None:
    (way,) = splitting.ways(slot(1, 24), [slot(2, 18)], 42)

    assert shown(way) == [(1, 24), (2, 18)]


def test_thirds_where_halves_do_not_do() -> None:
    (way,) = splitting.ways(slot(1, 15), [slot(2, 15), slot(3, 14)], 42)

    assert shown(way) == [(1, 14), (2, 14), (3, 14)]


def test_the_nearest_come_first() -> None:
    """The same half-day before the site, the site before the course, the course before the
    time."""
    others = [
        slot(2, 30, late=4),
        slot(3, 30, site=2),
        slot(4, 30, course=2),
        slot(5, 30, late=1),
        slot(6, 30),
    ]

    ways = splitting.ways(slot(1, 24), others, 42, at_most=9)

    assert [way[0].slot.key + way[1].slot.key - 1 for way in ways] == [6, 5, 4, 3, 2]


def test_no_group_is_tiny() -> None:
    """Two of 24 do not go by themselves: another session, a third group, or no way at all."""
    assert [
        shown(way) for way in splitting.ways(slot(1, 22), [slot(2, 2), slot(3, 9, late=4)], 24)
    ] == [[(1, 15), (3, 9)]]
    assert splitting.ways(slot(1, 2), [slot(2, 11), slot(3, 11)], 24) == []


def test_a_small_class_may_go_in_halves() -> None:
    (way,) = splitting.ways(slot(1, 3), [slot(2, 3)], 5)

    assert shown(way) == [(1, 3), (2, 2)]


@pytest.mark.parametrize(("seats", "others"), [(42, [slot(2, 42)]), (24, []), (10, [slot(2, 10)])])
def test_no_way_where_none_is_needed_or_there_is_no_room(seats: int, others: list[Slot]) -> None:
    assert splitting.ways(slot(1, seats), others, 42) == []


def test_students_are_cut_into_blocks_in_their_order() -> None:
    assert splitting.blocks([5, 3, 8, 1], [1, 3]) == [[5], [3, 8, 1]]


@given(
    first=st.integers(1, 40),
    others=st.lists(st.integers(0, 40), max_size=6),
    size=st.integers(1, 60),
)
def test_everybody_has_a_seat_and_nobody_too_many(first: int, others: list[int], size: int) -> None:
    slots = [slot(number + 2, seats) for number, seats in enumerate(others)]

    for way in splitting.ways(slot(1, first), slots, size):
        assert sum(group.seats for group in way) == size
        assert all(0 < group.seats <= group.slot.seats for group in way)
        assert 2 <= len(way) <= 3
        assert all(group.seats >= min(5, size // len(way)) for group in way)


def test_nobody_is_put_where_there_is_no_seat() -> None:
    way = splitting.shared_out([slot(1, 2), slot(2, 3)], 9)

    assert shown(way) == [(1, 2), (2, 3)]
