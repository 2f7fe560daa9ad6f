"""What an instructor must know of her students today, and how it is forgotten afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery

from accounts.actors import SYSTEM, Actor
from accounts.services import audit
from attendance.selectors.desk import Seat
from bookings.models import Place
from courses.models import CourseSession
from rosters.choices import NeedKind
from rosters.models import StudentNeed
from rosters.services import care
from sites.calendar import local_day

# A need is forgotten so long after the student's last session ...
KEPT_AFTER = timedelta(days=7)
# ... and at the latest so long after it was noted, if no session comes.
KEPT_AT_MOST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class SeatNeed:
    """One thing to heed about one student of the session."""

    seat: Seat
    kind: NeedKind
    text: str

    @property
    def icon(self) -> str:
        return "user" if self.kind == NeedKind.MOBILITY else "warn"


def may_read_needs(actor: Actor, session: CourseSession, now: datetime) -> bool:
    """Whoever teaches the session, on its day; of a session that nobody is named for, whoever
    keeps its door."""
    return (
        actor.is_host
        and actor.organisation_id == session.host_id
        and session.instructor_id in (None, actor.membership_id)
        and local_day(session.starts_at) == local_day(now)
    )


def read_needs(
    *, by: Actor, session: CourseSession, seats: Sequence[Seat], now: datetime, context: str
) -> list[SeatNeed]:
    """What to heed about the students at these seats, in their order, and an entry that it was
    read if there is anything. Nothing for whoever may not: there is no refusal to learn from."""
    if not may_read_needs(by, session, now):
        return []
    by_student = {seat.student_id: seat for seat in seats}
    rows = _needs_of(by_student).order_by("-kind")
    found: dict[int, list[care.Need]] = {}
    for need in care.unsealed(rows):
        found.setdefault(need.student_id, []).append(need)
    needs = [
        SeatNeed(seat, need.kind, need.text)
        for seat in seats
        for need in found.get(seat.student_id, ())
    ]
    _record_read(by, session, list(rows), now, context)
    return needs


def who_has_needs(
    *, by: Actor, session: CourseSession, students: Sequence[int], now: datetime, context: str
) -> set[int]:
    """Those of the students about whom there is something to heed, but not what; read on the
    same terms as ``read_needs``, and as much on the record."""
    if not may_read_needs(by, session, now):
        return set()
    rows = list(_needs_of(students))
    _record_read(by, session, rows, now, context)
    return {row.student_id for row in rows}


def _needs_of(students: Iterable[int]) -> QuerySet[StudentNeed]:
    return StudentNeed.objects.filter(
        student_id__in=students, student__left_at=None, student__merged_into=None
    ).select_related("student")


def _record_read(
    by: Actor, session: CourseSession, rows: Sequence[StudentNeed], now: datetime, context: str
) -> None:
    """Each school finds it in its log of what was read about its students."""
    schools: dict[int, list[int]] = {}
    for row in rows:
        schools.setdefault(row.student.school_id, []).append(row.student_id)
    for school, students in sorted(schools.items()):
        audit.record(
            by=by,
            verb="needs.read",
            now=now,
            target=session,
            school_id=school,
            context=context,
            students=sorted(set(students)),
            count=len(students),
        )


def over(now: datetime) -> QuerySet[StudentNeed]:
    """Needs whose time is over: seven days after the student's last session.

    One that was noted since then waits for the next session, a year at most. Who left, or was
    merged, needs nothing.
    """
    live = Place.objects.live().filter(student=OuterRef("student_id"))
    last = live.order_by().values("student").annotate(last=Max("ends_at")).values("last")[:1]
    return (
        StudentNeed.objects.annotate(last_session=Subquery(last))
        .filter(
            Q(student__left_at__lte=now - KEPT_AFTER)
            | Q(student__merged_into__isnull=False)
            | Q(noted_at__lte=now - KEPT_AT_MOST)
            | Q(last_session__gt=F("noted_at"), last_session__lte=now - KEPT_AFTER)
        )
        # Whoever comes to a session soon keeps hers, however old it is.
        .exclude(Exists(live.filter(ends_at__gt=now - KEPT_AFTER)), student__left_at=None)
    )


def forget_needs(*, now: datetime) -> int:
    """The needs that are over are deleted; how many those were. Repeating it does nothing."""
    with transaction.atomic():
        keys = list(over(now).values_list("pk", flat=True))
        StudentNeed.objects.filter(pk__in=keys).delete()
        if keys:
            audit.record(by=SYSTEM, verb="needs.forgotten", now=now, count=len(keys))
    return len(keys)
