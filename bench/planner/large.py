"""``python -m bench.planner.large``: a city of 120,000 as a draft, and in full by districts.

Each piece runs in a process of its own with one thread. A district that is planned is kept in
var/bench, under the state of the planner's sources, and not planned again: a run that is killed
goes on where it was. ``--districts 4`` is a city of 20,000.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "var" / "numba"))
KEPT = ROOT / "var" / "bench" / "planner"
# Of the sources as they are when it begins; what only explains is no part of a plan.
STATE = hashlib.sha256(
    b"".join(
        path.read_bytes()
        for path in sorted((ROOT / "planning" / "solving").glob("*.py"))
        if path.name != "explaining.py"
    )
).hexdigest()[:12]
SUPPLY, SEED, EACH = 1.1, 1, 5000
SECONDS = 7200.0
COLUMNS = "{:<9} {:<13} {:>7} {:>7} {:>8} {:>7} {:>7} {:>6} {:>8} {:>8} {:>5}  {}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--districts", type=int, nargs="+", default=[4, 24])
    parser.add_argument("--only", choices=("draft", "districts"))
    parser.add_argument("--piece", nargs=2, type=int, metavar=("DISTRICTS", "NUMBER"))
    given = parser.parse_args()
    if given.piece:
        _piece(*given.piece)
        return 0
    print(COLUMNS.format(
        "students", "method", "reach", "bound", "reach%", "worst%", "score", "trips", "sec",
        "cpu sec", "MiB", "judge",
    ))  # fmt: skip
    missed: list[str] = []
    for districts in given.districts:
        if given.only != "districts":
            line = _in_a_process(districts, -1)
            _print(districts, "draft", line)
            if districts >= 24:
                missed += [
                    f"draft of {districts * EACH}: {name}"
                    for name, is_met in (
                        ("sound", line["ok"]),
                        ("96 % reach it", line["reach_pct"] >= 96),
                        ("at most 6 minutes of the processor", line["processor"] <= 360),
                        ("at most 1 GiB", line["mib"] <= 1024),
                    )
                    if not is_met
                ]
        if given.only != "draft":
            line = _by_districts(districts)
            _print(districts, "by districts", line)
            # A district may have too few seats of its own: of those who can, as many.
            if not line["ok"] or line["reach"] < 0.995 * line["reach_bound"]:
                missed.append(
                    f"{districts * EACH} by districts: sound, and 99.5 % of those who can"
                )
    print("\nAll bars are met." if not missed else "\nMissed:\n" + "\n".join(missed))
    return 1 if missed else 0


def _print(districts: int, method: str, line: dict[str, Any]) -> None:
    print(COLUMNS.format(
        districts * EACH, method, line["reach"], line["reach_bound"], f"{line['reach_pct']:.2f}",
        f"{line['min_school_reach_pct']:.1f}", f"{line['score']:.3f}", line["trips"],
        f"{line['seconds']:.0f}", f"{line['processor']:.0f}", f"{line['mib']:.0f}",
        "sound" if line["ok"] else line["errs"],
    ), flush=True)  # fmt: skip


def _by_districts(districts: int) -> dict[str, Any]:
    """What is not kept yet is planned, and the judge looks at the whole."""
    from bench.planner import instances  # noqa: PLC0415

    lines = [_in_a_process(districts, number) for number in range(districts)]
    booked = [
        (int(one), int(two))
        for number in range(districts)
        for one, two in json.loads(_kept(districts, number).read_text())["places"]
    ]
    judged = instances.judged(_city(districts), booked)
    return {
        **judged,
        "seconds": sum(line["seconds"] for line in lines),
        "processor": sum(line["processor"] for line in lines),
        "mib": max(line["mib"] for line in lines),
        "reach_bound": sum(line["reach_bound"] for line in lines),
    }


def _in_a_process(districts: int, number: int) -> dict[str, Any]:
    """The line of one piece, which is the draft of all where the number is -1."""
    kept = _kept(districts, number)
    if not kept.exists():
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        subprocess.run(
            [sys.executable, "-m", "bench.planner.large", "--piece", str(districts), str(number)],
            cwd=ROOT, env={**os.environ, **threads}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    line: dict[str, Any] = json.loads(kept.read_text())["line"]
    if number >= 0:
        print(
            f"  district {number + 1} of {districts}: {line['reach']} of {line['students']},"
            f" at most {line['reach_bound']} can; {line['processor']:.0f} cpu sec",
            file=sys.stderr,
            flush=True,
        )
    return line


def _kept(districts: int, number: int) -> Path:
    """Where a piece is kept: never taken for one of other sources."""
    name = "draft" if number < 0 else f"district-{number:02}"
    return KEPT / f"{districts * EACH}-{STATE}" / f"{name}.json"


def _city(districts: int) -> Any:
    from bench.planner import instances  # noqa: PLC0415

    return instances.city(districts * EACH, SUPPLY, SEED, districts)


def _piece(districts: int, number: int) -> None:
    """One district in full, or all of them in a draft."""
    from bench.planner import instances  # noqa: PLC0415
    from planning.solving.planner import plan  # noqa: PLC0415
    from planning.solving.problem import Budget  # noqa: PLC0415

    plan(instances.problem_of(instances.district(300, 1.2, 9)), Budget(SECONDS, turns=1))
    made = _city(districts)
    problem = instances.problem_of(made)
    students = sessions = None
    if number >= 0:
        problem, students, sessions = instances.district_of(made, problem, number)
    begun, used = time.perf_counter(), time.process_time()
    found = plan(problem, Budget(SECONDS, is_draft=number < 0), seed=SEED)
    line = {
        "seconds": time.perf_counter() - begun,
        "processor": time.process_time() - used,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "students": len(problem.students),
        "reach_bound": found.bounds.reach,
        "reach": found.reached.students,
    }
    places = found.places
    if students is None or sessions is None:
        line |= instances.judged(made, [(int(one), int(two)) for one, two in places])
        places = places[:0]
    else:
        places = places.copy()
        places[:, 0], places[:, 1] = students[places[:, 0]], sessions[places[:, 1]]
    kept = _kept(districts, number)
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all, whatever kills it.
    half = kept.with_suffix(".half")
    half.write_text(json.dumps({"line": line, "places": places.tolist()}, default=float))
    half.replace(kept)


if __name__ == "__main__":
    sys.exit(main())
