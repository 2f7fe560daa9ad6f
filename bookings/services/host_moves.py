"""What the host changes about a booked session: when, where, by whom, for how many."""

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError
from django.db.models import F

from accounts.actors import Actor
from accounts.errors import Refusal
from accounts.services import audit
from bookings import differences
from bookings.choices import CancelledSide
from bookings.differences import Difference
from bookings.errors.requests import SameAsBefore, TooManyChangesAtOnce
from bookings.errors.roll import NotOfSession
from bookings.models import Booking, Place
from bookings.selectors import alternatives
from bookings.services import (
    changes,
    freeze,
    move_checks,
    plain_words,
    telling,
    telling_moves,
    together,
)
from bookings.services import students as student_rules
from bookings.services.move_checks import Change
from bookings.services.retries import LookAgainError, in_one_transaction
from courses.choices import ReasonCode, SessionState
from courses.errors import SessionBegun, SessionCancelled, StaleSession
from courses.models import CourseSession
from courses.selectors import history, unusual
from courses.services import seats
from courses.services import sessions as course_sessions
from rosters.models import Student
from sites import dates


@dataclass(slots=True)
class Preview:
    """Whom a change affects and what stands in its way."""

    staying: list[Booking]
    leaving: list[Booking]
    over: int = 0
    # Sentences: what of time, place, people or number does not go.
    obstacles: list[str] = field(default_factory=list)
    # By booking, which of its students are elsewhere then.
    clashes: dict[int, str] = field(default_factory=dict)
    # What of the session is another than before, as it was and as it shall be.
    differences: list[Difference] = field(default_factory=list)
    # Nothing would be another and nobody goes.
    is_same: bool = False
    # Sentences: what would go, but is seldom meant.
    cautions: list[str] = field(default_factory=list)

    @property
    def is_possible(self) -> bool:
        return not self.obstacles and not self.clashes and not self.is_same


def check_can_change_session(actor: Actor, session: CourseSession, now: datetime) -> None:
    """The host's manager, before the session begins, booked or not."""
    course_sessions.check_can_schedule(actor, session.host_id)
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.why_cancelled)
    if session.starts_at <= now:
        raise SessionBegun(when=dates.moment(session.starts_at))


def change_session(
    *,
    by: Actor,
    session: CourseSession,
    sequence: int,
    change: Change,
    reason: str,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> CourseSession:
    """The session is as ``change`` says; its places follow, calendars too. The bookings named
    in ``release`` are cancelled with the reason (of a set, all days), their classes learn what
    still fits them; everybody else booked and whoever teaches learns what was and what is.

    ``sequence`` is that of the session the form showed. Refused: StaleSession, SeatsStillTaken
    and TooManyHeads until it is said who goes, StudentBusy naming class and seat numbers,
    MoreThanClass, SchoolVenueFixed, NotOfSession, SameAsBefore, ReasonMissing, RoomTaken,
    RoomClosed, InstructorTaken, TextNamesStudent, and as
    ``courses.services.sessions.open_session``.
    """
    reason = changes.words_for(code, reason)
    check_can_change_session(by, session, now)
    move_checks.check_shape(session, change, now)

    def write() -> CourseSession:
        students = _students_of(session)
        student_rules.lock(students)
        locked, others = _locked(session, change)
        if not _students_of(session) <= students:
            # Somebody was booked before the row was ours; their places are to be moved as well.
            raise LookAgainError
        check_can_change_session(by, locked, now)
        if locked.sequence != sequence:
            raise StaleSession
        before = copy.copy(locked)
        if not _differs(locked, change) and not change.release:
            raise SameAsBefore
        plain_words.check_names_nobody(reason, by=by, now=now, sessions=[locked])
        bookings = _bookings(locked)
        leaving = _leaving(bookings, change)
        _release(leaving, others, by=by, code=code, reason=reason, now=now)
        staying = [one for one in bookings if one.pk not in change.release]
        locked.refresh_from_db(fields=["seats_taken", "seats_held", "adults_coming", "adults_held"])
        move_checks.check_room(locked, change)
        move_checks.check_venue(change, staying)
        for booking in staying:
            move_checks.check_free(booking, locked, change)
        course_sessions.rearrange(
            locked,
            place=change.place,
            starts_at=change.starts_at,
            ends_at=change.ends_at,
            capacity=change.capacity,
            instructor=change.instructor,
            assistant=change.assistant,
        )
        followed = staying if _is_seen(before, locked) else []
        Booking.objects.filter(pk__in=[one.pk for one in followed]).update(
            edition=F("edition") + 1, sequence=F("sequence") + 1, reminded_at=None
        )
        audit.record(
            by=by,
            verb=history.VERB,
            now=now,
            target=session,
            reason_code=str(code),
            before=history.facts_of(before),
            after=history.facts_of(locked),
            bookings=[one.pk for one in followed],
            released=[one.pk for one in leaving],
        )
        telling_moves.session_changed(
            locked,
            [one.pk for one in followed],
            before=before,
            code=code,
            reason=reason,
            by=by,
            now=now,
        )
        return locked

    try:
        return in_one_transaction(write)
    except IntegrityError as error:
        if together.constraint_of(error) != "place_student_one_at_a_time":
            raise
        for booking in _bookings(session):
            move_checks.check_free(booking, session, change)
        raise TooManyChangesAtOnce from error


def preview(*, by: Actor, session: CourseSession, change: Change, now: datetime) -> Preview:
    """What ``change_session`` would do and refuse, all of it at once, changing nothing."""
    check_can_change_session(by, session, now)
    bookings = _bookings(session)
    staying = [one for one in bookings if one.pk not in change.release]
    leaving = [one for one in bookings if one.pk in change.release]
    then = _changed(session, change)
    seen = Preview(
        staying=staying,
        leaving=leaving,
        differences=differences.of_session(session, then),
        is_same=not leaving and not _differs(session, change),
    )
    then.seats_taken = sum(one.seats for one in staying)
    then.adults_coming = sum(one.adults for one in staying)
    seen.over = max(0, then.seats_taken + then.seats_held - change.capacity)
    checks: list[Callable[[], None]] = [
        lambda: move_checks.check_shape(session, change, now),
        lambda: move_checks.check_room(then, change),
        lambda: move_checks.check_venue(change, staying),
    ]
    # A time that ends before it begins overlaps nothing, and PostgreSQL refuses to say so.
    has_time = change.starts_at < change.ends_at
    if has_time:
        checks += [
            lambda: move_checks.check_room_free(session, change),
            lambda: course_sessions.refuse_if_taken(
                change.instructor,
                change.assistant,
                starts_at=change.starts_at,
                ends_at=change.ends_at,
                besides=session.pk,
            ),
        ]
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            seen.obstacles.append(str(refusal))
    if not has_time:
        return seen
    if (session.starts_at, session.ends_at, session.room_id) != (
        change.starts_at,
        change.ends_at,
        _pk(change.place.room),
    ):
        seen.cautions = unusual.of_session(then)
    for booking in staying:
        try:
            move_checks.check_free(booking, session, change)
        except Refusal as refusal:
            seen.clashes[booking.pk] = str(refusal)
    return seen


def _changed(session: CourseSession, change: Change) -> CourseSession:
    """The session as it would be; nothing is saved."""
    then = copy.copy(session)
    then.starts_at, then.ends_at = change.starts_at, change.ends_at
    then.room, then.school, then.online_url = change.place
    # Two places named at once, or none, are refused below.
    then.venue = change.place.venue
    then.instructor, then.assistant = change.instructor, change.assistant
    then.capacity = change.capacity
    return then


def _differs(session: CourseSession, change: Change) -> bool:
    return (
        session.starts_at,
        session.ends_at,
        session.capacity,
        session.room_id,
        session.school_id,
        session.online_url,
        session.instructor_id,
        session.assistant_id,
    ) != (
        change.starts_at,
        change.ends_at,
        change.capacity,
        _pk(change.place.room),
        _pk(change.place.school),
        change.place.online_url,
        _pk(change.instructor),
        _pk(change.assistant),
    )


def _pk(row: object) -> int | None:
    return getattr(row, "pk", None)


def _is_seen(before: CourseSession, after: CourseSession) -> bool:
    """Whether a school's calendar says something else now."""

    def entry(one: CourseSession) -> tuple[object, ...]:
        return (one.starts_at, one.ends_at, one.room_id, one.school_id, one.online_url)

    return entry(before) != entry(after)


def _students_of(session: CourseSession) -> set[int]:
    """Those named; where seats are without names, the whole class, so that it has no more seats
    than students at the new time either."""
    live = Place.objects.live().filter(session=session)
    unnamed = live.filter(student=None).values("booking__class_group")
    return set(live.exclude(student=None).values_list("student_id", flat=True)) | set(
        Student.objects.current().filter(class_group__in=unnamed).values_list("pk", flat=True)
    )


def _locked(session: CourseSession, change: Change) -> tuple[CourseSession, list[CourseSession]]:
    """The session, and the other days of bookings that go, as they are now and ours."""
    keys = {session.pk}
    if change.release and session.session_set_id is not None:
        keys |= set(
            CourseSession.objects.scheduled()
            .filter(session_set=session.session_set_id)
            .values_list("pk", flat=True)
        )
    rows = list(
        CourseSession.objects.select_for_update(of=("self",))
        .filter(pk__in=keys)
        .select_related("season", "version", "room__site", "room_hold", "school", "host")
        .order_by("pk")
    )
    locked = next(row for row in rows if row.pk == session.pk)
    return locked, [row for row in rows if row.pk != session.pk]


def _bookings(session: CourseSession) -> list[Booking]:
    return list(
        Booking.objects.live()
        .filter(session=session)
        .select_related("class_group", "school", "session", "reservation")
        .order_by("school__name", "class_group_id", "pk")
    )


def _leaving(bookings: Sequence[Booking], change: Change) -> list[Booking]:
    leaving = [one for one in bookings if one.pk in change.release]
    if len(leaving) != len(change.release):
        raise NotOfSession
    return leaving


def _release(
    leaving: Sequence[Booking],
    others: Collection[CourseSession],
    *,
    by: Actor,
    code: ReasonCode,
    reason: str,
    now: datetime,
) -> None:
    """The bookings are over, with the other days of their sets; their seats are free. After the
    freeze they are recorded as late."""
    if not leaving:
        return
    trips = {(one.reservation_id, one.class_group_id) for one in leaving}
    found = (
        Booking.objects.live()
        .select_for_update(of=("self",), no_key=True)
        .filter(
            reservation__in={reservation for reservation, _class_group in trips},
            session__in={leaving[0].session_id, *(one.pk for one in others)},
        )
        .select_related("class_group", "session__season", "session__version", "session__room")
        .order_by("session_id", "pk")
    )
    rows = [row for row in found if (row.reservation_id, row.class_group_id) in trips]
    for row in rows:
        row.is_late = freeze.is_settled(row.session, now)
        seats.release_seats(session_id=row.session_id, seats=row.seats, adults=row.adults)
    sessions = list({row.session_id: row.session for row in rows}.values())
    still_free = alternatives.offered(sessions, rows, now)
    changes.end_bookings(rows, side=CancelledSide.HOST, code=code, reason=reason, now=now)
    telling.cancelled([row.pk for row in rows], by=by, now=now, still_free=still_free)
