"""Taking a confirmed import back, as far as rosters know. What was built on it in other apps is
``attendance.services.roster_undo``'s question, which calls this."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.actors import Actor
from accounts.errors import Refusal
from accounts.models import Organisation
from accounts.services import audit
from rosters.choices import ChangeKind, ImportState
from rosters.errors import EditedSince, NothingToUndo, UndoTooLate
from rosters.models import ClassGroup, RosterChange, RosterImport, Student
from rosters.services.classes import check_can_manage

from . import states
from .confirming import BATCH, PARKING
from .ending import locked

# Afterwards what an import changed is no longer known.
UNDONE_WITHIN = timedelta(days=30)
# What an import itself writes of a student, besides her row.
OWN_ROWS = ("roster_changes", "guardian_phone")


@dataclass(frozen=True, slots=True)
class Undoing:
    """A confirmed import with its rows locked, on the way back."""

    row: RosterImport
    changes: tuple[RosterChange, ...]
    students: dict[int, Student]

    def of_kinds(self, *kinds: ChangeKind) -> list[Student]:
        return [self.students[change.student_id] for change in self.changes if change.kind in kinds]


def begin(*, by: Actor, roster_import: RosterImport, now: datetime) -> Undoing:
    """Locks what undoing changes, in the order of every write of a roster. In the caller's
    transaction.

    Refused: NothingToUndo, UndoTooLate; EditedSince when a student is no longer as the import
    left her.
    """
    check_can_manage(by, roster_import.school_id)
    assert transaction.get_connection().in_atomic_block
    row = locked(roster_import)
    check_can_undo(row, now)
    Organisation.objects.select_for_update(no_key=True).get(pk=row.school_id)
    list(ClassGroup.objects.filter(school_id=row.school_id).order_by("pk")
         .select_for_update(no_key=True).values_list("pk"))  # fmt: skip
    changes = tuple(RosterChange.objects.filter(roster_import=row).order_by("pk"))
    students = {
        student.pk: student
        for student in Student.objects.filter(pk__in=[one.student_id for one in changes])
        .order_by("pk")
        .select_for_update(no_key=True)
    }
    undoing = Undoing(row, changes, students)
    _check_untouched(undoing)
    return undoing


def check_can_undo(row: RosterImport, now: datetime) -> None:
    """Refused: NothingToUndo, UndoTooLate. Looks at the import only."""
    if row.state != ImportState.CONFIRMED or row.ended_at is None:
        raise NothingToUndo
    if row.ended_at + UNDONE_WITHIN <= now:
        raise UndoTooLate(days=UNDONE_WITHIN.days)


def can_undo(row: RosterImport, now: datetime) -> bool:
    """Whether the time is right; what was built on the import is looked at when it is undone."""
    try:
        check_can_undo(row, now)
    except Refusal:
        return False
    return True


def _check_untouched(undoing: Undoing) -> None:
    students = undoing.students
    edited = sum(
        states.of(students[change.student_id]) != change.after for change in undoing.changes
    ) + sum(student.merged_into_id is not None for student in students.values())
    new = [student.pk for student in undoing.of_kinds(ChangeKind.NEW)]
    for relation in Student._meta.related_objects:
        model = relation.related_model
        if model._meta.app_label == "rosters" and relation.get_accessor_name() not in OWN_ROWS:
            edited += model._base_manager.filter(**{f"{relation.field.name}__in": new}).count()
    edited += (
        RosterChange.objects.filter(student__in=new).exclude(roster_import=undoing.row).count()
    )
    edited += _given_again(undoing)
    if edited:
        raise EditedSince(count=edited)


def _given_again(undoing: Undoing) -> int:
    """How many seats and student numbers that come back are held by somebody the import did not
    touch."""
    before = [change.before for change in undoing.changes if change.before]
    seats = {(one["class_group"], one["seat_no"]) for one in before if one["left_at"] is None}
    numbers = {one["student_no"] for one in before if one["student_no"]}
    others = Student.objects.filter(school_id=undoing.row.school_id).exclude(
        pk__in=undoing.students
    )
    held = others.current().values_list("class_group_id", "seat_no")
    return sum(pair in seats for pair in held) + others.filter(student_no__in=numbers).count()


def finish(undoing: Undoing, *, by: Actor, now: datetime) -> RosterImport:
    """Every student is as before the import, new ones and classes left empty are gone; one
    audit entry. In the transaction of ``begin``."""
    row, students = undoing.row, undoing.students
    new = [student.pk for student in undoing.of_kinds(ChangeKind.NEW)]
    Student.objects.filter(pk__in=new).delete()
    old = [change for change in undoing.changes if change.kind != ChangeKind.NEW]
    ids = [change.student_id for change in old]
    # As when they were given: seats and numbers are set free before they go back.
    Student.objects.filter(pk__in=ids, left_at=None).update(seat_no=F("seat_no") + PARKING)
    Student.objects.filter(pk__in=ids).exclude(student_no="").update(student_no="")
    for change in old:
        states.restore(students[change.student_id], change.before)
        states.restore_phone(students[change.student_id], change.before)
    Student.objects.bulk_create(
        [students[change.student_id] for change in old],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["class_group", *states.FIELDS[1:]],
    )
    _take_classes_back(row)
    RosterChange.objects.filter(roster_import=row).delete()
    row.state = ImportState.UNDONE
    row.ended_at = now
    row.save(update_fields=["state", "ended_at"])
    audit.record(by=by, verb="import.undone", now=now, target=row, students=len(students))
    return row


def _take_classes_back(row: RosterImport) -> None:
    """New classes that nothing hangs on are gone; classes opened again are archived again."""
    for group in ClassGroup.objects.filter(pk__in=row.summary.get("new_classes", ())):
        if not _is_used(group):
            group.delete()
    for pk, archived_at in row.summary.get("reopened_classes", {}).items():
        group = ClassGroup.objects.get(pk=pk)
        if not group.students.filter(left_at=None, merged_into=None).exists():
            group.archived_at = datetime.fromisoformat(archived_at)
            group.save(update_fields=["archived_at"])


def _is_used(group: ClassGroup) -> bool:
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: group}).exists()
        for relation in ClassGroup._meta.related_objects
    )
