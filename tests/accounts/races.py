"""Bringing two transactions into the order in which they hurt each other."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

# Only what fails takes that long: the machine may have much else to do.
PATIENCE = 60.0


# Locks are looked up anew each time, which the list of connections is not in one transaction.
WAITING = """
    SELECT FROM pg_locks AS waiting JOIN pg_locks AS held USING (pid)
    WHERE NOT waiting.granted
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    LIMIT 1
"""


def until_somebody_waits() -> None:
    """Some connection to this database, not to another process's, waits for a lock."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchall():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def while_uncommitted(write: Callable[[], object], act: Callable[[], str]) -> str:
    """What ``act`` gives in another process's place: it has looked and waits at the insert while
    ``write`` is not committed, then it is.
    """

    def elsewhere() -> str:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            write()
            outcome = pool.submit(elsewhere)
            until_somebody_waits()
        return outcome.result(timeout=PATIENCE)
