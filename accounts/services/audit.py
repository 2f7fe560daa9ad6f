"""The audit trail: one entry for each change of state and each reading of names."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.actors import Actor
from accounts.models import AuditEntry


def record(
    *, by: Actor, verb: str, now: datetime, target: Model | None = None, **facts: Any
) -> AuditEntry:
    """One entry, in the caller's transaction: it exists exactly if the change does.

    ``verb`` reads ``thing.done`` (``reservation.made``); ``facts`` are numbers and codes only,
    never a name, address or phone number.
    """
    return AuditEntry.objects.create(
        at=now,
        actor_kind=by.kind,
        membership_id=by.membership_id,
        organisation_id=by.organisation_id,
        verb=verb,
        target=f"{target._meta.label_lower}:{target.pk}" if target is not None else "",
        facts=facts,
    )


def record_names_read(
    *, by: Actor, now: datetime, context: str, count: int, target: Model | None = None
) -> AuditEntry:
    """One entry that students' names were shown or printed: on which page, how many."""
    return record(by=by, verb="names.read", now=now, target=target, context=context, count=count)
