"""Who came along, and who signed for a trip, is forgotten; see ``data_map``."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import (
    BasketItem,
    Booking,
    ChangeRequest,
    Companion,
    IdempotentAnswer,
    Place,
    Reservation,
    TripConsent,
)
from bookings.services import telling_requests
from courses.models import CourseSession
from courses.services import forgetting as session_forgetting
from rosters.services import plain_words
from rosters.services.plain_words import TAKEN_OUT


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


def forget_students(names: Mapping[int, str]) -> None:
    """What guardians signed for single trips is gone, and no basket, request, note or reason
    names the students, whose names these are by key. Why a host was asked to bring or leave one
    of them is gone too. Places stay: they hold keys only."""
    student_ids = names.keys()
    _take_from_texts(student_ids, list(names.values()))
    _take_from_baskets(set(student_ids))
    _take_from_requests(set(student_ids))
    TripConsent.objects.filter(student__in=student_ids).delete()


def _take_from_texts(student_ids: Collection[int], names: Collection[str]) -> None:
    """Of the bookings they had a place in, and of their sessions."""
    places = Place.objects.filter(student__in=student_ids)
    booked = places.values("booking_id")
    plain_words.take_out(Booking.objects.filter(pk__in=booked), ("cancel_reason",), names)
    plain_words.take_out(
        Reservation.objects.filter(bookings__in=booked).distinct(), ("note",), names
    )
    plain_words.take_out(
        ChangeRequest.objects.filter(booking__in=booked), ("reason", "answer"), names
    )
    session_forgetting.take_out_names(set(places.values_list("session_id", flat=True)), names)


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
        if _brings_or_leaves(request, student_ids):
            request.reason = TAKEN_OUT
            request.answer = TAKEN_OUT if request.answer else ""
            telling_requests.forget(request)
        request.wanted = _without(request.wanted, student_ids)
        request.before = [_without(one, student_ids) for one in request.before]
        request.save(update_fields=["wanted", "before", "reason", "answer"])


def _brings_or_leaves(request: ChangeRequest, student_ids: set[int]) -> bool:
    """Whether one of them is why the host was asked."""
    wanted = student_ids & set(request.wanted["students"])
    return any(student_ids & set(one["students"]) != wanted for one in request.before)


def _without(named: dict[str, Any], student_ids: set[int]) -> dict[str, Any]:
    return named | {"students": [pk for pk in named["students"] if pk not in student_ids]}
