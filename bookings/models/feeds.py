"""Calendars that other programs read."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from accounts.actors import Actor
from accounts.choices import Role


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, actor: Actor) -> Self:
        """One's own feed; a host's manager also those of its sites."""
        if actor.is_system:
            return self
        own = Q(membership_id=actor.membership_id)
        if actor.is_host_manager:
            own |= Q(site__host_id=actor.organisation_id)
        return self.filter(own)

    def live(self) -> Self:
        return self.filter(revoked_at=None)

    def answered(self) -> Self:
        """Live ones whose owner is still there. A site has nobody to leave, so its feed lasts
        as long as whoever made it manages the site's host."""
        person = Q(
            membership__ended_at=None,
            membership__user__is_active=True,
            membership__organisation__is_active=True,
        )
        site = Q(
            site__is_active=True,
            site__host__is_active=True,
            made_by__role=Role.HOST_MANAGER,
            made_by__organisation=F("site__host"),
            made_by__ended_at=None,
            made_by__user__is_active=True,
        )
        return self.live().filter(Q(person, membership__isnull=False) | Q(site, site__isnull=False))


class CalendarFeed(models.Model):
    """An address that a calendar program reads: a person's bookings or sessions, or a site's.

    Only a digest of the address is kept; revoked, it answers nobody. It names no minor.
    """

    membership = models.ForeignKey(
        "accounts.Membership",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calendar_feeds",
    )
    site = models.ForeignKey(
        "sites.Site",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calendar_feeds",
    )
    # The manager who made a site's feed.
    made_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        constraints = [
            # A person's, or a site's by somebody.
            models.CheckConstraint(
                condition=Q(membership=None, site__isnull=False, made_by__isnull=False)
                | Q(membership__isnull=False, site=None, made_by=None),
                name="feed_of_one",
            ),
            models.UniqueConstraint(
                fields=["membership", "site"],
                condition=Q(revoked_at=None),
                nulls_distinct=False,
                name="feed_live_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
