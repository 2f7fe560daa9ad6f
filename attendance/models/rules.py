"""The editions of the rule table."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from attendance.choices import FIRST_EDITION, AttendanceRules, Earns, Step

# A second step earns less than the first.
LESS = {Earns.FULL: (Earns.REDUCED, Earns.NONE), Earns.REDUCED: (Earns.NONE,)}


def _steps_fit(first: str, second: str) -> Q:
    """A second step begins later and earns less; without one it earns nothing named."""
    fits = Q(**{f"long_{first}": None, f"long_{second}": ""})
    for earns, less in LESS.items():
        fits |= Q(
            **{
                f"long_{first}__isnull": False,
                f"long_{first}__gt": F(first),
                second: earns,
                f"long_{second}__in": [one.value for one in less],
            }
        )
    return fits


class AttendanceRuleSet(models.Model):
    """One edition of the rule table, for the sessions on ``valid_from`` and later until the next
    edition. Sessions before the first have ``choices.FIRST_EDITION``.

    Once its day has come it stays as it is for ever; until then it may be withdrawn.
    """

    version = models.PositiveSmallIntegerField(unique=True)
    valid_from = models.DateField(_("生效日"), unique=True)
    opens_before_minutes = models.PositiveSmallIntegerField(_("提前多少分钟开始签到"))
    late_minutes = models.PositiveSmallIntegerField(_("开始后超过多少分钟算迟到"))
    late_earns = models.CharField(_("迟到记"), max_length=8, choices=Earns.choices)
    long_late_minutes = models.PositiveSmallIntegerField(
        _("迟到超过多少分钟再少记"), null=True, blank=True
    )
    long_late_earns = models.CharField(
        _("迟到更久记"), max_length=8, choices=Earns.choices, blank=True, default=""
    )
    early_minutes = models.PositiveSmallIntegerField(_("结束前超过多少分钟离开算早退"))
    early_earns = models.CharField(_("早退记"), max_length=8, choices=Earns.choices)
    long_early_minutes = models.PositiveSmallIntegerField(
        _("早退超过多少分钟再少记"), null=True, blank=True
    )
    long_early_earns = models.CharField(
        _("早退更久记"), max_length=8, choices=Earns.choices, blank=True, default=""
    )
    note = models.CharField(_("为什么改"), max_length=200)
    added_on = models.DateField()
    added_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(version__gt=FIRST_EDITION.version), name="rules_follow_the_first"
            ),
            # No edition reaches back: it is for a day after the one on which it was added.
            models.CheckConstraint(
                condition=Q(valid_from__gt=F("added_on")),
                name="rules_from_a_day_to_come",
            ),
            models.CheckConstraint(
                condition=Q(late_earns__in=Earns.values, early_earns__in=Earns.values),
                name="rules_earns_known",
            ),
            models.CheckConstraint(
                condition=_steps_fit("late_minutes", "late_earns"), name="rules_late_steps"
            ),
            models.CheckConstraint(
                condition=_steps_fit("early_minutes", "early_earns"), name="rules_early_steps"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="rules_say_why"),
        ]
        triggers = [
            pgtrigger.Protect(name="rules_never_change", operation=pgtrigger.Update),
            # Editions follow one another in number and in time.
            pgtrigger.Trigger(
                name="rules_follow_one_another",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=(
                    "IF EXISTS (SELECT FROM attendance_attendanceruleset one WHERE"
                    " one.version >= NEW.version OR one.valid_from >= NEW.valid_from) THEN"
                    " RAISE EXCEPTION 'An edition follows the last one'"
                    " USING ERRCODE = 'unique_violation'; END IF; RETURN NEW;"
                ),
            ),
            # An edition in use is never withdrawn.
            pgtrigger.Trigger(
                name="rules_in_use_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=(
                    "IF OLD.valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date THEN"
                    " RAISE EXCEPTION 'An edition in use stays'; END IF; RETURN OLD;"
                ),
            ),
            pgtrigger.Trigger(
                name="rules_never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}"

    @property
    def rules(self) -> AttendanceRules:
        return AttendanceRules(
            version=self.version,
            opens_before=timedelta(minutes=self.opens_before_minutes),
            late=_steps(
                (self.late_minutes, self.late_earns),
                (self.long_late_minutes, self.long_late_earns),
            ),
            early=_steps(
                (self.early_minutes, self.early_earns),
                (self.long_early_minutes, self.long_early_earns),
            ),
        )


def _steps(*steps: tuple[int | None, str]) -> tuple[Step, ...]:
    return tuple(
        Step(timedelta(minutes=minutes), Earns(earns))
        for minutes, earns in steps
        if minutes is not None
    )
