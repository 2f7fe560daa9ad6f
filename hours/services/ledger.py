"""Entries of the class-hour ledger: credits and their reversals. Nothing else writes it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.actors import Actor
from accounts.services import audit
from courses.models import CourseSession
from hours import period_locks
from hours.choices import BY_HAND, CreditKind
from hours.errors import (
    AlreadyReversed,
    PeriodLocked,
    ReasonMissing,
    ReversalReversed,
    SessionCreditedAlready,
)
from hours.models import HourCredit
from hours.period_locks import refused_when_locked
from rosters.models import Student
from sites.calendar import local_day


@dataclass(frozen=True, slots=True)
class Settled:
    """By how many class hours the ledger has changed. ``held_back`` are the students, by key, of
    whom it says something else than it should, and their schools: these have locked the period.
    """

    class_hours: int
    held_back: dict[int, int]


def settle_session(
    *,
    by: Actor,
    session: CourseSession,
    students: Collection[Student],
    hours: Mapping[int, int],
    kept: Collection[int] = (),
    reason: str,
    rule_version: int,
    now: datetime,
) -> Settled:
    """The ledger says of the session exactly what ``hours`` says, by the key of each of the
    ``students``; who is not in it, or with 0, has none of it.

    A credit that differs is reversed with the ``reason`` and written anew, also with it. What
    was written by hand stays as it is, reversed or not, and so does all of the students
    ``kept``. Of students whose period is locked nothing changes: one school's lock is nothing to
    the others. Safe to repeat.

    In the caller's transaction, which holds the ``students`` and whoever else has hours of the
    session, has asked whether ``by`` may close its desk, and writes the audit line.
    """
    ledger = _Ledger.read(session)
    schools = {student.pk: student.school_id for student in students}
    changes = ledger.changes(hours, kept)
    wrong = [ledger.standing[pk] for pk in changes if pk in ledger.standing]
    new = ledger.credits(
        by=by,
        hours={pk: asked for pk, asked in changes.items() if asked},
        schools=schools,
        rule_version=rule_version,
        reason=reason,
        now=now,
    )
    written = [*_reversals(by=by, credits=wrong, reason=reason, now=now), *new]
    held_back = _write_where_open(written) if written else {}
    return Settled(
        sum(entry.class_hours for entry in written if entry.student_id not in held_back), held_back
    )


def would_change(
    *, session: CourseSession, hours: Mapping[int, int], kept: Collection[int] = ()
) -> set[int]:
    """The students, by key, of whom ``settle_session`` would write something. One query."""
    return set(_Ledger.read(session).changes(hours, kept))


def _write_where_open(entries: Collection[HourCredit]) -> dict[int, int]:
    """The entries are in the ledger, but for those of the students returned, whose period is
    locked, with the school of each. The database is tried first, so that a session without any
    of these costs no query more."""
    try:
        with refused_when_locked(), transaction.atomic():
            HourCredit.objects.bulk_create(entries)
    except PeriodLocked:
        held_back = period_locks.held_and_locked(
            {(entry.student_id, entry.earned_on) for entry in entries}
        )
        with refused_when_locked():
            HourCredit.objects.bulk_create(
                entry for entry in entries if entry.student_id not in held_back
            )
        return held_back
    return {}


def _lock(student_ids: Collection[int]) -> dict[int, int]:
    """The students are ours, by their keys; the school of each."""
    return dict(
        Student.objects.select_for_update(no_key=True)
        .filter(pk__in=list(student_ids))
        .order_by("pk")
        .values_list("pk", "school_id")
    )


@dataclass(slots=True)
class _Ledger:
    """What the ledger says of one session. Read it holding the students: two who write of the
    same one meet there, not at the unique constraint."""

    session: CourseSession
    standing: dict[int, HourCredit]
    # The last credit of each student, whether it stands or was reversed.
    last: dict[int, HourCredit]

    @classmethod
    def read(cls, session: CourseSession) -> Self:
        standing: dict[int, HourCredit] = {}
        last: dict[int, HourCredit] = {}
        for credit in (
            HourCredit.objects.filter(session=session)
            .exclude(kind=CreditKind.REVERSAL)
            .select_related("reversed_by")
            .order_by("revision", "pk")
        ):
            last[credit.student_id] = credit
            if not hasattr(credit, "reversed_by"):
                standing[credit.student_id] = credit
        return cls(session, standing, last)

    def hours_of(self, student_id: int) -> int:
        credit = self.standing.get(student_id)
        return credit.class_hours if credit is not None else 0

    def changes(self, hours: Mapping[int, int], kept: Collection[int]) -> dict[int, int]:
        """The hours that differ from what stands, by student."""
        return {
            pk: asked
            for pk in hours.keys() | self.standing.keys()
            if pk not in kept and not self.is_by_hand(pk)
            # As it stands already, or not at all.
            if (asked := hours.get(pk, 0)) != self.hours_of(pk)
        }

    def next_revision(self, student_id: int) -> int:
        credit = self.last.get(student_id)
        return 1 if credit is None else credit.revision + 1

    def is_by_hand(self, student_id: int) -> bool:
        """What two people decided before a door gave anything: a credit, or that there is none
        after all."""
        credit = self.last.get(student_id)
        return credit is not None and credit.kind in BY_HAND

    def credits(
        self,
        *,
        by: Actor,
        hours: Mapping[int, int],
        schools: Mapping[int, int],
        rule_version: int,
        reason: str,
        now: datetime,
    ) -> list[HourCredit]:
        """Unsaved credits, so many hours for each student by key; a first needs no reason."""
        return [
            HourCredit(
                student_id=pk,
                school_id=schools[pk],
                session=self.session,
                kind=CreditKind.ATTENDANCE,
                class_hours=hours[pk],
                revision=self.next_revision(pk),
                rule_version=rule_version,
                reason=reason.strip()[:200] if pk in self.last else "",
                earned_on=local_day(self.session.starts_at),
                credited_at=now,
                credited_by_id=by.membership_id,
            )
            for pk in sorted(hours)
        ]


def credit_by_hand(
    *,
    by: Actor,
    student: Student,
    session: CourseSession | None,
    kind: CreditKind,
    class_hours: int,
    earned_on: date,
    reason: str,
    now: datetime,
) -> HourCredit:
    """So many class hours because two people said so, with the reason; of the ``session`` where
    one is named, once.

    Refused: ReasonMissing, SessionCreditedAlready, PeriodLocked. The caller has asked whether
    the actor may.
    """
    if not reason.strip():
        raise ReasonMissing
    with refused_when_locked(), transaction.atomic():
        revision = 1
        _lock([student.pk])
        if session is not None:
            ledger = _Ledger.read(session)
            if student.pk in ledger.standing:
                raise SessionCreditedAlready
            revision = ledger.next_revision(student.pk)
        credit = HourCredit.objects.create(
            student=student,
            school_id=student.school_id,
            session=session,
            kind=kind,
            class_hours=class_hours,
            revision=revision,
            # No edition of the rules gave it.
            rule_version=0,
            reason=reason.strip()[:200],
            earned_on=earned_on,
            credited_at=now,
            credited_by_id=by.membership_id,
        )
        audit.record(
            by=by,
            verb="hours.credited",
            now=now,
            target=credit,
            students=1,
            class_hours=class_hours,
        )
    return credit


def correct(
    *, by: Actor, credit: HourCredit, class_hours: int, reason: str, now: datetime
) -> HourCredit | None:
    """The credit is reversed, and in its stead stands one by hand with ``class_hours`` (none
    where that is 0), of the same day and session, both with the reason.

    Refused: as ``reverse``. The caller has asked whether the actor may.
    """
    with transaction.atomic():
        reverse(by=by, credit=credit, reason=reason, now=now)
        if not class_hours:
            return None
        is_make_up = credit.kind == CreditKind.MAKE_UP
        return credit_by_hand(
            by=by,
            student=credit.student,
            session=credit.session,
            kind=CreditKind.MAKE_UP if is_make_up else CreditKind.MANUAL,
            class_hours=class_hours,
            earned_on=credit.earned_on,
            reason=reason,
            now=now,
        )


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
            (reversal,) = HourCredit.objects.bulk_create(
                _reversals(by=by, credits=[credit], reason=reason, now=now)
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


def _reversals(
    *, by: Actor, credits: Collection[HourCredit], reason: str, now: datetime
) -> list[HourCredit]:
    """An unsaved opposite entry against each."""
    return [
        HourCredit(
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
        for credit in credits
    ]


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
    own = HourCredit.objects.filter(student=survivor, session__isnull=False).exclude(
        kind=CreditKind.REVERSAL
    )
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
        HourCredit.objects.filter(student=survivor, session__isnull=False, reversed_by=None)
        .exclude(kind=CreditKind.REVERSAL)
        .values_list("session_id", flat=True)
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
    return credit.session_id is not None and credit.session_id in sessions
