"""The most that a student could still get of what is free: rows in, bounds out.

Each bound is met by some choice of sessions, though perhaps not all of them by the same one, and
the days of a set are taken one by one. So who is found not to reach it cannot; of the others
some may not either.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Free:
    """A session with a free seat."""

    starts_at: datetime
    ends_at: datetime
    hours: int
    host_kind: str
    occupation: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The most hours that somebody could still get, at each kind of host, and in which
    occupations."""

    hours: int
    by_kind: dict[str, int]
    occupations: frozenset[str]

    def falls_short(
        self,
        *,
        hours: int,
        kinds: Iterable[tuple[str, int]],
        occupations: int,
        had: Collection[str],
    ) -> bool:
        """Whether it is not enough for what is missing; ``had`` are occupations that count no
        more."""
        return (
            self.hours < hours
            or any(self.by_kind.get(kind, 0) < wanted for kind, wanted in kinds)
            or len(self.occupations - set(had)) < occupations
        )


def reach_of(free: Sequence[Free], taken: Sequence[Span]) -> Reach:
    """What is left to somebody who is elsewhere at the times in ``taken``."""
    open_to = [
        one
        for one in free
        if not any(one.starts_at < over and begun < one.ends_at for begun, over in taken)
    ]
    kinds = {one.host_kind for one in open_to}
    return Reach(
        hours=_most(open_to),
        by_kind={kind: _most([one for one in open_to if one.host_kind == kind]) for kind in kinds},
        occupations=frozenset(one.occupation for one in open_to if one.occupation),
    )


def _most(free: Iterable[Free]) -> int:
    """The most hours in sessions of which no two overlap: of those at the same time the longest
    counts, then each is taken or left in the order of their ends."""
    longest: dict[Span, int] = {}
    for one in free:
        span = (one.starts_at, one.ends_at)
        longest[span] = max(longest.get(span, 0), one.hours)
    spans = sorted(longest, key=lambda span: (span[1], span[0]))
    ends = [over for _begun, over in spans]
    best = [0]
    for number, span in enumerate(spans):
        before = bisect_right(ends, span[0], hi=number)
        best.append(max(best[number], best[before] + longest[span]))
    return best[-1]
