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
    TYPED = "typed", _("输入胸牌码")
    TICK = "tick", _("点座号")
    API = "api", _("接口")


class NoBadge(TextChoices):
    """Why a student is ticked by seat instead of scanned: what CheckIn.reason keeps of it."""

    NOT_SHOWN = "not_shown", _("没出示胸牌")
    FORGOTTEN = "forgotten", _("忘带胸牌")
    LOST = "lost", _("胸牌遗失")
    UNREADABLE = "unreadable", _("胸牌扫不出")


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
