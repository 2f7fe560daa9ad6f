"""Letting students in and out, and the marks an instructor sets. Events are only added."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.services import audit
from attendance.choices import EventKind, NoBadge, WayIn
from attendance.errors.badges import BadgeRevoked, UnknownBadge
from attendance.errors.desk import BookedElsewhere, NotBookedHere, NothingToUndo, NotInYet
from attendance.errors.devices import EventOfAnother
from attendance.models import Badge, CheckIn
from attendance.qr import is_code, tidy_code
from attendance.selectors.rule_sets import rules_of
from attendance.selectors.states import Attendance, attendance
from attendance.services import desk as desks
from attendance.services import first_arrival
from bookings import wording
from bookings.models import Place
from bookings.services import changes
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession
from courses.naming import headline
from rosters.models import Student
from sites import dates
from sites.calendar import at, local_day

# A device's clock may be wrong; what it says counts within these bounds of ours.
CLOCK_BEHIND = timedelta(hours=12)
CLOCK_AHEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one arrival. ``is_new`` is false where the student was in already, by
    another event; an event sent again hears what it heard first."""

    event: CheckIn
    student: Student
    place: Place
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Said:
    """One event as it was told, before it is known whether it counts."""

    by: Actor
    session: CourseSession
    kind: EventKind
    way_in: WayIn
    event_id: UUID
    happened_at: datetime
    now: datetime
    reason: str = ""

    def row(self, place: Place) -> dict[str, Any]:
        """What is kept of it, but for its id."""
        return {
            "session": self.session,
            "student": place.student,
            "place": place,
            "kind": self.kind,
            "way_in": self.way_in,
            "reason": self.reason,
            "happened_at": min(
                max(self.happened_at, self.now - CLOCK_BEHIND), self.now + CLOCK_AHEAD
            ),
            "recorded_at": self.now,
            "recorded_by_id": self.by.membership_id,
        }

    def audit(self) -> None:
        audit.record(by=self.by, verb=f"attendance.{self.kind}", now=self.now, target=self.session)


def check_in(
    *,
    by: Actor,
    session: CourseSession,
    way_in: WayIn,
    event_id: UUID,
    happened_at: datetime,
    now: datetime,
    code: str = "",
    student_id: int | None = None,
    no_badge: NoBadge | None = None,
) -> Entry:
    """The student is in: the bearer of the badge ``code``, or the one ticked, with the reason
    why no badge was read.

    Safe to repeat, by the event's id and by the student: who is in already stays in since the
    first time. Refused: UnknownBadge, BadgeRevoked, BookedElsewhere (another session of this
    host today), NotBookedHere, DeskClosed, DeskNotOpenYet, SessionCancelled,
    EventOfAnother.
    """
    desks.check_can_open(by, session, now)
    said = _Said(by, session, EventKind.IN, way_in, event_id, happened_at, now, no_badge or "")
    first = _first_arrival(said, code=code, student_id=student_id)
    if first is not None:
        return first
    known = _known(event_id, session, EventKind.IN, code=code, student_id=student_id)
    if known is not None:
        return known
    found = _place(session, code=code, student_id=student_id, now=now)
    student = found.student
    assert student is not None

    def write() -> Entry:
        desks.locked_open_desk(by=by, session=session, now=now)
        # Two devices reading one badge meet here: the second finds the first one's event.
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        arrived = _arrival(session, student)
        if arrived is not None:
            return Entry(arrived, student, found, is_new=arrived.pk == event_id)
        # The seat may have gone to a classmate while we waited.
        place = _place(session, student_id=student.pk, now=now)
        assert place.student is not None
        return Entry(_write(said, place), place.student, place, is_new=True)

    return in_one_transaction(write)


def _first_arrival(said: _Said, *, code: str, student_id: int | None) -> Entry | None:
    """The student's entry where nothing was heard of her at this door and nothing speaks against
    it: what nearly every arrival is, in a third of the questions. Nothing is done otherwise; why
    is for the long way round to say."""
    if code:
        tidy = tidy_code(code)
        badge = first_arrival.badge_of(tidy) if is_code(tidy) else None
        student_id = badge.student_id if badge is not None and badge.revoked_at is None else None
    if student_id is None:
        return None
    key = student_id

    def write() -> Entry | None:
        place = first_arrival.place_of(said.session, key)
        if place is None or place.student is None:
            # The locks go with it: the long way round takes its own, and in its own order.
            transaction.set_rollback(True)
            return None
        event = CheckIn.objects.create(id=said.event_id, **said.row(place))
        said.audit()
        return Entry(event, place.student, place, is_new=True)

    try:
        return in_one_transaction(write)
    except IntegrityError:
        # The id stands for something else.
        return None


def mark(
    *,
    by: Actor,
    session: CourseSession,
    student_id: int,
    kind: EventKind,
    event_id: UUID,
    now: datetime,
    way_in: WayIn = WayIn.TICK,
) -> CheckIn:
    """The student left (OUT), or is absent or excused, from now on. Safe to repeat by the id.

    Refused: NotBookedHere, NotInYet (leaving before arriving), DeskClosed, DeskNotOpenYet.
    """
    desks.check_can_open(by, session, now)
    place = _place(session, student_id=student_id, now=now)
    assert place.student is not None
    student = place.student

    def write() -> CheckIn:
        desks.locked_open_desk(by=by, session=session, now=now)
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        # A button pressed twice meets here.
        known = _known(event_id, session, kind, student_id=student_id)
        if known is not None:
            return known.event
        place = _place(session, student_id=student_id, now=now)
        assert place.student is not None
        if kind == EventKind.OUT and not _state(session, place.student)[0].was_there:
            raise NotInYet
        return _write(_Said(by, session, kind, way_in, event_id, now, now), place)

    return in_one_transaction(write)


def undo_last(
    *, by: Actor, session: CourseSession, student_id: int, event_id: UUID, now: datetime
) -> Attendance:
    """The student's last event counts no more; a void stands against it. Who walked in without a
    place, and of whom nothing else is on record, has none any more. Safe to repeat by the id of
    the void: the event before stays.

    Refused: NothingToUndo, EventOfAnother, DeskClosed.
    """

    def write() -> None:
        desks.locked_open_desk(by=by, session=session, now=now)
        Student.objects.select_for_update(no_key=True).filter(pk=student_id).first()
        if _known(event_id, session, EventKind.VOID, student_id=student_id) is None:
            _void_last(by, session, student_id, event_id, now)
            free_seats(by=by, session=session, students=[student_id], now=now)

    in_one_transaction(write)
    return attendance(
        list(CheckIn.objects.of_student(student_id).filter(session=session)),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        rules=rules_of(session),
    )


def _void_last(
    by: Actor, session: CourseSession, student_id: int, event_id: UUID, now: datetime
) -> None:
    last = (
        CheckIn.objects.of_student(student_id)
        .filter(session=session, voided_by=None)
        .exclude(kind=EventKind.VOID)
        .order_by("-recorded_at", "-pk")
        .first()
    )
    if last is None:
        raise NothingToUndo
    CheckIn.objects.create(
        id=event_id,
        session=session,
        student_id=student_id,
        place_id=last.place_id,
        kind=EventKind.VOID,
        voids=last,
        way_in=WayIn.TICK,
        happened_at=now,
        recorded_at=now,
        recorded_by_id=by.membership_id,
    )
    audit.record(by=by, verb="attendance.voided", now=now, target=session)


def free_seats(
    *, by: Actor, session: CourseSession, students: Collection[int], now: datetime
) -> None:
    """Of these students, something about whom was taken back: those who walked in without a place
    and of whom nothing is on record any more have none. In the caller's transaction."""
    walked_in = Place.objects.live().filter(session=session, is_walk_in=True)
    for key in walked_in.filter(student__in=students).values_list("student_id", flat=True):
        standing = CheckIn.objects.of_student(key).filter(session=session, voided_by=None)
        if not standing.exclude(kind=EventKind.VOID).exists():
            changes.take_back_walk_in(by=by, session=session, student_id=key, now=now)


def place_at_door(
    actor: Actor,
    session: CourseSession,
    now: datetime,
    *,
    code: str = "",
    student_id: int | None = None,
) -> Place:
    """The place in the session of the badge's bearer, or of the student. Refused: as
    ``check_in``."""
    desks.check_can_open(actor, session, now)
    return _place(session, now=now, code=code, student_id=student_id)


def bearer(code: str) -> Student:
    """Whose badge it is. Refused: UnknownBadge, BadgeRevoked."""
    tidy = tidy_code(code)
    badge = first_arrival.badge_of(tidy) if is_code(tidy) else None
    if badge is None:
        raise UnknownBadge
    if badge.revoked_at is not None:
        raise BadgeRevoked(when=dates.moment(badge.revoked_at))
    return badge.student


def _place(
    session: CourseSession, *, now: datetime, code: str = "", student_id: int | None = None
) -> Place:
    """The live place in the session of the badge's bearer, or of the student."""
    student = bearer(code) if code else None
    place = (
        Place.objects.live()
        .filter(session=session, student__isnull=False)
        .filter(student__in=[student.pk if student else student_id])
        .select_related("student__class_group", "booking")
        .first()
    )
    if place is not None:
        return place
    if student is not None:
        raise _why_not_here(session, student, now)
    raise NotBookedHere


def _why_not_here(
    session: CourseSession, student: Student, now: datetime
) -> BookedElsewhere | NotBookedHere:
    """Where the student should be, if that is another session of this host still to come or
    under way today; a place at another host is none of this desk's business."""
    midnight = at(local_day(session.starts_at), time(0))
    elsewhere = (
        Place.objects.live()
        .filter(
            student=student,
            host_id=session.host_id,
            starts_at__gte=midnight,
            starts_at__lt=midnight + timedelta(days=1),
            ends_at__gt=now,
        )
        .exclude(session=session)
        .select_related("session__version", "session__room__site", "session__school")
        .order_by("starts_at", "pk")
        .first()
    )
    if elsewhere is None:
        return NotBookedHere()
    other = elsewhere.session
    return BookedElsewhere(
        what=headline(other.version).occupation,
        where=wording.where(other),
        when=wording.when(other),
    )


def _arrival(session: CourseSession, student: Student) -> CheckIn | None:
    """The event that let the student in, unless a later mark or void undid it, or she left."""
    state, events = _state(session, student)
    if not state.is_inside:
        return None
    voided = {event.voids_id for event in events if event.kind == EventKind.VOID}
    return next(event for event in events if event.kind == EventKind.IN and event.pk not in voided)


def _state(session: CourseSession, student: Student) -> tuple[Attendance, list[CheckIn]]:
    """How far the student is, and the events that say so, in the order they were recorded."""
    events = list(
        CheckIn.objects.of_student(student.pk).filter(session=session).order_by("recorded_at", "pk")
    )
    state = attendance(
        events, starts_at=session.starts_at, ends_at=session.ends_at, rules=rules_of(session)
    )
    return state, events


def _known(
    event_id: UUID,
    session: CourseSession,
    kind: EventKind,
    *,
    code: str = "",
    student_id: int | None = None,
) -> Entry | None:
    """The first answer to an event sent before. Its id stands for nothing else: another
    session, student or kind under it is refused (EventOfAnother)."""
    known = (
        CheckIn.objects.filter(pk=event_id)
        .select_related("student__class_group", "place__booking")
        .first()
    )
    if known is None:
        return None
    if code:
        is_same = Badge.objects.filter(code=tidy_code(code), student=known.student).exists()
    else:
        is_same = known.student_id == student_id
    if not is_same or known.session_id != session.pk or known.kind != kind or known.place is None:
        raise EventOfAnother
    return Entry(known, known.student, known.place, is_new=True)


def _write(said: _Said, place: Place) -> CheckIn:
    event, is_made = CheckIn.objects.get_or_create(id=said.event_id, defaults=said.row(place))
    # The same student's would have been found under the lock.
    if not is_made:
        raise EventOfAnother
    said.audit()
    return event
