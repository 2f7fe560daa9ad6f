"""A request for a change stands on the list it was made from: what that was, when it is over."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from accounts.actors import SYSTEM, Actor
from accounts.services import audit
from bookings.choices import ChangeState
from bookings.models import Booking, ChangeRequest, Place
from bookings.services import telling_requests


def contents_of(bookings: Sequence[Booking]) -> list[dict[str, Any]]:
    """What a request can change of each booking, in this order, as keys and numbers. One query."""
    named: dict[int, list[int]] = {booking.pk: [] for booking in bookings}
    places = Place.objects.live().filter(booking__in=named, student__isnull=False)
    for booking_id, student_id in places.values_list("booking_id", "student_id"):
        assert student_id is not None
        named[booking_id].append(student_id)
    return [
        {
            "booking": booking.pk,
            "students": sorted(named[booking.pk]),
            "seats": booking.seats,
            "adults": booking.adults,
        }
        for booking in bookings
    ]


def is_stale(request: ChangeRequest) -> bool:
    """Whether students, seats or adults are not what they were when the school asked. Names of
    companions, the session's time or place do not count: the request leaves them alone."""
    keys = [one["booking"] for one in request.before]
    found = {row.pk: row for row in Booking.objects.live().filter(pk__in=keys)}
    return request.before != contents_of([found[pk] for pk in keys if pk in found])


def expire_stale(booking_ids: Collection[int], *, now: datetime) -> int:
    """Requests about these bookings, or the other days of their trips, that stand on a list which
    is no more are over, and both sides are told: how many.

    Within the caller's transaction, which has changed the bookings, their rows being its own.
    """
    trips = Booking.objects.filter(pk__in=booking_ids).values("reservation_id")
    waiting = (
        ChangeRequest.objects.open()
        .select_for_update(of=("self",), no_key=True)
        .filter(booking__reservation__in=trips)
        .select_related("booking__session")
        .order_by("pk")
    )
    stale = [request for request in waiting if is_stale(request)]
    for request in stale:
        expire(request, now=now)
    return len(stale)


def expire(request: ChangeRequest, *, now: datetime) -> None:
    """Nobody may answer it any more; both sides are told why. The row is the caller's."""
    is_over = request.booking.session.starts_at <= now
    close(request, ChangeState.EXPIRED, by=SYSTEM, answer="", now=now)
    if is_over:
        telling_requests.unanswered(request, now=now)
    else:
        telling_requests.overtaken(request, now=now)


def end_with(bookings: Collection[Booking], *, now: datetime) -> None:
    """The bookings are over, and so is what was asked about them, each with its audit line:
    whoever is told of the one need not be told of the other."""
    waiting = (
        ChangeRequest.objects.open()
        .select_for_update(of=("self",), no_key=True)
        .filter(booking__in=bookings)
        .select_related("booking")
        .order_by("pk")
    )
    for request in waiting:
        close(request, ChangeState.EXPIRED, by=SYSTEM, answer="", now=now)


def close(
    request: ChangeRequest, state: ChangeState, *, by: Actor, answer: str, now: datetime
) -> None:
    """The request has been answered so, or is over, with its audit line. The row is the
    caller's."""
    request.state = state
    request.answered_at = now
    request.answered_by_id = by.membership_id
    request.answer = answer
    request.save(update_fields=["state", "answered_at", "answered_by", "answer"])
    audit.record(
        by=by, verb=f"change.{state.value}", now=now, target=request.booking, request=request.pk
    )
