"""A class has no more seats at one time than it has students, named or not.

Named students are kept apart by the database; of seats without names only the number is known.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from bookings import wording
from bookings.errors.reserving import MoreThanClass
from bookings.models import Booking
from bookings.services.parts import Asked
from courses.models import CourseSession
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class Span:
    """So many seats from then till then."""

    session: CourseSession
    seats: int
    unnamed: int


def overlapping(asked: Sequence[Asked]) -> list[Booking]:
    """The classes' live bookings at the time of any session asked for, with ``unnamed`` places."""
    times = Q()
    for session in {session for one in asked for session in one.sessions}:
        times |= Q(session__starts_at__lt=session.ends_at, session__ends_at__gt=session.starts_at)
    return list(_with_unnamed(times, {one.class_group.pk for one in asked}))


def check_fit(asked: Sequence[Asked], bookings: Iterable[Booking]) -> None:
    """Refused where seats without names are among more than the class has (MoreThanClass)."""
    spans: dict[int, list[Span]] = {}
    for one in asked:
        spans.setdefault(one.class_group.pk, []).extend(
            Span(session, one.seats, one.unnamed) for session in one.sessions
        )
    for booking in bookings:
        spans[booking.class_group_id].append(_span(booking))
    for class_group in {one.class_group.pk: one.class_group for one in asked}.values():
        _check(class_group, spans[class_group.pk])


def check_growth(booking: Booking, *, seats: int, unnamed: int) -> None:
    """As ``check_fit``, for a booking that shall have so many seats."""
    session = booking.session
    times = Q(session__starts_at__lt=session.ends_at, session__ends_at__gt=session.starts_at)
    others = _with_unnamed(times, {booking.class_group_id}).exclude(pk=booking.pk)
    _check(
        booking.class_group, [Span(session, seats, unnamed), *(_span(other) for other in others)]
    )


def _with_unnamed(times: Q, class_ids: Collection[int]) -> QuerySet[Booking]:
    return (
        Booking.objects.live()
        .filter(times, class_group_id__in=class_ids)
        .select_related("reservation", "session")
        .annotate(unnamed=Count("places", filter=Q(places__is_live=True, places__student=None)))
        .order_by("session_id", "pk")
    )


def _span(booking: Booking) -> Span:
    return Span(booking.session, booking.seats, booking.unnamed)  # type: ignore[attr-defined]


def _check(class_group: ClassGroup, spans: Sequence[Span]) -> None:
    if not any(span.unnamed for span in spans):
        return
    size = Student.objects.current().filter(class_group=class_group).count()
    for start in {span.session.starts_at for span in spans}:
        at_once = [span for span in spans if _covers(span.session, start)]
        together = sum(span.seats for span in at_once)
        if together > size and any(span.unnamed for span in at_once):
            raise MoreThanClass(
                class_group=wording.class_name(class_group, start),
                size=size,
                seats=together,
                when=wording.when(at_once[0].session),
            )


def _covers(session: CourseSession, moment: datetime) -> bool:
    return session.starts_at <= moment < session.ends_at
