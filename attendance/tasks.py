"""What the cluster runs for this app."""

from django.utils import timezone

from attendance.errors.students import TransactionsOpen
from attendance.services import seals


def seal_days() -> list[str]:
    """Every hour, so that a day is sealed soon after midnight, or once its last writer has ended;
    returns the days."""
    try:
        return [str(seal.day) for seal in seals.seal_days(now=timezone.now())]
    except TransactionsOpen as refusal:
        return [refusal.code]
