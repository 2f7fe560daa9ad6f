"""Badges, the desk of a session, the devices at the door, and the events there."""

import uuid
from typing import Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.models import ClassTeacher

from .choices import TRUST_OF_WAY, Decision, Doubt, EventKind, Trust, WayIn


class BadgeQuerySet(models.QuerySet["Badge"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school prints its students' badges, a teacher those of her classes."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                school_id=actor.organisation_id,
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
            )
        return self.none()

    def live(self) -> Self:
        return self.filter(revoked_at=None)


class Badge(models.Model):
    """A student's badge: a random 80-bit code, 16 Base32 characters (RFC 4648), printed as QR
    and text. It names nobody; revoked, it opens nothing."""

    student = models.ForeignKey("rosters.Student", on_delete=models.PROTECT, related_name="badges")
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="badges"
    )
    code = models.CharField(max_length=16, unique=True)
    issued_at = models.DateTimeField()
    # When it was first put on a sheet; a badge issued anew waits to be printed.
    printed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(_("作废原因"), max_length=100, blank=True, default="")

    objects = BadgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z2-7]{16}$"), name="badge_code_base32"
            ),
            # A student has one badge that opens doors.
            models.UniqueConstraint(
                fields=["student"], condition=Q(revoked_at=None), name="badge_live_once"
            ),
            # When and why it was revoked are known together or not at all.
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="badge_revoked_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class DeskQuerySet(models.QuerySet["Desk"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_host:
            return self.filter(host_id=actor.organisation_id)
        return self.none()


class Desk(models.Model):
    """The door of one session: opened, closed with credits given, reopened with a reason."""

    session = models.OneToOneField(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="desk"
    )
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="desks"
    )
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="desks_opened"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # How often it was closed; a reopened desk is closed again.
    closings = models.PositiveSmallIntegerField(default=0)
    reopen_reason = models.CharField(_("重新打开的原因"), max_length=200, blank=True, default="")

    objects = DeskQuerySet.as_manager()

    class Meta:
        constraints = [
            # Who closed it and when are known together or not at all.
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="desk_closed_paired",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closings__gt=0), name="desk_closed_counted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}"


def _only_grows(name: str) -> list[pgtrigger.Trigger]:
    """Rows are added and never changed, removed or emptied away."""
    return [
        pgtrigger.Protect(name=f"{name}_only_grow", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name=f"{name}_never_emptied",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
        ),
    ]


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


class CheckInQuerySet(models.QuerySet["CheckIn"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own students, the host's own sessions."""
        if actor.is_system:
            return self
        if actor.is_host:
            return self.filter(session__host_id=actor.organisation_id)
        if actor.is_coordinator:
            return self.filter(student__school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                student__school_id=actor.organisation_id,
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
            )
        return self.none()

    def of_student(self, student_id: int) -> Self:
        """The student's own, and those of whoever was merged into her."""
        return self.filter(Q(student_id=student_id) | Q(student__merged_into_id=student_id))


class CheckIn(models.Model):
    """One event at the door. Never changed: a mistake is voided by another event.

    The client makes the id, so an event sent twice exists once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="check_ins"
    )
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="check_ins"
    )
    place = models.ForeignKey(
        "bookings.Place", on_delete=models.PROTECT, null=True, blank=True, related_name="check_ins"
    )
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    way_in = models.CharField(max_length=8, choices=WayIn.choices)
    # The level of trust, by the way in.
    trust = models.GeneratedField(
        expression=Case(
            *(
                When(way_in=way.value, then=Value(trust.value))
                for way, trust in TRUST_OF_WAY.items()
            ),
            output_field=models.CharField(max_length=8, choices=Trust.choices),
        ),
        output_field=models.CharField(max_length=8, choices=Trust.choices),
        db_persist=True,
    )
    # The one that kept the door without a network; empty where a signed-in member did.
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, null=True, blank=True, related_name="check_ins"
    )
    voids = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="voided_by"
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True, default="")
    # When it happened by the device's clock, and when it reached us.
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = CheckInQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="check_in_kind_known"
            ),
            models.CheckConstraint(condition=Q(way_in__in=WayIn.values), name="check_in_way_known"),
            # A void names what it voids; nothing else does.
            models.CheckConstraint(
                condition=Q(kind=EventKind.VOID, voids__isnull=False)
                | (~Q(kind=EventKind.VOID) & Q(voids=None)),
                name="check_in_void_paired",
            ),
            models.CheckConstraint(
                condition=Q(voids=None) | ~Q(voids=F("id")), name="check_in_not_voiding_itself"
            ),
        ]
        indexes = [
            models.Index(fields=["session", "student"], name="check_in_session_student"),
            models.Index(fields=["student", "recorded_at"], name="check_in_student"),
        ]
        triggers = _only_grows("check_ins")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


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
    doubt = models.CharField(max_length=16, choices=Doubt.choices)
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
            # Taking back names what is taken back; nothing else does.
            models.CheckConstraint(
                condition=Q(kind=EventKind.VOID, voids__isnull=False)
                | (~Q(kind=EventKind.VOID) & Q(voids=None)),
                name="conflict_void_paired",
            ),
        ]
        triggers = _only_grows("conflicts")

    def __str__(self) -> str:
        return f"{self.doubt} {self.pk}"


class ConflictDecision(models.Model):
    """What somebody decided about a doubtful event, once and for good, and why."""

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
        triggers = _only_grows("decisions")

    def __str__(self) -> str:
        return f"{self.decision} {self.pk}"
