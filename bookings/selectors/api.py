"""Bookings and reservations as the web API lists them."""

from django.db.models import Prefetch, QuerySet

from accounts.actors import Actor
from bookings.models import Booking, Place, Reservation


def bookings_for(actor: Actor) -> QuerySet[Booking]:
    """What the actor may see, with session, reservation and companions; for the school with
    ``live_places``, since who comes is nobody else's to read here."""
    bookings = (
        Booking.objects.visible_to(actor)
        .select_related("session", "reservation")
        .prefetch_related("companions")
    )
    if not actor.is_school:
        return bookings
    return bookings.prefetch_related(
        Prefetch(
            "places",
            Place.objects.visible_to(actor)
            .live()
            # A page has a thousand; nothing else of them is told.
            .only("booking_id", "student_id")
            .order_by("student_id", "pk"),
            to_attr="live_places",
        )
    )


def reservations_for(actor: Actor) -> QuerySet[Reservation]:
    """What the actor may see, with those of its bookings that the actor may see."""
    return Reservation.objects.visible_to(actor).prefetch_related(
        Prefetch("bookings", bookings_for(actor).order_by("session__starts_at", "pk"))
    )
