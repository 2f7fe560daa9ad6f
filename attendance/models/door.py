"""Badges, the desk of a session, and the events at the door."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from attendance.choices import TRUST_OF_WAY, EventKind, Trust, WayIn
from hours.models import Sealed
from rosters.models import ClassTeacher

from .devices import Device
from .growing import only_grows


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
    # How many students came in and how many left, and why these differ; known once closed.
    heads_in = models.PositiveSmallIntegerField(null=True, blank=True)
    heads_out = models.PositiveSmallIntegerField(null=True, blank=True)
    heads_note = models.CharField(_("人数对不上的原因"), max_length=200, blank=True, default="")
    # The students, by key, whose hours the last closing left as they were: their school had
    # locked the period. ``selectors.held_back`` says of whom nobody has decided since.
    held_back = ArrayField(models.BigIntegerField(), default=list, blank=True)

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
            # As many left as came in, or it says why not.
            models.CheckConstraint(
                condition=Q(closed_at=None)
                | ~Q(heads_note="")
                | Q(heads_in__isnull=False, heads_out__isnull=False, heads_out=F("heads_in")),
                name="desk_closed_heads_agree",
            ),
            # Hours are held back by a closing, until the next; before the first nobody has any.
            models.CheckConstraint(
                condition=Q(held_back=[]) | Q(closings__gt=0),
                name="desk_holds_back_once_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}"


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


class CheckIn(Sealed):
    """One event at the door. Never changed: a mistake is voided by another event. The reason of
    a student who was erased is a dash (``LawfulRemoval``).

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
    # What a device's clock said, when it happened by ours, and when it reached us.
    said_at = models.DateTimeField(null=True, blank=True)
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
            BrinIndex(fields=["written_at"], name="check_in_written"),
        ]
        triggers = only_grows("check_ins")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
