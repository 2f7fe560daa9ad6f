"""A host's day: its sessions, who comes, and what a cancellation would touch."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Prefetch, QuerySet

from accounts.actors import Actor
from bookings.models import Booking
from courses.models import CourseSession
from sites.calendar import at, local_day


@dataclass(frozen=True, slots=True)
class DaySession:
    """One session of the day with the bookings that hold seats in it."""

    session: CourseSession
    bookings: tuple[Booking, ...]

    @property
    def expected(self) -> int:
        return sum(booking.seats for booking in self.bookings)


def sessions_of_day(actor: Actor, day: date) -> list[DaySession]:
    """The host's sessions of the day by time, cancelled ones too, each with its live bookings:
    class, school, companions and the reservation's contact. Five queries."""
    sessions = (
        _of_day(actor, day)
        .select_related("version", "room__site", "school", "instructor__user", "host")
        .prefetch_related(
            Prefetch(
                "bookings",
                Booking.objects.visible_to(actor)
                .live()
                .select_related("school", "class_group", "reservation")
                .prefetch_related("companions")
                .order_by("school__name", "class_group_id", "pk"),
                to_attr="live_bookings",
            )
        )
        .order_by("starts_at", "pk")
    )
    return [
        DaySession(session=session, bookings=tuple(session.live_bookings))  # type: ignore[attr-defined]
        for session in sessions
    ]


def sessions_to_cancel(actor: Actor, day: date, now: datetime) -> QuerySet[CourseSession]:
    """The host's sessions of the day that stand and have not begun."""
    return _of_day(actor, day).scheduled().filter(starts_at__gt=now)


def days_with_sessions(actor: Actor, day: date) -> tuple[date | None, date | None]:
    """The nearest days before and after on which the host has sessions."""
    starts = CourseSession.objects.visible_to(actor).owned_by(actor).order_by("starts_at")
    before = starts.filter(starts_at__lt=at(day, time())).values_list("starts_at", flat=True)
    after = starts.filter(starts_at__gte=at(day + timedelta(days=1), time())).values_list(
        "starts_at", flat=True
    )
    return _day_of(before.last()), _day_of(after.first())


def _day_of(moment: datetime | None) -> date | None:
    return local_day(moment) if moment is not None else None


def _of_day(actor: Actor, day: date) -> QuerySet[CourseSession]:
    return (
        CourseSession.objects.visible_to(actor)
        .owned_by(actor)
        .filter(
            starts_at__gte=at(day, time()), starts_at__lt=at(day + timedelta(days=1), time())
        )
    )
