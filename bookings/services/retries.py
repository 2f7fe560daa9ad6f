"""One transaction, tried again when PostgreSQL asks for it."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from bookings.errors.requests import TooManyChangesAtOnce

Answer = TypeVar("Answer")


class LookAgainError(Exception):
    """Under its locks the work sees more than it has locked: from the beginning, please."""


# Whether the transaction under way is one that begins again.
_is_outermost_ours: ContextVar[bool] = ContextVar("is_outermost_ours", default=False)

# deadlock_detected, serialization_failure
TRY_AGAIN = frozenset({"40P01", "40001"})


def in_one_transaction(work: Callable[[], Answer]) -> Answer:
    """What ``work`` returns, done whole or not at all.

    A deadlock or serialisation failure is tried once more, and what asks to look again; a second
    one becomes a refusal that asks the person to try again. Inside a transaction of the caller
    nothing is retried, since the caller's is the one that failed: the outermost of ours begins
    again, and where there is none that is a refusal too.
    """
    if connection.in_atomic_block:
        try:
            return _whole(work)
        except LookAgainError as error:
            if _is_outermost_ours.get():
                raise
            raise TooManyChangesAtOnce from error
    ours = _is_outermost_ours.set(True)
    try:
        return _tried_twice(work)
    finally:
        _is_outermost_ours.reset(ours)


def _tried_twice(work: Callable[[], Answer]) -> Answer:
    try:
        return _whole(work)
    except (OperationalError, LookAgainError) as error:
        if not _asks_again(error):
            raise
    try:
        return _whole(work)
    except (OperationalError, LookAgainError) as error:
        if not _asks_again(error):
            raise
        raise TooManyChangesAtOnce from error


def _whole(work: Callable[[], Answer]) -> Answer:
    with transaction.atomic():
        return work()


def _asks_again(error: OperationalError | LookAgainError) -> bool:
    return (
        isinstance(error, LookAgainError) or getattr(error.__cause__, "sqlstate", None) in TRY_AGAIN
    )
