"""What a class could book to reach its hours: rows in, up to three baskets out.

A bounded search: choices are taken or left in the order of time, and of the half-finished
baskets with equally many hours only the best are followed further. The same rows always give
the same answer.
"""

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, Self

# Half-finished baskets followed further, for each number of hours.
FOLLOWED = 8
# More class hours than are needed, where the hours alone are not enough.
BEYOND = 8
PROPOSALS = 3


@dataclass(frozen=True, slots=True)
class Seat:
    """So many students in a session, or in all days of a set."""

    session_ids: tuple[int, ...]
    session_set_id: int | None
    seats: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be booked at once for the class, whole or in groups (``seating``)."""

    key: int
    hours: int
    spans: tuple[tuple[datetime, datetime], ...]
    course: int
    occupation: str
    host_kind: str
    site: int | None
    seating: tuple[Seat, ...]

    @property
    def starts_at(self) -> datetime:
        return self.spans[0][0]

    @property
    def ends_at(self) -> datetime:
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True)
class Need:
    """What the class still misses: hours, occupations beside those it ``had``, and hours at
    hosts of a kind. ``courses`` are those that some of the class have had or booked."""

    hours: int
    occupations: int = 0
    had: frozenset[str] = frozenset()
    courses: frozenset[int] = frozenset()
    kinds: tuple[tuple[str, int], ...] = ()


class Aim(Enum):
    """What a basket is best at."""

    FEW_SITES = "few_sites"
    EARLY = "early"
    VARIED = "varied"


@dataclass(frozen=True, slots=True)
class Proposal:
    """``repeats`` are the choices whose course the class has had, booked, or twice in it: none,
    unless nothing else comes as near."""

    aim: Aim
    choices: tuple[Choice, ...]
    hours: int
    reaches: bool
    repeats: int


class _Basket(NamedTuple):
    """Choices in the order of time, with what they add up to: growing one is all the search does.

    ``by_kind`` are the hours at each of the need's kinds of host; ``short`` is what is still
    missing: hours, occupations, hours at hosts of a kind; ``repeats`` are the choices of a course
    had before. ``over_at`` is when the last is over.
    """

    choices: tuple[Choice, ...]
    keys: tuple[int, ...]
    hours: int
    courses: frozenset[int]
    repeats: int
    sites: frozenset[int | None]
    occupations: frozenset[str]
    by_kind: tuple[int, ...]
    groups: int
    short: tuple[int, int, int]
    over_at: datetime | None

    @classmethod
    def empty(cls, need: Need) -> Self:
        by_kind = (0,) * len(need.kinds)
        short = _short(0, 0, by_kind, need)
        return cls((), (), 0, need.courses, 0, frozenset(), frozenset(), by_kind, 0, short, None)

    def is_lean(self, need: Need) -> bool:
        """Whether each choice is needed."""
        if self.hours - min(one.hours for one in self.choices) < need.hours:
            return True
        return not any(self._does_without(choice, need) for choice in self.choices)

    def _does_without(self, choice: Choice, need: Need) -> bool:
        occupations = {one.occupation for one in self.choices if one is not choice} - need.had
        by_kind = _added(self.by_kind, choice, -choice.hours, need)
        return not any(_short(self.hours - choice.hours, len(occupations), by_kind, need))

    def with_(self, choice: Choice, need: Need) -> "_Basket":
        hours = self.hours + choice.hours
        occupations, sites = self.occupations, self.sites
        if choice.occupation not in occupations and choice.occupation not in need.had:
            occupations |= {choice.occupation}
        if choice.site not in sites:
            sites |= {choice.site}
        by_kind = _added(self.by_kind, choice, choice.hours, need)
        return _Basket(
            (*self.choices, choice),
            (*self.keys, choice.key),
            hours,
            self.courses | {choice.course},
            self.repeats + (choice.course in self.courses),
            sites,
            occupations,
            by_kind,
            self.groups + len(choice.seating),
            _short(hours, len(occupations), by_kind, need),
            choice.ends_at if self.over_at is None else max(self.over_at, choice.ends_at),
        )

    def clashes(self, choice: Choice) -> bool:
        if self.over_at is None or self.over_at <= choice.starts_at:
            return False
        return any(
            start < end and begun < over
            for taken in self.choices
            for begun, end in taken.spans
            for start, over in choice.spans
        )


def _added(by_kind: tuple[int, ...], choice: Choice, hours: int, need: Need) -> tuple[int, ...]:
    """The hours by kind of host with those of the choice."""
    return tuple(
        had + hours if kind == choice.host_kind else had
        for (kind, _wanted), had in zip(need.kinds, by_kind, strict=True)
    )


def _short(
    hours: int, occupations: int, by_kind: tuple[int, ...], need: Need
) -> tuple[int, int, int]:
    return (
        max(0, need.hours - hours),
        max(0, need.occupations - occupations),
        sum(
            wanted - had
            for (_kind, wanted), had in zip(need.kinds, by_kind, strict=True)
            if wanted > had
        ),
    )


def propose(choices: Sequence[Choice], need: Need) -> list[Proposal]:
    """Up to three different baskets, each best at something; those that reach what is needed
    come first, else what comes nearest."""
    if need.hours <= 0 and need.occupations <= 0:
        return []
    ordered = sorted(choices, key=lambda one: (one.starts_at, one.ends_at, one.key))
    by_aim = [(aim, _search(ordered, need, aim)) for aim in Aim]
    nearest = min((_near(baskets[0]) for _aim, baskets in by_aim if baskets), default=None)
    found: dict[tuple[int, ...], Proposal] = {}
    # The best of each aim, then their seconds, and so on, as long as they come as near.
    for place in range(FOLLOWED):
        for aim, baskets in by_aim:
            if len(found) == PROPOSALS or place >= len(baskets):
                continue
            basket = baskets[place]
            if _near(basket) == nearest:
                found.setdefault(
                    basket.keys,
                    Proposal(
                        aim, basket.choices, basket.hours, not any(basket.short), basket.repeats
                    ),
                )
    return list(found.values())


def _near(basket: _Basket) -> tuple[tuple[int, int, int], int]:
    """How near it comes: what is missing first, then courses had before."""
    return basket.short, basket.repeats


def _search(ordered: Sequence[Choice], need: Need, aim: Aim) -> list[_Basket]:
    """Finished baskets, or where there is none the nearest; the best for the aim first."""
    rank = _RANKS[aim]
    nothing = _Basket.empty(need)
    # By hours: the place in the order and the basket, the best first.
    followed: dict[int, list[tuple[tuple[Any, ...], _Basket]]] = {0: [((), nothing)]}
    finished: list[_Basket] = []
    for choice in ordered:
        grown = [
            basket.with_(choice, need)
            for baskets in followed.values()
            for _place, basket in baskets
            if basket.hours + choice.hours <= need.hours + max(BEYOND, choice.hours)
            and not basket.clashes(choice)
        ]
        for larger in grown:
            if any(larger.short):
                _follow(followed.setdefault(larger.hours, []), larger, rank)
            elif larger.is_lean(need):
                finished.append(larger)
        if len(finished) > 50 * FOLLOWED:
            finished = _best(finished, need, rank)
    if not finished:
        finished = [one for many in followed.values() for _place, one in many if one.choices]
    return _best(finished, need, rank)


def _follow(
    baskets: list[tuple[tuple[Any, ...], _Basket]],
    larger: _Basket,
    rank: Callable[[_Basket], tuple[Any, ...]],
) -> None:
    """The basket is among those followed, if it is one of the best."""
    is_full = len(baskets) == FOLLOWED
    if is_full and larger.short > baskets[-1][0][0]:
        return
    place = (larger.short, larger.repeats, rank(larger), larger.keys)
    if is_full and place >= baskets[-1][0]:
        return
    insort(baskets, (place, larger), key=lambda one: one[0])
    del baskets[FOLLOWED:]


def _best(
    baskets: Sequence[_Basket], need: Need, rank: Callable[[_Basket], tuple[Any, ...]]
) -> list[_Basket]:
    return sorted(
        baskets,
        key=lambda one: (*_near(one), max(0, one.hours - need.hours), rank(one), one.keys),
    )[:FOLLOWED]


def _outings(basket: _Basket) -> int:
    return len({span[0].date() for one in basket.choices for span in one.spans})


def _last(basket: _Basket) -> float:
    return basket.over_at.timestamp() if basket.over_at is not None else 0.0


_RANKS: dict[Aim, Callable[[_Basket], tuple[Any, ...]]] = {
    Aim.FEW_SITES: lambda one: (len(one.sites), _outings(one), one.groups, _last(one)),
    Aim.EARLY: lambda one: (_last(one), len(one.sites), one.groups),
    Aim.VARIED: lambda one: (-len(one.occupations), len(one.sites), one.groups, _last(one)),
}
