"""From a problem to a plan: prices, sites, routes in shares, whole routes, improvement.

The order of what counts is students who reach the requirement, the worst school, then wishes and
trips as the goal says. A plan that breaks a rule is never given: ``verifying`` looks at each.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import bounding, columns, measuring, prices, seating, siting, verifying
from .ground import GROUP, NONE, SCHOOL, Ground, lay
from .placing import Placing
from .problem import Bounds, Budget, Floats, Plan, Problem, Progress, Stage
from .routes import Worth

# What counts against what while routes are priced: reaching, all wishes met, the hours in part.
# Reaching counts ten wishes; much more, and prices take long to settle.
REACH, WISHES, PART = 100.0, 10.0, 0.5
# What the worst school's share, 1 for all its students, is worth for each student there is.
FAIR = 10.0

# Sites of a class and half day are chosen in rounds, with so many more than there may be.
MORE_SITES = (3, 1, 0)
# Rounds of the master at most, until this part of those who can reaches the requirement; and of
# that for reaching alone.
ROUNDS, NEARLY, REACH_ROUNDS = 3, 0.995, 5
# So often whole places are made: improvement leads to other sites, and they are made anew at those.
# Where fewer may move, as of one school, once: that is there in seconds, and little is gained.
PASSES, FEW = 3, 500
# Turns of hunting at most, in a draft too, and how many turns of improvement a draft has.
HUNTS, DRAFT_HUNTS, DRAFT_TURNS = 80, 6, 6


@dataclass(frozen=True, slots=True)
class _Steps:
    """Of prices: roughly, exactly, after each choice of sites, and after the last one."""

    rough: int
    exact: int
    sited: int
    last: int


FULL = _Steps(rough=100, exact=15, sited=15, last=25)
DRAFT = _Steps(rough=45, exact=0, sited=8, last=6)


class Unsound(Exception):  # noqa: N818  named as what it says of the plan
    """The plan that was found breaks a rule: a mistake of the solver, never shown."""

    def __init__(self, faults: list[verifying.Fault]) -> None:
        self.faults = faults
        super().__init__(f"{len(faults)} faults, first {faults[:3]}")


class _Over(Exception):  # noqa: N818  no error
    """Time is up, or it was cancelled."""


def plan(
    problem: Problem,
    budget: Budget,
    *,
    seed: int = 0,
    progress: Callable[[Progress], None] = lambda _now: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Plan:
    """The best plan found within the budget; what is fixed alone, at worst.

    The same seed gives the same plan unless time or ``cancelled`` cut it short; then it is the
    best so far. ``progress`` is told of each stage and turn. Raises ``Unsound`` rather than give
    a plan that breaks a rule.
    """
    begun = time.perf_counter()
    search = _Search(problem, lay(problem), _Watch(budget, progress, cancelled, begun), seed)
    try:
        search.run()
    except _Over:
        search.is_whole = False
    places = seating.places_of(problem, search.ground, search.placing.routes)
    found = replace(
        measuring.plan_of(problem, places),
        bounds=search.bounds(),
        seconds=time.perf_counter() - begun,
        seed=seed,
        is_whole=search.is_whole,
    )
    faults = verifying.faults(problem, found)
    if faults:
        raise Unsound(faults)
    return found


@dataclass(frozen=True, slots=True)
class _Watch:
    """How long there is, and who is told."""

    budget: Budget
    progress: Callable[[Progress], None]
    cancelled: Callable[[], bool]
    begun: float

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begun

    def is_over(self) -> bool:
        return self.seconds >= self.budget.seconds or self.cancelled()


class _Search:
    """One run through all stages; ``placing`` holds the best so far."""

    def __init__(self, problem: Problem, ground: Ground, watch: _Watch, seed: int) -> None:
        self.problem, self.ground, self.watch = problem, ground, watch
        self.placing = Placing(problem, ground, seed)
        self.worth = Worth(*(np.full(ground.students, one) for one in (REACH, WISHES, PART)))
        self.reach = Bounds()
        # Proven of all that is worth anything: with all sites, with those of the plan.
        self.proven: list[tuple[float, Worth]] = []
        self.proven_as_sited: list[tuple[float, Worth]] = []
        self.is_whole = True

    def run(self) -> None:
        """All stages, each leaving the best so far behind."""
        if not self.ground.patterns or not self.ground.students:
            return
        steps = DRAFT if self.watch.budget.is_draft else FULL
        free = prices.market(
            self.problem, self.ground, self.worth, surcharge=self._surcharge(PASSES)
        )
        self.placing.by_prices(free.may_use, np.zeros(len(free.seats)))
        self._tell(Stage.PRICES)
        self.reach = bounding.reach_bounds(self.problem, self.ground)
        self._tell(Stage.PRICES)
        rough = prices.priced(free, steps=steps.rough, is_exact=False, is_over=self.watch.is_over)
        self._tell(Stage.PRICES)
        exact = self._priced(free, rough, steps.exact) if steps.exact else rough
        self._prove(free, exact.price, self.proven)
        self._tell(Stage.SITES)
        if self.watch.budget.is_draft:
            self._drafted(free, exact, steps)
        else:
            self._placed(free, exact, steps)

    def _sited(
        self, free: prices.Market, found: prices.Priced, steps: int
    ) -> tuple[prices.Market, prices.Priced]:
        """Sites chosen in rounds, priced after each."""
        sited = free
        for more in MORE_SITES:
            at_once = self.problem.sites_at_once + more
            may_use = siting.chosen(
                self.problem, self.ground, found.taken, sited.may_use, at_once=at_once
            )
            sited = replace(sited, may_use=may_use)
            found = self._priced(sited, found, steps, is_exact=not more)
            self._tell(Stage.SITES)
        return sited, found

    def _drafted(self, free: prices.Market, exact: prices.Priced, steps: _Steps) -> None:
        """Places straight from prices."""
        sited, found = self._sited(free, exact, steps.sited)
        found = self._priced(sited, found, steps.last)
        self.placing.by_prices(sited.may_use, found.price)
        self._tell(Stage.COLUMNS)
        self._hunt(found.price, DRAFT_HUNTS)
        self._improve(found.price, DRAFT_TURNS)
        self._prove(self._as_placed(sited, found), found.price, self.proven_as_sited)

    def _placed(self, free: prices.Market, exact: prices.Priced, steps: _Steps) -> None:
        """Places from shares of routes, in turn with improvement: at the sites that it led to, or,
        while some are short, at others chosen at prices that heed trips otherwise."""
        left = self.watch.budget.turns
        sited, found = self._sited(free, exact, steps.sited)
        pool = columns.Pool(self.ground, self.worth, sited.surcharge)
        for passes in range(PASSES if len(self.placing.movable) >= FEW else 1, 0, -1):
            found = self._priced(sited, found, steps.last, pool)
            self.placing.by_prices(sited.may_use, found.price)
            self._tell(Stage.COLUMNS)
            price, worth = self._by_columns(free, sited, found.price, pool)
            found = replace(found, price=price)
            self._hunt(price, HUNTS)
            turns = left // passes
            self._improve(price, turns)
            left -= turns
            if passes > 1 and self.placing.reached < (self.reach.reach or 0):
                free = replace(free, surcharge=self._surcharge(passes - 1))
                sited, found = self._sited(free, exact, steps.sited)
                pool = columns.Pool(self.ground, self.worth, sited.surcharge)
            else:
                sited = self._as_placed(sited, found)
        sited = replace(sited, worth=worth)
        self._prove(sited, self._priced(sited, found, steps.last).price, self.proven_as_sited)
        self._bound_reach(pool)

    def _hunt(self, price: Floats, turns: int) -> None:
        self.placing.hunt(price, turns, self.watch.is_over, lambda: self._tell(Stage.IMPROVING))

    def _improve(self, price: Floats, turns: int) -> None:
        self.placing.improve(price, turns, self.watch.is_over, lambda: self._tell(Stage.IMPROVING))

    def _as_placed(self, sited: prices.Market, found: prices.Priced) -> prices.Market:
        """Of each class and half day the sites where it is in the plan so far, and as many of those
        that prices drew it to as it may have beside them."""
        routes = self.placing.routes
        used = np.bincount(routes[routes != NONE], minlength=self.ground.patterns)
        may_use = siting.chosen(
            self.problem,
            self.ground,
            found.taken + used * len(self.problem.students),
            np.ones(self.ground.patterns, np.bool_),
            at_once=self.problem.sites_at_once,
        )
        return replace(sited, may_use=may_use)

    def _bound_reach(self, pool: columns.Pool) -> None:
        """Where not as many reach it as were thought to: what can, by a master of reaching alone,
        over all sites."""
        market = bounding.reach_market(self.problem, self.ground)
        pool.take(self.placing.routes)
        for _round in range(REACH_ROUNDS):
            known, left = self.reach.reach, self.watch.budget.seconds - self.watch.seconds
            if known is None or self.placing.reached >= known or left <= 0:
                break
            seen = pool.columns()
            keys = np.flatnonzero(seen.reached > 0).astype(np.int32)
            chosen = replace(seen[keys], value=seen.reached[keys])
            master = columns.solve(market, chosen, 0.0, seconds=left, shaken=0.0)
            if not master.is_optimal:
                break
            total, found = market.sweep(master.price, is_exact=False)
            bound = total + float(master.price @ market.seats)
            self.reach = bounding.lowered(self.reach, bound, self.ground)
            self._tell(Stage.IMPROVING)
            if not pool.take(found.routes):
                break

    def bounds(self) -> Bounds:
        """Those of the reach, and what follows for the wishes from it and from all that counts."""
        ground, reached = self.ground, self.placing.reached
        wishes, as_sited = (
            min(
                (bounding.wishes_bound(ground, worth, total, reached) for total, worth in proven),
                default=None,
            )
            for proven in (self.proven, self.proven_as_sited)
        )
        if wishes is not None and as_sited is not None:
            as_sited = min(wishes, as_sited)
        return replace(self.reach, wishes=wishes, wishes_as_sited=as_sited)

    def _tell(self, stage: Stage) -> None:
        watch = self.watch
        watch.progress(Progress(stage, watch.seconds, self.placing.reached, self.reach.reach))
        if watch.is_over():
            raise _Over

    def _surcharge(self, passes: int) -> Floats:
        """What a trip costs each of those who may share it, with so many passes to come: their
        part of it, at least."""
        size = np.bincount(self.problem.students.class_, minlength=len(self.problem.classes))
        share: Floats = (
            self.placing.priced_trips[PASSES - passes]
            / np.maximum(size, 1)[self.ground.of_patterns(GROUP)]
        )
        return share

    def _prove(
        self, market: prices.Market, price: Floats, proven: list[tuple[float, Worth]]
    ) -> None:
        """Adds what these prices prove of all that counts but trips: those are taken off nothing,
        so that the wishes alone are bounded."""
        plain = replace(market, surcharge=np.zeros_like(market.surcharge))
        total, _found = plain.sweep(price, is_exact=True)
        proven.append((total + float(price @ market.seats), market.worth))

    def _priced(
        self,
        market: prices.Market,
        before: prices.Priced,
        steps: int,
        pool: columns.Pool | None = None,
        *,
        is_exact: bool = True,
    ) -> prices.Priced:
        return prices.priced(
            market,
            steps=steps,
            price=before.price,
            first_step=0.3,
            is_exact=is_exact,
            collect=pool.take if pool else None,
            is_over=self.watch.is_over,
        )

    def _by_columns(
        self, free: prices.Market, sited: prices.Market, price: Floats, pool: columns.Pool
    ) -> tuple[Floats, Worth]:
        """Shares of routes by the master, made whole; the prices it ends with, and what reaching
        is worth at them, the worst school's with it."""
        ground, watch = self.ground, self.watch
        pool.take(self.placing.routes)
        worth, always = self.worth, np.zeros(0, np.int32)
        fair, school = FAIR * ground.students, ground.of_students(SCHOOL)
        for _round in range(ROUNDS):
            seen = pool.columns()
            keys = columns.promising(sited, seen, price, always)
            left = watch.budget.seconds - watch.seconds
            master = columns.solve(sited, seen[keys], fair, seconds=left)
            if not master.is_optimal:
                break
            price = master.price
            always = np.union1d(always, keys[master.share > columns.SMALL]).astype(np.int32)
            self.placing.by_shares(sited.may_use, seen[keys], master)
            self._tell(Stage.COLUMNS)
            worth = self.worth._replace(reach=REACH + master.fairness[school])
            _total, found = replace(sited, worth=worth).sweep(price, is_exact=True)
            pool.take(found.routes)
            self._prove(replace(free, worth=worth), price, self.proven)
            if self.placing.reached >= NEARLY * (self.reach.reach or 0):
                break
        return price, worth
