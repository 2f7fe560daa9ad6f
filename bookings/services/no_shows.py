"""Why nobody of a booking came, once the session is over."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.services import audit
from bookings.choices import BookingState
from bookings.errors.requests import BookingOver
from bookings.errors.sessions import SessionNotOverYet
from bookings.models import Booking
from bookings.services import reservations
from courses.choices import ReasonCode
from sites import dates


def check_can_give_reason(actor: Actor, booking: Booking, now: datetime) -> None:
    """The school for its classes, the host for its sessions, once it is over.

    ``booking`` with session and class loaded.
    """
    if actor.is_host:
        if booking.host_id != actor.organisation_id:
            raise NotYours
    else:
        reservations.check_is_own_class(actor, booking.class_group, now)
    if not booking.is_live:
        raise BookingOver(state=BookingState(booking.state).label)
    if booking.session.ends_at > now:
        raise SessionNotOverYet(when=dates.moment(booking.session.ends_at))


def record_no_show(*, by: Actor, booking: Booking, code: ReasonCode, now: datetime) -> Booking:
    """The booking says why nobody came; a code given before is replaced. That nobody came is
    the caller's to know (``attendance.services.no_shows``)."""
    check_can_give_reason(by, booking, now)
    with transaction.atomic():
        row = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
        if row.no_show_code == code:
            return row
        row.no_show_code = code
        row.save(update_fields=["no_show_code"])
        audit.record(by=by, verb="booking.no_show", now=now, target=row, reason_code=str(code))
    return row
