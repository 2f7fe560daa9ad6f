"""How often a code or a student number may be guessed, so that neither can be found out."""

import hashlib
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection, transaction

from attendance.errors.badges import TooManyTries

MISSES = 20
# A room's code is one in a thousand million, and a school has one address: phones that open an old
# code again must not shut the others out.
ROOM_MISSES = 300
WINDOW = timedelta(minutes=10)


def check_may_try(*, address: str, code: str, now: datetime) -> None:
    """Refused after too many misses from the address, or at the badge's code (TooManyTries).

    Only misses count: a whole class may look at its own badges from one address.
    """
    keys = [_key(what, now) for what in (f"address {address}", f"code {code}")]
    if any(misses >= MISSES for misses in cache.get_many(keys).values()):
        raise TooManyTries(minutes=int(WINDOW.total_seconds() // 60))


def check_may_enter(*, address: str, now: datetime) -> None:
    """Refused after too many codes of no room from the address (TooManyTries)."""
    if _misses(f"room {address}", now) >= ROOM_MISSES:
        raise TooManyTries(minutes=int(WINDOW.total_seconds() // 60))


def count_wrong_room_code(*, address: str, now: datetime) -> None:
    """One more code that no room shows."""
    _count(f"room {address}", now)


def check_may_name(*, ticket: str, now: datetime) -> None:
    """Refused after too many unknown badges by one opening of the room's page (TooManyTries)."""
    if _misses(f"ticket {ticket}", now) >= MISSES:
        raise TooManyTries(minutes=int(WINDOW.total_seconds() // 60))


def count_unknown_badge(*, ticket: str, now: datetime) -> None:
    """One more badge that nobody has, by this opening of the room's page."""
    _count(f"ticket {ticket}", now)


def count_unknown_code(*, address: str, now: datetime) -> None:
    """One more code that no badge has."""
    _count(f"address {address}", now)


def count_wrong_number(*, address: str, code: str, now: datetime) -> None:
    """One more student number that is not the badge bearer's."""
    _count_guess(address, code, now)


def count_named_classmate(*, address: str, code: str, now: datetime) -> None:
    """One more text of the bearer's that was refused since it names somebody: the refusal tells
    who is in the class."""
    _count_guess(address, code, now)


def _count_guess(address: str, code: str, now: datetime) -> None:
    _count(f"address {address}", now)
    _count(f"code {code}", now)


def _count(what: str, now: datetime) -> None:
    """Misses at the same moment count one after the other. The database holds them apart: its
    own cache has no counting in one step."""
    key = _key(what, now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
        cache.set(key, _misses(what, now) + 1, timeout=WINDOW.total_seconds())


def _misses(what: str, now: datetime) -> int:
    return int(cache.get(_key(what, now), 0))


def _key(what: str, now: datetime) -> str:
    """Of the window in which ``now`` lies. Neither address nor code is kept in clear."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    return "badge-miss-" + hashlib.sha256(f"{what} {window}".encode()).hexdigest()[:40]
