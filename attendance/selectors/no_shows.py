"""Bookings of which nobody checked in."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.actors import Actor
from attendance.choices import EventKind
from attendance.models import CheckIn
from bookings.models import Booking, BookingQuerySet, Place

# So long a reason is asked for.
ASKED_FOR = timedelta(days=60)


def no_shows(actor: Actor, now: datetime) -> QuerySet[Booking]:
    """Bookings of sessions that are over, in which nobody came; those without a reason first,
    the latest first. One query."""
    return (
        nobody_came(Booking.objects.visible_to(actor), since=now - ASKED_FOR, now=now)
        .select_related(
            "class_group",
            "school",
            "host",
            "reservation",
            "session__version",
            "session__room__site",
            "session__school",
        )
        .order_by("no_show_code", "-session__starts_at", "pk")
    )


def nobody_came(bookings: BookingQuerySet, *, since: datetime, now: datetime) -> QuerySet[Booking]:
    """Those that stand, of sessions that ended since then, in which nobody came."""
    # Looked for booking by booking and place by place, up to the first: what is asked for one row
    # cannot be joined, and joined, every place and arrival of all years would be compared.
    first_to_come = Subquery(_places_come_to().values("pk")[:1])
    return (
        bookings.live()
        .filter(session__ends_at__lte=now, session__ends_at__gt=since)
        .alias(first_to_come=first_to_come)
        .filter(first_to_come=None)
    )


def somebody_came(booking: Booking) -> bool:
    return Booking.objects.filter(Exists(_places_come_to()), pk=booking.pk).exists()


def _places_come_to() -> QuerySet[Place]:
    """Live places of the booking outside whose student arrived, which stands."""
    voids = CheckIn.objects.filter(voids=OuterRef("pk"))
    arrival = CheckIn.objects.filter(
        ~Exists(voids),
        session=OuterRef("session"),
        student=OuterRef("student"),
        kind=EventKind.IN,
    )
    return (
        Place.objects.live()
        .filter(booking=OuterRef("pk"))
        .alias(arrival=Subquery(arrival.values("pk")[:1]))
        .filter(arrival__isnull=False)
    )
