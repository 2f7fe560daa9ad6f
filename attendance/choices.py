"""What can happen at the door, what it amounts to, and which of it earns class hours."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EventKind(TextChoices):
    IN = "in", _("签到")
    OUT = "out", _("签退")
    ABSENT = "absent", _("记为缺席")
    EXCUSED = "excused", _("记为请假")
    VOID = "void", _("撤销")


class DoorMode(TextChoices):
    """What a badge or a tapped seat means at the door: let in, let out, or ask."""

    IN = "in", _("签到")
    OUT = "out", _("签退")
    MENU = "menu", _("改状态")


class WayIn(TextChoices):
    CAMERA = "camera", _("扫码")
    SCANNER = "scanner", _("扫码枪")
    TYPED = "typed", _("输入胸牌码")
    TICK = "tick", _("点座号")
    ROOM = "room", _("扫屏幕上的码")
    CLASS = "class", _("全班签到")
    API = "api", _("接口")


# What a device at the door may say of itself; by the first three it read a badge.
BY_BADGE = (WayIn.CAMERA, WayIn.SCANNER, WayIn.TYPED)
FROM_DEVICE = (*BY_BADGE, WayIn.TICK, WayIn.CLASS)


class OddUse(TextChoices):
    """What a person may look at in how a room's code was used."""

    ONE_BROWSER = "one_browser", _("同一台设备签到了几名学生")
    LATE_USE = "late_use", _("扫码后过了一会儿才签到")


class Trust(TextChoices):
    """How far an event proves that this very badge was at the door."""

    READ = "read", _("读到胸牌")
    TYPED = "typed", _("按胸牌输入")
    TAPPED = "tapped", _("老师点座号")
    TOLD = "told", _("别的系统报来")


# The database computes the one from the other, so that they never disagree.
TRUST_OF_WAY = {
    WayIn.CAMERA: Trust.READ,
    WayIn.SCANNER: Trust.READ,
    WayIn.TYPED: Trust.TYPED,
    WayIn.TICK: Trust.TAPPED,
    WayIn.ROOM: Trust.TYPED,
    WayIn.CLASS: Trust.TAPPED,
    WayIn.API: Trust.TOLD,
}


class Doubt(TextChoices):
    """Why an event of a device is no event yet: a person decides."""

    DESK_CLOSED = "desk_closed", _("送到时本场已结束签到")
    BADGE_REVOKED = "badge_revoked", _("胸牌当时已作废")
    BADGE_OF_ANOTHER = "badge_of_another", _("胸牌不是这名学生的")
    NOT_BOOKED = "not_booked", _("不在本场名单")
    ELSEWHERE = "elsewhere", _("同一时间约了别的场次")
    CANCELLED = "cancelled", _("本场已取消")
    NOT_OPEN = "not_open", _("早于开始签到的时间")
    TOO_LATE = "too_late", _("晚于本场")
    DEVICE_REVOKED = "device_revoked", _("送到时这台设备已停用")


class SyncOutcome(TextChoices):
    """What became of one event that a device sent."""

    ACCEPTED = "accepted", _("记下")
    ALREADY = "already", _("已经记过")
    CONFLICT = "conflict", _("待定")
    WAIT = "wait", _("稍后再送")
    REFUSED = "refused", _("没有记")


class Decision(TextChoices):
    """What became of a doubtful event."""

    ACCEPTED = "accepted", _("记入")
    DROPPED = "dropped", _("不记")
    # The device took it back before anybody decided.
    WITHDRAWN = "withdrawn", _("设备已撤销")


class NoBadge(TextChoices):
    """Why a student is ticked by seat instead of scanned: what CheckIn.reason keeps of it."""

    NOT_SHOWN = "not_shown", _("没出示胸牌")
    FORGOTTEN = "forgotten", _("忘带胸牌")
    LOST = "lost", _("胸牌遗失")
    UNREADABLE = "unreadable", _("胸牌扫不出")


class CertificateState(TextChoices):
    """What a certificate is worth when somebody asks."""

    VALID = "valid", _("有效")
    OUT_OF_DATE = "out_of_date", _("学时已更正")
    REVOKED = "revoked", _("已作废")


class ObjectionState(TextChoices):
    """What became of an objection to the hours that a public notice shows."""

    OPEN = "open", _("待处理")
    UPHELD = "upheld", _("成立")
    DISMISSED = "dismissed", _("不成立")


class SealedKind(TextChoices):
    """What the seal of a day covers."""

    LEDGER = "ledger", _("学时记账")
    CHECK_IN = "check_in", _("签到记录")
    REMOVAL = "removal", _("依法删除的记录")
    DECISION = "decision", _("待定签到的处理")


class RemovedKind(TextChoices):
    """What a text was lawfully taken out of. The trail is under no seal."""

    LEDGER = SealedKind.LEDGER.value, SealedKind.LEDGER.label
    CHECK_IN = SealedKind.CHECK_IN.value, SealedKind.CHECK_IN.label
    DECISION = SealedKind.DECISION.value, SealedKind.DECISION.label
    TRAIL = "trail", _("操作记录")


class RemovalGround(TextChoices):
    """Why a text was taken out of what only grows."""

    ERASED = "erased", _("删除学生个人数据")
    GRADUATED = "graduated", _("毕业满一年")


class AttendanceState(TextChoices):
    EXPECTED = "expected", _("未到")
    PRESENT = "present", _("出席")
    LATE = "late", _("迟到")
    LEFT_EARLY = "left_early", _("早退")
    ABSENT = "absent", _("缺席")
    EXCUSED = "excused", _("请假")


class Unseen(TextChoices):
    """What CheckIn.reason keeps of an absence that nobody marked."""

    AT_CLOSING = "at_closing", _("结束签到时未到")


class Earns(TextChoices):
    """How much of the session's class hours a state earns."""

    FULL = "full", _("全部学时")
    REDUCED = "reduced", _("一半学时")
    NONE = "none", _("不记学时")

    def of(self, class_hours: int) -> int:
        """Whole class hours: a half is rounded down."""
        if self == Earns.NONE:
            return 0
        return class_hours if self == Earns.FULL else class_hours // 2


# From most to least.
EARNS_ORDER = (Earns.FULL, Earns.REDUCED, Earns.NONE)


def least(*earned: Earns) -> Earns:
    return max(earned, key=EARNS_ORDER.index)


@dataclass(frozen=True, slots=True)
class Step:
    """Whoever misses more than ``after`` at one end of the session earns ``earns``."""

    after: timedelta
    earns: Earns


@dataclass(frozen=True, slots=True)
class AttendanceRules:
    """One edition of the rules. Hours come from the course and this table, never the clock.

    ``late`` and ``early`` are one or two steps, the longer with less to earn: coming later, or
    leaving earlier, than the first step says is late, or leaving early. Whoever is both earns
    the lesser of the two.
    """

    version: int
    # The door opens this long before the session starts.
    opens_before: timedelta
    late: tuple[Step, ...]
    early: tuple[Step, ...]

    def earned_late(self, missed: timedelta) -> Earns | None:
        """What coming so long after the start earns; None where that is in time."""
        return _earned(self.late, missed)

    def earned_early(self, missed: timedelta) -> Earns | None:
        """What leaving so long before the end earns; None where that is no leaving early."""
        return _earned(self.early, missed)


def _earned(steps: tuple[Step, ...], missed: timedelta) -> Earns | None:
    passed = [step.earns for step in steps if missed > step.after]
    return passed[-1] if passed else None


# The edition of every session before the first that the secretariat added.
FIRST_EDITION = AttendanceRules(
    version=1,
    opens_before=timedelta(minutes=60),
    late=(Step(timedelta(minutes=15), Earns.FULL),),
    early=(Step(timedelta(minutes=15), Earns.NONE),),
)


class ProposalKind(TextChoices):
    """What two people may decide about class hours that no door gave."""

    MAKE_UP = "make_up", _("补课")
    MANUAL = "manual", _("补记")
    CORRECTION = "correction", _("更正")


class ProposalState(TextChoices):
    PROPOSED = "proposed", _("待复核")
    CONFIRMED = "confirmed", _("已同意")
    REFUSED = "refused", _("没有同意")
    WITHDRAWN = "withdrawn", _("已撤回")


# More than a requirement has is a slip of the finger.
MOST_HOURS_BY_HAND = 40
