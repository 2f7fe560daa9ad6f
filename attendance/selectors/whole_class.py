"""A class at the door by its companion's code: the reference of its reservation."""

from bookings import references
from bookings.models import Booking, Reservation
from courses.models import CourseSession


def bookings_by_code(session: CourseSession, text: str) -> list[Booking]:
    """The live bookings of the session under the reference, one a class; none where the text is
    no reference, or another session's. One query, none for a badge's code."""
    reference = references.tidy(text)
    if not reference:
        return []
    return list(
        Booking.objects.live()
        .filter(session=session, reservation__reference=reference)
        .select_related("class_group", "reservation")
        .order_by("pk")
    )


def is_reference(text: str) -> bool:
    """Whether some reservation has the reference, of whichever session. One query at most."""
    reference = references.tidy(text)
    return bool(reference) and Reservation.objects.filter(reference=reference).exists()
