"""What a device says that contradicts what we know, and what a person decided."""

from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from attendance.choices import Decision, Doubt, EventKind, NoBadge, WayIn
from hours.models import Sealed

from .devices import Device
from .door import CheckIn
from .growing import only_grows


class ConflictQuerySet(models.QuerySet["Conflict"]):
    def visible_to(self, actor: Actor) -> Self:
        """A manager decides for all sessions of the host, an instructor for those she keeps."""
        if actor.is_system:
            return self
        if actor.is_host_manager:
            return self.filter(session__host_id=actor.organisation_id)
        if actor.is_host:
            return self.filter(
                Q(session__instructor=None) | Q(session__instructor_id=actor.membership_id),
                session__host_id=actor.organisation_id,
            )
        return self.none()

    def open(self) -> Self:
        return self.filter(decision=None)


class Conflict(models.Model):
    """An event of a device that contradicts what we know: a person decides whether it counts.

    Kept as it came, under the event's own id; the decision is a row beside it.
    """

    id = models.UUIDField(primary_key=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="conflicts")
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="conflicts"
    )
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="conflicts"
    )
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    way_in = models.CharField(max_length=8, choices=WayIn.choices)
    voids = models.ForeignKey(
        CheckIn, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Why no badge was read, where the student was ticked.
    no_badge = models.CharField(max_length=12, choices=NoBadge.choices, blank=True, default="")
    doubt = models.CharField(max_length=16, choices=Doubt.choices)
    # What the device's clock said, and when it happened by ours.
    said_at = models.DateTimeField(null=True, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()

    objects = ConflictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="conflict_kind_known"
            ),
            models.CheckConstraint(condition=Q(way_in__in=WayIn.values), name="conflict_way_known"),
            models.CheckConstraint(
                condition=Q(doubt__in=Doubt.values), name="conflict_doubt_known"
            ),
            models.CheckConstraint(
                condition=Q(no_badge__in=["", *NoBadge.values]), name="conflict_no_badge_known"
            ),
            # Taking back names what is taken back; nothing else does.
            models.CheckConstraint(
                condition=Q(kind=EventKind.VOID, voids__isnull=False)
                | (~Q(kind=EventKind.VOID) & Q(voids=None)),
                name="conflict_void_paired",
            ),
        ]
        triggers = only_grows("conflicts")

    def __str__(self) -> str:
        return f"{self.doubt} {self.pk}"


class ConflictDecision(Sealed):
    """What somebody decided about a doubtful event, once and for good, and why. The reason of a
    student who was erased is a dash (``LawfulRemoval``)."""

    conflict = models.OneToOneField(
        Conflict, on_delete=models.PROTECT, primary_key=True, related_name="decision"
    )
    decision = models.CharField(max_length=12, choices=Decision.choices)
    reason = models.CharField(_("原因"), max_length=200, blank=True, default="")
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__in=Decision.values), name="decision_known"
            ),
            # What is dropped says why; what the device took back was decided by nobody.
            models.CheckConstraint(
                condition=(Q(decision=Decision.DROPPED, decided_by__isnull=False) & ~Q(reason=""))
                | Q(decision=Decision.ACCEPTED, decided_by__isnull=False)
                | Q(decision=Decision.WITHDRAWN, decided_by=None),
                name="decision_by_somebody",
            ),
        ]
        indexes = [BrinIndex(fields=["written_at"], name="decision_written")]
        triggers = only_grows("decisions")

    def __str__(self) -> str:
        return f"{self.decision} {self.pk}"
