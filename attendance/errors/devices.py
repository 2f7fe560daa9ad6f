"""Why a device, or an event that it sent, is refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


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


class EventUnreadable(AttendanceRefusal):
    """What a device sent has not the shape of an event; facts: name, of the field, in words."""

    code = "event_unreadable"
    kind = Refusal.INVALID
    sentence = _("这条记录不完整（%(name)s），没有记上。请再记一次。")


class ConflictDecided(AttendanceRefusal):
    code = "conflict_decided"
    sentence = _("这条记录已经处理过。")


class NothingChosen(AttendanceRefusal):
    code = "nothing_chosen"
    kind = Refusal.INVALID
    sentence = _("一条记录也没有勾选。请勾选要处理的记录。")


class DropReasonMissing(AttendanceRefusal):
    code = "drop_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明不记的原因。")


class EventOfAnother(AttendanceRefusal):
    """A client used one event id for two different things."""

    code = "event_of_another"
    kind = Refusal.INVALID
    sentence = _("这个记录编号已用于另一条记录，请换一个编号。")
