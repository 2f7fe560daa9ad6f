"""The application's role, over a connection of its own: it works, and it cannot tamper."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pgtrigger
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, models, transaction
from psycopg import sql

from accounts.models import AuditEntry
from accounts.services import rights
from attendance.choices import EventKind
from attendance.errors.devices import ConflictDecided
from attendance.models import CheckIn, Conflict, ConflictDecision
from attendance.selectors import conflicts as selectors
from attendance.services import conflicts, desk, erasure
from bookings.models import Reservation
from hours.models import HourCredit
from hours.services import ledger
from tests.attendance.conftest import Door, make_door
from tests.attendance.devices import make_tablet
from tests.bookings.conftest import make_world
from tests.conftest import APPLICATION, as_owner
from tests.factories.attendance import close_desk, let_in

pytestmark = pytest.mark.django_db(transaction=True)

APPEND_ONLY = [
    "AuditEntry",
    "CheckIn",
    "Conflict",
    "ConflictDecision",
    "DaySeal",
    "HourCredit",
    "LawfulRemoval",
    "SealedEntry",
]
TABLES = ["accounts_auditentry", "attendance_checkin", "hours_hourcredit"]
TRIGGERS = ",".join(
    f"{model._meta.db_table}:{trigger.get_pgid(model)},{trigger.get_pgid(model)}"
    for model, trigger in pgtrigger.registered()
)
IGNORE_ALL = f"{{{TRIGGERS}}}"


@pytest.fixture
def served(as_application: Callable[[], None], now: object) -> Door:
    """A booked session, with a row in each of the tables that only grow; the role is the
    application's from here on."""
    as_application()
    door = make_door(make_world(now), now)  # type: ignore[arg-type]
    desk.open_desk(by=door.manager, session=door.session, now=door.now)
    for student in door.students[:2]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    return door


def test_booking_checking_in_and_closing_a_desk_work_as_the_application(served: Door) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        who = cursor.fetchone()

    assert who == (APPLICATION, APPLICATION)
    assert Reservation.objects.count() == 1
    assert CheckIn.objects.filter(kind=EventKind.IN).count() == 2
    assert sorted(HourCredit.objects.values_list("class_hours", flat=True)) == [4, 4]
    assert AuditEntry.objects.filter(verb="desk.closed").count() == 1


def test_correcting_reopening_and_erasing_work_as_the_application(served: Door) -> None:
    later = served.session.ends_at + timedelta(hours=1)
    credit = HourCredit.objects.order_by("pk")[0]

    ledger.reverse(by=served.world.coordinator, credit=credit, reason="记错", now=later)
    student = served.students[4]
    erasure.erase_student(
        by=served.world.coordinator, student=student, typed_name=student.name, now=later
    )
    desk.reopen_desk(by=served.manager, session=served.session, reason="漏记", now=later)

    assert HourCredit.objects.filter(reverses=credit).count() == 1
    student.refresh_from_db()
    assert student.erased_at == later


# What a broken or hostile application may send.
ATTACKS = (
    "UPDATE {table} SET id = id",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    f"ALTER TABLE {{table}} OWNER TO {APPLICATION}",
    "DROP TABLE {table} CASCADE",
    "SELECT 1 FROM {table} FOR UPDATE",
    "SELECT 1 FROM {table} FOR NO KEY UPDATE",
    "SELECT 1 FROM {table} FOR KEY SHARE",
    "CREATE RULE emptied AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "INSERT INTO {table} (id) SELECT id FROM {table}"
    " ON CONFLICT (id) DO UPDATE SET id = {table}.id",
    "MERGE INTO {table} kept USING {table} found ON kept.id = found.id WHEN MATCHED THEN DELETE",
    "COPY {table} TO PROGRAM 'cat'",
    "COPY {table} FROM PROGRAM 'cat'",
    "LOCK TABLE {table} IN EXCLUSIVE MODE",
    "ALTER TABLE {table} ADD COLUMN mine int",
    "CREATE INDEX ON {table} (id)",
)


def test_a_device_is_heard_and_what_is_doubtful_decided_as_the_application(
    as_application: Callable[[], None], now: datetime
) -> None:
    as_application()
    served = make_door(make_world(now), now)
    tablet = make_tablet(served)
    over = served.session.ends_at
    close_desk(by=served.manager, session=served.session, now=over)
    tablet.send([tablet.arrival(3), tablet.arrival(4)], after=timedelta(hours=4))
    first, second = Conflict.objects.order_by("student__seat_no")
    desk.reopen_desk(by=served.manager, session=served.session, reason="断网补传", now=over)

    conflicts.accept(by=served.manager, conflict=first, now=over)
    conflicts.drop(by=served.manager, conflict=second, reason="没有来过", now=over)

    assert [row.decision for row in ConflictDecision.objects.order_by("conflict__student")] == [
        "accepted",
        "dropped",
    ]
    with pytest.raises(ConflictDecided):
        conflicts.drop(by=served.manager, conflict=first, reason="又改主意", now=over)


def test_a_class_is_decided_at_once_as_the_application(
    as_application: Callable[[], None], now: datetime
) -> None:
    as_application()
    served = make_door(make_world(now), now)
    tablet = make_tablet(served)
    over = served.session.ends_at
    close_desk(by=served.manager, session=served.session, now=over)
    sent = [tablet.arrival(n, after=timedelta(minutes=n)) for n in (1, 2, 2, 3)]
    tablet.send(sent, after=timedelta(hours=4))
    desk.reopen_desk(by=served.manager, session=served.session, reason="断网补传", now=over)
    (batch,) = selectors.together(selectors.waiting(served.manager))

    accepted = conflicts.accept_all(
        by=served.manager, session=served.session, groups=batch[:2], now=over
    )
    dropped = conflicts.drop_all(
        by=served.manager,
        session=served.session,
        groups=batch[1:],
        reason="没有来过",
        now=over,
    )

    assert [len(times) for times in batch] == [1, 2, 1]
    assert (accepted.done, accepted.refused) == (2, {})
    assert (dropped.done, list(dropped.refused)) == (1, [batch[1][0].pk])
    assert sorted(ConflictDecision.objects.values_list("decision", flat=True)) == [
        "accepted",
        "accepted",
        "dropped",
        "dropped",
    ]
    assert ConflictDecision.objects.exclude(seal_salt=None).count() == 4


def refused(statement: str) -> bool:
    """Whether the server says that the role must not."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege)
    return False


@pytest.mark.parametrize("table", TABLES)
def test_what_only_grows_is_refused_to_the_application_by_its_rights(
    served: Door, table: str
) -> None:
    before = rows(table)

    got_through = [attack for attack in ATTACKS if not refused(attack.format(table=table))]

    assert got_through == []
    assert rows(table) == before
    assert len(before) > 0


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_setting_that_ignores_the_triggers_does_not_give_the_rights(
    served: Door, table: str, statement: str
) -> None:
    """Any role may set it: without the rights' refusal the row would be gone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [IGNORE_ALL])
        with pytest.raises(ProgrammingError, match="permission denied for table"):
            cursor.execute(statement.format(table))

    with pgtrigger.ignore(), pytest.raises(ProgrammingError, match="permission denied for table"):
        HourCredit.objects.update(class_hours=40)


def test_without_the_rights_refusal_the_setting_would_open_the_table(served: Door) -> None:
    """What the roles are for: the owner, with the same setting, gets through."""
    as_owner()
    with pgtrigger.ignore(), transaction.atomic():
        changed = HourCredit.objects.update(class_hours=40)
        transaction.set_rollback(True)

    assert changed == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SELECT set_config('session_replication_role', 'replica', false)",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "GRANT postgres TO {role}",
        "ALTER ROLE {role} SUPERUSER",
        "CREATE ROLE helper SUPERUSER",
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DROP SCHEMA public CASCADE",
        "DROP FUNCTION pgtrigger_ledger_only_grows_b7c21() CASCADE",
        "UPDATE pg_trigger SET tgenabled = 'D'",
        "UPDATE django_migrations SET name = name",
    ],
)
def test_the_ways_around_are_refused_too(served: Door, statement: str) -> None:
    assert refused(statement.format(role=APPLICATION))


def test_what_it_gives_itself_is_nothing(served: Door) -> None:
    """The server only warns whoever grants what he has not."""
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT UPDATE, DELETE ON hours_hourcredit TO {APPLICATION}")

    assert refused("UPDATE hours_hourcredit SET id = id")
    assert rights.excesses(APPLICATION) == []


def rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(table)))
        return cursor.fetchall()


def test_the_tables_that_only_grow_are_those_whose_models_say_so() -> None:
    assert sorted(model.__name__ for model in rights.append_only()) == APPEND_ONLY
    assert [rights.rights_of(table) for table in TABLES] == [("SELECT", "INSERT")] * 3
    assert rights.rights_of("bookings_place") == ("SELECT", "INSERT", "UPDATE", "DELETE")
    assert rights.rights_of("attendance_lawfulremoval") == ("SELECT",)
    assert rights.rights_of("cache") == ("SELECT", "INSERT", "UPDATE", "DELETE")
    assert rights.rights_of("django_migrations") == ("SELECT",)


def test_whatever_a_trigger_protects_has_its_emptying_refused_too() -> None:
    def guards(model: type[models.Model]) -> list[str]:
        return [str(trigger.operation) for trigger in model._meta.triggers]  # type: ignore[attr-defined]

    assert {model.__name__ for model in rights.append_only() if "TRUNCATE" in guards(model)} == set(
        APPEND_ONLY
    )


def test_granting_again_changes_nothing(as_application: Callable[[], None]) -> None:
    as_application()
    as_owner()
    acl = "SELECT relname, relacl::text FROM pg_class WHERE relacl IS NOT NULL ORDER BY relname"

    with connection.cursor() as cursor:
        cursor.execute(acl)
        before = cursor.fetchall()
        out = StringIO()
        call_command("grant_roles", role=APPLICATION, stdout=out)
        cursor.execute(acl)

        assert cursor.fetchall() == before
    assert out.getvalue() == (
        f"{APPLICATION} may only add to accounts.AuditEntry, attendance.CheckIn,"
        " attendance.Conflict, attendance.ConflictDecision, attendance.DaySeal,"
        " attendance.SealedEntry, hours.HourCredit.\n"
    )


@pytest.mark.parametrize(
    ("given", "taken", "found"),
    [
        (
            "GRANT UPDATE (reason) ON hours_hourcredit TO {role}",
            "REVOKE UPDATE (reason) ON hours_hourcredit FROM {role}",
            "{role} may UPDATE hours_hourcredit.",
        ),
        (
            "GRANT TRUNCATE ON bookings_place TO {role}",
            "REVOKE TRUNCATE ON bookings_place FROM {role}",
            "{role} may TRUNCATE bookings_place.",
        ),
        (
            "GRANT SET ON PARAMETER session_replication_role TO {role}",
            "REVOKE SET ON PARAMETER session_replication_role FROM {role}",
            "{role} may switch triggers off (session_replication_role).",
        ),
        (
            "ALTER ROLE {role} CREATEROLE",
            "ALTER ROLE {role} NOCREATEROLE",
            "{role} is a maker of roles.",
        ),
        (
            "ALTER TABLE bookings_place OWNER TO {role}",
            "ALTER TABLE bookings_place OWNER TO postgres",
            "{role} owns bookings_place.",
        ),
    ],
)
def test_a_check_names_each_right_too_many(
    as_application: Callable[[], None], given: str, taken: str, found: str
) -> None:
    as_application()
    as_owner()
    out = StringIO()
    with connection.cursor() as cursor:
        cursor.execute(given.format(role=APPLICATION))
        try:
            with pytest.raises(CommandError):
                call_command("grant_roles", "--check", role=APPLICATION, stdout=out)
        finally:
            cursor.execute(taken.format(role=APPLICATION))

    assert found.format(role=APPLICATION) in out.getvalue().splitlines()
    assert rights.excesses(APPLICATION) == []


def test_what_a_role_has_by_another_is_found_and_nothing_is_granted(
    as_application: Callable[[], None],
) -> None:
    as_application()
    as_owner()
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT pg_write_all_data TO {APPLICATION}")
        cursor.execute(f"REVOKE SELECT ON bookings_place FROM {APPLICATION}")  # noqa: S608
        try:
            with pytest.raises(CommandError):
                call_command("grant_roles", role=APPLICATION, stdout=StringIO())
            found = rights.excesses(APPLICATION)
            cursor.execute(
                f"SELECT has_table_privilege('{APPLICATION}', 'bookings_place', 'SELECT')"
            )
            may_read = cursor.fetchone()
        finally:
            cursor.execute(f"REVOKE pg_write_all_data FROM {APPLICATION}")

    assert found[0] == f"{APPLICATION} is or may become pg_write_all_data."
    assert f"{APPLICATION} may DELETE hours_hourcredit." in found
    assert may_read == (False,)
    assert rights.grant(APPLICATION) == []


def test_a_schema_open_to_everybody_is_closed(as_application: Callable[[], None]) -> None:
    as_application()
    as_owner()
    with connection.cursor() as cursor:
        cursor.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    before = rights.excesses(APPLICATION)

    assert rights.grant(APPLICATION) == []
    assert before == [f"{APPLICATION} may create tables and functions in the schema public."]


def test_a_missing_role_and_the_owner_itself_are_refused_with_a_sentence() -> None:
    owner = connection.settings_dict["USER"]

    with pytest.raises(CommandError, match="There is no database role 'nobody': create it first"):
        call_command("grant_roles", role="nobody")
    with pytest.raises(CommandError, match=f"'{owner}' is the role that this runs as"):
        call_command("grant_roles", role=owner)
