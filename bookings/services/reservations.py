"""Reserving seats: the one way a booking comes into being."""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise

from django.db import IntegrityError
from django.db.models import Q

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours, Refusal
from accounts.services import audit
from bookings import wording
from bookings.choices import BookingState
from bookings.errors import (
    AlreadyBooked,
    KeyMissing,
    KeyReused,
    NoSessions,
    NotForYourSchool,
    OutsideSeason,
    SessionsOverlap,
    SessionStarted,
    SetBookedWhole,
    TooManyChangesAtOnce,
    WrongStage,
)
from bookings.models import Booking, Place, Reservation
from bookings.services import companions as companion_rules
from bookings.services import consents as consent_rules
from bookings.services import students as student_rules
from bookings.services import telling, together
from bookings.services.companions import CompanionInput
from bookings.services.retries import in_one_transaction
from courses.choices import SessionState, Venue
from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession, SessionSet
from courses.services import seats
from rosters.errors import NotYourClass
from rosters.models import ClassGroup, ClassTeacher, Student
from sites import dates
from sites.calendar import local_day, school_year

# Without the letters and digits that are mistaken for each other on paper and by phone.
REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
KEY_LENGTH = 80


def check_can_book(
    actor: Actor, session: CourseSession, class_group: ClassGroup, now: datetime
) -> None:
    """Refused, with the reason: another school's or teacher's class, a session that is
    cancelled, begun, full, not on offer to this class, or booked by it already.

    ``session`` with season, version and school loaded. Two queries at most.
    """
    check_is_own_class(actor, class_group, now)
    check_session_suits(session, class_group, now)
    _check_not_booked([session], class_group)
    if session.capacity - session.seats_taken - session.seats_held < 1:
        raise SessionFull(seats=1, seats_left=0)


def check_is_own_class(actor: Actor, class_group: ClassGroup, now: datetime) -> None:
    """A coordinator acts for every class of the school, a teacher for those she teaches."""
    if not (actor.is_coordinator or actor.is_teacher):
        raise NotAllowed
    if class_group.school_id != actor.organisation_id or class_group.archived_at is not None:
        raise NotYours
    if actor.is_coordinator:
        return
    if not ClassTeacher.objects.filter(
        Q(membership_id=actor.membership_id), class_group=class_group
    ).exists():
        raise NotYourClass(class_group=wording.class_name(class_group, now))


def check_session_suits(session: CourseSession, class_group: ClassGroup, now: datetime) -> None:
    """Whether the session can be booked for the class at all, now. Asks the database nothing.

    ``session`` with season, version and school loaded.
    """
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.cancel_reason)
    if session.starts_at <= now:
        raise SessionStarted(when=dates.moment(session.starts_at))
    season = session.season
    if not season.opens_at <= now < season.closes_at:
        raise OutsideSeason(
            season=season.name,
            opens=dates.moment(season.opens_at),
            closes=dates.moment(season.closes_at),
        )
    check_grade_suits(session, class_group)
    if session.venue == Venue.SCHOOL and session.school_id != class_group.school_id:
        assert session.school is not None
        raise NotForYourSchool(school=wording.organisation_name(session.school))


def check_grade_suits(session: CourseSession, class_group: ClassGroup) -> None:
    """Whether the course is for the class's stage and grade on the day of the session."""
    version = session.version
    grade = class_group.grade(school_year(local_day(session.starts_at)))
    if (
        class_group.stage not in version.stages
        or not version.grade_from <= grade <= version.grade_to
    ):
        raise WrongStage(
            suits=wording.grades(version.grade_from, version.grade_to),
            class_group=wording.class_name(class_group, session.starts_at),
            grade=wording.grades(grade, grade),
        )


def reserve(
    *,
    by: Actor,
    class_group: ClassGroup,
    companions: Sequence[CompanionInput],
    idempotency_key: str,
    now: datetime,
    session_ids: Collection[int] = (),
    session_set_id: int | None = None,
    student_ids: Collection[int] | None = None,
    contact_phone: str = "",
    note: str = "",
) -> Reservation:
    """The class has seats in all the sessions, confirmed, under one reference; or in none.

    ``student_ids`` None means every student of the class. The school's people and the host's
    are told. Repeating a request under its ``idempotency_key`` returns the first reservation
    and changes nothing; the key with other contents is refused (KeyReused).

    Refused besides, each naming the fact: NotYourClass, NotInClass, NoStudents,
    TooFewCompanions, CompanionNameMissing, NoSessions, SessionsOverlap, SetBookedWhole,
    SessionCancelled, SessionStarted, OutsideSeason, WrongStage, NotForYourSchool,
    AlreadyBooked, StudentBusy, ConsentMissing, SessionFull.
    """
    if not 0 < len(idempotency_key) <= KEY_LENGTH:
        raise KeyMissing
    check_is_own_class(by, class_group, now)
    adults = companion_rules.tidy(companions)
    digest = _digest(
        session_ids=session_ids,
        session_set_id=session_set_id,
        class_group=class_group,
        student_ids=student_ids,
        companions=adults,
        contact_phone=contact_phone,
        note=note,
    )
    first = _first_answer(by, idempotency_key, digest)
    if first is not None:
        return first
    try:
        sessions = _sessions_asked_for(by, session_ids, session_set_id)
        for session in sessions:
            check_session_suits(session, class_group, now)
        _check_not_booked(sessions, class_group)
        students = student_rules.of_class(class_group, student_ids, now)
        companion_rules.check(adults, students=len(students))
        student_rules.check_free(students, sessions, class_group)
        consent_rules.check_signed(students, sessions, class_group)
        _check_seats(sessions, len(students))
    except Refusal:
        # What stands in the way may be this very request, answered since we looked.
        first = _first_answer(by, idempotency_key, digest)
        if first is None:
            raise
        return first

    def write() -> Reservation:
        locked = student_rules.lock(students)
        # Whoever held these students has committed by now: the same request may be answered,
        # a student may have left the class or be elsewhere.
        first = _first_answer(by, idempotency_key, digest)
        if first is not None:
            return first
        student_rules.check_in_class(locked, students, class_group, now)
        _check_not_booked(sessions, class_group)
        student_rules.check_free(locked, sessions, class_group)
        for session in sessions:
            seats.take_seats(session_id=session.pk, seats=len(locked))
        return _write(
            by=by,
            class_group=class_group,
            students=locked,
            sessions=_as_locked(sessions),
            companions=adults,
            contact_phone=contact_phone,
            note=note,
            idempotency_key=idempotency_key,
            digest=digest,
            now=now,
        )

    try:
        return in_one_transaction(write)
    except IntegrityError as error:
        name = together.constraint_of(error)
        if name == "reservation_key_once":
            raise KeyReused from error
        if name == "booking_live_once_per_class":
            _check_not_booked(sessions, class_group)
        elif name == "place_student_one_at_a_time":
            student_rules.check_free(students, sessions, class_group)
        else:
            raise
        # What stood in the way is gone again.
        raise TooManyChangesAtOnce from error


def _first_answer(by: Actor, key: str, digest: str) -> Reservation | None:
    """The reservation this very request made before."""
    found = Reservation.objects.filter(made_by_id=by.membership_id, idempotency_key=key).first()
    if found is not None and found.request_digest != digest:
        raise KeyReused
    return found


def _digest(
    *,
    session_ids: Collection[int],
    session_set_id: int | None,
    class_group: ClassGroup,
    student_ids: Collection[int] | None,
    companions: Sequence[CompanionInput],
    contact_phone: str,
    note: str,
) -> str:
    content = [
        sorted(set(session_ids)),
        session_set_id,
        class_group.pk,
        None if student_ids is None else sorted(set(student_ids)),
        [[one.name, one.phone] for one in companions],
        contact_phone,
        note,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _sessions_asked_for(
    by: Actor, session_ids: Collection[int], session_set_id: int | None
) -> list[CourseSession]:
    """The sessions by key, loaded; all those of a set, since a set is booked whole."""
    visible = CourseSession.objects.visible_to(by).select_related("season", "version", "school")
    if session_set_id is not None:
        # A set is cancelled whole, so what stands of it is the offer.
        sessions = list(visible.filter(session_set_id=session_set_id).scheduled().order_by("pk"))
    else:
        sessions = list(visible.filter(pk__in=session_ids).order_by("pk"))
        if len(sessions) != len(set(session_ids)):
            raise NotYours
        _check_sets_whole(sessions)
    if not sessions:
        raise NoSessions
    _check_apart(sessions)
    return sessions


def _check_apart(sessions: Sequence[CourseSession]) -> None:
    """A class cannot be in two of the sessions at once."""
    by_time = sorted(sessions, key=lambda session: session.starts_at)
    for first, second in pairwise(by_time):
        if second.starts_at < first.ends_at:
            raise SessionsOverlap(first=wording.when(first), second=wording.when(second))


def _check_sets_whole(sessions: Sequence[CourseSession]) -> None:
    asked = {session.pk for session in sessions}
    set_ids = {one.session_set_id for one in sessions if one.session_set_id is not None}
    if not set_ids:
        return
    members = CourseSession.objects.filter(session_set_id__in=set_ids).scheduled()
    for session_set in SessionSet.objects.filter(pk__in=set_ids).order_by("pk"):
        of_set = {one.pk for one in members if one.session_set_id == session_set.pk}
        if not of_set <= asked:
            raise SetBookedWhole(set=session_set.name, sessions=len(of_set))


def _check_not_booked(sessions: Sequence[CourseSession], class_group: ClassGroup) -> None:
    booked = (
        Booking.objects.live()
        .filter(session__in=sessions, class_group=class_group)
        .select_related("reservation", "session")
        .order_by("session_id")
        .first()
    )
    if booked is not None:
        raise AlreadyBooked(
            class_group=wording.class_name(class_group, booked.session.starts_at),
            reference=booked.reservation.reference,
        )


def _check_seats(sessions: Sequence[CourseSession], wanted: int) -> None:
    """A kind answer before any lock; the conditional update has the last word."""
    for session in sessions:
        left = session.capacity - session.seats_taken - session.seats_held
        if left < wanted:
            raise SessionFull(seats=wanted, seats_left=left)


def _as_locked(sessions: Sequence[CourseSession]) -> list[CourseSession]:
    """The sessions as they are now that their rows are ours until the end."""
    return list(
        CourseSession.objects.filter(pk__in=[session.pk for session in sessions]).order_by("pk")
    )


def _write(
    *,
    by: Actor,
    class_group: ClassGroup,
    students: Sequence[Student],
    sessions: Sequence[CourseSession],
    companions: Sequence[CompanionInput],
    contact_phone: str,
    note: str,
    idempotency_key: str,
    digest: str,
    now: datetime,
) -> Reservation:
    """The rows, the audit entry and the messages of one reservation."""
    assert by.membership_id is not None
    reservation = Reservation.objects.create(
        reference=new_reference(),
        school_id=class_group.school_id,
        made_by_id=by.membership_id,
        made_at=now,
        contact_name=by.name,
        contact_phone=contact_phone,
        note=note,
        idempotency_key=idempotency_key,
        request_digest=digest,
    )
    bookings = Booking.objects.bulk_create(
        Booking(
            reservation=reservation,
            session=session,
            class_group=class_group,
            school_id=class_group.school_id,
            host_id=session.host_id,
            state=BookingState.CONFIRMED,
            seats=len(students),
            created_at=now,
        )
        for session in sessions
    )
    for booking in bookings:
        companion_rules.put(booking, companions)
    Place.objects.bulk_create(
        new_place(booking, student) for booking in bookings for student in students
    )
    audit.record(
        by=by,
        verb="reservation.made",
        now=now,
        target=reservation,
        bookings=[booking.pk for booking in bookings],
        sessions=[session.pk for session in sessions],
        seats=len(students),
    )
    telling.confirmed(reservation, by=by, now=now)
    return reservation


def new_place(booking: Booking, student: Student, *, is_walk_in: bool = False) -> Place:
    """An unsaved place of the booking, at its session's times (``booking.session`` loaded)."""
    return Place(
        booking=booking,
        session_id=booking.session_id,
        school_id=booking.school_id,
        host_id=booking.host_id,
        student=student,
        starts_at=booking.session.starts_at,
        ends_at=booking.session.ends_at,
        is_walk_in=is_walk_in,
    )


def new_reference() -> str:
    """A reference to say on the phone: eight letters, so many that the unique constraint has
    never to speak."""
    letters = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
