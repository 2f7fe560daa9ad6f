"""What a school decides for itself."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.choices import ConsentRule


class SchoolSettingsQuerySet(models.QuerySet["SchoolSettings"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own people."""
        if actor.is_system:
            return self
        if actor.is_school:
            return self.filter(school_id=actor.organisation_id)
        return self.none()


class SchoolSettings(models.Model):
    """What a school decides for itself; a school without a row has the defaults."""

    school = models.OneToOneField(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="school_settings",
        primary_key=True,
    )
    keeps_guardian_phones = models.BooleanField(_("保存监护人电话"), default=False)
    consent_rule = models.CharField(
        _("监护人同意书"), max_length=10, choices=ConsentRule.choices, default=ConsentRule.NONE
    )
    consent_blocks = models.BooleanField(_("缺同意书时不能预约"), default=False)

    objects = SchoolSettingsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consent_rule__in=ConsentRule.values), name="settings_consent_known"
            ),
            # What is not collected cannot be missing.
            models.CheckConstraint(
                condition=~Q(consent_rule=ConsentRule.NONE) | Q(consent_blocks=False),
                name="settings_blocking_needs_rule",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id}"
