"""A request sent twice is carried out once, and answered alike."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.actors import Actor
from bookings.errors import KeyMissing, KeyReused
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
    kept, and is judged anew when it comes again. Refused: KeyMissing (empty or too long),
    KeyReused (the same key with other contents).
    """
    if not 0 < len(key) <= KEY_LENGTH:
        raise KeyMissing
    assert by.membership_id is not None
    membership_id = by.membership_id

    def carry_out() -> Answer:
        _wait_for(by, key)
        first = IdempotentAnswer.objects.filter(
            membership_id=membership_id, key=key, made_at__gt=now - KEPT_FOR
        ).first()
        if first is not None:
            if first.digest != digest:
                raise KeyReused
            return Answer(first.status, first.body, is_replay=True)
        answer = work()
        if answer.is_kept:
            IdempotentAnswer.objects.update_or_create(
                membership_id=membership_id,
                key=key,
                defaults={
                    "digest": digest,
                    "status": answer.status,
                    "body": answer.body,
                    "made_at": now,
                },
            )
        return answer

    return in_one_transaction(carry_out)


def purge(*, now: datetime) -> int:
    """Answers older than 24 hours are gone: how many were."""
    old = IdempotentAnswer.objects.filter(made_at__lte=now - KEPT_FOR).order_by("pk")
    gone, _by_model = IdempotentAnswer.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    ).delete()
    return gone


def _wait_for(by: Actor, key: str) -> None:
    """Whoever else sent this key is answered; ours until the transaction ends. First of all
    locks, so it is never waited for with another one in hand."""
    number = int.from_bytes(
        hashlib.sha256(f"{by.membership_id}:{key}".encode()).digest()[:8], "big", signed=True
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
