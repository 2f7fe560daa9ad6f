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
from rosters.models import Student
from sites.calendar import SHANGHAI

# What a session that takes place, or took place, counts for. ``chosen`` are the students with
# the requirement of their class: the one for the school's own kind before one for every kind,
# then the one due first (``hours.selectors.requirements_of`` says the same of a class). What lies
# on a day before the requirement's first or after its last counts for nothing and is only added
# up (``PracticumRequirement.counts_on``): the day is the session's in Shanghai, which a credit
# has as ``earned_on``. An occupation, and hours at a kind of host, count where the ledger's sum
# is above nothing. A place counts as booked until its session is over or its hours are credited
# (``progress.places_to_come``). A class shares its sessions: each is looked up once. What a kind
# of host must have is added up with what it has, not joined to it: the join went through all
# students' hours for each student.
#
# One rule, read in two ways. ``{fence}`` is ``OFFSET 0`` where rows are looked up by their keys,
# student by student: for a whole school PostgreSQL would read every credit, place and session
# there ever was instead. For everybody in the district there is none, and that is what it does:
# each table once, which takes an eighth of the time then; what is to come it reads by the sessions
# to come, since a place among all a student ever had takes three times that. ``(SELECT EXISTS
# (...))`` looks into the ledger place by place; as a plain ``NOT EXISTS`` it would be one join with
# all credits. The earliest day that counts for anybody keeps the years before out of the sums.
STANDING = """
WITH {instead}chosen AS (
    SELECT student.id, student.class_group_id, requirement.id AS requirement_id,
           requirement.class_hours AS required, requirement.min_occupations,
           requirement.counts_from, requirement.due_on
    FROM ({students}) AS wanted (id)
    JOIN rosters_student student ON student.id = wanted.id
    JOIN rosters_classgroup class ON class.id = student.class_group_id
    JOIN accounts_organisation school ON school.id = class.school_id
    LEFT JOIN LATERAL (
        SELECT * FROM hours_practicumrequirement one
        WHERE one.stage = class.stage
          AND class.entry_year BETWEEN one.entry_year_from AND one.entry_year_to
          AND one.school_kind IN ('', school.school_kind)
        ORDER BY one.school_kind = '', one.due_on, one.id
        LIMIT 1
    ) requirement ON TRUE
    {required}
), to_come AS MATERIALIZED (
    SELECT place.student_id, place.session_id, place.class_hours, place.day,
           chosen.counts_from, chosen.due_on
    FROM chosen
    {to_come}
), dated AS NOT MATERIALIZED (
    SELECT one.*,
           coalesce(day < counts_from, FALSE) AS is_early,
           coalesce(day > due_on, FALSE) AS is_late
    FROM (
        SELECT chosen.id AS student_id, credit.session_id, credit.class_hours AS earned,
               0 AS booked, credit.earned_on AS day, chosen.counts_from, chosen.due_on
        FROM chosen
        CROSS JOIN LATERAL (
            SELECT session_id, class_hours, earned_on FROM hours_hourcredit
            WHERE student_id = chosen.id {fence}
        ) credit
        UNION ALL
        SELECT student_id, session_id, 0, class_hours, day, counts_from, due_on FROM to_come
    ) one
), outside AS (
    SELECT student_id,
           coalesce(sum(earned + booked) FILTER (WHERE is_early), 0) AS before,
           coalesce(sum(earned + booked) FILTER (WHERE is_late), 0) AS after
    FROM dated
    WHERE is_early OR is_late
    GROUP BY student_id
), entry AS MATERIALIZED (
    SELECT student_id, session_id, earned, booked
    FROM dated
    WHERE NOT is_early AND NOT is_late
      AND day >= (SELECT min(coalesce(counts_from, '-infinity')) FROM chosen)
), met AS MATERIALIZED (
    SELECT session.id, host.kind, version.occupation_zh AS occupation
    FROM (SELECT DISTINCT session_id FROM entry) one
    CROSS JOIN LATERAL (
        SELECT * FROM courses_coursesession WHERE id = one.session_id {fence}
    ) session
    JOIN courses_courseversion version ON version.id = session.version_id
    JOIN accounts_organisation host ON host.id = session.host_id
), counted AS (
    SELECT entry.student_id, met.kind, met.occupation,
           sum(entry.earned) AS earned, sum(entry.booked) AS booked
    FROM entry
    LEFT JOIN met ON met.id = entry.session_id
    GROUP BY entry.student_id, met.kind, met.occupation
), total AS (
    SELECT student_id, sum(earned) AS earned, sum(booked) AS booked,
           count(DISTINCT occupation) FILTER (WHERE earned > 0) AS occupations,
           count(DISTINCT occupation) FILTER (WHERE earned + booked > 0) AS occupations_to_come
    FROM counted GROUP BY student_id
), by_kind AS (
    SELECT student_id, kind, sum(needed) AS needed, sum(earned) AS earned, sum(booked) AS booked
    FROM (
        SELECT student_id, kind, NULL::int AS needed, earned, booked FROM counted
        UNION ALL
        SELECT chosen.id, one.host_kind, one.class_hours, 0, 0
        FROM chosen
        JOIN hours_requirementminimum one ON one.requirement_id = chosen.requirement_id
    ) part
    GROUP BY student_id, kind
), minimum AS (
    SELECT student_id,
           sum(short.hours) AS hours,
           jsonb_object_agg(kind, short.hours) FILTER (WHERE short.hours > 0) AS kinds,
           bool_and(earned >= needed) AS reached
    FROM by_kind
    CROSS JOIN LATERAL (SELECT greatest(0, needed - earned - booked)::int AS hours) short
    WHERE needed IS NOT NULL
    GROUP BY student_id
), standing AS (
    SELECT chosen.id AS student_id, chosen.class_group_id, chosen.requirement_id, chosen.required,
           coalesce(total.earned, 0)::int AS earned,
           coalesce(total.booked, 0)::int AS booked,
           coalesce(outside.before, 0)::int AS before,
           coalesce(outside.after, 0)::int AS after,
           greatest(
               0,
               coalesce(chosen.required, 0) - coalesce(total.earned, 0)
                   - coalesce(total.booked, 0),
               coalesce(minimum.hours, 0)
           )::int AS missing,
           coalesce(minimum.kinds, '{{}}'::jsonb) AS kinds,
           greatest(
               0, coalesce(chosen.min_occupations, 0) - coalesce(total.occupations_to_come, 0)
           )::int AS occupations,
           chosen.required IS NOT NULL
               AND coalesce(total.earned, 0) >= chosen.required
               AND coalesce(total.occupations, 0) >= chosen.min_occupations
               AND coalesce(minimum.reached, TRUE) AS is_done
    FROM chosen
    LEFT JOIN total ON total.student_id = chosen.id
    LEFT JOIN outside ON outside.student_id = chosen.id
    LEFT JOIN minimum ON minimum.student_id = chosen.id
)
"""

# Places that count as booked: of one student after the other, each looked into the ledger for.
TO_COME_BY_STUDENT = """
    CROSS JOIN LATERAL (
        SELECT place.student_id, place.session_id, session.class_hours,
               (place.starts_at AT TIME ZONE '{zone}')::date AS day
        FROM (
            SELECT * FROM bookings_place
            WHERE student_id = chosen.id AND is_live AND ends_at > %s OFFSET 0
        ) place
        JOIN courses_coursesession session ON session.id = place.session_id
        WHERE session.state = 'scheduled'
          AND NOT (SELECT EXISTS (
            SELECT FROM hours_hourcredit credit
            WHERE credit.student_id = place.student_id AND credit.session_id = place.session_id
              AND credit.class_hours > 0
              AND NOT EXISTS (SELECT FROM hours_hourcredit one WHERE one.reverses_id = credit.id)
          ))
    ) place
"""

# The same of everybody: all places of the sessions to come, and all that is credited of these.
TO_COME = """
    JOIN (
        WITH session AS MATERIALIZED (
            SELECT id, class_hours, (starts_at AT TIME ZONE '{zone}')::date AS day
            FROM courses_coursesession
            WHERE ends_at > %s AND state = 'scheduled'
        ), credited AS MATERIALIZED (
            SELECT credit.student_id, credit.session_id
            FROM session
            CROSS JOIN LATERAL (
                SELECT * FROM hours_hourcredit WHERE session_id = session.id OFFSET 0
            ) credit
            WHERE credit.class_hours > 0
              AND NOT (SELECT EXISTS (
                SELECT FROM hours_hourcredit one WHERE one.reverses_id = credit.id
              ))
        )
        SELECT place.student_id, place.session_id, session.class_hours, session.day
        FROM session
        CROSS JOIN LATERAL (
            SELECT * FROM bookings_place
            WHERE session_id = session.id AND is_live OFFSET 0
        ) place
        WHERE (place.student_id, place.session_id) NOT IN (
            SELECT student_id, session_id FROM credited
        )
    ) place ON place.student_id = chosen.id
"""

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


def statement(
    students: str, *, everybody: bool = False, required: str = "", instead: str = ""
) -> str:
    """The common part of each statement, for the students that the SQL ``students`` chooses.

    ``instead`` are queries of the WITH, each with a comma after it, that are named like a table
    and so are read in its place: what would be true if it held other rows. Their parameters come
    before those of ``students``.
    """
    to_come = TO_COME if everybody else TO_COME_BY_STUDENT
    return STANDING.format(
        instead=instead,
        students=students,
        zone=SHANGHAI.key,
        to_come=to_come.format(zone=SHANGHAI.key),
        fence="" if everybody else "OFFSET 0",
        required=required,
    )


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
