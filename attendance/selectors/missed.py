"""Sessions a student missed, and how they were made up."""

from dataclasses import dataclass
from datetime import date, datetime

from attendance.choices import AttendanceState, ProposalKind, ProposalState
from attendance.models import CheckIn, HourProposal
from attendance.selectors.rule_sets import rules_of_each
from attendance.selectors.states import by_student
from bookings import wording
from courses.models import CourseSession
from hours.choices import BY_HAND, CreditKind
from hours.models import HourCredit
from rosters.models import Student


@dataclass(frozen=True, slots=True)
class Missed:
    """A session the student was absent or excused from. ``made_up_on`` is the day of a later
    session of the same course that she has hours of; ``waiting`` is the proposal of a make-up
    that nobody has decided. Or one where she was, and that the school's lock keeps from counting
    (``is_held_back``)."""

    session: CourseSession
    title: str
    state: AttendanceState
    made_up_on: date | None
    waiting: HourProposal | None
    is_held_back: bool


def missed_sessions(student: Student, now: datetime) -> list[Missed]:
    """Those that are over and gave her no hours, the latest first. Three queries, four with
    any."""
    events: dict[int, list[CheckIn]] = {}
    for event in (
        CheckIn.objects.of_student(student.pk)
        .filter(session__ends_at__lte=now)
        .select_related("student", "session__version", "session__desk")
        .order_by("-session__starts_at", "session_id")
    ):
        events.setdefault(event.session_id, []).append(event)
    sessions = {pk: own[0].session for pk, own in events.items()}
    rules = rules_of_each(sessions.values())
    standing = _standing(student)
    credited = {credit.session_id for credit in standing}
    waiting = {
        proposal.session_id: proposal
        for proposal in HourProposal.objects.undecided().filter(student=student, corrects=None)
    }
    found = []
    for pk, own in events.items():
        session = sessions[pk]
        state = by_student(own, session, rules[pk])[student.pk].state
        was_missed = state in (AttendanceState.ABSENT, AttendanceState.EXCUSED)
        is_held_back = not was_missed and any(_is_held_back(event) for event in own)
        if (was_missed or is_held_back) and pk not in credited:
            found.append(
                Missed(
                    session=session,
                    title=wording.title(session.version),
                    state=state,
                    made_up_on=_made_up_on(session, standing),
                    waiting=waiting.get(pk),
                    is_held_back=is_held_back,
                )
            )
    return found


def _is_held_back(event: CheckIn) -> bool:
    desk = getattr(event.session, "desk", None)
    return desk is not None and event.student_id in desk.held_back


def made_up_on(student: Student, session: CourseSession) -> date | None:
    """The day of a later session of the same course that the student has hours of."""
    return _made_up_on(session, _standing(student))


def decided_by_hand(session_ids: list[int]) -> set[tuple[int, int]]:
    """Sessions and students of whom two people decided what counts, whatever the door says."""
    return {
        (session, merged_into or student)
        for session, student, merged_into in HourProposal.objects.filter(
            state=ProposalState.CONFIRMED, kind=ProposalKind.CORRECTION, session__in=session_ids
        ).values_list("session_id", "student_id", "student__merged_into_id")
        if session is not None
    }


def by_hand(session_ids: list[int]) -> set[tuple[int, int]]:
    """The same, and those who have hours by hand of a session, whoever decided: of them the door
    says nothing. Two queries."""
    credits = HourCredit.objects.filter(
        kind__in=BY_HAND, reversed_by=None, session__in=session_ids
    ).values_list("session_id", "student_id")
    return decided_by_hand(session_ids) | {
        (session, student) for session, student in credits if session is not None
    }


def _standing(student: Student) -> list[HourCredit]:
    return list(
        HourCredit.objects.filter(student=student, session__isnull=False, reversed_by=None)
        .exclude(kind=CreditKind.REVERSAL)
        .select_related("session__version")
        .order_by("earned_on", "pk")
    )


def _made_up_on(session: CourseSession, standing: list[HourCredit]) -> date | None:
    return next(
        (
            credit.earned_on
            for credit in standing
            if credit.session is not None
            and credit.session.version.course_id == session.version.course_id
            and credit.session.starts_at > session.starts_at
        ),
        None,
    )
