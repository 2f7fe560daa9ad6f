"""Erasing what is known of a student: her name becomes a number, and totals stay."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.services import audit
from attendance.choices import RemovalGround
from attendance.errors import AlreadyErased, ConfirmationWrong
from attendance.models import Badge, Objection
from attendance.services import certificates, proposals
from bookings.selectors.roll import coming_places
from bookings.services import forgetting as bookings_forgetting
from bookings.services import roll
from bookings.services.retries import in_one_transaction
from rosters.models import Student
from rosters.services import forgetting
from rosters.services.classes import check_can_manage


def check_can_erase(actor: Actor, student: Student) -> None:
    """The coordinator of the student's school. Refused: who was erased before."""
    check_can_manage(actor, student.school_id)
    if student.erased_at is not None:
        raise AlreadyErased


def erase_student(*, by: Actor, student: Student, typed_name: str, now: datetime) -> Student:
    """Nothing tells who the student was, for ever: see ``pseudonymise``. Rows that were merged
    into hers go the same way.

    Refused: a name typed that is not hers (ConfirmationWrong), AlreadyErased, another's student.
    """
    check_can_erase(by, student)
    if " ".join(typed_name.split()) != student.name:
        raise ConfirmationWrong

    def write() -> None:
        keys = {student.pk}
        while True:
            merged = set(Student.objects.filter(merged_into__in=keys).values_list("pk", flat=True))
            if merged <= keys:
                break
            keys |= merged
        released = pseudonymise(by=by, student_ids=keys, ground=RemovalGround.ERASED, now=now)
        audit.record(
            by=by,
            verb="student.erased",
            now=now,
            target=student,
            school_id=student.school_id,
            classes=[student.class_group_id],
            students=[student.pk],
            count=1,
            places=released,
        )

    in_one_transaction(write)
    student.refresh_from_db()
    return student


def pseudonymise(
    *, by: Actor, student_ids: Collection[int], ground: RemovalGround, now: datetime
) -> int:
    """The students' names are numbers; coming places are given back (returns how many), badges
    open nothing, certificates are revoked, and all that was stored beside is gone. Check-ins and
    credits stay, since they hold keys only; the reasons that people wrote in them are dashes. Call
    within a transaction."""
    list(
        Student.objects.select_for_update(no_key=True)
        .filter(pk__in=student_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    released = coming_places(student_ids, now).count()
    roll.release_places(by=by, student_ids=student_ids, now=now)
    Badge.objects.live().filter(student__in=student_ids).update(
        revoked_at=now, revoke_reason=_("个人数据已删除")
    )
    proposals.forget(list(student_ids))
    certificates.revoke_of_students(
        by=by, student_ids=student_ids, reason=_("个人数据已删除"), now=now
    )
    bookings_forgetting.forget_students(student_ids)
    forgetting.forget_students(by=by, student_ids=student_ids, now=now)
    Objection.objects.filter(student__in=student_ids).delete()
    forget_reasons(student_ids, ground)
    return released


def forget_reasons(student_ids: Collection[int], ground: RemovalGround) -> int:
    """The reasons in ledger entries and check-ins of students who are erased are gone, each with
    a ``LawfulRemoval``; how many. The owner's function does it: the application's role may
    not change these rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_reasons(%s, %s)", [sorted(student_ids), ground])
        return int(cursor.fetchone()[0])
