"""The public notice of class hours: shown, objected to, decided, locked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.choices import ActorKind, Role
from accounts.errors import NotAllowed, Refusal
from accounts.models import Organisation
from accounts.selectors import people_to_tell
from accounts.services import audit
from attendance.choices import ObjectionState
from attendance.errors.notices import (
    AnswerMissing,
    NoSuchCohort,
    NoticeLocked,
    NoticeNotRunning,
    NoticeRunning,
    NoticeStillRunning,
    ObjectionDecided,
    ObjectionsOpen,
    RequirementNotDue,
    TooManyObjections,
)
from attendance.models import Objection, PublicNotice
from attendance.selectors.notices import classes_of
from bookings.services import plain_words
from hours import period_locks
from hours.errors import PeriodLockedAlready
from hours.models import PeriodLock, PracticumRequirement
from hours.selectors import requirements_of
from rosters.models import ClassGroup, Student
from rosters.services.classes import check_can_manage
from sites import dates
from sites.calendar import is_lesson_day, local_day
from sites.selectors import special_days

USUAL_DAYS = 5
MOST_DAYS = 30
# So many objections of one student in one notice; the rest is for her teacher to hear.
MOST_OBJECTIONS = 3
# A bearer of a badge is nobody's member.
BEARER = Actor(kind=ActorKind.BADGE)


def last_day(first: date, days: int) -> date:
    """The last of so many school days from ``first`` on."""
    special = special_days(first, first + timedelta(days=4 * MOST_DAYS))
    day, left = first, days - is_lesson_day(first, special)
    while left > 0:
        day += timedelta(days=1)
        left -= is_lesson_day(day, special)
    return day


def _check_due(requirement: PracticumRequirement, today: date) -> None:
    """Not before its last day is over: what is earned after the notice nobody could object to,
    and after the lock nobody could enter. Refused: RequirementNotDue."""
    if today <= requirement.due_on:
        raise RequirementNotDue(
            name=requirement.name,
            day=dates.day_full(requirement.due_on),
            first=dates.day(requirement.due_on + timedelta(days=1)),
        )


@dataclass(frozen=True, slots=True)
class _Standing:
    """The requirements, by key, that are for a class of the school, that it is showing, and whose
    hours it has locked."""

    applying: frozenset[int]
    running: frozenset[int]
    locked: frozenset[int]


def _standing(school_id: int) -> _Standing:
    found = requirements_of(
        list(
            ClassGroup.objects.filter(school_id=school_id, archived_at=None).select_related(
                "school"
            )
        )
    )
    return _Standing(
        applying=frozenset(one.pk for one in found.values() if one is not None),
        running=frozenset(
            PublicNotice.objects.filter(school_id=school_id, lock=None).values_list(
                "requirement_id", flat=True
            )
        ),
        locked=frozenset(
            PeriodLock.objects.live()
            .filter(school_id=school_id)
            .values_list("requirement_id", flat=True)
        ),
    )


def _check_startable(requirement: PracticumRequirement, standing: _Standing, today: date) -> None:
    if requirement.pk not in standing.applying:
        raise NoSuchCohort
    _check_due(requirement, today)
    if requirement.pk in standing.running:
        raise NoticeRunning
    if requirement.pk in standing.locked:
        raise PeriodLockedAlready


def check_can_start(
    actor: Actor, school_id: int, requirement: PracticumRequirement, now: datetime
) -> None:
    """Refused: as ``start``."""
    check_can_manage(actor, school_id)
    _check_startable(requirement, _standing(school_id), local_day(now))


def offers(
    actor: Actor, school_id: int, now: datetime
) -> tuple[list[PracticumRequirement], list[tuple[PracticumRequirement, Refusal]]]:
    """The requirements of the school's classes of which a notice can be started now, and the
    others, each with why not. As many queries whatever their number."""
    check_can_manage(actor, school_id)
    standing, today = _standing(school_id), local_day(now)
    open_now, barred = [], []
    for requirement in PracticumRequirement.objects.filter(pk__in=standing.applying).order_by(
        "due_on", "pk"
    ):
        try:
            _check_startable(requirement, standing, today)
        except Refusal as refusal:
            barred.append((requirement, refusal))
        else:
            open_now.append(requirement)
    return open_now, barred


def start(
    *,
    by: Actor,
    school: Organisation,
    requirement: PracticumRequirement,
    days: int,
    now: datetime,
) -> PublicNotice:
    """From today on, for so many school days, each student of the cohort can look up her own hours
    and object. The school's coordinator, once the requirement's last day is over.

    Refused: NoSuchCohort, RequirementNotDue, NoticeRunning, PeriodLockedAlready.
    """
    check_can_manage(by, school.pk)
    today = local_day(now)
    with transaction.atomic():
        # Two who start it at once do so one after the other.
        Organisation.objects.select_for_update(no_key=True).get(pk=school.pk)
        _check_startable(requirement, _standing(school.pk), today)
        notice = PublicNotice.objects.create(
            school=school,
            requirement=requirement,
            starts_on=today,
            ends_on=last_day(today, days),
            started_at=now,
            started_by_id=by.membership_id,
        )
        audit.record(
            by=by, verb="notice.started", now=now, target=notice, school_id=school.pk, days=days
        )
    return notice


def object_to(*, student: Student, notice: PublicNotice, text: str, now: datetime) -> Objection:
    """The school hears what is wrong with the student's hours. The caller has made sure that the
    bearer of her badge says so. The same text again is the same objection.

    Refused: NoticeNotRunning, TooManyObjections, TextNamesStudent.
    """
    text = " ".join(text.split())[:300]
    with transaction.atomic():
        # A button pressed twice meets here; so does a merge.
        student = Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        if student.merged_into_id is not None:
            student = Student.objects.get(pk=student.merged_into_id)
        own = Objection.objects.filter(notice=notice, student=student)
        known = own.filter(text=text).first()
        if known is not None:
            return known
        if not notice.is_running(local_day(now)):
            raise NoticeNotRunning
        if own.count() >= MOST_OBJECTIONS:
            raise TooManyObjections(most=MOST_OBJECTIONS)
        _check_names_nobody(BEARER, text, student, now)
        made = Objection.objects.create(notice=notice, student=student, text=text, made_at=now)
        audit.record(
            by=BEARER, verb="objection.made", now=now, target=made, school_id=notice.school_id
        )
        for person in people_to_tell(notice.school_id, [Role.SCHOOL_COORDINATOR]):
            with translation.override(person.language):
                notifications.services.tell(
                    recipient=person,
                    kind="objection_made",
                    subject=_("学时公示收到一条异议"),
                    body=_("请在公示结束前核对并写明处理说明。"),
                    path=reverse("attendance:notice", args=[notice.pk]),
                    now=now,
                )
    return made


def decide(
    *, by: Actor, objection: Objection, upheld: bool, answer: str, now: datetime
) -> Objection:
    """The objection is upheld or not, for a reason that whoever made it reads. What is wrong is
    corrected in the ledger, where it always is. The school's coordinator.

    Refused: AnswerMissing, ObjectionDecided, TextNamesStudent.
    """
    check_can_manage(by, objection.notice.school_id)
    if not answer.strip():
        raise AnswerMissing
    with transaction.atomic():
        row = Objection.objects.select_for_update(no_key=True).get(pk=objection.pk)
        if row.state != ObjectionState.OPEN:
            raise ObjectionDecided
        _check_names_nobody(by, answer, objection.student, now)
        row.state = ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED
        row.answer = answer.strip()[:300]
        row.decided_at = now
        row.decided_by_id = by.membership_id
        row.save(update_fields=["state", "answer", "decided_at", "decided_by"])
        audit.record(
            by=by,
            verb=f"objection.{row.state}",
            now=now,
            target=row,
            school_id=objection.notice.school_id,
        )
    return row


def _check_names_nobody(by: Actor, text: str, student: Student, now: datetime) -> None:
    """Neither the student nor anybody of her class. Refused: TextNamesStudent."""
    plain_words.check_names_nobody(
        text, by=by, now=now, students=[student.pk], classes=[student.class_group_id]
    )


def take_over(*, survivor: Student, duplicate: Student) -> int:
    """What was objected for the duplicate was for the survivor; a text that both have counts
    once, with the school's word on it where there is one. How many went over. In the caller's
    transaction, which holds both."""
    known = {(one.notice_id, one.text): one for one in Objection.objects.filter(student=survivor)}
    moved = 0
    for one in (
        Objection.objects.select_for_update(no_key=True).filter(student=duplicate).order_by("pk")
    ):
        same = known.get((one.notice_id, one.text))
        if same is not None and (
            one.state == ObjectionState.OPEN or same.state != ObjectionState.OPEN
        ):
            one.delete()
            continue
        if same is not None:
            same.delete()
        one.student = survivor
        one.save(update_fields=["student"])
        moved += 1
    return moved


def check_can_lock(actor: Actor, notice: PublicNotice, now: datetime) -> None:
    """The school's coordinator, once the days are over and every objection has its answer; not
    before the requirement's last day is over, which may have been put off since.

    Refused: NoticeLocked, RequirementNotDue, NoticeStillRunning, ObjectionsOpen.
    """
    check_can_manage(actor, notice.school_id)
    if notice.lock_id is not None:
        raise NoticeLocked
    _check_due(notice.requirement, local_day(now))
    if not notice.is_over(local_day(now)):
        raise NoticeStillRunning(day=dates.day(notice.ends_on))
    waiting = notice.objections.filter(state=ObjectionState.OPEN).count()
    if waiting:
        raise ObjectionsOpen(count=waiting)


def lock(*, by: Actor, notice: PublicNotice, now: datetime) -> PublicNotice:
    """The period's hours are settled: only the secretariat enters any. See ``check_can_lock``."""
    check_can_lock(by, notice, now)
    with transaction.atomic():
        row = (
            PublicNotice.objects.select_for_update(of=("self",), no_key=True)
            .select_related("school", "requirement")
            .get(pk=notice.pk)
        )
        check_can_lock(by, row, now)
        row.lock = period_locks.lock_period(
            by=by, school=row.school, requirement=row.requirement, now=now
        )
        row.save(update_fields=["lock"])
    return row


def reopen(*, by: Actor, period_lock: PeriodLock, reason: str, now: datetime) -> PeriodLock:
    """The school may correct hours of the period again, and shows them anew when it is done. The
    secretariat. Refused: ReasonMissing, NotLocked, TextNamesStudent for whom it is about."""
    if not by.is_secretariat:
        raise NotAllowed
    with transaction.atomic():
        reopened = period_locks.reopen(by=by, lock=period_lock, reason=reason, now=now)
        groups = classes_of(reopened.school_id, reopened.requirement)
        plain_words.check_names_nobody(
            reason, by=by, now=now, classes=[group.pk for group in groups]
        )
        for person in people_to_tell(reopened.school_id, [Role.SCHOOL_COORDINATOR]):
            with translation.override(person.language):
                notifications.services.tell(
                    recipient=person,
                    kind="period_reopened",
                    subject=_("学时已重新开放更正"),
                    body="\n\n".join(
                        [
                            _("秘书处重新开放了“%(name)s”的学时，更正后请再次公示。")
                            % {"name": reopened.requirement.name},
                            _("原因：%(reason)s") % {"reason": reopened.reopen_reason},
                        ]
                    ),
                    path=reverse("attendance:notices"),
                    once_key=f"reopened:{reopened.pk}:{person.pk}",
                    now=now,
                )
    return reopened
