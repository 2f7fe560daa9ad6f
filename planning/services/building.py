"""From a season and its classes to the planner's arrays: what is on offer, who is short, who holds
what. The number of queries does not grow with them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db.models import Count, Q
from numpy.typing import NDArray

from accounts.choices import HOST_KINDS
from bookings.models import Booking, Place
from bookings.selectors import consents, suiting
from bookings.services import freeze
from courses.choices import Venue
from courses.models import CourseSession
from hours.models import RequirementMinimum
from planning.models import CohortPlan
from planning.selectors import cohorts, losses
from planning.selectors.cohorts import Credit
from planning.selectors.wishes import wishes_of
from planning.services import built, offering
from planning.services.built import Built
from planning.solving import measuring
from planning.solving import problem as arrays
from rosters.models import ClassGroup, Student
from sites import selectors as site_selectors
from sites.calendar import is_lesson_day, local_day, school_year
from sites.models import SchoolTerm

# What an hour of the first, second, … wish counts.
RANKS = (1.0, 0.8, 0.6, 0.4, 0.2)


def problem_of(plan: CohortPlan, now: datetime) -> Built:
    """What is to be planned as it stands now (``season`` and ``requirement`` loaded).

    In it are all students of the classes in which somebody is short; who has all she needs wishes
    for nothing, and holds what she has. On offer are the season's sessions to come, within the
    requirement's days and before their lists are settled, with seats left. A class comes to none
    that it has booked already, since it books a session once, and to nothing at a time at which it
    has seats that name nobody.
    """
    schools = list(plan.schools.order_by("school_id").values_list("school_id", flat=True))
    groups, short = cohorts.classes_to_plan(schools, plan.requirement, now)
    only = None if plan.replans is None else set(losses.class_ids(plan.replans, now))
    groups = [one for one in groups if one.pk in short and (only is None or one.pk in only)]
    return _Building(plan, groups, now).built()


class _Building:
    """The rows of one problem, read once each."""

    def __init__(self, plan: CohortPlan, groups: Sequence[ClassGroup], now: datetime) -> None:
        self.plan, self.groups, self.now = plan, groups, now
        self.schools = sorted({one.school_id for one in groups})
        self.class_at = {one.pk: key for key, one in enumerate(groups)}
        rows = list(
            Student.objects.current()
            .filter(class_group__in=[one.pk for one in groups])
            .order_by("class_group__school_id", "class_group_id", "seat_no", "pk")
            .values_list("pk", "class_group_id")
        )
        self.students = np.array([pk for pk, _group in rows], np.int64)
        self.student_at = {pk: key for key, (pk, _group) in enumerate(rows)}
        self.class_of = np.array([self.class_at[group] for _pk, group in rows], np.int64)
        first, over = plan.requirement.period
        self.held = list(
            Place.objects.live()
            .filter(student__in=self.students.tolist(), ends_at__gt=now)
            .order_by("student_id", "session_id")
            .values_list("student_id", "session_id", "session__version__course_id")
        )
        offered = (
            suiting.names_may_follow([plan.season], now)
            & Q(season=plan.season_id, starts_at__gt=now)
        ) | Q(pk__in={session for _student, session, _course in self.held})
        # Where the schools' classes are already, whoever of them: nobody is planned beside that.
        offered |= Q(
            pk__in=Booking.objects.live()
            .filter(school__in=self.schools, session__ends_at__gt=now)
            .values("session")
        )
        found = list(
            CourseSession.objects.scheduled()
            .with_seats_left()
            .filter(offered, starts_at__gte=first, starts_at__lt=over)
            .select_related("version", "host", "room", "season")
            .order_by("starts_at", "pk")
        )
        self.bookings = list(
            Booking.objects.live()
            .filter(school__in=self.schools, session__in=[one.pk for one in found])
            .values_list("school_id", "class_group_id", "session_id")
            .annotate(unnamed=Count("places", filter=Q(places__is_live=True, places__student=None)))
        )
        visited = {session for _school, _group, session, _unnamed in self.bookings}
        visited |= {session for _student, session, _course in self.held}
        full = [one for one in found if offering.seats(one) <= 0 and one.pk not in visited]
        self.full = {one.pk for one in full}
        # Those that are full, and where nobody of ours is, come last.
        self.sessions = [one for one in found if one.pk not in self.full] + full
        self.session_at = {one.pk: key for key, one in enumerate(self.sessions)}
        self.days = sorted({local_day(one.starts_at) for one in self.sessions})

    def built(self) -> Built:
        need, kinds = self._requirement()
        wishes = wishes_of(self.plan.season, list(self.class_at))
        credits = cohorts.credits_of(self.students.tolist(), self.plan.requirement)
        names = {one.version.occupation_zh for one in self.sessions}
        names |= {name for said in wishes.values() for name in said}
        names |= {name for *_keys, name, _inside, _all in credits if name}
        occupations = {name: key for key, name in enumerate(sorted(names))}
        courses: dict[int, int] = {}
        sites: dict[tuple[str, int | None], int] = {}
        series = self._series()
        halves = np.array([offering.halves(one) for one in self.sessions], np.uint8)
        day = _ints([self.days.index(local_day(one.starts_at)) for one in self.sessions])
        site = _ints([sites.setdefault(offering.site(one), len(sites)) for one in self.sessions])
        credited = {(student, one) for student, one, *_more, total in credits if total > 0}
        fixed = [
            (self.student_at[student], self.session_at[session])
            for student, session, _course in self.held
            if session in self.session_at and (student, session) not in credited
        ]
        attended = {
            (self.student_at[student], courses.setdefault(course, len(courses)))
            for student, session, course in self.held
            if session not in self.session_at
        }
        attended |= {
            (self.student_at[student], courses.setdefault(course, len(courses)))
            for student, _session, course, *_more, total in credits
            if course is not None and total > 0
        }
        held_seats = np.bincount(
            [session for _student, session in fixed], minlength=len(self.sessions)
        )
        sessions = arrays.Sessions(
            seats=_ints(
                [
                    (offering.seats(one) if one.pk in series.whole else 0) + int(held)
                    for one, held in zip(self.sessions, held_seats, strict=True)
                ]
            ),
            day=day,
            halves=halves,
            site=site,
            course=_ints(
                [courses.setdefault(one.version.course_id, len(courses)) for one in self.sessions]
            ),
            occupation=_ints([occupations[one.version.occupation_zh] for one in self.sessions]),
            host_kind=_ints([kinds.index(one.host.kind) for one in self.sessions]),
            hours=_ints([one.class_hours for one in self.sessions]),
            # What somebody attends already runs in any case.
            least=_ints(
                [0 if one.seats_taken else one.version.group_size_min for one in self.sessions]
            ),
            series=_ints(series.numbers),
        )
        by_kind, met = self._earned(credits, kinds, occupations)
        total = np.zeros(len(self.students), np.int32)
        for student, *_keys, inside, _all in credits:
            total[self.student_at[student]] += inside or 0
        pairs = _ints(fixed).reshape(-1, 2)
        students = arrays.Students(
            class_=self.class_of.astype(np.int32),
            wishes=self._wishes(wishes, occupations),
            hours=np.maximum(total, 0),
            hours_by_kind=np.maximum(by_kind, 0),
            occupations=met,
            courses=_ints(sorted(attended)).reshape(-1, 2),
        )
        problem = arrays.Problem(
            sessions=sessions,
            classes=arrays.Classes(
                school=_ints([self.schools.index(one.school_id) for one in self.groups]),
                free=self._free(halves, day),
                reach=np.ones((len(self.groups), max(len(sites), 1)), np.bool_),
                admits=self._admits(series.numbers),
            ),
            students=students,
            requirement=need,
            fixed=pairs,
            sites_at_once=self.plan.sites_at_once,
            teachers=self._teachers(halves, day, site),
            goal=arrays.Goal(self.plan.goal),
        )
        return self._with_barred(problem, series, tuple(sites), tuple(sorted(names)), kinds)

    def _requirement(self) -> tuple[arrays.Requirement, tuple[str, ...]]:
        kinds = tuple(kind.value for kind in HOST_KINDS)
        least = dict(
            RequirementMinimum.objects.filter(requirement=self.plan.requirement_id).values_list(
                "host_kind", "class_hours"
            )
        )
        asked = self.plan.requirement
        by_kind = tuple(least.get(kind, 0) for kind in kinds)
        return arrays.Requirement(asked.class_hours, asked.min_occupations, by_kind), kinds

    def _earned(
        self,
        credits: Iterable[Credit],
        kinds: Sequence[str],
        occupations: Mapping[str, int],
    ) -> tuple[arrays.Ints, arrays.Flags]:
        """Hours by kind of host, and occupations with hours: N x H, N x O."""
        by_kind = np.zeros((len(self.students), len(kinds)), np.int32)
        hours = np.zeros((len(self.students), len(occupations)), np.int32)
        for student, _session, _course, kind, occupation, inside, _all in credits:
            if kind in kinds:
                by_kind[self.student_at[student], kinds.index(kind)] += inside or 0
            if occupation:
                hours[self.student_at[student], occupations[occupation]] += inside or 0
        return by_kind, hours > 0

    def _wishes(
        self, wishes: Mapping[int, Sequence[str]], occupations: Mapping[str, int]
    ) -> arrays.Floats:
        of_class = np.zeros((len(self.groups), len(occupations)))
        for group, said in wishes.items():
            for worth, name in zip(RANKS, said, strict=False):
                of_class[self.class_at[group], occupations[name]] = worth
        return of_class[self.class_of]

    def _series(self) -> "_Series":
        """Sets by number. One that is not on offer whole is not for anybody new."""
        sets = {one.session_set_id for one in self.sessions if one.session_set_id is not None}
        sizes = dict(
            CourseSession.objects.scheduled()
            .filter(session_set__in=sets)
            .order_by()
            .values_list("session_set_id")
            .annotate(days=Count("pk"))
        )
        number: dict[int | None, int] = {key: place for place, key in enumerate(sorted(sets))}
        offered: dict[int | None, int] = defaultdict(int)
        for one in self.sessions:
            offered[one.session_set_id] += self._is_offered(one)
        whole = {
            one.pk
            for one in self.sessions
            if self._is_offered(one)
            and (
                one.session_set_id is None
                or offered[one.session_set_id] == sizes[one.session_set_id]
            )
        }
        return _Series(
            [number.get(one.session_set_id, arrays.NO_SERIES) for one in self.sessions], whole
        )

    def _is_offered(self, one: CourseSession) -> bool:
        return self._is_open(one) and offering.seats(one) > 0

    def _is_open(self, one: CourseSession) -> bool:
        return one.season_id == self.plan.season_id and not freeze.is_settled(one, self.now)

    def _admits(self, series: Sequence[int]) -> arrays.Flags:
        """C x S: the class's stage and grade, at its own school if at a school, not booked yet;
        whether seats are to be had or not."""
        found = np.zeros((len(self.groups), len(self.sessions)), np.bool_)
        cohorts: dict[tuple[str, int], list[int]] = defaultdict(list)
        for key, group in enumerate(self.groups):
            cohorts[group.stage, group.entry_year].append(key)
        for members in cohorts.values():
            suits: dict[tuple[int, int], bool] = {}
            for at, one in enumerate(self.sessions):
                what = (one.version_id, school_year(local_day(one.starts_at)))
                if what not in suits:
                    suits[what] = offering.suits(one, self.groups[members[0]])
                if suits[what]:
                    found[members, at] = True
        for at, one in enumerate(self.sessions):
            if one.venue == Venue.SCHOOL:
                found[[group.school_id != one.school_id for group in self.groups], at] = False
        numbers = np.array(series)
        for _school, group, session, _unnamed in self.bookings:
            if group in self.class_at:
                at = self.session_at[session]
                together = (
                    numbers == numbers[at] if numbers[at] >= 0 else np.arange(len(numbers)) == at
                )
                found[self.class_at[group], together] = False
        return found

    def _free(self, halves: arrays.Bits, day: arrays.Ints) -> arrays.Bits:
        """C x D: lesson days of a term, without the halves for which the class has seats that
        name nobody yet."""
        special = site_selectors.special_days(self.days[0], self.days[-1]) if self.days else []
        terms = list(SchoolTerm.objects.values_list("starts_on", "ends_on"))
        lessons = [
            offering.is_in_term(one, terms) and is_lesson_day(one, special) for one in self.days
        ]
        free = np.zeros((len(self.groups), len(self.days)), np.uint8)
        free[:, np.array(lessons, np.bool_)] = arrays.WHOLE_DAY
        for _school, group, session, unnamed in self.bookings:
            if unnamed and group in self.class_at:
                at = self.session_at[session]
                free[self.class_at[group], day[at]] &= ~halves[at]
        return free

    def _teachers(self, halves: arrays.Bits, day: arrays.Ints, site: arrays.Ints) -> arrays.Ints:
        """J x D x 2: as many as teach, or as there are classes, less those who are out with
        classes that are not planned for."""
        teachers = cohorts.teachers_of(self.schools)
        found = np.zeros((len(self.schools), len(self.days), 2), np.int32)
        for at, school in enumerate(self.schools):
            found[at] = teachers[school]
        out = set()
        for school, group, session, _unnamed in self.bookings:
            if group not in self.class_at:
                at = self.session_at[session]
                for half in (0, 1):
                    if halves[at] >> half & 1:
                        out.add((self.schools.index(school), day[at], half, group, site[at]))
        for school, on, half, _group, _site in out:
            found[school, on, half] -= 1
        return np.maximum(found, 0)

    def _with_barred(
        self,
        problem: arrays.Problem,
        series: "_Series",
        sites: tuple[tuple[str, int | None], ...],
        occupations: tuple[str, ...],
        kinds: tuple[str, ...],
    ) -> Built:
        """Who may not be booked for want of a signature is in a class that is never free."""
        barred = self._barred()
        is_open = (measuring.is_done(problem, problem.fixed) == 0) & ~barred
        of = sorted({int(key) for key in self.class_of[barred]})
        beside = {key: len(self.groups) + place for place, key in enumerate(of)}
        class_ = self.class_of.copy()
        class_[barred] = [beside[int(key)] for key in self.class_of[barred]]
        wishes = problem.students.wishes.copy()
        wishes[~is_open] = 0
        classes = problem.classes
        problem = replace(
            problem,
            classes=replace(
                classes,
                school=np.concatenate((classes.school, classes.school[of])),
                free=np.concatenate((classes.free, np.zeros_like(classes.free[of]))),
                reach=np.concatenate((classes.reach, classes.reach[of])),
                admits=np.concatenate((classes.admits, classes.admits[of])),
            ),
            students=replace(problem.students, class_=class_.astype(np.int32), wishes=wishes),
        )
        offered, could_be = (
            np.array(flags, np.bool_)
            for flags in (
                [one.pk in series.whole for one in self.sessions],
                # A session on its own that is full can be opened once more.
                [
                    one.pk in series.whole or (one.session_set_id is None and self._is_open(one))
                    for one in self.sessions
                ],
            )
        )
        return Built(
            problem=built.only(problem, len(self.sessions) - len(self.full), offered),
            explained=built.only(problem, len(self.sessions), could_be),
            whole=_ints([offering.whole(one) for one in self.sessions]),
            students=self.students,
            class_of=self.class_of,
            is_open=is_open,
            sessions=np.array([one.pk for one in self.sessions], np.int64),
            classes=np.array([one.pk for one in self.groups], np.int64),
            schools=np.array(self.schools, np.int64),
            sites=sites,
            occupations=occupations,
            host_kinds=kinds,
            rooms={
                at: (one.heads_limit - one.heads, one.version)
                for at, one in enumerate(self.sessions)
                if one.heads_limit is not None
            },
        )

    def _barred(self) -> NDArray[np.bool_]:
        """Students whose school books nobody without a signature, and who have none for a school
        year in which something is on offer."""
        by_school: dict[int, list[int]] = defaultdict(list)
        for pk, group in zip(self.students.tolist(), self.class_of, strict=True):
            by_school[self.groups[group].school_id].append(pk)
        years = sorted({school_year(one) for one in self.days})
        barred = consents.unsigned_of_schools(by_school, years)
        return np.array([pk in barred for pk in self.students.tolist()], np.bool_)


@dataclass(frozen=True, slots=True)
class _Series:
    """Of each session the number of its set, and the keys of those that can be had whole."""

    numbers: list[int]
    whole: set[int]


def _ints(values: Sequence[object]) -> arrays.Ints:
    return np.array(values, np.int32)
