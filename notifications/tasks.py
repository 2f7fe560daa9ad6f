"""What the cluster runs for this app."""

from django.utils import timezone

from . import services


def deliver(delivery_id: int) -> bool:
    return services.deliver(delivery_id=delivery_id, now=timezone.now())


def sweep() -> int:
    return services.sweep(now=timezone.now())
