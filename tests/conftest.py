"""What every test stands on."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import hypothesis
import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import TransactionTestCase
from django.utils import translation
from psycopg import sql
from pytest_django import DjangoDbBlocker

from accounts.services import rights
from attendance.selectors import rule_sets
from attendance.services import seals
from config import messages
from sites.calendar import SHANGHAI

# Roles belong to the whole server: each process of a run has its own.
APPLICATION = f"test_application_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


# Whoever changed nothing gets the answer of the last run; --hypothesis-profile=default looks
# further. No deadlines: the machine may have much else to do.
hypothesis.settings.load_profile("ci")


def pytest_configure() -> None:
    """The English catalogue as it stands is the one that pages use."""
    messages.compile_all()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test has a name of its own: of two alike, a run on several cores drops one."""
    names = Counter(item.nodeid for item in items)
    alike = [name for name, count in names.items() if count > 1]
    if alike:
        raise pytest.UsageError(f"Several tests of one name: {', '.join(alike)}")


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    """Sentences are asserted in the first language."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture(autouse=True)
def _rules_read_anew() -> None:
    """No edition of the attendance rules is remembered from another test."""
    rule_sets.forget_what_was_read()


@pytest.fixture(autouse=True)
def _seals_wait_for_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever seals a day waits for all transactions of the server, those of the run's other
    processes among them, which may take long."""
    monkeypatch.setitem(seals.seal_days.__kwdefaults__, "wait_for", timedelta(minutes=5))


@pytest.fixture(scope="session", autouse=True)
def _no_stragglers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """At the end no server or thread of a test still holds on to the database.

    This thread may have two connections: asgiref gives another one while Playwright's event loop
    runs. Which of them this is, and whether it still lives, is left to nobody: it is a new one.
    """
    yield
    connection.close()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def now() -> datetime:
    """A Tuesday morning of the season: 24 November 2026, 08:00 in Shanghai."""
    return datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture
def as_application(transactional_db: None) -> Iterator[Callable[[], None]]:
    """What the test does after calling it, it does over a connection of the application's role;
    ``as_owner`` leads back."""

    def connect_anew() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {APPLICATION} LOGIN PASSWORD 'tests'")
        assert rights.grant(APPLICATION) == []
        connection.close()
        connection.settings_dict |= {"USER": APPLICATION, "PASSWORD": "tests"}

    yield connect_anew
    as_owner()


OWNER = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}


def as_owner() -> None:
    """What comes now is done as whoever made the test's database."""
    if connection.settings_dict["USER"] != OWNER["USER"]:
        connection.close()
        connection.settings_dict |= OWNER


def emptied_tables() -> list[str]:
    """All but what Django writes of itself for each migrated model."""
    kept = {
        model._meta.db_table for model in (ContentType, Permission, MigrationRecorder.Migration)
    }
    with connection.cursor() as cursor:
        return sorted(set(connection.introspection.table_names(cursor)) - kept)


def _empty_what_has_rows(self: TransactionTestCase) -> None:
    """Leaves what Django's flush leaves, some twenty times as fast: it makes no table anew, only
    those with rows are emptied, append-only ones too, which the product itself never can.

    As with flush, whoever still writes is waited for.
    """
    tables = emptied_tables()
    all_of_them = sql.SQL(", ").join(map(sql.Identifier, tables))
    has_rows = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(table, sql.Identifier(table))
        for table in tables
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(all_of_them))
        cursor.execute(has_rows)
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


TransactionTestCase._fixture_teardown = _empty_what_has_rows  # type: ignore[method-assign]
