"""The entries of a feed, in the language of its reader. No student, no person, no telephone,
and nothing that somebody typed, since it may name one: a reason is its code's label."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.selectors import actor_of
from bookings import calendar, wording
from bookings.models import Booking, CalendarFeed
from bookings.selectors import feeds as selectors
from courses.choices import SessionState
from courses.models import CourseSession


def entries_of(feed: CalendarFeed, now: datetime) -> list[calendar.Entry]:
    """What the feed shows now, by time; ``feed`` as ``services.feeds.read`` brings it. Two
    queries at most, whatever their number."""
    return sorted(_entries(feed, now), key=lambda one: (one.starts_at, str(one.uid)))


def _entries(feed: CalendarFeed, now: datetime) -> list[calendar.Entry]:
    if feed.site is not None:
        return [_of_session(one) for one in selectors.sessions_of_site(feed.site, now)]
    assert feed.membership is not None
    actor = actor_of(feed.membership)
    if actor.is_host:
        return [_of_session(one) for one in selectors.sessions_of_actor(actor, now)]
    return [_of_booking(one) for one in selectors.bookings_shown(actor, now)]


def name_of(feed: CalendarFeed) -> str:
    """What a calendar program calls it."""
    if feed.site is not None:
        return _("职业学堂 · %(name)s") % {"name": feed.site.name}
    assert feed.membership is not None
    return _("职业学堂 · %(name)s") % {
        "name": wording.organisation_name(feed.membership.organisation)
    }


def _of_booking(booking: Booking) -> calendar.Entry:
    session = booking.session
    summary = _("%(class_group)s %(title)s") % {
        "class_group": wording.class_name(booking.class_group, session.starts_at),
        "title": wording.title(session.version),
    }
    return _entry(
        session,
        uid=booking.uid,
        sequence=booking.sequence,
        summary=summary,
        is_cancelled=not booking.is_live,
        lines=[
            (_("学时"), str(session.class_hours)),
            (_("开课单位"), wording.organisation_name(booking.host)),
            (_("怎么去"), wording.directions(session)),
            (_("人数"), wording.students(booking.seats) if booking.is_live else ""),
            (_("取消原因"), "" if booking.is_live else booking.get_cancel_code_display()),
            (_("预约号"), booking.reservation.reference),
        ],
        organizer=wording.organisation_name(booking.host),
    )


def _of_session(session: Any) -> calendar.Entry:
    """``session`` as the selectors bring it, with its bookings and their numbers."""
    is_cancelled = session.state == SessionState.CANCELLED
    classes = [
        _("%(school)s %(class_group)s %(seats)d 人")
        % {
            "school": booking.school.short_name or wording.organisation_name(booking.school),
            "class_group": wording.class_name(booking.class_group, session.starts_at),
            "seats": booking.seats,
        }
        for booking in session.standing_bookings
    ]
    return _entry(
        session,
        uid=session.uid,
        # Rises with every change of the session and of each booking of it.
        sequence=session.sequence
        + session.booking_count
        + session.booking_sequences
        + (1 if is_cancelled else 0),
        summary=wording.title(session.version),
        is_cancelled=is_cancelled,
        lines=[
            (_("班级"), _("、").join(classes)),
            (
                _("名额"),
                ""
                if is_cancelled
                else _("已约 %(taken)d / %(capacity)d")
                % {"taken": session.seats_taken, "capacity": session.capacity},
            ),
        ],
        organizer=wording.organisation_name(session.host),
    )


def _entry(
    session: CourseSession,
    *,
    uid: Any,
    sequence: int,
    summary: str,
    is_cancelled: bool,
    lines: Iterable[tuple[str, str]],
    organizer: str,
) -> calendar.Entry:
    return calendar.Entry(
        uid=uid,
        sequence=sequence,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        summary=_("【取消】%(what)s") % {"what": summary} if is_cancelled else summary,
        location=", ".join(
            part for part in (wording.where(session), wording.address(session)) if part
        ),
        description="\n".join(
            _("%(label)s：%(value)s") % {"label": label, "value": value}
            for label, value in lines
            if value
        ),
        is_cancelled=is_cancelled,
        organizer_name=organizer,
        organizer_address=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    )
