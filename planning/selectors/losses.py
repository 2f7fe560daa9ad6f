"""What a published plan's classes have lost since, through no doing of their school."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from bookings.choices import BookingState, CancelledSide
from bookings.models import Booking, Place
from bookings.selectors.progress import progress_of_classes
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass, PlannedPlace
from rosters.models import ClassGroup

TAKEN_AWAY = (CancelledSide.HOST, CancelledSide.ALLIANCE)
# A plan in one of these has booked for its classes.
HAS_BOOKED = (PlanState.PUBLISHING, PlanState.PUBLISHED)
# Who has lost what: students, by session, by plan and class. Keys only.
Lost = dict[tuple[int, int], dict[int, set[int]]]


@dataclass(frozen=True, slots=True)
class ClassLoss:
    """A class with students who still lack something and have lost a session they were planned
    for: the host or the alliance cancelled it, or she came from another class, where her place
    stayed. One that ``is_refused`` could not be booked: it never had what was planned for it.
    Keys only."""

    class_group: ClassGroup
    sessions: frozenset[int]
    students: frozenset[int]
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a plan has lost: sessions, of how many classes; how many classes could not be
    booked; and how many students of all these lack something."""

    sessions: int
    classes: int
    refused: int
    students: int


def losses(plan: CohortPlan, now: datetime) -> list[ClassLoss]:
    """By class, in the order of schools and classes; what a later plan that makes this one good has
    seen already is left out. Eight queries, whatever their number."""
    return of_plans([plan.pk], now)[plan.pk]


def of_plans(plans: Collection[int], now: datetime) -> dict[int, list[ClassLoss]]:
    """The same of several plans, by the plan's key, of each of them. Eight queries at most,
    however many there are."""
    lost: Lost = defaultdict(lambda: defaultdict(set))
    taken = set(taken_away(plans).values_list(F("planned_by"), "class_group_id", "session_id"))
    refused = set(refused_by(plans).order_by().values_list("plan_id", "class_group_id"))
    places = PlannedPlace.objects.filter(plan_class__plan__in=plans)
    if taken or refused:
        hit = {class_id for _plan, class_id, _session in taken} | {key for _plan, key in refused}
        for plan, class_id, session_id, student_id in places.filter(
            plan_class__class_group__in=hit
        ).values_list(
            "plan_class__plan_id", "plan_class__class_group_id", "session_id", "student_id"
        ):
            if (plan, class_id) in refused or (plan, class_id, session_id) in taken:
                lost[plan, class_id][session_id].add(student_id)
    for plan, class_id, session_id, student_id in _moved(places.filter(session__starts_at__gt=now)):
        lost[plan, class_id][session_id].add(student_id)
    return {plan: [] for plan in plans} | _still_short(lost, refused, now)


def class_ids(plan: CohortPlan, now: datetime) -> list[int]:
    """The keys of the classes that have lost something: those that are planned anew."""
    return [one.class_group.pk for one in losses(plan, now)]


def extent_of(found: Collection[ClassLoss]) -> Extent:
    """Of one plan's losses. A session is counted once, however many classes had it."""
    lost = [one for one in found if not one.is_refused]
    return Extent(
        sessions=len(frozenset().union(*(one.sessions for one in lost))),
        classes=len(lost),
        refused=len(found) - len(lost),
        students=sum(len(one.students) for one in found),
    )


def taken_away(plans: Collection[int], *, seen_before: datetime | None = None) -> QuerySet[Booking]:
    """The plans' bookings that the host or the alliance cancelled, and which the class has not
    booked again, each with the key of its plan (``planned_by``); without what a plan that made
    it good, asked for ``seen_before`` that moment if given, has seen."""
    again = Booking.objects.live().filter(
        session_id=OuterRef("session_id"), class_group_id=OuterRef("class_group_id")
    )
    booked = PlanClass.objects.filter(plan__in=plans, state=PlanClassState.BOOKED)
    seen = _makes_good("planned_by", seen_before).filter(
        class_group_id=OuterRef("class_group_id"), plan__made_at__gte=OuterRef("cancelled_at")
    )
    return (
        Booking.objects.filter(
            ~Exists(again),
            reservation__in=booked.values("reservation"),
            state=BookingState.CANCELLED,
            cancelled_side__in=TAKEN_AWAY,
        )
        .annotate(
            planned_by=Subquery(
                booked.filter(reservation=OuterRef("reservation")).values("plan")[:1]
            )
        )
        .filter(~Exists(seen))
    )


def refused_by(
    plans: Collection[int], *, seen_before: datetime | None = None
) -> QuerySet[PlanClass]:
    """The plans' classes that could not be booked, without those that a plan that made it good,
    asked for ``seen_before`` that moment if given, has seen."""
    seen = _makes_good("plan_id", seen_before).filter(class_group_id=OuterRef("class_group_id"))
    return PlanClass.objects.filter(~Exists(seen), plan__in=plans, state=PlanClassState.REFUSED)


def _makes_good(plan: str, before: datetime | None = None) -> QuerySet[PlanClass]:
    """The classes of plans that make the outer row's plan good, which it has under that name."""
    found = PlanClass.objects.filter(plan__replans=OuterRef(plan), plan__state__in=HAS_BOOKED)
    return found if before is None else found.filter(plan__made_at__lt=before)


def _moved(
    places: QuerySet[PlannedPlace],
) -> QuerySet[PlannedPlace, tuple[int, int, int, int]]:
    """Who is in another class now and has no place in what was booked with the old one: plan,
    class now, session, student."""
    kept = Place.objects.live().filter(
        student_id=OuterRef("student_id"), session_id=OuterRef("session_id")
    )
    seen = _makes_good("plan_class__plan_id").filter(
        class_group_id=OuterRef("student__class_group_id")
    )
    return (
        places.filter(
            ~Exists(kept),
            ~Exists(seen),
            plan_class__state=PlanClassState.BOOKED,
            student__left_at=None,
            student__merged_into=None,
        )
        .exclude(student__class_group_id=F("plan_class__class_group_id"))
        .values_list("plan_class__plan_id", "student__class_group_id", "session_id", "student_id")
    )


def _still_short(
    lost: Lost, refused: Collection[tuple[int, int]], now: datetime
) -> dict[int, list[ClassLoss]]:
    """Without the students who have all they need, since their school booked it, say."""
    groups = list(
        ClassGroup.objects.filter(pk__in={class_id for _plan, class_id in lost}, archived_at=None)
        .select_related("school")
        .order_by("school_id", "entry_year", "number", "pk")
    )
    if not groups:
        return {}
    progress = progress_of_classes(groups, now)
    found: dict[int, list[ClassLoss]] = {plan: [] for plan, _class in lost}
    for group in groups:
        short = {row.student.pk for row in progress[group.pk].rows if row.lacking}
        for plan, classes in found.items():
            sessions = {
                session_id: students & short
                for session_id, students in lost.get((plan, group.pk), {}).items()
                if students & short
            }
            if sessions:
                classes.append(
                    ClassLoss(
                        class_group=group,
                        sessions=frozenset(sessions),
                        students=frozenset().union(*sessions.values()),
                        is_refused=(plan, group.pk) in refused,
                    )
                )
    return found
