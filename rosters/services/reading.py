"""Reading names where one usually may not: by the secretariat, for a stated reason."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from rosters.errors import ReadReasonMissing, ReadReasonNamesStudent
from rosters.models import ClassGroup, Student

REASON_LENGTH = 200


def read_class_names(
    *, by: Actor, class_group: ClassGroup, reason: str, now: datetime
) -> list[Student]:
    """The class's students by seat number; the reason stands in the school's log of names read.

    The secretariat alone (NotAllowed). Refused: no reason; one that names a student, since the
    trail holds no names and is never changed.
    """
    if not by.is_secretariat:
        raise NotAllowed
    reason = " ".join(reason.split())[:REASON_LENGTH]
    if not reason:
        raise ReadReasonMissing
    students = list(
        Student.objects.current().filter(class_group=class_group).order_by("seat_no", "pk")
    )
    if any(student.name in reason for student in students):
        raise ReadReasonNamesStudent
    with transaction.atomic():
        audit.record_names_read(
            by=by,
            now=now,
            context="secretariat",
            target=class_group,
            students=students,
            reason=reason,
        )
    return students
