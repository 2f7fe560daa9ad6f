"""Bookings that belong together, their locks, and races told in words."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError

from bookings.choices import BookingState
from bookings.errors.requests import BookingOver, TooManyChangesAtOnce
from bookings.errors.reserving import SessionStarted
from bookings.models import Booking
from bookings.services import students as student_rules
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession
from rosters.models import ClassGroup, Student
from sites import dates

Answer = TypeVar("Answer")


def check_open(booking: Booking, now: datetime) -> None:
    """Refused: a booking that is over, or whose session has begun."""
    if not booking.is_live:
        raise BookingOver(state=BookingState(booking.state).label)
    if booking.session.starts_at <= now:
        raise SessionStarted(when=dates.moment(booking.session.starts_at))


def of(booking: Booking) -> list[Booking]:
    """The booking, with its class's others of the reservation that were only to be had together."""
    if booking.session.session_set_id is None:
        return [booking]
    return list(
        Booking.objects.live()
        .filter(
            reservation_id=booking.reservation_id,
            class_group_id=booking.class_group_id,
            session__session_set_id=booking.session.session_set_id,
        )
        .select_related("class_group", "session__season", "session__version")
        .order_by("session_id")
    )


def of_open(booking: Booking, now: datetime) -> list[Booking]:
    """As ``of``. Refused: where the booking, or one that belongs together with it, is over or its
    session has begun."""
    check_open(booking, now)
    parts = of(booking)
    for part in parts:
        check_open(part, now)
    return parts


def locked_open(booking: Booking, now: datetime) -> list[Booking]:
    """As ``locked``. Refused as ``of_open``, by what they are now."""
    rows = locked(booking)
    for row in rows:
        check_open(row, now)
    return rows


def locked(booking: Booking) -> list[Booking]:
    """The bookings of ``of`` as they are now, in the order of their sessions; sessions and
    bookings are ours. The booking itself is among them even if it is over."""
    session_ids = {booking.session_id, *(one.session_id for one in of(booking))}
    list(
        CourseSession.objects.select_for_update(no_key=True)
        .filter(pk__in=session_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = list(
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .filter(reservation_id=booking.reservation_id, session_id__in=session_ids)
        .filter(class_group_id=booking.class_group_id)
        .select_related("class_group", "session__season", "session__version")
        .order_by("session_id", "pk")
    )
    return [row for row in rows if row.is_live or row.pk == booking.pk]


def lock_session(session: CourseSession) -> None:
    """The session's row is ours until the transaction ends."""
    CourseSession.objects.select_for_update(no_key=True).filter(pk=session.pk).values_list(
        "pk"
    ).get()


def translated(
    write: Callable[[], Answer],
    students: Sequence[Student],
    sessions: Sequence[CourseSession],
    class_group: ClassGroup,
    *,
    besides: Booking | Collection[Booking] = (),
) -> Answer:
    """What ``write`` returns; a student who was placed elsewhere in the same moment is named."""
    try:
        return in_one_transaction(write)
    except IntegrityError as error:
        if constraint_of(error) != "place_student_one_at_a_time":
            raise
        student_rules.check_free(students, sessions, class_group, besides=besides)
        raise TooManyChangesAtOnce from error


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that PostgreSQL says was broken."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
