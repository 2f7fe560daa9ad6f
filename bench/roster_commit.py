"""Confirming an import of 20,000 new students, beside one bulk insert of the same rows.

Each time a school of its own, in a database that is made for this and thrown away.
"""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TEST_DB_SUFFIX", "bench_roster")
django.setup()

from django.db import connection  # noqa: E402 (after Django is set up, as all below)

from accounts.actors import SYSTEM  # noqa: E402
from accounts.choices import OrganisationKind  # noqa: E402
from accounts.models import Organisation  # noqa: E402
from rosters.models import ClassGroup, RosterChange, RosterImport, Student  # noqa: E402
from rosters.services.imports import confirming, reading, starting  # noqa: E402
from rosters.services.imports.preview import preview  # noqa: E402

from . import floors_roster  # noqa: E402
from .measuring import Figures, high_water  # noqa: E402
from .roster_file import ROWS  # noqa: E402

TIMES = 5
NOW = datetime(2026, 9, 1, tzinfo=UTC)
TARGET = 3.0


@dataclass(frozen=True)
class Prepared:
    """A file that was read and waits to be confirmed, and the same rows ready to be inserted."""

    row: RosterImport
    rows: floors_roster.Rows


@contextmanager
def scratch_database() -> Iterator[str]:
    """A database with our tables and nothing in them; gives its name."""
    before = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield name
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def prepare(content: bytes) -> Prepared:
    return Prepared(_read(content), _rows_of(_confirmed(_read(content))))


def _read(content: bytes) -> RosterImport:
    count = Organisation.objects.count()
    school = Organisation.objects.create(
        kind=OrganisationKind.SCHOOL, name=f"School {count}", stages=["junior"]
    )
    row = starting.start(
        by=SYSTEM, school=school, content=content, suffix=".xlsx", now=NOW, in_background=False
    )
    reading.read(import_id=row.pk, now=NOW)
    row.refresh_from_db()
    return row


def _confirmed(row: RosterImport) -> RosterImport:
    return confirming.confirm(by=SYSTEM, roster_import=row, digest=row.roster_digest, now=NOW)


def _rows_of(row: RosterImport) -> floors_roster.Rows:
    """The very rows of a confirmed import, taken out of the tables again."""
    groups = list(ClassGroup.objects.filter(school=row.school))
    students = list(Student.objects.filter(school=row.school).order_by("pk"))
    changes = list(RosterChange.objects.filter(roster_import=row).order_by("pk"))
    _delete(row)
    return floors_roster.Rows(groups, students, changes)


def _delete(row: RosterImport) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rosters_rosterchange WHERE roster_import_id = %s", [row.pk])
        cursor.execute("DELETE FROM rosters_student WHERE school_id = %s", [row.school_id])
        cursor.execute("DELETE FROM rosters_classgroup WHERE school_id = %s", [row.school_id])


def ours(prepared: Prepared) -> None:
    done = _confirmed(prepared.row)
    if done.summary["new"] != ROWS:
        raise AssertionError("The roster was not written whole.")


def floor(prepared: Prepared) -> None:
    floors_roster.insert_rows(prepared.rows)


def _seconds(action: Callable[[Prepared], None], prepared: Prepared) -> float:
    started = time.perf_counter()
    action(prepared)
    return time.perf_counter() - started


def _peak(action: Callable[[Prepared], None], name: str, content: bytes) -> float:
    """The most memory that a process of its own takes for it, above what it had, in MiB."""
    prepared = prepare(content)
    row = RosterImport.objects.defer("reading").get(pk=prepared.row.pk)
    rows = prepared.rows if action is floor else floors_roster.Rows([], [], [])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_here, (action, name, Prepared(row, rows)))


def _peak_here(action: Callable[[Prepared], None], name: str, prepared: Prepared) -> float:
    connection.settings_dict["NAME"] = name
    before = high_water()
    action(prepared)
    taken = high_water() - before
    connection.close()
    return taken / 1024


def measure(content: bytes) -> Figures:
    times: dict[Any, list[float]] = {ours: [], floor: []}
    with scratch_database() as name:
        for turn in range(TIMES + 1):
            prepared = prepare(content)
            # Two schools in turn: the tables are as full for the one as for the other.
            for action in (floor, ours):
                seconds = _seconds(action, prepared)
                if turn:
                    times[action].append(seconds)
                _delete(prepared.row)
            _delete_floor(prepared.rows)
        peaks = [_peak(action, name, content) for action in (ours, floor)]
    return Figures.of(
        "commit",
        "one bulk insert into the same tables",
        rows=ROWS,
        seconds=statistics.median(times[ours]),
        floor_seconds=statistics.median(times[floor]),
        target=TARGET,
        peak_mib=peaks[0],
        floor_peak_mib=peaks[1],
    )


def seconds_to_preview(content: bytes) -> float:
    """From the uploaded bytes to the difference that the page shows, in this process; the page
    waits for the cluster's look at its queue besides (``Q_CLUSTER['poll']``). Median."""
    times = []
    with scratch_database():
        for _turn in range(TIMES):
            started = time.perf_counter()
            shown = preview(_read(content))
            times.append(time.perf_counter() - started)
            if shown.differences is None:
                raise AssertionError("The roster was not read whole.")
    return statistics.median(times)


def _delete_floor(rows: floors_roster.Rows) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM rosters_rosterchange WHERE roster_import_id = %s",
            [rows.changes[0].roster_import_id],
        )
        school = [rows.groups[0].school_id]
        cursor.execute("DELETE FROM rosters_student WHERE school_id = %s", school)
        cursor.execute("DELETE FROM rosters_classgroup WHERE school_id = %s", school)
