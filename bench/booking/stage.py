"""Real processes to measure: our PostgreSQL in a folder of its own, web servers as in production,
and what each of them costs."""

import base64
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from config import postgres
from config.stack import ROOT

VAR = ROOT / "var" / "bench"
PYTHON = sys.executable


def environment(var: Path = VAR) -> dict[str, str]:
    """Production's settings on this machine: no debugging, hashed static files."""
    return {
        **os.environ,
        "DEBUG": "0",
        "DEMO": "0",
        "VAR_DIR": str(var),
        "DATABASE_URL": "",
        "EMAIL_URL": "",
        "REDIS_URL": "",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "FIELD_KEYS": "bench:" + base64.b64encode(bytes(32)).decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        # Everything comes from one address here.
        "TRUSTED_PROXIES": "0",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass
class Server:
    """A granian with its workers, started as ``make demo`` starts it."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    def cpu_seconds(self) -> float:
        """What the server and its workers have used so far."""
        return _family_cpu(psutil.Process(self.process.pid))

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(
    name: str, surroundings: dict[str, str], *, settings: str, port: int | None = None
) -> Server:
    """The server runs and answers, whatever it says."""
    port = port or free_port()
    path = Path(surroundings["VAR_DIR"]) / f"{name}.log"
    log = path.open("ab")
    process = subprocess.Popen(
        [
            PYTHON, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--host", "127.0.0.1", "--port", str(port),
            "--workers", "2", "--blocking-threads", "4", "--backpressure", "64",
            "--no-ws", "--log-level", "warning",
        ],
        cwd=ROOT,
        env=surroundings | {"WEB_PROCESS": "1", "DJANGO_SETTINGS_MODULE": settings},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )  # fmt: skip
    server = Server(name, port, process)
    for _attempt in range(150):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(
                urllib.request.Request(
                    f"http://127.0.0.1:{port}/api/v1/reservations/",
                    headers={"X-Forwarded-Proto": "https", "Authorization": "Bearer nobody"},
                ),
                timeout=5,
            ).read()
        except urllib.error.HTTPError:
            return server
        except OSError:
            time.sleep(0.2)
        else:
            return server
    server.stop()
    sys.exit(f"{name} did not come up: see {path}")


@contextlib.contextmanager
def database(var: Path = VAR) -> Iterator[psutil.Process]:
    """The folder's PostgreSQL runs; given is its first process. Stopped afterwards."""
    var.mkdir(parents=True, exist_ok=True)
    var.chmod(0o755)
    var.parent.chmod(0o755)
    postgres.start(var)
    try:
        yield postmaster(var)
    finally:
        postgres.stop(var)


def postmaster(var: Path) -> psutil.Process:
    """PostgreSQL's first process."""
    return psutil.Process(int((var / "pg" / "postmaster.pid").read_text().split("\n", 1)[0]))


def postgres_cpu_seconds(first: psutil.Process) -> float:
    return _family_cpu(first)


def _family_cpu(parent: psutil.Process) -> float:
    """Of a process and its children, those that ended included."""
    own = parent.cpu_times()
    used = own.user + own.system + own.children_user + own.children_system
    for child in parent.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            used += times.user + times.system
    return used


def fsync_milliseconds(var: Path = VAR) -> float:
    """The median of forty fdatasync calls after a page, in PostgreSQL's own folder."""
    path = var / "fsync-probe"
    took = []
    with path.open("wb", buffering=0) as file:
        for _attempt in range(40):
            file.write(bytes(8192))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    path.unlink()
    return round(sorted(took)[len(took) // 2] * 1000, 3)


def pgbench(
    script: Path,
    variables: dict[str, int],
    *,
    clients: int,
    transactions: int,
    var: Path = VAR,
) -> str:
    """What pgbench prints of the script, prepared statements, one thread."""
    command = [
        postgres.program("pgbench"), "-n", "-M", "prepared", "-f", str(script),
        "-c", str(clients), "-j", "1", "-t", str(transactions), "-l", "--log-prefix",
        str(var / "pgbench-log"),
    ]  # fmt: skip
    for name, value in variables.items():
        command += ["-D", f"{name}={value}"]
    command.append(postgres.url(var))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=var)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout
