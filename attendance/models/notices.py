"""The public notice of a school's class hours, and what students object to."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from attendance.choices import ObjectionState


class PublicNoticeQuerySet(models.QuerySet["PublicNotice"]):
    def visible_to(self, actor: Actor) -> Self:
        """The people of the school, who print its lists."""
        if actor.is_system:
            return self
        if actor.is_school:
            return self.filter(school_id=actor.organisation_id)
        return self.none()


class PublicNotice(models.Model):
    """A school shows each of its students her own hours of a requirement's period, on the days
    from ``starts_on`` to ``ends_on``, both included, and hears objections. Then it locks the
    period.

    States: shown (not begun to be locked) → locked.
    """

    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="public_notices"
    )
    requirement = models.ForeignKey(
        "hours.PracticumRequirement", on_delete=models.PROTECT, related_name="public_notices"
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    lock = models.OneToOneField(
        "hours.PeriodLock", on_delete=models.PROTECT, null=True, blank=True, related_name="notice"
    )

    objects = PublicNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="notice_ends_after_start"
            ),
            # Of one period a school has one notice at a time.
            models.UniqueConstraint(
                fields=["school", "requirement"], condition=Q(lock=None), name="notice_live_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.starts_on}"

    def is_running(self, day: date) -> bool:
        """Whether objections are taken on that day."""
        return self.lock_id is None and self.starts_on <= day <= self.ends_on

    def is_over(self, day: date) -> bool:
        return day > self.ends_on


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def visible_to(self, actor: Actor) -> Self:
        """The coordinator's own school's, who decides them."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(notice__school_id=actor.organisation_id)
        return self.none()


class Objection(models.Model):
    """What a student or her guardian says is wrong with her hours, and what the school found.

    No address is kept: with badge code and student number the decision is looked up as the hours
    are.
    """

    notice = models.ForeignKey(PublicNotice, on_delete=models.PROTECT, related_name="objections")
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="objections"
    )
    text = models.CharField(_("异议"), max_length=300)
    made_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ObjectionState.choices, default=ObjectionState.OPEN
    )
    answer = models.CharField(_("处理说明"), max_length=300, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ObjectionState.values), name="objection_state_known"
            ),
            # Decided means: we know when, and the student is told why.
            models.CheckConstraint(
                condition=Q(state=ObjectionState.OPEN, answer="", decided_at=None, decided_by=None)
                | (~Q(state=ObjectionState.OPEN) & ~Q(answer="") & Q(decided_at__isnull=False)),
                name="objection_decided_paired",
            ),
            # Sent twice it is one.
            models.UniqueConstraint(fields=["notice", "student", "text"], name="objection_once"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.pk}"
