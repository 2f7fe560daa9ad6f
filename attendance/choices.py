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


class WayIn(TextChoices):
    CAMERA = "camera", _("扫码")
    SCANNER = "scanner", _("扫码枪")
    TYPED = "typed", _("输入胸牌码")
    TICK = "tick", _("点座号")
    API = "api", _("接口")


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
    WayIn.API: Trust.TOLD,
}


class Doubt(TextChoices):
    """Why an event of a device is no event yet: a person decides."""

    DESK_CLOSED = "desk_closed", _("送到时本场已结束签到")
    BADGE_REVOKED = "badge_revoked", _("胸牌当时已作废")
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


class AttendanceState(TextChoices):
    EXPECTED = "expected", _("未到")
    PRESENT = "present", _("出席")
    LATE = "late", _("迟到")
    LEFT_EARLY = "left_early", _("早退")
    ABSENT = "absent", _("缺席")
    EXCUSED = "excused", _("请假")


@dataclass(frozen=True, slots=True)
class AttendanceRules:
    """One edition of the rules. Hours come from the course and this table, never the clock."""

    version: int
    # The door opens this long before the session starts.
    opens_before: timedelta
    # Checked in later than this after the start is late.
    late_after: timedelta
    # Checked out earlier than this before the end is leaving early.
    early_before: timedelta
    # The states that earn the session's class hours.
    credited: frozenset[AttendanceState]


RULES = AttendanceRules(
    version=1,
    opens_before=timedelta(minutes=60),
    late_after=timedelta(minutes=15),
    early_before=timedelta(minutes=15),
    credited=frozenset({AttendanceState.PRESENT, AttendanceState.LATE}),
)
