"""Why a badge or a desk says no."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class AttendanceRefusal(Refusal):
    """Base of the refusals at the door."""


class UnknownBadge(AttendanceRefusal):
    code = "unknown_badge"
    sentence = _("没有这个胸牌码。请对照胸牌上的 16 个字符再试。")


class BadgeRevoked(AttendanceRefusal):
    code = "badge_revoked"
    sentence = _(
        "这张胸牌已作废（%(when)s）。请扫新胸牌，或输入新胸牌的码；没带的，请老师点座号签到。"
    )


class NotBookedHere(AttendanceRefusal):
    """On no list of this desk's host today: says no name and no place."""

    code = "not_booked_here"
    sentence = _("不在今天的名单。")


class BookedElsewhere(AttendanceRefusal):
    """Booked today in another session of the same host: says where to go."""

    code = "booked_elsewhere"
    sentence = _("这名学生约的是%(what)s，%(where)s，%(when)s。")


class SomebodyCame(AttendanceRefusal):
    """A reason for a no-show is asked for only where nobody checked in."""

    code = "somebody_came"
    sentence = _("这个班有人签到，不算全班未到。")


class DeskClosed(AttendanceRefusal):
    code = "desk_closed"
    sentence = _("本场签到已结束。需要更正时，请写明原因重新打开。")


class DeskNotOpenYet(AttendanceRefusal):
    code = "desk_not_open_yet"
    sentence = _("本场 %(opens)s 开始签到。")


class RevokeReasonMissing(AttendanceRefusal):
    code = "revoke_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明作废的原因，例如“遗失”。")


class NothingToPrint(AttendanceRefusal):
    code = "nothing_to_print"
    sentence = _("没有要打印的胸牌。")


class TooManyToPrint(AttendanceRefusal):
    code = "too_many_to_print"
    sentence = _("一次最多打印 %(most)s 张胸牌，这次是 %(asked)s 张。请分几次选班级。")


class DeskNotClosed(AttendanceRefusal):
    code = "desk_not_closed"
    sentence = _("本场签到还没有结束，可以直接更正。")


class DeskReasonMissing(AttendanceRefusal):
    code = "desk_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明重新打开的原因。")


class SessionNotOver(AttendanceRefusal):
    code = "session_not_over"
    sentence = _("本场 %(starts)s 开始，开始以后才能结束签到。")


class NotInYet(AttendanceRefusal):
    code = "not_in_yet"
    sentence = _("这名学生还没有签到，不能签退。")


class NothingToUndo(AttendanceRefusal):
    code = "nothing_to_undo"
    sentence = _("没有可以撤销的记录。")


class AlreadyIn(AttendanceRefusal):
    code = "already_in"
    sentence = _("这名学生已经签到，不能换人。签错了，请先撤销。")


class WalkInElsewhere(AttendanceRefusal):
    """The student has a place elsewhere at this time; the desk does not learn where."""

    code = "walk_in_elsewhere"
    sentence = _("这名学生同一时间约了别的场次，不能加入本场。")


class DeviceNameMissing(AttendanceRefusal):
    code = "device_name_missing"
    kind = Refusal.INVALID
    sentence = _("请给设备起个名称，例如“门口平板”。")


class DeviceRevoked(AttendanceRefusal):
    """Of a device that was stopped, or whose member left: it forgets everything it holds."""

    code = "device_revoked"
    kind = Refusal.NOT_ALLOWED
    sentence = _("这台设备已停用。请单位的管理员重新登记。")


class PackUnknown(AttendanceRefusal):
    """The device never took such a list along."""

    code = "pack_unknown"
    kind = Refusal.INVALID
    sentence = _("这台设备没有领过这份名单。")


class PackExpired(AttendanceRefusal):
    code = "pack_expired"
    sentence = _("名单过期太久，这条记录不再接收。")


class ConflictDecided(AttendanceRefusal):
    code = "conflict_decided"
    sentence = _("这条记录已经处理过。")


class DropReasonMissing(AttendanceRefusal):
    code = "drop_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明不记的原因。")


class EventOfAnother(AttendanceRefusal):
    """A client used one event id for two different things."""

    code = "event_of_another"
    kind = Refusal.INVALID
    sentence = _("这个记录编号已用于另一条记录，请换一个编号。")


class TooManyTries(AttendanceRefusal):
    code = "too_many_tries"
    sentence = _("输入次数太多，请过 %(minutes)s 分钟再试。")


class ImportBuiltUpon(AttendanceRefusal):
    """A roster import that cannot be undone: students it brought or moved are in use."""

    code = "import_built_upon"
    sentence = _("导入之后已经用上这份名单：%(what)s。请不要撤销，直接修改名单。")


class NotOneChild(AttendanceRefusal):
    """Two rows that cannot be one student: another school's, merged already, or left."""

    code = "not_one_child"
    sentence = _("这两名学生不能合并，请看过最新的名单再选。")


class ConfirmationWrong(AttendanceRefusal):
    code = "confirmation_wrong"
    kind = Refusal.INVALID
    sentence = _("请照原样输入这名学生的姓名，以免删错。")


class AlreadyErased(AttendanceRefusal):
    code = "already_erased"
    sentence = _("这名学生的个人数据已经删除。")
