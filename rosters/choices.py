from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class NeedKind(TextChoices):
    MOBILITY = "mobility", _("行动")
    DIET = "diet", _("饮食")


class TransferState(TextChoices):
    ASKED = "asked", _("等待接收")
    ACCEPTED = "accepted", _("已接收")
    DECLINED = "declined", _("已退回")
    WITHDRAWN = "withdrawn", _("已撤回")


class ImportState(TextChoices):
    WAITING = "waiting", _("等待读取")
    READING = "reading", _("读取中")
    ASKING = "asking", _("有问题要回答")
    READY = "ready", _("可以确认")
    CONFIRMED = "confirmed", _("已导入")
    REFUSED = "refused", _("没有导入")
    DROPPED = "dropped", _("已放弃")
    EXPIRED = "expired", _("已过期")
    UNDONE = "undone", _("已撤销")


# While one of these, an import holds what the file said; in every other state nothing of it.
OPEN_IMPORT_STATES = (
    ImportState.WAITING,
    ImportState.READING,
    ImportState.ASKING,
    ImportState.READY,
)

IMPORT_TRANSITIONS = {
    ImportState.WAITING: (ImportState.READING, ImportState.DROPPED, ImportState.EXPIRED),
    ImportState.READING: (
        ImportState.ASKING,
        ImportState.READY,
        ImportState.REFUSED,
        ImportState.DROPPED,
        ImportState.EXPIRED,
    ),
    ImportState.ASKING: (ImportState.READY, ImportState.DROPPED, ImportState.EXPIRED),
    ImportState.READY: (
        ImportState.ASKING,
        ImportState.CONFIRMED,
        ImportState.DROPPED,
        ImportState.EXPIRED,
    ),
    ImportState.CONFIRMED: (ImportState.UNDONE,),
}


class ChangeKind(TextChoices):
    NEW = "new", pgettext_lazy("student", "新增")
    MOVED = "moved", _("换班")
    RENAMED = "renamed", _("改名")
    EDITED = "edited", _("改学号或座号")
    BACK = "back", _("回到班级")
    LEFT = "left", _("离开")


class ConsentKind(TextChoices):
    YEAR = "year", _("每学年一次")
    TRIP = "trip", _("每次出行")


class ConsentRule(TextChoices):
    NONE = "none", _("不收")
    YEAR = "year", _("每学年一次")
    TRIP = "trip", _("每次出行")


class PhoneReason(TextChoices):
    """Why somebody looks at a guardian's telephone. Chosen, not typed: it goes into the log."""

    EMERGENCY = "emergency", _("学生身体不适或受伤")
    TRIP = "trip", _("通知行程变化")
    CHECK = "check", _("核对号码")
