"""What a calculation found, as the rows of its plan."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass, PlannedPlace
from planning.services.built import Built
from planning.solving import explaining, measuring
from planning.solving.problem import Plan

# Called to say that whoever calculates lives.
Alive = Callable[[], object]
# So many sessions to open are told; nobody reads more.
OPENINGS = 20
AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Told:
    """Why: what is missing, and the reason of each class."""

    shortage: dict[str, Any]
    reasons: list[dict[str, Any]]


def told(built: Built, found: Plan, alive: Alive = lambda: None) -> Told:
    """Codes, figures and keys; no names of anybody. ``alive`` is called again and again
    meanwhile."""
    return Told(_shortage(built, found, alive), _reasons(built, found, alive))


def _shortage(built: Built, found: Plan, alive: Alive) -> dict[str, Any]:
    missing = explaining.missing(built.explained, found, built.whole, alive)
    if not len(missing.short):
        return {}
    # To the mathematics who may not be booked is never free.
    return {
        "short": len(missing.short),
        "unsigned": int((~built.is_open[missing.short]).sum()),
        "is_nothing_on_offer": not built.problem.classes.admits.any(),
        "by_days": int(built.is_open[missing.by_days].sum()),
        "by_sites": len(missing.by_sites),
        "openings": [
            {
                "session": int(built.sessions[one.like]),
                "seats": one.seats,
                "students": one.students,
                "reached": one.reached,
            }
            for one in missing.openings[:OPENINGS]
        ],
    }


def _reasons(built: Built, found: Plan, alive: Alive) -> list[dict[str, Any]]:
    """Of each class of ``built.classes``; with how many of its students, of those planned for,
    lack hours: what is wished for counts in these."""
    problem = built.problem
    hours = measuring.hours_of(problem, problem.fixed)
    lacks = built.is_open & (hours < problem.requirement.hours)
    reasons: list[dict[str, Any]] = []
    told = explaining.class_reasons(built.explained, found, built.whole, alive)
    for one in told[: len(built.classes)]:
        members = built.class_of == one.class_
        if not built.is_open[members].any():
            # Whatever they wish for: whoever is short of it lacks a signature.
            reasons.append({"code": "unsigned"})
            continue
        figures = asdict(one)
        del figures["class_"]
        occupation = figures.pop("occupation")
        figures["code"] = str(figures.pop("reason"))
        figures["lacking_hours"] = int(lacks[members].sum())
        if occupation is not None:
            figures["occupation"] = built.occupations[occupation]
        reasons.append(figures)
    return reasons


def store(row: CohortPlan, built: Built, found: Plan, told: Told, *, now: datetime) -> None:
    """The plan, locked by the caller, is found: its figures, its schools', its classes' and its
    places, whole. What is booked already counts and is not among the places."""
    problem = built.problem
    done = measuring.is_done(problem, found.places) > 0
    before = measuring.is_done(problem, problem.fixed) > 0
    wished = measuring.wishes_met(problem, found.places)
    width = len(problem.sessions) or 1
    held = problem.fixed[:, 0].astype(np.int64) * width + problem.fixed[:, 1]
    keys = found.places[:, 0].astype(np.int64) * width + found.places[:, 1]
    new = found.places[~np.isin(keys, held)]

    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for student, session in new.tolist():
        places[int(built.class_of[student])].append((student, session))
    classes = []
    for at, key in enumerate(built.classes.tolist()):
        members = built.class_of == at
        classes.append(
            PlanClass(
                plan=row,
                class_group_id=key,
                school_id=int(built.schools[problem.classes.school[at]]),
                students=int(members.sum()),
                reached_before=int(before[members].sum()),
                reached=int(done[members].sum()),
                wishes=_mean(wished, members & built.is_open),
                reason=told.reasons[at],
                state=PlanClassState.PLANNED if places[at] else PlanClassState.NOTHING,
            )
        )
    PlanClass.objects.bulk_create(classes)
    PlannedPlace.objects.bulk_create(
        (
            PlannedPlace(
                plan_class=classes[at],
                session_id=int(built.sessions[session]),
                student_id=int(built.students[student]),
            )
            for at, found_there in places.items()
            for student, session in found_there
        ),
        batch_size=AT_ONCE,
    )
    _store_schools(row, built, found, done, before, wished, new)
    # Of nobody where nobody may be booked.
    share = max(int(built.is_open.sum()), 1) / len(built.students)
    bounds = found.bounds
    row.state, row.lease_until, row.found_at = PlanState.FOUND, None, now
    row.students, row.reached_before = len(built.students), int(before.sum())
    row.reached, row.best, row.bound = found.reached.students, found.reached.students, bounds.reach
    row.worst_school, row.worst_school_bound = found.reached.worst_school, bounds.worst_school
    # Who is not planned for has no say: the mean is of the others.
    row.wishes = min(1.0, found.reached.wishes / share)
    row.wishes_bound = None if bounds.wishes is None else min(1.0, bounds.wishes / share)
    row.trips, row.seats_left = found.reached.trips, found.reached.seats_left
    row.seconds, row.is_whole, row.shortage = found.seconds, found.is_whole, told.shortage
    row.save()


def _store_schools(
    row: CohortPlan,
    built: Built,
    found: Plan,
    done: np.ndarray[Any, Any],
    before: np.ndarray[Any, Any],
    wished: np.ndarray[Any, Any],
    new: np.ndarray[Any, Any],
) -> None:
    """A school without a class that was planned for has no row any more."""
    problem = built.problem
    school_of = problem.classes.school[problem.students.class_]
    where = {int(key): at for at, key in enumerate(built.schools)}
    row.schools.exclude(school__in=list(where)).delete()
    rows = list(row.schools.all())
    for one in rows:
        at = where[one.school_id]
        members = school_of == at
        one.students = int(members.sum())
        one.reached_before = int(before[members].sum())
        one.reached = int(done[members].sum())
        one.wishes = _mean(wished, members & built.is_open)
        one.seats = int((school_of[new[:, 0]] == at).sum())
        one.trips = measuring.trips(
            problem, found.places[np.isin(found.places[:, 0], np.flatnonzero(members))]
        )
        one.save()


def _mean(values: np.ndarray[Any, Any], which: np.ndarray[Any, Any]) -> float:
    return float(values[which].mean()) if which.any() else 0.0
