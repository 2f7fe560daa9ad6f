"""What a plan comes to, counted from its places alone."""

import numpy as np

from .problem import NO_SERIES, Floats, Ints, Plan, Problem, Reached


def plan_of(problem: Problem, places: Ints, *, seconds: float = 0.0, seed: int = 0) -> Plan:
    """The plan of these places, in order, measured."""
    order = np.lexsort((places[:, 1], places[:, 0]))
    ordered = places[order].astype(np.int32)
    return Plan(ordered, reached(problem, ordered), seconds=seconds, seed=seed)


def reached(problem: Problem, places: Ints) -> Reached:
    """See ``Reached``. Whether the places are allowed at all is not asked here: ``verify``."""
    students, sessions = problem.students, problem.sessions
    school = problem.classes.school[students.class_]
    done = is_done(problem, places)
    wished = wishes_met(problem, places)
    size = np.bincount(school, minlength=problem.schools).clip(min=1)
    by_school = np.bincount(school, weights=done, minlength=problem.schools) / size
    wished_by_school = np.bincount(school, weights=wished, minlength=problem.schools) / size
    present = np.unique(school)
    return Reached(
        students=int(done.sum()),
        worst_school=float(by_school[present].min()) if len(present) else 1.0,
        share=float(done.mean()) if len(done) else 1.0,
        wishes=float(wished.mean()) if len(wished) else 0.0,
        worst_school_wishes=float(wished_by_school[present].min()) if len(present) else 0.0,
        trips=trips(problem, places),
        seats_left=int(sessions.seats.sum()) - len(places),
        by_school=by_school,
    )


def hours_of(problem: Problem, places: Ints) -> Floats:
    """Class hours of each student, earned ones included, length N."""
    gained = np.bincount(
        places[:, 0], weights=problem.sessions.hours[places[:, 1]], minlength=len(problem.students)
    )
    hours: Floats = np.asarray(gained + problem.students.hours, np.float64)
    return hours


def is_done(problem: Problem, places: Ints) -> Floats:
    """1 for each student who reaches the requirement, else 0, length N."""
    students, sessions, need = problem.students, problem.sessions, problem.requirement
    who, what = places[:, 0], places[:, 1]
    done = hours_of(problem, places) >= need.hours
    met = students.occupations.copy()
    met[who, sessions.occupation[what]] = True
    done &= met.sum(axis=1) >= need.occupations
    for kind, least in enumerate(need.by_kind):
        there = sessions.host_kind[what] == kind
        gained = np.bincount(
            who[there], weights=sessions.hours[what[there]], minlength=len(students)
        )
        done &= gained + students.hours_by_kind[:, kind] >= least
    return done.astype(np.float64)


def wishes_met(problem: Problem, places: Ints) -> Floats:
    """The part of the required hours that each student has as wished for, 0 to 1, length N.

    Hours count until the required ones are full: earned ones first (as not wished for), then what
    is fixed, series, and the rest by day. Those beyond count for nothing.
    """
    students, sessions, need = problem.students, problem.sessions, problem.requirement
    who, what = places[:, 0].astype(np.int64), places[:, 1].astype(np.int64)
    fixed = problem.fixed[:, 0].astype(np.int64) * len(sessions) + problem.fixed[:, 1]
    turn = 1 + sessions.day[what] + problem.days * (sessions.series[what] == NO_SERIES)
    turn[np.isin(who * len(sessions) + what, fixed)] = 0
    keys, part = np.unique(who * (2 * problem.days + 1) + turn, return_inverse=True)
    student = keys // (2 * problem.days + 1)
    hours = np.bincount(part, weights=sessions.hours[what], minlength=len(keys)).astype(float)
    value = sessions.hours[what] * students.wishes[who, sessions.occupation[what]]
    wish = np.bincount(part, weights=value, minlength=len(keys))
    before = np.cumsum(hours) - hours
    first = np.searchsorted(student, student)
    earlier = before - before[first] + students.hours[student]
    counts = np.clip(need.hours - earlier, 0, hours) / hours
    met = np.bincount(student, weights=wish * counts, minlength=len(students))
    result: Floats = np.asarray(met / need.hours, np.float64)
    return result


def trips(problem: Problem, places: Ints) -> int:
    """How many (class, day, site) there are."""
    if not len(places):
        return 0
    sessions = problem.sessions
    group, what = problem.students.class_[places[:, 0]], places[:, 1]
    keys = np.stack((group, sessions.day[what], sessions.site[what]), axis=1)
    return len(np.unique(keys, axis=0))
