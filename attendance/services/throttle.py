"""How often a badge code may be tried from one address, so that codes cannot be guessed."""

import hashlib
from datetime import timedelta

from django.core.cache import cache

from attendance.errors import TooManyTries

TRIES = 20
WINDOW = timedelta(minutes=10)


def count_try(*, address: str, code: str) -> None:
    """One more try from the address, and at the code. Refused: TooManyTries.

    Neither is kept in clear.
    """
    for what in (f"address {address}", f"code {code}"):
        key = "badge-try-" + hashlib.sha256(what.encode()).hexdigest()[:40]
        cache.add(key, 0, timeout=WINDOW.total_seconds())
        try:
            tries = cache.incr(key)
        except ValueError:
            # It ran out between the two calls.
            tries = 1
        if tries > TRIES:
            raise TooManyTries(minutes=int(WINDOW.total_seconds() // 60))
