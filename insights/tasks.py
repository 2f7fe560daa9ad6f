"""What the cluster runs for this app."""

from django.utils import timezone

from .services import watch


def check_invariants() -> int:
    return watch.tell_differences(now=timezone.now())
