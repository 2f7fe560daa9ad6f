"""A class in groups: which sessions of a day seat it together, and who goes where.

Values in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, islice

GROUPS_AT_MOST = 3
# Fewer do not go by themselves, unless even halves of the class are smaller.
GROUP_AT_LEAST = 5
# Of many sessions on a day only the nearest are looked at.
LOOK_AT = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A session that could take a group. ``half`` is the half-day, whatever stands for it."""

    key: int
    course: int
    site: int | None
    half: object
    starts_at: datetime
    ends_at: datetime
    seats: int


@dataclass(frozen=True, slots=True)
class Group:
    """So many students in that session."""

    slot: Slot
    seats: int


def ways(chosen: Slot, others: Sequence[Slot], size: int, *, at_most: int = 3) -> list[list[Group]]:
    """How a class of ``size`` can be seated in the chosen session and one or two others, in as
    few groups as can be; the nearest first: the same half-day, site, course and time.

    The groups are as even as the seats allow, and none is tiny (``is_balanced``). None where
    they do not suffice, or the chosen session seats everybody.
    """
    if not 0 < chosen.seats < size:
        return []
    near = _nearest(chosen, others)
    for count in range(2, GROUPS_AT_MOST + 1):
        shared = (
            shared_out([chosen, *rest], size)
            for rest in combinations(near, count - 1)
            if chosen.seats + sum(other.seats for other in rest) >= size
        )
        found = list(islice((way for way in shared if is_balanced(way)), at_most))
        if found:
            return found
    return []


def most_together(chosen: Slot, others: Sequence[Slot]) -> int:
    """How many seats the chosen session has with the roomiest of the others, in as many groups
    as a class may have."""
    roomiest = sorted((other.seats for other in _nearest(chosen, others)), reverse=True)
    return chosen.seats + sum(roomiest[: GROUPS_AT_MOST - 1])


def _nearest(chosen: Slot, others: Sequence[Slot]) -> list[Slot]:
    """The others that have a seat, the nearest first."""
    return sorted(
        (other for other in others if other.key != chosen.key and other.seats > 0),
        key=lambda other: _distance(chosen, other),
    )[:LOOK_AT]


def least(size: int, groups: int) -> int:
    """How many a group of a class of ``size`` has at least, so that nobody goes nearly alone."""
    return min(GROUP_AT_LEAST, size // groups)


def is_balanced(way: Sequence[Group]) -> bool:
    """Whether no group is tiny."""
    size = sum(group.seats for group in way)
    return all(group.seats >= least(size, len(way)) for group in way)


def shared_out(slots: Sequence[Slot], size: int) -> list[Group]:
    """The students shared out evenly, none beyond its session's seats, by time."""
    left, seats = size, {slot.key: 0 for slot in slots}
    while left:
        free = [slot for slot in slots if seats[slot.key] < slot.seats]
        if not free:
            break
        # Whoever has fewest gets the next.
        slot = min(free, key=lambda one: seats[one.key])
        seats[slot.key] += 1
        left -= 1
    return [
        Group(slot, seats[slot.key])
        for slot in sorted(slots, key=lambda one: (one.starts_at, one.key))
        if seats[slot.key]
    ]


def blocks(student_ids: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    """The students in their order, cut into groups of these sizes."""
    cut, start = [], 0
    for size in sizes:
        cut.append(list(student_ids[start : start + size]))
        start += size
    return cut


def _distance(chosen: Slot, other: Slot) -> tuple[object, ...]:
    return (
        other.half != chosen.half,
        other.site != chosen.site,
        other.course != chosen.course,
        abs((other.starts_at - chosen.starts_at).total_seconds()),
        -other.seats,
        other.key,
    )
