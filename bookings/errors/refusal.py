"""The base of what is refused here."""

from accounts.errors import Refusal


class BookingsRefusal(Refusal):
    """Base of the refusals of reservations and bookings."""
