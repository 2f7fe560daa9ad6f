"""Seat prices by subgradient: what a seat is worth to all, and a proven bound on any plan.

Lagrangian relaxation of the seats (Held, Wolfe and Crowder 1974): at any prices >= 0 the sum of
every student's best route plus the worth of all seats is an upper bound; steps towards the seats
asked for beyond those there are bring it down. A school's seats are priced as those of a session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import choosing, routes
from .ground import GROUP, NONE, ONE, SCHOOL, TWO, Ground
from .problem import Flags, Floats, Ints, Problem

# Directions are smoothed: so much of the last one stays.
INERTIA = 0.6
# After so many steps without a better bound the step is cut, back at the best prices.
PATIENCE, CUT = 8, 0.6
SMALLEST_STEP = 1e-3
# The bound is taken to be so much above the optimum, for the length of a step.
GUESSED_GAP = 0.03


class Found(NamedTuple):
    """What a sweep of all students comes to: seats asked for (S + J), how often each pattern is
    taken (P), each student's route (N x K) and its upper bound (N)."""

    asked: Floats
    taken: Floats
    routes: Ints
    bounds: Floats


@dataclass(slots=True)
class Priced:
    """The best bound found, the prices that give it (S + J: of sessions, then of schools), and
    how often each pattern was taken in the later half of the steps, on average (P)."""

    bound: float
    price: Floats
    taken: Floats
    steps: int


@dataclass(frozen=True, slots=True)
class Market:
    """What is priced: seats that may be sold (S + J), and of each pattern whether it may be used
    and what it costs besides (P). ``school_of``, length C, is each class's school."""

    ground: Ground
    worth: routes.Worth
    seats: Floats
    school_of: Ints
    may_use: Flags
    surcharge: Floats

    @property
    def sessions(self) -> int:
        return len(self.ground.tables.weight)

    def costs(self, price: Floats) -> Floats:
        """Of each pattern (P) at these prices, SHUT where it may not be used."""
        ground, sessions = self.ground, self.sessions
        one, two = ground.of_patterns(ONE), ground.of_patterns(TWO)
        school = price[sessions:][self.school_of[ground.of_patterns(GROUP)]]
        cost = self.surcharge + price[one] + school
        cost += np.where(two == NONE, 0.0, price[two] + school)
        return np.where(self.may_use, cost, routes.SHUT)

    def sweep(self, price: Floats, *, is_exact: bool) -> tuple[float, Found]:
        """Every student's best route at these prices; the bound they prove without the worth of
        the seats."""
        ground = self.ground
        asked, taken = np.zeros(len(self.seats)), np.zeros(ground.patterns)
        kinds = len(ground.kinds)
        routes_of = np.full((kinds, ground.day_of.shape[1]), NONE, np.int32)
        bounds_of = np.zeros(kinds)
        total = choosing.sweep(
            ground.tables, ground.kinds, ground.alike, self.costs(price), self.worth,
            asked, taken, routes_of, bounds_of, is_exact,
        )  # fmt: skip
        found = Found(asked, taken, routes_of[ground.kind_of], bounds_of[ground.kind_of])
        found.asked[self.sessions :] = np.bincount(
            ground.of_students(SCHOOL),
            weights=seats_of(ground, found.routes),
            minlength=len(self.seats) - self.sessions,
        )
        return float(total), found


def seats_of(ground: Ground, taken: Ints) -> Floats:
    """How many seats each route (N x K) takes, length N."""
    is_taken = taken != NONE
    is_double = is_taken & (ground.of_patterns(TWO)[np.where(is_taken, taken, 0)] != NONE)
    total: Floats = (is_taken.sum(axis=1) + is_double.sum(axis=1)).astype(np.float64)
    return total


def market(
    problem: Problem,
    ground: Ground,
    worth: routes.Worth,
    *,
    may_use: Flags | None = None,
    surcharge: Floats | None = None,
) -> Market:
    """The seats that are left beside ``Problem.fixed``."""
    held = np.bincount(problem.fixed[:, 1], minlength=len(problem.sessions))
    seats = np.maximum(problem.sessions.seats - held, 0)
    # More than a student can take is no limit.
    many = 2 * ground.day_of.shape[1] * len(problem.students)
    quota = np.full(problem.schools, many) if problem.quota is None else problem.quota
    patterns = ground.patterns
    return Market(
        ground=ground,
        worth=worth,
        seats=np.concatenate((seats, quota)).astype(np.float64),
        school_of=problem.classes.school.astype(np.int32),
        may_use=np.ones(patterns, np.bool_) if may_use is None else may_use,
        surcharge=np.zeros(patterns) if surcharge is None else surcharge,
    )


def priced(
    of: Market,
    *,
    steps: int,
    price: Floats | None = None,
    first_step: float = 1.0,
    is_exact: bool = True,
    collect: Callable[[Ints], object] | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> Priced:
    """Prices after at most so many steps, from ``price`` (nothing at first) on. ``collect`` is
    given the routes of each step; ``is_over`` ends it early."""
    seats = of.seats
    now = np.zeros(len(seats)) if price is None else price.copy()
    best = Priced(np.inf, now.copy(), np.zeros(of.ground.patterns), 0)
    direction = np.zeros(len(seats))
    step, idle, kept = first_step, 0, 0
    for number in range(steps):
        total, found = of.sweep(now, is_exact=is_exact)
        if collect is not None:
            collect(found.routes)
        bound = total + float(now @ seats)
        if number == 0 or bound < best.bound - 1e-6 * abs(best.bound):
            best.bound, best.price, idle = bound, now.copy(), 0
        else:
            idle += 1
            if idle >= PATIENCE:
                step, idle, now = step * CUT, 0, best.price.copy()
        over = found.asked - seats
        over[(now <= 0) & (over < 0)] = 0
        direction = INERTIA * direction + (1 - INERTIA) * over
        if number >= steps // 2:
            best.taken += found.taken
            kept += 1
        best.steps = number + 1
        length = float(direction @ direction)
        if length == 0 or step < SMALLEST_STEP or is_over():
            break
        gap = max(bound - best.bound * (1 - GUESSED_GAP), 1e-4 * abs(best.bound))
        now = np.maximum(0, now + step * gap / length * direction)
    best.taken /= max(kept, 1)
    return best
