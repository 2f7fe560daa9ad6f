"""The rows from which the cluster knows what to run regularly."""

from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule


class Command(BaseCommand):
    help = "Writes a django-q schedule for each line of settings.SCHEDULES; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            for task, when in settings.SCHEDULES.items():
                defaults = {"func": task, "repeats": -1, **_rhythm(when)}
                known = Schedule.objects.filter(name=task).first()
                if known is None or known.schedule_type != defaults["schedule_type"]:
                    defaults["next_run"] = _next(when)
                Schedule.objects.update_or_create(name=task, defaults=defaults)
            # A task that is no longer in the settings is not run either.
            Schedule.objects.exclude(name__in=settings.SCHEDULES).delete()
        self.stdout.write(f"{len(settings.SCHEDULES)} schedules")


def _rhythm(when: object) -> dict[str, Any]:
    """Every so many minutes, or daily for a time of day."""
    if isinstance(when, int):
        return {"schedule_type": Schedule.MINUTES, "minutes": when}
    return {"schedule_type": Schedule.DAILY, "minutes": None}


def _next(when: object) -> datetime:
    """The first run: now, or when the clock next shows that time."""
    now = timezone.localtime()
    if isinstance(when, int):
        return now
    clock = time.fromisoformat(str(when))
    today = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
