"""Real threads with transactions of their own, held where a race is decided."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

# Only what fails takes that long: the machine may have much else to do.
PATIENCE = 60.0


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or raised; all begin together, each on its own connection."""
    start = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            answers[index] = calls[index]()
        except Exception as error:  # noqa: BLE001  whatever it is, it is the answer
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 3)
    return answers


def before_commit(
    first: Callable[[], Any],
    second: Callable[[], Any],
    then: Callable[[], Any] = lambda: None,
) -> Any:
    """What ``second`` answers when it looked before ``first`` committed: ``first`` is done, and
    commits only when ``second`` waits for it or has answered, and ``then`` is done too."""
    with transaction.atomic():
        first()
        answers: list[Any] = []
        pids: list[int] = []

        def run() -> None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    pids.append(cursor.fetchone()[0])
                answers.append(second())
            except Exception as error:  # noqa: BLE001  whatever it is, it is the answer
                answers.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        until = time.monotonic() + PATIENCE
        while not answers and not _waits(pids) and time.monotonic() < until:
            time.sleep(0.01)
        then()
    thread.join(PATIENCE)
    return answers[0]


def _waits(pids: list[int]) -> bool:
    if not pids:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", pids)
        return bool(cursor.fetchone()[0])
