"""Bookings, what is kept for them, baskets and calendars."""

from .answers import IdempotentAnswer
from .basket import BasketItem, BasketItemQuerySet
from .bookings import (
    Booking,
    BookingQuerySet,
    Companion,
    Place,
    PlaceQuerySet,
    Reservation,
    ReservationQuerySet,
)
from .consents import TripConsent, TripConsentQuerySet
from .feeds import CalendarFeed, CalendarFeedQuerySet
from .holding import ChangeRequest, ChangeRequestQuerySet, SeatHold, SeatHoldQuerySet

__all__ = [
    "BasketItem",
    "BasketItemQuerySet",
    "Booking",
    "BookingQuerySet",
    "CalendarFeed",
    "CalendarFeedQuerySet",
    "ChangeRequest",
    "ChangeRequestQuerySet",
    "Companion",
    "IdempotentAnswer",
    "Place",
    "PlaceQuerySet",
    "Reservation",
    "ReservationQuerySet",
    "SeatHold",
    "SeatHoldQuerySet",
    "TripConsent",
    "TripConsentQuerySet",
]
