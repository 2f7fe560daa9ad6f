"""Reservations and bookings: made by booking them."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from bookings.models import Booking, Reservation
from bookings.services import reservations
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from courses.models import CourseSession
from rosters.models import ClassGroup

COMPANIONS = (CompanionInput("王老师", "13900000001"), CompanionInput("李老师"))


def make_reservation(
    *,
    by: Actor,
    sessions: Sequence[CourseSession],
    class_group: ClassGroup,
    now: datetime,
    student_ids: Collection[int] | None = None,
    **more: Any,
) -> Reservation:
    """A confirmed reservation of the sessions for the class, the whole class by default."""
    return reservations.reserve(
        by=by,
        parts=[
            Part(
                class_group=class_group,
                session_ids=[session.pk for session in sessions],
                session_set_id=more.pop("session_set_id", None),
                student_ids=student_ids,
                seats=more.pop("seats", None),
                adults=more.pop("adults", None),
                companions=more.pop("companions", COMPANIONS),
            )
        ],
        idempotency_key=more.pop("idempotency_key", uuid.uuid4().hex),
        now=now,
        **more,
    )


def make_booking(
    *,
    by: Actor,
    session: CourseSession,
    class_group: ClassGroup,
    now: datetime,
    student_ids: Collection[int] | None = None,
    **more: Any,
) -> Booking:
    """A confirmed booking of one session, the whole class by default."""
    reservation = make_reservation(
        by=by,
        sessions=[session],
        class_group=class_group,
        now=now,
        student_ids=student_ids,
        **more,
    )
    return reservation.bookings.select_related("session", "class_group", "reservation").get()
