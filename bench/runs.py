"""One run of one arm, over HTTP or by pgbench, and what is made of several."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from bench.booking import stage


@dataclass(frozen=True)
class Took:
    """What one run came to, before it is known how much of it was done."""

    milliseconds: Sequence[float]
    seconds: float
    python: float
    postgres: float
    client_cpu_seconds: float
    refused: int


@dataclass(frozen=True)
class Run:
    kind: str
    clients: int
    arm: str
    done: int
    per_second: float
    p50: float
    p95: float
    p99: float
    python_cpu_ms: float
    postgres_cpu_ms: float
    client_of_a_core: float
    refused: int
    fsync_ms: float
    load: float

    @classmethod
    def of(cls, kind: str, clients: int, arm: str, took: Took, *, done: int, fsync: float) -> Self:
        return cls(
            kind=kind,
            clients=clients,
            arm=arm,
            done=done,
            per_second=round(done / took.seconds, 1),
            p50=round(percentile(took.milliseconds, 0.5), 1),
            p95=round(percentile(took.milliseconds, 0.95), 1),
            p99=round(percentile(took.milliseconds, 0.99), 1),
            python_cpu_ms=round(took.python / done * 1000, 2),
            postgres_cpu_ms=round(took.postgres / done * 1000, 2),
            client_of_a_core=round(took.client_cpu_seconds / took.seconds, 3),
            refused=took.refused,
            fsync_ms=fsync,
            load=round(os.getloadavg()[0], 1),
        )


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def medians(runs: list[Run]) -> Run:
    """One row of the repeats: the median of every figure."""
    first = asdict(runs[0])
    return Run(
        **{
            name: value
            if isinstance(value, str)
            else statistics.median(asdict(run)[name] for run in runs)
            for name, value in first.items()
        }
    )


def show(rows: list[Run], *, good: int) -> None:
    """The table; ``good`` is the status of what counts as done."""
    print(
        f"{'':7}{'clients':>7} {'arm':9}{'a second':>9}{'p50':>8}{'p95':>8}{'p99':>8}"
        f"{'CPU-ms py':>10}{'+ pg':>7}{'client':>8}{f'not {good}':>8}{'fsync':>7}{'load':>6}"
    )
    for row in rows:
        print(
            f"{row.kind:7}{row.clients:>7} {row.arm:9}{row.per_second:>9.1f}{row.p50:>8.1f}"
            f"{row.p95:>8.1f}{row.p99:>8.1f}{row.python_cpu_ms:>10.2f}{row.postgres_cpu_ms:>7.2f}"
            f"{row.client_of_a_core:>8.1%}{row.refused:>8.0f}{row.fsync_ms:>7.2f}{row.load:>6.1f}"
        )


def over_http(
    client: str, asked: dict[str, Any], server: stage.Server, postmaster: psutil.Process, good: int
) -> Took:
    """What the module ``client`` says, given what to ask; ``good`` is the status it hopes for."""
    python, pg = server.cpu_seconds(), stage.postgres_cpu_seconds(postmaster)
    done = subprocess.run(
        [sys.executable, "-m", client],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=stage.ROOT,
    )
    found = json.loads(done.stdout)
    statuses = {int(status): number for status, number in found["statuses"].items()}
    return Took(
        milliseconds=found["milliseconds"],
        seconds=found["seconds"],
        python=server.cpu_seconds() - python,
        postgres=stage.postgres_cpu_seconds(postmaster) - pg,
        client_cpu_seconds=found["client_cpu_seconds"],
        refused=sum(statuses.values()) - statuses.get(good, 0) + found["unanswered"],
    )


def by_pgbench(
    script: str,
    variables: dict[str, int],
    postmaster: psutil.Process,
    *,
    clients: int,
    transactions: int,
    var: Path = stage.VAR,
) -> Took:
    """What pgbench says of the script of ``bench/floors``."""
    for old in var.glob("pgbench-log*"):
        old.unlink()
    pg = stage.postgres_cpu_seconds(postmaster)
    own = psutil.Process().cpu_times().children_user
    text = stage.pgbench(
        stage.ROOT / "bench" / "floors" / script,
        {"n": 0, "clients": clients} | variables,
        clients=clients,
        transactions=transactions,
        var=var,
    )
    took = [
        int(line.split()[2]) / 1000
        for log in var.glob("pgbench-log*")
        for line in log.read_text().splitlines()
    ]
    rate = float(text.split("tps = ")[1].split()[0])
    return Took(
        milliseconds=took,
        seconds=len(took) / rate,
        python=0.0,
        postgres=stage.postgres_cpu_seconds(postmaster) - pg,
        client_cpu_seconds=psutil.Process().cpu_times().children_user - own,
        refused=0,
    )
