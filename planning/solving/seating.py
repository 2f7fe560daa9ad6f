"""Places with everything counted: seats, groups, sites, teachers, quotas and trips, exactly.

A ``Seating`` is what students have now beside ``Problem.fixed``, which is counted once and for
all. One student is taken out and put in again by her best route given all that the others hold: at
full sessions there is no seat, a further site costs a trip and needs room among the class's sites
and the school's teachers.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from .choosing import best_route
from .ground import (
    AFTER,
    CLASS,
    DAY,
    DAYS,
    FIRST,
    GAIN,
    GROUP,
    HALVES,
    HOURS,
    LOCAL,
    NONE,
    OCCUPATION,
    ONE,
    PLACE,
    PLACE_FIRST,
    SCHOOL,
    SERIES,
    SITE,
    SLOT,
    START,
    TWO,
    Ground,
)
from .problem import AFTERNOON, MORNING, Flags, Floats, Ints, Problem
from .routes import SHUT


class Limits(NamedTuple):
    """What no seating may exceed."""

    # Length S: seats, and the least group (0 for sessions that run in any case).
    seats: Ints
    least: Ints
    # Length P: whether the pattern may be taken.
    may_use: Flags
    # K, and J x D x 2: sites at once of a class, teachers of a school.
    at_once: int
    teachers: Ints
    # Length J: seats a school may take beside its fixed ones.
    quota: Ints
    # What a trip costs, in the worth's units.
    trip: float
    # What a student short costs the more, the more of the school's are short; see ``unevenness``.
    uneven: Floats


class Seating(NamedTuple):
    """Who has what, and the counts that follow from it; changed in place."""

    # N x K: the pattern of each of the class's days.
    routes: Ints
    # Length S: students in each session.
    load: Ints
    # Students at each place (PLACE of the patterns) by half day, x 2.
    visits: Ints
    # C x K x 2: sites of a class in each half day; J x D x 2: of a school's classes.
    sites: Ints
    sent: Ints
    # Length J: seats taken, students who do not reach the requirement, trips.
    used: Ints
    short: Ints
    trips: Ints
    # Length N.
    is_done: Flags


def limits(problem: Problem, may_use: Flags, *, trip: float, uneven: float) -> Limits:
    """The problem's, at these costs of a trip and of unevenness."""
    sessions = problem.sessions
    least = sessions.least.astype(np.int32)
    least[problem.fixed[:, 1]] = 0
    many = np.iinfo(np.int32).max
    quota = np.full(problem.schools, many) if problem.quota is None else problem.quota
    school = problem.classes.school[problem.students.class_]
    size = np.bincount(school, minlength=problem.schools).clip(min=1)
    return Limits(
        seats=sessions.seats.astype(np.int32),
        least=least,
        may_use=may_use,
        at_once=problem.sites_at_once,
        teachers=np.ascontiguousarray(problem.teachers, np.int32),
        quota=quota.astype(np.int32),
        trip=trip,
        uneven=uneven / size,
    )


def seating(problem: Problem, ground: Ground) -> Seating:
    """Nobody has anything but what is fixed."""
    groups, days = ground.day_of.shape
    places = int(ground.of_patterns(PLACE).max(initial=-1)) + 1
    visits = np.zeros((places, 2), np.int32)
    sites = np.zeros((groups, days, 2), np.int32)
    sent = np.zeros((problem.schools, problem.days, 2), np.int32)
    pattern = ground.tables.pattern
    known, where = np.unique(
        _keys(problem, pattern[:, GROUP], pattern[:, DAY], pattern[:, SITE]), return_index=True
    )
    student, session = problem.fixed[:, 0], problem.fixed[:, 1]
    for half, bit in enumerate((MORNING, AFTERNOON)):
        takes = (problem.sessions.halves[session] & bit) > 0
        what = session[takes]
        of = problem.students.class_[student[takes]]
        day, site = problem.sessions.day[what], problem.sessions.site[what]
        keys = _keys(problem, of, day, site)
        is_known = np.isin(keys, known)
        place = pattern[where[np.searchsorted(known, keys[is_known])], PLACE]
        np.add.at(visits[:, half], place, 1)
        _each, one = np.unique(keys, return_index=True)
        np.add.at(sent[:, :, half], (problem.classes.school[of[one]], day[one]), 1)
        row, local = np.nonzero(ground.day_of[of[one]] == day[one][:, None])
        np.add.at(sites[:, :, half], (of[one][row], local), 1)
    first = ground.tables.group[:-1, PLACE_FIRST]
    trips = np.zeros(problem.schools, np.int32)
    for group, start in enumerate(first):
        here = visits[start : ground.tables.group[group + 1, PLACE_FIRST]]
        trips[problem.classes.school[group]] += int(here.any(axis=1).sum())
    done = ground.of_students(START) == len(ground.tables.part) - 1
    return Seating(
        routes=np.full((ground.students, days), NONE, np.int32),
        load=np.bincount(problem.fixed[:, 1], minlength=len(problem.sessions)).astype(np.int32),
        visits=visits,
        sites=sites,
        sent=sent,
        used=np.zeros(problem.schools, np.int32),
        short=np.bincount(
            ground.of_students(SCHOOL), weights=~done, minlength=problem.schools
        ).astype(np.int32),
        trips=trips,
        is_done=done,
    )


def _keys(problem: Problem, group: Ints, day: Ints, site: Ints) -> NDArray[np.int64]:
    """One number for each class, day and site."""
    keys: NDArray[np.int64] = group.astype(np.int64) * problem.days + day
    return keys * problem.sites + site


def places_of(problem: Problem, ground: Ground, routes: Ints) -> Ints:
    """(student, session), M x 2: the fixed ones and those of the routes (N x K)."""
    student, day = np.nonzero(routes != NONE)
    key = routes[student, day]
    one, two = ground.of_patterns(ONE)[key], ground.of_patterns(TWO)[key]
    is_double = two != NONE
    return np.concatenate(
        (
            problem.fixed.reshape(-1, 2),
            np.stack((student, one), axis=1),
            np.stack((student[is_double], two[is_double]), axis=1),
        )
    ).astype(np.int32)


@numba.njit(cache=True)
def _count(tables, seating, student, key, change):  # type: ignore[no-untyped-def]
    """The student has one pattern more (1) or less (-1)."""
    pattern, visits, load = tables.pattern, seating.visits, seating.load
    group, school = tables.student[student, CLASS], tables.student[student, SCHOOL]
    place = pattern[key, PLACE]
    was = visits[place, 0] > 0 or visits[place, 1] > 0
    for half in range(2):
        if not pattern[key, HALVES] >> half & 1:
            continue
        before = visits[place, half]
        visits[place, half] = before + change
        if before == 0 or before + change == 0:
            seating.sites[group, pattern[key, LOCAL], half] += change
            seating.sent[school, pattern[key, DAY], half] += change
    if was != (visits[place, 0] > 0 or visits[place, 1] > 0):
        seating.trips[school] += change
    load[pattern[key, ONE]] += change
    seating.used[school] += change
    if pattern[key, TWO] != NONE:
        load[pattern[key, TWO]] += change
        seating.used[school] += change


@numba.njit(cache=True)
def _mark(tables, seating, student):  # type: ignore[no-untyped-def]
    """Whether the student reaches the requirement, with the school's count."""
    done = is_done(tables, student, seating.routes[student])
    if done != seating.is_done[student]:
        seating.is_done[student] = done
        seating.short[tables.student[student, SCHOOL]] += -1 if done else 1


@numba.njit(cache=True)
def take_out(tables, seating, student):  # type: ignore[no-untyped-def]
    """The student has nothing but what is fixed."""
    for day in range(tables.group[tables.student[student, CLASS], DAYS]):
        key = seating.routes[student, day]
        if key != NONE:
            _count(tables, seating, student, key, -1)
            seating.routes[student, day] = NONE
    _mark(tables, seating, student)


@numba.njit(cache=True)
def put_in(tables, seating, student, route):  # type: ignore[no-untyped-def]
    """The student, who has nothing, has this route."""
    for day in range(tables.group[tables.student[student, CLASS], DAYS]):
        if route[day] != NONE:
            _count(tables, seating, student, route[day], 1)
            seating.routes[student, day] = route[day]
    _mark(tables, seating, student)


@numba.njit(cache=True)
def costs_now(tables, limits, seating, student, price, extra, closed, cost):  # type: ignore[no-untyped-def]
    """What each pattern of the student's class costs beside what the others hold, into ``cost``:
    the seats' prices and ``extra`` for each, and a trip where nobody of the class is at the site
    that day. SHUT where there is no seat, no teacher, or a site too many, and at the place
    ``closed``."""
    pattern, visits, load = tables.pattern, seating.visits, seating.load
    seats, teachers, may_use = limits.seats, limits.teachers, limits.may_use
    sites, sent = seating.sites, seating.sent
    group, school = tables.student[student, CLASS], tables.student[student, SCHOOL]
    left = limits.quota[school] - seating.used[school]
    for key in range(tables.group[group, FIRST], tables.group[group + 1, FIRST]):
        one, two, place = pattern[key, ONE], pattern[key, TWO], pattern[key, PLACE]
        cost[key] = SHUT
        if not may_use[key] or place == closed or load[one] >= seats[one] or left < 1:
            continue
        total = price[one] + extra
        if two != NONE:
            if load[two] >= seats[two] or left < 2:
                continue
            total += price[two] + extra
        if visits[place, 0] == 0 and visits[place, 1] == 0:
            total += limits.trip
        is_shut = False
        for half in range(2):
            if pattern[key, HALVES] >> half & 1 and visits[place, half] == 0:
                local, day = pattern[key, LOCAL], pattern[key, DAY]
                if (
                    sites[group, local, half] >= limits.at_once
                    or sent[school, day, half] >= teachers[school, day, half]
                ):
                    is_shut = True
        if not is_shut:
            cost[key] = total


@numba.njit(cache=True)
def seat(tables, limits, seating, worth, price, student, closed, cost, route):  # type: ignore[no-untyped-def]
    """The student, who has nothing, takes her best route beside what the others hold, with no more
    seats than her school has left. ``cost`` and ``route`` are room to work in."""
    school = tables.student[student, SCHOOL]
    extra = 0.0
    for _again in range(12):
        route[:] = NONE
        costs_now(tables, limits, seating, student, price, extra, closed, cost)
        best_route(tables, student, cost, worth, True, route)
        wanted = 0
        for key in route:
            if key != NONE:
                wanted += 1 if tables.pattern[key, TWO] == NONE else 2
        if seating.used[school] + wanted <= limits.quota[school]:
            put_in(tables, seating, student, route)
            return
        # Each seat is made dearer, so that fewer are taken.
        extra = 2 * extra + 0.01 * (worth.reach[student] + worth.wishes[student])


@numba.njit(cache=True)
def fill(tables, limits, seating, worth, price, who):  # type: ignore[no-untyped-def]
    """Each student of ``who``, who has nothing, takes in turn her best route."""
    cost = np.empty(len(tables.pattern))
    route = np.full(seating.routes.shape[1], NONE, np.int32)
    for student in who:
        seat(tables, limits, seating, worth, price, student, NONE, cost, route)


@numba.njit(cache=True)
def worth_of(tables, worth, student, route):  # type: ignore[no-untyped-def]
    """What the student's route is worth by itself, without prices and trips."""
    pattern, session, move = tables.pattern, tables.session, tables.move
    state, total = tables.student[student, START], 0.0
    # A series counts first, then the days as they come.
    for turn in range(2):
        for key in route:
            if key == NONE or (pattern[key, SERIES] == NONE) != turn:
                continue
            one, two, gain = pattern[key, ONE], pattern[key, TWO], pattern[key, GAIN]
            wish = tables.weight[one] * tables.wishes[student, session[one, OCCUPATION]]
            if two != NONE:
                wish += tables.weight[two] * tables.wishes[student, session[two, OCCUPATION]]
            total += wish * (move[state, gain, SLOT] - tables.slot[gain]) / pattern[key, HOURS]
            state = move[state, gain, AFTER]
    value = worth.wishes[student] * total + worth.part[student] * tables.part[state]
    if state == len(tables.part) - 1 and has_occupations(tables, student, route):
        value += worth.reach[student]
    return value


@numba.njit(cache=True)
def worths(tables, worth, students, routes, value, reached):  # type: ignore[no-untyped-def]
    """Into ``value`` what each route is worth more than nothing, ``reached`` whether it is all
    that is required."""
    for row in range(len(students)):
        student = students[row]
        nothing = worth.part[student] * tables.part[tables.student[student, START]]
        value[row] = worth_of(tables, worth, student, routes[row]) - nothing
        reached[row] = is_done(tables, student, routes[row])


@numba.njit(cache=True)
def place(tables, limits, seating, price, students, routes):  # type: ignore[no-untyped-def]
    """In turn each route whose student has nothing yet, if there are seats and all for it."""
    cost = np.empty(len(tables.pattern))
    for row in range(len(students)):
        student, is_good, wanted = students[row], True, 0
        for key in seating.routes[student]:
            if key != NONE:
                is_good = False
        if not is_good:
            continue
        costs_now(tables, limits, seating, student, price, 0.0, NONE, cost)
        for key in routes[row]:
            if key != NONE:
                is_good = is_good and cost[key] < SHUT / 2
                wanted += 1 if tables.pattern[key, TWO] == NONE else 2
        school = tables.student[student, SCHOOL]
        if is_good and seating.used[school] + wanted <= limits.quota[school]:
            put_in(tables, seating, student, routes[row])


@numba.njit(cache=True)
def is_done(tables, student, route):  # type: ignore[no-untyped-def]
    """Whether the route brings the student to all that is required."""
    state = tables.student[student, START]
    for key in route:
        if key != NONE:
            state = tables.move[state, tables.pattern[key, GAIN], AFTER]
    return state == len(tables.part) - 1 and has_occupations(tables, student, route)


@numba.njit(cache=True)
def has_occupations(tables, student, route):  # type: ignore[no-untyped-def]
    """Whether the route brings the student to the distinct occupations that are required."""
    pattern, session = tables.pattern, tables.session
    met = tables.met[student].copy()
    for key in route:
        if key == NONE:
            continue
        met[session[pattern[key, ONE], OCCUPATION]] = True
        if pattern[key, TWO] != NONE:
            met[session[pattern[key, TWO], OCCUPATION]] = True
    return met.sum() >= tables.occupations
