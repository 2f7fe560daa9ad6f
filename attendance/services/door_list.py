"""Who is on the list, changed at the door: walk-ins let in, a classmate in another's seat."""

from datetime import datetime
from uuid import UUID

from accounts.actors import Actor
from attendance.choices import AttendanceState, WayIn
from attendance.errors.desk import AlreadyIn, WalkInElsewhere
from attendance.selectors.states import attendance_of_session
from attendance.services import check_in
from attendance.services import desk as desks
from bookings.errors.reserving import StudentBusy
from bookings.models import Place
from bookings.services import changes
from bookings.services.retries import in_one_transaction
from courses.errors import SessionFull
from courses.models import CourseSession
from rosters.models import Student

NOT_THERE = (AttendanceState.EXPECTED, AttendanceState.ABSENT, AttendanceState.EXCUSED)


def check_can_let_in(actor: Actor, session: CourseSession, student: Student, now: datetime) -> None:
    """While the door is open and a seat is free, for a student of a grade the session suits."""
    desks.check_can_open(actor, session, now)
    check_can_admit(actor, session, student, came_at=now, opens_at=desks.opens_at(session))


def check_can_admit(
    actor: Actor,
    session: CourseSession,
    student: Student,
    *,
    came_at: datetime,
    opens_at: datetime,
) -> None:
    """Whoever came then may have a seat that is free, unless she has one elsewhere at this time
    (WalkInElsewhere)."""
    changes.check_can_admit_walk_in(actor, session, student, came_at=came_at, opens_at=opens_at)
    if session.capacity <= session.seats_taken + session.seats_held:
        raise SessionFull(seats=1, seats_left=0)
    elsewhere = Place.objects.live().filter(
        student=student, starts_at__lt=session.ends_at, ends_at__gt=session.starts_at
    )
    if elsewhere.exclude(session=session).exists():
        raise WalkInElsewhere


def let_in(
    *, by: Actor, session: CourseSession, code: str, event_id: UUID, now: datetime
) -> check_in.Entry:
    """The badge's bearer, on no list of this session, has a seat of it and is in.

    Repeating it finds the first entry. Refused: as ``check_can_let_in`` and ``check_in``;
    WalkInElsewhere, which does not say where: that is none of this desk's business.
    """
    student = check_in.bearer(code)
    desks.check_can_open(by, session, now)

    def write() -> check_in.Entry:
        desks.locked_open_desk(by=by, session=session, now=now)
        try:
            changes.admit_walk_in(
                by=by,
                session=session,
                student=student,
                now=now,
                opens_at=desks.opens_at(session),
            )
        except StudentBusy as refusal:
            raise WalkInElsewhere from refusal
        return check_in.check_in(
            by=by,
            session=session,
            code=code,
            way_in=WayIn.TYPED,
            event_id=event_id,
            happened_at=now,
            now=now,
        )

    return in_one_transaction(write)


def swap(
    *, by: Actor, session: CourseSession, place: Place, in_student_id: int, now: datetime
) -> Place:
    """A classmate who came has the seat of the one who did not.

    Refused: AlreadyIn (who came keeps the seat), DeskClosed, and as ``bookings`` refuses.
    """
    desks.check_can_open(by, session, now)
    out_student_id = place.student_id
    assert out_student_id is not None

    def write() -> Place:
        desks.locked_open_desk(by=by, session=session, now=now)
        known = attendance_of_session(session).get(out_student_id)
        if known is not None and known.state not in NOT_THERE:
            raise AlreadyIn
        return changes.swap_student(
            by=by,
            booking=place.booking,
            out_student_id=out_student_id,
            in_student_id=in_student_id,
            now=now,
            opens_at=desks.opens_at(session),
        )

    return in_one_transaction(write)
