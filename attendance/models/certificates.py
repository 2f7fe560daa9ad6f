"""What a school certifies of a student."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.models import ClassTeacher


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school that issued it and the one that the student is at now, a teacher those of
        her classes' students."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(
                Q(school_id=actor.organisation_id) | Q(student__school_id=actor.organisation_id)
            )
        if actor.is_teacher:
            return self.filter(
                student__school_id=actor.organisation_id,
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
            )
        return self.none()

    def live(self) -> Self:
        return self.filter(revoked_at=None)


class Certificate(models.Model):
    """What a school certifies of a student who reached a requirement: the class hours of that
    day, session by session. A later one of the same requirement revokes it.

    It is as true as the ledger: whether the ledger still says so is asked anew each time.
    """

    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="certificates"
    )
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="certificates"
    )
    requirement = models.ForeignKey(
        "hours.PracticumRequirement", on_delete=models.PROTECT, related_name="certificates"
    )
    # Names nobody; whoever has the sheet can ask whether it is good.
    code = models.CharField(max_length=16, unique=True)
    class_hours = models.PositiveSmallIntegerField(_("学时"))
    required_hours = models.PositiveSmallIntegerField()
    # What stood to the student's credit: ``{"session": 12, "on": "2026-12-08", "hours": 4}``
    # each; ``selectors.certificates.Line`` reads them.
    lines = models.JSONField(default=list)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoke_reason = models.CharField(_("作废原因"), max_length=100, blank=True, default="")

    objects = CertificateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z2-7]{16}$"), name="certificate_code_base32"
            ),
            # A student has one certificate of a requirement that is good.
            models.UniqueConstraint(
                fields=["student", "requirement"],
                condition=Q(revoked_at=None),
                name="certificate_live_once",
            ),
            # It is issued to those alone who have the hours.
            models.CheckConstraint(
                condition=Q(required_hours__gt=0, class_hours__gte=F("required_hours")),
                name="certificate_hours_reached",
            ),
            # When and why it was revoked are known together or not at all; by whom, unless the
            # system did it.
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="certificate_revoked_paired",
            ),
        ]
        indexes = [models.Index(fields=["school", "issued_at"], name="certificate_school")]

    def __str__(self) -> str:
        return f"{self.pk}"
