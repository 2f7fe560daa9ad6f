"""The rows from which the cluster knows what to run regularly."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django_q.models import Schedule


class Command(BaseCommand):
    help = "Writes a django-q schedule for each line of settings.SCHEDULES; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            for task, minutes in settings.SCHEDULES.items():
                Schedule.objects.update_or_create(
                    name=task,
                    defaults={
                        "func": task,
                        "schedule_type": Schedule.MINUTES,
                        "minutes": minutes,
                        "repeats": -1,
                    },
                )
            # A task that is no longer in the settings is not run either.
            Schedule.objects.exclude(name__in=settings.SCHEDULES).delete()
        self.stdout.write(f"{len(settings.SCHEDULES)} schedules")
