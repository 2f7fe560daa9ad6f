"""What the school changes about a booking, and who comes in at the door."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import F

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from bookings import wording
from bookings.choices import BookingState, CancelledSide
from bookings.errors import (
    AlreadyPlaced,
    BookingOver,
    NotInBooking,
    NoWalkInNow,
    ReasonMissing,
    SeatsShortForChange,
    SessionStarted,
    StaleBooking,
)
from bookings.models import Booking, Place, Reservation
from bookings.services import companions as companion_rules
from bookings.services import consents as consent_rules
from bookings.services import reservations, telling, together
from bookings.services import students as student_rules
from bookings.services.companions import CompanionInput
from bookings.services.retries import in_one_transaction
from courses.errors import SessionFull
from courses.models import CourseSession
from courses.services import seats
from rosters.models import ClassGroup, Student
from sites import dates

# A walk-in is let in from this long before the start until the end.
DOOR_OPENS_BEFORE = timedelta(minutes=60)


def check_can_change_booking(actor: Actor, booking: Booking, now: datetime) -> None:
    """Refused: another class's booking, one that is over, one whose session has begun.

    ``booking`` with session and class loaded; of a set, the sessions that belong together are
    asked for too. Two queries at most.
    """
    if not actor.is_school:
        raise NotAllowed
    reservations.check_is_own_class(actor, booking.class_group, now)
    together.check_open(booking, now)
    for one in together.of(booking):
        together.check_open(one, now)


def check_can_cancel_booking(actor: Actor, booking: Booking, now: datetime) -> None:
    """As ``check_can_change_booking``: what can be changed can be given back."""
    check_can_change_booking(actor, booking, now)


def change_booking(
    *,
    by: Actor,
    booking: Booking,
    edition: int,
    student_ids: Collection[int],
    now: datetime,
    companions: Sequence[CompanionInput] | None = None,
) -> Booking:
    """The booking holds seats for just these students, and, if given, these companions.

    More students take more seats or nothing changes (SessionFull); fewer free theirs at once.
    Of a set every day is changed alike. Both sides are told and the calendar entry is updated.
    Repeating the change does nothing. ``edition`` is that of the booking the form showed.

    Refused besides: StaleBooking, BookingOver, SessionStarted, NotYourClass, NotInClass,
    NoStudents, TooFewCompanions, CompanionNameMissing, StudentBusy; ConsentMissing for students
    who were not in it before.
    """
    check_can_change_booking(by, booking, now)
    adults = None if companions is None else companion_rules.tidy(companions)
    wanted = _students_of(booking, student_ids, now)
    if adults is not None:
        companion_rules.check(adults, students=len(wanted))
    sessions = [one.session for one in together.of(booking)]
    consent_rules.check_signed(_added(booking, wanted), sessions, booking.class_group)

    def write() -> Booking:
        locked = {student.pk: student for student in student_rules.lock(wanted)}
        rows = together.locked(booking)
        current = next(row for row in rows if row.pk == booking.pk)
        for row in rows:
            together.check_open(row, now)
        if not any(_differs(row, set(locked), adults) for row in rows):
            return current
        if current.edition != edition:
            raise StaleBooking
        for row in rows:
            _apply(row, locked, adults)
        audit.record(
            by=by,
            verb="booking.changed",
            now=now,
            target=booking,
            bookings=[row.pk for row in rows],
            seats=len(locked),
        )
        for row in rows:
            telling.changed(row.pk, by=by, now=now)
        return current

    return together.translated(write, wanted, sessions, booking.class_group, besides=booking)


def cancel_booking(*, by: Actor, booking: Booking, reason: str, now: datetime) -> Booking:
    """The booking is cancelled by the school with the reason; its seats are free at once, its
    students too. Of a set all days are cancelled. Both sides are told, calendars drop the entry.

    Refused: BookingOver, SessionStarted, NotYourClass, an empty reason.
    """
    if not reason.strip():
        raise ReasonMissing
    check_can_cancel_booking(by, booking, now)

    def write() -> Booking:
        rows = together.locked(booking)
        for row in rows:
            together.check_open(row, now)
        for row in rows:
            seats.release_seats(session_id=row.session_id, seats=row.seats)
        end_bookings(rows, side=CancelledSide.SCHOOL, reason=reason.strip(), now=now)
        audit.record(
            by=by,
            verb="booking.cancelled",
            now=now,
            target=booking,
            bookings=[row.pk for row in rows],
        )
        telling.cancelled([row.pk for row in rows], by=by, now=now)
        return next(row for row in rows if row.pk == booking.pk)

    return in_one_transaction(write)


def end_bookings(
    bookings: Sequence[Booking], *, side: CancelledSide, reason: str, now: datetime
) -> None:
    """The bookings are cancelled and their places released; their calendar sequence rises.

    Within the caller's transaction, which holds the sessions' rows and frees or voids the seats.
    """
    Place.objects.live().filter(booking__in=bookings).update(is_live=False)
    for booking in bookings:
        booking.state = BookingState.CANCELLED
        booking.seats = 0
        booking.cancelled_at = now
        booking.cancelled_side = side
        booking.cancel_reason = reason
        booking.edition += 1
        booking.sequence += 1
    Booking.objects.bulk_update(
        bookings,
        [
            "state",
            "seats",
            "cancelled_at",
            "cancelled_side",
            "cancel_reason",
            "edition",
            "sequence",
        ],
    )


def swap_student(
    *, by: Actor, booking: Booking, out_student_id: int, in_student_id: int, now: datetime
) -> Place:
    """A classmate has the seat of the one who does not come; the number of seats stays.

    By the school until the session ends, by the session's host while its door is open.
    Repeating it returns the place. Refused: NotInBooking, NotInClass, AlreadyPlaced,
    StudentBusy, BookingOver, NoWalkInNow; by the school ConsentMissing.
    """
    session = booking.session
    if by.is_host:
        _check_door(by, session, now)
    else:
        if not by.is_school:
            raise NotAllowed
        reservations.check_is_own_class(by, booking.class_group, now)
        if session.ends_at <= now:
            raise SessionStarted(when=dates.moment(session.starts_at))
    (entering,) = student_rules.of_class(booking.class_group, [in_student_id], now)
    if by.is_school:
        consent_rules.check_signed([entering], [session], booking.class_group)

    def write() -> Place:
        student_rules.lock([entering])
        together.lock_session(session)
        row = Booking.objects.select_for_update(of=("self",), no_key=True).get(pk=booking.pk)
        if not row.is_live:
            raise BookingOver(state=BookingState(row.state).label)
        places = {
            place.student_id: place
            for place in Place.objects.live()
            .filter(session=session)
            .select_related("student", "booking__session")
        }
        taken = places.get(entering.pk)
        leaving = places.get(out_student_id)
        if leaving is None or leaving.booking_id != row.pk:
            if taken is not None and taken.booking_id == row.pk:
                return taken
            raise NotInBooking(
                class_group=wording.class_name(booking.class_group, session.starts_at),
                seats=_seat_of(booking, out_student_id),
            )
        if taken is not None:
            raise AlreadyPlaced(
                class_group=wording.class_name(booking.class_group, session.starts_at),
                seats=wording.seats([entering.seat_no]),
            )
        student_rules.check_free([entering], [session], booking.class_group)
        Place.objects.filter(pk=leaving.pk).update(is_live=False)
        place = reservations.new_place(leaving.booking, entering)
        place.save()
        Booking.objects.filter(pk=row.pk).update(edition=F("edition") + 1)
        audit.record(
            by=by,
            verb="place.swapped",
            now=now,
            target=booking,
            out_student=out_student_id,
            in_student=entering.pk,
        )
        return place

    return together.translated(write, [entering], [session], booking.class_group)


def check_can_admit_walk_in(
    actor: Actor, session: CourseSession, student: Student, now: datetime
) -> None:
    """The session's own host, while the door is open, for a student of a grade it suits."""
    _check_door(actor, session, now)
    reservations.check_grade_suits(session, student.class_group)


def admit_walk_in(*, by: Actor, session: CourseSession, student: Student, now: datetime) -> Place:
    """The student has a seat of the session, in the class's live booking or in one of its own.

    Repeating it returns the place. Refused: SessionFull, SessionCancelled, StudentBusy,
    WrongStage, NoWalkInNow, another host's session.
    """
    check_can_admit_walk_in(by, session, student, now)

    def write() -> Place:
        student_rules.lock([student])
        placed = Place.objects.live().filter(session=session, student=student).first()
        if placed is not None:
            return placed
        student_rules.check_free([student], [session], student.class_group)
        seats.take_seats(session_id=session.pk, seats=1)
        booking = _booking_for_walk_in(by, session, student.class_group, now)
        place = reservations.new_place(booking, student, is_walk_in=True)
        place.save()
        audit.record(by=by, verb="place.walked_in", now=now, target=booking, student=student.pk)
        return place

    return together.translated(write, [student], [session], student.class_group)


def _booking_for_walk_in(
    by: Actor, session: CourseSession, class_group: ClassGroup, now: datetime
) -> Booking:
    """The class's live booking of the session with one seat more, or a new one of one seat.

    The session's row is ours, so no other walk-in of the class makes one at the same time.
    """
    booking = (
        Booking.objects.live()
        .select_for_update(of=("self",), no_key=True)
        .filter(session=session, class_group=class_group)
        .select_related("session")
        .first()
    )
    if booking is not None:
        booking.seats += 1
        booking.edition += 1
        booking.save(update_fields=["seats", "edition"])
        return booking
    assert by.membership_id is not None
    reservation = Reservation.objects.create(
        reference=reservations.new_reference(),
        school_id=class_group.school_id,
        made_by_id=by.membership_id,
        made_at=now,
        contact_name=by.name,
        idempotency_key=f"walk-in:{uuid.uuid4()}",
        request_digest="",
    )
    return Booking.objects.create(
        reservation=reservation,
        session=session,
        class_group=class_group,
        school_id=class_group.school_id,
        host_id=session.host_id,
        state=BookingState.CONFIRMED,
        seats=1,
        created_at=now,
    )


def _check_door(actor: Actor, session: CourseSession, now: datetime) -> None:
    if not actor.is_host or session.host_id != actor.organisation_id:
        raise NotYours
    opens = session.starts_at - DOOR_OPENS_BEFORE
    if not opens <= now < session.ends_at:
        raise NoWalkInNow(opens=dates.moment(opens), closes=dates.clock(session.ends_at))


def _students_of(booking: Booking, student_ids: Collection[int], now: datetime) -> list[Student]:
    """The students wanted: of the class, or placed in the booking before they left the class."""
    placed = set(Place.objects.live().filter(booking=booking).values_list("student_id", flat=True))
    stay = [pk for pk in student_ids if pk in placed]
    others = [pk for pk in student_ids if pk not in placed]
    students = list(Student.objects.filter(pk__in=stay))
    if others or not stay:
        students += student_rules.of_class(booking.class_group, others, now)
    return sorted(students, key=lambda student: student.pk)


def _added(booking: Booking, wanted: Sequence[Student]) -> list[Student]:
    """Those of the wanted who have no place of the booking yet."""
    placed = set(Place.objects.live().filter(booking=booking).values_list("student_id", flat=True))
    return [student for student in wanted if student.pk not in placed]


def _differs(
    booking: Booking, student_ids: set[int], companions: Sequence[CompanionInput] | None
) -> bool:
    now_in = set(Place.objects.live().filter(booking=booking).values_list("student_id", flat=True))
    if now_in != student_ids:
        return True
    if companions is None:
        return False
    named = booking.companions.order_by("pk").values_list("name", "phone")
    return list(named) != [(one.name, one.phone) for one in companions]


def _apply(
    booking: Booking, wanted: dict[int, Student], companions: Sequence[CompanionInput] | None
) -> None:
    """One booking's seats, places, companions and counters, its session's row being ours."""
    placed = set(Place.objects.live().filter(booking=booking).values_list("student_id", flat=True))
    added = sorted(set(wanted) - placed)
    student_rules.check_free(
        [wanted[pk] for pk in added], [booking.session], booking.class_group, besides=booking
    )
    more = len(wanted) - booking.seats
    if more > 0:
        try:
            seats.take_seats(session_id=booking.session_id, seats=more)
        except SessionFull as full:
            most = booking.seats + full.facts["seats_left"]
            raise SeatsShortForChange(**full.facts, most=most) from full
    elif more < 0:
        seats.release_seats(session_id=booking.session_id, seats=-more)
    Place.objects.live().filter(booking=booking).exclude(student__in=wanted).update(is_live=False)
    Place.objects.bulk_create(reservations.new_place(booking, wanted[pk]) for pk in added)
    booking.seats = len(wanted)
    booking.edition += 1
    booking.sequence += 1
    booking.save(update_fields=["seats", "edition", "sequence"])
    if companions is not None:
        companion_rules.put(booking, companions)


def _seat_of(booking: Booking, student_id: int) -> str:
    """The class seat number of a classmate, or a dash for somebody the booking knows nothing of."""
    student = Student.objects.filter(pk=student_id, class_group=booking.class_group_id).first()
    return wording.seats([student.seat_no]) if student is not None else "—"
