"""One transaction, tried again when PostgreSQL asks for it."""

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from bookings.errors import TooManyChangesAtOnce

Answer = TypeVar("Answer")

# deadlock_detected, serialization_failure
TRY_AGAIN = frozenset({"40P01", "40001"})


def in_one_transaction(work: Callable[[], Answer]) -> Answer:
    """What ``work`` returns, done whole or not at all.

    A deadlock or serialisation failure is tried once more; a second one becomes a refusal that
    asks the person to try again. Inside a transaction of the caller nothing is retried, since
    the caller's is the one that failed.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return work()
    try:
        return _whole(work)
    except OperationalError as error:
        if not _asks_again(error):
            raise
    try:
        return _whole(work)
    except OperationalError as error:
        if not _asks_again(error):
            raise
        raise TooManyChangesAtOnce from error


def _whole(work: Callable[[], Answer]) -> Answer:
    with transaction.atomic():
        return work()


def _asks_again(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in TRY_AGAIN
