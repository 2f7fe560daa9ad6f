"""Reading names where one usually may not: by the secretariat, for a stated reason."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from rosters.errors import ReadReasonMissing
from rosters.models import ClassGroup, Student
from rosters.services import plain_words

REASON_LENGTH = 200


def read_class_names(
    *, by: Actor, class_group: ClassGroup, reason: str, now: datetime
) -> list[Student]:
    """The class's students by seat number; the reason stands in the school's log of names read.

    The secretariat alone (NotAllowed). Refused: no reason; one that names a student
    (TextNamesStudent), since the trail holds no names and is never changed.
    """
    if not by.is_secretariat:
        raise NotAllowed
    reason = " ".join(reason.split())[:REASON_LENGTH]
    if not reason:
        raise ReadReasonMissing
    students = list(
        Student.objects.current().filter(class_group=class_group).order_by("seat_no", "pk")
    )
    plain_words.check_names_nobody(reason, [student.name for student in students])
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
