"""The data map of the whole product."""

from django.utils import translation

import accounts.data_map
import attendance.data_map
import bookings.data_map
import courses.data_map
import hours.data_map
import insights.data_map
import planning.data_map
import rosters.data_map
import sites.data_map
from accounts.data_map import Person, PersonalField

MAPS = (
    rosters.data_map,
    bookings.data_map,
    attendance.data_map,
    planning.data_map,
    hours.data_map,
    accounts.data_map,
    courses.data_map,
    sites.data_map,
    insights.data_map,
)


def personal_fields() -> list[PersonalField]:
    """Every line of the map, students' first."""
    lines = [line for one in MAPS for line in one.PERSONAL]
    return sorted(
        [*lines, accounts.data_map.REFERENCES],
        key=lambda line: list(Person).index(line.person),
    )


def by_person() -> list[tuple[str, list[PersonalField]]]:
    """The lines by whom they concern, for the page and the document."""
    lines = personal_fields()
    return [
        (str(person.label), [line for line in lines if line.person == person]) for person in Person
    ]


def document() -> str:
    """The map as docs/data-map.md, in English with the laws' names as they are."""
    with translation.override("en"):
        parts = [
            "# Data map",
            "",
            "Written by `manage.py data_map` from the `data_map.py` beside each app's models. A",
            "test holds it complete and this file current. What is not listed is not stored: no",
            "ID-card numbers, birth dates, photos, home addresses or locations.",
        ]
        for person, lines in by_person():
            parts += [
                "",
                f"## {person[:1].upper()}{person[1:]}",
                "",
                "| What | Purpose | Ground | Who sees it | Kept | Fields |",
                "|---|---|---|---|---|---|",
            ]
            parts += [
                f"| {line.what} | {line.purpose} | {line.basis.label} | {line.seen_by} |"
                f" {line.kept.label} | {', '.join(f'`{field}`' for field in line.fields)} |"
                for line in lines
            ]
    return "\n".join(parts) + "\n"
