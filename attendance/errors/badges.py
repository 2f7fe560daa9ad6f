"""Why a badge says no."""

from django.utils.translation import gettext_lazy as _

from attendance.errors.refusal import AttendanceRefusal


class UnknownBadge(AttendanceRefusal):
    code = "unknown_badge"
    sentence = _("没有这个胸牌码。请对照胸牌上的 16 个字符再试。")


class HalfBadgeCode(AttendanceRefusal):
    """One of the code's two lines was typed. A reservation's reference is as long, so that is
    what is told of a mistyped one too."""

    code = "half_badge_code"
    sentence = _("胸牌码有 16 个字符，请把第二行也输进去。输的是预约号的，请核对预约单。")


class BadgeRevoked(AttendanceRefusal):
    code = "badge_revoked"
    sentence = _(
        "这张胸牌已作废（%(when)s）。请扫新胸牌，或输入新胸牌的码；没带的，请老师点座号签到。"
    )


class NothingToPrint(AttendanceRefusal):
    code = "nothing_to_print"
    sentence = _("没有要打印的胸牌。")


class TooManyToPrint(AttendanceRefusal):
    code = "too_many_to_print"
    sentence = _("一次最多打印 %(most)s 张胸牌，这次是 %(asked)s 张。请分几次选班级。")


class TooManyTries(AttendanceRefusal):
    code = "too_many_tries"
    sentence = _("输入次数太多，请过 %(minutes)s 分钟再试。")
