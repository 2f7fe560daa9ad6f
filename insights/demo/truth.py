"""Recomputes from the rows what the demonstration claims. Each finding is a sentence."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from django.db.models import Count, F, Q, Sum

from attendance.models import CheckIn, Desk
from attendance.selectors.states import by_student
from bookings.models import Booking, Place
from courses.models import CourseSession
from hours.models import HourCredit


def findings() -> list[str]:
    """What does not agree; empty when everything does."""
    return [*_seats(), *_places(), *_hours(), *_clashes()]


def _seats() -> list[str]:
    """Seats taken are live places, of sessions and of bookings."""
    live = Count("places", filter=Q(places__is_live=True))
    sessions = CourseSession.objects.annotate(live=live).exclude(seats_taken=F("live"))
    bookings = Booking.objects.live().annotate(live=live).exclude(seats=F("live")).order_by("pk")
    return [
        f"session {session.pk}: {session.seats_taken} seats taken, not its places"
        for session in sessions.order_by("pk")
    ] + [f"booking {booking.pk}: {booking.seats} seats, not its places" for booking in bookings]


def _places() -> list[str]:
    """A place names a student of the class that booked, in a session that takes place."""
    live = Place.objects.live()
    strangers = live.exclude(student__class_group=F("booking__class_group")).count()
    void = live.exclude(session__in=CourseSession.objects.scheduled()).count()
    return [
        sentence
        for number, sentence in (
            (strangers, f"{strangers} places name a student of another class"),
            (void, f"{void} places are in a cancelled session"),
        )
        if number
    ]


def _hours() -> list[str]:
    """The ledger holds the class hours of every attendance at a closed desk, and nothing else."""
    closed = {
        desk.session_id: desk.session
        for desk in Desk.objects.filter(closed_at__isnull=False).select_related("session")
    }
    events: dict[int, list[CheckIn]] = defaultdict(list)
    for event in (
        CheckIn.objects.filter(session__in=closed)
        .select_related("student")
        .order_by("recorded_at", "pk")
    ):
        events[event.session_id].append(event)
    earned = {
        (student, pk): session.class_hours
        for pk, session in closed.items()
        for student, state in by_student(events[pk], session).items()
        if state.is_credited
    }
    credited = {
        (student, session): hours
        for student, session, hours in HourCredit.objects.order_by()
        .values_list("student_id", "session_id")
        .annotate(hours=Sum("class_hours"))
        .filter(hours__gt=0)
    }
    if earned == credited:
        return []
    differing = set(earned.items()) ^ set(credited.items())
    return [f"{len(differing)} attendances and credits do not agree"]


def _clashes() -> list[str]:
    """Nobody and nothing is in two places at once."""
    sessions = CourseSession.objects.scheduled().order_by("starts_at", "pk")
    kinds = {
        "room": sessions.exclude(room=None).values_list("room_id", "starts_at", "ends_at"),
        "instructor": sessions.exclude(instructor=None).values_list(
            "instructor_id", "starts_at", "ends_at"
        ),
        "student": Place.objects.live()
        .exclude(student=None)
        .order_by("starts_at", "pk")
        .values_list("student_id", "starts_at", "ends_at"),
    }
    return [
        f"{kind} {key} is in two sessions at once"
        for kind, rows in kinds.items()
        for key in _overlapping(rows)
    ]


def _overlapping(rows: Iterable[tuple[int | None, datetime, datetime]]) -> list[int | None]:
    """Whose periods overlap; the rows come by their beginning."""
    periods: dict[int | None, list[tuple[datetime, datetime]]] = defaultdict(list)
    for key, starts_at, ends_at in rows:
        periods[key].append((starts_at, ends_at))
    return [
        key
        for key, times in periods.items()
        if any(second[0] < first[1] for first, second in pairwise(times))
    ]
