"""The database as one file, and back: PostgreSQL's own custom format."""

import os
import subprocess
import sys
from pathlib import Path

from config import postgres

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR", "") or ROOT / "var")


def database_url() -> str:
    """The owner's address: a restored table belongs to whoever restores it."""
    named = os.environ.get("OWNER_DATABASE_URL", "") or os.environ.get("DATABASE_URL", "")
    return named or postgres.url(VAR)


def grant() -> None:
    """The application's role has its rights on what was restored; the file holds none."""
    environment = dict(os.environ)
    if not environment.get("DATABASE_URL"):
        postgres.hand_over(VAR)
        environment |= {"DEBUG": "1", "OWNER_DATABASE_URL": postgres.url(VAR, postgres.OWNER)}
    if environment.get("OWNER_DATABASE_URL"):
        subprocess.run(
            [sys.executable, "manage.py", "grant_roles"], cwd=ROOT, env=environment, check=True
        )


def run(tool: str, *words: str) -> None:
    """One of PostgreSQL's own tools, from the package; its failure is ours."""
    done = subprocess.run([postgres.program(tool), *words], check=False)
    if done.returncode:
        sys.exit(f"{tool} failed; the file or the database is not as it should be (see above).")


def backup(file: Path, url: str) -> None:
    """``file`` holds the whole database as of now, readable by its owner only.

    An older backup of that name stays until the new one is complete.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".part")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={partial}", url)
    partial.replace(file)


def restore(file: Path, url: str) -> None:
    """The database is exactly what the file holds; what it held before is gone.

    One transaction: a damaged file changes nothing.
    """
    if not file.exists():
        sys.exit(f"There is no file {file}. Name one: make restore FILE=backup.dump")
    run(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges",
        "--single-transaction", "--exit-on-error", f"--dbname={url}", str(file),
    )  # fmt: skip


def main() -> None:
    match sys.argv[1:]:
        case ["backup", file]:
            backup(Path(file), database_url())
            print(f"Saved to {file}.")
        case ["restore", file]:
            restore(Path(file), database_url())
            grant()
            print(f"Restored from {file}.")
        case _:
            sys.exit("usage: python -m config.archive backup|restore FILE")


if __name__ == "__main__":
    main()
