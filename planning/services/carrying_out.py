"""What publishing and undoing share: the plan's state, its classes one by one, the sign of life."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from accounts.actors import Actor
from accounts.services import audit
from bookings.errors.requests import TooManyChangesAtOnce
from bookings.errors.reserving import NotInClass
from bookings.services.retries import in_one_transaction
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass
from planning.services import queueing

Clock = Callable[[], datetime]

# Whoever is at work says so before each class. After this silence it is taken for dead.
LEASE = timedelta(minutes=2)
# So often a class is tried where others change the same rows.
ATTEMPTS = 5


def begin(*, by: Actor, plan: CohortPlan, state: PlanState, now: datetime) -> None:
    """The plan, locked by the caller and changed, is to be carried out; the task is queued."""
    plan.state = state
    plan.lease_until = now + LEASE
    plan.save()
    audit.record(by=by, verb=f"plan.{state}", now=now, target=plan)
    queueing.hand_over(TASKS[state], plan.pk)


TASKS = {PlanState.PUBLISHING: "publish", PlanState.UNDOING: "undo"}


def locked(plan_id: int) -> CohortPlan:
    """The plan and its season as they are now, ours until the transaction ends: of two plans for
    the same classes the second to be published sees the first."""
    return (
        CohortPlan.objects.select_for_update(of=("season", "self"), no_key=True)
        .select_related("season")
        .get(pk=plan_id)
    )


def locked_class(plan_class_id: int) -> PlanClass:
    """The class as it is now, ours until the transaction ends. Before all other locks: two tasks
    at work on one plan meet here."""
    return (
        PlanClass.objects.select_for_update(of=("self",))
        .select_related("class_group__school", "reservation")
        .get(pk=plan_class_id)
    )


def classes_in(plan_id: int, state: PlanClassState, clock: Clock) -> Iterator[int]:
    """The keys of the plan's classes in the state, school by school; before each the plan says
    that somebody is at work on it."""
    rows = PlanClass.objects.filter(plan=plan_id, state=state)
    for key in list(
        rows.order_by("school_id", "class_group_id", "pk").values_list("pk", flat=True)
    ):
        CohortPlan.objects.filter(pk=plan_id).update(lease_until=clock() + LEASE)
        yield key


def patiently(work: Callable[[], None]) -> None:
    """``work`` in one transaction; anew where others change the same rows, or somebody leaves the
    class, this very moment. Refused as ``work``, at last with that too."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return in_one_transaction(work)
        except (TooManyChangesAtOnce, NotInClass):
            continue
    return in_one_transaction(work)


def take_up_again(*, now: datetime) -> int:
    """Plans whose publishing or undoing fell silent are handed over anew: how many."""
    silent = CohortPlan.objects.filter(state__in=list(TASKS), lease_until__lt=now)
    count = 0
    for plan in silent.order_by("pk"):
        # Only one sweeper finds it silent.
        if silent.filter(pk=plan.pk).update(lease_until=now + LEASE):
            queueing.hand_over(TASKS[PlanState(plan.state)], plan.pk)
            count += 1
    return count
