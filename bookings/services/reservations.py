"""Reserving seats: the one way a booking comes into being."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError
from django.db.models import Q

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours, Refusal, refused_about
from accounts.services import audit
from bookings import wording
from bookings.errors.basket import KeyMissing, KeyReused
from bookings.errors.requests import TooManyChangesAtOnce
from bookings.errors.reserving import AlreadyBooked, NotForYourSchool, SessionStarted, WrongStage
from bookings.models import Reservation
from bookings.references import new_reference
from bookings.selectors.api import reservations_for
from bookings.services import (
    class_seats,
    freeze,
    in_the_way,
    plain_words,
    telling_reservations,
    together,
    writing,
)
from bookings.services import consents as consent_rules
from bookings.services import students as student_rules
from bookings.services.parts import Asked, Part, classes_of, digest_of, look_up
from bookings.services.retries import in_one_transaction
from courses import phases
from courses.choices import SeasonAction, SessionState, Venue
from courses.errors import SessionCancelled, StaleSession
from courses.models import CourseSession
from courses.services import seats
from rosters.errors import NotYourClass
from rosters.models import ClassGroup, ClassTeacher
from sites import dates
from sites.calendar import local_day, school_year

KEY_LENGTH = 80
# A place has its session's times: the host has moved the session while the place was written.
MOVED = "place_times_are_its_sessions"


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


def check_session_suits(
    session: CourseSession,
    class_group: ClassGroup,
    now: datetime,
    action: SeasonAction = SeasonAction.BOOK,
) -> None:
    """Whether the session can be booked for the class at all, now; or taken by whatever
    ``action`` of the season's. Asks the database nothing.

    ``session`` with season, version and school loaded.
    """
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.why_cancelled)
    if session.starts_at <= now:
        raise SessionStarted(when=dates.moment(session.starts_at))
    phases.check_is_open(action, session.season, now)
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
    parts: Sequence[Part],
    idempotency_key: str,
    now: datetime,
    contact_phone: str = "",
    note: str = "",
) -> Reservation:
    """All parts have their seats, confirmed, under one reference; or none has.

    The school's people and the hosts are told. Repeating a request under its
    ``idempotency_key`` returns the first reservation and changes nothing; the key with other
    contents is refused (KeyReused). Its bookings come with what is told of them at hand, as
    ``selectors.api.reservations_for`` brings them.

    Refused besides, each naming the fact: NotYourClass, NotInClass, NoStudents, MoreThanClass,
    NamesDue, TooFewCompanions, CompanionNameMissing, NoSessions, SessionsOverlap,
    SetBookedWhole, SessionCancelled, SessionStarted, OutsideSeason, WrongStage,
    NotForYourSchool, AlreadyBooked, StudentBusy, ConsentMissing, SessionFull, RoomFull,
    TextNamesStudent.
    """
    if not 0 < len(idempotency_key) <= KEY_LENGTH:
        raise KeyMissing
    for class_group in classes_of(parts):
        check_is_own_class(by, class_group, now)
    return make(
        by=by,
        parts=parts,
        contact_name=by.name,
        contact_phone=contact_phone,
        note=note,
        idempotency_key=idempotency_key,
        now=now,
    )


def make(
    *,
    by: Actor,
    parts: Sequence[Part],
    contact_name: str,
    contact_phone: str,
    note: str,
    idempotency_key: str,
    now: datetime,
    action: SeasonAction = SeasonAction.BOOK,
    is_told_later: bool = False,
) -> Reservation:
    """As ``reserve``, for whoever may: the caller has asked (``reserve``, ``planned``). The season
    has to be open for ``action``. Where ``is_told_later`` nobody is told: the caller sees to it."""
    class_groups = classes_of(parts)
    digest = digest_of(parts, contact_phone=contact_phone, note=note)
    asked: list[Asked] = []

    def write() -> Reservation:
        student_rules.lock_classes(class_groups)
        asked[:] = look_up(by, parts, now, is_locking=True)
        check_can_have(asked, now, action)
        plain_words.check_names_nobody(
            note, by=by, now=now, classes=[group.pk for group in class_groups]
        )
        assert by.membership_id is not None
        reservation = Reservation.objects.create(
            reference=new_reference(),
            school_id=asked[0].class_group.school_id,
            made_by_id=by.membership_id,
            made_at=now,
            contact_name=contact_name,
            contact_phone=contact_phone,
            note=note,
            idempotency_key=idempotency_key,
            request_digest=digest,
        )
        bookings = writing.write_bookings(reservation, asked, now=now)
        bookings.sort(key=lambda booking: (booking.session.starts_at, booking.pk))
        writing.at_hand(reservation, "bookings", bookings)
        audit.record(
            by=by,
            verb="reservation.made",
            now=now,
            target=reservation,
            bookings=[booking.pk for booking in bookings],
            sessions=[booking.session_id for booking in bookings],
            seats=sum(booking.seats for booking in bookings),
        )
        if not is_told_later:
            telling_reservations.confirmed(bookings, by=by, now=now)
        # Last of all: whoever else wants the session waits for as little as can be.
        _take_seats(asked)
        return reservation

    try:
        return in_one_transaction(write)
    except Refusal:
        # What stands in the way may be this very request, answered before.
        first = _first_answer(by, idempotency_key, digest)
        if first is None:
            raise
        return first
    except IntegrityError as error:
        name = together.constraint_of(error)
        if name == "reservation_key_once":
            # Another request with this key; the same one waited at its classes.
            _first_answer(by, idempotency_key, digest)
            raise TooManyChangesAtOnce from error
        if name == MOVED:
            raise TooManyChangesAtOnce from error
        if name not in ("booking_live_once_per_class", "place_student_one_at_a_time"):
            raise
        _check_free(asked)
        # What stood in the way is gone again.
        raise TooManyChangesAtOnce from error


def check_can_have(
    asked: Sequence[Asked], now: datetime, action: SeasonAction = SeasonAction.BOOK
) -> None:
    """Whether all of it can be had together now: a kind answer, which the constraints and the
    conditional updates confirm. One query where nothing stands in the way; where something may,
    three more, to say what. A refusal is ``about`` the session that stands in the way."""
    for one in asked:
        for session in one.sessions:
            with refused_about(session):
                check_session_suits(session, one.class_group, now, action)
                if one.unnamed:
                    freeze.check_names_may_follow(session, now)
    if in_the_way.may_be(asked):
        _check_free(asked)
        consent_rules.check_all_signed(
            [(one.students, one.sessions, one.class_group) for one in asked]
        )
    for session, taken, adults in _wanted(asked):
        with refused_about(session):
            seats.check_room_for(session, seats=taken, adults=adults)


def _wanted(asked: Sequence[Asked]) -> list[tuple[CourseSession, int, int]]:
    """How many seats and adults each session is asked for, in the order of their keys."""
    sessions: dict[int, CourseSession] = {}
    taken: Counter[int] = Counter()
    adults: Counter[int] = Counter()
    for one in asked:
        for session in one.sessions:
            sessions[session.pk] = session
            taken[session.pk] += one.seats
            adults[session.pk] += one.adults[session.pk]
    return [(sessions[pk], taken[pk], adults[pk]) for pk in sorted(sessions)]


def _take_seats(asked: Sequence[Asked]) -> None:
    """The seats are taken. Refused: a session that its host has moved since it was looked at,
    since what was asked for is not what it is now (TooManyChangesAtOnce)."""
    for session, taken, adults in _wanted(asked):
        try:
            with refused_about(session):
                seats.take_seats(
                    session_id=session.pk, seats=taken, adults=adults, sequence=session.sequence
                )
        except StaleSession as refusal:
            raise TooManyChangesAtOnce from refusal


def _check_free(asked: Sequence[Asked]) -> None:
    """Refused: a class that has booked a session of these already (AlreadyBooked), or has more
    seats at one time than students (MoreThanClass); a student who is elsewhere (StudentBusy)."""
    overlapping = class_seats.overlapping(asked)
    for booking in overlapping:
        for one in asked:
            for session in one.sessions:
                if (booking.class_group_id, booking.session_id) != (one.class_group.pk, session.pk):
                    continue
                with refused_about(session):
                    raise AlreadyBooked(
                        class_group=wording.class_name(one.class_group, session.starts_at),
                        reference=booking.reservation.reference,
                    )
    class_seats.check_fit(asked, overlapping)
    student_rules.check_all_free(
        [(one.students, one.sessions, one.class_group) for one in asked if one.students]
    )


def _first_answer(by: Actor, key: str, digest: str) -> Reservation | None:
    """The reservation this very request made before."""
    found = reservations_for(by).filter(made_by_id=by.membership_id, idempotency_key=key).first()
    if found is not None and found.request_digest != digest:
        raise KeyReused
    return found
