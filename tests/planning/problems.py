"""Small problems for the planner: what is not said is as simple as can be."""

from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from planning.solving.measuring import plan_of
from planning.solving.problem import (
    NO_SERIES,
    WHOLE_DAY,
    Classes,
    Plan,
    Problem,
    Requirement,
    Sessions,
    Students,
)
from planning.solving.verifying import faults

OCCUPATIONS = 4


@dataclass(frozen=True)
class Offer:
    """One session."""

    day: int = 0
    halves: int = WHOLE_DAY
    site: int = 0
    course: int = 0
    occupation: int = 0
    hours: int = 7
    seats: int = 10
    least: int = 1
    kind: int = 0
    series: int = NO_SERIES


def problem(
    offers: list[Offer],
    *,
    classes: tuple[int, ...] = (0,),
    students: tuple[int, ...] = (0, 0),
    hours: int = 14,
    occupations: int = 1,
    at_once: int = 3,
    **changes: object,
) -> Problem:
    """These sessions; ``classes`` are schools, ``students`` classes. All are always free."""
    days = 1 + max((offer.day for offer in offers), default=0)
    sites = 1 + max((offer.site for offer in offers), default=0)
    schools = 1 + max(classes)

    def column(name: str) -> np.ndarray:
        return np.array([getattr(offer, name) for offer in offers], np.int32)

    made = Problem(
        sessions=Sessions(
            seats=column("seats"),
            day=column("day"),
            halves=column("halves").astype(np.uint8),
            site=column("site"),
            course=column("course"),
            occupation=column("occupation"),
            host_kind=column("kind"),
            hours=column("hours"),
            least=column("least"),
            series=column("series"),
        ),
        classes=Classes(
            school=np.array(classes, np.int32),
            free=np.full((len(classes), days), WHOLE_DAY, np.uint8),
            reach=np.ones((len(classes), sites), np.bool_),
            admits=np.ones((len(classes), len(offers)), np.bool_),
        ),
        students=Students(
            class_=np.array(students, np.int32),
            wishes=np.zeros((len(students), OCCUPATIONS)),
            hours=np.zeros(len(students), np.int32),
            hours_by_kind=np.zeros((len(students), 2), np.int32),
            occupations=np.zeros((len(students), OCCUPATIONS), np.bool_),
            courses=np.zeros((0, 2), np.int32),
        ),
        requirement=Requirement(hours, occupations, (0, 0)),
        fixed=np.zeros((0, 2), np.int32),
        sites_at_once=at_once,
        teachers=np.full((schools, days, 2), 9, np.int32),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def planned(of: Problem, *places: tuple[int, int]) -> Plan:
    """The plan with just these places."""
    return plan_of(of, np.array(places, np.int32).reshape(-1, 2))


def best_reach(of: Problem) -> int:
    """How many students can reach the requirement: everything is tried."""
    sessions = range(len(of.sessions))
    every = [
        choice for size in range(len(of.sessions) + 1) for choice in combinations(sessions, size)
    ]
    alone = replace(of, sessions=replace(of.sessions, least=np.zeros(len(of.sessions), np.int32)))
    routes = []
    for student in range(len(of.students)):
        # What others hold is looked at with all of them.
        own = replace(alone, fixed=of.fixed[of.fixed[:, 0] == student])
        routes.append(
            [
                choice
                for choice in every
                if not faults(own, planned(own, *((student, session) for session in choice)))
            ]
        )
    best = 0
    for chosen in product(*routes):
        plan = planned(
            of, *((student, one) for student, choice in enumerate(chosen) for one in choice)
        )
        if plan.reached.students > best and not faults(of, plan):
            best = plan.reached.students
    return best
