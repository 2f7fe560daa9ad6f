"""Local improvement: some students give up what they have and take the best of what is then free.

Ruin and recreate (Schrimpf and others 2000). A change stays where it makes the whole better: the
worth of the students less the trips of their classes and the unevenness among schools, no session
left with less than its least.
"""

import numba
import numpy as np

from .ground import CLASS, FIRST, NONE, ONE, PLACE, PLACE_FIRST, TWO
from .seating import put_in, seat, take_out, worth_of

# Among so many moves the holders of sessions are looked up anew.
LOOK_AGAIN = 1000


@numba.njit(cache=True)
def improve(  # type: ignore[no-untyped-def]
    tables, limits, seating, worth, price, who, size, moves, closing, warmth, rent, seed
):
    """``moves`` times, at most ``size`` students are taken out and put in again in random order.

    They are around one of ``who``, or, in the share ``closing`` of the moves, those of a class who
    are at one site on a day, which is then closed to them. Prices are scaled and shaken anew each
    time. ``rent`` of them is what a seat taken costs when a change is judged. Returns (changes for
    the better, what they gained).
    """
    np.random.seed(seed)
    sessions, days = len(price), seating.routes.shape[1]
    cost = np.empty(len(tables.pattern))
    route = np.full(days, NONE, np.int32)
    chosen = np.empty(size, np.int64)
    before = np.full((size, days), NONE, np.int32)
    drawn = np.empty(sessions)
    is_chosen = np.zeros(len(seating.is_done), np.bool_)
    holders, first = _holders(tables, seating, sessions)
    better, gained = 0, 0.0
    for number in range(moves):
        if number % LOOK_AGAIN == LOOK_AGAIN - 1:
            holders, first = _holders(tables, seating, sessions)
        centre = who[np.random.randint(len(who))]
        closed = NONE
        if np.random.random() < closing:
            closed, count = _at_place(tables, seating, centre, chosen, is_chosen)
        else:
            count = _around(tables, centre, holders, first, chosen, is_chosen)
        old = -limits.trip * seating.trips.sum() - unevenness(limits, seating)
        for place in range(count):
            before[place] = seating.routes[chosen[place]]
            old += worth_of(tables, worth, chosen[place], before[place])
            old -= rent * _paid(tables, price, before[place])
        for place in range(count):
            take_out(tables, seating, chosen[place])
        scale = np.random.random()
        for session in range(sessions):
            drawn[session] = price[session] * scale * (0.5 + np.random.random())
        for place in np.random.permutation(count):
            seat(tables, limits, seating, worth, drawn, chosen[place], closed, cost, route)
        new = -limits.trip * seating.trips.sum() - unevenness(limits, seating)
        for place in range(count):
            new += worth_of(tables, worth, chosen[place], seating.routes[chosen[place]])
            new -= rent * _paid(tables, price, seating.routes[chosen[place]])
        # Now and then a little worse is taken, so that it does not end where nothing is better.
        allowed = old - 1e-9 + warmth * np.log(1 - np.random.random())
        if new < allowed or not _keep_least(tables, seating, limits.least, chosen, count, before):
            for place in range(count):
                take_out(tables, seating, chosen[place])
            for place in range(count):
                put_in(tables, seating, chosen[place], before[place])
        else:
            better += new > old + 1e-9
            gained += new - old
        for place in range(count):
            is_chosen[chosen[place]] = False
    return better, gained


@numba.njit(cache=True)
def _paid(tables, price, route):  # type: ignore[no-untyped-def]
    """The prices of the route's seats."""
    pattern, total = tables.pattern, 0.0
    for key in route:
        if key != NONE:
            total += price[pattern[key, ONE]]
            if pattern[key, TWO] != NONE:
                total += price[pattern[key, TWO]]
    return total


@numba.njit(cache=True)
def unevenness(limits, seating):  # type: ignore[no-untyped-def]
    """Of schools of one size, it is least where all have as many short."""
    total = 0.0
    for school in range(len(seating.short)):
        total += limits.uneven[school] * seating.short[school] ** 2
    return total


@numba.njit(cache=True)
def _keep_least(tables, seating, least, chosen, count, before):  # type: ignore[no-untyped-def]
    """Whether every session that the chosen have or had runs with its least or with none."""
    pattern, load = tables.pattern, seating.load
    for place in range(count):
        for day in range(before.shape[1]):
            for key in (before[place, day], seating.routes[chosen[place], day]):
                if key == NONE:
                    continue
                for session in (pattern[key, ONE], pattern[key, TWO]):
                    if session != NONE and 0 < load[session] < least[session]:
                        return False
    return True


@numba.njit(cache=True)
def _holders(tables, seating, sessions):  # type: ignore[no-untyped-def]
    """The students of each session: those from first[s] to first[s + 1]."""
    pattern, routes = tables.pattern, seating.routes
    first = np.zeros(sessions + 1, np.int64)
    for turn in range(2):
        if turn == 1:
            first = np.cumsum(first)
            holders = np.empty(first[-1], np.int64)
            at = first[:-1].copy()
        for student in range(routes.shape[0]):
            for day in range(routes.shape[1]):
                key = routes[student, day]
                if key == NONE:
                    continue
                for session in (pattern[key, ONE], pattern[key, TWO]):
                    if session == NONE:
                        continue
                    if turn == 0:
                        first[session + 1] += 1
                    else:
                        holders[at[session]] = student
                        at[session] += 1
    return holders, first


@numba.njit(cache=True)
def _around(tables, centre, holders, first, chosen, is_chosen):  # type: ignore[no-untyped-def]
    """The centre, and students who hold seats in sessions that she could go to. How many."""
    chosen[0] = centre
    is_chosen[centre] = True
    count = 1
    group = tables.student[centre, CLASS]
    low, high = tables.group[group, FIRST], tables.group[group + 1, FIRST]
    for _try in range(4 * len(chosen)):
        if count == len(chosen) or low == high:
            break
        session = tables.pattern[low + np.random.randint(high - low), ONE]
        number = first[session + 1] - first[session]
        if number == 0:
            continue
        for _again in range(3):
            student = holders[first[session] + np.random.randint(number)]
            if count < len(chosen) and not is_chosen[student]:
                is_chosen[student] = True
                chosen[count] = student
                count += 1
    return count


@numba.njit(cache=True)
def _at_place(tables, seating, centre, chosen, is_chosen):  # type: ignore[no-untyped-def]
    """One of the fewest visited of some places of the centre's class, and who is there: (place,
    how many)."""
    group = tables.student[centre, CLASS]
    low, high = tables.group[group, PLACE_FIRST], tables.group[group + 1, PLACE_FIRST]
    found, fewest = NONE, len(chosen) + 1
    if low < high:
        for _try in range(4):
            place = low + np.random.randint(high - low)
            number = seating.visits[place, 0] + seating.visits[place, 1]
            if 0 < number < fewest:
                found, fewest = place, number
    count = 0
    chosen[0] = centre
    if found == NONE:
        is_chosen[centre] = True
        return NONE, 1
    student = centre
    # Students of a class stand together.
    while student > 0 and tables.student[student - 1, CLASS] == group:
        student -= 1
    while tables.student[student, CLASS] == group and count < len(chosen):
        for key in seating.routes[student]:
            if key != NONE and tables.pattern[key, PLACE] == found:
                chosen[count] = student
                is_chosen[student] = True
                count += 1
                break
        student += 1
    return found, count
