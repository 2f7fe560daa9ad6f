"""Days are sealed when nobody can write into them any more, and whatever is altered is found."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import UniqueConstraint
from django.utils import timezone
from psycopg import sql

from accounts.choices import OrganisationKind, Role
from attendance import digests, tasks
from attendance.choices import RemovalGround, SealedKind
from attendance.errors.students import TransactionsOpen
from attendance.models import CheckIn, DaySeal, LawfulRemoval, SealedEntry
from attendance.selectors import seals as found_seals
from attendance.services import desk, erasure, retention, seals
from hours.models import HourCredit, Sealed
from hours.services import ledger
from insights.selectors import invariants
from notifications.models import Delivery, Message
from rosters.models import Student
from sites.calendar import SHANGHAI
from tests.accounts.test_rights import refused
from tests.attendance.conftest import Door, make_door
from tests.bookings.conftest import World, make_world
from tests.conftest import as_owner
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.attendance import close_desk, let_in

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
# Days long over by the database's own clock: what the rows are backdated to.
FIRST = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
NO_WAIT = timedelta(0)
DROP_CHECK = "ALTER TABLE {1} DROP CONSTRAINT {0}"


@contextmanager
def past_the_triggers() -> Iterator[None]:
    """What a superuser can do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def backdate(model: type[Sealed], moment: datetime) -> None:
    """The rows without a seal were written then."""
    kind = next(kind for kind, one in digests.MODELS.items() if one is model)
    sealed = SealedEntry.objects.filter(kind=kind).values_list("key", flat=True)
    with past_the_triggers():
        for row in model._default_manager.all():
            if str(row.pk) not in set(sealed):
                model._default_manager.filter(pk=row.pk).update(written_at=moment)


def sealed_until(moment: datetime) -> list[DaySeal]:
    return seals.seal_days(now=moment)


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    """A closed desk: two students were there, one of them without her badge, three were not."""
    door = make_door(world, now)
    desk.open_desk(by=door.manager, session=door.session, now=door.now)
    for student in door.students[:2]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    return door


@pytest.fixture
def days(door: Door) -> list[DaySeal]:
    """Three sealed days: check-ins on the first, nothing on the second, the ledger on the
    third."""
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST + 2 * DAY)
    return sealed_until(FIRST + 3 * DAY)


def differences(**heads: str) -> list[tuple[str, date, str, str]]:
    by_day = {date.fromisoformat(day[1:].replace("_", "-")): head for day, head in heads.items()}
    return [
        (one.code, one.day, one.kind, one.key) for one in found_seals.verify(by_day).differences
    ]


def test_every_day_that_is_over_has_a_seal_that_follows_the_one_before(
    days: list[DaySeal],
) -> None:
    assert [seal.day for seal in days] == [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]
    assert [seal.entries for seal in days] == [CheckIn.objects.count(), 0, 2]
    assert [seal.previous for seal in days] == ["", days[0].head, days[1].head]
    assert len({seal.head for seal in days}) == 3
    assert SealedEntry.objects.filter(kind=SealedKind.CHECK_IN, seal=days[0]).count() == 5
    assert differences() == []


def test_sealing_again_does_nothing_and_the_day_that_runs_is_not_sealed(
    days: list[DaySeal],
) -> None:
    told = Message.objects.count()

    assert sealed_until(FIRST + 3 * DAY) == []
    assert sealed_until(FIRST + 3 * DAY + timedelta(hours=13)) == []
    assert [seal.day for seal in sealed_until(FIRST + 4 * DAY)] == [date(2026, 3, 5)]
    assert DaySeal.objects.count() == 4
    assert Message.objects.count() == told


def test_nothing_is_sealed_where_nothing_was_written(world: World, now: datetime) -> None:
    assert sealed_until(now) == []


def test_the_day_ends_by_the_databases_clock_too(door: Door) -> None:
    """A machine whose clock is a month ahead would seal days that are not over."""
    written = HourCredit.objects.earliest("written_at").written_at

    assert sealed_until(written + 30 * DAY) == []


def test_a_day_is_not_sealed_while_somebody_may_still_write_into_it(door: Door) -> None:
    """A transaction that wrote an entry on the day and has not ended by the next: sealed without
    it, the entry would turn up after the seal."""
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST)
    credit = HourCredit.objects.order_by("pk")[0]
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SET session_replication_role = replica")
        other.execute(
            "INSERT INTO hours_hourcredit (student_id, school_id, session_id, kind, class_hours,"
            " revision, reverses_id, rule_version, reason, earned_on, credited_at, written_at)"
            " SELECT student_id, school_id, session_id, 'reversal', -class_hours, revision, id,"
            " rule_version, '误记', earned_on, credited_at, %s FROM hours_hourcredit WHERE id = %s",
            [FIRST, credit.pk],
        )

        with pytest.raises(TransactionsOpen):
            seals.seal_days(now=FIRST + DAY, wait_for=timedelta(milliseconds=250))
        left_open = DaySeal.objects.count()
        other.commit()

    sealed = sealed_until(FIRST + DAY)

    assert left_open == 0
    assert [seal.entries for seal in sealed] == [8]
    reversal = HourCredit.objects.get(reverses=credit)
    assert SealedEntry.objects.filter(kind=SealedKind.LEDGER, key=str(reversal.pk)).exists()
    assert differences() == []


def test_the_task_says_so_and_comes_again(door: Door) -> None:
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_current_xact_id()")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seals, "WAIT_FOR", NO_WAIT)
            patch.setattr(seals.seal_days, "__kwdefaults__", {"wait_for": NO_WAIT})
            assert tasks.seal_days() == ["transactions_open"]

    assert tasks.seal_days()[:2] == ["2026-03-02", "2026-03-03"]


def test_a_row_has_the_moment_and_salt_of_the_database_whatever_an_insert_says(
    door: Door, as_application: Callable[[], None]
) -> None:
    """Also where the setting that ignores pgtrigger's triggers is set, which any role may."""
    as_application()
    student = door.students[0]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{stamped_as_written}', true)")
        row = HourCredit.objects.create(
            student=student,
            school_id=student.school_id,
            kind="manual",
            class_hours=1,
            reason="补课",
            earned_on=FIRST.date(),
            credited_at=FIRST,
            written_at=FIRST,
            seal_salt=digests.NO_SALT,
        )
    row.refresh_from_db()

    assert abs(row.written_at - timezone.now()) < timedelta(minutes=5)
    assert row.seal_salt != digests.NO_SALT


# --- What is altered is found, whoever did it -----------------------------------------------


def test_a_changed_entry_is_named(days: list[DaySeal]) -> None:
    credit = HourCredit.objects.order_by("pk")[0]
    with past_the_triggers():
        HourCredit.objects.filter(pk=credit.pk).update(class_hours=40)

    assert differences() == [("changed", days[2].day, "ledger", str(credit.pk))]


@pytest.mark.parametrize("kind", [SealedKind.LEDGER, SealedKind.CHECK_IN])
def test_no_column_of_a_sealed_row_changes_unseen(days: list[DaySeal], kind: SealedKind) -> None:
    """Also the free text, and the moment of writing that would move the row into another day."""
    model = digests.MODELS[kind]
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    columns = [
        field
        for field in model._meta.local_concrete_fields
        # What the database computes from another column cannot be changed by itself.
        if not field.primary_key and not field.generated
    ]
    table = sql.Identifier(model._meta.db_table)
    unseen = []
    for field in columns:
        with past_the_triggers(), connection.cursor() as cursor:
            other = {
                "DateTimeField": f"coalesce({field.column}, now()) + interval '1 second'",
                "DateField": f"{field.column} + 1",
                "CharField": f"{field.column} || 'x'",
                "UUIDField": "gen_random_uuid()",
                "OneToOneField": "id",
            }.get(field.get_internal_type(), f"coalesce({field.column}, 0) + 1")
            for rule in model._meta.constraints:
                drop = "DROP INDEX {}" if isinstance(rule, UniqueConstraint) else DROP_CHECK
                cursor.execute(sql.SQL(drop).format(sql.Identifier(rule.name), table))
            cursor.execute(
                sql.SQL("UPDATE {} SET {} = {} WHERE id = %s").format(
                    table, sql.Identifier(field.column), sql.SQL(other)
                ),
                [row.pk],
            )
            if ("changed", kind, str(row.pk)) not in {
                (code, kind_, key) for code, _day, kind_, key in differences()
            }:
                unseen.append(field.name)
            transaction.set_rollback(True)

    assert unseen == []
    assert len(columns) >= 12
    assert differences() == []


def test_a_removed_check_in_is_named(days: list[DaySeal]) -> None:
    event = CheckIn.objects.filter(kind="in").order_by("pk")[0]
    with past_the_triggers():
        CheckIn.objects.filter(pk=event.pk)._raw_delete("default")  # type: ignore[attr-defined]

    assert differences() == [("removed", days[0].day, "check_in", str(event.pk))]


def test_an_entry_slipped_into_a_sealed_day_is_named(days: list[DaySeal], door: Door) -> None:
    late = ledger.reverse(
        by=door.world.coordinator,
        credit=HourCredit.objects.order_by("pk")[0],
        reason="误记",
        now=FIRST,
    )
    assert differences() == []
    with past_the_triggers():
        HourCredit.objects.filter(pk=late.pk).update(written_at=FIRST + DAY)

    assert differences() == [("inserted", days[1].day, "ledger", str(late.pk))]


def test_a_change_of_what_is_sealed_breaks_the_days_head(days: list[DaySeal]) -> None:
    """Who changes the row's digest too is found by the head, at every look."""
    credit = HourCredit.objects.order_by("pk")[0]
    with past_the_triggers():
        HourCredit.objects.filter(pk=credit.pk).update(class_hours=40)
        credit.refresh_from_db()
        SealedEntry.objects.filter(kind="ledger", key=str(credit.pk)).update(
            digest=digests.entry_digest(digests.FORMAT, "ledger", credit, None)
        )

    assert differences() == [("head", days[2].day, "", "")]


def test_a_head_made_anew_breaks_the_chain_and_the_last_one_differs_from_its_letter(
    days: list[DaySeal],
) -> None:
    def seal_anew(seal: DaySeal) -> None:
        kept = SealedEntry.objects.filter(seal=seal).values_list("digest", flat=True)
        before = DaySeal.objects.filter(day__lt=seal.day).order_by("-day").first()
        previous = before.head if before else ""
        DaySeal.objects.filter(pk=seal.pk).update(
            previous=previous, head=digests.head(digests.FORMAT, seal.day, previous, kept)
        )

    event = CheckIn.objects.filter(kind="in").order_by("pk")[0]
    with past_the_triggers():
        CheckIn.objects.filter(pk=event.pk).update(kind="absent")
        event.refresh_from_db()
        SealedEntry.objects.filter(key=str(event.pk)).update(
            digest=digests.entry_digest(digests.FORMAT, "check_in", event, None)
        )
        seal_anew(days[0])
    after_one = differences()
    with past_the_triggers():
        seal_anew(days[1])
        seal_anew(days[2])

    assert after_one == [("chain", days[1].day, "", "")]
    assert differences() == []
    assert differences(_2026_03_04=days[2].head) == [("letter", days[2].day, "", "")]


def test_a_removed_day_is_named(days: list[DaySeal]) -> None:
    with past_the_triggers():
        DaySeal.objects.filter(pk=days[1].pk)._raw_delete("default")  # type: ignore[attr-defined]

    assert differences() == [
        ("day missing", days[1].day, "", ""),
        ("chain", days[2].day, "", ""),
    ]
    assert differences(_2026_03_03=days[1].head)[-1] == ("letter unknown", days[1].day, "", "")


def test_the_nightly_look_finds_what_was_altered_of_late(days: list[DaySeal]) -> None:
    credit = HourCredit.objects.order_by("pk")[0]
    event = CheckIn.objects.filter(kind="in").order_by("pk")[0]
    with past_the_triggers():
        HourCredit.objects.filter(pk=credit.pk).update(class_hours=40)
        CheckIn.objects.filter(pk=event.pk)._raw_delete("default")  # type: ignore[attr-defined]

    of_late = found_seals.verify({}, days=2)
    all_days = found_seals.verify({}, days=7)

    assert [(one.code, one.key) for one in of_late.differences] == [("changed", str(credit.pk))]
    assert (of_late.seals, of_late.entries) == (2, 2)
    assert [one.code for one in all_days.differences] == ["changed", "removed"]
    assert [str(one) for one in invariants.findings() if one.kind == "seals"] == [
        str(one) for one in all_days.differences
    ]


# --- The command ----------------------------------------------------------------------------


def test_the_command_says_what_is_sound(days: list[DaySeal]) -> None:
    out = StringIO()

    call_command("verify_ledger", "--head", f"2026-03-04={days[2].head}", stdout=out)

    assert out.getvalue() == (
        "3 days sealed, 7 entries, of which 0 without their text by law; 0 not sealed yet.\n"
    )


def test_the_command_names_each_row_and_ends_with_1(days: list[DaySeal]) -> None:
    credit = HourCredit.objects.order_by("pk")[0]
    with past_the_triggers():
        HourCredit.objects.filter(pk=credit.pk).update(class_hours=40)
    out = StringIO()

    with pytest.raises(CommandError) as ended:
        call_command("verify_ledger", stdout=out)

    assert ended.value.returncode == 1
    assert out.getvalue().splitlines()[0] == (
        f"changed: 2026-03-04 ledger {credit.pk}: not as it was sealed."
    )


@pytest.mark.parametrize("words", ["2026-03-04", "2026-03-04=12", "someday=" + "0" * 64])
def test_a_head_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(CommandError):
        call_command("verify_ledger", "--head", words)


# --- The letter -----------------------------------------------------------------------------


def test_the_secretariat_gets_the_heads_in_one_letter(door: Door) -> None:
    alliance = OrganisationFactory(kind=OrganisationKind.ALLIANCE)
    secretary = MembershipFactory(organisation=alliance, role=Role.SECRETARIAT).user
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST + DAY)

    sealed = sealed_until(FIRST + 2 * DAY)

    letter = Message.objects.get(kind="days_sealed")
    assert letter.recipient == secretary
    assert letter.subject == "学时记账和签到记录封存：2026-03-03"
    assert f"2026-03-02  5 条记录\n{sealed[0].head}" in letter.body
    assert f"2026-03-03  2 条记录\n{sealed[1].head}" in letter.body
    assert letter.body.endswith(f"manage.py verify_ledger --head 2026-03-03={sealed[1].head}")


def test_the_heads_go_to_the_mailbox_named_for_them(
    door: Door, settings: pytest.FixtureRequest
) -> None:
    settings.SEAL_MAILBOX = "seals@example.org"  # type: ignore[attr-defined]
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST)

    sealed = sealed_until(FIRST + DAY)

    delivery = Delivery.objects.get(message__kind="days_sealed")
    assert delivery.address == "seals@example.org"
    assert delivery.message.recipient is None
    assert sealed[0].head in delivery.message.body


# --- What is hashed -------------------------------------------------------------------------


def test_whoever_reads_the_format_gets_the_same_head(days: list[DaySeal]) -> None:
    """Written from the description alone, for the third day."""
    found = []
    for row in HourCredit.objects.all():
        text = hashlib.sha256(f"{row.seal_salt} {row.reason}".encode()).hexdigest()
        array = [
            "career-classroom 2", "ledger", row.pk, row.student_id, row.school_id, row.session_id,
            row.kind, row.class_hours, row.revision, row.reverses_id, row.rule_version,
            row.earned_on.isoformat(),
            row.credited_at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            row.credited_by_id,
            row.written_at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            text,
        ]  # fmt: skip
        line = json.dumps(array, ensure_ascii=False, separators=(",", ":"))
        found.append(hashlib.sha256(line.encode()).hexdigest())
    lines = ["career-classroom 2", "2026-03-04", days[1].head, "2", *sorted(found)]

    assert (
        days[2].head == hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    )


def test_a_seal_of_the_first_format_holds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "FORMAT", 1)
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST)
    sealed_until(FIRST + DAY)
    monkeypatch.undo()

    assert [seal.format for seal in sealed_until(FIRST + 2 * DAY)] == [2]

    assert differences() == []


def test_every_column_of_what_is_sealed_is_in_the_format() -> None:
    """A new column asks whoever adds it: a new format, or no part of the entry."""
    for kind, model in digests.MODELS.items():
        columns = {
            field.attname for field in model._meta.local_concrete_fields if not field.generated
        }
        assert columns - set(digests.FIELDS[digests.FORMAT][kind]) == (
            {"seal_salt"} if kind == SealedKind.REMOVAL else {"seal_salt", "reason"}
        )


# --- Lawful removal -------------------------------------------------------------------------


@pytest.fixture
def reasoned(door: Door, as_application: Callable[[], None]) -> Door:
    """A correction with a reason, sealed, and the role is the application's from here on."""
    ledger.reverse(
        by=door.world.coordinator,
        credit=HourCredit.objects.get(student=door.students[0]),
        reason="慕容甲子其实请了病假",
        now=door.session.ends_at,
    )
    with past_the_triggers():
        CheckIn.objects.filter(student=door.students[0]).update(reason="腿伤，晚到")
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST)
    sealed_until(FIRST + DAY)
    as_application()
    return door


def erase(door: Door, number: int = 0) -> Student:
    student = door.students[number]
    return erasure.erase_student(
        by=door.world.coordinator,
        student=student,
        typed_name=student.name,
        now=door.session.ends_at + DAY,
    )


def test_erasing_takes_the_texts_and_the_seals_hold(reasoned: Door) -> None:
    before = dict(HourCredit.objects.values_list("pk", "class_hours"))

    student = erase(reasoned)
    verified = found_seals.verify({})

    assert set(
        HourCredit.objects.filter(student=student, kind="reversal").values_list("reason", flat=True)
    ) == {"—"}
    assert set(CheckIn.objects.filter(student=student).values_list("reason", flat=True)) == {"—"}
    assert dict(HourCredit.objects.values_list("pk", "class_hours")) == before
    assert verified.differences == []
    assert (verified.removals, verified.entries, verified.unsealed) == (2, 8, 2)
    removal = LawfulRemoval.objects.get(kind="ledger")
    entry = SealedEntry.objects.get(kind="ledger", key=removal.key)
    assert [str(row) for row in (entry.seal, entry, removal)] == [
        "2026-03-02",
        f"ledger {removal.key}",
        f"ledger {removal.key}",
    ]
    assert sorted(LawfulRemoval.objects.values_list("kind", "ground", "student_id")) == [
        ("check_in", "erased", student.pk),
        ("ledger", "erased", student.pk),
    ]


def test_nothing_that_is_left_gives_the_text_away(reasoned: Door) -> None:
    """The salt is gone with the text: whoever guesses the text cannot try the guess."""
    credit = HourCredit.objects.get(kind="reversal")
    salt, text = credit.seal_salt, credit.reason
    kept = digests.text_digest(salt, text)

    erase(reasoned)

    removal = LawfulRemoval.objects.get(kind="ledger")
    credit.refresh_from_db()
    assert removal.text_digest == kept
    assert credit.seal_salt == digests.NO_SALT
    assert digests.text_digest(credit.seal_salt, text) != kept


def test_removals_are_sealed_themselves(reasoned: Door) -> None:
    erase(reasoned)
    as_owner()
    backdate(LawfulRemoval, FIRST + DAY)
    sealed = sealed_until(FIRST + 2 * DAY)
    removal = LawfulRemoval.objects.get(kind="ledger")
    sound = found_seals.verify({}).differences
    with past_the_triggers():
        LawfulRemoval.objects.filter(pk=removal.pk).update(ground="graduated")

    assert [seal.entries for seal in sealed] == [2]
    assert sound == []
    assert differences() == [("changed", sealed[0].day, "removal", str(removal.pk))]


def test_a_text_removed_before_its_day_is_sealed_is_sealed_as_it_was(reasoned: Door) -> None:
    later = ledger.reverse(
        by=reasoned.world.coordinator,
        credit=HourCredit.objects.get(student=reasoned.students[1]),
        reason="误记",
        now=reasoned.session.ends_at,
    )
    salt = later.seal_salt
    erase(reasoned, 1)
    as_owner()
    backdate(HourCredit, FIRST + DAY)
    backdate(LawfulRemoval, FIRST + DAY)
    sealed_until(FIRST + 2 * DAY)

    later.refresh_from_db()
    assert later.reason == "—"
    assert LawfulRemoval.objects.get(
        kind="ledger", key=str(later.pk)
    ).text_digest == digests.text_digest(salt, "误记")
    assert differences() == []


def test_retention_takes_them_with_its_own_ground(reasoned: Door) -> None:
    retention.retain(now=datetime(2030, 9, 1, tzinfo=SHANGHAI))

    assert set(LawfulRemoval.objects.values_list("kind", "ground")) == {
        ("check_in", "graduated"),
        ("ledger", "graduated"),
    }
    assert differences() == []


def test_forgetting_again_changes_nothing(reasoned: Door) -> None:
    student = erase(reasoned)

    assert erasure.forget_reasons([student.pk], RemovalGround.ERASED) == 0
    assert differences() == []


def test_the_application_cannot_forget_whom_nobody_erased(reasoned: Door) -> None:
    student = reasoned.students[0]

    with pytest.raises(Exception, match="Reasons are forgotten of students who are erased"):
        erasure.forget_reasons([student.pk], RemovalGround.ERASED)

    assert LawfulRemoval.objects.count() == 0


def test_a_removal_that_nobody_ordered_is_named(reasoned: Door) -> None:
    """A superuser who blanks a text and writes the removal for it: the student is not erased."""
    erase(reasoned)
    as_owner()
    credit = HourCredit.objects.get(kind="reversal")
    with past_the_triggers():
        Student.objects.filter(pk=credit.student_id).update(erased_at=None)

    assert ("unlawful", FIRST.date(), "ledger", str(credit.pk)) in differences()


def test_who_hides_a_change_behind_a_removal_is_found(reasoned: Door) -> None:
    erase(reasoned)
    as_owner()
    credit = HourCredit.objects.get(kind="reversal")
    with past_the_triggers():
        HourCredit.objects.filter(pk=credit.pk).update(class_hours=-1)

    assert differences() == [("changed", FIRST.date(), "ledger", str(credit.pk))]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attendance_dayseal SET head = head",
        "DELETE FROM attendance_dayseal",
        "TRUNCATE attendance_dayseal CASCADE",
        "UPDATE attendance_sealedentry SET digest = digest",
        "DELETE FROM attendance_sealedentry",
        "UPDATE attendance_lawfulremoval SET ground = ground",
        "DELETE FROM attendance_lawfulremoval",
        "INSERT INTO attendance_lawfulremoval (kind, key, student_id, text_digest, ground)"
        " SELECT 'ledger', '1', min(id), '', 'erased' FROM rosters_student",
        "DROP FUNCTION forget_reasons(bigint[], text, bigint[])",
        "ALTER FUNCTION forget_reasons(bigint[], text, bigint[]) SECURITY INVOKER",
        "ALTER TABLE hours_hourcredit DISABLE TRIGGER stamped_as_written",
    ],
)
def test_seals_and_removals_are_out_of_the_applications_reach(
    reasoned: Door, statement: str
) -> None:
    assert refused(statement)


def test_the_application_seals(reasoned: Door) -> None:
    sealed = sealed_until(FIRST + 3 * DAY)

    assert [seal.day for seal in sealed] == [date(2026, 3, 3), date(2026, 3, 4)]
    assert differences() == []
