"""A host's own telephones and tablets, and the lists they take along."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor


class DeviceQuerySet(models.QuerySet["Device"]):
    def visible_to(self, actor: Actor) -> Self:
        """A manager sees the host's devices, an instructor those she registered."""
        if actor.is_system:
            return self
        if actor.is_host_manager:
            return self.filter(host_id=actor.organisation_id)
        if actor.is_host:
            return self.filter(host_id=actor.organisation_id, registered_by_id=actor.membership_id)
        return self.none()


class Device(models.Model):
    """A host's own telephone or tablet that keeps the door without a network. Only a digest of
    its secret is kept; revoked, it is given no more names and nothing it says counts by itself."""

    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="devices"
    )
    name = models.CharField(_("设备名称"), max_length=40)
    digest = models.CharField(max_length=64, unique=True)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="devices"
    )
    last_seen_at = models.DateTimeField(null=True, blank=True)
    # How far its clock is ahead of ours, as measured when it last called.
    clock_ahead = models.DurationField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = DeviceQuerySet.as_manager()

    class Meta:
        constraints = [
            # Who revoked it and when are known together or not at all.
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="device_revoked_paired",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RosterPack(models.Model):
    """The list of one session as one device took it along: what it held is in the log of names
    read. Of the codes of badges it has digests under a salt of its own."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="packs")
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="packs"
    )
    # The keys of the students on it: of others the device can tell nothing.
    students = ArrayField(models.BigIntegerField(), default=list)
    salt = models.CharField(max_length=32)
    issued_at = models.DateTimeField()
    # The device forgets it then.
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="pack_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
