from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class HoursRefusal(Refusal):
    """Base of the refusals of requirements and the ledger."""


class AlreadyReversed(HoursRefusal):
    code = "already_reversed"
    sentence = _("这笔学时已经冲正过。")


class ReversalReversed(HoursRefusal):
    """A reversal stands; what was taken away wrongly is credited anew."""

    code = "reversal_reversed"
    kind = Refusal.INVALID
    sentence = _("冲正不能再冲正，请重新记一笔学时。")


class SessionCreditedAlready(HoursRefusal):
    code = "session_credited_already"
    sentence = _("这名学生这一场的学时已经记过。有出入请更正那一笔。")


class ReasonMissing(HoursRefusal):
    code = "reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明更正学时的原因。")


class RequirementOutOfOrder(HoursRefusal):
    code = "requirement_out_of_order"
    kind = Refusal.INVALID
    sentence = _("先后不对：截止日要晚于起算日，入学年份从小到大。")


class MinimumsTooHigh(HoursRefusal):
    """Facts: ``minimums`` added up, ``hours`` required in all."""

    code = "minimums_too_high"
    kind = Refusal.INVALID
    sentence = _("各类最低学时合计 %(minimums)s，超过了总学时 %(hours)s。")


class RequirementNameTaken(HoursRefusal):
    """Facts: ``name``."""

    code = "requirement_name_taken"
    sentence = _("已有名为“%(name)s”的学时要求。")


class PeriodLocked(HoursRefusal):
    """The public notice is over and the hours of the days concerned are settled."""

    code = "period_locked"
    sentence = _("这段时间的学时已经公示并锁定。如需更正，请联系联盟秘书处。")


class PeriodLockedAlready(HoursRefusal):
    code = "period_locked_already"
    sentence = _("这段时间的学时已经锁定。")


class NotLocked(HoursRefusal):
    code = "not_locked"
    sentence = _("这段时间的学时没有锁定，或已经重新开放。")
