"""What a desk shows: its session's students and how far each is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.prepared import Prepared, asked
from attendance.choices import AttendanceState, EventKind, NoBadge, Unseen, WayIn
from attendance.models import CheckIn, Desk, Device, RosterPack
from attendance.selectors.states import (
    EXPECTED,
    Attendance,
    attendance_of_session,
    attendance_of_sessions,
)
from bookings import wording
from bookings.models import Place
from courses.models import CourseSession
from rosters.models import Student
from sites.calendar import at, local_day

# A door that nobody closed is asked after for so long.
FORGOTTEN_FOR = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class Seat:
    """One student of the session at the door. ``mark`` is the state as the seat grid draws it."""

    place_id: int
    student_id: int
    seat_no: int
    name: str
    class_label: str
    attendance: Attendance

    @property
    def mark(self) -> str:
        return "" if self.attendance.state == AttendanceState.EXPECTED else self.attendance.state


@dataclass(frozen=True, slots=True)
class SeatGroup:
    """The students of one class, in seat order."""

    label: str
    school: str
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    arrived: int = 0
    expected: int = 0
    absent: int = 0
    excused: int = 0
    left: int = 0

    @property
    def inside(self) -> int:
        return self.arrived - self.left


def seats_of(session: CourseSession, places: list[Place]) -> list[Seat]:
    """The places of ``bookings.services.rosters.read_roster`` with their states: one query."""
    states = attendance_of_session(session)
    return [
        Seat(
            place_id=place.pk,
            student_id=place.student.pk,
            seat_no=place.student.seat_no,
            name=place.student.name,
            class_label=wording.class_name(place.booking.class_group, session.starts_at),
            attendance=states.get(place.student.pk, EXPECTED),
        )
        for place in places
        if place.student is not None
    ]


def grouped(places: list[Place], seats: list[Seat]) -> list[SeatGroup]:
    """The seats by class, in the order of the places."""
    schools = {place.pk: wording.organisation_name(place.school) for place in places}
    groups: dict[tuple[str, str], list[Seat]] = {}
    for seat in seats:
        groups.setdefault((seat.class_label, schools[seat.place_id]), []).append(seat)
    return [SeatGroup(label, school, tuple(own)) for (label, school), own in groups.items()]


def counts(seats: Sequence["Seat | NamelessSeat"]) -> Counts:
    states = [seat.attendance.state for seat in seats]
    return Counts(
        arrived=sum(seat.attendance.was_there for seat in seats),
        expected=states.count(AttendanceState.EXPECTED),
        absent=states.count(AttendanceState.ABSENT),
        excused=states.count(AttendanceState.EXCUSED),
        left=sum(seat.attendance.has_left for seat in seats),
    )


def sessions_to_keep(actor: Actor, day: date) -> QuerySet[CourseSession]:
    """The day's sessions whose door the actor may keep: a manager all of the host's, an
    instructor her own and those nobody teaches; by time."""
    start = at(day, time(0))
    return _doors_of(actor).filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=1))


def doors_of_others(
    actor: Actor, kept: Iterable[CourseSession], now: datetime
) -> list[CourseSession]:
    """The host's sessions of the day that are not over, beside those of which there is a list."""
    start = at(local_day(now), time(0))
    return list(
        CourseSession.objects.visible_to(actor)
        .owned_by(actor)
        .scheduled()
        .filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=1), ends_at__gt=now)
        .exclude(pk__in=[session.pk for session in kept])
        .select_related("version", "room__site", "school")
        .order_by("starts_at", "pk")
    )


def doors_left_open(actor: Actor, day: date) -> QuerySet[CourseSession]:
    """Booked sessions of the four weeks before the day whose desk was not closed: nobody has
    the class hours of them yet."""
    start = at(day, time(0))
    return _doors_of(actor).filter(
        starts_at__gte=start - FORGOTTEN_FOR,
        starts_at__lt=start,
        seats_taken__gt=0,
        desk__closed_at=None,
    )


def _doors_of(actor: Actor) -> QuerySet[CourseSession]:
    sessions = (
        CourseSession.objects.visible_to(actor)
        .owned_by(actor)
        .scheduled()
        .select_related("version", "room__site", "school", "instructor__user", "desk")
        .order_by("starts_at", "pk")
    )
    if actor.is_host_manager:
        return sessions
    return sessions.filter(instructor_id=actor.membership_id) | sessions.filter(instructor=None)


# Asked by every check-in. What is on when is known to every member; whose door it is, is asked of
# the row (``services.desk.check_can_keep``).
SESSIONS = Prepared(lambda: CourseSession.objects.filter(asked("courses_coursesession.id = %s")))


def session_at_door(pk: int) -> CourseSession | None:
    """The session as a check-in needs it: nothing else of it is loaded."""
    return next(iter(SESSIONS(pk)), None)


def desk_of(session: CourseSession) -> Desk | None:
    return (
        Desk.objects.filter(session=session)
        .select_related("closed_by__user", "session__version")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a student at this door, in words; ``is_void`` where another took it back."""

    happened_at: datetime
    what: str
    how: str
    reason: str
    is_void: bool


def events_of(session: CourseSession, student_id: int) -> list[Event]:
    """What happened to the student at this door, in the order in which it was recorded."""
    events = (
        CheckIn.objects.filter(session=session, student_id=student_id)
        .select_related("voided_by")
        .order_by("recorded_at", "pk")
    )
    reasons = dict([*NoBadge.choices, *Unseen.choices])
    return [
        Event(
            happened_at=event.happened_at,
            what=str(EventKind(event.kind).label),
            how=str(WayIn(event.way_in).label) if event.kind == EventKind.IN else "",
            reason=str(reasons.get(event.reason, event.reason)),
            is_void=hasattr(event, "voided_by"),
        )
        for event in events
    ]


def classmates_not_here(place: Place) -> list[tuple[int, int]]:
    """Keys and seat numbers of the class's students without a place in the session. Numbers
    alone: a host meets no names beyond its own sessions' places."""
    here = Place.objects.live().filter(session_id=place.session_id, student__isnull=False)
    return list(
        Student.objects.current()
        .filter(class_group=place.booking.class_group)
        .exclude(pk__in=here.values("student_id"))
        .order_by("seat_no", "pk")
        .values_list("pk", "seat_no")
    )


@dataclass(frozen=True, slots=True)
class NamelessSeat:
    """One student of the session as a device hears of it, by class and seat."""

    student_id: int
    class_group_id: int
    seat_no: int
    attendance: Attendance

    @property
    def mark(self) -> str:
        return "" if self.attendance.state == AttendanceState.EXPECTED else self.attendance.state


def student_at(session: CourseSession, class_group_id: int, seat_no: int) -> int | None:
    """The key of the student whom a device knows by class and seat, if booked for the session."""
    return (
        Place.objects.live()
        .filter(session=session, booking__class_group_id=class_group_id, student__seat_no=seat_no)
        .values_list("student_id", flat=True)
        .first()
    )


def seats_without_names(session: CourseSession) -> list[NamelessSeat]:
    """The students of the session by class and seat, in two queries whatever their number."""
    states = attendance_of_session(session)
    return [
        NamelessSeat(student_id, class_group_id, seat_no, states.get(student_id, EXPECTED))
        for student_id, class_group_id, seat_no in Place.objects.live()
        .filter(session=session, student__isnull=False)
        .order_by("booking__class_group_id", "student__seat_no", "pk")
        .values_list("student_id", "booking__class_group_id", "student__seat_no")
    ]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a device hears of others: ``states`` by the keys of session and student, and who
    ``left`` by the key of the session."""

    states: dict[str, dict[str, str]] = field(default_factory=dict)
    left: dict[str, list[int]] = field(default_factory=dict)


def marks_for(device: Device, session_ids: Iterable[int]) -> Marks:
    """How far everybody is in those of the sessions of which the device has a list: what other
    devices and signed-in desks recorded."""
    sessions = CourseSession.objects.filter(
        pk__in=RosterPack.objects.filter(device=device, session__in=list(session_ids)).values(
            "session"
        )
    )
    marks = Marks()
    for pk, found in attendance_of_sessions(list(sessions)).items():
        marks.states[str(pk)] = {
            str(student): attendance.state.value
            for student, attendance in found.items()
            if attendance.state != AttendanceState.EXPECTED
        }
        marks.left[str(pk)] = sorted(
            student for student, attendance in found.items() if attendance.has_left
        )
    return marks


def closed_desks(sessions: Iterable[CourseSession]) -> set[int]:
    """The keys of the sessions whose door is closed."""
    return set(
        Desk.objects.filter(session__in=list(sessions), closed_at__isnull=False).values_list(
            "session_id", flat=True
        )
    )
