"""The export for the school's official record: its columns, and taking it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from insights.choices import Column
from insights.errors import NoColumns, NothingToExport
from insights.models import RecordLayout
from insights.selectors.records import Records, Wanted, records
from rosters.models import ClassGroup


@dataclass(frozen=True, slots=True)
class TakenOut:
    """What one export holds; under its ``number`` the school's log of names read has it."""

    number: int
    records: Records


def check_can_export(actor: Actor) -> None:
    """The school's coordinator: what goes into the record is the school's word."""
    if not actor.is_coordinator:
        raise NotAllowed


def set_layout(*, by: Actor, columns: Sequence[Column], now: datetime) -> RecordLayout:
    """The school's exports have these columns in this order, each once. Refused: NoColumns."""
    check_can_export(by)
    chosen = list(dict.fromkeys(column.value for column in columns))
    if not chosen:
        raise NoColumns
    with transaction.atomic():
        layout, _is_new = RecordLayout.objects.update_or_create(
            school_id=by.organisation_id, defaults={"columns": chosen}
        )
        audit.record(by=by, verb="record.layout_set", now=now, target=layout, columns=chosen)
    return layout


def take_out(
    *,
    by: Actor,
    class_groups: "QuerySet[ClassGroup]",
    wanted: Wanted,
    columns: Sequence[Column],
    file_format: str,
    now: datetime,
) -> TakenOut:
    """The lines to export, and on the record who took out whose: a workbook also names those
    whose lines are left out. ``class_groups`` are the actor's. Refused: NothingToExport, where
    every line would be left out."""
    check_can_export(by)
    found = records(by, class_groups, wanted, now)
    if not found.lines:
        raise NothingToExport
    named = found.lines if file_format == "csv" else (*found.lines, *found.left_out)
    with transaction.atomic():
        (entry,) = audit.record_names_read(
            by=by,
            now=now,
            verb="names.exported",
            context="record_export",
            students={line.student.pk: line.student for line in named}.values(),
        )
        audit.record(
            by=by,
            verb="record.exported",
            now=now,
            number=entry.pk,
            lines=len(found.lines),
            left_out=len(found.left_out),
            columns=[column.value for column in columns],
            format=file_format,
        )
    return TakenOut(entry.pk, found)
