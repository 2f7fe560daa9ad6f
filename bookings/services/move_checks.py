"""How a booked session shall be another, and what refuses that."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Membership
from bookings import wording
from bookings.errors.sessions import SchoolVenueFixed, SeatsStillTaken, TooManyHeads
from bookings.models import Booking
from bookings.services import class_seats
from bookings.services import students as student_rules
from courses.models import CourseSession
from courses.services import sessions as course_sessions
from rosters.models import Student
from sites import services as sites_services


@dataclass(frozen=True, slots=True)
class Change:
    """How the session shall be; ``release`` names the bookings that go elsewhere."""

    starts_at: datetime
    ends_at: datetime
    place: course_sessions.Place
    capacity: int
    instructor: Membership | None = None
    assistant: Membership | None = None
    release: frozenset[int] = frozenset()


def check_shape(session: CourseSession, change: Change, now: datetime) -> None:
    """What is refused whoever has booked."""
    course_sessions.check_times(session.season, change.starts_at, change.ends_at, now)
    course_sessions.checked_capacity(session.version, change.place, change.capacity)
    course_sessions.check_people(session.host_id, change.instructor, change.assistant)


def check_room(session: CourseSession, change: Change) -> None:
    taken = session.seats_taken + session.seats_held
    if taken > change.capacity:
        raise SeatsStillTaken(
            seats_taken=taken, capacity=change.capacity, over=taken - change.capacity
        )
    room = change.place.room
    if room is None or room.heads_capacity is None or session.heads <= room.heads_capacity:
        return
    raise TooManyHeads(room=room.name, limit=room.heads_capacity, present=session.heads)


def check_venue(change: Change, staying: Iterable[Booking]) -> None:
    """A session at a school is for that school."""
    school = change.place.school
    for booking in staying:
        if school is not None and booking.school_id != school.pk:
            raise SchoolVenueFixed(school=wording.organisation_name(booking.school))


def check_room_free(session: CourseSession, change: Change) -> None:
    if change.place.room is not None:
        sites_services.refuse_if_occupied(
            room=change.place.room,
            starts_at=change.starts_at,
            ends_at=change.ends_at,
            besides=session.room_hold,
        )


def check_free(booking: Booking, session: CourseSession, change: Change) -> None:
    """Refused: students of the booking who are elsewhere at the new time (StudentBusy), seats
    without names for more than the class has then (MoreThanClass)."""
    if (session.starts_at, session.ends_at) == (change.starts_at, change.ends_at):
        return
    then = copy.copy(session)
    then.starts_at, then.ends_at = change.starts_at, change.ends_at
    students = list(
        Student.objects.filter(places__booking=booking, places__is_live=True).order_by("pk")
    )
    student_rules.check_free(students, [then], booking.class_group, besides=booking)
    moved = copy.copy(booking)
    moved.session = then
    class_seats.check_growth(moved, seats=booking.seats, unnamed=booking.seats - len(students))
