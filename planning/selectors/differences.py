"""What a plan changes against the published one that it makes good, class by class."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from bookings import wording
from bookings.models import Booking
from courses.models import CourseSession
from planning import refusals
from planning.models import CohortPlan, PlanClass, PlannedPlace
from planning.selectors import losses
from rosters.models import ClassGroup


@dataclass(frozen=True, slots=True)
class Line:
    """A session of a class, as it is written in the active language, and for how many of it;
    ``why`` it is lost, where it is."""

    session_id: int
    starts_at: datetime
    when: str
    where: str
    title: str
    class_hours: int
    seats: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class ClassDifference:
    """What a class has lost of the published plan and gets nowhere again, what it gets now, and
    what it keeps: all else it has booked of the season. The earliest first. ``refused`` says why
    nothing could be booked for it then, where that was so: it had nothing to lose."""

    class_group: ClassGroup
    name: str
    lost: tuple[Line, ...]
    new: tuple[Line, ...]
    kept: tuple[Line, ...]
    refused: str = ""


# A class's key, that of a session of it, for how many of it, and why it is lost.
Found = tuple[int, int, int, str]


def differences(plan: CohortPlan) -> list[ClassDifference]:
    """Of a plan that makes another good, by class in the order of schools and classes; seven
    queries, whatever their number. The caller has chosen a plan the actor may see."""
    rows = list(
        plan.classes.select_related("class_group__school").order_by(
            "school_id", "class_group__entry_year", "class_group__number", "pk"
        )
    )
    new = _new(plan)
    found = [_lost(plan, rows, new), new, _kept(plan, rows)]
    refused = _refused(plan, rows)
    sessions = (
        CourseSession.objects.filter(pk__in={key for part in found for _class, key, *_more in part})
        .select_related("version", "room__site", "school")
        .in_bulk()
    )
    by_class: list[dict[int, list[Line]]] = []
    for part in found:
        lines: dict[int, list[Line]] = defaultdict(list)
        for class_id, session_id, seats, why in part:
            lines[class_id].append(_line(sessions[session_id], seats, why))
        by_class.append(lines)
    lost, gets, kept = by_class
    return [
        ClassDifference(
            class_group=row.class_group,
            name=wording.class_name(row.class_group, plan.made_at),
            lost=_in_order(lost[row.class_group_id]),
            new=_in_order(gets[row.class_group_id]),
            kept=_in_order(kept[row.class_group_id]),
            refused=refused.get(row.class_group_id, ""),
        )
        for row in rows
    ]


def _in_order(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (line.starts_at, line.session_id)))


def _lost(plan: CohortPlan, rows: list[PlanClass], new: list[Found]) -> list[Found]:
    """What was taken away until the plan was asked for, and no earlier plan has made good, without
    what the class has again by it."""
    before = plan.replans
    if before is None:
        return []
    keys = [row.class_group_id for row in rows]
    again = {(class_id, session_id) for class_id, session_id, *_more in new}
    gone = {
        (booking.class_group_id, booking.session_id): booking.why_cancelled
        for booking in losses.taken_away([before.pk], seen_before=plan.made_at).filter(
            class_group__in=keys, cancelled_at__lte=plan.made_at
        )
    }
    planned = PlannedPlace.objects.filter(plan_class__plan=before, plan_class__class_group__in=keys)
    return [
        (class_id, session_id, seats, gone[class_id, session_id])
        for class_id, session_id, seats in _counted(planned)
        if (class_id, session_id) in gone and (class_id, session_id) not in again
    ]


def _refused(plan: CohortPlan, rows: list[PlanClass]) -> dict[int, str]:
    """Why classes could not be booked by the plan that this one makes good, and by no earlier one
    that does."""
    if plan.replans is None:
        return {}
    return {
        row.class_group_id: refusals.sentence(row.refusal)
        for row in losses.refused_by([plan.replans.pk], seen_before=plan.made_at).filter(
            class_group__in=[row.class_group_id for row in rows]
        )
    }


def _new(plan: CohortPlan) -> list[Found]:
    places = PlannedPlace.objects.filter(plan_class__plan=plan)
    return [(class_id, key, seats, "") for class_id, key, seats in _counted(places)]


def _counted(places: QuerySet[PlannedPlace]) -> QuerySet[PlannedPlace, tuple[int, int, int]]:
    """For how many of a class each session is planned."""
    return (
        places.order_by()
        .values_list("plan_class__class_group_id", "session_id")
        .annotate(seats=Count("pk"))
    )


def _kept(plan: CohortPlan, rows: list[PlanClass]) -> list[Found]:
    """Without what this very plan has booked, once it is published."""
    bookings = (
        Booking.objects.live()
        .filter(
            class_group__in=[row.class_group_id for row in rows],
            session__season=plan.season_id,
        )
        .exclude(reservation__in=[row.reservation_id for row in rows if row.reservation_id])
    )
    return [
        (class_id, key, seats, "")
        for class_id, key, seats in bookings.values_list("class_group_id", "session_id", "seats")
    ]


def _line(session: CourseSession, seats: int, why: str = "") -> Line:
    return Line(
        session_id=session.pk,
        starts_at=session.starts_at,
        when=wording.when(session),
        where=wording.where(session),
        title=wording.title(session.version),
        class_hours=session.class_hours,
        seats=seats,
        why=why,
    )
