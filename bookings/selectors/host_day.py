"""A host's day: its sessions, who comes, and what a cancellation would touch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db.models import Prefetch, QuerySet

from accounts.actors import Actor
from bookings import wording
from bookings.models import Booking, Place
from bookings.selectors.alternatives import Offer
from courses.models import CourseSession, CourseSessionQuerySet
from sites.calendar import at, local_day


@dataclass(frozen=True, slots=True)
class DaySession:
    """One session of the day with the bookings that hold seats in it."""

    session: CourseSession
    bookings: tuple[Booking, ...]

    @property
    def expected(self) -> int:
        return sum(booking.seats for booking in self.bookings)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One class that comes to a session, in words, with the people to phone."""

    booking: Booking
    school: str
    class_name: str
    # What still fits the class, where the page asks for that.
    offers: Sequence[Offer] | None = None


@dataclass(frozen=True, slots=True)
class ClassList:
    """The students of one class at a session."""

    school: str
    class_name: str
    places: tuple[Place, ...]


def in_words(row: DaySession) -> wording.SessionLine:
    return wording.session_line(row.session)


def visitor_in_words(booking: Booking, offers: Sequence[Offer] | None = None) -> Visitor:
    """The booking with school, class and session loaded, as a page writes it."""
    return Visitor(
        booking=booking,
        school=wording.organisation_name(booking.school),
        class_name=wording.class_name(booking.class_group, booking.session.starts_at),
        offers=offers,
    )


def by_booking(places: Iterable[Place]) -> list[ClassList]:
    """The places of a roster, class by class in the roster's order."""
    return [
        ClassList(
            school=wording.organisation_name(members[0].school),
            class_name=wording.class_name(members[0].booking.class_group, members[0].starts_at),
            places=members,
        )
        for _booking_id, group in groupby(places, key=lambda place: place.booking_id)
        for members in [tuple(group)]
    ]


def visitors_of(actor: Actor, sessions: Sequence[CourseSession]) -> QuerySet[Booking]:
    """The live bookings of the sessions: class, school, companions and contact."""
    return (
        Booking.objects.visible_to(actor)
        .live()
        .filter(session__in=sessions)
        .select_related("session", "school", "class_group", "reservation")
        .prefetch_related("companions")
        .order_by("session__starts_at", "school__name", "class_group_id", "pk")
    )


def sessions_of_day(actor: Actor, day: date) -> list[DaySession]:
    """The host's sessions of the day by time, cancelled ones too, each with its live bookings:
    class, school, companions and the reservation's contact. Five queries."""
    sessions = (
        _of_day(actor, day)
        .select_related(
            "version", "room__site", "school", "instructor__user", "assistant__user", "host"
        )
        .prefetch_related(
            Prefetch(
                "bookings",
                Booking.objects.visible_to(actor)
                .live()
                .select_related("session", "school", "class_group", "reservation")
                .prefetch_related("companions")
                .order_by("school__name", "class_group_id", "pk"),
                to_attr="live_bookings",
            )
        )
        .order_by("starts_at", "pk")
    )
    return [
        DaySession(
            session=session,
            bookings=tuple(session.live_bookings),
        )
        for session in sessions
    ]


def sessions_to_cancel(actor: Actor, day: date, now: datetime) -> QuerySet[CourseSession]:
    """The host's sessions of the day that stand and have not begun."""
    return _of_day(actor, day).scheduled().filter(starts_at__gt=now)


def bound_to(sessions: Iterable[CourseSession], now: datetime) -> QuerySet[CourseSession]:
    """The other sessions of these sessions' sets that stand and have not begun: what is booked
    only together is cancelled together."""
    sessions = list(sessions)
    return (
        CourseSession.objects.scheduled()
        .filter(
            session_set__in={one.session_set_id for one in sessions if one.session_set_id},
            starts_at__gt=now,
        )
        .exclude(pk__in=[one.pk for one in sessions])
        .select_related("version", "room__site", "school", "host")
        .order_by("starts_at", "pk")
    )


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


def _of_day(actor: Actor, day: date) -> CourseSessionQuerySet:
    return (
        CourseSession.objects.visible_to(actor)
        .owned_by(actor)
        .filter(starts_at__gte=at(day, time()), starts_at__lt=at(day + timedelta(days=1), time()))
    )
