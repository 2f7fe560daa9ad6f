"""Calendar feeds: an address that only a digest is kept of, made anew or stopped at once."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import Membership
from accounts.services import audit
from bookings.errors.reserving import FeedReadTooOften
from bookings.models import CalendarFeed
from sites.models import Site

ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR, Role.HOST_MANAGER, Role.INSTRUCTOR)
# The time of reading is kept this exactly, so that a busy calendar does not write each time.
READING_NOTED_EVERY = timedelta(minutes=10)
# A calendar reads once an hour; whoever guesses addresses is shut out much sooner.
READINGS, MISSES, WINDOW = 60, 20, timedelta(minutes=10)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make(*, by: Actor, now: datetime, site: Site | None = None) -> tuple[CalendarFeed, str]:
    """A feed of the acting membership, or of one of its host's sites, and the secret part of its
    address, shown this once. The feed there was before is stopped.

    Refused: NotAllowed for whoever has neither bookings nor sessions, or is not the host's
    manager; NotYours for another host's site.
    """
    if by.membership_id is None or by.role not in ROLES:
        raise NotAllowed
    if site is not None:
        _check_keeps(by, site)
    secret = secrets.token_urlsafe(32)
    owner: dict[str, Any] = {"membership_id": by.membership_id}
    maker: dict[str, Any] = {}
    if site is not None:
        owner, maker = {"site": site}, {"made_by_id": by.membership_id}
    with transaction.atomic():
        # Whoever asks twice at once gets two addresses one after the other; the last one lives.
        _lock(by, site)
        CalendarFeed.objects.live().filter(**owner).update(revoked_at=now)
        feed = CalendarFeed.objects.create(digest=digest_of(secret), made_at=now, **owner, **maker)
        audit.record(by=by, verb="feed.made", now=now, target=feed)
    return feed, secret


def revoke(*, by: Actor, feed: CalendarFeed, now: datetime) -> None:
    """The address answers nobody from now on; stopping a stopped one changes nothing.

    Refused: another's feed.
    """
    if feed.site is not None:
        _check_keeps(by, feed.site)
    elif feed.membership_id != by.membership_id:
        raise NotYours
    with transaction.atomic():
        if CalendarFeed.objects.live().filter(pk=feed.pk).update(revoked_at=now):
            audit.record(by=by, verb="feed.revoked", now=now, target=feed)


def read(*, secret: str, address: str, now: datetime) -> CalendarFeed | None:
    """The live feed with this secret, its owner loaded; None where there is none, where its
    person has left, where its site is closed or whoever made it manages it no more. Notes the
    time of reading.

    Refused (FeedReadTooOften): a wrong guess from where many came, a feed read too often.
    """
    feed = (
        CalendarFeed.objects.answered()
        .filter(digest=digest_of(secret))
        .select_related("membership__user", "membership__organisation", "site__host")
        .first()
    )
    if feed is None:
        # Old addresses are asked for years by calendars that share an address with good ones.
        guesses = f"feed-miss {address}"
        if _counted(guesses, now) >= MISSES:
            raise FeedReadTooOften
        _count(guesses, now)
        return None
    readings = f"feed {feed.pk}"
    if _counted(readings, now) >= READINGS:
        raise FeedReadTooOften
    _count(readings, now)
    if feed.read_at is None or feed.read_at < now - READING_NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(read_at=now)
    return feed


def _check_keeps(by: Actor, site: Site) -> None:
    if site.host_id != by.organisation_id:
        raise NotYours
    if not by.is_host_manager:
        raise NotAllowed


def _lock(by: Actor, site: Site | None) -> None:
    """Whoever makes a feed of the same owner waits."""
    if site is not None:
        Site.objects.select_for_update(no_key=True).values_list("pk").get(pk=site.pk)
    else:
        assert by.membership_id is not None
        Membership.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.membership_id)


def _counted(what: str, now: datetime) -> int:
    return int(cache.get(_key(what, now), 0))


def _count(what: str, now: datetime) -> None:
    """Two at the same moment may count as one: the limit leaves room for that."""
    cache.set(_key(what, now), _counted(what, now) + 1, timeout=WINDOW.total_seconds())


def _key(what: str, now: datetime) -> str:
    """Of the window in which ``now`` lies; no address is kept in clear."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    return "feed-" + hashlib.sha256(f"{what} {window}".encode()).hexdigest()[:40]
