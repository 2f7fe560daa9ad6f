"""Rooms with a limit of heads: each class that comes brings its own adults, and how many classes
share a session is known only once it is planned."""

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np

from bookings.services import companions
from planning.services.built import Built
from planning.solving.problem import Ints, Plan, Problem


def tightened(built: Built, found: Plan) -> Built | None:
    """The same with fewer seats in the sessions that would have more heads than their rooms may,
    by as many as there are too many; None where all have room."""
    problem = built.problem
    held = {(student, session) for student, session in problem.fixed.tolist()}
    classes: dict[int, Counter[int]] = defaultdict(Counter)
    for student, session in found.places.tolist():
        if session in built.rooms and (student, session) not in held:
            classes[session][int(built.class_of[student])] += 1
    seats = problem.sessions.seats.copy()
    for session, groups in classes.items():
        room, version = built.rooms[session]
        adults = sum(companions.needed_for(version, students) for students in groups.values())
        over = groups.total() + adults - room
        if over > 0:
            others = int((problem.fixed[:, 1] == session).sum())
            seats[session] = others + max(0, groups.total() - over)
    if np.array_equal(seats, problem.sessions.seats):
        return None
    return replace(
        built,
        problem=_with_seats(problem, seats),
        explained=_with_seats(
            built.explained,
            np.concatenate((seats, built.explained.sessions.seats[len(seats) :])),
        ),
    )


def _with_seats(problem: Problem, seats: Ints) -> Problem:
    return replace(problem, sessions=replace(problem.sessions, seats=seats))
