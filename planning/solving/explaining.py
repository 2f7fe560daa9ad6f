"""Why not all reach the requirement, what a host could open, and why a class has not its wish.

Codes and numbers only; the sentences are the pages'.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .choosing import best_route
from .ground import CLASS, FIRST, NONE, ONE, TWO, Ground, lay
from .measuring import is_done
from .problem import MORNING, Ints, Plan, Problem
from .routes import SHUT, Worth
from .seating import is_done as reaches

Keys = NDArray[np.int64]

# What a seat costs that there is, and one that there is not, where reaching is worth 1.
HAD, WANTED = 1e-5, 1e-2
# Nobody opens more at a time.
MOST = 200


@dataclass(frozen=True, slots=True)
class Opening:
    """Another session like this one, on its day and half days, with as many seats: how many
    students who are short would attend it, and how many of them reach the requirement once it and
    the openings before it are there."""

    like: int
    day: int
    halves: int
    seats: int
    students: int
    reached: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Students who are short of the requirement (keys), and what is missing: whom their own free
    days, reach and grade hold back whatever the seats; for whom there are seats left, but no site
    more at once or no teacher; and for the others sessions to open, in the order in which they
    are wanted."""

    short: Keys
    by_days: Keys
    by_sites: Keys
    openings: tuple[Opening, ...]


class Reason(StrEnum):
    """Why a class has not more of the occupation it wishes for most of what it has not."""

    MET = "met"
    NO_WISH = "no wish"
    NOT_OFFERED = "not offered"
    NOT_ADMITTED = "not for its grade"
    OUT_OF_REACH = "out of reach"
    NOT_FREE = "not on its free days"
    FULL = "full"
    SITES = "at as many sites as it may be"
    TEACHERS = "no teacher left"
    TOO_FEW = "too few for it to run"
    COSTS_REACH = "who attends it would not reach the requirement"
    OUTWEIGHED = "outweighed"


@dataclass(frozen=True, slots=True)
class ClassReason:
    """One class: the occupation (none where there is no wish or all are met), how many of its
    students wish for it, how many of those attend it, and of the sessions that stood in question
    how many there are with how many seats: for FULL, those that take the class, are within its
    reach and in its free half days."""

    class_: int
    reason: Reason
    occupation: int | None = None
    wishing: int = 0
    attending: int = 0
    sessions: int = 0
    seats: int = 0


def missing(
    problem: Problem,
    plan: Plan,
    whole: Ints | None = None,
    alive: Callable[[], object] = lambda: None,
) -> Missing:
    """What would bring those to the requirement who are short in the plan. Each opening is a whole
    session, filled before the next is looked for; ``whole``, length S, is how many seats another
    one like each session would have, as many as are free where it is not given. ``alive`` is
    called again and again meanwhile."""
    ground, offer = lay(problem), problem.sessions
    whole = offer.seats if whole is None else whole
    (short,) = np.nonzero(is_done(problem, plan.places) == 0)
    taken = np.bincount(plan.places[:, 1], minlength=len(offer))
    plenty = np.full(len(offer), len(short) + 1, np.int64)
    by_days, _wanted, _left = _settle(ground, short, plenty)
    rest = np.setdiff1d(short, by_days)
    # Who is short gives up what she has beside the fixed, and chooses anew.
    fixed = {(int(student), int(session)) for student, session in problem.fixed}
    for student, session in plan.places[np.isin(plan.places[:, 0], rest)]:
        if (int(student), int(session)) not in fixed:
            taken[session] -= 1
    left = np.maximum(offer.seats - taken, 0).astype(np.int64)
    waiting, wanted, left = _settle(ground, rest, left)
    by_sites = np.setdiff1d(rest, waiting)
    openings: list[Opening] = []
    while len(waiting) and wanted.any() and len(openings) < MOST:
        like = int(np.argmax(wanted * offer.hours))
        seats, number, before = int(whole[like]), int(wanted[like]), len(waiting)
        left[like] += seats
        alive()
        waiting, wanted, left = _settle(ground, waiting, left)
        openings.append(
            Opening(
                like=like,
                day=int(offer.day[like]),
                halves=int(offer.halves[like]),
                seats=seats,
                students=min(number, seats),
                reached=before - len(waiting),
            )
        )
    return Missing(short, by_days, by_sites, tuple(openings))


def _settle(ground: Ground, who: Keys, left: Keys) -> tuple[Keys, Keys, Keys]:
    """Each in turn takes the route to the requirement that wants the fewest seats that there are
    not; who wants none is seated. Who is not, how many seats of each session are wanted (S), and
    how many are left (S)."""
    tables, left = ground.tables, left.copy()
    worth = Worth(*(np.full(ground.students, one) for one in (1.0, 0.0, 0.0)))
    one, two = ground.of_patterns(ONE), ground.of_patterns(TWO)
    wanted, waiting = np.zeros(len(left), np.int64), []
    route = np.full(ground.day_of.shape[1], NONE, np.int32)
    cost = np.empty(ground.patterns)
    for student in who:
        group = tables.student[student, CLASS]
        hers = slice(tables.group[group, FIRST], tables.group[group + 1, FIRST])
        cost[hers] = np.where(left[one[hers]] > 0, HAD, WANTED)
        cost[hers] += np.where(two[hers] == NONE, 0.0, np.where(left[two[hers]] > 0, HAD, WANTED))
        best_route(tables, student, cost, worth, True, route)
        keys = route[route != NONE]
        sessions = np.concatenate((one[keys], two[keys][two[keys] != NONE]))
        if not reaches(tables, student, route):
            waiting.append(int(student))
        elif (left[sessions] > 0).all():
            left[sessions] -= 1
        else:
            waiting.append(int(student))
            wanted[sessions[left[sessions] <= 0]] += 1
    return np.array(waiting, np.int64), wanted, left


def class_reasons(
    problem: Problem,
    plan: Plan,
    whole: Ints | None = None,
    alive: Callable[[], object] = lambda: None,
) -> list[ClassReason]:
    """One for each class: about the occupation that its students wish for most of what they do
    not attend. ``whole`` and ``alive`` are as for ``missing``."""
    offer, students = problem.sessions, problem.students
    whole = offer.seats if whole is None else whole
    taken = np.bincount(plan.places[:, 1], minlength=len(offer))
    attends = students.occupations.copy()
    attends[plan.places[:, 0], offer.occupation[plan.places[:, 1]]] = True
    sites, sent = _sites(problem, plan)
    swaps = _Swaps(problem, plan, taken)
    found = []
    for group in range(len(problem.classes)):
        alive()
        (members,) = np.nonzero(students.class_ == group)
        if not students.wishes[members].any():
            found.append(ClassReason(group, Reason.NO_WISH))
            continue
        unmet = (students.wishes[members] * ~attends[members]).sum(axis=0)
        if unmet.max(initial=0) <= 0:
            found.append(ClassReason(group, Reason.MET))
            continue
        occupation = int(np.argmax(unmet))
        wishing = members[students.wishes[members, occupation] > 0]
        waiting = wishing[~attends[wishing, occupation]]
        reason, there = _reason(problem, group, occupation, len(waiting), taken, sites, sent)
        if reason is Reason.OUTWEIGHED and swaps.all_cost_reach(waiting, there):
            reason = Reason.COSTS_REACH
        found.append(
            ClassReason(
                group,
                reason,
                occupation,
                len(wishing),
                len(wishing) - len(waiting),
                len(there),
                int(whole[there].sum()),
            )
        )
    return found


class _Swaps:
    """Whether a student could attend something else and reach the requirement still, with the
    seats that are left and her own, at whatever sites."""

    def __init__(self, problem: Problem, plan: Plan, taken: Keys) -> None:
        self.problem, self.ground = problem, lay(problem)
        self.left = problem.sessions.seats - taken
        self.is_done = is_done(problem, plan.places) > 0
        fixed = {(int(student), int(session)) for student, session in problem.fixed}
        self.cost = np.full(self.ground.patterns, SHUT)
        students = self.ground.students
        self.worth = Worth(*(np.full(students, value) for value in (1.0, 0.0, 0.0)))
        self.own: dict[int, list[int]] = defaultdict(list)
        for student, session in plan.places.tolist():
            if (student, session) not in fixed:
                self.own[student].append(session)

    def all_cost_reach(self, who: Keys, sessions: Keys) -> bool:
        """Whether each of them reaches the requirement, and would not with one of these."""
        return all(self.is_done[one] and not self._can(int(one), sessions) for one in who)

    def _can(self, student: int, sessions: Keys) -> bool:
        ground, tables = self.ground, self.ground.tables
        one, two = ground.of_patterns(ONE), ground.of_patterns(TWO)
        first, last = tables.group[self.problem.students.class_[student] + np.arange(2), FIRST]
        mine = slice(int(first), int(last))
        left = self.left.copy()
        left[self.own[student]] += 1
        is_open = (left[one[mine]] > 0) & ((two[mine] == NONE) | (left[two[mine]] > 0))
        is_wanted = np.isin(one[mine], sessions) | np.isin(two[mine], sessions)
        # Reaching counts most, then one of the sessions.
        self.cost[mine] = np.where(is_open, np.where(is_wanted, -HAD, 0.0), SHUT)
        route = np.full(ground.day_of.shape[1], NONE, np.int32)
        best_route(tables, student, self.cost, self.worth, True, route)
        keys = route[route != NONE]
        attended = np.concatenate((one[keys], two[keys]))
        return bool(reaches(tables, student, route) and np.isin(attended, sessions).any())


Halves = dict[tuple[int, int, int], set[tuple[int, int]]]


def _sites(problem: Problem, plan: Plan) -> tuple[Halves, Halves]:
    """(class, site) by class, day and half, and the same by school."""
    of_class: Halves = defaultdict(set)
    of_school: Halves = defaultdict(set)
    for student, session in plan.places:
        group = int(problem.students.class_[student])
        day, site = int(problem.sessions.day[session]), int(problem.sessions.site[session])
        for half in (0, 1):
            if int(problem.sessions.halves[session]) & MORNING << half:
                of_class[group, day, half].add((group, site))
                of_school[int(problem.classes.school[group]), day, half].add((group, site))
    return of_class, of_school


def _reason(
    problem: Problem,
    group: int,
    occupation: int,
    waiting: int,
    taken: Keys,
    sites: Halves,
    sent: Halves,
) -> tuple[Reason, Keys]:
    """The first thing that stands in the way of all sessions of the occupation, and those that
    got that far."""
    offer, classes = problem.sessions, problem.classes
    school = int(classes.school[group])
    there: Keys = np.flatnonzero(offer.occupation == occupation)

    def halves(session: int) -> list[tuple[int, int]]:
        day = int(offer.day[session])
        return [(day, half) for half in (0, 1) if int(offer.halves[session]) & MORNING << half]

    def has_room(session: int) -> bool:
        here = (group, int(offer.site[session]))
        return all(
            here in sites[group, day, half] or len(sites[group, day, half]) < problem.sites_at_once
            for day, half in halves(session)
        )

    def has_teacher(session: int) -> bool:
        here = (group, int(offer.site[session]))
        return all(
            here in sent[school, day, half]
            or len(sent[school, day, half]) < problem.teachers[school, day, half]
            for day, half in halves(session)
        )

    if not len(there):
        return Reason.NOT_OFFERED, there
    for reason, is_good in (
        (Reason.NOT_ADMITTED, lambda one: classes.admits[group, one]),
        (Reason.OUT_OF_REACH, lambda one: classes.reach[group, offer.site[one]]),
        (
            Reason.NOT_FREE,
            lambda one: not int(offer.halves[one]) & ~int(classes.free[group, offer.day[one]]),
        ),
        (Reason.FULL, lambda one: taken[one] < offer.seats[one]),
        (Reason.SITES, has_room),
        (Reason.TEACHERS, has_teacher),
        (Reason.TOO_FEW, lambda one: taken[one] + waiting >= offer.least[one]),
    ):
        good = np.array([one for one in there if is_good(int(one))], np.int64)
        if not len(good):
            return reason, there
        there = good
    return Reason.OUTWEIGHED, there
