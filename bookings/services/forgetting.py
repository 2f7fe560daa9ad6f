"""Who came along, and who signed for a trip, is forgotten; see ``data_map``."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import Booking, Companion, Reservation, TripConsent


def companions_of_trips_over(before: datetime) -> QuerySet[Companion]:
    """Those of sessions that ended before the moment."""
    return Companion.objects.filter(booking__session__ends_at__lt=before)


def forget_companions(companions: QuerySet[Companion]) -> int:
    return companions.delete()[0]


def contacts_of_trips_over(before: datetime) -> QuerySet[Reservation]:
    """Reservations that still name a contact, and all of whose sessions ended before."""
    later = Booking.objects.filter(reservation=OuterRef("pk"), session__ends_at__gte=before)
    return Reservation.objects.filter(
        ~Q(contact_name="", contact_phone="", note=""), ~Exists(later), made_at__lt=before
    )


def forget_contacts(reservations: QuerySet[Reservation]) -> int:
    return reservations.update(contact_name="", contact_phone="", note="")


def forget_students(student_ids: Collection[int]) -> int:
    """What guardians signed for single trips is gone. Places stay: they hold keys only."""
    return TripConsent.objects.filter(student__in=student_ids).delete()[0]
