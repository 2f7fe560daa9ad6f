"""What the cluster runs regularly."""

from datetime import datetime
from io import StringIO

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from sites.calendar import SHANGHAI

pytestmark = pytest.mark.django_db


def _rows() -> list[tuple[str, str, int | None]]:
    return list(Schedule.objects.order_by("func").values_list("func", "schedule_type", "minutes"))


def test_the_schedules_are_those_of_the_settings_however_often(settings: LazySettings) -> None:
    settings.SCHEDULES = {"a.tasks.x": 1, "b.tasks.y": 15}
    call_command("ensure_schedules", stdout=StringIO())
    next_run = Schedule.objects.get(func="a.tasks.x").next_run
    settings.SCHEDULES = {"a.tasks.x": 5}

    call_command("ensure_schedules", stdout=StringIO())

    assert _rows() == [("a.tasks.x", "I", 5)]
    assert Schedule.objects.get().next_run == next_run


def test_every_scheduled_task_exists(settings: LazySettings) -> None:
    for task in settings.SCHEDULES:
        assert callable(import_string(task))


def test_a_time_of_day_is_met_daily(settings: LazySettings) -> None:
    settings.SCHEDULES = {"a.tasks.x": "03:30"}

    with time_machine.travel(datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI), tick=False):
        call_command("ensure_schedules", stdout=StringIO())
        call_command("ensure_schedules", stdout=StringIO())

    schedule = Schedule.objects.get()
    assert schedule.schedule_type == Schedule.DAILY
    assert schedule.next_run == datetime(2026, 11, 25, 3, 30, tzinfo=SHANGHAI)
