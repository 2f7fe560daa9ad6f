"""The data map of the whole product, and whether it is complete."""

from django.apps import apps
from django.db import models
from django.utils import translation

import accounts.data_map
import attendance.data_map
import bookings.data_map
import courses.data_map
import hours.data_map
import insights.data_map
import rosters.data_map
import sites.data_map
from accounts.data_map import Impersonal, Person, PersonalField
from accounts.models import Membership, User
from rosters.models import Student

MAPS = (
    rosters.data_map,
    bookings.data_map,
    attendance.data_map,
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


def impersonal_fields() -> list[Impersonal]:
    return [line for one in MAPS for line in one.IMPERSONAL]


def by_person() -> list[tuple[str, list[PersonalField]]]:
    """The lines by whom they concern, for the page and the document."""
    lines = personal_fields()
    return [
        (str(person.label), [line for line in lines if line.person == person]) for person in Person
    ]


def is_about_a_person(model: type[models.Model]) -> bool:
    """A student, a member of staff, or a row that belongs to a student: nothing in it is
    exempt by its type."""
    return model in (Student, User) or any(
        field.is_relation and field.related_model is Student for field in model._meta.fields
    )


def is_exempt(field: "models.Field[object, object]") -> bool:
    """Whether a field says nothing of a person by what it is: a key, a reference to a thing or
    to who did it (the line ``REFERENCES``). In rows that are not about a person also a switch, a
    choice from a list, a moment, and a number too small to name anybody."""
    if field.primary_key and not isinstance(field, models.CharField):
        return True
    if field.is_relation:
        return field.related_model is not Student
    if is_about_a_person(field.model):
        return False
    return bool(field.choices) or isinstance(
        field,
        models.BooleanField
        | models.DateTimeField
        | models.PositiveSmallIntegerField
        | models.SmallIntegerField
        | models.UUIDField
        | models.AutoField,
    )


def all_fields() -> "list[models.Field[object, object]]":
    """Every column of every table, also of the packages we stand on."""
    return [
        field
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for field in model._meta.local_concrete_fields
    ]


def label_of(field: "models.Field[object, object]") -> str:
    return f"{field.model._meta.label}.{field.name}"


def references_to_staff() -> list[str]:
    """The fields that the line ``REFERENCES`` stands for."""
    return [
        label_of(field)
        for field in all_fields()
        if field.is_relation and field.related_model in (Membership, User)
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
