"""Class hours by hand: proposed by one person, confirmed or refused by another."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from attendance.choices import (
    MOST_HOURS_BY_HAND,
    AttendanceState,
    ProposalKind,
    ProposalState,
)
from attendance.errors.proposals import (
    MadeUpAlready,
    NothingMissed,
    NothingToCorrect,
    NotOnTheList,
    NotOverYet,
    ProposalDayWrong,
    ProposalDecided,
    ProposalHoursWrong,
    ProposalReasonMissing,
    ProposedAlready,
    SecondEyesNeeded,
)
from attendance.models import CheckIn, HourProposal
from attendance.selectors import missed
from attendance.selectors.states import EXPECTED, attendance_of_session
from attendance.services import telling_proposals
from bookings.models import Place
from bookings.services import plain_words
from courses.choices import SessionState
from courses.errors import SessionCancelled
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.errors import PeriodLocked, SessionCreditedAlready
from hours.models import HourCredit
from hours.services import ledger
from rosters.models import Student
from rosters.services.plain_words import TAKEN_OUT
from sites import dates
from sites.calendar import local_day


def check_can_propose(actor: Actor, student: Student, session: CourseSession | None) -> None:
    """The school for its students, a teacher for those of her classes; a host's manager for
    sessions of the host. To others the student is not there."""
    if actor.is_host:
        if session is None or session.host_id != actor.organisation_id:
            raise NotYours
        if not actor.is_host_manager:
            raise NotAllowed
    elif not Student.objects.visible_to(actor).filter(pk=student.pk).exists():
        raise NotYours
    if student.merged_into_id is not None or student.erased_at is not None:
        raise NotYours


def propose(
    *,
    by: Actor,
    student: Student,
    kind: ProposalKind,
    session: CourseSession | None = None,
    class_hours: int,
    earned_on: date | None = None,
    reason: str,
    now: datetime,
) -> HourProposal:
    """A make-up of the ``session`` that was missed, or hours that no door recorded (of the
    ``session``, on its day, where one is named): waits for a second person, who is told.

    Refused: ProposalReasonMissing, ProposalHoursWrong, ProposalDayWrong, NotOverYet,
    NotOnTheList, NothingMissed, MadeUpAlready, SessionCreditedAlready, ProposedAlready,
    TextNamesStudent.
    """
    check_can_propose(by, student, session)
    today = local_day(now)
    if session is not None and (kind == ProposalKind.MANUAL or earned_on is None):
        earned_on = local_day(session.starts_at)
    earned_on = earned_on or today
    most = MOST_HOURS_BY_HAND if session is None else session.class_hours
    _check_shape(reason, class_hours, least=1, most=most)
    if earned_on > today or (session is not None and earned_on < local_day(session.starts_at)):
        raise ProposalDayWrong
    if session is not None:
        _check_session(session, now)
    with transaction.atomic():
        student = _locked(student)
        if session is not None:
            _check_missed(student, session, kind)
        if (
            session is not None
            and HourProposal.objects.undecided()
            .filter(student=student, session=session, corrects=None)
            .exists()
        ):
            raise ProposedAlready
        return _write(
            by=by,
            kind=kind,
            student=student,
            session=session,
            class_hours=class_hours,
            earned_on=earned_on,
            reason=reason,
            now=now,
        )


def check_can_correct(actor: Actor, credit: HourCredit) -> None:
    """Whoever may propose for the student; a credit that stands. Refused: NothingToCorrect."""
    check_can_propose(actor, credit.student, credit.session)
    if credit.kind == CreditKind.REVERSAL or HourCredit.objects.filter(reverses=credit).exists():
        raise NothingToCorrect


def propose_correction(
    *, by: Actor, credit: HourCredit, class_hours: int, reason: str, now: datetime
) -> HourProposal:
    """The credit is to be ``class_hours`` instead, or nothing where that is 0.

    Refused: NothingToCorrect, ProposalHoursWrong, ProposalReasonMissing, ProposedAlready,
    TextNamesStudent.
    """
    check_can_correct(by, credit)
    most = MOST_HOURS_BY_HAND if credit.session is None else credit.session.class_hours
    _check_shape(reason, class_hours, least=0, most=most)
    if class_hours == credit.class_hours:
        raise NothingToCorrect
    with transaction.atomic():
        student = _locked(credit.student)
        check_can_correct(by, credit)
        if HourProposal.objects.undecided().filter(corrects=credit).exists():
            raise ProposedAlready
        return _write(
            by=by,
            kind=ProposalKind.CORRECTION,
            student=student,
            session=credit.session,
            corrects=credit,
            class_hours=class_hours,
            earned_on=credit.earned_on,
            reason=reason,
            now=now,
        )


def check_can_decide(actor: Actor, proposal: HourProposal) -> None:
    """The secretariat, or a coordinator of the student's school, but never the person who
    proposed it: SecondEyesNeeded. Refused: ProposalDecided."""
    if not (
        actor.is_secretariat
        or (actor.is_coordinator and actor.organisation_id == proposal.student.school_id)
    ):
        raise NotAllowed
    if proposal.state != ProposalState.PROPOSED:
        raise ProposalDecided
    if actor.user_id == proposal.proposer_id:
        raise SecondEyesNeeded


def check_can_confirm(actor: Actor, proposal: HourProposal) -> None:
    """As ``check_can_decide``; of a locked period the secretariat alone (PeriodLocked)."""
    check_can_decide(actor, proposal)
    if not actor.is_secretariat and telling_proposals.is_in_locked_period(proposal):
        raise PeriodLocked


def confirm(*, by: Actor, proposal: HourProposal, now: datetime) -> HourProposal:
    """The hours are in the ledger; a correction's old credit is reversed. The proposer is told.

    Refused: as ``check_can_confirm``, and what came to stand against it since it was proposed
    (NotOnTheList, NothingMissed, MadeUpAlready, SessionCreditedAlready).
    """
    check_can_confirm(by, proposal)
    with transaction.atomic():
        proposal = _ours(proposal)
        check_can_decide(by, proposal)
        if proposal.corrects is not None:
            credit = ledger.correct(
                by=by,
                credit=proposal.corrects,
                class_hours=proposal.class_hours,
                reason=proposal.reason,
                now=now,
            )
        else:
            if proposal.session is not None:
                _check_missed(proposal.student, proposal.session, ProposalKind(proposal.kind))
            credit = ledger.credit_by_hand(
                by=by,
                student=proposal.student,
                session=proposal.session,
                kind=CreditKind(proposal.kind),
                class_hours=proposal.class_hours,
                earned_on=proposal.earned_on,
                reason=proposal.reason,
                now=now,
            )
        proposal.credit = credit
        return _decide(by, proposal, ProposalState.CONFIRMED, "", now)


def refuse(*, by: Actor, proposal: HourProposal, answer: str, now: datetime) -> HourProposal:
    """Nothing is credited; the proposer is told why. Refused: ProposalReasonMissing,
    TextNamesStudent, and as ``check_can_decide``."""
    check_can_decide(by, proposal)
    if not answer.strip():
        raise ProposalReasonMissing
    with transaction.atomic():
        proposal = _ours(proposal)
        check_can_decide(by, proposal)
        return _decide(by, proposal, ProposalState.REFUSED, answer, now)


def check_can_withdraw(actor: Actor, proposal: HourProposal) -> None:
    """Whoever proposed it, while nobody has decided. Refused: ProposalDecided."""
    if actor.user_id != proposal.proposer_id:
        raise NotAllowed
    if proposal.state != ProposalState.PROPOSED:
        raise ProposalDecided


def withdraw(*, by: Actor, proposal: HourProposal, answer: str, now: datetime) -> HourProposal:
    """It waits no more. Refused: ProposalReasonMissing, TextNamesStudent, and as
    ``check_can_withdraw``."""
    check_can_withdraw(by, proposal)
    if not answer.strip():
        raise ProposalReasonMissing
    with transaction.atomic():
        proposal = _ours(proposal)
        check_can_withdraw(by, proposal)
        return _decide(by, proposal, ProposalState.WITHDRAWN, answer, now)


def take_over(*, by: Actor, survivor: Student, duplicate: Student, now: datetime) -> None:
    """What waits for the duplicate waits for the survivor, but for a session that something
    waits for already: that is withdrawn, as is what was to correct the duplicate's entries. In
    the caller's transaction, which holds both."""
    waiting = HourProposal.objects.undecided()
    known = waiting.filter(student=survivor, corrects=None, session__isnull=False)
    own = waiting.filter(student=duplicate)
    # A correction is of an entry that was just carried over; a proposal for the same session is
    # there once. Kept, so that erasing finds what the trail says of it.
    own.filter(
        Q(corrects__isnull=False) | Q(session__in=list(known.values_list("session_id", flat=True)))
    ).update(
        state=ProposalState.WITHDRAWN,
        answer=_("合并重复的学生"),
        decided_at=now,
        decided_by_id=by.membership_id,
        decider_id=by.user_id,
    )
    own.update(student=survivor)


def forget(student_ids: Collection[int]) -> None:
    """What waits for students who are erased is gone; of what was decided the words are, and the
    letters that told them."""
    own = HourProposal.objects.filter(student__in=student_ids)
    telling_proposals.forget(list(own.values_list("pk", flat=True)))
    own.undecided().delete()
    own.update(
        reason=TAKEN_OUT,
        answer=Case(When(answer="", then=Value("")), default=Value(TAKEN_OUT)),
    )


def _check_names_nobody(
    by: Actor, text: str, student: Student, session: CourseSession | None, now: datetime
) -> None:
    """Refused: TextNamesStudent, for the student, her class and whoever was in the session. A
    host is not asked about the class."""
    plain_words.check_names_nobody(
        text,
        by=by,
        now=now,
        students=[] if by.is_host else [student.pk],
        classes=[] if by.is_host else [student.class_group_id],
        sessions=[] if session is None else [session],
    )


def _check_shape(reason: str, class_hours: int, *, least: int, most: int) -> None:
    if not reason.strip():
        raise ProposalReasonMissing
    if not least <= class_hours <= most:
        raise ProposalHoursWrong(least=least, most=most)


def _check_session(session: CourseSession, now: datetime) -> None:
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.why_cancelled)
    if session.ends_at > now:
        raise NotOverYet


def _check_missed(student: Student, session: CourseSession, kind: ProposalKind) -> None:
    """She was on the list, has no hours of the session, and for a make-up was not there. Where
    she was not, no later session has made up for it."""
    on_the_list = Place.objects.live().filter(session=session, student=student).exists()
    if (
        not on_the_list
        and not CheckIn.objects.of_student(student.pk).filter(session=session).exists()
    ):
        raise NotOnTheList
    if (
        HourCredit.objects.filter(student=student, session=session, reversed_by=None)
        .exclude(kind=CreditKind.REVERSAL)
        .exists()
    ):
        raise SessionCreditedAlready
    state = attendance_of_session(session).get(student.pk, EXPECTED).state
    if state in (AttendanceState.ABSENT, AttendanceState.EXCUSED):
        made_up_on = missed.made_up_on(student, session)
        if made_up_on is not None:
            raise MadeUpAlready(day=dates.day_plain(made_up_on))
    elif kind == ProposalKind.MAKE_UP:
        raise NothingMissed


def _locked(student: Student) -> Student:
    return Student.objects.select_for_update(no_key=True).get(pk=student.pk)


def _ours(proposal: HourProposal) -> HourProposal:
    """The proposal as it is now, it and its student held: students first."""
    _locked(proposal.student)
    return (
        HourProposal.objects.select_for_update(no_key=True, of=("self",))
        .select_related(
            "student__class_group", "session__version", "corrects__session", "corrects__student"
        )
        .get(pk=proposal.pk)
    )


def _write(
    *,
    by: Actor,
    kind: ProposalKind,
    student: Student,
    session: CourseSession | None,
    class_hours: int,
    earned_on: date,
    reason: str,
    now: datetime,
    corrects: HourCredit | None = None,
) -> HourProposal:
    assert by.membership_id is not None
    assert by.user_id is not None
    _check_names_nobody(by, reason, student, session, now)
    proposal = HourProposal.objects.create(
        kind=kind,
        student=student,
        session=session,
        corrects=corrects,
        class_hours=class_hours,
        earned_on=earned_on,
        reason=reason.strip()[:200],
        proposed_at=now,
        proposed_by_id=by.membership_id,
        proposer_id=by.user_id,
    )
    audit.record(
        by=by,
        verb="hours.proposed",
        now=now,
        target=proposal,
        school_id=student.school_id,
        reason=proposal.reason,
        kind=kind,
        class_hours=class_hours,
    )
    telling_proposals.tell_proposed(proposal=proposal, by=by, now=now)
    return proposal


def _decide(
    by: Actor, proposal: HourProposal, state: ProposalState, answer: str, now: datetime
) -> HourProposal:
    _check_names_nobody(by, answer, proposal.student, proposal.session, now)
    proposal.state = state
    proposal.answer = answer.strip()[:200]
    proposal.decided_at = now
    proposal.decided_by_id = by.membership_id
    proposal.decider_id = by.user_id
    proposal.save()
    audit.record(
        by=by,
        verb=f"hours.proposal_{state}",
        now=now,
        target=proposal,
        school_id=proposal.student.school_id,
        reason=proposal.answer,
    )
    if state != ProposalState.WITHDRAWN:
        telling_proposals.tell_decided(proposal=proposal, now=now)
    return proposal
