"""Reading the names of a session: at the right time, by the right people, on the record."""

from collections.abc import Collection
from datetime import datetime

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.services import audit
from bookings.errors.roll import NamesNotNow
from bookings.models import Booking, Place
from bookings.selectors import names
from courses.models import CourseSession
from sites import dates


def check_can_read_names(actor: Actor, session: CourseSession, now: datetime) -> None:
    """The session's own host, from three days before to seven days after (NamesNotNow)."""
    if not actor.is_host or session.host_id != actor.organisation_id:
        raise NotYours
    if not names.names_window_open(session, now):
        first, last = names.names_window(session)
        raise NamesNotNow(opens=dates.day_plain(first), closes=dates.day_plain(last))


def read_roster(
    *,
    by: Actor,
    session: CourseSession,
    now: datetime,
    context: str,
    bookings: Collection[Booking] | None = None,
) -> list[Place]:
    """The session's live places, or those of some of its bookings, with their students, and an
    audit entry for each school that ``by`` read its names on the page ``context``. Refused outside
    the window and to others than the host."""
    check_can_read_names(by, session, now)
    found = names.places_with_names(by, session)
    places = list(found if bookings is None else found.filter(booking__in=bookings))
    audit.record_names_read(
        by=by,
        now=now,
        context=context,
        target=session,
        students=[place.student for place in places if place.student is not None],
    )
    return places
