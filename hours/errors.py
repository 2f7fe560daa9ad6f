from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class HoursRefusal(Refusal):
    """Base of the refusals of requirements and the ledger."""


class AlreadyReversed(HoursRefusal):
    code = "already_reversed"
    sentence = _("这笔学时已经冲正过。")
