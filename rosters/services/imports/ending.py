"""How an import ends, and that nothing of the file is left when it has."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import SYSTEM, Actor
from accounts.services import audit
from rosters.choices import IMPORT_TRANSITIONS, ImportState
from rosters.errors import ImportOver
from rosters.models import RosterImport
from rosters.services.classes import check_can_manage

EXPIRE_AT_MOST = 500


def locked(roster_import: RosterImport) -> RosterImport:
    """The row, nobody else's until the transaction ends."""
    return RosterImport.objects.select_for_update(of=("self",)).get(pk=roster_import.pk)


def check_is_open(roster_import: RosterImport, now: datetime) -> None:
    """Refused: ImportOver, also in the minutes until an expired one is swept away."""
    if not roster_import.is_open or roster_import.expires_at <= now:
        raise ImportOver


def end(
    row: RosterImport, state: ImportState, *, by: Actor, now: datetime, **summary: Any
) -> RosterImport:
    """The locked row is over: bytes, rows and answers are gone, one audit entry is written."""
    assert state in IMPORT_TRANSITIONS[ImportState(row.state)]
    row.state = state
    row.ended_at = now
    row.content = row.reading = None
    row.answers = {}
    row.summary = summary
    row.save(update_fields=["state", "ended_at", "content", "reading", "answers", "summary"])
    facts: dict[str, Any] = {
        name: value for name, value in summary.items() if isinstance(value, int)
    }
    audit.record(by=by, verb=f"import.{state}", now=now, target=row, **facts)
    return row


def drop(*, by: Actor, roster_import: RosterImport, now: datetime) -> RosterImport:
    """The file is forgotten, the roster stays. Dropping twice changes nothing.

    Refused: ImportOver for one that ended otherwise.
    """
    check_can_manage(by, roster_import.school_id)
    with transaction.atomic():
        row = locked(roster_import)
        if row.state == ImportState.DROPPED:
            return row
        if not row.is_open:
            raise ImportOver
        return end(row, ImportState.DROPPED, by=by, now=now)


def expire(*, now: datetime) -> int:
    """Forgets every file that nobody confirmed within its hour; says how many."""
    with transaction.atomic():
        due = list(
            RosterImport.objects.open()
            .filter(expires_at__lte=now)
            .order_by("pk")
            .select_for_update(skip_locked=True, of=("self",))[:EXPIRE_AT_MOST]
        )
        for row in due:
            end(row, ImportState.EXPIRED, by=SYSTEM, now=now)
    return len(due)
