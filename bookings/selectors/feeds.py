"""What a calendar feed shows: bookings of classes, or sessions of a host. No places, no names."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Prefetch, Q, QuerySet, Sum, When

from accounts.actors import Actor
from accounts.choices import Role
from bookings.models import Booking, CalendarFeed
from courses.choices import SessionState
from courses.models import CourseSession
from sites.models import Site

# What is over stays so long, and so does what was cancelled, counted from the cancelling.
KEPT = timedelta(days=30)
# No calendar shows more; a school has a few hundred in a year. Those that come next come first,
# so that nothing over or cancelled ever takes their room.
AT_MOST = 2000


def feed_of(actor: Actor) -> CalendarFeed | None:
    """The feed of the acting membership that is answered."""
    assert actor.membership_id is not None
    feeds = CalendarFeed.objects.visible_to(actor).answered()
    return feeds.filter(membership_id=actor.membership_id, site=None).first()


def feed_of_site(actor: Actor, site: Site) -> CalendarFeed | None:
    """The feed of one of the actor's sites that is answered."""
    return CalendarFeed.objects.visible_to(actor).answered().filter(site=site).first()


def bookings_shown(actor: Actor, now: datetime) -> "QuerySet[Booking]":
    """A school's bookings, a teacher's those of her classes: to come, lately over, and lately
    cancelled; with all that an entry says."""
    return (
        Booking.objects.visible_to(actor)
        .filter(
            Q(cancelled_at=None, session__ends_at__gt=now - KEPT) | Q(cancelled_at__gt=now - KEPT)
        )
        .select_related(
            "class_group",
            "host",
            "reservation",
            "session__room__site",
            "session__school",
            "session__version",
        )
        .order_by(*_next_first("session__", now))[:AT_MOST]
    )


def sessions_of_actor(actor: Actor, now: datetime) -> "QuerySet[CourseSession]":
    """A host's sessions, an instructor's those she teaches or assists in."""
    sessions = CourseSession.objects.visible_to(actor).owned_by(actor)
    if actor.role == Role.INSTRUCTOR:
        sessions = sessions.filter(
            Q(instructor_id=actor.membership_id) | Q(assistant_id=actor.membership_id)
        )
    return _shown(sessions, now)


def sessions_of_site(site: Site, now: datetime) -> "QuerySet[CourseSession]":
    """What takes place in the site's rooms."""
    return _shown(CourseSession.objects.filter(room__site=site), now)


def _shown(sessions: "QuerySet[CourseSession]", now: datetime) -> "QuerySet[CourseSession]":
    """With the bookings that stand, and two numbers that only rise, from which the entry's
    sequence is made: ``booking_count`` and ``booking_sequences``."""
    standing = Booking.objects.live().select_related("school", "class_group").order_by("pk")
    return (
        sessions.filter(
            Q(state=SessionState.SCHEDULED, ends_at__gt=now - KEPT) | Q(cancelled_at__gt=now - KEPT)
        )
        .select_related("version", "host", "room__site", "school")
        .annotate(
            booking_count=Count("bookings"),
            booking_sequences=Sum("bookings__sequence", default=0),
        )
        .prefetch_related(Prefetch("bookings", queryset=standing, to_attr="standing_bookings"))
        .order_by(*_next_first("", now))[:AT_MOST]
    )


def _next_first(session: str, now: datetime) -> tuple[Any, ...]:
    """What takes place and is not over, the next first; then the rest, the latest first."""
    to_come = Q(cancelled_at=None, **{f"{session}ends_at__gt": now})
    starts_at = f"{session}starts_at"
    return (
        Case(When(to_come, then=F(starts_at)), default=None).asc(nulls_last=True),
        F(starts_at).desc(),
        F("pk").asc(),
    )
