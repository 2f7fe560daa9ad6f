from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CreditKind(TextChoices):
    ATTENDANCE = "attendance", _("出席")
    MAKE_UP = "make_up", _("补课")
    MANUAL = "manual", _("人工补记")
    REVERSAL = "reversal", _("冲正")


# Written because two people said so, not because of what happened at a door.
BY_HAND = (CreditKind.MAKE_UP, CreditKind.MANUAL)
