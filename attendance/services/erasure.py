"""Erasing what is known of a student: her name becomes a number, and totals stay."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import AuditEntry
from accounts.services import audit
from attendance.choices import RemovalGround
from attendance.errors.students import AlreadyErased, ConfirmationWrong
from attendance.models import Badge, Certificate, Desk, HourProposal, Objection
from attendance.services import certificates, proposals
from bookings.models import Place
from bookings.selectors.roll import coming_places
from bookings.services import forgetting as bookings_forgetting
from bookings.services import roll
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession
from hours import period_locks
from rosters.models import Student
from rosters.services import forgetting, plain_words
from rosters.services.classes import check_can_manage

# Texts about one student, in which a classmate's name may stand from before it was refused.
OF_CLASSMATES: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (HourProposal, ("reason", "answer")),
    (Objection, ("answer",)),
    (Badge, ("revoke_reason",)),
    (Certificate, ("revoke_reason",)),
)


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
    are gone and open nothing, certificates are revoked, and all that was stored beside is gone.
    Check-ins, credits and decisions stay, since they hold keys only; the words that people wrote
    about the students are dashes, and so are texts of their sessions that name them. Which those
    are, ``attendance.free_texts`` lists. Call within a transaction."""
    students = list(
        Student.objects.select_for_update(no_key=True).filter(pk__in=student_ids).order_by("pk")
    )
    # Before anybody is told anything of their bookings.
    naming = _take_out_names(students)
    bookings_forgetting.forget_students({student.pk: student.name for student in students})
    released = coming_places(student_ids, now).count()
    roll.release_places(by=by, student_ids=student_ids, now=now)
    Badge.objects.filter(student__in=student_ids).delete()
    certificates.revoke_of_students(
        by=by, student_ids=student_ids, reason=_("个人数据已删除"), now=now
    )
    # Also why one was revoked before.
    Certificate.objects.filter(student__in=student_ids).exclude(revoke_reason="").update(
        revoke_reason=_("个人数据已删除")
    )
    forgetting.forget_students(by=by, student_ids=student_ids, now=now)
    Objection.objects.filter(student__in=student_ids).delete()
    forget_reasons(student_ids, ground, naming)
    # The trail's entries are found by them.
    proposals.forget(student_ids)
    return released


def _take_out_names(students: Collection[Student]) -> list[int]:
    """What was written about doors, periods and classmates names the students no more; the keys
    of the trail's entries about these doors that still do, which only ``forget_reasons`` can
    change."""
    names = [student.name for student in students]
    sessions = set(Place.objects.filter(student__in=students).values_list("session_id", flat=True))
    plain_words.take_out(
        Desk.objects.filter(session__in=sessions), ("reopen_reason", "heads_note"), names
    )
    period_locks.take_out_names({student.school_id for student in students}, names)
    classes = {student.class_group_id for student in students}
    for model, fields in OF_CLASSMATES:
        plain_words.take_out(
            model._default_manager.filter(student__class_group__in=classes), fields, names
        )
    label = CourseSession._meta.label_lower
    return [
        pk
        for pk, reason in AuditEntry.objects.filter(
            target__in=[f"{label}:{key}" for key in sessions]
        )
        .exclude(reason="")
        .values_list("pk", "reason")
        if plain_words.is_named(reason, names)
    ]


def forget_reasons(
    student_ids: Collection[int], ground: RemovalGround, naming: Collection[int] = ()
) -> int:
    """The reasons in ledger entries, check-ins, decisions at the door and the trail's entries of
    proposals for students who are erased are gone, and of entries about their doors those
    ``naming`` them, each with a ``LawfulRemoval``; how many. The owner's function does it:
    the application's role may not change these rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT forget_reasons(%s, %s, %s::bigint[])",
            [sorted(student_ids), ground, sorted(naming)],
        )
        return int(cursor.fetchone()[0])
