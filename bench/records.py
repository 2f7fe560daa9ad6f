"""How long the official record of a school of 2,000 takes to export.

Run it as ``python -m bench.records``. The school is that of ``bench.standing``, in a transaction
that is taken back.
"""

import os
import sys
import time

import django
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.standing import _fill


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db.models import (  # noqa: PLC0415
        CharField,
        F,
        Value,
    )
    from django.db.models.functions import Cast, Concat  # noqa: PLC0415

    from accounts.actors import SYSTEM  # noqa: PLC0415
    from insights.choices import DEFAULT_COLUMNS  # noqa: PLC0415
    from insights.selectors.records import Wanted, records, table  # noqa: PLC0415
    from rosters.models import ClassGroup, Student  # noqa: PLC0415
    from rosters.workbooks import Sheet, csv_file, workbook  # noqa: PLC0415

    with transaction.atomic():
        school_id = _fill()
        Student.objects.filter(school_id=school_id).update(
            student_no=Concat(Value("N"), Cast(F("pk"), CharField()))
        )
        groups = ClassGroup.objects.filter(school_id=school_id).select_related("school")
        now = timezone.now()
        best = [9e9] * 3
        for _round in range(3):
            begun = time.perf_counter()
            with CaptureQueriesContext(connection) as queries:
                found = records(SYSTEM, groups, Wanted(), now)
                rows = table(DEFAULT_COLUMNS, found)
            read = time.perf_counter()
            heads = tuple(str(column.label) for column in DEFAULT_COLUMNS)
            workbook([Sheet("x", heads, rows)], title="x", origin="x", author="x", at=now)
            excel = time.perf_counter()
            csv_file(heads, rows, origin="x")
            done = time.perf_counter()
            best = [
                min(pair)
                for pair in zip(best, (read - begun, excel - read, done - excel), strict=True)
            ]
        students = found.students
        transaction.set_rollback(True)
    print(
        f"{students} students, {len(rows)} lines ({len(found.left_out)} left out),"
        f" {len(queries)} queries: read {best[0]:.2f} s, xlsx {best[1]:.2f} s, csv {best[2]:.2f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
