"""What the cluster runs for this app."""

from django.utils import timezone

from .services import change_requests, holds, idempotency, reminders


def send_due_reminders() -> int:
    return reminders.send_due_reminders(now=timezone.now())


def sweep_holds() -> int:
    return holds.sweep(now=timezone.now())


def expire_requests() -> int:
    return change_requests.sweep(now=timezone.now())


def purge_answers() -> int:
    return idempotency.purge(now=timezone.now())
