"""How long it takes to say who of a school of 2,000 will not finish.

Run it as ``python -m bench.unfinished``. The school is that of ``bench.standing``, in a
transaction that is taken back. Target: under a second.
"""

import os
import statistics
import sys
import time

import django
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.standing import _fill

ROUNDS, TARGET = 5, 1.0


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from accounts.actors import SYSTEM  # noqa: PLC0415  (Django has to be set up first)
    from bookings.services.unfinished import unfinished  # noqa: PLC0415
    from hours.models import PracticumRequirement  # noqa: PLC0415
    from rosters.models import ClassGroup, Student  # noqa: PLC0415
    from sites.calendar import local_day, school_year  # noqa: PLC0415

    with transaction.atomic():
        school_id = _fill()
        groups = (
            ClassGroup.objects.filter(school_id=school_id).select_related("school").order_by("pk")
        )
        # The classes of ``bench.standing`` graduated long ago: here they are in their second year.
        now = timezone.now()
        entered = school_year(local_day(now)) - 1
        groups.update(entry_year=entered)
        PracticumRequirement.objects.filter(name="bench").update(
            entry_year_from=entered, entry_year_to=entered
        )
        took, found = [], None
        for _round in range(ROUNDS):
            begun = time.perf_counter()
            with CaptureQueriesContext(connection) as queries:
                found = unfinished(SYSTEM, groups, now)
            took.append(time.perf_counter() - begun)
        assert found is not None
        students = Student.objects.filter(school_id=school_id).count()
        transaction.set_rollback(True)
    middle = statistics.median(took)
    print(
        f"{students} students, {len(found.classes)} classes, {found.short} short,"
        f" {found.stuck} stuck: {middle:.2f} s (median of {ROUNDS}), {len(queries)} queries"
    )
    return 0 if middle < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
