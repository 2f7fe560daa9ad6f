"""Certificates: issued to who has reached the requirement, replaced, revoked."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.services import audit
from attendance.errors.certificates import NobodyReached, NothingRequired, RevokeReasonMissing
from attendance.models import Certificate
from attendance.selectors.certificates import Line, lines_of, lines_on
from attendance.services.badges import check_can_issue, new_code
from bookings.selectors import standing
from bookings.services import plain_words
from hours.models import PracticumRequirement
from hours.selectors import requirement_for
from rosters.models import ClassGroup, Student


def take_to_print(
    *,
    by: Actor,
    class_group: ClassGroup,
    now: datetime,
    student_ids: Collection[int] | None = None,
) -> list[Certificate]:
    """The certificates of those in the class who have reached what is required, in seat order;
    with ``student_ids`` of those students alone. Others are left out.

    One that says just what the ledger says is printed again as it is; else a new one is issued
    and the earlier opens no more doors. Refused: NothingRequired, NobodyReached.
    """
    check_can_issue(by, class_group)
    requirement = requirement_for(class_group)
    if requirement is None:
        raise NothingRequired
    with transaction.atomic():
        students = Student.objects.current().filter(class_group=class_group)
        if student_ids is not None:
            students = students.filter(pk__in=student_ids)
        # Locked before asked who has one: two who print at once issue one each.
        locked = {
            student.pk: student
            for student in students.select_for_update(no_key=True).order_by("pk")
        }
        stand = standing.of_students(Student.objects.filter(pk__in=list(locked)), now)
        done = [pk for pk in locked if stand[pk].is_done]
        if not done:
            raise NobodyReached
        lines = lines_of(done, requirement)
        kept = {
            one.student_id: one
            for one in Certificate.objects.live().filter(student__in=done, requirement=requirement)
        }
        due = [pk for pk in done if pk not in kept or lines_on(kept[pk]) != lines[pk]]
        replaced = [kept[pk] for pk in due if pk in kept]
        _revoke(replaced, by=by, reason=_("已换发新证书"), now=now)
        made = _issue(
            {locked[pk]: lines[pk] for pk in due},
            requirement=requirement,
            by=by,
            class_group=class_group,
            now=now,
        )
    found = kept | {one.student_id: one for one in made}
    for pk, certificate in found.items():
        certificate.student = locked[pk]
    return sorted(found.values(), key=lambda one: (one.student.seat_no, one.student_id))


def revoke(*, by: Actor, certificate: Certificate, reason: str, now: datetime) -> Certificate:
    """Whoever checks the certificate is told that it was revoked. A revoked one stays as it is.

    ``certificate`` with student and class loaded. Refused: RevokeReasonMissing, TextNamesStudent.
    """
    check_can_issue(by, certificate.student.class_group)
    if not reason.strip():
        raise RevokeReasonMissing
    plain_words.check_names_nobody(
        reason, by=by, now=now, classes=[certificate.student.class_group_id]
    )
    with transaction.atomic():
        locked = Certificate.objects.select_for_update().get(pk=certificate.pk)
        if locked.revoked_at is None:
            locked.revoked_at = now
            locked.revoked_by_id = by.membership_id
            locked.revoke_reason = reason.strip()[:100]
            locked.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
            audit.record(by=by, verb="certificate.revoked", now=now, target=locked)
    return locked


def revoke_of_students(
    *, by: Actor, student_ids: Collection[int], reason: str, now: datetime
) -> int:
    """No certificate of these students is good any more; how many those were. The caller has
    asked whether ``by`` may, and holds the students."""
    count = (
        Certificate.objects.live()
        .filter(student__in=student_ids)
        .update(revoked_at=now, revoked_by_id=by.membership_id, revoke_reason=reason[:100])
    )
    if count:
        audit.record(by=by, verb="certificates.revoked", now=now, count=count)
    return count


def take_over(
    *, by: Actor, survivor: Student, duplicate: Student, has_more: bool, now: datetime
) -> int:
    """What was certified of the duplicate is certified of the survivor where the sheet is still
    true to the letter: her name, just what her ledger says, and no other of that requirement.
    The rest is revoked, and of the survivor's own, where she ``has_more`` hours than before,
    what the ledger no longer says. How many were revoked.

    In the caller's transaction, which holds both students and has carried over the hours.
    """
    revoked, kept = [], []
    for one in (
        Certificate.objects.live()
        .filter(student__in=[survivor, duplicate])
        .select_related("requirement")
        .order_by("pk")
    ):
        is_own = one.student_id == survivor.pk
        lines = lines_of([survivor.pk], one.requirement).get(survivor.pk, ())
        says_just_that = lines_on(one) == lines
        if is_own and has_more and not says_just_that:
            revoked.append(one)
        elif is_own or (says_just_that and survivor.name == duplicate.name):
            kept.append(one)
        else:
            revoked.append(one)
    own = {one.requirement_id for one in kept if one.student_id == survivor.pk}
    going = [one for one in kept if one.student_id == duplicate.pk]
    revoked += [one for one in going if one.requirement_id in own]
    _revoke(revoked, by=by, reason=_("合并重复的学生"), now=now)
    Certificate.objects.live().filter(pk__in=[one.pk for one in going]).update(student=survivor)
    if revoked:
        audit.record(
            by=by, verb="certificates.revoked", now=now, target=survivor, count=len(revoked)
        )
    return len(revoked)


def _revoke(
    certificates: Collection[Certificate], *, by: Actor, reason: str, now: datetime
) -> None:
    Certificate.objects.filter(pk__in=[one.pk for one in certificates]).update(
        revoked_at=now, revoked_by_id=by.membership_id, revoke_reason=reason
    )


def _issue(
    due: dict[Student, tuple[Line, ...]],
    *,
    requirement: PracticumRequirement,
    by: Actor,
    class_group: ClassGroup,
    now: datetime,
) -> list[Certificate]:
    made = Certificate.objects.bulk_create(
        Certificate(
            student=student,
            school_id=student.school_id,
            requirement=requirement,
            code=new_code(),
            class_hours=sum(line.hours for line in lines),
            required_hours=requirement.class_hours,
            lines=[line.stored() for line in lines],
            issued_at=now,
            issued_by_id=by.membership_id,
        )
        for student, lines in due.items()
    )
    if made:
        audit.record(
            by=by, verb="certificates.issued", now=now, target=class_group, count=len(made)
        )
    return made
