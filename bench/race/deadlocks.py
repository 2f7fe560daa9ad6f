"""How many deadlocks PostgreSQL saw, by its log and by its statistics; and one made on purpose, so
that a count of none says something."""

import threading
import time
from pathlib import Path

import psycopg

from config import postgres


def tell_all(var: Path) -> None:
    """The log says who waited for whom, with the statements: nobody here is real."""
    with psycopg.connect(postgres.url(var), autocommit=True) as db:
        for name, value in (
            ("log_error_verbosity", "default"),
            ("log_min_error_statement", "error"),
        ):
            db.execute(f"ALTER DATABASE {postgres.DATABASE} SET {name} = '{value}'")


def details(var: Path, since: int) -> list[str]:
    """What the log says of each deadlock after the first ``since``."""
    log = (var / "pg" / "log").read_text(encoding="utf-8", errors="replace")
    return [text[:3000] for text in log.split("ERROR:  deadlock detected")[1 + since :]]


def in_log(var: Path) -> int:
    """Of the log, which a crash does not empty."""
    log = (var / "pg" / "log").read_text(encoding="utf-8", errors="replace")
    return log.count("deadlock detected")


def in_statistics(var: Path) -> int:
    """Of the statistics, which begin anew after each crash."""
    with psycopg.connect(postgres.url(var), autocommit=True) as db:
        found = db.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [postgres.DATABASE]
        ).fetchone()
    assert found is not None
    return int(found[0])


def provoke(var: Path) -> None:
    """Two transactions take two locks crosswise; one of them is ended by PostgreSQL."""
    both_hold_one = threading.Barrier(2)

    def take(first: int, second: int) -> None:
        with psycopg.connect(postgres.url(var)) as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", [first])
            both_hold_one.wait(10)
            try:
                db.execute("SELECT pg_advisory_xact_lock(%s)", [second])
            except psycopg.errors.DeadlockDetected:
                db.rollback()

    threads = [threading.Thread(target=take, args=keys) for keys in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def counters_see(var: Path) -> bool:
    """Whether both counters rise by one for one deadlock."""
    before = in_log(var), in_statistics(var)
    provoke(var)
    # The statistics come a moment later.
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if (in_log(var) - before[0], in_statistics(var) - before[1]) == (1, 1):
            return True
        time.sleep(0.1)
    return False
