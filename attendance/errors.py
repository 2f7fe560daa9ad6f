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


class RevokeReasonMissing(AttendanceRefusal):
    code = "revoke_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明作废的原因，例如“遗失”。")


class NothingToPrint(AttendanceRefusal):
    code = "nothing_to_print"
    sentence = _("没有要打印的胸牌。")


class NobodyReached(AttendanceRefusal):
    """A certificate is for who has reached what is required."""

    code = "nobody_reached"
    sentence = _("所选学生都还没有达到学时要求，不能签发证书。")


class NothingRequired(AttendanceRefusal):
    code = "nothing_required"
    sentence = _("这个班没有学时要求，不能签发证书。")


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


class RoomCodeOff(AttendanceRefusal):
    code = "room_code_off"
    sentence = _("本场没有打开屏幕签到，请到门口签到。")


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


class TransactionsOpen(AttendanceRefusal):
    """Somebody may still write into a day that is to be sealed."""

    code = "transactions_open"
    sentence = _("还有没写完的记录，暂时不能封存，稍后会自动再试。")


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
