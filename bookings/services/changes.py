"""What the school changes about a booking, and who comes in at the door."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from bookings import wording
from bookings.choices import BookingState, CancelledSide
from bookings.errors.requests import BookingOver, ReasonMissing
from bookings.errors.roll import AlreadyPlaced, NotInBooking, NoWalkInNow
from bookings.models import Booking, Place, Reservation
from bookings.references import new_reference
from bookings.services import consents as consent_rules
from bookings.services import (
    freeze,
    plain_words,
    reservations,
    standing_requests,
    telling,
    together,
    writing,
)
from bookings.services import students as student_rules
from bookings.services.retries import in_one_transaction
from courses import phases
from courses.choices import ReasonCode, SeasonAction
from courses.models import CourseSession
from courses.services import seats
from rosters.models import ClassGroup, Student
from sites import dates


def check_can_act(
    actor: Actor, booking: Booking, now: datetime, action: SeasonAction | None = None
) -> None:
    """Refused: another class's booking, one that is over, one whose session has begun; what
    the season's phase does not open (OutsideSeason), where ``action`` is one of the season's.

    ``booking`` with session, its season, and class loaded; of a set, the sessions that belong
    together are asked for too. Two queries at most.
    """
    if not actor.is_school:
        raise NotAllowed
    reservations.check_is_own_class(actor, booking.class_group, now)
    for one in together.of_open(booking, now):
        if action is not None:
            phases.check_is_open(action, one.session.season, now)


def check_can_change_booking(actor: Actor, booking: Booking, now: datetime) -> None:
    """As ``check_can_act``, while the season is open for changes."""
    check_can_act(actor, booking, now, SeasonAction.CHANGE)


def check_can_cancel_booking(actor: Actor, booking: Booking, now: datetime) -> None:
    """As ``check_can_act``, while the season is open for cancelling."""
    check_can_act(actor, booking, now, SeasonAction.CANCEL)


def cancel_booking(
    *,
    by: Actor,
    booking: Booking,
    reason: str,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> Booking:
    """The booking is cancelled by the school with the reason; its seats are free at once, its
    students too. Of a set all days are cancelled. Both sides are told, calendars drop the entry.
    After the freeze it is recorded as late.

    Refused: BookingOver, SessionStarted, NotYourClass, TextNamesStudent, a code that says nothing
    without words.
    """
    reason = words_for(code, reason)
    check_can_cancel_booking(by, booking, now)

    def write() -> Booking:
        rows = together.locked_open(booking, now)
        plain_words.check_names_nobody(reason, by=by, now=now, classes=[booking.class_group_id])
        for row in rows:
            row.is_late = freeze.is_settled(row.session, now)
            seats.release_seats(session_id=row.session_id, seats=row.seats, adults=row.adults)
        end_bookings(rows, side=CancelledSide.SCHOOL, code=code, reason=reason, now=now)
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


def words_for(code: ReasonCode, words: str) -> str:
    """The words given, without blanks around. None are needed beside a code that says something,
    whose label each reader reads in her language; "other" alone says nothing (ReasonMissing)."""
    return in_words(words) if code == ReasonCode.OTHER else words.strip()


def in_words(words: str) -> str:
    """The words, without blanks around. Refused: nothing said (ReasonMissing)."""
    if not words.strip():
        raise ReasonMissing
    return words.strip()


def end_bookings(
    bookings: Sequence[Booking],
    *,
    side: CancelledSide,
    reason: str,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> None:
    """The bookings are cancelled and their places released; their calendar sequence rises.

    Within the caller's transaction, which holds the sessions' rows and frees or voids the seats.
    """
    Place.objects.live().filter(booking__in=bookings).update(is_live=False)
    standing_requests.end_with(bookings, now=now)
    for booking in bookings:
        booking.state = BookingState.CANCELLED
        booking.seats = booking.adults = 0
        booking.cancelled_at = now
        booking.cancelled_side = side
        booking.cancel_reason = reason
        booking.cancel_code = code
        booking.edition += 1
        booking.sequence += 1
    Booking.objects.bulk_update(
        bookings,
        [
            "state",
            "seats",
            "adults",
            "is_late",
            "cancelled_at",
            "cancelled_side",
            "cancel_reason",
            "cancel_code",
            "edition",
            "sequence",
        ],
    )


def swap_student(
    *,
    by: Actor,
    booking: Booking,
    out_student_id: int,
    in_student_id: int,
    now: datetime,
    opens_at: datetime | None = None,
) -> Place:
    """A classmate has the seat of the one who does not come; the number of seats stays.

    By the school until its list is settled, by the session's host while its door is open: from
    ``opens_at``, which the rules of the door say, or from its start.
    Repeating it returns the place. Refused: NotInBooking, NotInClass, AlreadyPlaced,
    StudentBusy, BookingOver, ListSettled, NoWalkInNow; by the school ConsentMissing and
    OutsideSeason.
    """
    session = booking.session
    if by.is_host:
        _check_door(by, session, now, opens_at or session.starts_at)
    else:
        check_can_change_booking(by, booking, now)
        freeze.check_open(session, now)
    (entering,) = student_rules.of_class(booking.class_group, [in_student_id], now)
    if by.is_school:
        consent_rules.check_signed([entering], [session], booking.class_group)

    def write() -> Place:
        locked = student_rules.lock([entering.pk])
        student_rules.check_in_class(locked, [entering], booking.class_group, now)
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
        place = writing.new_place(leaving.booking, entering)
        place.save()
        Booking.objects.filter(pk=row.pk).update(edition=F("edition") + 1)
        standing_requests.expire_stale([row.pk], now=now)
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
    actor: Actor,
    session: CourseSession,
    student: Student,
    *,
    came_at: datetime,
    opens_at: datetime,
) -> None:
    """The session's own host, for a student of a grade it suits who came while the door was
    open: from ``opens_at``, which the rules of the door say, until the session's end."""
    _check_door(actor, session, came_at, opens_at)
    reservations.check_grade_suits(session, student.class_group)


def admit_walk_in(
    *,
    by: Actor,
    session: CourseSession,
    student: Student,
    now: datetime,
    opens_at: datetime,
    came_at: datetime | None = None,
) -> Place:
    """The student has a seat of the session, in the class's live booking or in one of its own.
    ``came_at``: where that is heard of later.

    Repeating it returns the place. Refused: SessionFull, SessionCancelled, StudentBusy,
    WrongStage, NoWalkInNow, another host's session.
    """
    check_can_admit_walk_in(by, session, student, came_at=came_at or now, opens_at=opens_at)

    def write() -> Place:
        student_rules.lock([student.pk])
        placed = Place.objects.live().filter(session=session, student=student).first()
        if placed is not None:
            return placed
        student_rules.check_free([student], [session], student.class_group)
        seats.take_seats(session_id=session.pk, seats=1)
        # Its times as they are now that its row is ours.
        current = CourseSession.objects.get(pk=session.pk)
        booking = _booking_for_walk_in(by, current, student.class_group, now)
        place = writing.new_place(booking, student, is_walk_in=True)
        place.save()
        standing_requests.expire_stale([booking.pk], now=now)
        audit.record(by=by, verb="place.walked_in", now=now, target=booking, student=student.pk)
        return place

    return together.translated(write, [student], [session], student.class_group)


def take_back_walk_in(*, by: Actor, session: CourseSession, student_id: int, now: datetime) -> bool:
    """The seat that a student had without a booking is free again, for she was let in by mistake;
    a booking that nobody is left in is cancelled. Says whether there was such a seat; safe to
    repeat. Nobody is told, as nobody was of the walk-in.

    In the caller's transaction, which has asked whether ``by`` keeps the door, and found that
    nothing is on record of her.
    """
    student_rules.lock([student_id])
    walked_in = Place.objects.live().filter(session=session, student=student_id, is_walk_in=True)
    place = walked_in.first()
    if place is None:
        return False
    # The session's row first, as whoever lets somebody in has it.
    seats.release_seats(session_id=session.pk, seats=1)
    booking = (
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .select_related("session")
        .get(pk=place.booking_id)
    )
    walked_in.update(is_live=False)
    if booking.seats > 1:
        booking.seats -= 1
        booking.edition += 1
        booking.save(update_fields=["seats", "edition"])
        standing_requests.expire_stale([booking.pk], now=now)
    else:
        seats.release_seats(session_id=session.pk, seats=0, adults=booking.adults)
        reason = _("签到有误，已撤销。")
        end_bookings([booking], side=CancelledSide.HOST, reason=reason, now=now)
    audit.record(
        by=by, verb="place.walk_in_taken_back", now=now, target=booking, student=student_id
    )
    return True


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
        reference=new_reference(),
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


def _check_door(
    actor: Actor, session: CourseSession, came_at: datetime, opens_at: datetime
) -> None:
    if not actor.is_host or session.host_id != actor.organisation_id:
        raise NotYours
    if not opens_at <= came_at < session.ends_at:
        raise NoWalkInNow(opens=dates.moment(opens_at), closes=dates.clock(session.ends_at))


def _seat_of(booking: Booking, student_id: int) -> str:
    """The class seat number of a classmate, or a dash for somebody the booking knows nothing of."""
    student = Student.objects.filter(pk=student_id, class_group=booking.class_group_id).first()
    return wording.seats([student.seat_no]) if student is not None else "—"
