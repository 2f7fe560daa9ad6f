"""Hours that a closing left as they were since the student's school had locked the period: who
waits for the secretariat. Numbers, never names."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from accounts.models import Organisation
from attendance.models import Desk
from attendance.selectors.missed import by_hand
from bookings import wording
from courses.models import CourseSession
from courses.naming import headline
from rosters.models import Student
from sites.calendar import local_day

# So many doors are looked at for a page, the last closed first.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class HeldBack:
    """So many students of one school in one session."""

    session: CourseSession
    course: str
    school: str
    count: int

    @property
    def day(self) -> date:
        return local_day(self.session.starts_at)


def undecided(desks: Iterable[Desk]) -> dict[tuple[int, int], int]:
    """The school of each student held back of whom two people have not decided since, by session
    and student. A merged student is the one she was merged into. None where none are held back;
    else three queries, however many."""
    keys = {desk.session_id: desk.held_back for desk in desks if desk.held_back}
    if not keys:
        return {}
    children = {
        pk: (merged_into or pk, school)
        for pk, merged_into, school in Student.objects.filter(
            pk__in={pk for own in keys.values() for pk in own}
        ).values_list("pk", "merged_into_id", "school_id")
    }
    decided = by_hand(list(keys))
    return {
        (session, child): school
        for session, own in keys.items()
        for child, school in (children[pk] for pk in own)
        if (session, child) not in decided
    }


def of_desks(desks: Iterable[Desk]) -> list[HeldBack]:
    """The same in numbers, by session and school, in the order of the desks. Each desk has its
    session and the course's version loaded."""
    known = list(desks)
    numbers = Counter((session, school) for (session, _student), school in undecided(known).items())
    schools = Organisation.objects.in_bulk({school for _session, school in numbers})
    return [
        HeldBack(
            session=desk.session,
            course=headline(desk.session.version).occupation,
            school=wording.organisation_name(schools[school]),
            count=count,
        )
        for desk in known
        for (session, school), count in sorted(numbers.items())
        if session == desk.session_id
    ]


def waiting() -> list[HeldBack]:
    """All that wait for the secretariat, doors opened again first, then the one closed last: four
    queries, one where nothing waits."""
    return of_desks(
        Desk.objects.exclude(held_back=[])
        .select_related("session__version")
        .order_by("-closed_at", "-pk")[:SHOWN]
    )
