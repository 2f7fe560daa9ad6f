"""When a host may meet students' names, and which (DESIGN.md, invariant 8)."""

from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from accounts.actors import Actor
from bookings.models import Place
from courses.models import CourseSession
from sites.calendar import local_day

DAYS_BEFORE = timedelta(days=3)
DAYS_AFTER = timedelta(days=7)


def names_window(session: CourseSession) -> tuple[date, date]:
    """The first and the last day on which the session's host may read names."""
    day = local_day(session.starts_at)
    return day - DAYS_BEFORE, day + DAYS_AFTER


def names_window_open(session: CourseSession, now: datetime) -> bool:
    """Whether today lies in the window, both days included."""
    first, last = names_window(session)
    return first <= local_day(now) <= last


def places_with_names(actor: Actor, session: CourseSession) -> QuerySet[Place]:
    """The live places of the session that the actor may see, with student, class and school, in
    class and seat order. Whoever shows them reads through ``services.rosters``, which asks
    whether it is time and logs the reading."""
    return (
        Place.objects.visible_to(actor)
        .live()
        .filter(session=session, student__isnull=False)
        .select_related("student", "school", "booking__class_group", "booking__reservation")
        .order_by("booking__school__name", "booking__class_group_id", "student__seat_no", "pk")
    )
