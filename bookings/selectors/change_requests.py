"""What a school asks the host to change, as a difference to what is booked now."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings.models import Booking, ChangeRequest, ChangeRequestQuerySet
from bookings.wording import Difference
from rosters.models import Student


def requests_for(actor: Actor) -> ChangeRequestQuerySet:
    """Those the actor may see, with all that a page tells of them (as ``trips.with_all``)."""
    return (
        ChangeRequest.objects.visible_to(actor)
        .select_related(
            "booking__session__room__site",
            "booking__session__school",
            "booking__session__session_set",
        )
        .prefetch_related(
            "asked_by__user",
            "booking__class_group",
            "booking__host",
            "booking__reservation__made_by__user",
            "booking__school",
            "booking__session__host",
            "booking__session__season",
            "booking__session__version",
        )
    )


def request_for(actor: Actor, pk: int) -> ChangeRequest:
    """The request, loaded, if the actor may see it (NotYours)."""
    found = requests_for(actor).filter(pk=pk).first()
    if found is None:
        raise NotYours
    return found


def open_requests(actor: Actor, now: datetime) -> QuerySet[ChangeRequest]:
    """What waits for an answer and can still get one, the next session first."""
    return (
        requests_for(actor)
        .open()
        .filter(booking__session__starts_at__gt=now)
        .order_by("booking__session__starts_at", "pk")
    )


def latest_of(actor: Actor, booking: Booking) -> ChangeRequest | None:
    """The booking's newest request, if it ever had one."""
    found = (
        ChangeRequest.objects.visible_to(actor)
        .filter(booking=booking)
        .select_related("asked_by__user")
        .order_by("-asked_at", "-pk")
        .first()
    )
    if found is not None:
        found.booking = booking
    return found


def difference(request: ChangeRequest) -> Difference:
    """What the request changes, if it is accepted; what it was to change, once it is over."""
    return differences([request])[request.pk]


def differences(requests: Sequence[ChangeRequest]) -> dict[int, Difference]:
    """By request, in class seat numbers. One query, whatever their number."""
    pairs = {
        one.pk: (set(one.before[0]["students"]), set(one.wanted["students"]), one)
        for one in requests
    }
    differing = {pk for before, wanted, _one in pairs.values() for pk in before ^ wanted}
    seat_of = dict(Student.objects.filter(pk__in=differing).values_list("pk", "seat_no"))

    def seats(keys: set[int]) -> tuple[int, ...]:
        return tuple(sorted(seat_of[pk] for pk in keys if pk in seat_of))

    return {
        pk: Difference(
            coming=seats(wanted - before),
            leaving=seats(before - wanted),
            seats_now=one.before[0]["seats"],
            seats_then=one.wanted["seats"],
            adults_now=one.before[0]["adults"],
            adults_then=one.wanted["adults"],
        )
        for pk, (before, wanted, one) in pairs.items()
    }
