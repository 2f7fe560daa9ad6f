"""A backup brings everything back, in an empty server."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

import psycopg
import pytest
from django.db import connection

from config import archive, postgres
from tests.bookings.conftest import make_world
from tests.factories.bookings import make_booking

ROOT = Path(__file__).resolve().parents[2]

TABLES = """
    SELECT schemaname || '.' || relname FROM pg_stat_user_tables ORDER BY 1
"""
ROWS = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
# Constraints and triggers. A CHECK by its name: the server words a list of values anew each time it
# reads one.
GUARDS = """
    SELECT conrelid::regclass || ' ' || conname
        || CASE WHEN contype = 'c' THEN '' ELSE ' ' || pg_get_constraintdef(oid) END
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tgrelid::regclass || ' ' || pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    ORDER BY 1
"""


def source_url() -> str:
    """The test database's address, as PostgreSQL's own programs take it."""
    found = connection.settings_dict
    who = quote(found["USER"])
    password = f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else ""
    port = f"&port={found['PORT']}" if found["PORT"] else ""
    return f"postgresql://{who}{password}@/{found['NAME']}?host={quote(found['HOST'], '')}{port}"


def contents(url: str) -> dict[str, object]:
    """Every table's rows, and the guards around them."""
    with psycopg.connect(url, options="-c timezone=UTC") as db:
        tables = [row[0] for row in db.execute(TABLES)]
        rows: dict[str, object] = {
            table: db.execute(ROWS.format(table=table)).fetchone()  # type: ignore[arg-type]
            for table in tables
        }
        return rows | {"guards": [row[0] for row in db.execute(GUARDS)]}


@pytest.mark.django_db(transaction=True)
def test_backup_restored_into_an_empty_server_is_the_same(
    empty_server: str, tmp_path: Path, now: datetime
) -> None:
    world = make_world(now)
    make_booking(by=world.teacher, session=world.session(), class_group=world.group, now=now)
    file = tmp_path / "backup.dump"
    before = contents(source_url())
    assert before["public.bookings_booking"][0] == 1  # type: ignore[index]

    archive.backup(file, source_url())
    archive.restore(file, empty_server)

    assert contents(empty_server) == before
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db(transaction=True)
def test_restore_replaces_what_was_there(empty_server: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.dump"
    archive.backup(file, source_url())
    before = contents(source_url())
    archive.restore(file, empty_server)
    with psycopg.connect(empty_server) as db:
        db.execute("INSERT INTO cache VALUES ('stray', 'row', now())")

    archive.restore(file, empty_server)

    assert contents(empty_server) == before


@pytest.mark.django_db(transaction=True)
def test_restore_gives_tables_to_the_owner_and_rights_to_the_application(
    empty_server: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.dump"
    archive.backup(file, source_url())
    var = Path(unquote(empty_server.rsplit("host=", 1)[1])).parent
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "OWNER_DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }

    done = subprocess.run(
        [sys.executable, "-m", "config.archive", "restore", str(file)],
        cwd=ROOT,
        env={**inherited, "VAR_DIR": str(var)},
        check=False,
    )

    assert done.returncode == 0
    with psycopg.connect(empty_server) as db:
        owners = db.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert owners.fetchall() == [(postgres.OWNER,)]
        may = db.execute(
            "SELECT has_table_privilege(%(app)s, 'hours_hourcredit', 'INSERT'),"
            " has_table_privilege(%(app)s, 'hours_hourcredit', 'UPDATE')",
            {"app": postgres.APPLICATION},
        )
        assert may.fetchone() == (True, False)


def test_restore_of_a_damaged_file_changes_nothing(empty_server: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.dump"
    file.write_bytes(b"PGDMP, and then nothing of use")
    with psycopg.connect(empty_server) as db:
        db.execute("CREATE TABLE kept AS SELECT 1 AS one")

    with pytest.raises(SystemExit) as refusal:
        archive.restore(file, empty_server)

    assert refusal.value.code == (
        "pg_restore failed; the file or the database is not as it should be (see above)."
    )
    assert contents(empty_server)["public.kept"][0] == 1  # type: ignore[index]


def test_restore_without_its_file_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.archive", "restore", str(tmp_path / "none.dump")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (
        1,
        f"There is no file {tmp_path / 'none.dump'}. Name one: make restore FILE=backup.dump\n",
    )
