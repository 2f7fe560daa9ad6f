"""A student who will not come any more, to anything: her coming places are given back."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.actors import Actor
from bookings.choices import CancelledSide
from bookings.models import Booking, Place
from bookings.services import changes, telling
from courses.models import CourseSession
from courses.services import seats


def release_coming_places(*, by: Actor, student_ids: Collection[int], now: datetime) -> int:
    """The students' places of sessions that have not begun are free; returns how many.

    A booking that loses its last student is cancelled by the school. Both sides are told. Call
    within a transaction that has locked the students.
    """
    coming = Place.objects.live().filter(student__in=student_ids, starts_at__gt=now)
    session_ids = set(coming.values_list("session_id", flat=True))
    if not session_ids:
        return 0
    list(
        CourseSession.objects.select_for_update(no_key=True)
        .filter(pk__in=session_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    leaving = Counter(coming.values_list("booking_id", flat=True))
    rows = list(
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=leaving)
        .order_by("session_id", "pk")
    )
    over = [row for row in rows if leaving[row.pk] >= row.seats]
    coming.update(is_live=False)
    for row in rows:
        seats.release_seats(
            session_id=row.session_id,
            seats=leaving[row.pk],
            adults=row.adults if row in over else 0,
        )
        if row in over:
            continue
        row.seats -= leaving[row.pk]
        row.edition += 1
        row.sequence += 1
        row.save(update_fields=["seats", "edition", "sequence"])
        telling.changed(row.pk, by=by, now=now)
    changes.end_bookings(over, side=CancelledSide.SCHOOL, reason=_("学生已离开"), now=now)
    telling.cancelled([row.pk for row in over], by=by, now=now)
    return leaving.total()
