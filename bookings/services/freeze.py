"""Until when a booking's list is open: after that a change is a request to the host."""

from datetime import datetime, time, timedelta

from bookings.errors.roll import ListSettled, NamesDue
from courses.models import CourseSession
from sites import dates
from sites.calendar import at, local_day


def settles_at(session: CourseSession) -> datetime:
    """When the list is settled: ``freeze_days`` days before the session it still is open all
    day long, so that with none it is open until the session begins (``season`` loaded)."""
    open_until = local_day(session.starts_at) + timedelta(days=1 - session.season.freeze_days)
    return min(session.starts_at, at(open_until, time()))


def is_settled(session: CourseSession, now: datetime) -> bool:
    return settles_at(session) <= now


def check_open(session: CourseSession, now: datetime) -> None:
    """Refused from the freeze on (ListSettled)."""
    if is_settled(session, now):
        raise ListSettled(when=dates.moment(settles_at(session)))


def check_names_may_follow(session: CourseSession, now: datetime) -> None:
    """Seats without names are to be had until the freeze (NamesDue)."""
    if is_settled(session, now):
        raise NamesDue(when=dates.moment(settles_at(session)))
