"""Runs everything on this machine: PostgreSQL, web server, django-q cluster; stops it cleanly.

``python -m config.stack`` serves until Ctrl-C. ``PORT`` (8000) says where, ``HTTPS=1`` serves a
self-signed certificate to the local network. What a crash or kill -9 leaves behind is cleared
at the next start.
"""

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
from pathlib import Path
from types import FrameType

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
        """Ends processes that a killed run of this port left, after checking that they are its."""
        try:
            remembered = json.loads(self.memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        for pid, created in remembered.get("children", []):
            try:
                process = psutil.Process(pid)
                if abs(process.create_time() - created) > 1:
                    continue
                family = [*process.children(recursive=True), process]
                for member in family:
                    member.terminate()
                _, alive = psutil.wait_procs(family, timeout=5)
                for member in alive:
                    member.kill()
            except psutil.NoSuchProcess:
                continue
        self.memory.unlink(missing_ok=True)

    def remember(self) -> None:
        rows = [
            (child.pid, psutil.Process(child.pid).create_time())
            for child in self.children
            if psutil.pid_exists(child.pid)
        ]
        self.memory.write_text(
            json.dumps({"runner": os.getpid(), "children": rows}), encoding="utf-8"
        )

    def others_are_running(self) -> bool:
        """Whether another copy uses the same PostgreSQL."""
        for path in (self.var / "run").glob("stack-*.json"):
            if path == self.memory:
                continue
            try:
                runner = json.loads(path.read_text(encoding="utf-8")).get("runner", -1)
            except (OSError, ValueError):
                continue
            if psutil.pid_exists(runner) and "config.stack" in " ".join(
                psutil.Process(runner).cmdline()
            ):
                return True
        return False

    def prepare(self, *, seed: bool) -> None:
        """The database is up, migrated, has its schedules, and the demonstration if wanted."""
        if self.embedded:
            postgres.start(self.var)
        os.environ.update(self.environment, DJANGO_SETTINGS_MODULE="config.settings")
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("ensure_schedules", verbosity=0)
        if seed:
            call_command("seed_demo")
        connections.close_all()

    def launch(self) -> None:
        """Web server and cluster run, and the web server answers."""
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
        ):
            self.children.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self.environment | extra,
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
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
            else:
                return
        self.fail("The web server did not answer within 30 seconds.")

    def exit_if_a_child_died(self) -> None:
        for child in self.children:
            if child.poll() is not None:
                self.fail("A part of the stack ended by itself.")

    def fail(self, sentence: str) -> None:
        say(f"{sentence} The last lines of var/stack-{self.port}.log:")
        log = self.var / f"stack-{self.port}.log"
        say("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]))
        self.stop()
        sys.exit(1)

    def stop(self) -> None:
        """All that this copy started is down; PostgreSQL too, unless another copy uses it."""
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
        if self.embedded and not self.others_are_running():
            postgres.stop(self.var)


def main() -> None:
    var = Path(os.environ.get("VAR_DIR", "") or ROOT / "var")
    var.mkdir(parents=True, exist_ok=True)
    # PostgreSQL runs as a user of its own when we are root, and must be able to pass through.
    var.chmod(0o755)
    port = int(os.environ.get("PORT", "") or 8000)
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

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, interrupted)
    try:
        say("Starting PostgreSQL and bringing the database up to date …")
        stack.prepare(seed=True)
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
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.stop()
    say("Stopped.")


if __name__ == "__main__":
    main()
