"""Settling a school's class hours of a period, and opening them again. Whether an entry may
still be made is the database's to say (trigger ``refused_when_locked``)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.models import Organisation
from accounts.services import audit
from rosters.models import Student
from rosters.services import plain_words

from .errors import NotLocked, PeriodLocked, PeriodLockedAlready, ReasonMissing
from .models import PeriodLock, PracticumRequirement

# What the trigger calls itself.
CONSTRAINT = "credit_period_open"
# As the trigger holds them: against ``lock_period``, and against nothing else. Who changes a
# school's roster holds the school before the students; a closing door holds these already.
HOLD_SCHOOLS = """
SELECT FROM accounts_organisation
WHERE id IN (SELECT school_id FROM rosters_student WHERE id = ANY(%s))
ORDER BY id FOR KEY SHARE
"""


@contextmanager
def refused_when_locked() -> Iterator[None]:
    """An entry that a locked period does not take any more is refused: PeriodLocked."""
    try:
        yield
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == CONSTRAINT:
            raise PeriodLocked from error
        raise


def locked_among(student_ids: Collection[int], day: date) -> dict[int, int]:
    """Those of the students, by key, for whom nothing is entered for that day but by the
    secretariat; the school of each. One query. The trigger says the same in SQL."""
    locks = PeriodLock.objects.live().filter(
        school=OuterRef("school"),
        requirement__stage=OuterRef("class_group__stage"),
        requirement__entry_year_from__lte=OuterRef("class_group__entry_year"),
        requirement__entry_year_to__gte=OuterRef("class_group__entry_year"),
        requirement__counts_from__lte=day,
        requirement__due_on__gte=day,
    )
    students = Student.objects.filter(Exists(locks), pk__in=list(student_ids))
    return dict(students.values_list("pk", "school_id"))


def held_and_locked(entries: Collection[tuple[int, date]]) -> dict[int, int]:
    """The students of ``entries`` (their key, and a day) who are locked on one of their days, and
    the school of each. No school of theirs locks a period before the caller's transaction ends.
    """
    keys = [student for student, _day in entries]
    with connection.cursor() as cursor:
        cursor.execute(HOLD_SCHOOLS, [keys])
    by_day: dict[date, list[int]] = {}
    for student, day in entries:
        by_day.setdefault(day, []).append(student)
    found: dict[int, int] = {}
    for day, own in sorted(by_day.items()):
        found |= locked_among(own, day)
    return found


def lock_period(
    *, by: Actor, school: Organisation, requirement: PracticumRequirement, now: datetime
) -> PeriodLock:
    """Entries for the school's students on the requirement's days are the secretariat's alone
    from here on. The caller has asked whether ``by`` may. Refused: PeriodLockedAlready."""
    with transaction.atomic():
        # Whoever enters hours of the school now is waited for, and waits for us.
        Organisation.objects.select_for_update().get(pk=school.pk)
        if PeriodLock.objects.live().filter(school=school, requirement=requirement).exists():
            raise PeriodLockedAlready
        lock = PeriodLock.objects.create(
            school=school,
            requirement=requirement,
            locked_at=now,
            locked_by_id=by.membership_id,
        )
        audit.record(by=by, verb="period.locked", now=now, target=lock, school_id=school.pk)
    return lock


def take_out_names(school_ids: Collection[int], names: Collection[str]) -> int:
    """Reasons why these schools' periods were reopened that name one of them are a dash; how
    many."""
    return plain_words.take_out(
        PeriodLock.objects.filter(school__in=school_ids), ("reopen_reason",), names
    )


def check_can_reopen(actor: Actor) -> None:
    if not actor.is_secretariat:
        raise NotAllowed


def reopen(*, by: Actor, lock: PeriodLock, reason: str, now: datetime) -> PeriodLock:
    """The period takes entries again, and whoever reads the lock sees why. The secretariat alone.
    Refused: ReasonMissing, NotLocked (also where it was reopened before)."""
    check_can_reopen(by)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        locked = PeriodLock.objects.select_for_update(no_key=True).get(pk=lock.pk)
        if locked.reopened_at is not None:
            raise NotLocked
        locked.reopened_at = now
        locked.reopened_by_id = by.membership_id
        locked.reopen_reason = reason.strip()[:200]
        locked.save(update_fields=["reopened_at", "reopened_by", "reopen_reason"])
        audit.record(
            by=by, verb="period.reopened", now=now, target=locked, school_id=locked.school_id
        )
    return locked
