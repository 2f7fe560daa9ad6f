"""Bringing two transactions into the order in which they hurt each other."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction


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
            deadline = time.monotonic() + 10
            with connection.cursor() as cursor:
                waiting = 0
                while not waiting and time.monotonic() < deadline:
                    cursor.execute(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
                        " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
                    )
                    waiting = cursor.fetchone()[0]
                    time.sleep(0.01)
        return outcome.result(timeout=10)
