"""Which trips still lack names of the adults who come along.

How many have to come is ``Booking.adults``, settled when it was booked or changed
(``services.companions.number``); who is named for them may follow until the session begins.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, F
from django.db.models.functions import TruncDate

from accounts.actors import Actor
from bookings.models import Booking, BookingQuerySet
from sites.calendar import SHANGHAI


def missing_of(booking: Booking) -> int:
    """For how many of the adults nobody is named (companions loaded)."""
    return max(booking.adults - len(booking.companions.all()), 0)


def missing_in(bookings: Iterable[Booking], now: datetime) -> dict[int, int]:
    """By booking for how many of its adults nobody is named, until its session begins; without
    those that lack nobody (companions and session loaded)."""
    found = {
        one.pk: missing_of(one) for one in bookings if one.is_live and one.session.starts_at > now
    }
    return {pk: missing for pk, missing in found.items() if missing}


def lacking(bookings: BookingQuerySet, now: datetime) -> BookingQuerySet:
    """Those that ``missing_in`` finds, by the database."""
    to_come = bookings.live().filter(session__starts_at__gt=now, adults__gt=0)
    return to_come.alias(named=Count("companions")).filter(named__lt=F("adults"))


def trips_lacking(actor: Actor, now: datetime) -> int:
    """How many of the actor's trips that are: the groups of a class that was split are one, as in
    their list. One query."""
    return (
        lacking(Booking.objects.visible_to(actor), now)
        .order_by()
        .values(
            "reservation_id",
            "class_group_id",
            "session__version__course_id",
            day=TruncDate("session__starts_at", tzinfo=SHANGHAI),
        )
        .distinct()
        .count()
    )
