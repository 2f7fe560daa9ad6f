"""Badges: issued, printed, revoked, issued anew; one or a class."""

import base64
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from attendance.errors.badges import NothingToPrint, TooManyToPrint
from attendance.errors.certificates import RevokeReasonMissing
from attendance.models import Badge
from bookings.services import plain_words
from rosters.models import ClassGroup, ClassTeacher, Student

CODE_BYTES = 10  # 80 bits
# What one sheet may hold: a large school. More would keep a web process for too long.
MOST_PRINTED = 2500


def new_code() -> str:
    """Sixteen Base32 characters (RFC 4648) of 80 random bits."""
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii")


def check_can_issue(actor: Actor, *class_groups: ClassGroup) -> None:
    """The school's coordinator, or who teaches the classes, every one of them."""
    if actor.is_system:
        return
    if any(group.school_id != actor.organisation_id for group in class_groups):
        raise NotYours
    if actor.is_coordinator:
        return
    taught = set(
        ClassTeacher.objects.taught_by(actor)
        .filter(class_group__in=class_groups)
        .values_list("class_group_id", flat=True)
    )
    if not actor.is_teacher or not taught.issuperset(group.pk for group in class_groups):
        raise NotAllowed


def issue_missing(*, by: Actor, class_group: ClassGroup, now: datetime) -> int:
    """Every current student of the class has a badge that opens doors; returns how many are new."""
    check_can_issue(by, class_group)
    with transaction.atomic():
        return _issue_missing(by, class_group, now, students=_students([class_group]))


def take_to_print(
    *,
    by: Actor,
    class_groups: Sequence[ClassGroup],
    now: datetime,
    student_ids: Collection[int] | None = None,
    only_new: bool = False,
) -> list[Badge]:
    """The badges to put on a sheet, by class in the order given, then by seat; marked printed.

    Who has none is issued one first. With ``student_ids`` those students' alone; with
    ``only_new`` those alone that were on no sheet yet: issued just now, or issued anew.
    Refused: NothingToPrint, TooManyToPrint.
    """
    check_can_issue(by, *class_groups)
    with transaction.atomic():
        students = _students(class_groups)
        if student_ids is not None:
            students = students.filter(pk__in=student_ids)
        asked = students.count()
        if asked > MOST_PRINTED:
            raise TooManyToPrint(most=MOST_PRINTED, asked=asked)
        for group in class_groups:
            _issue_missing(by, group, now, students=students.filter(class_group=group))
        badges = Badge.objects.live().filter(student__in=students)
        if only_new:
            badges = badges.filter(printed_at=None)
        found = list(badges.select_related("student").order_by("student__seat_no", "student_id"))
        if not found:
            raise NothingToPrint
        Badge.objects.filter(pk__in=[badge.pk for badge in found], printed_at=None).update(
            printed_at=now
        )
        audit.record(by=by, verb="badges.printed", now=now, count=len(found))
    place = {group.pk: number for number, group in enumerate(class_groups)}
    return sorted(found, key=lambda badge: place[badge.student.class_group_id])


def revoke(*, by: Actor, badge: Badge, reason: str, now: datetime) -> Badge:
    """The badge opens nothing any more. A revoked one stays as it is."""
    check_can_issue(by, badge.student.class_group)
    reason = _checked(by, reason, badge.student.class_group, now)
    with transaction.atomic():
        locked = Badge.objects.select_for_update().get(pk=badge.pk)
        if locked.revoked_at is None:
            locked.revoked_at = now
            locked.revoke_reason = reason
            locked.save(update_fields=["revoked_at", "revoke_reason"])
            audit.record(by=by, verb="badge.revoked", now=now, target=locked)
    return locked


def revoke_class(
    *, by: Actor, class_group: ClassGroup, reason: str, now: datetime, newest: int | None = None
) -> int:
    """No badge of the class's current students opens anything any more; how many that were.

    ``newest`` is as in ``reissue``.
    """
    check_can_issue(by, class_group)
    reason = _checked(by, reason, class_group, now)
    with transaction.atomic():
        return _revoke_class(by, class_group, reason, now, newest)


def reissue(
    *, by: Actor, student: Student, reason: str, now: datetime, newest: int | None = None
) -> Badge:
    """The student has a new badge; the one before opens nothing. Hours are not touched.

    ``newest`` is the key of the newest badge that the form showed, 0 for none: a form sent
    again finds the badge it made, which is newer, and leaves it.
    """
    check_can_issue(by, student.class_group)
    reason = _checked(by, reason, student.class_group, now)
    with transaction.atomic():
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        badge = (
            Badge.objects.live()
            .filter(student=student)
            .select_related("student__class_group")
            .first()
        )
        if badge is not None:
            if newest is not None and badge.pk > newest:
                return badge
            revoke(by=by, badge=badge, reason=reason, now=now)
        made = Badge.objects.create(
            student=student, school_id=student.school_id, code=new_code(), issued_at=now
        )
        audit.record(by=by, verb="badge.issued", now=now, target=made)
    return made


def reissue_class(
    *, by: Actor, class_group: ClassGroup, reason: str, now: datetime, newest: int | None = None
) -> int:
    """Every current student of the class has a new badge, not printed yet; those before open
    nothing. How many are new. ``newest`` is as in ``reissue``."""
    check_can_issue(by, class_group)
    reason = _checked(by, reason, class_group, now)
    with transaction.atomic():
        _revoke_class(by, class_group, reason, now, newest)
        return _issue_missing(by, class_group, now, students=_students([class_group]))


def _checked(by: Actor, reason: str, class_group: ClassGroup, now: datetime) -> str:
    """The reason as it is kept. Refused: RevokeReasonMissing, TextNamesStudent."""
    if not reason.strip():
        raise RevokeReasonMissing
    plain_words.check_names_nobody(reason, by=by, now=now, classes=[class_group.pk])
    return reason.strip()[:100]


def _students(class_groups: Sequence[ClassGroup]) -> QuerySet[Student]:
    return Student.objects.current().filter(class_group__in=class_groups)


def _issue_missing(
    by: Actor, class_group: ClassGroup, now: datetime, *, students: QuerySet[Student]
) -> int:
    # Locked before asked who has one: two who print at once issue one each.
    locked = list(students.select_for_update(no_key=True).order_by("pk"))
    having = set(
        Badge.objects.live().filter(student__in=locked).values_list("student_id", flat=True)
    )
    without = [student for student in locked if student.pk not in having]
    made = Badge.objects.bulk_create(
        [
            Badge(student=student, school_id=student.school_id, code=new_code(), issued_at=now)
            for student in without
        ]
    )
    if made:
        audit.record(by=by, verb="badges.issued", now=now, target=class_group, count=len(made))
    return len(made)


def _revoke_class(
    by: Actor, class_group: ClassGroup, reason: str, now: datetime, newest: int | None
) -> int:
    # Students first, by key: as everywhere (DESIGN.md, lock order).
    students = list(
        _students([class_group])
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    shown = Badge.objects.live().filter(student__in=students)
    if newest is not None:
        shown = shown.filter(pk__lte=newest)
    count = shown.update(revoked_at=now, revoke_reason=reason)
    if count:
        audit.record(by=by, verb="badges.revoked", now=now, target=class_group, count=count)
    return count
