"""Confirming an import: what the preview showed is written, whole or not at all."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.actors import Actor
from accounts.models import Organisation
from rosters.choices import ChangeKind, ImportState
from rosters.differences import Line
from rosters.errors import ImportNotRead, RosterChangedMeanwhile
from rosters.models import (
    ClassGroup,
    GuardianPhone,
    RosterChange,
    RosterImport,
    Student,
    phone_owner,
)
from rosters.parsing.shapes import ClassName
from rosters.pinyin import initials_of
from rosters.sealing import seal
from rosters.services.classes import check_can_manage

from . import states
from .ending import check_is_open, end, locked
from .preview import preview, year_of
from .roster import entry_year_of, name_of, stage_of

# Above every real seat number: where students wait while seats are given anew.
PARKING = 16_000
BATCH = 5_000
CHANGED_FIELDS = ("class_group", "name", "student_no", "seat_no", "initials", "left_at")
# What somebody can still break who added a class or student after we looked.
RACED = ("student_no_once", "student_seat_once", "class_once_per_school")


def confirm(*, by: Actor, roster_import: RosterImport, digest: str, now: datetime) -> RosterImport:
    """The roster is as the preview showed it; the file is forgotten. Confirming twice changes
    nothing, nor does a file that changes nothing.

    ``digest`` is that of the preview the person saw. Refused: ImportOver, ImportNotRead,
    ImportHasRefusals, ImportHasQuestions; RosterChangedMeanwhile when the roster is no longer
    the one of that preview.
    """
    check_can_manage(by, roster_import.school_id)
    try:
        with transaction.atomic():
            row = locked(roster_import)
            if row.state == ImportState.CONFIRMED:
                return row
            check_is_open(row, now)
            if row.reading is None:
                raise ImportNotRead
            return _write(row, by=by, digest=digest, now=now)
    except IntegrityError as error:
        if any(name in str(error) for name in RACED):
            raise RosterChangedMeanwhile from error
        raise


def _write(row: RosterImport, *, by: Actor, digest: str, now: datetime) -> RosterImport:
    # Imports of one school wait for each other; then, as everywhere, classes before students.
    Organisation.objects.select_for_update(no_key=True).get(pk=row.school_id)
    groups = list(
        ClassGroup.objects.filter(school_id=row.school_id)
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    shown = preview(row, lock=True)
    shown.check_is_ready()
    # It may have asked when it was last looked at, and the roster have answered since.
    row.state = ImportState.READY
    if digest != shown.digest:
        raise RosterChangedMeanwhile
    assert shown.differences is not None
    year = year_of(row)
    ids, new, reopened = _classes(row, groups, shown.differences.classes, year)
    changes = shown.differences.changes
    joined = _joined(changes)
    made = _students(row, changes, ids, joined, now)
    _remember(row, changes, made, _phones(changes, made), joined)
    counts = shown.differences.counts()
    return end(
        row,
        ImportState.CONFIRMED,
        by=by,
        now=now,
        **{kind: count for kind, count in counts.items() if kind != "doubtful"},
        new_classes=new,
        reopened_classes=reopened,
    )


def _classes(
    row: RosterImport, groups: Iterable[ClassGroup], wanted: Iterable[ClassName], year: int
) -> tuple[dict[ClassName, int], list[int], dict[str, str]]:
    """The keys of all classes by name, those that are new, and those open again with when they
    had been archived."""
    known = {name: group for group in groups if (name := name_of(group, year)) is not None}
    missing = sorted(name for name in wanted if name not in known)
    made = ClassGroup.objects.bulk_create(
        ClassGroup(
            school_id=row.school_id,
            stage=stage_of(name.grade),
            entry_year=entry_year_of(name.grade, year),
            number=name.number,
        )
        for name in missing
    )
    archived = [
        known[name]
        for name in sorted(wanted)
        if name in known and known[name].archived_at is not None
    ]
    reopened = {
        str(group.pk): group.archived_at.isoformat() for group in archived if group.archived_at
    }
    if archived:
        ClassGroup.objects.filter(pk__in=[group.pk for group in archived]).update(archived_at=None)
    ids = {name: group.pk for name, group in known.items()}
    ids.update({name: group.pk for name, group in zip(missing, made, strict=True)})
    return ids, [group.pk for group in made], reopened


def _students(
    row: RosterImport,
    changes: Iterable[Line],
    ids: dict[ClassName, int],
    joined: Collection[int],
    now: datetime,
) -> list[Student]:
    """Writes the students; returns them in the order of the changes.

    Seats and numbers may go round in a circle. Those given up are set free first, so that no
    step ever has two students of a class on one seat.
    """
    rows = [_as_row(row, line, ids, now) for line in changes]
    left, seats, numbers, changed, new = [], [], [], [], []
    for line, student in zip(changes, rows, strict=True):
        if line.known is None:
            new.append(student)
        elif line.kind == ChangeKind.LEFT:
            left.append(student.pk)
        else:
            changed.append(student)
            is_seated_anew = (line.known.class_name, line.known.seat_no) != (
                line.class_name,
                line.seat_no,
            )
            if line.known.is_current and is_seated_anew:
                seats.append(student.pk)
            if line.known.student_no != line.student_no:
                numbers.append(student.pk)
    if left:
        Student.objects.filter(pk__in=left).update(left_at=now)
    if seats:
        Student.objects.filter(pk__in=seats).update(seat_no=F("seat_no") + PARKING)
    if numbers:
        Student.objects.filter(pk__in=numbers).update(student_no="")
    if changed:
        Student.objects.bulk_create(
            changed,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=CHANGED_FIELDS,
        )
    if joined:
        # Whoever came into a class is offered for the trips it has booked before.
        Student.objects.filter(pk__in=joined).update(joined_at=now)
    Student.objects.bulk_create(new, batch_size=BATCH)
    return rows


def _joined(changes: Iterable[Line]) -> dict[int, datetime]:
    """Who comes into another class, or back into hers, and when she came into the one before."""
    keys = [
        line.known.pk
        for line in changes
        if line.known is not None and line.kind in (ChangeKind.MOVED, ChangeKind.BACK)
    ]
    return dict(Student.objects.filter(pk__in=keys).values_list("pk", "joined_at"))


def _as_row(row: RosterImport, line: Line, ids: dict[ClassName, int], now: datetime) -> Student:
    assert line.class_name is not None
    return Student(
        pk=line.known.pk if line.known else None,
        school_id=row.school_id,
        class_group_id=ids[line.class_name],
        name=line.name,
        student_no=line.student_no,
        seat_no=line.seat_no,
        initials=initials_of(line.name) if line.kind != ChangeKind.LEFT else "",
        joined_at=now,
        left_at=now if line.kind == ChangeKind.LEFT else None,
    )


def _phones(changes: Iterable[Line], students: Iterable[Student]) -> dict[int, bytes]:
    """Seals the guardians' telephones that the file gives anew; returns those they replace."""
    rows = [
        GuardianPhone(
            student_id=student.pk,
            sealed=seal(line.guardian_phone, owner=phone_owner(student.pk)),
        )
        for line, student in zip(changes, students, strict=True)
        if line.guardian_phone
        and line.guardian_phone != (line.known.guardian_phone if line.known else "")
    ]
    if not rows:
        return {}
    replaced = GuardianPhone.objects.filter(pk__in=[row.student_id for row in rows])
    before = dict(replaced.values_list("student_id", "sealed"))
    GuardianPhone.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["student"],
        update_fields=["sealed"],
    )
    return {row.student_id: bytes(before.get(row.student_id, b"")) for row in rows}


def _remember(
    row: RosterImport,
    changes: Iterable[Line],
    students: Iterable[Student],
    phones: dict[int, bytes],
    joined: dict[int, datetime],
) -> None:
    """What undoing needs: each student before and after."""
    RosterChange.objects.bulk_create(
        (
            RosterChange(
                roster_import=row,
                student_id=student.pk,
                kind=line.kind or ChangeKind.EDITED,
                before=states.before(line.known, phones.get(student.pk), joined.get(student.pk)),
                after=states.of(student),
            )
            for line, student in zip(changes, students, strict=True)
        ),
        batch_size=BATCH,
    )
