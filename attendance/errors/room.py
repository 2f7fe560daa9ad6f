"""Why the code on a room's screen says no."""

from django.utils.translation import gettext_lazy as _

from attendance.errors.refusal import AttendanceRefusal


class RoomCodeUnknown(AttendanceRefusal):
    code = "room_code_unknown"
    sentence = _("没有这个签到码。请对照屏幕上的六位码再试。")


class RoomCodePassed(AttendanceRefusal):
    """Shown a moment ago, or entered too long ago: the next one is on the screen."""

    code = "room_code_passed"
    sentence = _("这个签到码已换新。请再扫一次屏幕，或输入新的六位码。")


class RoomCodeUsed(AttendanceRefusal):
    """This opening of the page has let the student in once, and that was taken back."""

    code = "room_code_used"
    sentence = _("这一次扫码已经用过。请再扫一次屏幕上的码。")


class MarkedAtDoor(AttendanceRefusal):
    """Somebody at the door said that the student is absent or excused: not for a scan to change."""

    code = "marked_at_door"
    sentence = _("门口已把这名学生记为%(mark)s。请到门口签到。")


class RoomCodeOver(AttendanceRefusal):
    code = "room_code_over"
    sentence = _("本场已经结束，不能再扫屏幕签到。请到门口找开课单位。")


class RoomScreenOver(AttendanceRefusal):
    """Said to the host, who wants to put the code up."""

    code = "room_screen_over"
    sentence = _("本场结束已过一小时，屏幕签到不再打开。补签请在本页扫胸牌或点座号。")


class RoomCodeOff(AttendanceRefusal):
    code = "room_code_off"
    sentence = _("本场没有打开屏幕签到，请到门口签到。")
