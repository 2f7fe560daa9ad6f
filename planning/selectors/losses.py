"""What a published plan's classes have lost since, through no doing of their school."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from bookings.choices import BookingState, CancelledSide
from bookings.models import Booking, Place
from bookings.selectors.progress import progress_of_classes
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass, PlannedPlace
from rosters.models import ClassGroup

TAKEN_AWAY = (CancelledSide.HOST, CancelledSide.ALLIANCE)
# A plan in one of these has booked for its classes.
HAS_BOOKED = (PlanState.PUBLISHING, PlanState.PUBLISHED)


@dataclass(frozen=True, slots=True)
class ClassLoss:
    """A class with students who still lack something and have lost a session they were planned
    for: the host or the alliance cancelled it, it could not be booked, or she came from another
    class, where her place stayed. Keys only."""

    class_group: ClassGroup
    sessions: frozenset[int]
    students: frozenset[int]


def losses(plan: CohortPlan, now: datetime) -> list[ClassLoss]:
    """By class, in the order of schools and classes; what a later plan that makes this one good has
    seen already is left out. Eight queries, whatever their number."""
    lost: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    seen = makes_good(plan)
    taken = {
        (booking.class_group_id, booking.session_id) for booking in taken_away(plan, seen=seen)
    }
    refused = set(refused_by(plan, seen=seen).values_list("class_group_id", flat=True))
    places = PlannedPlace.objects.filter(plan_class__plan=plan)
    if taken or refused:
        for class_id, session_id, student_id in places.filter(
            plan_class__class_group__in={pk for pk, _session in taken} | refused
        ).values_list("plan_class__class_group_id", "session_id", "student_id"):
            if class_id in refused or (class_id, session_id) in taken:
                lost[class_id][session_id].add(student_id)
    for class_id, session_id, student_id in _moved(places.filter(session__starts_at__gt=now), plan):
        lost[class_id][session_id].add(student_id)
    return _still_short(lost, now)


def class_ids(plan: CohortPlan, now: datetime) -> list[int]:
    """The keys of the classes that have lost something: those that are planned anew."""
    return [one.class_group.pk for one in losses(plan, now)]


def taken_away(plan: CohortPlan, *, seen: QuerySet[PlanClass]) -> QuerySet[Booking]:
    """The plan's bookings that the host or the alliance cancelled, and which the class has not
    booked again, since the plans of the classes ``seen`` were asked for."""
    again = Booking.objects.live().filter(
        session_id=OuterRef("session_id"), class_group_id=OuterRef("class_group_id")
    )
    since = seen.filter(
        class_group_id=OuterRef("class_group_id"), plan__made_at__gte=OuterRef("cancelled_at")
    )
    return Booking.objects.filter(
        ~Exists(again),
        ~Exists(since),
        reservation__in=plan.classes.filter(state=PlanClassState.BOOKED).values("reservation"),
        state=BookingState.CANCELLED,
        cancelled_side__in=TAKEN_AWAY,
    )


def refused_by(plan: CohortPlan, *, seen: QuerySet[PlanClass]) -> QuerySet[PlanClass]:
    """The plan's classes that could not be booked, without those ``seen``."""
    rows = plan.classes.filter(state=PlanClassState.REFUSED)
    return rows.filter(~Exists(seen.filter(class_group_id=OuterRef("class_group_id"))))


def makes_good(plan: CohortPlan) -> QuerySet[PlanClass]:
    """The classes of the plans that have made it good."""
    return PlanClass.objects.filter(plan__replans=plan, plan__state__in=HAS_BOOKED)


def _moved(
    places: QuerySet[PlannedPlace], plan: CohortPlan
) -> QuerySet[PlannedPlace, tuple[int, int, int]]:
    """Who is in another class now and has no place in what was booked with the old one: class
    now, session, student."""
    kept = Place.objects.live().filter(
        student_id=OuterRef("student_id"), session_id=OuterRef("session_id")
    )
    seen = makes_good(plan).filter(class_group_id=OuterRef("student__class_group_id"))
    return (
        places.filter(
            ~Exists(kept),
            ~Exists(seen),
            plan_class__state=PlanClassState.BOOKED,
            student__left_at=None,
            student__merged_into=None,
        )
        .exclude(student__class_group_id=F("plan_class__class_group_id"))
        .values_list("student__class_group_id", "session_id", "student_id")
    )


def _still_short(lost: dict[int, dict[int, set[int]]], now: datetime) -> list[ClassLoss]:
    """Without the students who have all they need, since their school booked it, say."""
    groups = list(
        ClassGroup.objects.filter(pk__in=lost, archived_at=None)
        .select_related("school")
        .order_by("school_id", "entry_year", "number", "pk")
    )
    if not groups:
        return []
    progress = progress_of_classes(groups, now)
    found = []
    for group in groups:
        short = {row.student.pk for row in progress[group.pk].rows if row.lacking}
        sessions = {
            session_id: students & short
            for session_id, students in lost[group.pk].items()
            if students & short
        }
        if sessions:
            found.append(
                ClassLoss(group, frozenset(sessions), frozenset().union(*sessions.values()))
            )
    return found


def students_of(found: Collection[ClassLoss]) -> int:
    """How many students have lost something."""
    return sum(len(one.students) for one in found)
