"""``python -m bench.race``: sixteen clients at random, first in peace, then among kill -9 of web
server, queue cluster and PostgreSQL; afterwards the rows are recomputed.

``SECONDS`` (60) of each half, ``SEED`` (1), ``CLIENTS`` (16). Traffic stays on this machine. Ends
with 1 where anything was found.
"""

import io
import os
import random
import shutil
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import ExitStack

import django
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from bench.booking import stage
from config import postgres

SECONDS = float(os.environ.get("SECONDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
CLIENTS = int(os.environ.get("CLIENTS", "16"))
# Each server falls at least so often.
KILLS = 2
# The clients work between two kills.
PAUSE = max(2.0, SECONDS / 15)


def say(text: str = "") -> None:
    print(text, flush=True)


def half(ground, servers, *, kills: bool) -> list[str]:  # type: ignore[no-untyped-def]
    """What is found after one half. Half of the clients go by the services, half by HTTP."""
    from bench.race import by_http, by_services, checking, clients, settling  # noqa: PLC0415

    notes = clients.Notes()
    over = threading.Event()
    seed = SEED + kills
    threads = [
        by_services.ServiceClient(ground, notes, seed * 1000 + number, over)
        if number % 2
        else by_http.WebClient(ground, notes, seed * 1000 + number, over, port=lambda: servers.port)
        for number in range(CLIENTS)
    ]
    begun = time.monotonic()
    say(f"\n{'Under kill -9' if kills else 'In peace'}: {CLIENTS} clients, seed {SEED}")
    for thread in threads:
        thread.start()
    with ExitStack() as stack:
        stack.callback(over.set)
        if kills:
            _kill(servers, begun, random.Random(seed))  # noqa: S311  repeatable on purpose
        while time.monotonic() - begun < SECONDS:
            time.sleep(0.2)
    for thread in threads:
        thread.join(timeout=60)
    found = [f"{thread.way} client {thread.name} hangs" for thread in threads if thread.is_alive()]
    servers.look_after()
    _report(notes, time.monotonic() - begun)
    if kills:
        _report_kills(notes, servers)
    if kills or notes.unanswered:
        say(f"  asked again with the same key: {_listed(settling.ask_again(notes, servers))}")
    found += settling.queue_runs_empty()
    found += checking.findings(notes, servers)
    servers.wrong.clear()
    say(f"  found: {len(found)}")
    for sentence, number in Counter(found).most_common(20):
        say(f"    {sentence}" + (f" ({number} times)" if number > 1 else ""))
    connections.close_all()
    return found


def _kill(servers, begun: float, draw: random.Random) -> None:  # type: ignore[no-untyped-def]
    """All three in turn, in another order each time, until time is up; each at least twice."""
    from bench.race.servers import KINDS  # noqa: PLC0415

    rounds = 0
    while rounds < KILLS or time.monotonic() - begun < SECONDS - PAUSE:
        for which in draw.sample(KINDS, len(KINDS)):
            time.sleep(PAUSE)
            at = time.monotonic() - begun
            say(f"  {at:5.1f} s  kill -9 {which}: up again after {servers.kill(which):.1f} s")
        rounds += 1


def _report(notes, seconds: float) -> None:  # type: ignore[no-untyped-def]
    codes: dict[str, Counter[str]] = {}
    for (action, code), number in notes.refused.items():
        codes.setdefault(action, Counter())[code] += number
    say(f"  {seconds:.0f} s     services     HTTP  refused")
    for action in sorted({action for _way, action in notes.done} | codes.keys()):
        refused = codes.get(action, Counter())
        say(
            f"  {action:17}"
            f"{notes.done['services', action]:6}{notes.done['HTTP', action]:9}{refused.total():9}"
            f"  {_listed(refused) if refused else ''}"
        )
    refusals = Counter(code for (_action, code) in notes.refused.elements())
    say(f"  done {notes.done.total()}, refused {refusals.total()}: {_listed(refusals)}")
    say(f"  reservations confirmed to clients: {len(notes.confirmed)}")


def _report_kills(notes, servers) -> None:  # type: ignore[no-untyped-def]
    say(f"  killed and started again: {_listed(servers.killed)}")
    dead = Counter(f"{one.what} ({one.server})" for one in notes.gone)
    say(f"  no answer from a dead server: {dead.total()}: {_listed(dead)}")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.most_common()) or "nothing"


def race(surroundings: dict[str, str]) -> list[str]:
    from bench.race import deadlocks, place  # noqa: PLC0415  needs Django set up
    from bench.race.servers import VAR, Servers  # noqa: PLC0415

    found: list[str] = []
    ground = place.build(timezone.now())
    connections.close_all()
    deadlocks.tell_all(VAR)
    if deadlocks.counters_see(VAR):
        say("One deadlock made on purpose: PostgreSQL's log and its statistics count it.")
    else:
        found.append("a deadlock made on purpose is not counted")
    before = deadlocks.in_log(VAR)
    servers = Servers(surroundings)
    try:
        for kills in (False, True):
            found += half(ground, servers, kills=kills)
            seen = deadlocks.details(VAR, before)
            before += len(seen)
            say(f"  deadlocks in PostgreSQL's log: {len(seen)}")
            for text in seen[:3]:
                say(textwrap.indent(text, "    "))
            found += ["a deadlock"] * len(seen)
        found += [
            f"the {which} was killed {number} times only"
            for which, number in servers.killed.items()
            if number < KILLS
        ]
    finally:
        servers.stop()
    return found


def main() -> int:
    var = stage.ROOT / "var" / "race"
    # Left by a run that was killed itself.
    if var.exists():
        postgres.stop(var)
        shutil.rmtree(var)
    surroundings = stage.environment(var)
    os.environ.update(surroundings, DJANGO_SETTINGS_MODULE="config.settings")
    with stage.database(var):
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("ensure_schedules", stdout=io.StringIO())
        call_command("collectstatic", interactive=False, verbosity=0)
        found = race(surroundings)
    say("\nNothing is broken." if not found else f"\n{len(found)} findings.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
