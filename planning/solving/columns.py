"""Column generation: which of the routes seen, in which shares, are best for all together.

The master is a linear programme over routes (Dantzig and Wolfe 1960): each student one, seats and
schools' seats not exceeded, the worst school as high as can be. HiGHS solves it with its interior
point method, without crossover and as a minimum: as a maximum it gave wrong duals (1.15).
"""

from dataclasses import dataclass

import highspy
import numpy as np

from .ground import NONE, ONE, SCHOOL, START, TWO, Ground
from .prices import Market
from .problem import Floats, Ints
from .routes import Worth
from .seating import worths

# Routes whose reduced cost is so much below the student's best are left out of the master.
KEPT = 4.0
# Shares below are none.
SMALL = 1e-5
# Routes' worths are shaken by so much at most: of many that are as good one is then the best, and
# nearly all shares are whole, and sooner found.
SHAKEN = 0.1


class Pool:
    """Routes seen, each once."""

    def __init__(self, ground: Ground, worth: Worth, surcharge: Floats) -> None:
        self._ground, self._worth, self._surcharge = ground, worth, surcharge
        self._seen: set[bytes] = set()
        self._last: Ints | None = None
        self._students: list[Ints] = []
        self._routes: list[Ints] = []
        self._values: list[Floats] = []
        self._reached: list[Floats] = []

    def take(self, routes: Ints) -> int:
        """Adds what is new of the students' routes (N x K); how many."""
        changed = (
            np.arange(len(routes))
            if self._last is None
            else np.nonzero((routes != self._last).any(axis=1))[0]
        )
        self._last = routes.copy()
        new = []
        for student in changed:
            key = int(student).to_bytes(4, "little") + routes[student].tobytes()
            if (routes[student] != NONE).any() and key not in self._seen:
                self._seen.add(key)
                new.append(student)
        rows = routes[new]
        tables = self._ground.tables
        paid = np.where(rows != NONE, self._surcharge[np.maximum(rows, 0)], 0.0).sum(axis=1)
        value, reached = np.empty(len(new)), np.empty(len(new))
        worths(tables, self._worth, np.array(new, np.int64), rows, value, reached)
        self._students.append(np.array(new, np.int32))
        self._routes.append(rows)
        self._values.append(value - paid)
        self._reached.append(reached)
        return len(new)

    def columns(self) -> "Columns":
        """All of them, as they were taken in."""
        return Columns(
            np.concatenate(self._students),
            np.concatenate(self._routes),
            np.concatenate(self._values),
            np.concatenate(self._reached),
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """Routes of students. All of the same length."""

    student: Ints
    routes: Ints
    # Worth less what is paid besides seats.
    value: Floats
    # 1 where the requirement is reached.
    reached: Floats

    def __getitem__(self, keys: Ints) -> "Columns":
        return Columns(self.student[keys], self.routes[keys], self.value[keys], self.reached[keys])


@dataclass(frozen=True, slots=True)
class Master:
    """What the master comes to: shares of the columns, prices of seats and schools' seats
    (S + J), what a student reached is worth besides for the worst school's sake (J), and
    whether HiGHS says that it is the optimum."""

    objective: float
    share: Floats
    price: Floats
    fairness: Floats
    is_optimal: bool


def promising(of: Market, columns: Columns, price: Floats, always: Ints) -> Ints:
    """Keys of the columns that may be used and are worth having in the master at these prices;
    ``always`` among them."""
    column, row, count = _seats(of, columns)
    paid = np.bincount(column, weights=price[row] * count, minlength=len(columns.student))
    rest = columns.value - paid
    best = np.full(of.ground.students, -np.inf)
    np.maximum.at(best, columns.student, rest)
    keep = rest >= best[columns.student] - KEPT
    keep[always] = True
    may_use = (columns.routes == NONE) | of.may_use[np.maximum(columns.routes, 0)]
    keep &= may_use.all(axis=1)
    return np.nonzero(keep)[0].astype(np.int32)


def solve(
    of: Market, columns: Columns, fair: float, *, seconds: float, shaken: float = SHAKEN
) -> Master:
    """The master over these columns; ``fair`` is what the worst school's whole share is worth.
    The same columns are shaken alike."""
    ground, number = of.ground, len(columns.student)
    students, limits = ground.students, len(of.seats)
    schools = limits - of.sessions
    school = ground.of_students(SCHOOL)
    size = np.bincount(school, minlength=schools).astype(np.float64)
    begun = np.bincount(
        school,
        weights=ground.of_students(START) == len(ground.tables.part) - 1,
        minlength=schools,
    )
    column, row, count = _seats(of, columns)
    done = np.nonzero(columns.reached > 0)[0]
    rows = np.concatenate(
        (
            columns.student,
            students + row,
            students + limits + school[columns.student[done]],
            students + limits + np.arange(schools),
        )
    )
    cols = np.concatenate((np.arange(number), column, done, np.full(schools, number)))
    values = np.concatenate((np.ones(number), count, -np.ones(len(done)), size))
    order = np.lexsort((rows, cols))
    programme = highspy.HighsLp()
    programme.num_col_ = number + 1
    programme.num_row_ = students + limits + schools
    value = columns.value + np.random.default_rng(number).uniform(0, shaken, number)
    programme.col_cost_ = np.concatenate((-value, [-fair]))
    programme.col_lower_ = np.zeros(number + 1)
    programme.col_upper_ = np.concatenate((np.full(number, np.inf), [1.0]))
    programme.row_lower_ = np.full(programme.num_row_, -np.inf)
    programme.row_upper_ = np.concatenate((np.ones(students), of.seats, begun))
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.searchsorted(cols[order], np.arange(number + 2)).astype(
        np.int32
    )
    programme.a_matrix_.index_ = rows[order].astype(np.int32)
    programme.a_matrix_.value_ = values[order]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("solver", "ipx")
    highs.setOptionValue("run_crossover", "off")
    highs.setOptionValue("ipm_optimality_tolerance", 1e-6)
    highs.setOptionValue("time_limit", max(seconds, 0.1))
    highs.passModel(programme)
    highs.run()
    solution = highs.getSolution()
    dual = np.maximum(0, -np.array(solution.row_dual))
    return Master(
        objective=-highs.getInfo().objective_function_value,
        share=np.array(solution.col_value)[:number],
        price=dual[students : students + limits],
        fairness=dual[students + limits :],
        is_optimal=highs.getModelStatus() == highspy.HighsModelStatus.kOptimal,
    )


def _seats(of: Market, columns: Columns) -> tuple[Ints, Ints, Floats]:
    """The entries (column, row among S + J, how many) of the seats that columns take."""
    tables = of.ground.tables
    column, day = np.nonzero(columns.routes != NONE)
    key = columns.routes[column, day]
    one, two = tables.pattern[key, ONE], tables.pattern[key, TWO]
    column = np.concatenate((column, column[two != NONE]))
    session = np.concatenate((one, two[two != NONE]))
    school = of.ground.of_students(SCHOOL)[columns.student]
    total = np.bincount(column, minlength=len(columns.student)).astype(np.float64)
    return (
        np.concatenate((column, np.arange(len(total)))).astype(np.int32),
        np.concatenate((session, of.sessions + school)).astype(np.int32),
        np.concatenate((np.ones(len(session)), total)),
    )
