"""When hosts publish, schools book and sessions run."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.errors import SeasonOutOfOrder


class Season(models.Model):
    """When hosts publish, schools wish and book, and sessions run.

    Hosts open sessions from ``publishes_at`` (null: at once); schools rank wishes from
    ``wishes_from`` until ``wishes_until``, where there is such a phase; booking is open from
    ``opens_at`` until ``closes_at`` (ends excluded); sessions lie on days from ``runs_from`` to
    ``runs_until``, both included. Up to ``freeze_days`` days before a session students and
    number may change freely; after that a change is a request to the host.
    """

    name = models.CharField(_("名称"), max_length=60, unique=True)
    school_year = models.PositiveSmallIntegerField()
    publishes_at = models.DateTimeField(_("开课单位开始排场次"), null=True, blank=True)
    wishes_from = models.DateTimeField(_("开始填志愿"), null=True, blank=True)
    wishes_until = models.DateTimeField(_("结束填志愿"), null=True, blank=True)
    opens_at = models.DateTimeField(_("开始预约"))
    closes_at = models.DateTimeField(_("结束预约"))
    runs_from = models.DateField(_("开课首日"))
    runs_until = models.DateField(_("开课末日"))
    freeze_days = models.PositiveSmallIntegerField(_("开课前几天定名单"), default=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="season_closes_after_opening",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(runs_until__gte=F("runs_from")),
                name="season_ends_after_start",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            # A wish phase has a beginning and an end, and lies before booking.
            models.CheckConstraint(
                condition=Q(wishes_from=None, wishes_until=None)
                | Q(
                    wishes_from__isnull=False,
                    wishes_until__gt=F("wishes_from"),
                    wishes_until__lte=F("opens_at"),
                ),
                name="season_wishes_before_booking",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(publishes_at=None) | Q(publishes_at__lte=F("opens_at")),
                name="season_publishes_before_booking",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(freeze_days__lte=60), name="season_freeze_days_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name
