"""``python -m bench.checkin``: every arm in turn, three times; the medians as a table.

Single check-ins at a hundred doors (spread) and all at one (hot) by the web API's key, and batches
of five hundred by devices, each through the real server beside (b) the smallest view that
authenticates the same way and writes the same rows, and (a) PostgreSQL alone. Then how many
queries it takes to close a session of forty, and what a badge's page asks and sends.

``SECONDS`` (2) of each run, ``REPEATS`` (3), ``CLIENTS`` (1,8,32), ``ARMS`` (postgres,floor,ours)
and ``KINDS`` (hot,spread,batch) make it shorter.
"""

import json
import os
import shutil
import sys
from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING

import django
import psutil
from django.core.management import call_command
from django.utils import timezone

from bench import runs
from bench.booking import stage
from bench.runs import Run

if TYPE_CHECKING:
    from bench.checkin import asides

SECONDS = float(os.environ.get("SECONDS", "2"))
REPEATS = int(os.environ.get("REPEATS", "3"))
CLIENTS = [int(one) for one in os.environ.get("CLIENTS", "1,8,32").split(",")]
ARMS = os.environ.get("ARMS", "postgres,floor,ours").split(",")
KINDS = os.environ.get("KINDS", "hot,spread,batch").split(",")
# (b) is the smallest Django view: at least this part of its requests a second.
RATE = {"hot": 0.60, "spread": 0.60, "batch": 0.50}
GOOD = {"hot": 201, "spread": 201, "batch": 200}
VAR = stage.VAR / "checkin"


class Bench:
    def __init__(self, postmaster: psutil.Process) -> None:
        # Only now are the settings those of the environment.
        from bench.checkin import asking, world  # noqa: PLC0415

        self.rows = world
        self.postmaster = postmaster
        known = VAR / "world.json"
        if not known.exists():
            print("Building doors, students, places and devices …", flush=True)
            world.build(timezone.now()).save(known)
        self.world = world.World.load(known)
        self.asking = asking.Asking(self.world)
        self.servers: dict[str, stage.Server] = {}
        self.row_counts: dict[str, dict[str, dict[str, float]]] = {}

    def run(self, kind: str, clients: int, arm: str) -> Run:
        self.rows.clear()
        before = self.rows.counts()
        fsync = stage.fsync_milliseconds(VAR)
        if arm == "postgres":
            took = self._pgbench(kind, clients)
        else:
            took = self._http(kind, clients, self.servers[arm])
        after = self.rows.counts()
        # A batch is as good as the events it brought in.
        share = self.rows.EVENTS if kind == "batch" else 1
        done = after["attendance_checkin"] / share
        self.row_counts.setdefault("batch" if kind == "batch" else "single", {})[arm] = {
            name: round((after[name] - before[name]) / done, 3) for name in after
        }
        return Run.of(kind, clients, arm, took, done=round(done), fsync=fsync)

    def counted(self) -> list["asides.Counted"]:
        from bench.checkin import asides  # noqa: PLC0415

        return asides.counted(self.world, self.servers["ours"].port)

    def _http(self, kind: str, clients: int, server: stage.Server) -> runs.Took:
        requests = (
            self.asking.batches(timezone.now()) if kind == "batch" else self.asking.singles(kind)
        )
        asked = {
            "port": server.port,
            "clients": clients,
            "seconds": SECONDS,
            "requests": list(requests),
        }
        return runs.over_http("bench.checkin.client", asked, server, self.postmaster, GOOD[kind])

    def _pgbench(self, kind: str, clients: int) -> runs.Took:
        rows, world = self.rows, self.world
        by = {"member": world.member, "host": world.host}
        if kind == "batch":
            script, most = "checkin_batch.sql", rows.BATCHES
            by |= {"first_device": world.first_device, "first_session": world.first_batch_door}
        else:
            script, most = "checkin.sql", rows.SINGLE
            by |= {
                "first_place": world.first_hot_place if kind == "hot" else world.first_place,
                "doors": 1 if kind == "hot" else rows.CLASSES,
                "places_each": rows.SINGLE if kind == "hot" else rows.STUDENTS,
            }
        return runs.by_pgbench(
            script, by, self.postmaster, clients=clients, transactions=most // clients, var=VAR
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
        holds = rate >= RATE[kind]
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
            f"{kind:7}{clients:>3} clients: {rate:.0%} of (b)'s a second (target"
            f" {RATE[kind]:.0%}), p95 {tail:.2f} times (b)'s  {'holds' if holds else 'MISSED'}"
        )
    return found


def same_rows(what: str, counts: dict[str, dict[str, float]]) -> bool:
    """Whether all arms wrote as many of each."""
    print(f"\nRows of a {what}:")
    for name in next(iter(counts.values())):
        print(
            f"  {name:28}" + "".join(f"{arm} {found[name]:<12g}" for arm, found in counts.items())
        )
    first, *others = counts.values()
    same = all(one == first for one in others)
    print("  the same in all arms" if same else "  NOT THE SAME in all arms")
    return same


def main() -> int:
    surroundings = stage.environment(VAR)
    os.environ.update(surroundings, DJANGO_SETTINGS_MODULE="config.settings")
    django.setup()
    from bench.checkin import world  # noqa: PLC0415  (Django has to be set up first)

    if world.is_stale(VAR / "world.json", timezone.now()):
        stage.postgres.stop(VAR)
        shutil.rmtree(VAR)
    stage.VAR.mkdir(parents=True, exist_ok=True)
    with stage.database(VAR) as postmaster:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not (VAR / "static").exists():
            call_command("collectstatic", interactive=False, verbosity=0)
        bench = Bench(postmaster)
        made: dict[tuple[str, int, str], list[Run]] = {}
        try:
            for arm, settings in (
                ("floor", "bench.floors.checkin_settings"),
                ("ours", "config.settings"),
            ):
                if arm in ARMS:
                    bench.servers[arm] = stage.serve(arm, surroundings, settings=settings)
            for kind, arm in product(KINDS, bench.servers):
                bench.run(kind, 4, arm)  # warm
            for _repeat, kind, clients, arm in product(range(REPEATS), KINDS, CLIENTS, ARMS):
                made.setdefault((kind, clients, arm), []).append(bench.run(kind, clients, arm))
            bench.rows.clear()
            counted = bench.counted() if "ours" in bench.servers else []
        finally:
            for server in bench.servers.values():
                server.stop()
    rows = [runs.medians(found) for found in made.values()]
    for good in sorted({GOOD[kind] for kind in KINDS}, reverse=True):
        runs.show([row for row in rows if GOOD[row.kind] == good], good=good)
        print()
    found = verdicts(rows)
    same = [same_rows(what, counts) for what, counts in bench.row_counts.items()]
    (VAR / "checkin.json").write_text(
        json.dumps(
            {
                "targets": found,
                "counted": [asdict(one) | {"holds": one.holds} for one in counted],
                "rows": bench.row_counts,
                "medians": [asdict(row) for row in rows],
                "runs": [asdict(run) for group in made.values() for run in group],
            },
            indent=1,
        ),
        encoding="utf-8",
    )
    print(f"\nWritten to {(VAR / 'checkin.json').relative_to(stage.ROOT)}")
    holds = all(one["holds"] for one in found) and all(one.holds for one in counted)
    return 0 if holds and all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
