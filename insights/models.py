"""How each school wants the record of its students' practice."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor

from .choices import DEFAULT_COLUMNS, Column


class RecordLayoutQuerySet(models.QuerySet["RecordLayout"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own people."""
        if actor.is_system:
            return self
        if actor.is_school:
            return self.filter(school_id=actor.organisation_id)
        return self.none()


class RecordLayout(models.Model):
    """The columns of a school's export, in their order; a school without a row has the usual."""

    school = models.OneToOneField(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="record_layout",
        primary_key=True,
    )
    columns = models.JSONField(_("列"), default=list)

    objects = RecordLayoutQuerySet.as_manager()

    class Meta:
        constraints = [
            # An export has columns.
            models.CheckConstraint(condition=~models.Q(columns=[]), name="layout_has_columns"),
        ]

    def __str__(self) -> str:
        return f"{self.school_id}"

    def chosen(self) -> tuple[Column, ...]:
        """The columns that there still are; the usual ones where none is left."""
        known = tuple(Column(code) for code in self.columns if code in Column.values)
        return known or DEFAULT_COLUMNS
