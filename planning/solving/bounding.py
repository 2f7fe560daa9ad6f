"""What no plan can exceed, proven by prices: the sum of what each student does best at them.

A bound holds at any prices; good prices make it tight.
"""

from dataclasses import replace

import numpy as np

from . import prices
from .ground import SCHOOL, Ground
from .problem import Bounds, Problem
from .routes import Worth

# Rounding errors of sums are less.
SLACK = 1e-6
# Where seats are no scarcer than students, so many steps show it: the bound stays above.
FIRST, STEPS, NEAR = 25, 100, 1.02


def reach_bounds(problem: Problem, ground: Ground) -> Bounds:
    """How many students can reach the requirement, and what share of the worst school's.

    With everything for nothing, who cannot reach it is held back by her own days; seat prices
    bound all together.
    """
    number = ground.students
    market = reach_market(problem, ground)
    nothing = np.zeros(len(market.seats))
    _total, found = market.sweep(nothing, is_exact=False)
    can = found.bounds > 0.5
    reach = float(can.sum())
    first = prices.priced(market, steps=FIRST, is_exact=False)
    if first.bound < reach * NEAR:
        more = prices.priced(market, steps=STEPS, price=first.price, first_step=0.5, is_exact=False)
        reach = min(reach, first.bound, more.bound)
    school = ground.of_students(SCHOOL)
    size = np.bincount(school, minlength=problem.schools)
    best = np.bincount(school, weights=can, minlength=problem.schools)
    shares = best[size > 0] / size[size > 0]
    # The worst school is at most the mean of all.
    worst = min(float(shares.min(initial=1.0)), reach / max(number, 1))
    return Bounds(reach=int(np.floor(reach + SLACK)), worst_school=worst)


def reach_market(problem: Problem, ground: Ground) -> prices.Market:
    """Seats where nothing counts but reaching the requirement."""
    number = ground.students
    worth = Worth(np.ones(number), np.zeros(number), np.zeros(number))
    return prices.market(problem, ground, worth)


def lowered(known: Bounds, bound: float, ground: Ground) -> Bounds:
    """The bounds of the reach with this one of all students as well."""
    if known.reach is None or known.worst_school is None:
        return known
    return replace(
        known,
        reach=min(known.reach, int(np.floor(bound + SLACK))),
        worst_school=min(known.worst_school, bound / max(ground.students, 1)),
    )


def wishes_bound(ground: Ground, worth: Worth, bound: float, reached: int) -> float:
    """The mean of the wishes that are met, at most, in plans that bring ``reached`` students to
    the requirement, from a bound of all that is worth anything. Those who reach it have the hours
    in part too, and are worth as much as the least worthy at least; what is fixed has its wishes
    met besides."""
    need = float(np.sort(worth.reach + worth.part)[:reached].sum())
    weight = float(worth.wishes.max())
    total = (bound - need) / weight + float(ground.wished.sum())
    return min(1.0, total / max(ground.students, 1))
