"""Who came along, and who signed for a trip, is forgotten; see ``data_map``."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import (
    BasketItem,
    Booking,
    ChangeRequest,
    Companion,
    IdempotentAnswer,
    Reservation,
    TripConsent,
)
from courses.models import CourseSession


def answers_before(before: datetime) -> QuerySet[IdempotentAnswer]:
    """What requests were answered before the moment; the cluster purges them hourly, too."""
    return IdempotentAnswer.objects.filter(made_at__lte=before)


def companions_of_trips_over(before: datetime) -> QuerySet[Companion]:
    """Those of sessions that ended before the moment."""
    return Companion.objects.filter(booking__session__ends_at__lt=before)


def forget_companions(companions: QuerySet[Companion]) -> int:
    return companions.delete()[0]


def requests_of_trips_over(before: datetime) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(booking__session__ends_at__lt=before)


def basket_items_over(before: datetime) -> QuerySet[BasketItem]:
    """What can no longer be reserved: its session, or the last day of its set, ended before."""
    to_come = CourseSession.objects.filter(session_set=OuterRef("session_set"), ends_at__gte=before)
    return BasketItem.objects.filter(
        Q(session__ends_at__lt=before) | Q(session=None) & ~Exists(to_come)
    )


def contacts_of_trips_over(before: datetime) -> QuerySet[Reservation]:
    """Reservations that still name a contact, and all of whose sessions ended before."""
    later = Booking.objects.filter(reservation=OuterRef("pk"), session__ends_at__gte=before)
    return Reservation.objects.filter(
        ~Q(contact_name="", contact_phone="", note=""), ~Exists(later), made_at__lt=before
    )


def forget_contacts(reservations: QuerySet[Reservation]) -> int:
    return reservations.update(contact_name="", contact_phone="", note="")


def forget_students(student_ids: Collection[int]) -> int:
    """What guardians signed for single trips is gone, and no basket or request names them.
    Places stay: they hold keys only."""
    _take_from_baskets(set(student_ids))
    _take_from_requests(set(student_ids))
    return TripConsent.objects.filter(student__in=student_ids).delete()[0]


def _take_from_baskets(student_ids: set[int]) -> None:
    for item in BasketItem.objects.filter(student_ids__overlap=list(student_ids)):
        left = [pk for pk in item.student_ids or () if pk not in student_ids]
        if left:
            item.student_ids = left
            item.save(update_fields=["student_ids"])
        else:
            item.delete()


def _take_from_requests(student_ids: set[int]) -> None:
    named = Q()
    for pk in student_ids:
        named |= Q(wanted__students__contains=[pk]) | Q(before__contains=[{"students": [pk]}])
    for request in ChangeRequest.objects.filter(named) if student_ids else ():
        request.wanted = _without(request.wanted, student_ids)
        request.before = [_without(one, student_ids) for one in request.before]
        request.save(update_fields=["wanted", "before"])


def _without(named: dict[str, Any], student_ids: set[int]) -> dict[str, Any]:
    return named | {"students": [pk for pk in named["students"] if pk not in student_ids]}
