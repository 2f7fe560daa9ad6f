"""Why hours by hand are refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


class ProposalReasonMissing(AttendanceRefusal):
    code = "proposal_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明原因。")


class ProposalHoursWrong(AttendanceRefusal):
    """Facts: ``least`` and ``most``."""

    code = "proposal_hours_wrong"
    kind = Refusal.INVALID
    sentence = _("学时请填 %(least)s 到 %(most)s。")


class ProposalDayWrong(AttendanceRefusal):
    code = "proposal_day_wrong"
    kind = Refusal.INVALID
    sentence = _("日期不能晚于今天，补课也不能早于缺的那一场。")


class NothingMissed(AttendanceRefusal):
    code = "nothing_missed"
    sentence = _("这名学生这一场没有缺席、请假，不能补课。没有记上学时的，请选“漏记”。")


class NotOverYet(AttendanceRefusal):
    code = "not_over_yet"
    sentence = _("这一场还没有结束。")


class NotOnTheList(AttendanceRefusal):
    code = "not_on_the_list"
    sentence = _("这名学生不在这一场的名单里。")


class MadeUpAlready(AttendanceRefusal):
    """Facts: ``day`` of the session that made up for it."""

    code = "made_up_already"
    sentence = _("这门课已在 %(day)s补上，学时已记。")


class ProposedAlready(AttendanceRefusal):
    code = "proposed_already"
    sentence = _("已有一份申请在等复核，不必再提。")


class NothingToCorrect(AttendanceRefusal):
    code = "nothing_to_correct"
    sentence = _("这笔学时已经冲正，或者就是这个数，不用更正。")


class SecondEyesNeeded(AttendanceRefusal):
    code = "second_eyes_needed"
    kind = Refusal.NOT_ALLOWED
    sentence = _("自己提的申请要由另一个人复核。")


class ProposalDecided(AttendanceRefusal):
    code = "proposal_decided"
    sentence = _("这份申请已有结果。")
