"""Why nobody of a class came."""

from datetime import datetime

from accounts.actors import Actor
from attendance.errors.desk import SomebodyCame
from attendance.selectors import no_shows as selectors
from bookings.models import Booking
from bookings.services import no_shows
from courses.choices import ReasonCode


def give_reason(*, by: Actor, booking: Booking, code: ReasonCode, now: datetime) -> Booking:
    """The booking is recorded as a no-show for that reason; the codes in ``EXCUSED`` are
    nobody's fault. Refused: SomebodyCame, and as ``bookings.services.no_shows``."""
    no_shows.check_can_give_reason(by, booking, now)
    if selectors.somebody_came(booking):
        raise SomebodyCame
    return no_shows.record_no_show(by=by, booking=booking, code=code, now=now)
