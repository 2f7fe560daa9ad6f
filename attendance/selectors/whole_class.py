"""A class at the door by its companion's code: the reference of its reservation."""

from bookings import references
from bookings.models import Booking
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
