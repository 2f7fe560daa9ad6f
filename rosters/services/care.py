"""What is kept of a student beside the name: a guardian's telephone, and needs. Sealed."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Func, JSONField, QuerySet, TextField, Value
from django.db.models.functions import Cast

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.services import audit
from rosters import sealing, selectors
from rosters.choices import NeedKind, PhoneReason
from rosters.errors import NeedTooLong, PhoneMissing, PhonesNotKept, PhoneUnclear, StudentGone
from rosters.models import (
    GuardianPhone,
    RosterChange,
    Student,
    StudentNeed,
    need_owner,
    phone_owner,
)

NEED_LENGTH = 100


def check_can_care(actor: Actor, student: Student) -> None:
    """The school's coordinators, and the teachers of the student's class."""
    if not Student.objects.visible_to(actor).filter(pk=student.pk).exists():
        raise NotYours


def set_guardian_phone(*, by: Actor, student: Student, phone: str, now: datetime) -> None:
    """The guardian's telephone is kept, sealed; an empty one is deleted.

    Refused: PhonesNotKept, PhoneUnclear, StudentGone.
    """
    check_can_care(by, student)
    digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", phone))
    if digits and not selectors.settings_of(student.school_id).keeps_guardian_phones:
        raise PhonesNotKept
    if digits and not re.fullmatch(r"\+?[0-9]{7,15}", digits):
        raise PhoneUnclear
    with transaction.atomic():
        _lock_current(student)
        if digits:
            GuardianPhone.objects.update_or_create(
                student=student,
                defaults={"sealed": sealing.seal(digits, owner=phone_owner(student.pk))},
            )
        else:
            GuardianPhone.objects.filter(student=student).delete()
        forget_replaced_phones(Student.objects.filter(pk=student.pk))
        audit.record(
            by=by,
            verb="phone.kept" if digits else "phone.deleted",
            now=now,
            target=student,
        )


def forget_replaced_phones(students: QuerySet[Student]) -> None:
    """No import's undoing brings back a telephone of theirs: what was said since counts. Within
    the caller's transaction."""
    without = Func(
        F("before"),
        Cast(Value("phone"), TextField()),
        template="(%(expressions)s)",
        arg_joiner=" - ",
        output_field=JSONField(),
    )
    RosterChange.objects.filter(student__in=students, before__has_key="phone").update(
        before=without
    )


def masked_phone(student: Student) -> str:
    """****5678, or "" where none is kept."""
    row = GuardianPhone.objects.filter(student=student).first()
    if row is None:
        return ""
    return "****" + sealing.unseal(bytes(row.sealed), owner=phone_owner(student.pk))[-4:]


def reveal_guardian_phone(
    *, by: Actor, student: Student, reason: PhoneReason, now: datetime
) -> str:
    """The whole number, and an entry that it was read and why. Refused: PhoneMissing."""
    check_can_care(by, student)
    with transaction.atomic():
        row = GuardianPhone.objects.filter(student=student).first()
        if row is None:
            raise PhoneMissing
        audit.record(
            by=by,
            verb="phone.read",
            now=now,
            target=student,
            school_id=student.school_id,
            context=f"phone_{reason.value}",
            classes=[student.class_group_id],
            students=[student.pk],
            count=1,
        )
        return sealing.unseal(bytes(row.sealed), owner=phone_owner(student.pk))


def set_needs(*, by: Actor, student: Student, needs: Mapping[str, str], now: datetime) -> None:
    """What a host must know of the student is this, by ``NeedKind``; an empty text is deleted,
    a kind that is not given stays. Refused: NeedTooLong, StudentGone."""
    check_can_care(by, student)
    tidy = {kind: " ".join(text.split()) for kind, text in needs.items()}
    if any(len(text) > NEED_LENGTH for text in tidy.values()):
        raise NeedTooLong(most=NEED_LENGTH)
    with transaction.atomic():
        _lock_current(student)
        known = {
            row.kind: sealing.unseal(bytes(row.sealed), owner=need_owner(student.pk, row.kind))
            for row in StudentNeed.objects.filter(student=student)
        }
        changed = {kind: text for kind, text in tidy.items() if known.get(kind, "") != text}
        for kind, text in changed.items():
            if not text:
                StudentNeed.objects.filter(student=student, kind=kind).delete()
                continue
            StudentNeed.objects.update_or_create(
                student=student,
                kind=kind,
                defaults={
                    "sealed": sealing.seal(text, owner=need_owner(student.pk, kind)),
                    "noted_at": now,
                    "noted_by_id": by.membership_id,
                },
            )
        if changed:
            audit.record(by=by, verb="needs.set", now=now, target=student, count=len(changed))


class Need(NamedTuple):
    student_id: int
    kind: NeedKind
    text: str


def read_needs(*, by: Actor, student: Student, now: datetime, context: str) -> dict[str, str]:
    """The student's needs by kind, and an entry that they were read if there are any."""
    check_can_care(by, student)
    needs = unsealed(StudentNeed.objects.filter(student=student))
    if needs:
        audit.record(
            by=by, verb="needs.read", now=now, target=student, context=context, count=len(needs)
        )
    return {need.kind: need.text for need in needs}


def unsealed(rows: Iterable[StudentNeed]) -> list[Need]:
    """The rows in words. Whoever shows them has asked who may, and logs the reading."""
    return [
        Need(
            row.student_id,
            NeedKind(row.kind),
            sealing.unseal(bytes(row.sealed), owner=need_owner(row.student_id, row.kind)),
        )
        for row in rows
    ]


def take_over(*, survivor: Student, duplicate: Student) -> None:
    """What is kept of the duplicate belongs to the survivor, as far as she has none of her own;
    the rest is deleted. Within the caller's transaction, which holds both."""
    phone = GuardianPhone.objects.filter(student=duplicate).first()
    if phone is not None:
        if not GuardianPhone.objects.filter(student=survivor).exists():
            number = sealing.unseal(bytes(phone.sealed), owner=phone_owner(duplicate.pk))
            GuardianPhone.objects.create(
                student=survivor, sealed=sealing.seal(number, owner=phone_owner(survivor.pk))
            )
        phone.delete()
    known = set(StudentNeed.objects.filter(student=survivor).values_list("kind", flat=True))
    for row in StudentNeed.objects.filter(student=duplicate):
        if row.kind not in known:
            text = sealing.unseal(bytes(row.sealed), owner=need_owner(duplicate.pk, row.kind))
            StudentNeed.objects.create(
                student=survivor,
                kind=row.kind,
                sealed=sealing.seal(text, owner=need_owner(survivor.pk, row.kind)),
                noted_at=row.noted_at,
                noted_by_id=row.noted_by_id,
            )
        row.delete()


def _lock_current(student: Student) -> None:
    locked = Student.objects.select_for_update(no_key=True).get(pk=student.pk)
    if locked.left_at is not None or locked.merged_into_id is not None:
        raise StudentGone
