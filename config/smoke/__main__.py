"""The stack is started, walked through, and taken away again."""

import io
import os
import shutil
import socket
import sys
import time

from django.core.management import call_command

from config.smoke import attending, edges, founding, hosting
from config.smoke.browser import WalkError
from config.smoke.walk import Walk
from config.stack import ROOT, Stack, say, secret_key


def run(walk: Walk, secretary_address: str) -> None:
    """The steps, in order."""
    founding.people(walk, secretary_address)
    hosting.course(walk)
    hosting.session(walk)
    attending.booking(walk)
    attending.badge(walk)
    attending.door(walk)
    attending.truth(walk)
    edges.web_api(walk)
    edges.leaver(walk)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    var = ROOT / "var" / "smoke"
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    var.chmod(0o755)
    (ROOT / "var").chmod(0o755)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DEMO": "0",
        "VAR_DIR": str(var),
        "SECRET_KEY": secret_key(var),
        "BASE_URL": base,
        "DATABASE_URL": "",
        "EMAIL_URL": "",
    }
    os.environ.update(environment)
    stack = Stack(var=var, port=port, https=False, environment=environment)
    started = time.monotonic()
    try:
        stack.prepare(seed=False)
        call_command(
            "found_alliance", "区职业教育联盟", "secretary@example.org", stdout=io.StringIO()
        )
        stack.launch()
        seconds = time.monotonic() - started
        say(f" 0. The stack is up on {base} with an empty database ({seconds:.0f} s).")
        run(Walk(base, var / "mail"), "secretary@example.org")
    except WalkError as wrong:
        say(f"WRONG: {wrong}")
        return 1
    finally:
        stack.stop()
        shutil.rmtree(var, ignore_errors=True)
    say(f"All well, in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
