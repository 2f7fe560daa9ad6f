"""What guardians agreed to. What they sign for one trip lives in bookings."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.choices import ConsentKind

from .students import Student


class ConsentTextQuerySet(models.QuerySet["ConsentText"]):
    def visible_to(self, actor: Actor) -> Self:
        """The alliance's text and the school's own; the alliance reads all."""
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_school:
            return self.filter(Q(school=None) | Q(school_id=actor.organisation_id))
        return self.none()


class ConsentText(models.Model):
    """One version of what guardians read and sign. Never changed: an edit is a new version.

    ``school`` is null for the alliance's own text, which a school without one uses.
    """

    school = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="consent_texts",
    )
    kind = models.CharField(max_length=10, choices=ConsentKind.choices)
    version = models.PositiveSmallIntegerField(_("版本"))
    text_zh = models.TextField(_("中文"))
    text_en = models.TextField(_("英文"), blank=True, default="")
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ConsentKind.values), name="consent_text_kind_known"
            ),
            models.UniqueConstraint(
                fields=["school", "kind", "version"],
                nulls_distinct=False,
                name="consent_text_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.kind} {self.version}"


class Signature(models.Model):
    """What a guardian signed on paper: which text, who ticked it and when, and whether it was
    taken back. Withdrawn ones stay as history."""

    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system:
            return self
        return self.filter(student__in=Student.objects.visible_to(actor))

    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)


class Consent(Signature):
    """A guardian's signature on paper for a school year, ticked by the teacher who has it."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="consents")
    # The year in whose September the school year begins.
    school_year = models.PositiveSmallIntegerField()

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            # A student has one standing consent a school year; withdrawn ones stay as history.
            models.UniqueConstraint(
                fields=["student", "school_year"],
                condition=Q(withdrawn_at=None),
                name="consent_standing_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} {self.school_year}"
