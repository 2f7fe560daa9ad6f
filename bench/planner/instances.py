"""The judge's synthetic districts, and the same as problems of ours."""

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

JUDGE = Path(__file__).resolve().parents[1] / "judge"
sys.path.insert(0, str(JUDGE))

import gen as generator  # noqa: E402  the judge's modules know each other by these names
import greedy  # noqa: E402
import verify as verifier  # noqa: E402

from planning.solving.problem import (  # noqa: E402
    NO_SERIES,
    WHOLE_DAY,
    Classes,
    Goal,
    Ints,
    Problem,
    Requirement,
    Sessions,
    Students,
)

Keys = NDArray[np.integer[Any]]
# How much an hour of the occupation of each rank is wished for; rank 0 is none.
WISH = np.array([0.0, 1.0, 0.8, 0.6, 0.4, 0.2])


def district(students: int, supply: float, seed: int, *, at_once: int = 3) -> Any:
    """A synthetic district of the judge's."""
    made = generator.gen(students, supply, seed=seed)
    made.K = at_once
    return made


def problem_of(made: Any, *, goal: Goal = Goal.WISHES, trip: float | None = None) -> Problem:
    """The same district in the planner's arrays."""
    sessions, days, classes = made.S, len(made.days), made.C

    def column(values: Any) -> np.ndarray:
        return np.asarray(values).astype(np.int32)

    free = np.zeros((classes, days), np.uint8)
    reach = np.zeros((classes, len(made.site_dist)), np.bool_)
    for group in range(classes):
        free[group, made.c_days[group]] = WHOLE_DAY
        reach[group, list(made.c_sites[group])] = True
    students, occupations = made.st_rank.shape
    teachers = np.broadcast_to(made.school_T[:, None, None], (len(made.school_T), days, 2))
    return Problem(
        sessions=Sessions(
            seats=column(made.s_cap),
            day=column(made.s_day),
            halves=np.array([1, 2, 3], np.uint8)[made.s_slot],
            site=column(made.s_site),
            course=column(made.s_course),
            occupation=column(made.s_occ),
            host_kind=np.zeros(sessions, np.int32),
            hours=column(made.s_hours),
            least=np.full(sessions, made.MING, np.int32),
            series=np.full(sessions, NO_SERIES, np.int32),
        ),
        classes=Classes(
            school=column(made.c_school),
            free=free,
            reach=reach,
            admits=np.ones((classes, sessions), np.bool_),
        ),
        students=Students(
            class_=column(made.st_class),
            wishes=WISH[made.st_rank],
            hours=np.zeros(students, np.int32),
            hours_by_kind=np.zeros((students, 1), np.int32),
            occupations=np.zeros((students, occupations), np.bool_),
            courses=np.zeros((0, 2), np.int32),
        ),
        requirement=Requirement(made.NEED, made.MINOCC, (0,)),
        fixed=column(np.array(made.fixed).reshape(-1, 2)),
        sites_at_once=made.K,
        teachers=column(teachers),
        goal=goal,
        trip=trip,
    )


def city(students: int, supply: float, seed: int, districts: int) -> Any:
    """Several districts side by side."""
    return generator.gen(students, supply, seed=seed, n_dist=districts)


def of_large_schools(students: int, supply: float, seed: int, school: int) -> Any:
    """A district of schools of about so many."""
    return generator.gen(students, supply, seed=seed, students_per_school=school)


def district_of(made: Any, whole: Problem, number: int) -> tuple[Problem, Ints, Ints]:
    """One district of a city whose classes stay in theirs, with its students and sessions."""
    offer, members = whole.sessions, whole.students
    sessions = np.flatnonzero(made.site_dist[offer.site] == number)
    is_here = made.school_dist[whole.classes.school] == number
    groups = np.flatnonzero(is_here)
    students = np.flatnonzero(is_here[members.class_])
    fixed = whole.fixed[np.isin(whole.fixed[:, 0], students)]
    problem = replace(
        whole,
        sessions=Sessions(*(getattr(offer, one.name)[sessions] for one in fields(offer))),
        classes=replace(
            whole.classes,
            school=whole.classes.school[groups],
            free=whole.classes.free[groups],
            reach=whole.classes.reach[groups],
            admits=whole.classes.admits[np.ix_(groups, sessions)],
        ),
        students=students_of(members, students, groups),
        fixed=np.stack(
            (np.searchsorted(students, fixed[:, 0]), np.searchsorted(sessions, fixed[:, 1])), axis=1
        ).astype(np.int32),
    )
    return problem, students.astype(np.int32), sessions.astype(np.int32)


def students_of(members: Students, students: Keys, groups: Keys) -> Students:
    """These students, whose classes are ``groups`` and numbered anew; none attended anything."""
    return replace(
        members,
        class_=np.searchsorted(groups, members.class_[students]).astype(np.int32),
        wishes=members.wishes[students],
        hours=members.hours[students],
        hours_by_kind=members.hours_by_kind[students],
        occupations=members.occupations[students],
    )


def office(made: Any) -> list[tuple[int, int]]:
    """The baseline of schools that book first come first served."""
    found: list[tuple[int, int]] = greedy.office(made).book()
    return found


def portal(made: Any) -> list[tuple[int, int]]:
    """The baseline of students who choose for themselves."""
    found: list[tuple[int, int]] = greedy.portal(made).book()
    return found


def judged(made: Any, booked: list[tuple[int, int]]) -> dict[str, Any]:
    """What the judge says of places."""
    found: dict[str, Any] = verifier.verify(made, booked)
    return found
