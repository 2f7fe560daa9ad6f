"""What a calendar feed shows: bookings of classes, or sessions of a host. No places, no names."""

from datetime import datetime, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from accounts.actors import Actor
from accounts.choices import Role
from bookings.models import Booking, CalendarFeed
from courses.choices import SessionState
from courses.models import CourseSession
from sites.models import Site

# What is over stays so long, and so does what was cancelled, counted from the cancelling.
KEPT_AFTER = timedelta(days=60)
CANCELLED_KEPT = timedelta(days=30)
# No calendar shows more; a school has a few hundred in a year.
AT_MOST = 2000


def feed_of(actor: Actor) -> CalendarFeed | None:
    """The live feed of the acting membership."""
    assert actor.membership_id is not None
    feeds = CalendarFeed.objects.visible_to(actor).live()
    return feeds.filter(membership_id=actor.membership_id, site=None).first()


def feed_of_site(actor: Actor, site: Site) -> CalendarFeed | None:
    """The live feed of one of the actor's sites."""
    return CalendarFeed.objects.visible_to(actor).live().filter(site=site).first()


def bookings_shown(actor: Actor, now: datetime) -> "QuerySet[Booking]":
    """A school's bookings, a teacher's those of her classes: to come, lately over, and lately
    cancelled; with all that an entry says."""
    return (
        Booking.objects.visible_to(actor)
        .filter(
            Q(cancelled_at=None, session__ends_at__gt=now - KEPT_AFTER)
            | Q(cancelled_at__gt=now - CANCELLED_KEPT)
        )
        .select_related(
            "class_group",
            "host",
            "reservation",
            "session__room__site",
            "session__school",
            "session__version",
        )
        .order_by("session__starts_at", "pk")[:AT_MOST]
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
            Q(state=SessionState.SCHEDULED, ends_at__gt=now - KEPT_AFTER)
            | Q(cancelled_at__gt=now - CANCELLED_KEPT)
        )
        .select_related("version", "host", "room__site", "school")
        .annotate(
            booking_count=Count("bookings"),
            booking_sequences=Sum("bookings__sequence", default=0),
        )
        .prefetch_related(Prefetch("bookings", queryset=standing, to_attr="standing_bookings"))
        .order_by("starts_at", "pk")[:AT_MOST]
    )
