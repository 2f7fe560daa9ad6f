"""Where students stand against what they must reach: earned, booked, and what exactly is missing.

One statement counts a student, a class, a school or the district: everything is added up in the
database.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from accounts.choices import HOST_KINDS
from bookings.selectors.standing_statement import statement
from rosters.models import Student

OF_STUDENTS = """
SELECT student_id, requirement_id, earned, booked, missing, kinds::text, occupations, is_done,
       before, after
FROM standing
"""

# The same with what is required, and which of the sessions booked comes first.
WITH_NEXT = """
SELECT student_id, requirement_id, earned, booked, missing, kinds::text, occupations, is_done,
       before, after, coalesce(required, 0), (
           SELECT session.id FROM to_come
           JOIN courses_coursesession session ON session.id = to_come.session_id
           WHERE to_come.student_id = standing.student_id
           ORDER BY session.starts_at, session.id
           LIMIT 1
       )
FROM standing
"""

# Those who still miss something when all that is booked is attended.
SHORT = """
SELECT student_id, class_group_id, requirement_id, earned, booked, missing, kinds::text, occupations
FROM standing
WHERE requirement_id IS NOT NULL AND (missing > 0 OR occupations > 0)
ORDER BY student_id
"""

# Which occupations each of the students has, earned or booked.
OCCUPATIONS_OF_EACH = """
SELECT student_id, occupation
FROM counted
WHERE earned + booked > 0 AND occupation <> ''
"""

# What most of the students have, earned or booked.
OCCUPATIONS = """
SELECT occupation
FROM counted
WHERE earned + booked > 0 AND occupation <> ''
GROUP BY occupation
HAVING 2 * count(*) > (SELECT count(*) FROM chosen)
"""

OF_CLASSES = """
SELECT class_group_id,
       count(*),
       count(*) FILTER (WHERE earned <= 0),
       count(*) FILTER (WHERE earned > 0 AND required > 2 * earned),
       count(*) FILTER (WHERE required <= 2 * earned AND NOT is_done),
       count(*) FILTER (WHERE is_done),
       count(*) FILTER (WHERE missing > 0 OR occupations > 0),
       sum(required),
       sum(least(earned, required)),
       sum(least(booked, required - least(earned, required))),
       sum(missing),
       coalesce(sum((kinds ->> 'vocational_school')::int), 0),
       coalesce(sum((kinds ->> 'enterprise')::int), 0),
       coalesce(sum((kinds ->> 'education_unit')::int), 0),
       count(*) FILTER (WHERE occupations > 0){outside}
FROM standing
GROUP BY class_group_id
"""

# Without these nothing of the years before is read.
OUTSIDE_OF_CLASSES = """,
       count(*) FILTER (WHERE before > 0 OR after > 0),
       sum(before),
       sum(after)"""

# Only students of whom something is required.
REQUIRED = "WHERE requirement.id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Lacking:
    """What is missing when everything booked is attended: class hours, how many of them at hosts
    of which kind, and further occupations. Empty where nothing is."""

    hours: int = 0
    kinds: tuple[tuple[str, int], ...] = ()
    occupations: int = 0

    def __bool__(self) -> bool:
        return bool(self.hours or self.occupations)


@dataclass(frozen=True, slots=True)
class Outside:
    """Class hours, earned or booked, that count for nothing: ``before`` the requirement's first
    day and ``after`` its last."""

    before: int = 0
    after: int = 0

    def __bool__(self) -> bool:
        return bool(self.before or self.after)

    @property
    def hours(self) -> int:
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Standing:
    """One student's hours: ``earned`` in the ledger, ``booked`` in sessions to come, as far as
    they lie on the requirement's days; those ``outside`` do not count. Done is who has earned
    the hours, those at each kind of host, and the occupations."""

    requirement_id: int | None
    earned: int
    booked: int
    lacking: Lacking
    is_done: bool
    outside: Outside = Outside()


@dataclass(frozen=True, slots=True)
class WithNext:
    """Where one student stands, how many class hours are required of her, and the first session
    that she has a place in, of those to come or under way."""

    student_id: int
    stands: Standing
    required: int
    next_session_id: int | None


@dataclass(frozen=True, slots=True)
class Short:
    """One student who does not reach the requirement with what is booked."""

    student_id: int
    class_group_id: int
    requirement_id: int
    earned: int
    booked: int
    lacking: Lacking


@dataclass(frozen=True, slots=True)
class Coverage:
    """Students of a class or school by band, and their hours. Those without a requirement are
    not counted. Hours are capped at what each student needs, so that they add up to a share;
    what is missing, and where, is not. ``with_outside`` have hours before or after the days of
    their requirement, which do not count."""

    students: int = 0
    none: int = 0
    under_half: int = 0
    half: int = 0
    done: int = 0
    short: int = 0
    hours_required: int = 0
    hours_earned: int = 0
    hours_booked: int = 0
    hours_missing: int = 0
    missing_vocational_school: int = 0
    missing_enterprise: int = 0
    missing_education_unit: int = 0
    short_of_occupations: int = 0
    with_outside: int = 0
    hours_before: int = 0
    hours_after: int = 0

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def missing_kinds(self) -> tuple[tuple[str, int], ...]:
        """The hours that must be at hosts of a kind, by the kind."""
        return tuple(
            (kind.value, hours)
            for kind in HOST_KINDS
            if (hours := getattr(self, f"missing_{kind.value}"))
        )

    @property
    def percent_missing(self) -> int:
        """Share of the required hours neither earned nor booked, rounded up to whole percent."""
        if not self.hours_required:
            return 0
        missing = self.hours_required - self.hours_earned - self.hours_booked
        return -(-100 * missing // self.hours_required)


def of_students(students: "QuerySet[Student]", now: datetime) -> dict[int, Standing]:
    """Where each of the students stands, by the student's key: one query."""
    return {row[0]: _standing(row) for row in _rows(OF_STUDENTS, students, now)}


def with_next(students: "QuerySet[Student]", now: datetime) -> list[WithNext]:
    """The same with what is required of each and her next session: one query."""
    return [
        WithNext(row[0], _standing(row), required=row[10], next_session_id=row[11])
        for row in _rows(WITH_NEXT, students, now)
    ]


def _standing(row: Sequence[Any]) -> Standing:
    requirement_id, earned, booked, missing, kinds, occupations, is_done, before, after = row[1:10]
    return Standing(
        requirement_id=requirement_id,
        earned=earned,
        booked=booked,
        lacking=Lacking(missing, tuple(sorted(json.loads(kinds).items())), occupations),
        is_done=is_done,
        outside=Outside(before, after),
    )


def short_of(
    students: "QuerySet[Student]", now: datetime, *, everybody: bool = False
) -> list[Short]:
    """Those of the students who miss something even when they attend all that is booked: one
    query. ``everybody`` says that the students are most of those there are."""
    return [
        Short(
            student_id=student_id,
            class_group_id=class_group_id,
            requirement_id=requirement_id,
            earned=earned,
            booked=booked,
            lacking=Lacking(missing, tuple(sorted(json.loads(kinds).items())), occupations),
        )
        for (
            student_id, class_group_id, requirement_id, earned, booked, missing, kinds, occupations,
        ) in _rows(SHORT, students, now, everybody=everybody, required=REQUIRED)
    ]  # fmt: skip


def occupations_of_each(students: "QuerySet[Student]", now: datetime) -> dict[int, frozenset[str]]:
    """The occupations that each of the students has earned or booked. One query."""
    found: dict[int, set[str]] = {}
    for student_id, occupation in _rows(OCCUPATIONS_OF_EACH, students, now):
        found.setdefault(student_id, set()).add(occupation)
    return {student_id: frozenset(had) for student_id, had in found.items()}


def occupations_of(students: "QuerySet[Student]", now: datetime) -> frozenset[str]:
    """The occupations that more than half of the students have earned or booked. One query."""
    return frozenset(occupation for (occupation,) in _rows(OCCUPATIONS, students, now))


def of_classes(
    students: "QuerySet[Student]", now: datetime, *, everybody: bool = False
) -> dict[int, Coverage]:
    """The students added up by class, by the class's key; classes of which nothing is required
    are left out. ``everybody`` says that they are most of the students there are: the answer is
    the same but for the hours outside, which are not looked for. One query."""
    rows = _rows(
        OF_CLASSES.format(outside="" if everybody else OUTSIDE_OF_CLASSES),
        students,
        now,
        everybody=everybody,
        required=REQUIRED,
    )
    return {row[0]: Coverage(*map(int, row[1:])) for row in rows}


def _rows(
    select: str,
    students: "QuerySet[Student]",
    now: datetime,
    *,
    everybody: bool = False,
    required: str = "",
) -> Sequence[tuple[Any, ...]]:
    try:
        wanted, params = students.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        # The texts are ours; whatever comes from outside is a parameter.
        cursor.execute(
            statement(wanted, everybody=everybody, required=required) + select, [*params, now]
        )
        return cursor.fetchall()
