"""What the cluster runs for this app."""

from django.utils import timezone

from .services import wish_reminders


def send_due_wish_reminders() -> int:
    return wish_reminders.send_due_reminders(now=timezone.now())
