"""Every text that is kept: gone with the student, naming nobody, or never about one."""

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.test.utils import isolate_apps

from accounts.data_map import Term
from attendance.free_texts import GONE_WITH_THE_STUDENT, NAMES_NOBODY, NEVER_ABOUT_A_STUDENT
from attendance.models import LawfulRemoval
from insights.selectors import data_map

OURS = {
    "accounts",
    "attendance",
    "bookings",
    "courses",
    "hours",
    "insights",
    "notifications",
    "rosters",
    "sites",
}
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)


def texts_of(model: type[models.Model]) -> list[str]:
    """The columns that hold text, but for choices from a list."""
    return [
        f"{model._meta.label}.{field.name}"
        for field in model._meta.local_concrete_fields
        if isinstance(field, TEXTS) and not field.choices
    ]


def declared() -> list[str]:
    return [
        *GONE_WITH_THE_STUDENT,
        *NAMES_NOBODY,
        *(field for fields in NEVER_ABOUT_A_STUDENT.values() for field in fields),
    ]


def test_every_text_of_every_table_stands_in_one_list() -> None:
    found = [
        text
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for text in texts_of(model)
    ]

    assert sorted(found) == sorted(declared())
    assert len(set(found)) == len(found)


@isolate_apps("attendance")
def test_a_new_text_would_be_missed() -> None:
    class Remark(models.Model):  # noqa: DJ008
        words = models.TextField()
        facts = models.JSONField()
        kind = models.CharField(max_length=1, choices=[("a", "a")])

        class Meta:
            app_label = "attendance"

    assert texts_of(Remark) == ["attendance.Remark.words", "attendance.Remark.facts"]
    assert set(texts_of(Remark)) & set(declared()) == set()


@pytest.mark.parametrize("field", GONE_WITH_THE_STUDENT)
def test_what_goes_with_the_student_has_a_term_that_ends(field: str) -> None:
    """None of it is kept for good by the data map."""
    (term,) = {line.kept for line in data_map.personal_fields() if field in line.fields}

    assert term not in (Term.NUMBERED, Term.TRAIL, Term.WORDS)


def test_removals_hold_no_text() -> None:
    assert texts_of(LawfulRemoval) == [
        "attendance.LawfulRemoval.key",
        "attendance.LawfulRemoval.text_digest",
    ]
