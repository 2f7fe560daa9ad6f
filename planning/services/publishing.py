"""Publishing a plan: every class has its reservation, whole, or is told why not; and undoing it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils import timezone

from accounts.actors import Actor
from accounts.errors import Refusal
from accounts.selectors import actor_of
from accounts.services import audit
from bookings.errors.reserving import NoStudents
from bookings.models import Booking
from bookings.services import freeze, planned
from bookings.services.retries import in_one_transaction
from courses import phases
from planning import refusals
from planning.choices import PlanClassState, PlanState
from planning.errors.publishing import (
    ClassPlannedSince,
    NothingToPublish,
    NothingToUndo,
    PlanNotFound,
    PlanNotPublished,
    PlanOutdated,
)
from planning.models import CohortPlan, PlanClass, PlannedPlace
from planning.services import carrying_out, telling
from planning.services.carrying_out import Clock
from planning.services.ownership import check_is_own
from rosters.models import Student
from sites import dates

# States of plans that have booked.
PUBLISHED = (PlanState.PUBLISHING, PlanState.PUBLISHED, PlanState.UNDOING)


def check_can_publish(actor: Actor, plan: CohortPlan, now: datetime) -> None:
    """Whose plan it is, once it is found, while the season is open for it (``plan.season``
    loaded), unless another one was published for all its classes since. Refused: PlanNotFound,
    NothingToPublish, OutsideSeason, PlanOutdated. Two queries."""
    check_is_own(actor, plan)
    if plan.state != PlanState.FOUND:
        raise PlanNotFound(state=PlanState(plan.state).label)
    planned_for = set(
        plan.classes.filter(state=PlanClassState.PLANNED).values_list("class_group", flat=True)
    )
    if not planned_for:
        raise NothingToPublish
    phases.check_is_open(planned.action_of(actor), plan.season, now)
    others = planned_since(plan)
    if planned_for <= others.keys():
        raise PlanOutdated(when=dates.moment(max(others.values())), classes=len(planned_for))


def planned_since(plan: CohortPlan) -> dict[int, datetime]:
    """The plan's classes for which another one was published after it was asked for, and when that
    was: class_group_id -> moment. One query."""
    # It books class by class, so what another one has not booked yet, or only since, is not seen.
    unseen = (
        Q(plan__published_at__gte=plan.made_at)
        | Q(reservation__made_at__gte=plan.made_at)
        | Q(plan__state=PlanState.PUBLISHING, state=PlanClassState.PLANNED)
    )
    ours = plan.classes.filter(state=PlanClassState.PLANNED).values("class_group")
    others = PlanClass.objects.exclude(plan=plan.pk).filter(
        unseen, plan__state__in=PUBLISHED, class_group__in=ours
    )
    return dict(
        others.order_by("class_group")
        .values_list("class_group")
        .annotate(when=Max("plan__published_at"))
    )


def publish(*, by: Actor, plan: CohortPlan, now: datetime) -> CohortPlan:
    """The plan is being published: the cluster reserves class by class (``publish_classes``).
    A class for which another one was published since is ``refused`` (ClassPlannedSince): what the
    plan gives it was reckoned without that.

    Refused as ``check_can_publish``.
    """
    check_can_publish(by, plan, now)

    def write() -> CohortPlan:
        row = carrying_out.locked(plan.pk)
        check_can_publish(by, row, now)
        since = planned_since(row)
        for one in row.classes.filter(state=PlanClassState.PLANNED, class_group__in=since).order_by(
            "pk"
        ):
            _refused(one, ClassPlannedSince(when=dates.moment(since[one.class_group_id])), by, now)
        row.published_at = now
        row.published_by_id = by.membership_id
        carrying_out.begin(by=by, plan=row, state=PlanState.PUBLISHING, now=now)
        return row

    return in_one_transaction(write)


def publish_classes(plan_id: int, *, clock: Clock = timezone.now) -> dict[str, int]:
    """Every class still ``planned`` has one reservation with all its bookings, or is ``refused``
    with the reason; each in a transaction of its own. Then the plan is published, and the schools'
    coordinators are told. Returns how many classes are in each state.

    Repeating it, or going on after a crash, does what is left. Two at once do it once.
    """
    plan = _plan(plan_id)
    if plan.state != PlanState.PUBLISHING:
        return {}
    assert plan.published_by is not None
    by = actor_of(plan.published_by)
    for key in carrying_out.classes_in(plan_id, PlanClassState.PLANNED, clock):
        _publish_class(key, by, clock())

    return _finish(
        plan_id, PlanState.PUBLISHING, PlanClassState.PLANNED, PlanState.PUBLISHED,
        telling.published, by, clock,
    )  # fmt: skip


def _finish(
    plan_id: int,
    at_work: PlanState,
    left: PlanClassState,
    done: PlanState,
    tell: Callable[..., None],
    by: Actor,
    clock: Clock,
) -> dict[str, int]:
    """Where no class is ``left``, the plan that was ``at_work`` is ``done`` and people are told,
    once. Returns how many classes are in each state."""

    def write() -> dict[str, int]:
        row = carrying_out.locked(plan_id)
        counts = counts_of(plan_id)
        if row.state == at_work and not counts.get(left):
            row.state = done
            row.lease_until = None
            row.save(update_fields=["state", "lease_until"])
            now = clock()
            audit.record(by=by, verb=f"plan.{done}", now=now, target=row, classes=counts)
            tell(row, by=by, now=now)
        return counts

    return in_one_transaction(write)


def counts_of(plan_id: int) -> dict[str, int]:
    """How many of the plan's classes are in each state: the progress. One query."""
    return dict(
        PlanClass.objects.filter(plan=plan_id)
        .order_by("state")
        .values_list("state")
        .annotate(number=Count("pk"))
    )


def _plan(plan_id: int) -> CohortPlan:
    """With those who act in it, though they may have left since."""
    return CohortPlan.objects.select_related(
        "published_by__user",
        "published_by__organisation",
        "undone_by__user",
        "undone_by__organisation",
    ).get(pk=plan_id)


def _publish_class(key: int, by: Actor, now: datetime) -> None:
    def book() -> None:
        row = carrying_out.locked_class(key)
        if row.state != PlanClassState.PLANNED:
            return
        row.reservation = planned.reserve_planned(
            by=by,
            class_group=row.class_group,
            wanted=_wanted(row),
            idempotency_key=f"plan:{row.plan_id}:{row.class_group_id}",
            now=now,
        )
        row.state = PlanClassState.BOOKED
        row.save(update_fields=["state", "reservation"])

    try:
        carrying_out.patiently(book)
    except Refusal as refusal:
        _refuse(key, refusal, by, now)


def _refuse(key: int, why_not: Refusal, by: Actor, now: datetime) -> None:
    def write() -> None:
        row = carrying_out.locked_class(key)
        if row.state == PlanClassState.PLANNED:
            _refused(row, why_not, by, now)

    in_one_transaction(write)


def _refused(row: PlanClass, why_not: Refusal, by: Actor, now: datetime) -> None:
    row.state = PlanClassState.REFUSED
    row.refusal = refusals.kept(why_not)
    row.save(update_fields=["state", "refusal"])
    audit.record(by=by, verb="plan.class_refused", now=now, target=row, code=why_not.code)


def _wanted(row: PlanClass) -> dict[int, set[int]]:
    """Who shall be in which session. Whoever has left the class, or was erased, since it was
    planned is taken out of the plan; whoever was merged into a classmate comes as her, unless she
    is somewhere herself then. Refused: nobody is left (NoStudents)."""
    places = list(
        PlannedPlace.objects.filter(plan_class=row)
        .select_related("session", "student")
        .order_by("session__starts_at", "session_id", "student_id")
    )
    there = set(
        Student.objects.current()
        .filter(class_group=row.class_group_id)
        .values_list("pk", flat=True)
    )
    spans: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    wanted: dict[int, set[int]] = defaultdict(set)
    # Who was planned for herself comes before who was merged into her.
    for place in sorted(places, key=lambda one: one.student.merged_into_id is not None):
        student_id = place.student.merged_into_id or place.student_id
        span = (place.session.starts_at, place.session.ends_at)
        if student_id not in there or any(
            begun < span[1] and span[0] < over for begun, over in spans[student_id]
        ):
            place.delete()
            continue
        if student_id != place.student_id:
            place.student_id = student_id
            place.save(update_fields=["student"])
        spans[student_id].append(span)
        wanted[place.session_id].add(student_id)
    if not wanted:
        raise NoStudents
    return dict(wanted)


def check_can_undo(actor: Actor, plan: CohortPlan, now: datetime) -> None:
    """Whose plan it is, once published, while a booking of it can still be given up. Refused:
    PlanNotPublished, NothingToUndo. Two queries at most."""
    check_is_own(actor, plan)
    if plan.state != PlanState.PUBLISHED:
        raise PlanNotPublished(state=PlanState(plan.state).label)
    live = (
        Booking.objects.live()
        .filter(
            reservation__in=plan.classes.filter(state=PlanClassState.BOOKED).values("reservation"),
            session__starts_at__gt=now,
        )
        .select_related("session__season")
        .order_by("-session__starts_at")
    )
    last = live.first()
    if last is None or freeze.is_settled(last.session, now):
        raise NothingToUndo


def undo(*, by: Actor, plan: CohortPlan, now: datetime) -> CohortPlan:
    """The plan is being undone: the cluster gives back class by class (``undo_classes``).

    Refused as ``check_can_undo``.
    """
    check_can_undo(by, plan, now)

    def write() -> CohortPlan:
        row = carrying_out.locked(plan.pk)
        check_can_undo(by, row, now)
        row.undone_at = now
        row.undone_by_id = by.membership_id
        carrying_out.begin(by=by, plan=row, state=PlanState.UNDOING, now=now)
        return row

    return in_one_transaction(write)


def undo_classes(plan_id: int, *, clock: Clock = timezone.now) -> dict[str, int]:
    """Of every class ``booked`` the bookings that are still as published are cancelled; it is
    ``undone``, or ``kept`` with the reason where some stay. Then the plan is undone, and the
    schools' coordinators are told. Returns how many classes are in each state.

    Repeating it, or going on after a crash, does what is left. Two at once do it once.
    """
    plan = _plan(plan_id)
    if plan.state != PlanState.UNDOING:
        return {}
    assert plan.undone_by is not None
    by = actor_of(plan.undone_by)
    for key in carrying_out.classes_in(plan_id, PlanClassState.BOOKED, clock):
        _undo_class(key, by, clock())

    return _finish(
        plan_id, PlanState.UNDOING, PlanClassState.BOOKED, PlanState.UNDONE,
        telling.undone, by, clock,
    )  # fmt: skip


def _undo_class(key: int, by: Actor, now: datetime) -> None:
    def give_back() -> None:
        row = carrying_out.locked_class(key)
        if row.state != PlanClassState.BOOKED:
            return
        assert row.reservation is not None
        wanted: dict[int, set[int]] = defaultdict(set)
        for session_id, student_id in row.places.values_list("session_id", "student_id"):
            wanted[session_id].add(student_id)
        taken = planned.take_back(by=by, reservation=row.reservation, planned=wanted, now=now)
        row.state = PlanClassState.KEPT if taken.kept else PlanClassState.UNDONE
        if taken.kept:
            _booking, why = taken.kept[0]
            row.refusal = refusals.kept(why) | {
                "kept": len(taken.kept),
                "cancelled": len(taken.cancelled),
            }
        row.save(update_fields=["state", "refusal"])

    # Refused all the same, the plan stays as it is and is taken up again.
    carrying_out.patiently(give_back)
