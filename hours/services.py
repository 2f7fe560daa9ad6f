"""Entries of the class-hour ledger: credits and their reversals. Nothing else writes it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from courses.models import CourseSession
from rosters.models import Student
from sites.calendar import local_day

from .choices import CreditKind
from .errors import (
    AlreadyReversed,
    MinimumsTooHigh,
    ReasonMissing,
    RequirementOutOfOrder,
    ReversalReversed,
)
from .models import HourCredit, PracticumRequirement, RequirementMinimum
from .period_locks import refused_when_locked


def credit_attendance(
    *, by: Actor, student: Student, session: CourseSession, rule_version: int, now: datetime
) -> HourCredit:
    """The student's ledger holds the session's class hours once; see ``credit_students``."""
    return credit_students(
        by=by, students=[student], session=session, rule_version=rule_version, now=now
    )[student.pk]


def credit_students(
    *,
    by: Actor,
    students: Collection[Student],
    session: CourseSession,
    rule_version: int,
    now: datetime,
) -> dict[int, HourCredit]:
    """Each student's ledger holds the session's class hours once; the credits that stand, by
    the student's key.

    Safe to repeat: who has a credit of this session that is not reversed keeps just that. The
    caller has asked whether the actor may close the session's desk. Refused: PeriodLocked, for
    all where it is for one.
    """
    keys = sorted({student.pk for student in students})
    with refused_when_locked(), transaction.atomic():
        # Two closings of the same desk meet here, not at the unique constraint.
        list(
            Student.objects.select_for_update(no_key=True)
            .filter(pk__in=keys)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        standing: dict[int, HourCredit] = {}
        revisions: dict[int, int] = {}
        for credit in HourCredit.objects.filter(
            student_id__in=keys, session=session, kind=CreditKind.ATTENDANCE
        ).select_related("reversed_by"):
            revisions[credit.student_id] = max(revisions.get(credit.student_id, 0), credit.revision)
            if not hasattr(credit, "reversed_by"):
                standing[credit.student_id] = credit
        new = [
            HourCredit(
                student=student,
                school_id=student.school_id,
                session=session,
                kind=CreditKind.ATTENDANCE,
                class_hours=session.class_hours,
                revision=revisions.get(student.pk, 0) + 1,
                rule_version=rule_version,
                earned_on=local_day(session.starts_at),
                credited_at=now,
                credited_by_id=by.membership_id,
            )
            for student in sorted(students, key=lambda student: student.pk)
            if student.pk not in standing
        ]
        HourCredit.objects.bulk_create(new)
        if new:
            audit.record(
                by=by,
                verb="hours.credited",
                now=now,
                target=session,
                students=len(new),
                class_hours=session.class_hours,
            )
    return standing | {credit.student_id: credit for credit in new}


def reverse(*, by: Actor, credit: HourCredit, reason: str, now: datetime) -> HourCredit:
    """The credit no longer counts: an opposite entry of the same day stands against it.

    Refused: a second reversal, the reversal of a reversal, an empty reason, PeriodLocked. The
    caller has asked whether the actor may.
    """
    if not reason.strip():
        raise ReasonMissing
    if credit.kind == CreditKind.REVERSAL:
        raise ReversalReversed
    if HourCredit.objects.filter(reverses=credit).exists():
        raise AlreadyReversed
    try:
        with refused_when_locked(), transaction.atomic():
            reversal = HourCredit.objects.create(
                student_id=credit.student_id,
                school_id=credit.school_id,
                session_id=credit.session_id,
                kind=CreditKind.REVERSAL,
                class_hours=-credit.class_hours,
                revision=credit.revision,
                reverses=credit,
                rule_version=credit.rule_version,
                reason=reason.strip()[:200],
                earned_on=credit.earned_on,
                credited_at=now,
                credited_by_id=by.membership_id,
            )
            audit.record(
                by=by,
                verb="hours.reversed",
                now=now,
                target=credit,
                class_hours=credit.class_hours,
            )
    except IntegrityError as error:
        # Somebody else reversed it between the look and the entry.
        raise AlreadyReversed from error
    return reversal


def carry_over(
    *, by: Actor, duplicate: Student, survivor: Student, reason: str, now: datetime
) -> int:
    """What stood to the duplicate's credit stands to the survivor's: each credit is reversed and
    written anew for her, but for a session that she has a credit of already. The class hours
    that came to her.

    In the caller's transaction, which holds both students and has asked whether ``by`` may.
    Refused: PeriodLocked.
    """
    with refused_when_locked():
        return _carry_over(by=by, duplicate=duplicate, survivor=survivor, reason=reason, now=now)


def _carry_over(
    *, by: Actor, duplicate: Student, survivor: Student, reason: str, now: datetime
) -> int:
    moved = 0
    own = HourCredit.objects.filter(student=survivor, kind=CreditKind.ATTENDANCE)
    counted = set(own.filter(reversed_by=None).values_list("session_id", flat=True))
    revisions: dict[int | None, int] = dict(
        own.order_by()
        .values("session_id")
        .annotate(last=Max("revision"))
        .values_list("session_id", "last")
    )
    for credit in _standing(duplicate):
        reverse(by=by, credit=credit, reason=reason, now=now)
        if _counts_already(credit, counted):
            continue
        HourCredit.objects.create(
            student=survivor,
            school_id=survivor.school_id,
            session_id=credit.session_id,
            kind=credit.kind,
            class_hours=credit.class_hours,
            revision=revisions.get(credit.session_id, 0) + 1,
            rule_version=credit.rule_version,
            reason=credit.reason,
            earned_on=credit.earned_on,
            credited_at=now,
            credited_by_id=by.membership_id,
        )
        moved += credit.class_hours
    if moved:
        audit.record(by=by, verb="hours.carried_over", now=now, target=survivor, class_hours=moved)
    return moved


def hours_to_carry_over(*, duplicate: Student, survivor: Student) -> int:
    """The class hours that ``carry_over`` would give the survivor."""
    counted = set(
        HourCredit.objects.filter(
            student=survivor, kind=CreditKind.ATTENDANCE, reversed_by=None
        ).values_list("session_id", flat=True)
    )
    return sum(
        credit.class_hours
        for credit in _standing(duplicate)
        if not _counts_already(credit, counted)
    )


def _standing(student: Student) -> list[HourCredit]:
    """The credits that count."""
    return list(
        HourCredit.objects.filter(student=student, reversed_by=None)
        .exclude(kind=CreditKind.REVERSAL)
        .order_by("pk")
    )


def _counts_already(credit: HourCredit, sessions: Collection[int | None]) -> bool:
    return credit.kind == CreditKind.ATTENDANCE and credit.session_id in sessions


def set_requirement(
    *,
    by: Actor,
    requirement: PracticumRequirement | None,
    now: datetime,
    minimums: Mapping[str, int] | None = None,
    **values: Any,
) -> PracticumRequirement:
    """The cohort must reach what ``values`` say (a new requirement for None), so many of the
    hours at hosts of each kind in ``minimums`` (None: as before); every progress page follows at
    once. The secretariat alone. Refused: RequirementOutOfOrder, MinimumsTooHigh."""
    if not (by.is_secretariat or by.is_system):
        raise NotAllowed
    if (
        values["due_on"] <= values["counts_from"]
        or values["entry_year_to"] < values["entry_year_from"]
    ):
        raise RequirementOutOfOrder
    requirement = requirement or PracticumRequirement()
    with transaction.atomic():
        # Two who set it at once do so one after the other: the hours of one are compared with
        # the minimums that the other has left.
        PracticumRequirement.objects.select_for_update().filter(pk=requirement.pk).first()
        at_least = sum(_kept_minimums(requirement) if minimums is None else minimums.values())
        if at_least > values["class_hours"]:
            raise MinimumsTooHigh(minimums=at_least, hours=values["class_hours"])
        for name, value in values.items():
            setattr(requirement, name, value)
        requirement.save()
        if minimums is not None:
            requirement.minimums.exclude(host_kind__in=minimums).delete()
            for host_kind, class_hours in minimums.items():
                RequirementMinimum.objects.update_or_create(
                    requirement=requirement,
                    host_kind=host_kind,
                    defaults={"class_hours": class_hours},
                )
        audit.record(
            by=by,
            verb="requirement.set",
            now=now,
            target=requirement,
            class_hours=requirement.class_hours,
        )
    return requirement


def _kept_minimums(requirement: PracticumRequirement) -> list[int]:
    if requirement.pk is None:
        return []
    return list(requirement.minimums.values_list("class_hours", flat=True))
