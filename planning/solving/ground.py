"""The problem laid out flat for the compiled routines: which day patterns each class has.

A pattern is what a student does on one day: one session, or one in the morning and another in the
afternoon at the same site. What a student holds already is in no pattern: its hours count from
the start, and it blocks its half day. A series is taken whole: it is a pattern for each of its
days, all of them or none.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .problem import AFTERNOON, MORNING, NO_SERIES, WHOLE_DAY, Flags, Floats, Ints, Problem

NONE = -1


# Columns of Tables.pattern: the day's position among the class's, its sessions (the second NONE
# mostly), what it gains, class hours, site, day, halves, class, where that is for the class (the
# same number for the same class, day and site), and the series it is a day of, else NONE.
LOCAL, ONE, TWO, GAIN, HOURS, SITE, DAY, HALVES, GROUP, PLACE, SERIES = range(11)
# Columns of Tables.group; rows are classes and one more, so that what belongs to class c reaches
# from its first to that of c + 1: patterns, days (how many), places and series open to it.
FIRST, DAYS, PLACE_FIRST, OPTION_FIRST = range(4)
# Columns of Tables.student: class, school, the state in which she begins, and the first of her
# courses in ``attended`` (a row more than students).
CLASS, SCHOOL, START, ATTENDED = range(4)
# Columns of Tables.session and of the last axis of Tables.held and Tables.move.
COURSE, OCCUPATION = range(2)
HELD_HALVES, HELD_SITE = range(2)
SLOT, AFTER = range(2)


class Tables(NamedTuple):
    """What the compiled routines read: few arrays, whose columns are named above. P patterns,
    K days of the class with most, Q gains."""

    # P x 11, (C + 1) x 4, (N + 1) x 4, S x 2.
    pattern: Ints
    group: Ints
    student: Ints
    session: Ints
    # Length S: the session's part of the required hours.
    weight: Floats
    # N x K x 2: the halves of a day that are taken by what is held, and the site of it, else NONE.
    held: Ints
    # Courses attended or held already.
    attended: Ints
    # The days of series o are the patterns from option_days[o] to option_days[o + 1].
    option_days: Ints
    option_pattern: Ints
    # States x Q x 2: what a gain makes of a state, the last of which has all that is required;
    # and its slot, one for each gain and number of its hours that count.
    move: Ints
    # Length Q: the slot of a gain of which no hour counts; those of one more follow.
    slot: Ints
    # Length states: how much of the hours is reached, 0 to 1.
    part: Floats
    # N x O: how much an hour is wished for, and whether the occupation is met already.
    wishes: Floats
    met: Flags
    # How many distinct occupations are required, and how many slots there are.
    occupations: int
    slots: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The problem laid out; see ``lay``."""

    tables: Tables
    # C x K: the days on which a class has patterns, NONE beyond.
    day_of: Ints
    # Length N: the wishes met by what is held, 0 to 1.
    wished: Floats
    # Students who differ in nothing have the same best route: one of each kind, how many there are
    # of it, and for each student (length N) where in these her kind is.
    kinds: Ints
    alike: Ints
    kind_of: Ints

    @property
    def patterns(self) -> int:
        return len(self.tables.pattern)

    @property
    def students(self) -> int:
        return len(self.wished)

    def of_patterns(self, column: int) -> Ints:
        """A column of the patterns, length P."""
        return self.tables.pattern[:, column]

    def of_students(self, column: int) -> Ints:
        """A column of the students, length N."""
        return self.tables.student[: len(self.wished), column]


def lay(problem: Problem) -> Ground:
    """The problem with its day patterns. Takes of a session only classes that it admits, that are
    free and within reach."""
    rows = _patterns(problem)
    hours, gains, states = _states(problem, rows)
    width = max((len(days) for days in rows.days), default=0) or 1
    day_of = np.full((len(problem.classes), width), NONE, np.int32)
    for each, days in enumerate(rows.days):
        day_of[each, : len(days)] = days
    students, sessions = problem.students, problem.sessions
    one = np.array(rows.one, np.int64)
    group, local = np.array(rows.group, np.int64), np.array(rows.local, np.int64)
    known, place = np.unique(
        (group * width + local) * problem.sites + sessions.site[one], return_inverse=True
    )
    groups = np.arange(len(problem.classes) + 1)
    start, met, wished = _start(problem)
    attended_first, attended = _attended(problem)
    tables = Tables(
        pattern=_columns(
            local, one, rows.two, gains, hours, sessions.site[one], sessions.day[one],
            rows.halves, group, place, rows.series,
        ),
        group=_columns(
            rows.first,
            [*(len(days) for days in rows.days), 0],
            np.searchsorted(known // (width * problem.sites), groups),
            rows.option_first,
        ),
        student=_columns(
            [*students.class_, NONE],
            [*problem.classes.school[students.class_], NONE],
            [*start, NONE],
            attended_first,
        ),
        session=_columns(sessions.course, sessions.occupation),
        weight=sessions.hours / problem.requirement.hours,
        held=_held(problem, day_of),
        attended=attended,
        option_days=np.array(rows.option_days, np.int32),
        option_pattern=np.array(rows.option_pattern, np.int32),
        move=states.move,
        slot=states.slot,
        part=states.part,
        wishes=np.ascontiguousarray(students.wishes, np.float64),
        met=met,
        occupations=problem.requirement.occupations,
        slots=states.slots,
    )  # fmt: skip
    return Ground(tables, day_of, wished, *_kinds(tables))


def _kinds(tables: Tables) -> tuple[Ints, Ints, Ints]:
    """See ``Ground.kinds``."""
    rows = [
        b"".join(
            (
                tables.student[key, :ATTENDED].tobytes(),
                tables.wishes[key].tobytes(),
                tables.met[key].tobytes(),
                tables.held[key].tobytes(),
                tables.attended[slice(*tables.student[key : key + 2, ATTENDED])].tobytes(),
            )
        )
        for key in range(len(tables.wishes))
    ]
    position: dict[bytes, int] = {}
    kind_of = np.array([position.setdefault(row, len(position)) for row in rows], np.int32)
    _, first, alike = np.unique(kind_of, return_index=True, return_counts=True)
    return first.astype(np.int32), alike.astype(np.int32), kind_of


def _columns(*columns: Sequence[int] | NDArray[np.integer[Any]]) -> Ints:
    return np.ascontiguousarray(np.stack([np.asarray(one, np.int32) for one in columns], axis=1))


class _Rows:
    """The patterns of all classes as they are found."""

    def __init__(self) -> None:
        self.first = [0]
        self.days: list[list[int]] = []
        self.local: list[int] = []
        self.one: list[int] = []
        self.two: list[int] = []
        self.halves: list[int] = []
        self.group: list[int] = []
        self.series: list[int] = []
        self.option_first = [0]
        self.option_days = [0]
        self.option_pattern: list[int] = []

    def add(self, group: int, local: int, one: int, two: int, halves: int, series: int) -> None:
        self.group.append(group)
        self.local.append(local)
        self.one.append(one)
        self.two.append(two)
        self.halves.append(halves)
        self.series.append(series)


def _patterns(problem: Problem) -> _Rows:
    sessions, classes = problem.sessions, problem.classes
    size: dict[int, int] = defaultdict(int)
    for number in sessions.series:
        size[int(number)] += 1
    rows = _Rows()
    for group in range(len(classes)):
        fits = _fitting(problem, group)
        whole: dict[int, list[int]] = defaultdict(list)
        for day in sorted(fits):
            for session in fits[day]:
                if sessions.series[session] != NO_SERIES:
                    whole[int(sessions.series[session])].append(session)
        takes = {
            number
            for number, parts in whole.items()
            if len(parts) == size[number] and _is_one_a_day(problem, parts)
        }
        days: list[int] = []
        where: dict[int, list[int]] = defaultdict(list)
        for day in sorted(fits):
            found = _of_day(problem, fits[day], takes)
            for one, two, halves, series in found:
                if series != NO_SERIES:
                    where[series].append(len(rows.one))
                rows.add(group, len(days), one, two, halves, series)
            if found:
                days.append(day)
        rows.days.append(days)
        rows.first.append(len(rows.one))
        for number in sorted(where):
            rows.option_pattern += where[number]
            rows.option_days.append(len(rows.option_pattern))
        rows.option_first.append(len(rows.option_days) - 1)
    return rows


def _fitting(problem: Problem, group: int) -> dict[int, list[int]]:
    """The sessions that a class could attend, by day."""
    sessions, classes = problem.sessions, problem.classes
    is_free = (sessions.halves & ~classes.free[group, sessions.day]) == 0
    (fits,) = np.nonzero(is_free & classes.reach[group, sessions.site] & classes.admits[group])
    by_day: dict[int, list[int]] = defaultdict(list)
    for session in fits.tolist():
        by_day[int(sessions.day[session])].append(session)
    return by_day


def _is_one_a_day(problem: Problem, parts: list[int]) -> bool:
    """Whether a series, one or two sessions of which make up a day, can be gone through."""
    sessions = problem.sessions
    by_day: dict[int, list[int]] = defaultdict(list)
    for session in parts:
        by_day[int(sessions.day[session])].append(session)
    return all(
        len(here) == 1
        or (
            len(here) == 2
            and not sessions.halves[here[0]] & sessions.halves[here[1]]
            and sessions.site[here[0]] == sessions.site[here[1]]
        )
        for here in by_day.values()
    )


def _of_day(problem: Problem, fits: list[int], takes: set[int]) -> list[tuple[int, int, int, int]]:
    """(session, second or NONE, halves, series) of one class and day."""
    sessions = problem.sessions
    single = [session for session in fits if sessions.series[session] == NO_SERIES]
    found = [(session, NONE, int(sessions.halves[session]), NO_SERIES) for session in single]
    after: dict[int, list[int]] = defaultdict(list)
    for session in single:
        if sessions.halves[session] == AFTERNOON:
            after[int(sessions.site[session])].append(session)
    for one in single:
        if sessions.halves[one] == MORNING:
            found += [
                (one, two, WHOLE_DAY, NO_SERIES)
                for two in after[int(sessions.site[one])]
                if sessions.course[one] != sessions.course[two]
            ]
    for number in sorted(takes):
        here = [session for session in fits if sessions.series[session] == number]
        if here:
            halves = int(np.bitwise_or.reduce(sessions.halves[here]))
            found.append((here[0], here[1] if len(here) > 1 else NONE, halves, number))
    return found


class _States(NamedTuple):
    move: Ints
    slot: Ints
    slots: int
    part: Floats


def _states(problem: Problem, rows: _Rows) -> tuple[list[int], list[int], _States]:
    """Of each pattern its hours and what it gains, and what each gain makes of each state.

    A state is how many hours are reached, in all and at each kind of host of which some are
    required, none beyond what is required.
    """
    sessions, need = problem.sessions, problem.requirement
    kinds = [kind for kind, least in enumerate(need.by_kind) if least]
    most = (need.hours, *(need.by_kind[kind] for kind in kinds))

    def gained(session: int) -> tuple[int, ...]:
        if session == NONE:
            return (0,) * len(most)
        hours = int(sessions.hours[session])
        return (hours, *(hours * int(sessions.host_kind[session] == kind) for kind in kinds))

    both = [
        tuple(map(sum, zip(gained(one), gained(two), strict=True)))
        for one, two in zip(rows.one, rows.two, strict=True)
    ]
    gains = sorted(set(both)) or [(1,) * len(most)]
    known = {gain: key for key, gain in enumerate(gains)}
    slot = np.cumsum([0, *(gain[0] + 1 for gain in gains)])
    states = list(product(*(range(top + 1) for top in most)))
    position = {state: key for key, state in enumerate(states)}
    move = np.zeros((len(states), len(gains), 2), np.int32)
    for state, key in position.items():
        for gain, number in known.items():
            after = tuple(min(top, a + b) for top, a, b in zip(most, state, gain, strict=True))
            move[key, number] = slot[number] + after[0] - state[0], position[after]
    part = np.array([state[0] / need.hours for state in states])
    return (
        [gain[0] for gain in both],
        [known[gain] for gain in both],
        _States(move, slot[:-1].astype(np.int32), int(slot[-1]), part),
    )


def _start(problem: Problem) -> tuple[Ints, Flags, Floats]:
    """What each student has from the start, earned or held: state, occupations, wishes met."""
    students, sessions, need = problem.students, problem.sessions, problem.requirement
    number = len(students)
    who, what = problem.fixed[:, 0], problem.fixed[:, 1]
    held = np.bincount(who, weights=sessions.hours[what], minlength=number)
    total = students.hours + held
    state = np.minimum(total, need.hours)
    for kind, least in enumerate(need.by_kind):
        if least:
            there = sessions.host_kind[what] == kind
            more = np.bincount(who[there], weights=sessions.hours[what[there]], minlength=number)
            has = students.hours_by_kind[:, kind] + more
            state = state * (least + 1) + np.minimum(has, least)
    met = students.occupations.copy()
    met[who, sessions.occupation[what]] = True
    value = sessions.hours[what] * students.wishes[who, sessions.occupation[what]]
    wished = np.bincount(who, weights=value, minlength=number) / need.hours
    room = np.clip(need.hours - students.hours, 0, held)
    wished *= np.divide(room, held, out=np.zeros(number), where=held > 0)
    # Who has the hours but not the occupations is short of an hour, so that she takes one more.
    last = (need.hours + 1) * int(np.prod([least + 1 for least in need.by_kind if least])) - 1
    lacks = (state == last) & (met.sum(axis=1) < need.occupations)
    state[lacks] -= (last + 1) // (need.hours + 1)
    return state.astype(np.int32), met, wished


def _held(problem: Problem, day_of: Ints) -> Ints:
    sessions = problem.sessions
    held = np.zeros((len(problem.students), day_of.shape[1], 2), np.int32)
    held[:, :, HELD_SITE] = NONE
    student, session = problem.fixed[:, 0], problem.fixed[:, 1]
    row, local = np.nonzero(
        day_of[problem.students.class_[student]] == sessions.day[session][:, None]
    )
    at = (student[row], local)
    np.bitwise_or.at(held[:, :, HELD_HALVES], at, sessions.halves[session[row]])
    held[:, :, HELD_SITE][at] = sessions.site[session[row]]
    return held


def _attended(problem: Problem) -> tuple[Ints, Ints]:
    held = problem.fixed.copy()
    held[:, 1] = problem.sessions.course[problem.fixed[:, 1]]
    pairs = np.concatenate((problem.students.courses.reshape(-1, 2), held))
    order = np.argsort(pairs[:, 0], kind="stable")
    first = np.zeros(len(problem.students) + 1, np.int32)
    first[1:] = np.cumsum(np.bincount(pairs[:, 0], minlength=len(problem.students)))
    return first, pairs[order, 1].astype(np.int32)
