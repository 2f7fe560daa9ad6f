"""``python -m bench.opening``: sixty teachers refresh and book through the pages, for a minute.

Against the web server and the cluster with production's settings, on a copy of the demonstration's
district. ``SECONDS`` (60), ``TEACHERS`` (60), ``PAUSE`` (1: seconds that somebody looks at a page,
on average). Ends with 1 on any 5xx, any request without an answer, a seat sold twice, or a booking
that was confirmed and is not there. What a request costs is printed beside how long it took: the
one does not depend on what else the machine does.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

import psutil
import psycopg

from bench.booking import stage
from bench.opening.browser import Notes, Teacher
from bench.pages import place
from bench.pages.__main__ import percentile

SECONDS = float(os.environ.get("SECONDS", "60"))
TEACHERS = int(os.environ.get("TEACHERS", "60"))
PAUSE = float(os.environ.get("PAUSE", "1"))
OPENING = "opening"


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU until now: of the web server, of PostgreSQL, and of all that this machine
    does."""

    web: float
    database: float
    machine: float

    @classmethod
    def until_now(cls, server: stage.Server, first: psutil.Process) -> Self:
        times = psutil.cpu_times()
        return cls(
            web=server.cpu_seconds(),
            database=stage.postgres_cpu_seconds(first),
            machine=sum(times) - times.idle - times.iowait,
        )


def costs(before: Spent, after: Spent, requests: int, seconds: float) -> dict[str, float]:
    """By request in milliseconds, and which part of the machine's cores was busy with it."""
    web, database = after.web - before.web, after.database - before.database
    cores = seconds * psutil.cpu_count()
    return {
        "web_ms": round(web / requests * 1000, 1),
        "database_ms": round(database / requests * 1000, 1),
        "ours": round((web + database) / cores, 2),
        "machine": round((after.machine - before.machine) / cores, 2),
    }


def count(table: str, where: str = "true") -> int:
    with psycopg.connect(place.url(OPENING)) as db:
        row = db.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()  # noqa: S608  texts of our own
        assert row is not None
        return int(row[0])


def open_day(surroundings: dict[str, str], port: int) -> tuple[Notes, float]:
    """What the teachers were answered, and how long it took."""
    signed_in = json.loads(
        place.run(OPENING, surroundings, "-m", "bench.opening.teachers", str(TEACHERS))
    )
    notes = Notes()
    begun = time.monotonic()
    teachers = [
        Teacher(port, cookie, group, notes, seed=seed, until=begun + SECONDS, pause=PAUSE)
        for seed, (cookie, group) in enumerate(signed_in)
    ]
    print(f"{len(teachers)} teachers, {SECONDS:g} s …", flush=True)
    for teacher in teachers:
        teacher.start()
    for teacher in teachers:
        teacher.join(timeout=SECONDS + 120)
        if teacher.is_alive():
            notes.fail("a teacher still waits two minutes later")
    return notes, time.monotonic() - begun


def findings(notes: Notes, made: int, surroundings: dict[str, str]) -> list[str]:
    """What went wrong: for the teachers, or in the rows."""
    found = list(notes.wrong)
    confirmed = notes.statuses["book"][302]
    if confirmed != made:
        found.append(f"{confirmed} bookings were confirmed, {made} are there")
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_invariants"],
        cwd=stage.ROOT,
        env=surroundings | {"DATABASE_URL": place.url(OPENING)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(
        f"\ncheck_invariants: {checked.stdout.strip().splitlines()[-1:] or checked.stderr[-500:]}"
    )
    if checked.returncode:
        found += checked.stdout.splitlines() or ["check_invariants did not end well"]
    return found


def show(notes: Notes, seconds: float) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    print(f"\n{'':14}{'number':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'longest':>9}  answers")
    for page, took in notes.took.items():
        row = {
            "page": page,
            "number": len(took),
            "p50": percentile(took, 0.5),
            "p95": percentile(took, 0.95),
            "p99": percentile(took, 0.99),
            "longest": round(max(took), 1),
            "statuses": dict(sorted(notes.statuses[page].items())),
        }
        rows.append(row)
        print(
            f"{page:14}{row['number']:>8}{row['p50']:>8}{row['p95']:>8}{row['p99']:>8}"
            f"{row['longest']:>9}  {row['statuses']}"
        )
    number = sum(len(took) for took in notes.took.values())
    print(f"{number} requests, {number / seconds:.0f} a second")
    return rows


def main() -> int:
    surroundings = stage.environment()
    with stage.database() as first:
        place.make_demo(surroundings)
        place.create(OPENING, place.DEMO)
        if not (stage.VAR / "static").exists():
            place.run(OPENING, surroundings, "manage.py", "collectstatic", "--noinput", "-v0")
        here = surroundings | {"DATABASE_URL": place.url(OPENING)}
        before = count("bookings_reservation")
        server = stage.serve(OPENING, here, settings="config.settings")
        cluster = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=stage.ROOT,
            env=here,
            stdout=(stage.VAR / "opening-cluster.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            begun = Spent.until_now(server, first)
            notes, seconds = open_day(surroundings, server.port)
            spent = costs(
                begun,
                Spent.until_now(server, first),
                sum(len(took) for took in notes.took.values()),
                seconds,
            )
        finally:
            server.stop()
            cluster.terminate()
            cluster.wait(timeout=60)
        rows = show(notes, seconds)
        print(
            f"CPU a request: web server {spent['web_ms']} ms, PostgreSQL {spent['database_ms']} ms;"
            f" busy cores: {spent['ours']:.0%} with these, {spent['machine']:.0%} in all"
        )
        found = findings(notes, count("bookings_reservation") - before, surroundings)
        sold = count("courses_coursesession", "seats_taken + seats_held > capacity")
        if sold:
            found.append(f"{sold} sessions are oversold")
    path = stage.VAR / "opening.json"
    path.write_text(
        json.dumps({"pages": rows, "cpu": spent, "found": found}, indent=1, ensure_ascii=False),
        encoding="utf-8",
    )
    print(f"Written to {path.relative_to(stage.ROOT)}")
    print("No 5xx, nothing oversold, every confirmed booking is there." if not found else "")
    for sentence in sorted(set(found))[:20]:
        print(f"  {sentence} ({found.count(sentence)} times)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
