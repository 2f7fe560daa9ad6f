"""A whole class at once: all present but those tapped, and the same on leaving; and everybody whom
a door still expects."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from accounts.actors import Actor
from accounts.services import audit
from attendance.choices import AttendanceState, EventKind, WayIn
from attendance.errors.desk import NotBookedHere
from attendance.models import CheckIn
from attendance.selectors.states import attendance_of_session
from attendance.services import desk as desks
from bookings.models import Booking, Place
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession

NOT_THERE = (AttendanceState.EXPECTED, AttendanceState.ABSENT, AttendanceState.EXCUSED)


def arrive(
    *,
    by: Actor,
    session: CourseSession,
    bookings: Sequence[Booking],
    here: Collection[int],
    now: datetime,
) -> int:
    """Those of the bookings' students whose keys are ``here`` are in; how many that were new.

    Who is in already keeps the first arrival, and marks of absent and excused stay; who is not
    ``here`` is expected as before and may come later. Safe to repeat. Refused: as a check-in at
    the desk; NotBookedHere for keys of students without a place in these bookings.
    """
    return _write(by, session, bookings, EventKind.IN, here, now)


def leave(
    *,
    by: Actor,
    session: CourseSession,
    bookings: Sequence[Booking],
    leaving: Collection[int],
    now: datetime,
) -> int:
    """Those of the bookings' students whose keys are ``leaving`` have left now; how many that
    were. Who is not in, or has left before, is passed over. Safe to repeat. Refused: as
    ``arrive``."""
    return _write(by, session, bookings, EventKind.OUT, leaving, now)


def admit_rest(*, by: Actor, session: CourseSession, now: datetime) -> int:
    """Everybody still expected is in; how many that were. Marks of absent and excused stay."""
    desks.check_can_open(by, session, now)

    def write() -> int:
        desks.locked_open_desk(by=by, session=session, now=now)
        states = attendance_of_session(session)
        places = [
            place
            for place in Place.objects.live().filter(session=session, student__isnull=False)
            if place.student_id not in states
            or states[place.student_id].state == AttendanceState.EXPECTED
        ]
        CheckIn.objects.bulk_create(
            CheckIn(
                id=uuid4(),
                session=session,
                student_id=place.student_id,
                place=place,
                kind=EventKind.IN,
                way_in=WayIn.TICK,
                happened_at=now,
                recorded_at=now,
                recorded_by_id=by.membership_id,
            )
            for place in places
            if place.student_id is not None
        )
        audit.record(
            by=by, verb="attendance.rest_admitted", now=now, target=session, count=len(places)
        )
        return len(places)

    return in_one_transaction(write)


def _write(
    by: Actor,
    session: CourseSession,
    bookings: Sequence[Booking],
    kind: EventKind,
    chosen: Collection[int],
    now: datetime,
) -> int:
    desks.check_can_open(by, session, now)

    def write() -> int:
        # Everything at this door waits here, so the states below are the last.
        desks.locked_open_desk(by=by, session=session, now=now)
        states = attendance_of_session(session)
        places = {
            place.student_id: place
            for place in Place.objects.live().filter(
                session=session, booking__in=bookings, student__isnull=False
            )
        }
        if not set(chosen) <= places.keys():
            raise NotBookedHere
        events = []
        for student_id in sorted(set(chosen)):
            stands = states.get(student_id)
            is_in = stands is not None and stands.state not in NOT_THERE
            if (
                kind == EventKind.IN
                and stands is not None
                and (stands.state != AttendanceState.EXPECTED)
            ):
                continue
            if kind == EventKind.OUT and (stands is None or not is_in or stands.left_at):
                continue
            events.append(
                CheckIn(
                    id=uuid4(),
                    session=session,
                    student_id=student_id,
                    place=places[student_id],
                    kind=kind,
                    way_in=WayIn.CLASS,
                    happened_at=now,
                    recorded_at=now,
                    recorded_by_id=by.membership_id,
                )
            )
        CheckIn.objects.bulk_create(events)
        audit.record(
            by=by, verb=f"attendance.class_{kind}", now=now, target=session, count=len(events)
        )
        return len(events)

    return in_one_transaction(write)
