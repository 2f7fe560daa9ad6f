"""The stack starts whatever the last run left, and leaves nothing when it stops."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config import postgres, stack

ROOT = Path(__file__).resolve().parents[2]
UP = "Stop with Ctrl-C."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder of its own; pytest's is closed to the user that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="cc-"))
    yield folder
    postgres.stop(folder)
    shutil.rmtree(folder)


class Run:
    """One ``make demo`` without the district, as a newcomer's terminal has it."""

    def __init__(self, var: Path, port: int) -> None:
        self.log = var / f"terminal-{port}-{time.monotonic_ns()}.log"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "HTTPS")
        }
        with self.log.open("wb") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from config import stack; stack.main(seed=False)"],
                cwd=ROOT,
                env={**inherited, "VAR_DIR": str(var), "PORT": str(port)},
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until_up(self) -> None:
        for _attempt in range(600):
            if UP in self.said():
                return
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)
        raise AssertionError(self.said())


@pytest.fixture
def run(var: Path) -> Iterator[Callable[[int], Run]]:
    runs: list[Run] = []

    def start(port: int) -> Run:
        runs.append(Run(var, port))
        return runs[-1]

    yield start
    for each in runs:
        if each.process.poll() is None:
            each.process.send_signal(signal.SIGINT)
            each.process.wait(timeout=30)


def processes_of(var: Path, port: int) -> set[str]:
    """What runs for this copy, by name: its server, its cluster's and web server's processes."""
    found = set()
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            mine = process.environ().get("VAR_DIR") == str(var) and (
                process.environ().get("BASE_URL", "").endswith(f":{port}")
            )
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if mine or f"{var}/pg" in words:
            kind = re.search(r"granian|qcluster|postgres|config", words)
            found.add(kind.group() if kind else words)
    return found


def answer(port: int) -> int:
    url = f"http://127.0.0.1:{port}/accounts/login/"
    with urllib.request.urlopen(url, timeout=10) as response:
        return int(response.status)


def test_start_after_kill_9_of_everything_and_stop_on_ctrl_c(var: Path, run) -> None:
    port = free_port()
    killed = run(port)
    killed.wait_until_up()
    assert answer(port) == 200
    left_over = psutil.Process(killed.process.pid).children()
    server = int((var / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])

    killed.process.kill()
    os.kill(server, signal.SIGKILL)
    killed.process.wait()
    assert {each.is_running() for each in left_over} == {True}
    again = run(port)
    again.wait_until_up()

    assert answer(port) == 200
    assert [each for each in left_over if each.is_running()] == []
    assert processes_of(var, port) == {"granian", "qcluster", "postgres"}

    again.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    again.process.send_signal(signal.SIGINT)
    code = again.process.wait(timeout=30)

    assert (code, again.said().rstrip().rsplit("\n", 1)[-1]) == (0, "Stopped.")
    assert processes_of(var, port) == set()
    assert not stack.port_is_taken("127.0.0.1", port)
    assert not (var / "pg" / "postmaster.pid").exists()


def test_second_start_on_a_port_is_refused_and_leaves_the_first_alone(var: Path, run) -> None:
    port = free_port()
    first = run(port)
    first.wait_until_up()

    second = run(port)
    code = second.process.wait(timeout=60)

    assert (code, second.said()) == (
        1,
        f"Port {port} is in use. Stop what runs there, or choose another: PORT=8123 make demo\n",
    )
    assert answer(port) == 200


def test_stop_leaves_the_server_to_another_run_beside_it(var: Path, run) -> None:
    one, other = free_port(), free_port()
    first, second = run(one), run(other)
    first.wait_until_up()
    second.wait_until_up()

    first.process.send_signal(signal.SIGINT)
    code = first.process.wait(timeout=30)

    assert code == 0
    assert answer(other) == 200


@pytest.mark.parametrize("port", ["0", "70000", "eighty", "-1"])
def test_port_that_is_none_is_refused(port, var: Path, monkeypatch) -> None:
    monkeypatch.setenv("PORT", port)
    monkeypatch.setenv("VAR_DIR", str(var))

    with pytest.raises(SystemExit) as refusal:
        stack.main()

    assert refusal.value.code == (f"PORT={port} is no port: choose a number from 1024 to 65535.")


def test_note_of_a_killed_server_whose_number_is_anothers_now_is_forgotten(var: Path) -> None:
    (var / "pg").mkdir()
    note = var / "pg" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{var}/pg\n1\n5432\n{var}/pg\n\n0 0\nready   \n")

    postgres.stop(var)

    assert not note.exists()


def test_secret_key_is_made_once_and_kept_to_its_owner(var: Path) -> None:
    first = stack.secret_key(var)

    assert stack.secret_key(var) == first
    assert len(first) >= 50
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600


def test_server_runs_where_the_path_is_too_long_for_a_socket(var: Path) -> None:
    deep = var / ("a-very-long-name-of-a-folder-" * 4)
    deep.mkdir(parents=True)

    postgres.start(deep)

    assert len(str(deep / "pg" / ".s.PGSQL.5432")) > 107
    assert not postgres.is_used(deep)
    postgres.stop(deep)
    assert not (deep / "pg" / "postmaster.pid").exists()
