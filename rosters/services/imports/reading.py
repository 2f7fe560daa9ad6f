"""The cluster reads a file: rows, questions and refusals, or the sentence why not."""

import logging
import traceback
from datetime import datetime

from django.db import transaction

from accounts.actors import SYSTEM
from rosters.choices import ImportState
from rosters.errors import FileRefused
from rosters.models import RosterImport
from rosters.parsing import reader
from rosters.parsing.shapes import Reading, SchoolFacts

from . import roster
from .ending import end, locked
from .preview import preview, year_of
from .starting import PASTED

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"


class ReadingStopped(Exception):  # noqa: N818 (not an error: somebody let the file go)
    """The import ended while its file was being read."""


class ReaderBroke(Exception):  # noqa: N818 (named like the refusals, which it is not)
    """The reader met what it did not foresee. Says where, never what the file holds."""


def read(*, import_id: int, now: datetime) -> RosterImport | None:
    """The import asks or is ready, or is over with the reason; None if it was over before.

    Safe to repeat: a file that was being read when a worker died is read again, one that was
    read is left alone. Raises ReaderBroke when the reader crashed: the import is over then too,
    so that nobody waits for it.
    """
    row = _begin(import_id)
    if row is None:
        return None
    facts = roster.facts_of(row.school, year_of(row))
    try:
        reading = _reading(row, facts)
    except ReadingStopped:
        return None
    except FileRefused as refusal:
        return _refuse(row, refusal.code, refusal.facts, now)
    except Exception as error:  # noqa: BLE001 (its text may hold a cell; it is raised without)
        _refuse(row, UNREADABLE, {}, now)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {place.name}, line {place.lineno}"
        logger.error("import %s: %s", import_id, where)
        raise ReaderBroke(where) from None
    return _keep(row, reading, facts, now)


def _begin(import_id: int) -> RosterImport | None:
    with transaction.atomic():
        row = (
            RosterImport.objects.select_for_update(of=("self",))
            .select_related("school")
            .filter(pk=import_id, state__in=(ImportState.WAITING, ImportState.READING))
            .first()
        )
        if row is not None:
            row.state = ImportState.READING
            row.save(update_fields=["state"])
    return row


def _reading(row: RosterImport, facts: SchoolFacts) -> Reading:
    def progress(done: int, total: int) -> None:
        still = RosterImport.objects.filter(pk=row.pk, state=ImportState.READING)
        if not still.update(rows_read=done, rows_total=total):
            raise ReadingStopped

    content = bytes(row.content or b"")
    if row.suffix == PASTED:
        return reader.read_pasted(content.decode(), facts=facts)
    return reader.read_roster(content, row.suffix, facts=facts, progress=progress)


def _keep(
    row: RosterImport, reading: Reading, facts: SchoolFacts, now: datetime
) -> RosterImport | None:
    there = roster.load(row.school_id, facts.school_year, phones=False)
    with transaction.atomic():
        kept = locked(row)
        if kept.state != ImportState.READING:
            return None
        kept.reading = reading.as_json() | {"roster": there.prints}
        kept.roster_digest = there.digest
        kept.rows_read = kept.rows_total = len(reading.rows)
        # Only a copy with the refused cells marked needs the bytes once more.
        if not reading.refusals:
            kept.content = None
        kept.state = preview(kept).state
        kept.save()
    return kept


def _refuse(
    row: RosterImport, code: str, facts: dict[str, object], now: datetime
) -> RosterImport | None:
    numbers = {name: value for name, value in facts.items() if isinstance(value, int)}
    with transaction.atomic():
        kept = locked(row)
        if kept.state != ImportState.READING:
            return None
        return end(kept, ImportState.REFUSED, by=SYSTEM, now=now, code=code, facts=numbers)
