"""The data map is complete, current, and open to everybody."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext, isolate_apps

from accounts.data_map import DAYS_KEPT, Basis, Impersonal, Person, Term
from accounts.models import User
from attendance.selectors.student_data import LEFT_OUT, PARTS
from insights.selectors import data_map
from planning.services.retention import RULES
from rosters.models import Student
from tests.factories.accounts import MembershipFactory


def impersonal_fields() -> list[Impersonal]:
    return [line for one in data_map.MAPS for line in one.IMPERSONAL]


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


def listed() -> list[str]:
    return [
        field
        for line in (*data_map.personal_fields(), *impersonal_fields())
        for field in line.fields
        if line is not data_map.accounts.data_map.REFERENCES
    ]


def test_every_field_of_every_table_is_in_the_map_or_said_to_be_impersonal() -> None:
    labels = {label_of(field): field for field in all_fields()}
    known = set(listed())

    missing = {
        label for label, field in labels.items() if label not in known and not is_exempt(field)
    }

    assert missing == set()
    assert known - set(labels) == set()
    assert len(listed()) == len(known)


def test_whatever_belongs_to_a_student_is_personal_and_never_exempt_by_type() -> None:
    personal = {field for line in data_map.personal_fields() for field in line.fields}

    of_students = {
        label_of(field)
        for field in all_fields()
        if field.related_model is Student or field.model is Student
        if not field.primary_key
        if field.related_model is None or field.related_model is Student
    }

    assert of_students - personal == set()
    assert "rosters.StudentNeed.kind" in personal


@isolate_apps("rosters")
def test_a_new_personal_field_would_be_missed() -> None:
    class Diary(models.Model):  # noqa: DJ008
        student = models.ForeignKey(Student, on_delete=models.CASCADE)
        is_sad = models.BooleanField()
        guardian_name = models.CharField(max_length=60)

        class Meta:
            app_label = "rosters"

    class Guardian(models.Model):  # noqa: DJ008
        name = models.CharField(max_length=60)
        born_on = models.DateField()
        is_active = models.BooleanField()

        class Meta:
            app_label = "rosters"

    assert [
        field.name
        for model in (Diary, Guardian)
        for field in model._meta.local_concrete_fields
        if not is_exempt(field)
    ] == ["student", "is_sad", "guardian_name", "name", "born_on"]


def test_every_line_says_what_why_for_whom_and_how_long() -> None:
    lines = data_map.personal_fields()

    assert all(
        str(line.what) and str(line.purpose) and str(line.seen_by) and line.fields for line in lines
    )
    assert {line.basis for line in lines} == set(Basis)
    assert {line.person for line in lines} == set(Person)
    assert {line.kept for line in lines} == set(Term)


@pytest.mark.parametrize("term", sorted(DAYS_KEPT))
def test_what_the_map_keeps_for_a_time_a_rule_ends(term: Term) -> None:
    mapped = {
        field for line in data_map.personal_fields() if line.kept == term for field in line.fields
    }
    ended = [field for rule in RULES if rule.term == term for field in rule.fields]

    assert sorted(ended) == sorted(mapped)


def test_every_rule_has_a_term_of_days_and_a_code_of_its_own() -> None:
    assert {rule.term for rule in RULES} == set(DAYS_KEPT)
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (Term.NEED, "7 天"),
        (Term.UNDO, "30 天"),
        (Term.BADGE, "30 天"),
        (Term.TRIP, "365 天"),
        (Term.MESSAGE, "365 天"),
        (Term.INVITATION, "90 天"),
        (Term.SIGN_IN, "14 天"),
    ],
)
def test_the_words_of_a_term_are_its_days(term: Term, words: str) -> None:
    assert words in term.label
    assert words == f"{DAYS_KEPT[term]} 天"
    assert DAYS_KEPT[Term.SIGN_IN] * 24 * 3600 == settings.SESSION_COOKIE_AGE


def test_the_export_of_a_student_carries_all_the_map_lists_of_her() -> None:
    mapped = {
        field
        for line in data_map.personal_fields()
        if line.person in (Person.STUDENT, Person.GUARDIAN)
        for field in line.fields
    }
    exported = [field for part in PARTS for field in part.fields]

    assert set(exported) | set(LEFT_OUT) == mapped
    assert len(exported) == len(set(exported))
    assert not set(exported) & set(LEFT_OUT)


def test_the_document_is_current() -> None:
    path = Path(settings.BASE_DIR) / "docs/data-map.md"

    assert path.read_text(encoding="utf-8") == data_map.document()


@pytest.mark.django_db
def test_the_page_is_open_and_asks_the_database_nothing_about_people() -> None:
    nobody, member = Client(), Client()
    member.force_login(MembershipFactory().user)

    with CaptureQueriesContext(connection) as queries:
        page = nobody.get("/privacy/data/")

    assert [query["sql"] for query in queries] == []
    text = page.content.decode()
    assert text.count("<tr>") == len(data_map.personal_fields()) + len(Person)
    assert "监护人电话（加密）" in text
    assert "毕业满一年后删除，只留编号" in text
    assert member.get("/privacy/data/").status_code == 200
    assert member.get("/me/").content.decode().count('href="/privacy/data/"') == 1
