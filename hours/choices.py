from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CreditKind(TextChoices):
    ATTENDANCE = "attendance", _("出席")
    MANUAL = "manual", _("人工补记")
    REVERSAL = "reversal", _("冲正")
