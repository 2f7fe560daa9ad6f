"""A request sent twice is carried out once, and answered alike."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from accounts.actors import Actor
from bookings.errors.basket import KeyMissing, KeyReused
from bookings.models import IdempotentAnswer
from bookings.services.retries import in_one_transaction

KEPT_FOR = timedelta(hours=24)
KEY_LENGTH = 80
PURGED_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered; ``body`` is plain JSON. Only what ``is_kept`` is replayed."""

    status: int
    body: Any
    is_replay: bool = False

    @property
    def is_kept(self) -> bool:
        return self.status < 400


def digest_of(*parts: Any) -> str:
    """A digest of what is asked for, by which a repeated request is known."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def once(*, by: Actor, key: str, digest: str, now: datetime, work: Callable[[], Answer]) -> Answer:
    """What ``work`` answers; sent again within 24 hours under the same key, the first answer.

    The answer is kept in the transaction of the change: there is none without the other. Two
    at once: the second waits for the first. A request that was refused changed nothing, is not
    kept, and is judged anew when it comes again. Refused: KeyMissing (empty, too long, or with
    a NUL, which PostgreSQL does not keep), KeyReused (the same key with other contents).
    """
    if not 0 < len(key) <= KEY_LENGTH or "\0" in key:
        raise KeyMissing
    assert by.membership_id is not None
    membership_id = by.membership_id

    def carry_out() -> Answer:
        own = _make_ours(membership_id, key, digest, now)
        if own is None:
            first = IdempotentAnswer.objects.get(membership_id=membership_id, key=key)
            if first.digest != digest:
                raise KeyReused
            return Answer(first.status, first.body, is_replay=True)
        answer = work()
        _keep(own, answer)
        return answer

    return in_one_transaction(carry_out)


def purge(*, now: datetime) -> int:
    """Answers older than 24 hours are gone: how many were."""
    old = IdempotentAnswer.objects.filter(made_at__lte=now - KEPT_FOR)
    # Asked again by the DELETE: one of them may just have been made anew.
    gone, _by_model = old.filter(
        pk__in=list(old.order_by("pk").values_list("pk", flat=True)[:PURGED_AT_ONCE])
    ).delete()
    return gone


# Whoever else sent this key in the same moment has committed, or taken everything back, before
# PostgreSQL answers. First of all locks, so it is never waited for with another one in hand.
MAKE_OURS = """
INSERT INTO bookings_idempotentanswer AS old (membership_id, key, digest, status, body, made_at)
VALUES (%(membership)s, %(key)s, %(digest)s, 0, 'null', %(now)s)
ON CONFLICT (membership_id, key) DO UPDATE
SET digest = excluded.digest, status = 0, body = 'null', made_at = excluded.made_at
WHERE old.made_at <= %(too_old)s
RETURNING id
"""


KEEP = "UPDATE bookings_idempotentanswer SET status = %s, body = %s WHERE id = %s"


def _make_ours(membership_id: int, key: str, digest: str, now: datetime) -> int | None:
    """The row in which our answer will stand; None where a first answer stands in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            MAKE_OURS,
            {
                "membership": membership_id,
                "key": key,
                "digest": digest,
                "now": now,
                "too_old": now - KEPT_FOR,
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _keep(own: int, answer: Answer) -> None:
    """The answer stands in our row; what is not kept leaves no row."""
    if not answer.is_kept:
        IdempotentAnswer.objects.filter(pk=own).delete()
        return
    body = json.dumps(answer.body, cls=DjangoJSONEncoder)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [answer.status, body, own])
