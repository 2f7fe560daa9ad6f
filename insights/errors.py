"""Why an export says no."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class InsightsRefusal(Refusal):
    """Base of the refusals here."""


class NoColumns(InsightsRefusal):
    code = "no_columns"
    kind = Refusal.INVALID
    sentence = _("请至少选一列。")


class NothingToExport(InsightsRefusal):
    code = "nothing_to_export"
    sentence = _("没有可以导出的记录。")
