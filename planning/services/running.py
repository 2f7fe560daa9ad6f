"""Calculating a plan in the cluster: one process at a time, with signs of life, whole or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.errors import Refusal
from accounts.services import audit
from planning.choices import PlanState
from planning.errors.plans import NobodyShort, PlanDied, PlanUnsound
from planning.models import CohortPlan
from planning.services import building, queueing, results, rooming, warming
from planning.services.built import Built
from planning.services.plans import PATIENCE
from planning.solving import planner
from planning.solving.problem import Budget, Plan, Progress

Clock = Callable[[], datetime]

# Whoever calculates says so at least this often while the solver speaks; after the lease's silence
# it is taken for dead. Compiling the solver's routines for the first time takes part of that.
SIGN_EVERY = 5.0
LEASE = timedelta(minutes=5)
# Whether to stop is asked this often.
ASK_EVERY = 1.0
# After so many processes have died of it, it is not tried again.
TRIES = 3
# Seconds on the clock for each student, and the limits. The cluster's ``timeout`` is longer.
EACH, LEAST, MOST = 0.06, 30.0, 1200.0
EACH_IN_DRAFT, MOST_IN_DRAFT = 0.02, 400.0
# So often it is looked for once more where the adults have no room; what has none then is refused
# when it is published.
ROOM_ROUNDS = 5


def run_plan(plan_id: int, *, clock: Clock = timezone.now) -> str:
    """The plan is found and stored whole, after the verifier has seen it; or failed with the
    reason; or dropped, if it was cancelled before anything was found. Returns its state.

    Repeating it, or two at once, calculate it once: whoever comes second leaves. What a process
    left unfinished is calculated anew once its lease is over.
    """
    work = _claim(plan_id, clock)
    if work is None:
        return str(CohortPlan.objects.values_list("state", flat=True).get(pk=plan_id))
    if work.plan.cancel_asked_at is not None:
        return work.end(PlanState.DROPPED)
    warming.warm(lambda _now: work.say())
    try:
        built = building.problem_of(work.plan, clock())
        if not len(built.students):
            raise NobodyShort
        work.students = len(built.students)
        work.say()
        built, found = _search(work, built)
    except planner.Unsound as error:
        rules = sorted({str(fault.rule) for fault in error.faults})
        return work.end(PlanState.FAILED, why=PlanUnsound(), rules=rules)
    except NobodyShort as refusal:
        return work.end(PlanState.FAILED, why=refusal)
    if work.is_cancelled() and len(found.places) == len(built.problem.fixed):
        return work.end(PlanState.DROPPED)
    work.say()
    told = results.told(built, found, work.keep_alive)
    work.say()
    with transaction.atomic():
        row = work.locked()
        if row is None:
            return str(CohortPlan.objects.values_list("state", flat=True).get(pk=plan_id))
        results.store(row, built, found, told, now=clock())
        audit.record(
            by=SYSTEM, verb="plan.found", now=clock(), target=row, reached=row.reached,
            students=row.students,
        )  # fmt: skip
    return PlanState.FOUND


def _search(work: "_Work", built: Built) -> tuple[Built, Plan]:
    """What is found, and of which problem: where more classes share a room than it holds heads,
    there are fewer seats in it, and it is looked for once more within the time."""
    budget = budget_for(work.plan, len(built.students))

    def solved(of: Built, budget: Budget) -> Plan:
        return planner.plan(
            of.problem,
            budget,
            seed=work.plan.seed,
            progress=work.tell,
            cancelled=work.is_cancelled,
        )

    found = solved(built, budget)
    seconds = found.seconds
    for _round in range(ROOM_ROUNDS):
        tighter = rooming.tightened(built, found)
        if tighter is None or seconds >= budget.seconds or work.is_cancelled():
            break
        again = solved(tighter, replace(budget, seconds=budget.seconds - seconds))
        if work.is_cancelled():
            break
        seconds += again.seconds
        built, found = tighter, again
    return built, replace(found, seconds=seconds)


def budget_for(plan: CohortPlan, students: int) -> Budget:
    """How long to look at most; the search mostly ends before."""
    each, most = (EACH_IN_DRAFT, MOST_IN_DRAFT) if plan.is_draft else (EACH, MOST)
    return Budget(min(most, max(LEAST, each * students)), is_draft=plan.is_draft)


def take_up_again(*, now: datetime) -> int:
    """Plans whose process died, or whose task was lost, are handed over anew: how many. After
    some times they have failed instead."""
    silent = CohortPlan.objects.filter(
        state__in=(PlanState.QUEUED, PlanState.RUNNING), lease_until__lt=now
    )
    count = 0
    for key in list(silent.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            plan = silent.select_for_update(of=("self",), no_key=True).filter(pk=key).first()
            if plan is None:
                continue
            if plan.tries >= TRIES:
                plan.state, plan.failure, plan.lease_until = PlanState.FAILED, PlanDied.code, None
                plan.save(update_fields=["state", "failure", "lease_until"])
                audit.record(
                    by=SYSTEM, verb="plan.failed", now=now, target=plan, code=PlanDied.code
                )
                continue
            plan.state, plan.lease_until = PlanState.QUEUED, now + PATIENCE
            plan.save(update_fields=["state", "lease_until"])
            queueing.hand_over("solve", key)
            count += 1
    return count


def _claim(plan_id: int, clock: Clock) -> "_Work | None":
    """The plan is ours to calculate; None where it is somebody else's, or nobody's any more."""
    lease = clock() + LEASE
    claimed = CohortPlan.objects.filter(
        Q(state=PlanState.QUEUED) | Q(state=PlanState.RUNNING, lease_until__lt=clock()),
        pk=plan_id,
        tries__lt=TRIES,
    ).update(state=PlanState.RUNNING, lease_until=lease, tries=F("tries") + 1)
    if not claimed:
        return None
    plan = CohortPlan.objects.select_related("season", "requirement", "replans").get(pk=plan_id)
    return _Work(plan, lease, clock)


@dataclass(slots=True)
class _Work:
    """One process at work on a plan. Its lease is also its name: where the row has another, this
    one was taken for dead, and stops."""

    plan: CohortPlan
    lease: datetime
    clock: Clock
    students: int = 0
    is_lost: bool = False
    is_asked_to_stop: bool = False
    said_at: float = field(default_factory=monotonic)
    asked_at: float = 0.0

    def tell(self, now: Progress) -> None:
        """How far the search is, not more often than needed."""
        if self._is_silent() or now.stage != self.plan.stage:
            self.plan.stage = now.stage
            self.say(
                stage=now.stage, seconds=now.seconds, best=now.best, bound=now.bound,
                students=self.students,
            )  # fmt: skip

    def keep_alive(self) -> None:
        """That this process lives, not more often than needed."""
        if self._is_silent():
            self.say()

    def _is_silent(self) -> bool:
        return monotonic() - self.said_at >= SIGN_EVERY

    def say(self, **progress: object) -> None:
        """That this process lives; in a transaction of its own."""
        lease = self.clock() + LEASE
        try:
            changed = self._mine().update(lease_until=lease, **progress)
        except OperationalError:
            # The database is away for a moment; the search goes on, and says so next time.
            connection.close()
            return
        self.said_at = monotonic()
        self.is_lost = not changed
        self.lease = lease if changed else self.lease

    def is_cancelled(self) -> bool:
        """Whether somebody asked to stop, or another process has taken over."""
        if monotonic() - self.asked_at >= ASK_EVERY:
            self.asked_at = monotonic()
            try:
                row = self._mine().values_list("cancel_asked_at", flat=True).first()
                self.is_asked_to_stop |= row is not None
            except OperationalError:
                connection.close()
        return self.is_lost or self.is_asked_to_stop

    def end(
        self, state: PlanState, *, why: Refusal | None = None, rules: Sequence[str] = ()
    ) -> str:
        """Nothing is found; with the reason, and the rules that were broken."""
        code = why.code if why is not None else ""
        with transaction.atomic():
            row = self.locked()
            if row is not None:
                row.state, row.failure, row.lease_until = state, code, None
                row.save(update_fields=["state", "failure", "lease_until"])
                audit.record(
                    by=SYSTEM,
                    verb=f"plan.{state}",
                    now=self.clock(),
                    target=row,
                    code=code,
                    rules=list(rules),
                )
        return state

    def locked(self) -> CohortPlan | None:
        """The row, if it is still ours to end; in the caller's transaction."""
        return self._mine().select_for_update(of=("self",), no_key=True).first()

    def _mine(self) -> QuerySet[CohortPlan]:
        return CohortPlan.objects.filter(
            pk=self.plan.pk, state=PlanState.RUNNING, lease_until=self.lease
        )
