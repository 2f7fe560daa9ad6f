"""``python -m bench.race``: sixteen clients at random, first in peace, then among kill -9 of web
server, cluster and PostgreSQL; afterwards the rows are recomputed.

``SECONDS`` (60) of each half, ``SEED`` (1), ``CLIENTS`` (16). Traffic stays on this machine. Ends
with 1 where anything was found.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psutil
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from bench.booking import stage
from config import postgres

SECONDS = float(os.environ.get("SECONDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
CLIENTS = int(os.environ.get("CLIENTS", "16"))
KILL_EVERY = 4.0
VAR = stage.ROOT / "var" / "race"
# What a web server answers while PostgreSQL is down, and so long after, is not held against it.
GRACE = 3.0


class Servers:
    """The processes that are killed; each is up again before the next one falls."""

    def __init__(self, surroundings: dict[str, str]) -> None:
        self.surroundings = surroundings
        self.port = stage.free_port()
        self.killed: Counter[str] = Counter()
        self.down: list[tuple[float, float]] = []
        self.start_web()
        self.start_cluster()

    def start_web(self) -> None:
        self.web = stage.serve(
            "web", self.surroundings, settings="config.settings", port=self.port
        ).process

    def start_cluster(self) -> None:
        self.cluster = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=stage.ROOT,
            env=self.surroundings,
            stdout=(VAR / "cluster.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self, which: str) -> None:
        begun = time.monotonic()
        self.killed[which] += 1
        if which == "web server":
            _kill(psutil.Process(self.web.pid))
            self.web.wait()
            self.start_web()
        elif which == "cluster":
            _kill(psutil.Process(self.cluster.pid))
            self.cluster.wait()
            self.start_cluster()
        else:
            _kill(stage.postmaster(VAR))
            for _attempt in range(50):
                try:
                    postgres.start(VAR)
                    break
                except Exception:  # noqa: BLE001  the dead one's memory is not free yet
                    time.sleep(0.2)
            self.down.append((begun, time.monotonic() + GRACE))

    def stop(self) -> None:
        for process in (self.web, self.cluster):
            with_children = psutil.Process(process.pid)
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                _kill(with_children)
                process.wait()


def _kill(process: psutil.Process) -> None:
    """kill -9 of it and of its children, which are ours."""
    family = [process, *process.children(recursive=True)]
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=5)


@contextmanager
def running(ground, notes, servers: Servers, seed: int) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Half of the clients go by the services, half by HTTP, until the time is over."""
    from bench.race import clients  # noqa: PLC0415  needs Django set up

    until = time.monotonic() + SECONDS
    threads = [
        clients.ServiceClient(ground, notes, seed * 1000 + number, until)
        if number % 2
        else clients.WebClient(
            ground, notes, seed * 1000 + number, until, port=lambda: servers.port
        )
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(timeout=SECONDS + 60)


def settle(ground, notes, servers: Servers) -> None:  # type: ignore[no-untyped-def]
    """What got no answer is asked again with its key, as clients do; the queue runs empty."""
    from bench.race import clients  # noqa: PLC0415
    from notifications.choices import DeliveryState  # noqa: PLC0415
    from notifications.models import Delivery  # noqa: PLC0415

    again: Counter[str] = Counter()
    for key, (school, asked) in list(notes.unanswered.items()):
        try:
            made = clients.ask(
                servers.port, "POST", "/api/v1/reservations/", school.secret, asked, key, notes
            )
        except clients.Told as refusal:
            again[refusal.code] += 1
        else:
            notes.confirmed[key] = made["id"]
            again["made, once"] += 1
        del notes.unanswered[key]
    print(f"  asked again for want of an answer: {dict(again) or 'nothing'}")
    for _second in range(90):
        waiting = Delivery.objects.filter(state=DeliveryState.WAITING).count()
        if not waiting:
            break
        time.sleep(1)
    print(
        f"  mails still waiting after a minute and a half: {waiting}"
        if waiting
        else "  all mails left"
    )


def check(ground, notes, servers: Servers) -> list[str]:  # type: ignore[no-untyped-def]
    """What does not agree with what the clients were told, or with itself."""
    from django.db.models import Count  # noqa: PLC0415

    from bookings.models import Booking, Reservation  # noqa: PLC0415
    from insights.selectors import invariants  # noqa: PLC0415
    from notifications.models import Message  # noqa: PLC0415

    found = invariants.findings()
    keys = Counter(Reservation.objects.values_list("idempotency_key", flat=True))
    found += [f"key {key} made {number} reservations" for key, number in keys.items() if number > 1]
    by_key = dict(Reservation.objects.values_list("idempotency_key", "pk"))
    found += [
        f"reservation {pk}, confirmed to a client, is lost"
        for key, pk in notes.confirmed.items()
        if by_key.get(key) != pk
    ]
    for kind in ("booking_confirmed", "booking_cancelled"):
        twice = (
            Message.objects.filter(kind=kind)
            .exclude(calendar="")
            .values("recipient", "path")
            .annotate(number=Count("pk"))
            .exclude(number=1)
        )
        found += [f"{kind} {row['path']}: told {row['number']} times" for row in twice]
        told = set(
            Message.objects.filter(kind=kind).exclude(calendar="").values_list("path", flat=True)
        )
        bookings = Booking.objects.all()
        if kind == "booking_cancelled":
            bookings = bookings.filter(state="cancelled")
        missing = {f"/trips/{pk}/" for pk in bookings.values_list("pk", flat=True)} - told
        found += [f"{kind} {path}: told nobody" for path in sorted(missing)]
    excused = [
        what
        for when, what in notes.wrong
        if what.startswith("HTTP") and any(a <= when <= b for a, b in servers.down)
    ]
    if excused:
        print(f"  5xx while PostgreSQL was down: {dict(Counter(excused))}")
    found += [
        what
        for when, what in notes.wrong
        if not (what.startswith("HTTP") and any(a <= when <= b for a, b in servers.down))
    ]
    return found


def report(notes, heading: str) -> None:  # type: ignore[no-untyped-def]
    print(f"\n{heading}")
    print(f"  done: {dict(notes.done.most_common())}")
    print(f"  refused: {dict(notes.refused.most_common())}")
    if notes.dead:
        print(f"  a dead server refused: {dict(notes.dead.most_common())}")
    print(f"  reservations confirmed to clients: {len(notes.confirmed)}")


def race(surroundings: dict[str, str]) -> list[str]:
    from bench.race import clients, place  # noqa: PLC0415  needs Django set up

    ground = place.build(timezone.now())
    connections.close_all()
    servers = Servers(surroundings)
    found: list[str] = []
    try:
        for half, kills in (("In peace", False), ("Under kill -9", True)):
            notes = clients.Notes()
            draw = random.Random(SEED + kills)  # noqa: S311  repeatable on purpose
            with running(ground, notes, servers, SEED + kills):
                until = time.monotonic() + SECONDS - KILL_EVERY
                while kills and time.monotonic() < until:
                    time.sleep(KILL_EVERY / 2)
                    servers.kill(draw.choice(("web server", "cluster", "PostgreSQL")))
            connections.close_all()
            report(notes, f"{half}: {CLIENTS} clients, {SECONDS:g} s, seed {SEED}")
            if kills:
                print(f"  killed: {dict(servers.killed)}")
            settle(ground, notes, servers)
            wrong = check(ground, notes, servers)
            print(f"  found: {len(wrong)}")
            for sentence, number in Counter(wrong).most_common(20):
                print(f"    {sentence}" + (f" ({number} times)" if number > 1 else ""))
            found += wrong
    finally:
        servers.stop()
    deadlocks = sum(
        log.read_text(encoding="utf-8", errors="replace").count("deadlock detected")
        for log in Path(VAR).glob("pg/log*")
        if log.is_file()
    )
    print(f"\nDeadlocks that PostgreSQL resolved and a service tried again: {deadlocks}")
    return found


def main() -> int:
    # Left by a run that was killed itself.
    if VAR.exists():
        postgres.stop(VAR)
        shutil.rmtree(VAR)
    surroundings = stage.environment(VAR)
    os.environ.update(surroundings, DJANGO_SETTINGS_MODULE="config.settings")
    with stage.database(VAR):
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        found = race(surroundings)
    print("\nNothing is broken." if not found else f"\n{len(found)} findings.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
