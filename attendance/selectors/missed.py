"""Sessions a student missed, and how they were made up."""

from dataclasses import dataclass
from datetime import date, datetime

from attendance.choices import AttendanceState, ProposalKind, ProposalState
from attendance.models import CheckIn, HourProposal
from attendance.selectors.rule_sets import rules_of_each
from attendance.selectors.states import by_student
from bookings import wording
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit
from rosters.models import Student


@dataclass(frozen=True, slots=True)
class Missed:
    """A session the student was absent or excused from. ``made_up_on`` is the day of a later
    session of the same course that she has hours of; ``waiting`` is the proposal of a make-up
    that nobody has decided."""

    session: CourseSession
    title: str
    state: AttendanceState
    made_up_on: date | None
    waiting: HourProposal | None


def missed_sessions(student: Student, now: datetime) -> list[Missed]:
    """Those that are over and have no hours, the latest first. Three queries, four with any."""
    events: dict[int, list[CheckIn]] = {}
    for event in (
        CheckIn.objects.of_student(student.pk)
        .filter(session__ends_at__lte=now)
        .select_related("student", "session__version")
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
        if state in (AttendanceState.ABSENT, AttendanceState.EXCUSED) and pk not in credited:
            found.append(
                Missed(
                    session=session,
                    title=wording.title(session.version),
                    state=state,
                    made_up_on=_made_up_on(session, standing),
                    waiting=waiting.get(pk),
                )
            )
    return found


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
