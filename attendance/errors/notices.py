"""Why a public notice is refused, and an objection to it."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


class NoticeRunning(AttendanceRefusal):
    code = "notice_running"
    sentence = _("这项要求的公示正在进行。")


class NoSuchCohort(AttendanceRefusal):
    """The requirement is for no class of the school."""

    code = "no_such_cohort"
    kind = Refusal.INVALID
    sentence = _("本校没有适用这项要求的班级。")


class NoticeNotRunning(AttendanceRefusal):
    code = "notice_not_running"
    sentence = _("现在不在公示期内，不能提出异议。")


class TooManyObjections(AttendanceRefusal):
    """Facts: ``most``."""

    code = "too_many_objections"
    sentence = _("每名学生最多提 %(most)s 条异议。请直接联系班主任。")


class ObjectionDecided(AttendanceRefusal):
    code = "objection_decided"
    sentence = _("这条异议已经处理。")


class AnswerMissing(AttendanceRefusal):
    code = "answer_missing"
    kind = Refusal.INVALID
    sentence = _("请写明处理说明，提出异议的人会看到。")


class RequirementNotDue(AttendanceRefusal):
    """Hours may still be earned. Facts: ``name``, the last ``day`` that counts, and ``first`` on
    which there may be a notice."""

    code = "requirement_not_due"
    sentence = _("“%(name)s”的学时记到 %(day)s为止，%(first)s起才能公示和锁定。")


class NoticeStillRunning(AttendanceRefusal):
    """Facts: ``day``."""

    code = "notice_still_running"
    sentence = _("公示到 %(day)s为止，之后才能锁定。")


class ObjectionsOpen(AttendanceRefusal):
    """Facts: ``count``."""

    code = "objections_open"
    sentence = _("还有 %(count)s 条异议没有处理。")


class NoticeLocked(AttendanceRefusal):
    code = "notice_locked"
    sentence = _("这次公示已经结束，学时已锁定。")


class NotHerNumber(AttendanceRefusal):
    """No badge has the code, or its bearer has another student number: which, is not said."""

    code = "not_her_number"
    sentence = _("胸牌码和学号不符，请核对后再试。")
