"""The processes that are killed with kill -9, and when each of them was dead."""

import subprocess
import sys
import time
from collections import Counter

import psutil

from bench.booking import stage
from bench.race.clients import DATABASE, WEB

CLUSTER = "queue cluster"
# The cluster's guard, two workers, and who fetches tasks and who writes down results.
PROCESSES = 5
KINDS = (WEB, CLUSTER, DATABASE)
VAR = stage.ROOT / "var" / "race"


class Servers:
    """One of each; each is up again before the next one falls."""

    def __init__(self, surroundings: dict[str, str]) -> None:
        self.surroundings = surroundings
        self.port = stage.free_port()
        self.killed: Counter[str] = Counter()
        # By server, from the kill until it answered again.
        self.down: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        self.wrong: list[str] = []
        self.start_web()
        self.start_cluster()

    def start_web(self) -> None:
        self.web = stage.serve(
            "web", self.surroundings, settings="config.settings", port=self.port
        ).process

    def start_cluster(self) -> None:
        self.cluster = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=stage.ROOT,
            env=self.surroundings,
            stdout=(VAR / "cluster.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        # Each server is up before the next one falls.
        family = psutil.Process(self.cluster.pid)
        until = time.monotonic() + 60
        while len(family.children(recursive=True)) < PROCESSES and time.monotonic() < until:
            if self.cluster.poll() is not None:
                break
            time.sleep(0.1)

    def kill(self, which: str) -> float:
        """It was killed and is up again; how many seconds it was not."""
        self.look_after()
        begun = time.monotonic()
        if which == WEB:
            _kill(psutil.Process(self.web.pid))
            self.web.wait()
            self.start_web()
        elif which == CLUSTER:
            _kill(psutil.Process(self.cluster.pid))
            self.cluster.wait()
            self.start_cluster()
        else:
            _kill(stage.postmaster(VAR))
            self._start_postgres()
        self.killed[which] += 1
        self.down[which].append((begun, time.monotonic()))
        return time.monotonic() - begun

    def _start_postgres(self) -> None:
        """By a process of its own: in ours the package believes that the dead one still runs."""
        for _attempt in range(50):
            done = subprocess.run(
                [sys.executable, "-m", "config.postgres", "start"],
                cwd=stage.ROOT,
                env=self.surroundings,
                capture_output=True,
                text=True,
                check=False,
            )
            if not done.returncode:
                return
            # The dead one's memory is not free yet.
            time.sleep(0.2)
        sys.exit(done.stderr)

    def look_after(self) -> None:
        """What ended by itself is a finding, and started again."""
        for name, process, start in (
            (WEB, self.web, self.start_web),
            (CLUSTER, self.cluster, self.start_cluster),
        ):
            if process.poll() is not None:
                self.wrong.append(f"the {name} ended by itself: {process.returncode}")
                start()

    def was_down(self, which: str, began: float, ended: float) -> bool:
        """Whether it was dead at any moment of this time."""
        return any(begun <= ended and began <= up for begun, up in self.down[which])

    def stop(self) -> None:
        for process in (self.web, self.cluster):
            if process.poll() is not None:
                continue
            with_children = psutil.Process(process.pid)
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                _kill(with_children)
                process.wait()


def _kill(process: psutil.Process) -> None:
    """kill -9 of it and of its children, which are ours."""
    family = [process, *process.children(recursive=True)]
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=5)
