"""Why an export or a requirement says no."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class InsightsRefusal(Refusal):
    """Base of the refusals here."""


class RequirementNotLookedAt(InsightsRefusal):
    """What saving a requirement changes is not what somebody looked at. Facts: ``look``, what
    there is to look at now (a ``Look`` of ``insights.selectors.requirement_effects``)."""

    code = "requirement_not_looked_at"
    sentence = _("这项要求或它影响的学生和刚才看到的不一样了，还没有保存。请看过再确认。")


class NoColumns(InsightsRefusal):
    code = "no_columns"
    kind = Refusal.INVALID
    sentence = _("请至少选一列。")


class NothingToExport(InsightsRefusal):
    code = "nothing_to_export"
    sentence = _("没有可以导出的记录。")
