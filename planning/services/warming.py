"""The solver's routines are compiled when first called, and kept under ``var/numba``. Here they are
called before the clock of a plan's budget runs."""

from collections.abc import Callable

import numpy as np

from planning.solving import planner
from planning.solving.problem import (
    AFTERNOON,
    MORNING,
    NO_SERIES,
    WHOLE_DAY,
    Budget,
    Classes,
    Problem,
    Progress,
    Requirement,
    Sessions,
    Students,
)

_is_warm: list[bool] = []


def warm(progress: Callable[[Progress], None]) -> None:
    """All routines are compiled in this process; ``progress`` is told of the stages meanwhile.
    Seconds where they are kept, a minute or two where they are not."""
    if not _is_warm:
        planner.plan(_small(), Budget(600.0, turns=2), progress=progress)
        _is_warm.append(True)


def _small() -> Problem:
    """Too few seats for six students of two classes, single sessions and a series, so that every
    stage has something to do."""
    number, classes, students = 6, 2, 6

    def ints(*values: int) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        return np.array(values, np.int32)

    every = ints(*range(number))
    wishes = np.zeros((students, number))
    wishes[:, 0], wishes[:3, 1] = 1.0, 0.8
    return Problem(
        sessions=Sessions(
            seats=ints(4, 4, 4, 4, 2, 2),
            day=ints(0, 0, 1, 1, 2, 3),
            halves=np.array([MORNING, AFTERNOON, MORNING, WHOLE_DAY, MORNING, MORNING], np.uint8),
            site=ints(0, 0, 0, 1, 1, 1),
            course=ints(0, 1, 2, 3, 4, 4),
            occupation=every,
            host_kind=ints(0, 0, 0, 1, 1, 1),
            hours=ints(2, 2, 2, 4, 2, 2),
            least=ints(1, 1, 1, 1, 1, 1),
            series=ints(*[NO_SERIES] * 4, 0, 0),
        ),
        classes=Classes(
            school=ints(0, 1),
            free=np.full((classes, 4), WHOLE_DAY, np.uint8),
            reach=np.ones((classes, 2), np.bool_),
            admits=np.ones((classes, number), np.bool_),
        ),
        students=Students(
            class_=ints(0, 0, 0, 1, 1, 1),
            wishes=wishes,
            hours=np.zeros(students, np.int32),
            hours_by_kind=np.zeros((students, 2), np.int32),
            occupations=np.zeros((students, number), np.bool_),
            courses=np.zeros((0, 2), np.int32),
        ),
        requirement=Requirement(6, 2, (2, 0)),
        fixed=np.array([(0, 0)], np.int32),
        sites_at_once=2,
        teachers=np.full((2, 4, 2), 2, np.int32),
    )
