"""Badges: issued, revoked, issued anew."""

import base64
import secrets
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from attendance.errors import RevokeReasonMissing
from attendance.models import Badge
from rosters.models import ClassGroup, ClassTeacher, Student

CODE_BYTES = 10  # 80 bits


def new_code() -> str:
    """Sixteen Base32 characters (RFC 4648) of 80 random bits."""
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii")


def check_can_issue(actor: Actor, class_group: ClassGroup) -> None:
    """The school's coordinator, or a teacher of the class."""
    if actor.is_system:
        return
    if actor.organisation_id != class_group.school_id:
        raise NotYours
    if actor.is_coordinator:
        return
    if (
        not actor.is_teacher
        or not ClassTeacher.objects.taught_by(actor).filter(class_group=class_group).exists()
    ):
        raise NotAllowed


def issue_missing(*, by: Actor, class_group: ClassGroup, now: datetime) -> int:
    """Every current student of the class has a badge that opens doors; returns how many are new."""
    check_can_issue(by, class_group)
    with transaction.atomic():
        # Two printings of one class meet here: the second finds the badges of the first.
        students = list(
            Student.objects.current()
            .filter(class_group=class_group)
            .select_for_update(no_key=True)
            .order_by("pk")
        )
        have = set(
            Badge.objects.live().filter(student__in=students).values_list("student_id", flat=True)
        )
        made = Badge.objects.bulk_create(
            [
                Badge(
                    student=student,
                    school_id=student.school_id,
                    code=new_code(),
                    issued_at=now,
                )
                for student in students
                if student.pk not in have
            ]
        )
        if made:
            audit.record(by=by, verb="badges.issued", now=now, target=class_group, count=len(made))
    return len(made)


def revoke(*, by: Actor, badge: Badge, reason: str, now: datetime) -> Badge:
    """The badge opens nothing any more. A revoked one stays as it is."""
    check_can_issue(by, badge.student.class_group)
    if not reason.strip():
        raise RevokeReasonMissing
    with transaction.atomic():
        locked = Badge.objects.select_for_update().get(pk=badge.pk)
        if locked.revoked_at is None:
            locked.revoked_at = now
            locked.revoke_reason = reason.strip()[:100]
            locked.save(update_fields=["revoked_at", "revoke_reason"])
            audit.record(by=by, verb="badge.revoked", now=now, target=locked)
    return locked


def reissue(
    *, by: Actor, student: Student, reason: str, now: datetime, instead_of: int | None = None
) -> Badge:
    """The student has a new badge; the one before opens nothing. Hours are not touched.

    ``instead_of`` is the key of the badge that the form showed, 0 for none: a form sent again
    finds the badge it made.
    """
    check_can_issue(by, student.class_group)
    if not reason.strip():
        raise RevokeReasonMissing
    with transaction.atomic():
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        badge = (
            Badge.objects.live()
            .filter(student=student)
            .select_related("student__class_group")
            .first()
        )
        if badge is not None:
            if instead_of not in (None, badge.pk):
                return badge
            revoke(by=by, badge=badge, reason=reason, now=now)
        made = Badge.objects.create(
            student=student, school_id=student.school_id, code=new_code(), issued_at=now
        )
        audit.record(by=by, verb="badge.issued", now=now, target=made)
    return made
