"""What exactly a seal hashes: rows in, hexadecimal SHA-256 out. Nothing here asks the database.

An entry's digest is SHA-256 of the UTF-8 bytes of one JSON array on one line, without spaces and
with non-ASCII characters as they are: the words ``career-classroom`` and the format's number, the
kind, the fields below in their order, and the digest of the free text. Moments are UTC with six
decimals and ``Z``, days ``2026-11-24``, references the other row's key, nothing is ``null``. The
digest of the free text is SHA-256 of the salt, a space and the text; where the text was lawfully
removed it is the one kept of it.

The head of a day is SHA-256 of lines, each ended by a newline: ``career-classroom`` and the
format's number, the day, the head of the day before (an empty line for the first), the number of
entries, and their digests in alphabetical order.

A seal is checked with the format it names for ever: whoever changes a line of ``FIELDS`` makes a
new format beside the old one. Format 2 adds the time by the device's clock to a check-in; where
no device said one it is ``null``.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from attendance.choices import SealedKind
from attendance.models import CheckIn, ConflictDecision, LawfulRemoval
from hours.models import HourCredit, Sealed

FORMAT = 2
PRODUCT = "career-classroom"
NO_SALT = UUID(int=0)
# What stands where a text was removed.
REMOVED = "—"

MODELS: dict[str, type[Sealed]] = {
    SealedKind.LEDGER: HourCredit,
    SealedKind.CHECK_IN: CheckIn,
    SealedKind.REMOVAL: LawfulRemoval,
    SealedKind.DECISION: ConflictDecision,
}
# Columns besides the salt and the free text, by format.
FIELDS: dict[int, dict[str, tuple[str, ...]]] = {
    1: {
        SealedKind.LEDGER: (
            "id",
            "student_id",
            "school_id",
            "session_id",
            "kind",
            "class_hours",
            "revision",
            "reverses_id",
            "rule_version",
            "earned_on",
            "credited_at",
            "credited_by_id",
            "written_at",
        ),
        SealedKind.CHECK_IN: (
            "id",
            "session_id",
            "student_id",
            "place_id",
            "kind",
            "way_in",
            "device_id",
            "voids_id",
            "happened_at",
            "recorded_at",
            "recorded_by_id",
            "written_at",
        ),
        SealedKind.REMOVAL: (
            "id",
            "kind",
            "key",
            "student_id",
            "text_digest",
            "ground",
            "written_at",
        ),
        SealedKind.DECISION: (
            "conflict_id",
            "decision",
            "decided_at",
            "decided_by_id",
            "written_at",
        ),
    },
}
FIELDS[2] = FIELDS[1] | {SealedKind.CHECK_IN: (*FIELDS[1][SealedKind.CHECK_IN], "said_at")}


def text_digest(salt: UUID, text: str) -> str:
    return _sha256(f"{salt} {text}")


def entry_digest(format_: int, kind: str, row: Any, removal: LawfulRemoval | None) -> str:
    """Of one row as it was written; of its text, where that was lawfully removed, by the digest
    kept of it."""
    text = (
        text_digest(row.seal_salt, getattr(row, "reason", ""))
        if removal is None
        else removal.text_digest
    )
    values = [_plain(getattr(row, name)) for name in FIELDS[format_][kind]]
    return _sha256(
        json.dumps(
            [f"{PRODUCT} {format_}", str(kind), *values, text],
            ensure_ascii=False,
            separators=(",", ":"),
        )
    )


def head(format_: int, day: date, previous: str, digests: Iterable[str]) -> str:
    """Of a day, its entries' digests in any order."""
    ordered = sorted(digests)
    lines = [f"{PRODUCT} {format_}", day.isoformat(), previous, str(len(ordered)), *ordered]
    return _sha256("".join(f"{line}\n" for line in lines))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | str) else value


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
