"""What the cluster runs for this app."""

from django.utils import timezone

from .services import needs


def forget_needs() -> int:
    return needs.forget_needs(now=timezone.now())
