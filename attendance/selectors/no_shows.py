"""Bookings of which nobody checked in."""

from datetime import datetime, timedelta

from django.db.models import Case, Exists, F, OuterRef, QuerySet, Subquery, When

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
    # Looked for booking by booking, up to the first: joined, every arrival would be compared. The
    # session's key is taken from those that ended since then, else those of all years are looked
    # into before.
    ended = Case(When(session__ends_at__lte=now, session__ends_at__gt=since, then=F("session_id")))
    first_to_come = Subquery(_arrivals("ended").values("pk")[:1])
    return (
        bookings.live()
        .filter(session__ends_at__lte=now, session__ends_at__gt=since)
        .alias(ended=ended)
        .alias(first_to_come=first_to_come)
        .filter(first_to_come=None)
    )


def somebody_came(booking: Booking) -> bool:
    return Booking.objects.filter(Exists(_arrivals("session")), pk=booking.pk).exists()


def _arrivals(session: str) -> QuerySet[CheckIn]:
    """Arrivals that stand, of students with a place of the booking outside, whose session that
    query calls so."""
    voids = CheckIn.objects.filter(voids=OuterRef("pk"))
    return CheckIn.objects.filter(
        ~Exists(voids),
        session=OuterRef(session),
        kind=EventKind.IN,
        student__in=Place.objects.live().filter(booking=OuterRef(OuterRef("pk"))).values("student"),
    )
