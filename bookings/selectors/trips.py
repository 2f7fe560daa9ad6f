"""A school's trips: its bookings, shaped for lists and for one page."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings.models import Booking, Place
from rosters.models import ClassGroup, Student


def with_all(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """With everything a page tells of a booking."""
    return bookings.select_related(
        "class_group",
        "host",
        "reservation__made_by__user",
        "school",
        "session__host",
        "session__room__site",
        "session__school",
        "session__season",
        "session__session_set",
        "session__version",
    ).prefetch_related("companions")


def upcoming(actor: Actor, now: datetime) -> QuerySet[Booking]:
    """Live bookings whose session is not over, the next first."""
    return (
        with_all(Booking.objects.visible_to(actor))
        .live()
        .filter(session__ends_at__gt=now)
        .order_by("session__starts_at", "pk")
    )


def past(actor: Actor, now: datetime) -> QuerySet[Booking]:
    """Live bookings whose session is over, the latest first."""
    return (
        with_all(Booking.objects.visible_to(actor))
        .live()
        .filter(session__ends_at__lte=now)
        .order_by("-session__starts_at", "-pk")
    )


def cancelled(actor: Actor) -> QuerySet[Booking]:
    """Cancelled bookings, the latest trip first."""
    return (
        with_all(Booking.objects.visible_to(actor))
        .filter(cancelled_at__isnull=False)
        .order_by("-session__starts_at", "-pk")
    )


def booking_for(actor: Actor, pk: int) -> Booking:
    """The booking, loaded, if the actor may see it (NotYours)."""
    booking = with_all(Booking.objects.visible_to(actor)).filter(pk=pk).first()
    if booking is None:
        raise NotYours
    return booking


def students_in(actor: Actor, booking: Booking) -> QuerySet[Student]:
    """Who has a place of the booking, in seat order. The page logs the reading."""
    return Student.objects.filter(
        pk__in=Place.objects.visible_to(actor).live().filter(booking=booking).values("student_id")
    ).order_by("seat_no", "pk")


def students_to_choose(actor: Actor, booking: Booking) -> QuerySet[Student]:
    """The class as it is now, and who keeps a place though no longer in it."""
    placed = Place.objects.visible_to(actor).live().filter(booking=booking).values("student_id")
    in_class = Student.objects.visible_to(actor).current().filter(
        class_group_id=booking.class_group_id
    )
    return Student.objects.filter(pk__in=placed.union(in_class.values("pk"))).order_by(
        "seat_no", "pk"
    )


def classes_with_trips(actor: Actor) -> QuerySet[ClassGroup]:
    """The classes that the actor's trips are of, for the filter."""
    return ClassGroup.objects.visible_to(actor).filter(
        pk__in=Booking.objects.visible_to(actor).values("class_group_id")
    ).order_by("stage", "-entry_year", "number")
