"""What the cluster runs for this app."""

from django.utils import timezone

from . import services


def deliver(*delivery_ids: int) -> int:
    return services.deliver_all(delivery_ids=delivery_ids, now=timezone.now())


def sweep() -> int:
    return services.sweep(now=timezone.now())
