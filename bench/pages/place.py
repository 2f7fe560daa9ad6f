"""The two databases: the demonstration's district, and the same with many rows more."""

import json
import os
import subprocess
import sys
import time

import psycopg

from bench.booking import stage
from config import postgres

DEMO, MANY = "pages_demo", "pages_many"
FILL = stage.ROOT / "bench" / "pages" / "many.sql"
# From what each database was made, and when: the demonstration lies around its own day.
NOTE = stage.VAR / "pages-made.json"


def url(name: str) -> str:
    return postgres.url(stage.VAR).replace(f"/{postgres.DATABASE}?", f"/{name}?")


def run(name: str, surroundings: dict[str, str], *command: str) -> str:
    """What the command prints, with this database behind it."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=stage.ROOT,
        env=surroundings | {"DATABASE_URL": url(name), "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def make_demo(surroundings: dict[str, str]) -> None:
    """The demonstration's district stands, of today: an earlier run's, or a new one."""
    if _is_made(DEMO, ""):
        migrate(DEMO, surroundings)
        return
    print("Building the demonstration's district …", flush=True)
    create(DEMO, "template0")
    migrate(DEMO, surroundings)
    run(DEMO, surroundings, "manage.py", "seed_demo")
    _remember(DEMO, "")


def make(surroundings: dict[str, str]) -> None:
    """Both databases stand, those of an earlier run of the same day if there are any."""
    make_demo(surroundings)
    fill = FILL.read_text(encoding="utf-8")
    if _is_made(MANY, fill):
        migrate(MANY, surroundings)
        return
    print("Adding 100,000 sessions and 1,000,000 places; a minute or two …", flush=True)
    create(MANY, DEMO)
    _fill()
    _remember(MANY, fill)


def _is_made(name: str, fill: str) -> bool:
    """Whether the database was made today, from this."""
    if os.environ.get("ANEW") or not NOTE.exists():
        return False
    return bool(json.loads(NOTE.read_text()).get(name) == [_today(), fill])


def _remember(name: str, fill: str) -> None:
    made = json.loads(NOTE.read_text()) if NOTE.exists() else {}
    NOTE.write_text(json.dumps(made | {name: [_today(), fill]}))


def _today() -> str:
    return time.strftime("%F")


def migrate(name: str, surroundings: dict[str, str]) -> None:
    run(name, surroundings, "manage.py", "migrate", "-v0")
    run(name, surroundings, "manage.py", "createcachetable", "-v0")


def create(name: str, template: str) -> None:
    """The database is a copy of the template, whatever it was before."""
    with psycopg.connect(postgres.url(stage.VAR), autocommit=True) as db:
        db.execute(f"DROP DATABASE IF EXISTS {name}")
        db.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}")


def _fill() -> None:
    done = subprocess.run(
        [
            postgres.program("psql"), "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1",
            "-f", str(FILL), url(MANY),
        ],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-2000:])


COUNTED = {
    "sessions": "courses_coursesession",
    "to come": "courses_coursesession WHERE starts_at > now()",
    "students": "rosters_student",
    "bookings": "bookings_booking",
    "places": "bookings_place",
    "credits": "hours_hourcredit",
}


def rows(name: str) -> dict[str, int]:
    """How large the tables are."""
    found = {}
    with psycopg.connect(url(name)) as db:
        for what, where in COUNTED.items():
            row = db.execute(f"SELECT count(*) FROM {where}").fetchone()  # noqa: S608  ours, above
            assert row is not None
            found[what] = int(row[0])
    return found
