"""Whether a plan may be offered. Shares no code with the solver, and trusts nothing it says.

Every rule is checked in plain Python from the problem's arrays, so that a slip of the solver's
arithmetic is not repeated here. What breaks a rule by fixed places alone is not the plan's doing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from .problem import Plan, Problem


class Rule(StrEnum):
    """What a plan must never break."""

    TWICE = "twice"
    UNKNOWN = "unknown"
    OVER_CAPACITY = "over capacity"
    UNDER_LEAST = "under the least group"
    CLASH = "clash"
    TWO_SITES = "two sites on a day"
    COURSE_AGAIN = "course again"
    NOT_FREE = "class not free"
    OUT_OF_REACH = "site out of reach"
    NOT_ADMITTED = "class not admitted"
    TOO_MANY_SITES = "too many sites at once"
    TEACHERS = "too few teachers"
    FIXED_LOST = "fixed place lost"
    SERIES_TORN = "series torn"
    QUOTA = "more seats than the school's"
    REACHED = "reached is counted wrongly"
    TRIPS = "trips are counted wrongly"


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule broken, and where: keys of the problem's arrays."""

    rule: Rule
    where: tuple[int, ...]


Place = tuple[int, int]


def faults(problem: Problem, plan: Plan) -> list[Fault]:
    """Everything that is wrong with the plan; none for a plan that may be offered."""
    places = [(int(student), int(session)) for student, session in plan.places]
    fixed = {(int(student), int(session)) for student, session in problem.fixed}
    students, sessions = len(problem.students), len(problem.sessions)
    known, found = [], []
    for place in places:
        if 0 <= place[0] < students and 0 <= place[1] < sessions:
            known.append(place)
        else:
            found.append(Fault(Rule.UNKNOWN, place))
    found += [Fault(Rule.TWICE, place) for place, number in Counter(places).items() if number > 1]
    found += [Fault(Rule.FIXED_LOST, place) for place in sorted(fixed - set(known))]
    found += _seats(problem, known, fixed)
    found += _students(problem, known, fixed)
    found += _classes(problem, known, fixed)
    found += _counts(problem, plan, known)
    return found


def _seats(problem: Problem, places: list[Place], fixed: set[Place]) -> Iterator[Fault]:
    seats = [int(one) for one in problem.sessions.seats]
    held = Counter(session for _student, session in fixed)
    for session, number in sorted(Counter(session for _student, session in places).items()):
        if number > max(seats[session], held[session]):
            yield Fault(Rule.OVER_CAPACITY, (session, number))
        # What others have booked runs as it is.
        if number < problem.sessions.least[session] and session not in held:
            yield Fault(Rule.UNDER_LEAST, (session, number))
    if problem.quota is None:
        return
    taken = Counter(
        int(problem.classes.school[problem.students.class_[student]])
        for student, session in places
        if (student, session) not in fixed
    )
    for school, number in sorted(taken.items()):
        if number > problem.quota[school]:
            yield Fault(Rule.QUOTA, (school, number))


def _students(problem: Problem, places: list[Place], fixed: set[Place]) -> Iterator[Fault]:
    attended: dict[int, set[int]] = defaultdict(set)
    for student, course in problem.students.courses:
        attended[int(student)].add(int(course))
    parts: dict[int, set[int]] = defaultdict(set)
    for session, number in enumerate(problem.sessions.series):
        if number >= 0:
            parts[int(number)].add(session)
    of_student: dict[int, list[int]] = defaultdict(list)
    # Fixed ones first: what clashes with one is what the plan put beside it.
    for student, session in sorted(places, key=lambda place: (place not in fixed, place)):
        of_student[student].append(session)
    for student, sessions in sorted(of_student.items()):
        held = {session for session in sessions if (student, session) in fixed}
        yield from _student(problem, student, sessions, held, attended[student])
        for number in sorted({int(problem.sessions.series[one]) for one in sessions} - {-1}):
            if not parts[number] <= set(sessions) and not parts[number] & held:
                yield Fault(Rule.SERIES_TORN, (student, number))


def _student(
    problem: Problem, student: int, sessions: list[int], held: set[int], attended: set[int]
) -> Iterator[Fault]:
    offer, classes = problem.sessions, problem.classes
    group = int(problem.students.class_[student])
    taken: set[tuple[int, int]] = set()
    sites: dict[int, int] = {}
    # Sessions of one series are of one course, mostly.
    by_course: dict[int, int] = dict.fromkeys(attended, -1)
    for session in sessions:
        day, bits = int(offer.day[session]), int(offer.halves[session])
        course, series = int(offer.course[session]), int(offer.series[session])
        halves = {(day, half) for half in (1, 2) if bits & half}
        site = sites.setdefault(day, int(offer.site[session]))
        again = course in by_course and (series < 0 or by_course[course] != series)
        if session not in held:
            if taken & halves:
                yield Fault(Rule.CLASH, (student, session))
            if site != int(offer.site[session]):
                yield Fault(Rule.TWO_SITES, (student, session))
            if again:
                yield Fault(Rule.COURSE_AGAIN, (student, session))
            if bits & ~int(classes.free[group, day]):
                yield Fault(Rule.NOT_FREE, (student, session))
            if not classes.reach[group, offer.site[session]]:
                yield Fault(Rule.OUT_OF_REACH, (student, session))
            if not classes.admits[group, session]:
                yield Fault(Rule.NOT_ADMITTED, (student, session))
        taken |= halves
        by_course.setdefault(course, series)


def _classes(problem: Problem, places: list[Place], fixed: set[Place]) -> Iterator[Fault]:
    now, before = _visited(problem, places), _visited(problem, fixed)
    teachers: Counter[tuple[int, int, int]] = Counter()
    held: Counter[tuple[int, int, int]] = Counter()
    for (group, day, half), sites in sorted(now.items()):
        school = int(problem.classes.school[group])
        has = len(before.get((group, day, half), ()))
        teachers[school, day, half] += len(sites)
        held[school, day, half] += has
        if len(sites) > max(problem.sites_at_once, has):
            yield Fault(Rule.TOO_MANY_SITES, (group, day, half))
    for (school, day, half), number in sorted(teachers.items()):
        if number > max(problem.teachers[school, day, half - 1], held[school, day, half]):
            yield Fault(Rule.TEACHERS, (school, day, half))


def _visited(problem: Problem, places: Iterable[Place]) -> dict[tuple[int, int, int], set[int]]:
    """The sites of each class, day and half."""
    offer = problem.sessions
    sites: dict[tuple[int, int, int], set[int]] = defaultdict(set)
    for student, session in places:
        group = int(problem.students.class_[student])
        for half in (1, 2):
            if offer.halves[session] & half:
                sites[group, int(offer.day[session]), half].add(int(offer.site[session]))
    return sites


def _counts(problem: Problem, plan: Plan, places: list[Place]) -> Iterator[Fault]:
    of_student: dict[int, list[int]] = defaultdict(list)
    trips = set()
    for student, session in places:
        of_student[student].append(session)
        trips.add(
            (
                int(problem.students.class_[student]),
                int(problem.sessions.day[session]),
                int(problem.sessions.site[session]),
            )
        )
    counted = sum(
        _is_done(problem, student, of_student.get(student, ()))
        for student in range(len(problem.students))
    )
    if counted != plan.reached.students:
        yield Fault(Rule.REACHED, (counted, plan.reached.students))
    if len(trips) != plan.reached.trips:
        yield Fault(Rule.TRIPS, (len(trips), plan.reached.trips))


def _is_done(problem: Problem, student: int, sessions: Iterable[int]) -> bool:
    students, offer, need = problem.students, problem.sessions, problem.requirement
    hours = int(students.hours[student])
    by_kind = [int(one) for one in students.hours_by_kind[student]]
    met = {key for key, flag in enumerate(students.occupations[student]) if flag}
    for session in sessions:
        hours += int(offer.hours[session])
        by_kind[int(offer.host_kind[session])] += int(offer.hours[session])
        met.add(int(offer.occupation[session]))
    return (
        hours >= need.hours
        and len(met) >= need.occupations
        and all(has >= least for has, least in zip(by_kind, need.by_kind, strict=False))
    )
