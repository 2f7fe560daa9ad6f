"""Keys are changed without losing a value, and no sealed value is forgotten."""

import base64
import secrets
from datetime import datetime
from io import StringIO

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AuditEntry
from rosters import sealing
from rosters.apps import RostersConfig
from rosters.choices import NeedKind
from rosters.models import GuardianPhone, RosterChange, RosterImport, Student, StudentNeed
from rosters.services import keys
from rosters.services.keys import Rotation
from tests.factories.rosters import StudentFactory

OLD = "old:" + base64.b64encode(secrets.token_bytes(32)).decode()
NEW = "new:" + base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def sealed(db: None, settings: Settings, now: datetime) -> list[Student]:
    """Three students with a telephone and a need each, sealed with the old key."""
    settings.FIELD_KEYS = OLD
    students = StudentFactory.create_batch(3)
    for student in students:
        phone = GuardianPhone(student=student)
        phone.sealed = sealing.seal(f"1390000{student.pk:04}", owner=phone.seal_owner)
        phone.save()
        need = StudentNeed(student=student, kind=NeedKind.DIET, noted_at=now)
        need.sealed = sealing.seal(f"花生 {student.pk}", owner=need.seal_owner)
        need.save()
    return students


def opened() -> list[str]:
    return [
        sealing.unseal(row.sealed, owner=row.seal_owner)
        for model in (GuardianPhone, StudentNeed)
        for row in model.objects.order_by("student_id")
    ]


def expected(students: list[Student]) -> list[str]:
    return [f"1390000{one.pk:04}" for one in students] + [f"花生 {one.pk}" for one in students]


def test_after_the_rotation_the_old_key_is_not_needed(
    sealed: list[Student], settings: Settings, now: datetime
) -> None:
    settings.FIELD_KEYS = f"{NEW},{OLD}"

    assert keys.rotate(now=now) == Rotation(renewed=6)

    settings.FIELD_KEYS = NEW
    assert opened() == expected(sealed)
    assert AuditEntry.objects.get(verb="keys.rotated").facts == {
        "renewed": 6,
        "current": 0,
        "broken": 0,
    }


def test_a_telephone_kept_for_undoing_is_sealed_anew_too(
    sealed: list[Student], settings: Settings, now: datetime
) -> None:
    row = RosterImport.objects.create(
        school=sealed[0].school,
        state="confirmed",
        made_at=now,
        ended_at=now,
        expires_at=now,
        size=1,
    )
    student = sealed[0]
    change = RosterChange(roster_import=row, student=student, kind="edited", before={"seat_no": 1})
    change.sealed = sealing.seal("13911112222", owner=change.seal_owner)
    change.save()
    # Of one whose telephone the import did not replace, and of one who had none.
    RosterChange.objects.create(
        roster_import=row, student=sealed[1], kind="edited", before={"a": 1}
    )
    RosterChange.objects.create(
        roster_import=row, student=sealed[2], kind="edited", before={"phone": ""}
    )
    settings.FIELD_KEYS = f"{NEW},{OLD}"

    assert keys.rotate(now=now, dry_run=True) == Rotation(renewed=7)
    assert keys.rotate(now=now) == Rotation(renewed=7)
    assert keys.rotate(now=now) == Rotation(current=7)

    settings.FIELD_KEYS = NEW
    change.refresh_from_db()
    assert sealing.unseal(change.sealed, owner=change.seal_owner) == "13911112222"
    assert change.before["seat_no"] == 1
    assert list(
        RosterChange.objects.exclude(pk=change.pk).order_by("pk").values_list("before")
    ) == [
        ({"a": 1},),
        ({"phone": ""},),
    ]


def test_without_the_rotation_the_old_key_is_needed(
    sealed: list[Student], settings: Settings
) -> None:
    settings.FIELD_KEYS = NEW

    with pytest.raises(sealing.UnsealError):
        opened()


def test_interrupted_it_goes_on_where_it_stopped(
    sealed: list[Student],
    settings: Settings,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    monkeypatch.setattr(keys, "BATCH", 2)
    first = list(GuardianPhone.objects.order_by("pk").values_list("pk", flat=True)[:2])
    keys._rotate_batch(GuardianPhone, first, dry_run=False)

    assert keys.rotate(now=now) == Rotation(renewed=4, current=2)
    assert keys.rotate(now=now) == Rotation(current=6)
    settings.FIELD_KEYS = NEW
    assert opened() == expected(sealed)


def test_a_dry_run_counts_and_changes_nothing(sealed: list[Student], settings: Settings) -> None:
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    before = [bytes(row.sealed) for row in GuardianPhone.objects.order_by("pk")]
    out = StringIO()

    call_command("rotate_keys", "--dry-run", stdout=out)

    assert out.getvalue() == "6 to seal anew, 0 current, 0 broken\n"
    assert [bytes(row.sealed) for row in GuardianPhone.objects.order_by("pk")] == before
    assert not AuditEntry.objects.exists()


def test_values_that_no_key_opens_are_kept_and_told(
    sealed: list[Student], settings: Settings
) -> None:
    settings.FIELD_KEYS = NEW
    before = [bytes(row.sealed) for row in StudentNeed.objects.order_by("pk")]

    with pytest.raises(CommandError, match="keep the old keys"):
        call_command("rotate_keys", stdout=StringIO())

    assert [bytes(row.sealed) for row in StudentNeed.objects.order_by("pk")] == before


def test_a_batch_is_read_and_written_at_once(sealed: list[Student], settings: Settings) -> None:
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    counts = []
    for number in (1, 3):
        chosen = list(GuardianPhone.objects.order_by("pk").values_list("pk", flat=True)[:number])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            keys._rotate_batch(GuardianPhone, chosen, dry_run=False)
        counts.append(sum("guardianphone" in query["sql"] for query in queries))

    assert counts == [2, 2]


def test_every_binary_column_is_sealed_and_says_for_whom_or_holds_an_upload() -> None:
    binary = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.BinaryField)
    }

    assert binary == {(RosterImport, "content"), *((one, "sealed") for one in keys.sealed_models())}
    assert {one for one in keys.sealed_models() if not hasattr(one, "seal_owner")} == set()
    assert set(keys.sealed_models()) == {GuardianPhone, StudentNeed}


def test_a_new_key_fits_in_front(settings: Settings) -> None:
    out = StringIO()

    call_command("rotate_keys", "--new", stdout=out)

    names = list(sealing.keys_from(f"{out.getvalue().strip()},{OLD}"))
    assert names[1:] == ["old"]
    assert len(names[0]) == 15


@pytest.mark.parametrize(
    "text",
    ["", "name", "name:short", f"{OLD},{OLD}", "a:!!"],
    ids=["empty", "no key", "short key", "twice", "no base64"],
)
def test_malformed_keys_are_told_at_the_start(text: str, settings: Settings) -> None:
    settings.FIELD_KEYS = text

    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS must read name:key"):
        RostersConfig.create("rosters").ready()
