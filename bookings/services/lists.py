"""Who comes: a booking's students, its number of seats, and its adults."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from accounts.services import audit
from bookings.errors.requests import SeatsShortForChange, StaleBooking
from bookings.errors.reserving import FewerSeatsThanNamed, NoStudents
from bookings.models import Booking, Place
from bookings.services import (
    changes,
    class_seats,
    freeze,
    sessions_seen,
    standing_requests,
    telling,
    together,
    writing,
)
from bookings.services import companions as companion_rules
from bookings.services import consents as consent_rules
from bookings.services import students as student_rules
from bookings.services.companions import CompanionInput
from bookings.services.sessions_seen import Seen
from courses.errors import SessionFull
from courses.models import CourseSession
from courses.services import seats as session_seats
from rosters.models import Student


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a booking shall hold: ``seats``, of which these students are named (None: just
    theirs); so many ``adults`` (None: as now, or as many as the course asks for); these
    companions (None: as now)."""

    students: Mapping[int, Student]
    seats: int
    adults: int | None = None
    companions: Sequence[CompanionInput] | None = None

    def adults_of(self, booking: Booking) -> int:
        """How many come with the booking. Refused: TooFewCompanions."""
        needed = companion_rules.needed_for(booking.session.version, self.seats)
        return companion_rules.number(
            booking.session.version,
            students=self.seats,
            given=max(booking.adults, needed) if self.adults is None else self.adults,
            named=self.companions or (),
        )


def change_booking(
    *,
    by: Actor,
    booking: Booking,
    edition: int,
    student_ids: Collection[int],
    now: datetime,
    seats: int | None = None,
    adults: int | None = None,
    companions: Sequence[CompanionInput] | None = None,
    seen: Sequence[Seen] = (),
) -> Booking:
    """The booking holds seats for just these students, or ``seats`` of which these are named;
    and, if given, so many adults and these companions.

    More seats are taken or nothing changes (SessionFull, RoomFull); fewer are free at once. Of
    a set every day is changed alike. Both sides are told and the calendar entry is updated.
    Repeating the change does nothing. ``edition`` is that of the booking the form showed,
    ``seen`` its sessions as it showed them.

    Once the list is settled only the companions' names may change (ListSettled). Refused
    besides: SessionMoved, StaleBooking, BookingOver, SessionStarted, NotYourClass, NotInClass,
    NoStudents, FewerSeatsThanNamed, MoreThanClass, TooFewCompanions, CompanionNameMissing,
    StudentBusy; ConsentMissing for students who were not in it before.
    """
    changes.check_can_change_booking(by, booking, now)
    wanted = look_up(
        booking, now, student_ids=student_ids, seats=seats, adults=adults, companions=companions
    )
    wanted.adults_of(booking)
    parts = together.of(booking)
    sessions = [one.session for one in parts]
    check_signed(booking, wanted, sessions)

    def write() -> Booking:
        lock_students(booking, wanted)
        rows = together.locked_open(booking, now)
        current = next(row for row in rows if row.pk == booking.pk)
        listed = [row for row in rows if differs_in_list(row, wanted)]
        if not listed and not any(differs_in_names(row, wanted) for row in rows):
            return current
        for row in listed:
            freeze.check_open(row.session, now)
        sessions_seen.check_unmoved(seen, [row.session for row in rows])
        if current.edition != edition:
            raise StaleBooking
        apply(rows, wanted, by=by, now=now)
        return current

    return together.translated(
        write, list(wanted.students.values()), sessions, booking.class_group, besides=parts
    )


def settles_at(booking: Booking) -> datetime:
    """When the booking's list is settled: with the first of the days that change together. Of
    days that were cancelled together none is left but its own."""
    return min(freeze.settles_at(part.session) for part in together.of(booking) or [booking])


def is_settled(booking: Booking, now: datetime) -> bool:
    return settles_at(booking) <= now


def look_up(
    booking: Booking,
    now: datetime,
    *,
    student_ids: Collection[int],
    seats: int | None,
    adults: int | None,
    companions: Sequence[CompanionInput] | None,
) -> Wanted:
    """What is asked for, with its students: of the class, or placed in the booking before they
    left it. Refused: NoStudents, NotInClass, FewerSeatsThanNamed, CompanionNameMissing."""
    placed = set(Place.objects.live().filter(booking=booking).values_list("student_id", flat=True))
    stay = [pk for pk in student_ids if pk in placed]
    others = [pk for pk in student_ids if pk not in placed]
    students = list(Student.objects.filter(pk__in=stay))
    if others:
        students += student_rules.of_class(booking.class_group, others, now)
    if seats is not None and seats < len(students):
        raise FewerSeatsThanNamed(seats=seats, named=len(students))
    seats = max(seats or 0, len(students))
    if not seats:
        raise NoStudents
    return Wanted(
        students={student.pk: student for student in sorted(students, key=lambda one: one.pk)},
        seats=seats,
        adults=adults,
        companions=None if companions is None else companion_rules.tidy(companions),
    )


def check_signed(booking: Booking, wanted: Wanted, sessions: Sequence[CourseSession]) -> None:
    """Refused: who comes newly and has no consent that the school asks for (ConsentMissing)."""
    placed = set(Place.objects.live().filter(booking=booking).values_list("student_id", flat=True))
    added = [student for pk, student in wanted.students.items() if pk not in placed]
    consent_rules.check_signed(added, sessions, booking.class_group)


def lock_students(booking: Booking, wanted: Wanted) -> None:
    """First in the lock order; where seats stay without names, the whole class."""
    keys = set(wanted.students)
    if wanted.seats > len(wanted.students):
        keys |= student_rules.keys_of_classes([booking.class_group])
    student_rules.lock(keys)


def differs_in_list(booking: Booking, wanted: Wanted) -> bool:
    """Whether students, seats or adults are not as wanted."""
    named = {
        pk
        for pk in Place.objects.live().filter(booking=booking).values_list("student_id", flat=True)
        if pk is not None
    }
    return (
        named != set(wanted.students)
        or booking.seats != wanted.seats
        or booking.adults != wanted.adults_of(booking)
    )


def differs_in_names(booking: Booking, wanted: Wanted) -> bool:
    """Whether other companions are named than wanted, or with other telephones."""
    if wanted.companions is None:
        return False
    named = booking.companions.order_by("pk").values_list("name", "phone")
    return list(named) != [(one.name, one.phone) for one in wanted.companions]


def apply(bookings: Sequence[Booking], wanted: Wanted, *, by: Actor, now: datetime) -> None:
    """The bookings are as wanted, audited, and everybody is told. Their sessions' rows are ours.

    Refused: SessionFull, RoomFull, StudentBusy, MoreThanClass.
    """
    for booking in bookings:
        _apply(booking, wanted)
    audit.record(
        by=by,
        verb="booking.changed",
        now=now,
        target=bookings[0],
        bookings=[booking.pk for booking in bookings],
        seats=wanted.seats,
    )
    # The list may be open again, by a freeze that was moved, while a request still waits.
    standing_requests.expire_stale([booking.pk for booking in bookings], now=now)
    for booking in bookings:
        telling.changed(booking.pk, by=by, now=now)


def name_companions(
    bookings: Sequence[Booking], wanted: Wanted, *, by: Actor, now: datetime
) -> None:
    """The bookings' companions are those wanted, if any were given; all else stays. Audited, and
    everybody is told. Their rows are the caller's."""
    changed = [booking for booking in bookings if differs_in_names(booking, wanted)]
    for booking in changed:
        companion_rules.put(booking, wanted.companions or ())
        _raise_counters(booking)
    if changed:
        audit.record(
            by=by,
            verb="companions.named",
            now=now,
            target=changed[0],
            bookings=[booking.pk for booking in changed],
        )
    for booking in changed:
        telling.changed(booking.pk, by=by, now=now)


def _raise_counters(booking: Booking) -> None:
    """A form opened before is stale, and calendars take the new entry."""
    booking.edition += 1
    booking.sequence += 1
    booking.save(update_fields=["seats", "adults", "edition", "sequence"])


def _apply(booking: Booking, wanted: Wanted) -> None:
    places = list(Place.objects.live().filter(booking=booking).order_by("pk"))
    placed = {place.student_id for place in places}
    added = [student for pk, student in wanted.students.items() if pk not in placed]
    unnamed = wanted.seats - len(wanted.students)
    student_rules.check_free(added, [booking.session], booking.class_group, besides=booking)
    class_seats.check_growth(booking, seats=wanted.seats, unnamed=unnamed)
    adults = wanted.adults_of(booking)
    _move_seats(booking, more=wanted.seats - booking.seats, more_adults=adults - booking.adults)
    _move_places(booking, places, wanted, added)
    booking.seats = wanted.seats
    booking.adults = adults
    _raise_counters(booking)
    if wanted.companions is not None:
        companion_rules.put(booking, wanted.companions)


def _move_seats(booking: Booking, *, more: int, more_adults: int) -> None:
    if more > 0 or more_adults > 0:
        try:
            session_seats.take_seats(session_id=booking.session_id, seats=more, adults=more_adults)
        except SessionFull as full:
            most = booking.seats + full.facts["seats_left"]
            raise SeatsShortForChange(**full.facts, most=most) from full
    elif more < 0 or more_adults < 0:
        session_seats.release_seats(session_id=booking.session_id, seats=-more, adults=-more_adults)


def _move_places(
    booking: Booking, places: Sequence[Place], wanted: Wanted, added: Sequence[Student]
) -> None:
    """Who no longer comes gives the place back; who comes newly has a place without a name, or
    a new one; so many stay without a name as are wanted."""
    blank = [place for place in places if place.student_id is None]
    leaving = [
        place.pk
        for place in places
        if place.student_id is not None and place.student_id not in wanted.students
    ]
    filled, spare = blank[: len(added)], blank[len(added) :]
    for place, student in zip(filled, added, strict=False):
        place.student = student
    unnamed = wanted.seats - len(wanted.students)
    leaving += [place.pk for place in spare[unnamed:]]
    Place.objects.filter(pk__in=leaving).update(is_live=False)
    Place.objects.bulk_update(filled, ["student"])
    Place.objects.bulk_create(
        writing.places(booking, added[len(filled) :], max(0, unnamed - len(spare)))
    )
