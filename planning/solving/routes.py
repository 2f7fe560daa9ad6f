"""The best a student can do at given seat prices: an exact dynamic programme over days and hours.

Compiled by numba. A route is a pattern for each of the class's days, or NONE. Its worth is the
student's wishes met, less the prices of its seats, and more where the requirement is reached. Of
the hours only the required ones count, in the order of the days; those beyond are worth nothing.

In what is compiled, arrays are taken out of their tuple before a loop: each look into a tuple
counts a reference, which costs more than the arithmetic.
"""

from typing import NamedTuple

import numba
import numpy as np

from .ground import (
    AFTER,
    ATTENDED,
    CLASS,
    COURSE,
    DAYS,
    FIRST,
    GAIN,
    HALVES,
    HELD_HALVES,
    HELD_SITE,
    HOURS,
    LOCAL,
    NONE,
    OCCUPATION,
    ONE,
    SERIES,
    SITE,
    SLOT,
    START,
    TWO,
)
from .problem import Floats

WORST = -1e18
# No seat is left: dearer than any worth.
SHUT = 1e12


class Worth(NamedTuple):
    """What counts, for each student (length N): reaching the requirement, the wishes met (0 to 1)
    and the part of the hours reached (0 to 1; a hint to fill up who cannot reach)."""

    reach: Floats
    wishes: Floats
    part: Floats


@numba.njit(inline="always")
def has_course(pattern, session, key, course):  # type: ignore[no-untyped-def]
    """Whether the pattern ``key`` has the course."""
    return session[pattern[key, ONE], COURSE] == course or (
        pattern[key, TWO] != NONE and session[pattern[key, TWO], COURSE] == course
    )


@numba.njit(cache=True)
def is_out(tables, student, key, option):  # type: ignore[no-untyped-def]
    """Whether what is held, attended or in the series forbids the pattern."""
    pattern, session = tables.pattern, tables.session
    day = pattern[key, LOCAL]
    held = tables.held[student, day, HELD_HALVES]
    if held and (
        held & pattern[key, HALVES] or pattern[key, SITE] != tables.held[student, day, HELD_SITE]
    ):
        return True
    for seen in range(tables.student[student, ATTENDED], tables.student[student + 1, ATTENDED]):
        if has_course(pattern, session, key, tables.attended[seen]):
            return True
    if option != NONE:
        for part in range(tables.option_days[option], tables.option_days[option + 1]):
            other = tables.option_pattern[part]
            if pattern[other, LOCAL] == day:
                return True
            if has_course(pattern, session, key, session[pattern[other, ONE], COURSE]):
                return True
            two = pattern[other, TWO]
            if two != NONE and has_course(pattern, session, key, session[two, COURSE]):
                return True
    return False


@numba.njit(cache=True)
def best_of_days(tables, student, cost, worth, option, bans_day, bans_course, bans, route):  # type: ignore[no-untyped-def]
    """The best route under ``bans`` (day, course), written into ``route``; its worth.

    ``cost`` is of each pattern, SHUT where it may not be taken. ``option`` is a series that the
    student takes, or NONE.
    """
    pattern, session, move, slot = tables.pattern, tables.session, tables.move, tables.slot
    weight, wishes, part = tables.weight, tables.wishes, tables.part
    group = tables.student[student, CLASS]
    days = tables.group[group, DAYS]
    states, gains = move.shape[0], move.shape[1]
    # Hours that do not count matter only where something else is required of them.
    least = 1 if states < 2 or part[states - 2] < 1 else 0
    best = np.full((days, tables.slots), WORST)
    chosen = np.empty((days, tables.slots), np.int32)
    wishing = worth.wishes[student]
    is_free = (
        option == NONE
        and tables.student[student, ATTENDED] == tables.student[student + 1, ATTENDED]
    )
    for key in range(tables.group[group, FIRST], tables.group[group + 1, FIRST]):
        price = cost[key]
        if price > SHUT / 2 or pattern[key, SERIES] != NONE:
            continue
        if not is_free and is_out(tables, student, key, option):
            continue
        day = pattern[key, LOCAL]
        is_banned = False
        for ban in range(bans):
            if bans_day[ban] != day:
                continue
            # A course, or where it is below NONE, a day with this occupation alone.
            only = NONE - 1 - bans_course[ban]
            if only < 0:
                is_banned = is_banned or has_course(pattern, session, key, bans_course[ban])
            elif session[pattern[key, ONE], OCCUPATION] == only and (
                pattern[key, TWO] == NONE or session[pattern[key, TWO], OCCUPATION] == only
            ):
                is_banned = True
        if is_banned:
            continue
        one, two = pattern[key, ONE], pattern[key, TWO]
        wish = weight[one] * wishes[student, session[one, OCCUPATION]]
        if two != NONE:
            wish += weight[two] * wishes[student, session[two, OCCUPATION]]
        first, hours = slot[pattern[key, GAIN]], pattern[key, HOURS]
        each = wishing * wish / hours
        for counted in range(least, hours + 1):
            value = each * counted - price
            if value > best[day, first + counted]:
                best[day, first + counted] = value
                chosen[day, first + counted] = key
    value_at = np.full((days + 1, states), WORST)
    came_by = np.full((days + 1, states), NONE, np.int32)
    came_from = np.empty((days + 1, states), np.int32)
    start, begun = tables.student[student, START], 0.0
    if option != NONE:
        for at in range(tables.option_days[option], tables.option_days[option + 1]):
            key = tables.option_pattern[at]
            one, two, gain = pattern[key, ONE], pattern[key, TWO], pattern[key, GAIN]
            wish = weight[one] * wishes[student, session[one, OCCUPATION]]
            if two != NONE:
                wish += weight[two] * wishes[student, session[two, OCCUPATION]]
            counts = (move[start, gain, SLOT] - slot[gain]) / pattern[key, HOURS]
            begun += wishing * wish * counts - cost[key]
            start = move[start, gain, AFTER]
    value_at[0, start] = begun
    done = states - 1
    for day in range(days):
        for state in range(states):
            here = value_at[day, state]
            if here <= WORST / 2:
                continue
            if here > value_at[day + 1, state]:
                value_at[day + 1, state] = here
                came_by[day + 1, state] = NONE
                came_from[day + 1, state] = state
            # Who has all that is required takes no seat more.
            if state == done:
                continue
            for gain in range(gains):
                value = here + best[day, move[state, gain, SLOT]]
                after = move[state, gain, AFTER]
                if value > WORST / 2 and value > value_at[day + 1, after]:
                    value_at[day + 1, after] = value
                    came_by[day + 1, after] = gain
                    came_from[day + 1, after] = state
    found, last = WORST, 0
    for state in range(states):
        value = value_at[days, state] + worth.part[student] * part[state]
        if state == done:
            value += worth.reach[student]
        if value > found and value > WORST / 2:
            found, last = value, state
    state = last
    for day in range(days, 0, -1):
        gain, before = came_by[day, state], came_from[day, state]
        route[day - 1] = NONE
        if gain != NONE:
            route[day - 1] = chosen[day - 1, move[before, gain, SLOT]]
        state = before
    if option != NONE:
        for at in range(tables.option_days[option], tables.option_days[option + 1]):
            key = tables.option_pattern[at]
            route[pattern[key, LOCAL]] = key
    return found
