"""Why a desk says no."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


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


class ClassNotHere(AttendanceRefusal):
    """A reservation's reference that this session has no live booking of."""

    code = "class_not_here"
    sentence = _("这个预约号不是约本场的。请核对预约单上的场次。")


class NobodyChosen(AttendanceRefusal):
    code = "nobody_chosen"
    kind = Refusal.INVALID
    sentence = _("一个学生也没有勾选。请勾选到场的学生。")


class DeskClosed(AttendanceRefusal):
    code = "desk_closed"
    sentence = _("本场签到已结束。需要更正时，请写明原因重新打开。")


class DeskNotOpenYet(AttendanceRefusal):
    code = "desk_not_open_yet"
    sentence = _("本场 %(opens)s 开始签到。")


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


class HeadsDiffer(AttendanceRefusal):
    """Facts: ``came`` students in, ``left`` out. Nobody is left behind unnoticed."""

    code = "heads_differ"
    kind = Refusal.INVALID
    sentence = _("到了 %(came)s 人，离开 %(left)s 人，对不上。请点清人数，或写明原因。")


class EventsUndecided(AttendanceRefusal):
    """Facts: ``count`` doubtful events of devices wait for somebody."""

    code = "events_undecided"
    sentence = _("还有 %(count)s 条签到待定。请先决定记不记，或选择先结束。")


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
