"""What the bearer of a badge may know without signing in (DESIGN.md, invariant 8)."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from bookings import wording
from bookings.models import Place
from bookings.selectors import standing
from courses.models import CourseSession
from courses.naming import headline
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


def bearers(code: str) -> QuerySet[Student]:
    """Whose badge it is, if it is good: one student or none."""
    return Student.objects.filter(badges__code=code, badges__revoked_at=None)


def own_badge(bearer: QuerySet[Student], student_no: str, now: datetime) -> OwnBadge | None:
    """What the student may know, None where there is none: two queries. ``student_no`` is
    compared in constant time; a wrong one shows no more than none."""
    known = next(iter(standing.with_next(bearer, now)), None)
    if known is None:
        return None
    student, session = _read(known)
    stands = known.stands
    is_known = bool(student_no) and hmac.compare_digest(
        student_no.encode(), student.student_no.encode()
    )
    shown = OwnBadge(
        required=known.required,
        earned=stands.earned,
        booked=stands.booked,
        is_done=stands.is_done,
        lacks=wording.lacking(
            stands.lacking.hours, stands.lacking.kinds, stands.lacking.occupations
        ),
        outside=wording.outside(stands.outside.before, stands.outside.after),
        next_at=session.starts_at if session else None,
        is_known=is_known,
    )
    if not is_known:
        return shown
    return replace(
        shown,
        masked_name=naming.masked(student.name),
        what=headline(session.version).occupation if session else "",
        where=wording.where(session) if session else "",
        when=wording.when(session) if session else "",
    )


def _read(known: standing.WithNext) -> tuple[Student, CourseSession | None]:
    """The student with her next session, in one query; alone, where she has none."""
    place = (
        Place.objects.live()
        .filter(student=known.student_id, session=known.next_session_id)
        .select_related("student", "session__version", "session__room__site", "session__school")
        .first()
        if known.next_session_id is not None
        else None
    )
    if place is None or place.student is None:
        return Student.objects.get(pk=known.student_id), None
    return place.student, place.session
