"""Seats kept for a while: made, let go, and swept once their time is up."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from bookings.choices import LIVE_STATES, HoldPurpose
from bookings.models import Booking, SeatHold
from courses.models import CourseSession
from courses.services import seats

# Long enough to ask a colleague across the corridor, too short to block others.
SWAP_KEPT_FOR = timedelta(minutes=15)
SWEPT_AT_ONCE = 500


def keep(
    *, booking: Booking, sessions: Sequence[CourseSession], adults: dict[int, int], now: datetime
) -> list[SeatHold]:
    """So many seats as the booking has, and room for so many adults, are kept in each session,
    for a swap.

    Within the caller's transaction, which holds the sessions' rows. Refused: SessionFull,
    RoomFull, SessionCancelled.
    """
    for session in sessions:
        seats.hold_seats(session_id=session.pk, seats=booking.seats, adults=adults[session.pk])
    return SeatHold.objects.bulk_create(
        SeatHold(
            session=session,
            booking=booking,
            seats=booking.seats,
            adults=adults[session.pk],
            held_for=HoldPurpose.SWAP,
            made_at=now,
            expires_at=now + SWAP_KEPT_FOR,
        )
        for session in sessions
    )


def let_go(holds: Collection[SeatHold], *, now: datetime) -> None:
    """What those that still stand have kept is free. The caller holds the sessions' rows."""
    for hold in holds:
        if SeatHold.objects.standing().filter(pk=hold.pk).update(ended_at=now):
            seats.release_held(session_id=hold.session_id, seats=hold.seats, adults=hold.adults)


def forget(sessions: Collection[CourseSession], *, now: datetime) -> None:
    """No hold stands in the sessions any more; the caller voids their seats."""
    SeatHold.objects.standing().filter(session__in=sessions).update(ended_at=now)


def sweep(*, now: datetime) -> int:
    """Holds whose time is up, or whose booking is over, are let go: how many were.

    Each in a transaction of its own; running twice at once lets each go once.
    """
    over = (
        SeatHold.objects.standing()
        .filter(
            Q(expires_at__lte=now) | (Q(booking__isnull=False) & ~Q(booking__state__in=LIVE_STATES))
        )
        .order_by("expires_at", "pk")[:SWEPT_AT_ONCE]
    )
    for hold in over:
        with transaction.atomic():
            CourseSession.objects.select_for_update(no_key=True).get(pk=hold.session_id)
            let_go([hold], now=now)
    return len(over)
