"""Booked sessions as a list of trips."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from accounts.actors import Actor
from bookings import wording
from bookings.models import Booking
from courses.naming import headline
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class Trip:
    starts_at: datetime
    ends_at: datetime
    occupation: str
    class_label: str
    place: str
    state: str
    state_label: str
    url: str


def coming_trips(actor: Actor, now: datetime, *, limit: int) -> list[Trip]:
    """The actor's next live bookings, the nearest first."""
    return as_trips(_coming(actor, now)[:limit])


def trips_of_class(actor: Actor, group: ClassGroup, now: datetime) -> list[Trip]:
    return as_trips(_coming(actor, now).filter(class_group=group)[:20])


def trips_of_student(actor: Actor, student: Student, now: datetime) -> list[Trip]:
    """The sessions a student has a live place in and that are not over."""
    return as_trips(_coming(actor, now).filter(places__student=student, places__is_live=True)[:20])


def _coming(actor: Actor, now: datetime) -> "QuerySet[Booking]":
    return (
        Booking.objects.visible_to(actor)
        .live()
        .filter(session__ends_at__gt=now)
        .select_related("session__version", "session__room__site", "session__school", "class_group")
        .order_by("session__starts_at", "pk")
    )


def as_trips(bookings: Iterable[Booking]) -> list[Trip]:
    return [
        Trip(
            starts_at=booking.session.starts_at,
            ends_at=booking.session.ends_at,
            occupation=headline(booking.session.version).occupation,
            class_label=wording.class_name(booking.class_group, booking.session.starts_at),
            place=wording.where(booking.session),
            state=booking.state,
            state_label=booking.get_state_display(),
            url=reverse("bookings:booking", args=[booking.pk]),
        )
        for booking in bookings
    ]
