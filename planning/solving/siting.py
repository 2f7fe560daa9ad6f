"""Which sites a class may go to in each half day: at most K, and one teacher for each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ground import DAY, GROUP, HALVES, HOURS, SITE, Ground
from .problem import AFTERNOON, MORNING, Flags, Floats, Problem

# Where nobody is drawn yet, longer patterns are tried first.
HINT = 1e-6
Keys = NDArray[np.int64]


def chosen(
    problem: Problem, ground: Ground, taken: Floats, may_use: Flags, *, at_once: int
) -> Flags:
    """Of each pattern (P) whether it may be used: those at the ``at_once`` sites that the class
    draws most students to in that half day (``taken``), while the school has teachers. Sites of
    booked places always stay.

    With more than ``Problem.sites_at_once`` the teachers are as many times more.
    """
    days, sites = problem.days, problem.sites
    drawn = taken + HINT * ground.of_patterns(HOURS)
    keys, pattern = _half_days(ground, may_use, days, sites)
    known, place = np.unique(keys, return_inverse=True)
    use = np.bincount(place, weights=drawn[pattern], minlength=len(known)).astype(np.float64)
    use[np.isin(known, _booked(problem, days, sites))] = np.inf
    group_half = known // sites
    keep = _rank(group_half, use) < at_once
    group = group_half // (2 * days)
    half = group_half % (2 * days)
    school = problem.classes.school[group]
    school_half = school.astype(np.int64) * 2 * days + half
    teachers = problem.teachers.reshape(problem.schools, -1)[school, half]
    scale = max(1.0, at_once / problem.sites_at_once)
    rank = np.full(len(known), len(known))
    rank[keep] = _rank(school_half[keep], use[keep])
    keep &= (rank < np.floor(teachers * scale)) | np.isinf(use)
    closed = np.zeros(ground.patterns, np.bool_)
    closed[pattern[~keep[place]]] = True
    result: Flags = may_use & ~closed
    return result


def _half_days(ground: Ground, may_use: Flags, days: int, sites: int) -> tuple[Keys, Keys]:
    """A key of (class, day, half, site) for each half of each pattern in use, and the pattern."""
    keys, patterns = [], []
    for half, bit in enumerate((MORNING, AFTERNOON)):
        (pattern,) = np.nonzero(may_use & ((ground.of_patterns(HALVES) & bit) > 0))
        day = (
            ground.of_patterns(GROUP)[pattern].astype(np.int64) * days
            + ground.of_patterns(DAY)[pattern]
        )
        keys.append((day * 2 + half) * sites + ground.of_patterns(SITE)[pattern])
        patterns.append(pattern)
    return np.concatenate(keys), np.concatenate(patterns)


def _booked(problem: Problem, days: int, sites: int) -> Keys:
    sessions = problem.sessions
    group = problem.students.class_[problem.fixed[:, 0]].astype(np.int64)
    session = problem.fixed[:, 1]
    day = group * days + sessions.day[session]
    found = [
        ((day * 2 + half) * sites + sessions.site[session])[(sessions.halves[session] & bit) > 0]
        for half, bit in enumerate((MORNING, AFTERNOON))
    ]
    return np.unique(np.concatenate(found))


def _rank(group: Keys, use: NDArray[Any]) -> Keys:
    """Of each row its place within its group by use, the most used 0."""
    order = np.lexsort((-use, group))
    ordered = group[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - start
    return rank
