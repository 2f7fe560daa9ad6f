"""Why an edition of the rules is refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


class RulesReachBack(AttendanceRefusal):
    """Changing rules does not change the past."""

    code = "rules_reach_back"
    kind = Refusal.INVALID
    sentence = _("新规则最早从明天的场次起用，已经上过的不变。")


class RulesOutOfOrder(AttendanceRefusal):
    code = "rules_out_of_order"
    kind = Refusal.INVALID
    sentence = _("第 %(version)s 版从 %(day)s起用，新规则要晚于它；要提前，请先撤回那一版。")


class RuleStepsWrong(AttendanceRefusal):
    code = "rule_steps_wrong"
    kind = Refusal.INVALID
    sentence = _("第二档的分钟要比第一档多，记的学时要比第一档少；不用第二档就都留空。")


class RulesInUse(AttendanceRefusal):
    code = "rules_in_use"
    sentence = _("第 %(version)s 版已经启用，不能撤回。请另加新规则。")
