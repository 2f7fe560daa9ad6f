"""Whole places out of prices or shares, made better in turns; the best so far is kept."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from . import improving, seating
from .columns import Columns, Master
from .ground import NONE, ONE, START, TWO, Ground
from .problem import Flags, Floats, Goal, Ints, Problem
from .routes import Worth

Keys = NDArray[np.int64]

# Reaching comes first: no student's reach is given up for any wishes. A trip costs as much as the
# wishes of two students, or a twentieth of one's: much less, and classes are driven about for
# nothing.
REACH, WISHES, PART = 2000.0, 10.0, 0.5
TRIP = {Goal.WISHES: 0.5, Goal.TRIPS: 20.0}
# While seats are priced and sites chosen a trip costs less where wishes come first: where seats are
# scarce, fewer sites may bring fewer to the requirement. Which serves best differs, so that while
# some are short sites are chosen anew with the next.
PRICED_TRIPS = {Goal.WISHES: (0.05, 0.5, 0.2), Goal.TRIPS: (20.0, 5.0, 1.0)}
# What the students short of a school cost: this times their number squared over the school's size.
UNEVEN = 50.0
# Sessions below their least are closed in so many rounds, then whoever is left in one gives way.
ROUNDS = 6
# Of the master's prices, what those pay who are placed after the shares are made whole.
REST = 0.3
# Shares below are no hint.
HINT = 0.02
# Moves of a turn for each student who may move, and at least; how many students a move moves, and
# after how many turns without anything better it is over.
MOVES, LEAST_MOVES, STUDENTS, IDLE = 0.3, 100, 8, 12
# While as many as can are to reach the requirement, fewer students move at a time, a seat taken
# costs its price, so that those are spared that others want, a trip costs so much at most, and a
# move may be so much worse.
HUNTED, RENT, HUNTED_TRIP, HUNTED_WARMTH, HUNT_IDLE = 6, 1.0, 0.05, 0.3, 15
# How much worse a move may be at first, on average, in the units of what counts; none at the end.
WARMTH = 0.1
# In this part of the turns warmth goes down to nothing.
COOL = 0.8
# The share of the moves that close a place.
CLOSING = {Goal.WISHES: 0.1, Goal.TRIPS: 0.5}


class Placing:
    """The places found so far; ``routes`` (N x K) are the best of them."""

    def __init__(self, problem: Problem, ground: Ground, seed: int) -> None:
        self.problem, self.ground, self.seed = problem, ground, seed
        number = ground.students
        self.worth = Worth(*(np.full(number, one) for one in (REACH, WISHES, PART)))
        self.trip = TRIP[problem.goal] if problem.trip is None else problem.trip * WISHES
        self.priced_trips = tuple(min(self.trip, cost) for cost in PRICED_TRIPS[problem.goal])
        self.random = np.random.default_rng(seed)
        self.routes: Ints = np.full((number, ground.day_of.shape[1]), NONE, np.int32)
        self.value = -np.inf
        # What was found last, which need not be the best.
        self.last = self.routes
        # Who has all that is required from the start has nothing to gain.
        self.movable = np.nonzero(ground.of_students(START) != len(ground.tables.part) - 1)[0]
        self.moves = max(LEAST_MOVES, round(MOVES * len(self.movable)))
        # Of ``routes``, and at least, while some are still to be filled up.
        self._done, self.reached = -1, 0
        self._keep(seating.seating(problem, ground))

    def by_prices(self, may_use: Flags, price: Floats) -> None:
        """Everyone in turn, in an order drawn, takes her best route at these prices."""
        now = seating.seating(self.problem, self.ground)
        self._complete(now, self._limits(may_use), price)

    def by_shares(self, may_use: Flags, columns: Columns, master: Master) -> None:
        """The largest shares first, as long as there are seats, then the others at lower
        prices."""
        ground = self.ground
        now, limits = seating.seating(self.problem, ground), self._limits(may_use)
        order = np.argsort(-master.share, kind="stable")
        order = order[master.share[order] > HINT]
        # What hardly anybody is to attend will not run.
        used = np.zeros(len(limits.seats))
        at, day = np.nonzero(columns.routes != NONE)
        key = columns.routes[at, day]
        for column in (ONE, TWO):
            session = ground.of_patterns(column)[key]
            np.add.at(used, session[session != NONE], master.share[at[session != NONE]])
        limits.seats[(used < limits.least - 0.5) & (now.load == 0)] = 0
        none = np.zeros(len(limits.seats))
        seating.place(
            ground.tables, limits, now, none, columns.student[order], columns.routes[order]
        )
        self._complete(now, limits, REST * master.price)

    def hunt(
        self, price: Floats, turns: int, is_over: Callable[[], bool], tell: Callable[[], None]
    ) -> None:
        """As many as can are brought to the requirement, whatever else is given up. Who is short
        holds nothing meanwhile: what she holds helps nobody. Begins with what was found last."""
        ground = self.ground
        now = self._seated(self.last)
        limits = self._limits(np.ones(ground.patterns, np.bool_))
        limits = limits._replace(
            trip=min(limits.trip, HUNTED_TRIP), uneven=np.zeros_like(limits.uneven)
        )
        worth = self.worth._replace(part=np.zeros(ground.students))
        price = price[: len(limits.seats)].copy()
        everyone, idle, best = self.movable, 0, int(now.is_done.sum())
        try:
            for turn in range(turns):
                self._clear_short(now, limits)
                limits.seats[:] = self._open_seats(now, limits)
                short = np.nonzero(~now.is_done)[0]
                if not len(short) or idle == HUNT_IDLE or is_over():
                    break
                improving.improve(
                    ground.tables, limits, now, worth, price,
                    np.concatenate((everyone, _often(short, everyone))),
                    HUNTED, self.moves, 0.0, HUNTED_WARMTH, RENT, self.seed * 100_003 + turn,
                )  # fmt: skip
                done = int(now.is_done.sum())
                idle = 0 if done > best else idle + 1
                best = max(best, done)
                self.reached = max(self.reached, best)
                tell()
        finally:
            # Cancelled too, what was promised is kept.
            limits = self._limits(limits.may_use)
            limits.seats[:] = self._open_seats(now, limits)
            self._complete(now, limits, REST * price)

    def improve(
        self, price: Floats, turns: int, is_over: Callable[[], bool], tell: Callable[[], None]
    ) -> None:
        """The best so far, made better in at most so many turns."""
        problem, ground = self.problem, self.ground
        now = self._seated(self.routes)
        limits = self._limits(np.ones(ground.patterns, np.bool_))
        price = price[: len(limits.seats)].copy()
        everyone, idle = self.movable, 0
        for turn in range(turns if len(everyone) else 0):
            limits.seats[:] = self._open_seats(now, limits)
            short = np.nonzero(~now.is_done)[0]
            before = self.value
            improving.improve(
                ground.tables, limits, now, self.worth, price,
                np.concatenate((everyone, _often(short, everyone))),
                STUDENTS, self.moves, CLOSING[problem.goal],
                WARMTH * max(0.0, 1 - turn / (COOL * turns)), 0.0, self.seed * 100_003 + turn,
            )  # fmt: skip
            self._keep(now)
            tell()
            idle = 0 if self.value > before else idle + 1
            if idle == IDLE or is_over():
                break

    def _limits(self, may_use: Flags) -> seating.Limits:
        return seating.limits(self.problem, may_use, trip=self.trip, uneven=UNEVEN)

    def _open_seats(self, now: seating.Seating, limits: seating.Limits) -> Ints:
        """Length S. A session that nobody attends stays closed, unless one alone is enough."""
        seats: Ints = np.where((now.load == 0) & (limits.least > 1), 0, self.problem.sessions.seats)
        return seats

    def _clear_short(self, now: seating.Seating, limits: seating.Limits) -> None:
        """Who is short gives up what she has, unless a session would be left below its least."""
        for student in np.nonzero(~now.is_done & (now.routes != NONE).any(axis=1))[0]:
            had = now.routes[student].copy()
            seating.take_out(self.ground.tables, now, student)
            if ((now.load > 0) & (now.load < limits.least)).any():
                seating.put_in(self.ground.tables, now, student, had)

    def _seated(self, routes: Ints) -> seating.Seating:
        now = seating.seating(self.problem, self.ground)
        for student in np.nonzero((routes != NONE).any(axis=1))[0]:
            seating.put_in(self.ground.tables, now, student, routes[student])
        return now

    def _complete(self, now: seating.Seating, limits: seating.Limits, price: Floats) -> None:
        """Seats whoever has nothing, closes what stays below its least, and keeps what is best."""
        tables = self.ground.tables
        price = price[: len(limits.seats)].copy()
        who = self.movable[(now.routes[self.movable] == NONE).all(axis=1)]
        who = self.random.permutation(who)
        for number in range(ROUNDS + len(limits.seats)):
            if number < ROUNDS:
                seating.fill(tables, limits, now, self.worth, price, who)
            low = (now.load > 0) & (now.load < limits.least)
            if not low.any():
                break
            limits.seats[low] = 0
            is_there = (now.routes != NONE) & self._has(low)[np.maximum(now.routes, 0)]
            who = self.random.permutation(np.nonzero(is_there.any(axis=1))[0])
            for student in who:
                seating.take_out(tables, now, student)
        self._keep(now)

    def _has(self, sessions: Flags) -> Flags:
        """Of each pattern whether one of these sessions is in it."""
        one, two = self.ground.of_patterns(ONE), self.ground.of_patterns(TWO)
        found: Flags = sessions[one] | ((two != NONE) & sessions[two])
        return found

    def _keep(self, now: seating.Seating) -> None:
        number = self.ground.students
        value, reached = np.empty(number), np.empty(number)
        seating.worths(
            self.ground.tables, self.worth, np.arange(number), now.routes, value, reached
        )
        limits = self._limits(np.ones(0, np.bool_))
        total = value.sum() - self.trip * now.trips.sum()
        total -= float((limits.uneven * now.short.astype(np.float64) ** 2).sum())
        self.last = now.routes.copy()
        if (done := int(now.is_done.sum()), total) > (self._done, self.value):
            self.value, self.routes = total, self.last
            self._done = self.reached = done


def _often(short: Keys, everyone: Keys) -> Keys:
    """Those who are short, as often as there are others."""
    return np.repeat(short, max(1, len(everyone) // max(len(short), 1)))
