"""What the bearer of a badge may know without signing in (DESIGN.md, invariant 8)."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime

from bookings import wording
from bookings.selectors import standing
from bookings.selectors.progress import places_to_come
from courses.naming import headline
from hours.selectors import requirement_for
from rosters import naming
from rosters.models import Student


@dataclass(frozen=True, slots=True)
class OwnBadge:
    """Hours and the date of the next session. The rest is empty unless the student number came
    with the code."""

    required: int
    earned: int
    booked: int
    is_done: bool
    # What exactly is missing, as a sentence.
    lacks: str
    # Which hours do not count, as a sentence.
    outside: str
    next_at: datetime | None
    is_known: bool
    masked_name: str = ""
    what: str = ""
    where: str = ""
    when: str = ""


def own_badge(student: Student, student_no: str, now: datetime) -> OwnBadge:
    """``student_no`` is compared in constant time; a wrong one shows no more than none."""
    requirement = requirement_for(student.class_group)
    stands = standing.of_students(Student.objects.filter(pk=student.pk), now)[student.pk]
    place = (
        places_to_come(now)
        .filter(student=student)
        .select_related("session__version", "session__room__site", "session__school")
        .order_by("starts_at")
        .first()
    )
    is_known = bool(student_no) and hmac.compare_digest(
        student_no.encode(), student.student_no.encode()
    )
    shown = OwnBadge(
        required=requirement.class_hours if requirement else 0,
        earned=stands.earned,
        booked=stands.booked,
        is_done=stands.is_done,
        lacks=wording.lacking(
            stands.lacking.hours, stands.lacking.kinds, stands.lacking.occupations
        ),
        outside=wording.outside(stands.outside.before, stands.outside.after),
        next_at=place.starts_at if place else None,
        is_known=is_known,
    )
    if not is_known:
        return shown
    return replace(
        shown,
        masked_name=naming.masked(student.name),
        what=headline(place.session.version).occupation if place else "",
        where=wording.where(place.session) if place else "",
        when=wording.when(place.session) if place else "",
    )
