"""Why a plan is not calculated, and why a calculation came to nothing."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from planning.errors.refusal import PlanningRefusal


class NoSchools(PlanningRefusal):
    code = "plan_without_schools"
    kind = Refusal.INVALID
    sentence = _("请至少选一所学校。")


class SeasonOver(PlanningRefusal):
    """Facts: ``season``."""

    code = "plan_season_over"
    sentence = _("预约季“%(season)s”已经结束，不能再统筹。请选别的预约季。")


class NoClassesCovered(PlanningRefusal):
    """Facts: ``requirement``."""

    code = "plan_without_classes"
    sentence = _("所选学校没有“%(requirement)s”适用的班级。请换一个学时要求，或另选学校。")


class NobodyShort(PlanningRefusal):
    code = "plan_nobody_short"
    sentence = _("所选学校的学生已得和已约的学时都够了，不用统筹。")


class NothingOnOffer(PlanningRefusal):
    """No session with a seat to book. Facts: ``season``, and ``until`` when was looked."""

    code = "plan_nothing_on_offer"
    sentence = _(
        "还没有可约的场次：“%(season)s”到 %(until)s为止没有空位。请等开课单位开出场次，再开始计算。"
    )


class PlanAtWork(PlanningRefusal):
    """One plan of the alliance, or of the school, is calculated at a time. Facts: ``plan``."""

    code = "plan_at_work"
    sentence = _("方案 %(plan)s 还在计算。请等它算好，或先停止它。")


class NotCalculating(PlanningRefusal):
    """Facts: ``state``."""

    code = "plan_not_calculating"
    sentence = _("这个方案现在是“%(state)s”，没有在计算。")


class NotToDrop(PlanningRefusal):
    """Only what is found and not published is put away. Facts: ``state``."""

    code = "plan_not_to_drop"
    sentence = _("这个方案现在是“%(state)s”，不能放弃。")


class PlanUnsound(PlanningRefusal):
    """The verifier found a fault in what was found."""

    code = "plan_unsound"
    sentence = _("算出的方案没有通过核对，没有采用。请再算一次；如果仍不通过，请告诉系统管理员。")


class PlanDied(PlanningRefusal):
    """Whoever calculated it ended before it was found, several times."""

    code = "plan_died"
    sentence = _("计算几次都中断了。请少选一些学校再算；如果仍然中断，请告诉系统管理员。")
