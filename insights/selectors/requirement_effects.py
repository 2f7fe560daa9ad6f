"""What a new requirement, or other values of one, would change for whom. Saves nothing.

Counted by the one rule (``bookings.selectors.standing_statement``), once as things are and once
as if the requirement were saved, in a single statement however many schools there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.choices import HOST_KINDS
from bookings.selectors import standing_statement
from hours.models import PracticumRequirement
from rosters.models import ClassGroup, Student

FIELDS = (
    "name",
    "stage",
    "school_kind",
    "entry_year_from",
    "entry_year_to",
    "class_hours",
    "min_occupations",
    "counts_from",
    "due_on",
)
# Whatever else changes can make a student short; a name cannot.
HARMLESS = {"name"}
# A new requirement has its key once it is saved, and a higher one than all others.
NEW = 2**63 - 1

# A query of the WITH hides the table of its name, but for itself: the requirements as they would
# be. The values are cast, or an empty one would have no type.
AS_IF_SAVED = """
hours_practicumrequirement AS (
    SELECT id, stage, entry_year_from, entry_year_to, school_kind, class_hours, min_occupations,
           counts_from, due_on
    FROM hours_practicumrequirement WHERE id <> %s
    UNION ALL
    SELECT %s::bigint, %s::text, %s::int, %s::int, %s::text, %s::int, %s::int, %s::date, %s::date
), hours_requirementminimum AS (
    SELECT requirement_id, host_kind, class_hours
    FROM hours_requirementminimum WHERE requirement_id <> %s
    UNION ALL
    SELECT %s::bigint, kind, hours FROM unnest(%s::text[], %s::int[]) AS one (kind, hours)
), """

# Both counts are added up by student, not joined: what the planner expects of either is a guess.
BY_SCHOOL = """
SELECT class.school_id,
       count(DISTINCT class.id) FILTER (WHERE old = key),
       count(DISTINCT class.id) FILTER (WHERE new = key),
       count(*) FILTER (WHERE old = key),
       count(*) FILTER (WHERE new = key),
       count(*) FILTER (WHERE old = key AND was_done),
       count(*) FILTER (WHERE new = key AND will_be_done),
       count(*) FILTER (WHERE was_done AND NOT will_be_done AND new IS NOT NULL),
       count(*) FILTER (WHERE will_be_done AND NOT was_done),
       count(*) FILTER (WHERE new = key AND old <> key),
       count(*) FILTER (WHERE old = key AND new <> key),
       count(*) FILTER (WHERE old = key AND new IS NULL)
FROM (
    SELECT student_id, min(class_group_id) AS class_group_id, max(old) AS old, max(new) AS new,
           bool_or(was_done) AS was_done, bool_or(will_be_done) AS will_be_done
    FROM (
        SELECT student_id, class_group_id, requirement_id AS old, NULL::bigint AS new,
               is_done AS was_done, FALSE AS will_be_done
        FROM was
        UNION ALL
        SELECT student_id, class_group_id, NULL, requirement_id, FALSE, is_done FROM will_be
    ) part
    GROUP BY student_id
) student
JOIN rosters_classgroup class ON class.id = student.class_group_id
CROSS JOIN (SELECT %s::bigint AS key) this
WHERE old = key OR new = key
GROUP BY class.school_id
ORDER BY class.school_id
"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one school or of all: the classes and students that come under the requirement, and
    those of them that are done, as it is and as it would be.

    ``losing`` are done and would no longer be, ``gaining`` would be and are not. ``taken_over``
    come under another requirement now, ``handed_on`` would come under another, and of the
    ``released`` nothing would be required any more: they lose nothing.
    """

    classes_before: int = 0
    classes_after: int = 0
    students_before: int = 0
    students_after: int = 0
    done_before: int = 0
    done_after: int = 0
    losing: int = 0
    gaining: int = 0
    taken_over: int = 0
    handed_on: int = 0
    released: int = 0

    def __add__(self, other: "Numbers") -> "Numbers":
        names = [one.name for one in fields(self)]
        return Numbers(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def is_change(self) -> bool:
        return bool(
            self.losing
            or self.gaining
            or self.taken_over
            or self.handed_on
            or self.released
            or self.students_before != self.students_after
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to look at before a requirement is saved: each value that changes with the
    one before it (none of a new requirement), and whom that concerns, by the school's key."""

    changes: Mapping[str, tuple[Any, Any]]
    schools: Mapping[int, Numbers]
    seal: str

    @property
    def total(self) -> Numbers:
        return sum(self.schools.values(), Numbers())


def look_at(
    requirement: PracticumRequirement | None, values: Mapping[str, Any], now: datetime
) -> Look | None:
    """What ``values`` (with ``minimums``) of the requirement, or of a new one for None, would
    change; None where they change nothing that counts."""
    before = {} if requirement is None else _as_it_is(requirement)
    after = _flat(values)
    changes = {
        name: (before[name], value)
        for name, value in after.items()
        if before and before[name] != value
    }
    if requirement is not None and changes.keys() <= HARMLESS:
        return None
    schools = _by_school(requirement, values, now)
    # A choice is the same whether it is a form's, the row's or one of ours.
    values_seen = [f"{name}={value}" for part in (before, after) for name, value in part.items()]
    seal = sha256(f"{values_seen} {schools}".encode()).hexdigest()
    return Look(changes=changes, schools=schools, seal=seal)


def _as_it_is(requirement: PracticumRequirement) -> dict[str, Any]:
    known = {name: getattr(requirement, name) for name in FIELDS}
    minimums = dict(requirement.minimums.values_list("host_kind", "class_hours"))
    return _flat(known | {"minimums": minimums})


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """By the names that the form's fields have; a kind of host without a minimum is None."""
    return {name: values[name] for name in FIELDS} | {
        f"minimum_{kind.value}": values["minimums"].get(kind.value) for kind in HOST_KINDS
    }


def _by_school(
    requirement: PracticumRequirement | None, values: Mapping[str, Any], now: datetime
) -> dict[int, Numbers]:
    """One query: it reads each table from end to end, as for everybody in the district."""
    key = requirement.pk if requirement is not None else NEW
    cohort = _cohort(values)
    if requirement is not None:
        cohort |= _cohort(vars(requirement))
    students = Student.objects.current().filter(
        class_group__in=ClassGroup.objects.current().filter(cohort)
    )
    wanted, params = students.order_by().values("pk").query.sql_with_params()
    minimums = values["minimums"]
    as_if_saved = [
        key,
        key,
        *(
            values[name]
            for name in (
                "stage", "entry_year_from", "entry_year_to", "school_kind", "class_hours",
                "min_occupations", "counts_from", "due_on",
            )
        ),
        key,
        key,
        [str(kind) for kind in minimums],
        list(minimums.values()),
    ]  # fmt: skip
    was = standing_statement.statement(wanted, everybody=True)
    will_be = standing_statement.statement(wanted, everybody=True, instead=AS_IF_SAVED)
    select = "SELECT student_id, class_group_id, requirement_id, is_done FROM standing"
    with connection.cursor() as cursor:
        # The texts are ours; whatever comes from outside is a parameter.
        cursor.execute(
            f"WITH was AS ({was} {select}), will_be AS ({will_be} {select}) {BY_SCHOOL}",
            [*params, now, *as_if_saved, *params, now, key],
        )
        return {row[0]: Numbers(*row[1:]) for row in cursor.fetchall()}


def _cohort(values: Mapping[str, Any]) -> Q:
    return Q(
        stage=values["stage"],
        entry_year__range=(values["entry_year_from"], values["entry_year_to"]),
    )
