"""A season under way: one school is planned against what is left, or classes lose their host.

Nobody else is in the problem: of a session there are the seats that the others leave, of a
school the teachers that its other classes leave.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planning.solving.planner import plan
from planning.solving.problem import Budget, Problem

from . import instances

Rows = NDArray[Any]
# A season of 5,000 with room to spare, in schools as large as the one that is planned alone.
STUDENTS, SUPPLY, SCHOOL = 5000, 1.3, 320
DISPLACED = 50


@dataclass(frozen=True)
class Live:
    """What is to be planned, and to which students of the district its students belong. ``held``
    are the places of the others, (student, session)."""

    made: Any
    problem: Problem
    students: Rows
    held: Rows

    def booked(self, places: Rows) -> list[tuple[int, int]]:
        """The whole season with these places, for the judge."""
        mine = np.stack((self.students[places[:, 0]], places[:, 1]), axis=1)
        return [(int(one), int(two)) for one, two in np.concatenate((self.held, mine))]


def school(seed: int, seconds: float) -> Live:
    """A school of about 320 comes when the season is planned for all others."""
    made, whole = _district(seed)
    of = whole.classes.school[whole.students.class_]
    key = int(np.argmin(np.abs(np.bincount(of) - SCHOOL)))
    others, mine = np.flatnonzero(of != key), np.flatnonzero(of == key)
    nobody = np.zeros((0, 2), np.int32)
    rest = _part(whole, others, nobody, _of(whole.fixed, others))
    season = plan(rest, Budget(seconds, is_draft=True), seed=seed)
    held = np.stack((others[season.places[:, 0]], season.places[:, 1]), axis=1)
    return Live(made, _part(whole, mine, held, _of(whole.fixed, mine)), mine, held)


def displaced(seed: int, seconds: float) -> Live:
    """Hosts cancel sessions until fifty classes have lost a place; what else they have stays."""
    made, whole = _district(seed)
    places = plan(whole, Budget(seconds, is_draft=True), seed=seed).places
    group = whole.students.class_[places[:, 0]]
    lost: list[int] = []
    hit: set[int] = set()
    for session in np.random.default_rng(seed).permutation(np.unique(places[:, 1])):
        if len(hit) >= DISPLACED:
            break
        lost.append(int(session))
        hit |= set(group[places[:, 1] == session].tolist())
    stays = places[~np.isin(places[:, 1], lost)]
    mine = np.flatnonzero(np.isin(whole.students.class_, sorted(hit)))
    is_mine = np.isin(stays[:, 0], mine)
    seats = whole.sessions.seats.copy()
    seats[lost] = 0
    left = replace(whole, sessions=replace(whole.sessions, seats=seats))
    made.fixed = [(one, two) for one, two in made.fixed if two not in lost]
    held = stays[~is_mine]
    return Live(made, _part(left, mine, held, _of(stays, mine)), mine, held)


def _district(seed: int) -> tuple[Any, Problem]:
    made = instances.of_large_schools(STUDENTS, SUPPLY, seed, SCHOOL)
    return made, instances.problem_of(made)


def _of(places: Rows, students: Rows) -> Rows:
    """The places of these students, who are numbered anew."""
    found = places[np.isin(places[:, 0], students)]
    return np.stack((np.searchsorted(students, found[:, 0]), found[:, 1]), axis=1).astype(np.int32)


def _part(whole: Problem, students: Rows, held: Rows, fixed: Rows) -> Problem:
    """The problem of these students beside the places ``held`` by the others."""
    offer, members = whole.sessions, whole.students
    taken = np.bincount(held[:, 1], minlength=len(offer))
    groups = np.unique(members.class_[students])
    return replace(
        whole,
        # What others attend runs in any case.
        sessions=replace(
            offer,
            seats=(offer.seats - taken).astype(np.int32),
            least=np.where(taken > 0, 0, offer.least).astype(np.int32),
        ),
        classes=replace(
            whole.classes,
            school=whole.classes.school[groups],
            free=whole.classes.free[groups],
            reach=whole.classes.reach[groups],
            admits=whole.classes.admits[groups],
        ),
        students=instances.students_of(members, students, groups),
        fixed=fixed,
        teachers=whole.teachers - _sent(whole, held, groups),
    )


def _sent(whole: Problem, held: Rows, groups: Rows) -> Rows:
    """Teachers away with classes that are not among these, J x D x 2."""
    offer, sent = whole.sessions, np.zeros_like(whole.teachers)
    group = whole.students.class_[held[:, 0]]
    others = ~np.isin(group, groups)
    for half in (0, 1):
        there = others & ((offer.halves[held[:, 1]] >> half & 1) > 0)
        what = held[there, 1]
        keys = np.unique(
            np.stack((group[there], offer.day[what], offer.site[what]), axis=1), axis=0
        )
        np.add.at(sent[:, :, half], (whole.classes.school[keys[:, 0]], keys[:, 1]), 1)
    return sent
