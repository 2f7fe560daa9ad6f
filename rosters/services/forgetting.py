"""What is forgotten of students and of files; who decides when stands above (``attendance``)."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat

from accounts.actors import Actor
from rosters.choices import ImportState, TransferState
from rosters.models import (
    Consent,
    GuardianPhone,
    RosterChange,
    RosterImport,
    Student,
    StudentNeed,
    StudentTransfer,
)

# What an erased student is called, before her number; never translated, since it is stored.
ERASED = "已删除"
# Her seat number, which would tell who she was to anybody who has the class's list.
ERASED_SEAT = 999

# Whose rows go with the student's name.
DELETED: tuple[type[Model], ...] = (GuardianPhone, StudentNeed, Consent, RosterChange)


def forget_students(*, by: Actor, student_ids: Collection[int], now: datetime) -> None:
    """The students' rows name nobody: a number for the name, no student number, initials or seat;
    telephone, needs, consents and what imports changed are gone, and moves under way are off.

    Call within a transaction that has locked them. What was earned stays with the number.
    """
    StudentTransfer.objects.pending().filter(student__in=student_ids).update(
        state=TransferState.WITHDRAWN, answered_at=now, answered_by_id=by.membership_id
    )
    for model in DELETED:
        model._default_manager.filter(student__in=student_ids).delete()
    Student.objects.filter(pk__in=student_ids).update(
        name=Concat(Value(f"{ERASED} "), Cast("pk", CharField())),
        initials="",
        student_no="",
        seat_no=ERASED_SEAT,
        left_at=Coalesce("left_at", now),
        erased_at=now,
    )


def changes_before(before: datetime) -> QuerySet[RosterChange]:
    """Of imports that ended before the moment and can no longer be undone."""
    return RosterChange.objects.filter(roster_import__ended_at__lt=before)


def forget_changes(changes: QuerySet[RosterChange]) -> int:
    return changes.delete()[0]


def imports_over(now: datetime) -> QuerySet[RosterImport]:
    """Files that nobody confirmed in their time."""
    return RosterImport.objects.open().filter(expires_at__lte=now)


def forget_imports(imports: QuerySet[RosterImport], now: datetime) -> int:
    return imports.update(
        state=ImportState.EXPIRED, content=None, reading=None, answers={}, ended_at=now
    )
