"""Reminding schools of tomorrow's sessions."""

from datetime import datetime, time, timedelta

from django.db import transaction

from bookings.models import Booking
from bookings.services import telling
from courses.choices import SessionState
from sites.calendar import SHANGHAI, at, local_day

# On the day before, from this hour on: late enough that it is read, early enough to act.
REMIND_FROM = time(12)
AT_MOST = 500


def send_due_reminders(*, now: datetime) -> int:
    """Everybody booked for tomorrow has been reminded once; how many bookings were, just now.

    Before noon there is nothing to do. Safe to repeat and to run twice at the same time.
    """
    if now.astimezone(SHANGHAI).time() < REMIND_FROM:
        return 0
    tomorrow = local_day(now) + timedelta(days=1)
    due = (
        Booking.objects.live()
        .filter(
            reminded_at=None,
            session__state=SessionState.SCHEDULED,
            session__starts_at__gte=at(tomorrow, time()),
            session__starts_at__lt=at(tomorrow + timedelta(days=1), time()),
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    return sum(_remind(pk, now) for pk in due[:AT_MOST])


def _remind(booking_id: int, now: datetime) -> bool:
    """Whether the booking was reminded of here, and not meanwhile by another worker."""
    with transaction.atomic():
        if (
            not Booking.objects.live()
            .filter(pk=booking_id, reminded_at=None)
            .update(reminded_at=now)
        ):
            return False
        telling.reminded(telling.loaded().get(pk=booking_id), now=now)
    return True
