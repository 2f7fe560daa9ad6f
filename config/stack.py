"""Runs everything on this machine: PostgreSQL, web server, django-q clusters; stops it cleanly.

``python -m config.stack`` serves until Ctrl-C. ``PORT`` (8000) says where, ``HTTPS=1`` serves a
self-signed certificate to the local network. What a crash or kill -9 leaves behind is cleared
at the next start.
"""

import contextlib
import fcntl
import io
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
import psutil
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from config import certificate, postgres

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


def say(text: str) -> None:
    print(text, flush=True)


def secret_key(var: Path) -> str:
    """This machine's own secret, made once and kept in ``var``, readable by its owner only."""
    path = var / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="ascii")
    return path.read_text(encoding="ascii")


def port_is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def local_address() -> str:
    """This machine's address on the local network; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def same_process(pid: int, created: float) -> psutil.Process | None:
    """The process that had this number then, if it still runs; numbers are given anew."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - created) < 1 else None
    except psutil.NoSuchProcess:
        return None


class Stack:
    """The processes of one running copy, and the file that remembers them for the next start."""

    def __init__(self, *, var: Path, port: int, https: bool, environment: dict[str, str]) -> None:
        self.var = var
        self.port = port
        self.https = https
        self.host = "0.0.0.0" if https else "127.0.0.1"  # noqa: S104 (phones must reach it)
        self.environment = environment
        self.embedded = not environment.get("DATABASE_URL")
        self.children: list[subprocess.Popen[bytes]] = []
        (var / "run").mkdir(parents=True, exist_ok=True)
        self.memory = var / "run" / f"stack-{port}.json"

    @property
    def base_url(self) -> str:
        return f"{'https' if self.https else 'http'}://127.0.0.1:{self.port}"

    def clear_leftovers(self) -> None:
        """Ends what a killed run of this port left; a run that is alive keeps its processes."""
        try:
            remembered = json.loads(self.memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if same_process(*remembered["runner"]):
            return
        for pid, created in remembered["children"]:
            if process := same_process(pid, created):
                # The cluster would replace a worker that goes before it.
                family = [process, *process.children(recursive=True)]
                for member in family:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        member.kill()
                psutil.wait_procs(family, timeout=5)
        self.memory.unlink(missing_ok=True)

    def remember(self) -> None:
        """The next start finds our processes, even after a kill -9."""
        runner, *children = (
            (process.pid, process.create_time())
            for process in (psutil.Process(), *(psutil.Process(c.pid) for c in self.children))
        )
        self.memory.write_text(
            json.dumps({"runner": runner, "children": children}), encoding="utf-8"
        )

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Copies beside each other take turns in starting up and putting PostgreSQL away."""
        with (self.var / "run" / "turn").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def prepare(self, *, seed: bool) -> None:
        """The database is up, migrated, has its schedules, and the demonstration if wanted.

        The owner migrates; all that comes after has the application's role.
        """
        if self.embedded:
            postgres.start(self.var)
            self.environment["DATABASE_URL"] = postgres.url(self.var, postgres.APPLICATION)
            self.environment["OWNER_DATABASE_URL"] = postgres.url(self.var, postgres.OWNER)
        os.environ.update(self.environment, DJANGO_SETTINGS_MODULE="config.settings", AS_OWNER="1")
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if self.environment.get("OWNER_DATABASE_URL"):
            call_command("grant_roles", stdout=io.StringIO())
        connections.close_all()
        self.manage("ensure_schedules", stdout=subprocess.DEVNULL)
        if seed:
            self.manage("seed_demo")

    @property
    def application_environment(self) -> dict[str, str]:
        """What the processes that serve know: nothing of the owner."""
        hidden = ("OWNER_DATABASE_URL", "AS_OWNER")
        return {name: value for name, value in self.environment.items() if name not in hidden}

    def manage(self, command: str, stdout: int | None = None) -> None:
        """One of manage.py's commands with the application's role; its failure is ours."""
        done = subprocess.run(
            [PYTHON, "manage.py", command],
            cwd=ROOT,
            env=self.application_environment,
            stdout=stdout,
            check=False,
        )
        if done.returncode:
            sys.exit(f"manage.py {command} failed (see above).")

    def launch(self) -> None:
        """Web server and clusters run, and the web server answers."""
        web = [
            PYTHON, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--host", self.host, "--port", str(self.port),
            "--workers", "2", "--blocking-threads", "4", "--backpressure", "64",
            "--no-ws", "--log-level", "warning",
        ]  # fmt: skip
        if self.https:
            cert, key = certificate.ensure(
                self.var / "tls", [local_address(), "127.0.0.1"], timezone.now()
            )
            web += ["--ssl-certificate", str(cert), "--ssl-keyfile", str(key)]
        log = (self.var / f"stack-{self.port}.log").open("ab")
        for command, extra in (
            (web, {"WEB_PROCESS": "1"}),
            ([PYTHON, "manage.py", "qcluster"], {}),
            ([PYTHON, "manage.py", "qcluster"], {"Q_CLUSTER_NAME": "planning"}),
        ):
            self.children.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self.application_environment | extra,
                    stdout=log,
                    stderr=log,
                    # Ctrl-C reaches this runner alone, which then stops the rest in order.
                    start_new_session=True,
                )
            )
        self.remember()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        unverified = ssl.create_default_context()
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        for _attempt in range(150):
            self.exit_if_a_child_died()
            try:
                urllib.request.urlopen(  # noqa: S310 (our own address)
                    f"{self.base_url}/accounts/login/", timeout=5, context=unverified
                ).read()
            except urllib.error.HTTPError as error:
                self.fail(f"The web server's first answer is an error: {error}.")
            except OSError:
                time.sleep(0.2)
            else:
                return
        self.fail("The web server did not answer within 30 seconds.")

    def exit_if_a_child_died(self) -> None:
        for child in self.children:
            if child.poll() is not None:
                self.fail("A part of the stack ended by itself.")

    def fail(self, sentence: str) -> NoReturn:
        """Ends this program, with what the part that failed said; the caller stops the rest."""
        say(f"{sentence} The last lines of var/stack-{self.port}.log:")
        log = self.var / f"stack-{self.port}.log"
        say("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]))
        sys.exit(1)

    def stop(self) -> None:
        """All that this copy started is down; PostgreSQL too, unless somebody else uses it."""
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
        for child in self.children:
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.children.clear()
        self.memory.unlink(missing_ok=True)
        if self.embedded:
            with self.turn():
                if not postgres.is_used(self.var):
                    postgres.stop(self.var)


def main(*, seed: bool = True) -> None:
    """Serves until Ctrl-C; refuses with a sentence where the port is no port or in use."""
    var = Path(os.environ.get("VAR_DIR", "") or ROOT / "var")
    var.mkdir(parents=True, exist_ok=True)
    # PostgreSQL runs as a user of its own when we are root, and must be able to pass through.
    var.chmod(0o755)
    port_words = os.environ.get("PORT", "") or "8000"
    if not port_words.isdecimal() or not 0 < int(port_words) < 65536:
        sys.exit(f"PORT={port_words} is no port: choose a number from 1024 to 65535.")
    port = int(port_words)
    https = os.environ.get("HTTPS", "") not in ("", "0")
    address = f"https://{local_address()}:{port}" if https else f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DEMO": "1",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or secret_key(var),
        "BASE_URL": address,
        "CSRF_TRUSTED_ORIGINS": address,
        "PYTHONUNBUFFERED": "1",
    }
    stack = Stack(var=var, port=port, https=https, environment=environment)
    stack.clear_leftovers()
    if port_is_taken(stack.host, port):
        sys.exit(
            f"Port {port} is in use. Stop what runs there, or choose another: PORT=8123 make demo"
        )

    endings = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        # A second Ctrl-C does not interrupt the stopping.
        for each in endings:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in endings:
        signal.signal(each, interrupted)
    try:
        say("Starting PostgreSQL and bringing the database up to date …")
        with stack.turn():
            stack.prepare(seed=seed)
            stack.launch()
        say("")
        say(f"  职业学堂 Career Classroom is running:  {address}/")
        say(f"  Sign in as each role with one click:  {address}/accounts/demo/")
        say("  (teacher, school coordinator, host manager, instructor, secretariat, reviewer)")
        say(f"  E-mails it sends are shown at:        {address}/demo/mail/")
        say("  Stop with Ctrl-C.")
        while True:
            stack.exit_if_a_child_died()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        for each in endings:
            signal.signal(each, signal.SIG_IGN)
        stack.stop()
    say("Stopped.")


if __name__ == "__main__":
    main()
