"""A season as the planner's arrays, and the way back to the database."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from courses.models import CourseVersion
from planning.solving import problem as arrays

Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Built:
    """A problem and the way back: at each position the database's key, of a site what it is.

    Beyond ``classes`` the problem has classes of who cannot be booked (``barred``), in the order
    of ``classes``; ``class_of`` says of each student which class of ``classes`` it is really.
    ``is_open`` are the students who are short, and for whom places are looked for.
    ``explained`` is the problem with the sessions that are full as well, behind the others and
    without a seat, and ``whole`` how many seats another session like each of them would have: what
    is missing, and why, is read from these. ``rooms`` are, by session, how many heads more a room
    with a limit holds, and the version, which says how many of them are adults.
    """

    problem: arrays.Problem
    explained: arrays.Problem
    whole: arrays.Ints
    students: Keys
    class_of: Keys
    is_open: NDArray[np.bool_]
    sessions: Keys
    classes: Keys
    schools: Keys
    sites: tuple[tuple[str, int | None], ...]
    occupations: tuple[str, ...]
    host_kinds: tuple[str, ...]
    rooms: dict[int, tuple[int, CourseVersion]]


def only(problem: arrays.Problem, number: int, admitted: arrays.Flags) -> arrays.Problem:
    """The problem with so many of its sessions, and nobody in those that are not ``admitted``."""
    offer, classes = problem.sessions, problem.classes
    return replace(
        problem,
        sessions=arrays.Sessions(*(getattr(offer, one.name)[:number] for one in fields(offer))),
        classes=replace(classes, admits=(classes.admits & admitted)[:, :number]),
    )
