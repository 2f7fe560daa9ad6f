"""What a roster of 20,000 rows costs: ``make bench-roster``, one run.

Each part is measured in turn with its floor, so that a busy machine slows both; figures are
medians. A part is a ``Part``: add one to ``PARTS`` with its floor in ``floors_roster.py``; what
needs a database is in ``roster_commit``. The table is printed, and written to
var/bench/roster.json.
"""

import gc
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rosters.parsing.reader import read_roster
from rosters.parsing.shapes import SchoolFacts

from . import floors_roster, roster_commit
from .measuring import Figures, high_water
from .roster_file import ROWS, roster_of

TIMES = 7
# A school's ordinary file, which is to be previewed in two seconds.
FEW = 400
WRITTEN = Path(__file__).resolve().parent.parent / "var" / "bench" / "roster.json"
FACTS = SchoolFacts(("junior",), 2026)


@dataclass(frozen=True)
class Part:
    """Something of ours and the least it could cost, on the same bytes."""

    name: str
    ours: Callable[[bytes], object]
    floor_name: str
    floor: Callable[[bytes], object]
    # Ours may take this many times the floor.
    target: float


def _parse(content: bytes) -> None:
    reading = read_roster(content, ".xlsx", facts=FACTS)
    if len(reading.rows) != ROWS or reading.refusals or reading.questions:
        raise AssertionError("The roster was not read whole.")


PARTS = [
    Part("parse", _parse, "python-calamine into lists", floors_roster.read_into_lists, 3.0),
]


def _seconds(action: Callable[[bytes], object], content: bytes) -> float:
    gc.collect()
    started = time.perf_counter()
    action(content)
    return time.perf_counter() - started


def _peak(action: Callable[[bytes], object], content: bytes) -> float:
    """The most memory that a process of its own takes for it, above what it had, in MiB."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak_here, (action, content))


def _peak_here(action: Callable[[bytes], object], content: bytes) -> float:
    before = high_water()
    action(content)
    return (high_water() - before) / 1024


def measure(part: Part, content: bytes) -> Figures:
    part.ours(content)
    part.floor(content)
    ours, floor = [], []
    for _ in range(TIMES):
        floor.append(_seconds(part.floor, content))
        ours.append(_seconds(part.ours, content))
    seconds, floor_seconds = statistics.median(ours), statistics.median(floor)
    return Figures.of(
        part.name,
        part.floor_name,
        rows=ROWS,
        seconds=seconds,
        floor_seconds=floor_seconds,
        target=part.target,
        peak_mib=_peak(part.ours, content),
        floor_peak_mib=_peak(part.floor, content),
    )


def main() -> int:
    content = roster_of()
    print(f"{ROWS:,} rows, {len(content) / 2**20:.1f} MiB .xlsx; medians of {TIMES}")
    print(f"{'':10}{'rows/s':>10}{'seconds':>10}{'floor':>10}{'× floor':>10}{'target':>8}", end="")
    print(f"{'MiB':>8}{'floor':>8}")
    measured = [*(measure(part, content) for part in PARTS), roster_commit.measure(content)]
    for one in measured:
        print(
            f"{one.part:10}{one.rows_per_second:>10,}{one.seconds:>10.3f}{one.floor_seconds:>10.3f}"
            f"{one.times_floor:>10.2f}{one.target:>8.1f}{one.peak_mib:>8.0f}"
            f"{one.floor_peak_mib:>8.0f}{'' if one.holds else '  too slow'}"
        )
    few = roster_of(FEW)
    seconds = roster_commit.seconds_to_preview(few)
    print(f"{FEW} rows, from bytes to preview: {seconds:.3f} s (target 2 s with the queue's wait)")
    WRITTEN.parent.mkdir(parents=True, exist_ok=True)
    WRITTEN.write_text(json.dumps([asdict(one) for one in measured], indent=1) + "\n")
    return 0 if all(one.holds for one in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
