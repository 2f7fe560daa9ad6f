from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DeliveryState(TextChoices):
    WAITING = "waiting", _("待发送")
    SENT = "sent", _("已发送")
    FAILED = "failed", _("发送失败")


class CalendarMethod(TextChoices):
    """How a calendar reads an attached event (RFC 5546)."""

    NONE = "", _("无日历")
    REQUEST = "REQUEST", _("日历邀请")
    CANCEL = "CANCEL", _("日历取消")
    # Several events at once: an invitation or a cancellation is about one.
    PUBLISH = "PUBLISH", _("多个日程")
