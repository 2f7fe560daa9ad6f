"""Who will not reach the required hours: with what is booked, and with what is still free."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from accounts.actors import Actor
from accounts.errors import Refusal
from bookings.models import Place
from bookings.reaching import Free, Reach, Span, reach_of
from bookings.selectors import standing
from bookings.selectors.standing import Lacking, Short
from bookings.services import freeze, reservations
from courses.choices import Venue
from courses.models import CourseSession
from hours.models import PracticumRequirement
from rosters.models import ClassGroup, Student
from sites import calendar


@dataclass(frozen=True, slots=True)
class Alike:
    """Students of one class who lack the same; ``is_stuck`` are they where even all that is free
    before the deadline is not enough, ``reach`` the most class hours they could still get."""

    lacking: Lacking
    student_ids: tuple[int, ...]
    seat_nos: tuple[int, ...]
    is_stuck: bool
    reach: int

    def __len__(self) -> int:
        return len(self.student_ids)


@dataclass(frozen=True, slots=True)
class ClassShort:
    """A class with those of its students who do not reach the requirement with what is booked:
    the stuck ones first, then those who lack most."""

    class_group: ClassGroup
    requirement: PracticumRequirement
    groups: tuple[Alike, ...]

    @property
    def short(self) -> int:
        return sum(len(group) for group in self.groups)

    @property
    def stuck(self) -> int:
        return sum(len(group) for group in self.groups if group.is_stuck)

    @property
    def missing(self) -> int:
        """The class hours they lack together."""
        return sum(len(group) * group.lacking.hours for group in self.groups)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Classes with somebody short, in the order given; ``free`` are the class hours that all
    free seats before the deadline hold, for the grades of these classes."""

    classes: tuple[ClassShort, ...]
    free: int

    @property
    def short(self) -> int:
        return sum(one.short for one in self.classes)

    @property
    def stuck(self) -> int:
        return sum(one.stuck for one in self.classes)

    @property
    def only_short(self) -> int:
        """Those for whom what is free would do."""
        return self.short - self.stuck

    @property
    def missing(self) -> int:
        return sum(one.missing for one in self.classes)


def unfinished(
    actor: Actor, class_groups: "QuerySet[ClassGroup]", now: datetime, *, everybody: bool = False
) -> Unfinished:
    """Those of the classes' students who will not finish, in six queries whatever their number.

    The caller has chosen classes the actor may see, with their schools loaded, in their order.
    ``everybody`` says that they are most of the classes there are.
    """
    current = Student.objects.current().filter(class_group__in=class_groups)
    short = standing.short_of(current, now, everybody=everybody)
    by_class: dict[int, list[Short]] = {}
    for one in short:
        by_class.setdefault(one.class_group_id, []).append(one)
    groups = list(class_groups.filter(pk__in=by_class))
    requirements = PracticumRequirement.objects.in_bulk({one.requirement_id for one in short})
    sessions = _free_sessions(actor, requirements.values(), now)
    fitting = _Fitting(sessions, requirements)
    # Of all the classes' students: naming those who are short, key by key, takes longer.
    seat_nos = dict(current.values_list("pk", "seat_no"))
    taken = _taken(current, now)
    had = (
        standing.occupations_of_each(current, now)
        if any(one.lacking.occupations for one in short)
        else {}
    )
    reaches: dict[tuple[object, ...], Reach] = {}
    found = []
    for group in groups:
        alike: dict[tuple[Lacking, bool, int], list[Short]] = {}
        for one in by_class[group.pk]:
            busy = taken.get(one.student_id, ())
            key = (*fitting.key(group, one.requirement_id), busy)
            if key not in reaches:
                reaches[key] = reach_of(fitting.free(group, one.requirement_id), busy)
            reach, lacking = reaches[key], one.lacking
            is_stuck = reach.falls_short(
                hours=lacking.hours,
                kinds=lacking.kinds,
                occupations=lacking.occupations,
                had=had.get(one.student_id, ()),
            )
            # How much is within reach is told of those for whom it is not enough.
            told = reach.hours if is_stuck else 0
            alike.setdefault((lacking, is_stuck, told), []).append(one)
        found.append(
            ClassShort(
                class_group=group,
                requirement=requirements[by_class[group.pk][0].requirement_id],
                groups=tuple(
                    sorted(
                        (
                            _alike(lacking, is_stuck, told, own, seat_nos)
                            for (lacking, is_stuck, told), own in alike.items()
                        ),
                        key=lambda one: (
                            not one.is_stuck, -one.lacking.hours, -one.lacking.occupations,
                            one.seat_nos,
                        ),
                    )
                ),
            )
        )  # fmt: skip
    return Unfinished(tuple(found), fitting.hours_free(groups, by_class))


def _alike(
    lacking: Lacking, is_stuck: bool, reach: int, own: Sequence[Short], seat_nos: dict[int, int]
) -> Alike:
    keys = sorted((seat_nos[one.student_id], one.student_id) for one in own)
    return Alike(
        lacking=lacking,
        student_ids=tuple(key for _seat, key in keys),
        seat_nos=tuple(seat for seat, _key in keys),
        is_stuck=is_stuck,
        reach=reach,
    )


def _free_sessions(
    actor: Actor, requirements: Iterable[PracticumRequirement], now: datetime
) -> list[CourseSession]:
    """Sessions with a free seat on days that count, whose list is open and whose season takes
    bookings now or later."""
    periods = [requirement.period for requirement in requirements]
    if not periods:
        return []
    sessions = (
        CourseSession.objects.visible_to(actor)
        .scheduled()
        .filter(
            starts_at__gt=now,
            starts_at__gte=min(begins for begins, _ends in periods),
            starts_at__lt=max(ends for _begins, ends in periods),
            season__closes_at__gt=now,
            capacity__gt=F("seats_taken") + F("seats_held"),
        )
        .select_related("season", "version", "host")
        .order_by("starts_at", "pk")
    )
    return [session for session in sessions if not freeze.is_settled(session, now)]


def _taken(students: "QuerySet[Student]", now: datetime) -> dict[int, tuple[Span, ...]]:
    """When each of the students is elsewhere: whole classes mostly share one answer."""
    found: dict[int, list[Span]] = {}
    for student_id, starts_at, ends_at in (
        Place.objects.live()
        .filter(student__in=students, ends_at__gt=now)
        .order_by("student_id", "starts_at")
        .values_list("student_id", "starts_at", "ends_at")
    ):
        found.setdefault(student_id, []).append((starts_at, ends_at))
    return {student_id: tuple(spans) for student_id, spans in found.items()}


class _Fitting:
    """Which of the free sessions suit a class and count for its requirement; asked once for all
    classes of a cohort."""

    def __init__(
        self,
        sessions: Sequence[CourseSession],
        requirements: dict[int, PracticumRequirement],
    ) -> None:
        self._sessions = sessions
        self._requirements = requirements
        # What comes to a school is for one school alone.
        self._visited = {one.school_id for one in sessions if one.venue == Venue.SCHOOL}
        self._suiting: dict[tuple[object, ...], list[CourseSession]] = {}
        self._free: dict[tuple[object, ...], list[Free]] = {}

    def key(self, group: ClassGroup, requirement_id: int) -> tuple[object, ...]:
        school = group.school_id if group.school_id in self._visited else None
        return (group.stage, group.entry_year, school, requirement_id)

    def free(self, group: ClassGroup, requirement_id: int) -> list[Free]:
        key = self.key(group, requirement_id)
        if key not in self._free:
            self._free[key] = [
                Free(
                    starts_at=one.starts_at,
                    ends_at=one.ends_at,
                    hours=one.class_hours,
                    host_kind=one.host.kind,
                    occupation=one.version.occupation_zh,
                )
                for one in self._of(group, requirement_id)
            ]
        return self._free[key]

    def hours_free(self, groups: Sequence[ClassGroup], by_class: dict[int, list[Short]]) -> int:
        """The class hours of all free seats that suit any of the classes."""
        suiting = {
            session.pk: session
            for group in groups
            for session in self._of(group, by_class[group.pk][0].requirement_id)
        }
        return sum(
            one.class_hours * (one.capacity - one.seats_taken - one.seats_held)
            for one in suiting.values()
        )

    def _of(self, group: ClassGroup, requirement_id: int) -> list[CourseSession]:
        key = self.key(group, requirement_id)
        if key not in self._suiting:
            requirement = self._requirements[requirement_id]
            self._suiting[key] = [
                session
                for session in self._sessions
                if requirement.counts_on(calendar.local_day(session.starts_at))
                and _suits(session, group)
            ]
        return self._suiting[key]


def _suits(session: CourseSession, group: ClassGroup) -> bool:
    if session.venue == Venue.SCHOOL and session.school_id != group.school_id:
        return False
    try:
        reservations.check_grade_suits(session, group)
    except Refusal:
        return False
    return True
