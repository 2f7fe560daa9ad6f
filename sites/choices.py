from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class HoldKind(TextChoices):
    SESSION = "session", _("场次")
    CLOSURE = "closure", _("停用")


class DayKind(TextChoices):
    HOLIDAY = "holiday", _("放假")
    MAKEUP_WORKDAY = "makeup_workday", _("调休上班")
    NO_LESSONS = "no_lessons", _("停课")
