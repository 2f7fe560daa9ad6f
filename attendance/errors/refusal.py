"""The base of what is refused here."""

from accounts.errors import Refusal


class AttendanceRefusal(Refusal):
    """Base of the refusals at the door."""
