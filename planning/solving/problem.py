"""What is to be planned and what a plan is: arrays, whose shapes and units stand here.

Letters for lengths: S sessions, D days, G sites, C classes, J schools, N students, O occupations,
H kinds of host. Keys are positions in these arrays; whoever makes a problem keeps the way back to
the database's own keys.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint8]

# The two halves of a day, as bits: a session takes one or both.
MORNING, AFTERNOON = 1, 2
WHOLE_DAY = MORNING | AFTERNOON
NO_SERIES = -1


@dataclass(frozen=True, slots=True)
class Sessions:
    """What is on offer. All of length S."""

    # Free seats, those of ``Problem.fixed`` included.
    seats: Ints
    # 0 to D - 1.
    day: Ints
    # MORNING, AFTERNOON or both.
    halves: Bits
    # 0 to G - 1; a student is at one site a day.
    site: Ints
    # Nobody attends a course twice.
    course: Ints
    # 0 to O - 1, and 0 to H - 1.
    occupation: Ints
    host_kind: Ints
    # Class hours it gives.
    hours: Ints
    # It runs with so many students or with none.
    least: Ints
    # Sessions of one series are attended all or none; NO_SERIES for a session on its own.
    series: Ints

    def __len__(self) -> int:
        return len(self.seats)


@dataclass(frozen=True, slots=True)
class Classes:
    """Who travels together."""

    # Length C, 0 to J - 1.
    school: Ints
    # C x D: the halves of each day on which the class may be away.
    free: Bits
    # C x G: the sites within reach.
    reach: Flags
    # C x S: whether the session takes the class's stage and grade.
    admits: Flags

    def __len__(self) -> int:
        return len(self.school)


@dataclass(frozen=True, slots=True)
class Students:
    """Who is to reach the requirement."""

    # Length N, 0 to C - 1.
    class_: Ints
    # N x O: how much an hour of the occupation is wished for, 0 (not) to 1 (most).
    wishes: Floats
    # Length N: class hours that count already, and N x H: at hosts of which kind.
    hours: Ints
    hours_by_kind: Ints
    # N x O: occupations that count already.
    occupations: Flags
    # Pairs (student, course), M x 2: attended already, never again.
    courses: Ints

    def __len__(self) -> int:
        return len(self.class_)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a student has to reach: class hours in all, distinct occupations, and hours at hosts
    of each kind (length H)."""

    hours: int
    occupations: int = 1
    by_kind: tuple[int, ...] = ()


class Goal(StrEnum):
    """What comes first where as many reach the requirement."""

    WISHES = "wishes"
    TRIPS = "trips"


@dataclass(frozen=True, slots=True)
class Problem:
    """A season to be planned.

    ``fixed`` are places that stay as they are, (student, session), M x 2; their hours count.
    ``sites_at_once`` is K: a class is at so many sites in one half day at most. ``teachers``,
    J x D x 2 (morning, afternoon), are those a school can send along: one for each class and site.
    ``quota``, length J, is how many seats a school may take beyond its fixed ones; none for no
    limit.
    """

    sessions: Sessions
    classes: Classes
    students: Students
    requirement: Requirement
    fixed: Ints
    sites_at_once: int
    teachers: Ints
    quota: Ints | None = None
    goal: Goal = Goal.WISHES
    # What a trip less is worth, in students whose wishes are all met; none for the goal's.
    trip: float | None = None

    @property
    def days(self) -> int:
        return int(self.classes.free.shape[1])

    @property
    def sites(self) -> int:
        return int(self.classes.reach.shape[1])

    @property
    def schools(self) -> int:
        return int(self.teachers.shape[0])


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a plan brings its students."""

    students: int
    # Of the worst school, 0 to 1, and of all.
    worst_school: float
    share: float
    # Mean over the students of the wished-for part of the required hours, 0 to 1.
    wishes: float
    worst_school_wishes: float
    # How often a class is at a site on a day.
    trips: int
    seats_left: int
    # Length J.
    by_school: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What no plan can exceed, proven; none where nothing is proven.

    Of trips nothing is proven. ``wishes`` holds for plans that reach as many students as this one,
    ``wishes_as_sited`` for those of them that keep to this one's sites.
    """

    reach: int | None = None
    worst_school: float | None = None
    wishes: float | None = None
    wishes_as_sited: float | None = None
    trips: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Who attends what, ``Problem.fixed`` included: (student, session), M x 2, by student and
    session, each pair once."""

    places: Ints
    reached: Reached
    bounds: Bounds = field(default_factory=Bounds)
    seconds: float = 0.0
    seed: int = 0
    # False where time or a cancellation cut the search short: the best so far.
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to look: seconds on the clock, and turns of improvement at most. A draft leaves
    column generation out and improves little."""

    seconds: float
    turns: int = 70
    is_draft: bool = False


class Stage(StrEnum):
    """What a search is at."""

    PRICES = "prices"
    SITES = "sites"
    COLUMNS = "columns"
    IMPROVING = "improving"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: students who reach the requirement in the best so far, and how many
    can at most, none while nothing is proven."""

    stage: Stage
    seconds: float
    best: int
    bound: int | None
