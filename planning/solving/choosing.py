"""The best route that also has no course twice and enough occupations.

Exact for the courses; where a session is attended for its occupation alone, a good one.

Best first over bans: of a route in which something is wrong, each variant forbids one thing that
makes it so. Compiled by numba; see ``routes``.
"""

import numba
import numpy as np

from .ground import (
    AFTER,
    CLASS,
    COURSE,
    DAYS,
    FIRST,
    GAIN,
    HELD_HALVES,
    LOCAL,
    NONE,
    OCCUPATION,
    ONE,
    OPTION_FIRST,
    SERIES,
    START,
    TWO,
)
from .routes import SHUT, WORST, best_of_days, has_course, is_out

# The search looks at so many routes, with so many bans each.
NODES, BANS = 40, 8
# And forbids so much more at most on the way to a route where none is found by then.
DEEPEST = 24


@numba.njit(cache=True)
def _trouble(tables, student, route, days, bad_day, bad_course):  # type: ignore[no-untyped-def]
    """What is wrong with a route: how many (day, course), one of which must go, written into the
    last two. None where no course comes twice and who reaches the hours has the occupations."""
    pattern, session, move = tables.pattern, tables.session, tables.move
    state, used = tables.student[student, START], 0
    occupation, is_many = NONE, False
    for day in range(days):
        key = route[day]
        if key == NONE:
            continue
        state = move[state, pattern[key, GAIN], AFTER]
        for which in range(2):
            what = pattern[key, ONE + which]
            if what == NONE:
                continue
            if occupation != NONE and session[what, OCCUPATION] != occupation:
                is_many = True
            occupation = session[what, OCCUPATION]
            # The days of a series are no choice.
            if pattern[key, SERIES] != NONE:
                continue
            course = session[what, COURSE]
            for earlier in range(day):
                other = route[earlier]
                if other == NONE or pattern[other, SERIES] != NONE:
                    continue
                if has_course(pattern, session, other, course):
                    bad_day[0], bad_course[0] = earlier, course
                    bad_day[1], bad_course[1] = day, course
                    return 2
            if used < BANS:
                bad_day[used], bad_course[used] = day, course
                used += 1
    if state < len(tables.part) - 1 or tables.occupations <= (2 if is_many else 1):
        return 0
    met = tables.met[student].copy()
    for day in range(days):
        for which in range(2):
            if route[day] != NONE and pattern[route[day], ONE + which] != NONE:
                met[session[pattern[route[day], ONE + which], OCCUPATION]] = True
    if met.sum() >= tables.occupations:
        return 0
    if not is_many:
        for at in range(used):
            bad_course[at] = NONE - 1 - occupation
    return used


@numba.njit(cache=True)
def _another(tables, student, cost, option, route):  # type: ignore[no-untyped-def]
    """(pattern, what it costs more): the cheapest with a further occupation, on a day that the
    route leaves free or beside its session of the day, or NONE. For who has the hours, but not the
    occupations."""
    pattern, session = tables.pattern, tables.session
    group, found, least = tables.student[student, CLASS], NONE, SHUT / 2
    for key in range(tables.group[group, FIRST], tables.group[group + 1, FIRST]):
        had = route[pattern[key, LOCAL]]
        new, dearer = pattern[key, ONE], cost[key]
        if had != NONE:
            # A pair with the session that was alone.
            if pattern[key, TWO] == NONE or pattern[had, TWO] != NONE:
                continue
            if pattern[key, ONE] != pattern[had, ONE] and pattern[key, TWO] != pattern[had, ONE]:
                continue
            if pattern[key, ONE] == pattern[had, ONE]:
                new = pattern[key, TWO]
            dearer -= cost[had]
        if dearer >= least or pattern[key, SERIES] != NONE:
            continue
        if tables.met[student, session[new, OCCUPATION]] or is_out(tables, student, key, option):
            continue
        is_new = True
        for other in route:
            if other == NONE:
                continue
            if other == had:
                continue
            for which in range(2):
                what = pattern[other, ONE + which]
                if what != NONE and (
                    session[what, OCCUPATION] == session[new, OCCUPATION]
                    or has_course(pattern, session, key, session[what, COURSE])
                ):
                    is_new = False
        if had != NONE and (session[pattern[had, ONE], OCCUPATION] == session[new, OCCUPATION]):
            is_new = False
        if is_new:
            found, least = key, dearer
    return found, least


@numba.njit(cache=True)
def _dive(tables, student, cost, worth, option, route, bans_day, bans_course, bans):  # type: ignore[no-untyped-def]
    """From a route in which courses come twice to a good one in which none does: of the two days
    the one is forbidden that costs less, again and again. Its worth; WORST where it led nowhere."""
    days = tables.group[tables.student[student, CLASS], DAYS]
    bad_day = np.zeros(BANS, np.int32)
    bad_course = np.zeros(BANS, np.int32)
    day = np.zeros(bans + DEEPEST, np.int32)
    course = np.zeros(bans + DEEPEST, np.int32)
    day[:bans] = bans_day[:bans]
    course[:bans] = bans_course[:bans]
    one, other, value = route.copy(), route.copy(), WORST
    for deep in range(bans, bans + DEEPEST):
        trouble = _trouble(tables, student, route, days, bad_day, bad_course)
        if trouble == 0:
            return value
        if trouble != 2 or bad_course[0] != bad_course[1] or bad_course[0] < 0:
            break
        day[deep], course[deep] = bad_day[0], bad_course[0]
        value = best_of_days(tables, student, cost, worth, option, day, course, deep + 1, one)
        day[deep] = bad_day[1]
        least = best_of_days(tables, student, cost, worth, option, day, course, deep + 1, other)
        if value > least:
            day[deep] = bad_day[0]
            route[:] = one
        else:
            value = least
            route[:] = other
        if value <= WORST / 2:
            break
    return WORST


@numba.njit(cache=True)
def _search(tables, student, cost, worth, option, route):  # type: ignore[no-untyped-def]
    """``best_route`` with this series, or NONE."""
    days = tables.group[tables.student[student, CLASS], DAYS]
    bad_day = np.zeros(BANS, np.int32)
    bad_course = np.zeros(BANS, np.int32)
    spare_day, spare_course = bad_day.copy(), bad_course.copy()
    value = np.full(NODES, WORST)
    value[0] = best_of_days(tables, student, cost, worth, option, bad_day, bad_course, 0, route)
    if _trouble(tables, student, route, days, bad_day, bad_course) == 0:
        return value[0], value[0]
    bans_day = np.empty((NODES, BANS), np.int32)
    bans_course = np.empty((NODES, BANS), np.int32)
    routes = np.empty((NODES, len(route)), np.int32)
    depth = np.zeros(NODES, np.int32)
    is_open = np.zeros(NODES, np.bool_)
    routes[0] = route
    is_open[0] = True
    nodes = 1
    bound = WORST
    # The best that is right by a session more, or that does without the occupations.
    longer, more = route.copy(), WORST
    while True:
        top = -1
        for node in range(nodes):
            if is_open[node] and (top < 0 or value[node] > value[top]):
                top = node
        if top < 0 or value[top] <= more:
            break
        is_open[top] = False
        trouble = _trouble(tables, student, routes[top], days, bad_day, bad_course)
        if trouble == 0:
            route[:] = routes[top]
            return (bound if bound > WORST / 2 else value[top]), value[top]
        is_of_courses = bad_course[0] >= 0 and trouble == 2 and bad_course[0] == bad_course[1]
        if bound <= WORST / 2 and (
            not is_of_courses or depth[top] >= BANS or nodes + trouble > NODES
        ):
            # From here on occupations are looked for, or the search is cut: the best that is
            # still open bounds all.
            bound = value[top]
        if not is_of_courses:
            # As it is, it is worth what it is worth to who does not reach the requirement.
            if value[top] - worth.reach[student] > more:
                more = value[top] - worth.reach[student]
                longer[:] = routes[top]
            key, dearer = _another(tables, student, cost, option, routes[top])
            if key != NONE and value[top] - dearer > more:
                route[:] = routes[top]
                route[tables.pattern[key, LOCAL]] = key
                # Of three occupations or more, there may be too few still.
                if _trouble(tables, student, route, days, spare_day, spare_course) == 0:
                    more = value[top] - dearer
                    longer[:] = route
        if nodes + trouble > NODES or depth[top] >= BANS:
            # Too many to look at all: the best of them leads to a good one, mostly.
            if is_of_courses:
                found = _dive(
                    tables, student, cost, worth, option, routes[top],
                    bans_day[top], bans_course[top], depth[top],
                )  # fmt: skip
                if found > more:
                    more = found
                    longer[:] = routes[top]
            if depth[top] >= BANS:
                continue
            break
        for child in range(trouble):
            deep = depth[top]
            bans_day[nodes, :deep] = bans_day[top, :deep]
            bans_course[nodes, :deep] = bans_course[top, :deep]
            bans_day[nodes, deep] = bad_day[child]
            bans_course[nodes, deep] = bad_course[child]
            depth[nodes] = deep + 1
            routes[nodes] = NONE
            value[nodes] = best_of_days(
                tables, student, cost, worth, option,
                bans_day[nodes], bans_course[nodes], deep + 1, routes[nodes],
            )  # fmt: skip
            is_open[nodes] = value[nodes] > WORST / 2
            nodes += 1
    route[:] = longer
    if bound <= WORST / 2:
        bound = value[0]
    return bound, more


@numba.njit(cache=True)
def _can_take(tables, student, cost, option):  # type: ignore[no-untyped-def]
    """Whether the series has seats and is beside nothing that the student holds or attended."""
    for at in range(tables.option_days[option], tables.option_days[option + 1]):
        key = tables.option_pattern[at]
        if cost[key] > SHUT / 2 or tables.held[student, tables.pattern[key, LOCAL], HELD_HALVES]:
            return False
        if is_out(tables, student, key, NONE):
            return False
    return tables.student[student, START] != len(tables.part) - 1


@numba.njit(cache=True)
def best_route(tables, student, cost, worth, is_exact, route):  # type: ignore[no-untyped-def]
    """The best route with no course twice and, where it reaches the hours, enough occupations.

    Returns (upper bound, worth of ``route``). Where the search, best first over bans, gave up,
    the route is empty and its worth what a student has without a seat more. The bound is proven,
    for the best route without regard to occupations. Not ``is_exact``, courses may come twice and
    occupations are not looked at: a bound all the same, in less time.
    """
    group = tables.student[student, CLASS]
    if tables.student[student, START] == len(tables.part) - 1:
        # She has all that is required; ``_start`` looks at occupations too.
        route[:] = NONE
        sure = worth.part[student] + worth.reach[student]
        return sure, sure
    bans = np.zeros(1, np.int32)
    bound, best = WORST, WORST
    other = np.empty(len(route), np.int32)
    for option in range(
        tables.group[group, OPTION_FIRST] - 1, tables.group[group + 1, OPTION_FIRST]
    ):
        series = option
        if option < tables.group[group, OPTION_FIRST]:
            series = NONE
        elif not _can_take(tables, student, cost, option):
            continue
        other[:] = NONE
        if is_exact:
            most, value = _search(tables, student, cost, worth, series, other)
        else:
            most = best_of_days(tables, student, cost, worth, series, bans, bans, 0, other)
            value = most
        bound = max(bound, most)
        if value > best:
            best = value
            route[:] = other
    if best <= WORST / 2:
        best = worth.part[student] * tables.part[tables.student[student, START]]
        route[:] = NONE
    return bound, best


@numba.njit(cache=True)
def sweep(tables, who, alike, cost, worth, asked, taken, routes, bounds, is_exact):  # type: ignore[no-untyped-def]
    """Every student of ``who``, and as many as are ``alike``, takes her best route at these costs;
    adds to ``asked`` and ``taken`` and writes ``routes`` and ``bounds``, a row for each of ``who``.
    Returns the sum of all bounds."""
    total = 0.0
    pattern = tables.pattern
    route = np.full(routes.shape[1], NONE, np.int32)
    for kind, student in enumerate(who):
        bound, _value = best_route(tables, student, cost, worth, is_exact, route)
        many = alike[kind]
        total += bound * many
        bounds[kind] = bound
        routes[kind, :] = route
        for key in route:
            if key == NONE:
                continue
            taken[key] += many
            asked[pattern[key, ONE]] += many
            if pattern[key, TWO] != NONE:
                asked[pattern[key, TWO]] += many
    return total
