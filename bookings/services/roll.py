"""What a class's roll means for its coming trips: who joined is added, who left frees seats."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Refusal
from accounts.services import audit
from bookings.choices import CancelledSide
from bookings.errors.reserving import NothingToRelease
from bookings.models import Booking, Place
from bookings.selectors import roll as selectors
from bookings.services import changes, lists, reservations, standing_requests, telling
from bookings.services import students as student_rules
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession
from courses.services import seats
from rosters.models import ClassGroup, Student
from rosters.services import students as roster_students


@dataclass(frozen=True, slots=True)
class Outcome:
    """One coming trip after a newcomer was to be added: ``why_not`` if she was not."""

    booking: Booking
    why_not: Refusal | None


def add_newcomer(*, by: Actor, student: Student, now: datetime) -> list[Outcome]:
    """The student has a seat in each coming trip of her class that was booked before she came,
    as far as seats are free and she is; what stands in the way of each is in its outcome.

    Each trip is changed by itself, as ``lists.change_booking`` changes it: both sides are
    told; a seat nobody is named for yet is hers first. Repeating it does nothing. Refused:
    another's class.
    """
    reservations.check_is_own_class(by, student.class_group, now)
    outcomes = []
    for booking in selectors.bookings_without(student, now):
        placed = Place.objects.live().filter(booking=booking)
        student_ids = set(placed.exclude(student=None).values_list("student_id", flat=True))
        why_not = None
        # A day of a set came in with the first of its days.
        if student.pk not in student_ids:
            try:
                lists.change_booking(
                    by=by,
                    booking=booking,
                    edition=Booking.objects.values_list("edition", flat=True).get(pk=booking.pk),
                    student_ids={*(pk for pk in student_ids if pk is not None), student.pk},
                    seats=booking.seats if len(student_ids) < booking.seats else None,
                    now=now,
                )
            except Refusal as refusal:
                why_not = refusal
        outcomes.append(Outcome(booking, why_not))
    return outcomes


def release_leaver(
    *, by: Actor, class_group: ClassGroup, student: Student, now: datetime
) -> list[Booking]:
    """A student who left the class has no seat in its coming trips any more; the seats are
    free, both sides are told. The bookings changed.

    Refused: another's class; NothingToRelease for whoever is still of the class or has no seat.
    """
    reservations.check_is_own_class(by, class_group, now)

    def write() -> list[Booking]:
        locked = student_rules.lock([student.pk])[student.pk]
        is_of_class = (
            locked.class_group_id == class_group.pk
            and locked.left_at is None
            and locked.merged_into_id is None
        )
        changed = (
            []
            if is_of_class
            else release_places(by=by, student_ids=[locked.pk], class_group=class_group, now=now)
        )
        if not changed:
            raise NothingToRelease
        return changed

    return in_one_transaction(write)


def move_student(
    *,
    by: Actor,
    student: Student,
    class_group: ClassGroup,
    seat_no: int,
    release: bool,
    now: datetime,
) -> tuple[Student, int]:
    """The student is in the other class of her school, hours and badge with her; says how many
    of her coming trips were released.

    Seats booked with the old class stay hers until they are released: now (``release``), or
    later by the old class's teacher. Refused: as ``rosters.services.students.move_student``.
    """

    def write() -> tuple[Student, int]:
        moved = roster_students.move_student(
            by=by, student=student, class_group=class_group, seat_no=seat_no, now=now
        )
        if not release:
            return moved, 0
        return moved, len(release_places(by=by, student_ids=[moved.pk], now=now))

    return in_one_transaction(write)


def release_places(
    *,
    by: Actor,
    student_ids: Collection[int],
    now: datetime,
    class_group: ClassGroup | None = None,
) -> list[Booking]:
    """The students' seats in sessions that have not begun are free, of all bookings or one
    class's; a booking that nobody is left in is cancelled. Both sides are told, without names.

    In the caller's transaction, which holds the students and has asked whether ``by`` may.
    """
    places = selectors.coming_places(student_ids, now)
    if class_group is not None:
        places = places.filter(booking__class_group=class_group)
    lock_sessions(places.values_list("session_id", flat=True))
    return _free(by, list(places), now)


def _free(by: Actor, places: Collection[Place], now: datetime) -> list[Booking]:
    """The places are released and their seats free, their sessions' rows being ours."""
    freed = Counter(place.booking_id for place in places)
    bookings = list(
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=freed)
        .select_related("session")
        .order_by("session_id", "pk")
    )
    Place.objects.filter(pk__in=[place.pk for place in places]).update(is_live=False)
    over = []
    for booking in bookings:
        booking.seats -= freed[booking.pk]
        seats.release_seats(
            session_id=booking.session_id,
            seats=freed[booking.pk],
            adults=0 if booking.seats else booking.adults,
        )
        if not booking.seats:
            over.append(booking)
            continue
        booking.edition += 1
        booking.sequence += 1
        booking.save(update_fields=["seats", "edition", "sequence"])
    changes.end_bookings(over, side=CancelledSide.SCHOOL, reason=_("学生已离开班级。"), now=now)
    for booking in bookings:
        audit.record(
            by=by, verb="places.released", now=now, target=booking, seats=freed[booking.pk]
        )
        if booking not in over:
            telling.released(booking.pk, seats=freed[booking.pk], now=now)
    telling.cancelled([booking.pk for booking in over], by=by, now=now)
    standing_requests.expire_stale(list(freed), now=now)
    return bookings


def lock_sessions(session_ids: Iterable[int]) -> None:
    """The sessions' rows are ours until the transaction ends, in the order of their keys."""
    list(
        CourseSession.objects.select_for_update(no_key=True)
        .filter(pk__in=set(session_ids))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a duplicate's seats to come: taken over, or released where both had one."""

    moved: int
    released: int


def take_over_places(*, by: Actor, survivor: Student, duplicate: Student, now: datetime) -> Taken:
    """The duplicate's seats are the survivor's, past ones too, so that a door's list stays what
    it was; where the survivor is at that time anyway, the duplicate's seat is released.

    In the caller's transaction, which holds both students and has asked whether ``by`` may.
    """
    places = Place.objects.live().filter(student=duplicate)
    lock_sessions(places.values_list("session_id", flat=True))
    clashing = clashing_places(survivor, duplicate)
    # A seat in the past is nobody's to give away: it keeps counting, but names nobody.
    Place.objects.filter(pk__in=[one.pk for one in clashing if one.starts_at <= now]).update(
        student=None
    )
    to_come = [one for one in clashing if one.starts_at > now]
    _free(by, to_come, now)
    moved = list(places.filter(starts_at__gt=now).values_list("booking_id", flat=True))
    places.update(student=survivor)
    standing_requests.expire_stale(moved, now=now)
    return Taken(moved=len(moved), released=len(to_come))


def clashing_places(survivor: Student, duplicate: Student) -> list[Place]:
    """The duplicate's seats at a time at which the survivor has one herself."""
    own = Place.objects.live().filter(
        student=survivor, starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at")
    )
    return list(
        Place.objects.live().filter(Exists(own), student=duplicate).order_by("starts_at", "pk")
    )
