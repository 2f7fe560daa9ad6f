"""The room's code: put up, taken down, and the way in for those who scan it themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from django.core import signing
from django.db import transaction

from accounts.actors import Actor
from accounts.choices import ActorKind
from accounts.services import audit
from attendance import room_codes
from attendance.choices import AttendanceState, EventKind, WayIn
from attendance.errors.desk import NotBookedHere
from attendance.errors.room import (
    MarkedAtDoor,
    RoomCodeOff,
    RoomCodeOver,
    RoomCodePassed,
    RoomCodeUnknown,
    RoomCodeUsed,
    RoomScreenOver,
)
from attendance.models import CheckIn, RoomCode, RoomScan
from attendance.models.room import UP_AFTER_THE_END
from attendance.selectors.rule_sets import rules_of
from attendance.selectors.states import Attendance, attendance
from attendance.services import check_in as check_ins
from attendance.services import desk as desks
from bookings.models import Place
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession
from rosters.models import Student

# A code once entered leaves so long to find the badge and type its sixteen characters.
ENTERED_FOR = timedelta(minutes=3)
SALT = "attendance.room"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One opening of the page with a code that was on the screen then."""

    room_code_id: int
    step: int
    number: UUID
    opened_at: datetime

    def signed(self) -> str:
        """What the page carries along; made by us or it is worth nothing."""
        return signing.dumps(
            [self.room_code_id, self.step, str(self.number), self.opened_at.timestamp()], salt=SALT
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom a badge names in the room, and what confirming would do: EventKind.IN or OUT, or
    nothing where she is in already and it is not time to leave."""

    student: Student
    attendance: Attendance
    does: EventKind | None


def check_can_put_up(actor: Actor, session: CourseSession, now: datetime) -> None:
    """Whoever keeps the door, as long as it may be open; RoomScreenOver an hour after the end."""
    desks.check_can_open(actor, session, now)
    if now >= session.ends_at + UP_AFTER_THE_END:
        raise RoomScreenOver


def put_up(*, by: Actor, session: CourseSession, now: datetime) -> RoomCode:
    """The session's code is on the screen; putting it up again finds it as it is.

    Refused: as a check-in at the desk (DeskClosed, DeskNotOpenYet, SessionCancelled), and
    RoomScreenOver an hour after the end.
    """
    check_can_put_up(by, session, now)
    assert by.membership_id is not None
    with transaction.atomic():
        # Two screens that put it up at once meet at the desk's row.
        desks.locked_open_desk(by=by, session=session, now=now)
        room_code, is_new = RoomCode.objects.get_or_create(
            session=session,
            ended_at=None,
            defaults={
                "host_id": session.host_id,
                "salt": room_codes.new_salt(),
                "started_at": now,
                "started_by_id": by.membership_id,
            },
        )
        if is_new:
            # Those that nobody took down; a scan looks through what is up, never through all.
            RoomCode.objects.filter(
                host_id=session.host_id,
                ended_at=None,
                session__ends_at__lte=now - UP_AFTER_THE_END,
            ).update(ended_at=now)
            audit.record(by=by, verb="room_code.put_up", now=now, target=session)
    return room_code


def take_down(*, by: Actor, session: CourseSession, now: datetime) -> None:
    """No code of the session opens anything from now on. Safe to repeat."""
    desks.check_can_keep(by, session)
    with transaction.atomic():
        if RoomCode.objects.filter(session=session, ended_at=None).update(ended_at=now):
            audit.record(by=by, verb="room_code.taken_down", now=now, target=session)


def enter(*, code: str, now: datetime) -> Ticket:
    """The way in that the code on a screen opens, for three minutes.

    The code on the screen and the one before it are taken. Refused: RoomCodePassed (shown within
    the last two minutes), RoomCodeUnknown.
    """
    tidy = room_codes.tidy(code)
    steps = [
        (room_code, step)
        for room_code in RoomCode.objects.shown(now)
        if (step := room_codes.step_shown(room_code.salt, tidy, now)) is not None
    ]
    current = [(room, step) for room, step in steps if room_codes.is_current(step, now)]
    if len(current) == 1:
        ((room_code, step),) = current
        return Ticket(room_code.pk, step, uuid4(), now)
    if steps:
        # Passed; or, once in a thousand million, the code of two rooms at the same time.
        raise RoomCodePassed
    raise RoomCodeUnknown


def ticket_of(text: str, now: datetime) -> Ticket:
    """The ticket as we signed it. Refused: RoomCodePassed (older than three minutes, or not
    ours)."""
    try:
        room_code_id, step, number, opened = signing.loads(text, salt=SALT)
    except signing.BadSignature as error:
        raise RoomCodePassed from error
    ticket = Ticket(room_code_id, step, UUID(number), datetime.fromtimestamp(opened, UTC))
    if now - ticket.opened_at > ENTERED_FOR:
        raise RoomCodePassed
    return ticket


def session_of(ticket: Ticket, now: datetime) -> CourseSession:
    """The session whose code it is. Refused: RoomCodeOff."""
    return _room_code(ticket, now).session


def _bearer(session: CourseSession) -> Actor:
    """Whoever holds a badge before the screen: let in by the host, whose trail it is."""
    return Actor(kind=ActorKind.BADGE, organisation_id=session.host_id)


def _room_code(ticket: Ticket, now: datetime) -> RoomCode:
    room_code = (
        RoomCode.objects.shown(now)
        .select_related("session__version", "session__room__site", "session__school")
        .filter(pk=ticket.room_code_id)
        .first()
    )
    if room_code is None:
        raise RoomCodeOff
    return room_code


def look(*, ticket: Ticket, code: str, now: datetime) -> Visit:
    """Whom the badge names, before anything is written.

    Refused: UnknownBadge, BadgeRevoked, NotBookedHere (whatever else the bearer has booked: the
    screen tells nobody where somebody is), MarkedAtDoor, RoomCodeOver (arriving after the end),
    RoomCodeOff.
    """
    session = session_of(ticket, now)
    student = check_ins.bearer(code)
    if not Place.objects.live().filter(session=session, student=student).exists():
        raise NotBookedHere
    stands = attendance(
        list(CheckIn.objects.of_student(student.pk).filter(session=session)),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        rules=rules_of(session),
    )
    does: EventKind | None = EventKind.IN
    if stands.was_there:
        in_time = rules_of(session).earned_early(session.ends_at - now) is None
        is_leaving = stands.is_inside and in_time
        does = EventKind.OUT if is_leaving else None
    elif stands.state != AttendanceState.EXPECTED:
        raise MarkedAtDoor(mark=stands.state.label)
    elif now >= session.ends_at:
        raise RoomCodeOver
    return Visit(student, stands, does)


def confirm(*, ticket: Ticket, code: str, does: EventKind, browser: UUID, now: datetime) -> Visit:
    """The bearer is in, or has left, as ``does`` says and she was asked; ``Visit.does`` says what
    was done: nothing where it was done before, or is no longer what there is to do. What the
    room's screen and the desk show follows.

    Safe to repeat: a ticket does one thing for a student once. Refused: as ``look``, DeskClosed,
    and RoomCodeUsed where what the ticket did was taken back at the desk.
    """
    room_code = _room_code(ticket, now)
    session = room_code.session
    visit = look(ticket=ticket, code=code, now=now)
    if visit.does != does:
        return Visit(visit.student, visit.attendance, None)
    bearer = _bearer(session)
    event_id = uuid5(ticket.number, f"{visit.student.pk} {visit.does}")
    if CheckIn.objects.filter(pk=event_id).exists():
        # Done before by this ticket, and not so any more: it was voided.
        raise RoomCodeUsed

    def write() -> None:
        if visit.does == EventKind.OUT:
            event = check_ins.mark(
                by=bearer,
                session=session,
                student_id=visit.student.pk,
                kind=EventKind.OUT,
                event_id=event_id,
                way_in=WayIn.ROOM,
                now=now,
            )
        else:
            event = check_ins.check_in(
                by=bearer,
                session=session,
                code=code,
                way_in=WayIn.ROOM,
                event_id=event_id,
                happened_at=now,
                now=now,
            ).event
        if event.pk == event_id:
            RoomScan.objects.get_or_create(
                check_in=event,
                defaults={
                    "room_code": room_code,
                    "step": ticket.step,
                    "opened_at": ticket.opened_at,
                    "browser": browser,
                },
            )

    in_one_transaction(write)
    done = look(ticket=ticket, code=code, now=now)
    return Visit(done.student, done.attendance, visit.does)
