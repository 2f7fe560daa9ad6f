"""``python -m bench.booking``: every arm in turn, three times; the medians as a table.

``SECONDS`` (4) of each run, ``REPEATS`` (3), ``CLIENTS`` (1,8,32), ``ARMS`` (postgres,floor,ours)
make it shorter. The cluster does not run: no arm pays for the mails, all write its queue.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product

import django
import psutil
from django.core.management import call_command
from django.utils import timezone

from bench import runs
from bench.booking import stage
from bench.runs import Run

SECONDS = int(os.environ.get("SECONDS", "4"))
REPEATS = int(os.environ.get("REPEATS", "3"))
CLIENTS = [int(one) for one in os.environ.get("CLIENTS", "1,8,32").split(",")]
ARMS = os.environ.get("ARMS", "postgres,floor,ours").split(",")
KINDS = ("hot", "spread")
# So many requests are made ready for a run: a class books the hot session once.
MOST = 1_020
# (b) is the smallest Django view: at least this part of its requests a second, at most so many
# times its 95th percentile at 32 clients.
RATE, TAIL = 0.60, 1.6


class Bench:
    def __init__(self, postmaster: psutil.Process) -> None:
        # Only now are the settings those of the environment.
        from bench.booking import world  # noqa: PLC0415

        self.rows = world
        self.postmaster = postmaster
        known = stage.VAR / "world.json"
        if not known.exists():
            print("Building schools, classes and sessions …")
            world.build(timezone.now()).save(known)
        self.world = world.World.load(known)
        self.hot_session = 0
        self.servers: dict[str, stage.Server] = {}
        self.row_counts: dict[str, dict[str, float]] = {}

    def run(self, kind: str, clients: int, arm: str) -> Run:
        self.rows.clear()
        before = self.rows.counts()
        fsync = stage.fsync_milliseconds()
        if arm == "postgres":
            took = self._pgbench(kind, clients)
        else:
            took = self._http(kind, clients, self.servers[arm])
        after = self.rows.counts()
        bookings = after["bookings_booking"]
        self.row_counts[arm] = {
            name: round((after[name] - before[name]) / bookings, 3) for name in after
        }
        return Run.of(kind, clients, arm, took, done=bookings, fsync=fsync)

    def _first_session(self, kind: str) -> tuple[int, int]:
        """The first session of the run and how many it goes round."""
        if kind == "spread":
            return self.world.first_session, self.rows.SESSIONS
        self.hot_session = (self.hot_session + 1) % self.rows.HOT_SESSIONS
        return self.world.first_hot_session + self.hot_session, 1

    def _bookings(self, kind: str) -> Iterator[tuple[list[int], int, list[int], str]]:
        first, number = self._first_session(kind)
        for index in range(MOST):
            group = index % self.rows.CLASSES
            student = self.world.first_student + group * self.rows.STUDENTS
            yield (
                [first + index % number],
                self.world.first_group + group,
                list(range(student, student + self.rows.STUDENTS)),
                self.world.secrets[group // self.rows.CLASSES_PER_SCHOOL],
            )

    def _http(self, kind: str, clients: int, server: stage.Server) -> runs.Took:
        asked = {
            "port": server.port,
            "clients": clients,
            "seconds": SECONDS,
            "bookings": list(self._bookings(kind)),
        }
        return runs.over_http("bench.booking.client", asked, server, self.postmaster, 201)

    def _pgbench(self, kind: str, clients: int) -> runs.Took:
        first, number = self._first_session(kind)
        return runs.by_pgbench(
            "booking.sql",
            {
                "first_session": first,
                "sessions": number,
                "groups": self.rows.CLASSES,
                "groups_per_school": self.rows.CLASSES_PER_SCHOOL,
                "first_group": self.world.first_group,
                "first_school": self.world.first_school,
                "first_member": self.world.first_member,
                "first_person": self.world.first_person,
                "first_student": self.world.first_student,
                "host": self.world.host,
            },
            self.postmaster,
            clients=clients,
            transactions=MOST // clients,
        )


def verdicts(rows: list[Run]) -> list[dict[str, object]]:
    """Ours beside (b), for each kind and number of clients."""
    by = {(row.kind, row.clients, row.arm): row for row in rows}
    found: list[dict[str, object]] = []
    for kind, clients in product(KINDS, CLIENTS):
        ours, floor = by.get((kind, clients, "ours")), by.get((kind, clients, "floor"))
        if ours is None or floor is None:
            continue
        rate, tail = ours.per_second / floor.per_second, ours.p95 / floor.p95
        holds = rate >= RATE and (clients != max(CLIENTS) or tail <= TAIL)
        found.append(
            {
                "kind": kind,
                "clients": clients,
                "of_floor": round(rate, 2),
                "p95_times_floor": round(tail, 2),
                "holds": holds,
            }
        )
        print(
            f"{kind:7}{clients:>3} clients: {rate:.0%} of (b)'s bookings a second (target"
            f" {RATE:.0%}), p95 {tail:.2f} times (b)'s (at {max(CLIENTS)}: {TAIL})"
            f"  {'holds' if holds else 'MISSED'}"
        )
    return found


def same_rows(counts: dict[str, dict[str, float]], besides: str) -> bool:
    """Whether all arms wrote as many of each; ours one more row ``besides``, which is said."""
    print("\nRows a booking:")
    names = list(next(iter(counts.values())))
    for name in names:
        print(f"  {name:26}" + "".join(f"{arm} {counts[arm][name]:<12g}" for arm in counts))
    same = all(len({counts[arm][name] for arm in counts}) == 1 for name in names if name != besides)
    print("  the same in all arms" if same else "  NOT THE SAME in all arms", end="")
    print(f"; {besides} is ours alone, kept for a replay")
    return same


def main() -> int:
    surroundings = stage.environment()
    os.environ.update(surroundings, DJANGO_SETTINGS_MODULE="config.settings")
    with stage.database() as postmaster:
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not (stage.VAR / "static").exists():
            call_command("collectstatic", interactive=False, verbosity=0)
        bench = Bench(postmaster)
        try:
            for arm, settings in (
                ("floor", "bench.floors.booking_settings"),
                ("ours", "config.settings"),
            ):
                if arm in ARMS:
                    bench.servers[arm] = stage.serve(arm, surroundings, settings=settings)
            for kind, arm in product(KINDS, bench.servers):
                bench.run(kind, 4, arm)  # warm
            made: dict[tuple[str, int, str], list[Run]] = {}
            for _repeat, kind, clients, arm in product(range(REPEATS), KINDS, CLIENTS, ARMS):
                made.setdefault((kind, clients, arm), []).append(bench.run(kind, clients, arm))
        finally:
            for server in bench.servers.values():
                server.stop()
    rows = [runs.medians(found) for found in made.values()]
    runs.show(rows, good=201)
    print()
    found = verdicts(rows)
    same = same_rows(bench.row_counts, bench.rows.BESIDES)
    (stage.VAR / "booking.json").write_text(
        json.dumps(
            {
                "targets": found,
                "rows_a_booking": bench.row_counts,
                "medians": [asdict(row) for row in rows],
                "runs": [asdict(run) for group in made.values() for run in group],
            },
            indent=1,
        ),
        encoding="utf-8",
    )
    print(f"\nWritten to {(stage.VAR / 'booking.json').relative_to(stage.ROOT)}")
    return 0 if same and all(one["holds"] for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
