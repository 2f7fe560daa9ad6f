"""One method on one district, in a process of its own: ``python -m bench.planner.running``.

Each prints one line of JSON: seconds, seconds of the processor, memory at most, what the judge
says, and what is proven. Compiled routines are made ready on a small district first.
"""

import argparse
import json
import os
import resource
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "var" / "numba"))

Found = tuple[list[tuple[int, int]], dict[str, Any]]
# More than any of them takes on a busy machine.
SECONDS = 1800.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=sorted({*METHODS, *LIVE}))
    parser.add_argument("students", type=int)
    parser.add_argument("supply", type=float)
    parser.add_argument("seed", type=int)
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--prototype", type=Path)
    parser.add_argument("--trip", type=float)
    given = parser.parse_args()
    from bench.planner import instances  # noqa: PLC0415  after the cache's place is set

    if given.method in LIVE:
        line = _live(given)
    else:
        made = instances.district(given.students, given.supply, given.seed, at_once=given.at_once)
        method = METHODS[given.method](given)
        begun, used = time.perf_counter(), time.process_time()
        booked, more = method(made)
        line = _spent(begun, used) | instances.judged(made, booked) | more
    sys.stdout.write(json.dumps(line, default=float) + "\n")


def _spent(begun: float, used: float) -> dict[str, Any]:
    return {
        "seconds": time.perf_counter() - begun,
        "processor": time.process_time() - used,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _live(given: argparse.Namespace) -> dict[str, Any]:
    """A school or displaced classes in a season under way, which is made ready before."""
    from bench.planner import instances, live  # noqa: PLC0415
    from planning.solving.planner import plan  # noqa: PLC0415
    from planning.solving.problem import Budget  # noqa: PLC0415

    stage = getattr(live, LIVE[given.method])(given.seed, SECONDS)
    _warm()
    begun, used = time.perf_counter(), time.process_time()
    found = plan(stage.problem, Budget(SECONDS), seed=given.seed)
    line = _spent(begun, used) | instances.judged(stage.made, stage.booked(found.places))
    return line | {
        "classes": len(stage.problem.classes),
        "students": len(stage.problem.students),
        "mine": found.reached.students,
        "mine_bound": found.bounds.reach,
        "trips": found.reached.trips,
    }


def _warm() -> float:
    """Compiled routines are made ready on a small district; how long that took."""
    from bench.planner import instances  # noqa: PLC0415
    from planning.solving.planner import plan  # noqa: PLC0415
    from planning.solving.problem import Budget  # noqa: PLC0415

    begun = time.perf_counter()
    plan(instances.problem_of(instances.district(300, 1.2, 9)), Budget(SECONDS, turns=1))
    return time.perf_counter() - begun


def _ours(*, is_draft: bool, goal: str) -> Callable[[argparse.Namespace], Callable[[Any], Found]]:
    def ready(given: argparse.Namespace) -> Callable[[Any], Found]:
        from bench.planner import instances  # noqa: PLC0415
        from planning.solving.planner import plan  # noqa: PLC0415
        from planning.solving.problem import Budget, Goal  # noqa: PLC0415

        _warm()

        def run(made: Any) -> Found:
            problem = instances.problem_of(made, goal=Goal(goal), trip=given.trip)
            found = plan(problem, Budget(SECONDS, is_draft=is_draft), seed=given.seed)
            reached, bounds = found.reached, found.bounds
            return [(int(one), int(two)) for one, two in found.places], {
                "wishes": reached.wishes,
                "reach_bound": bounds.reach,
                "wishes_bound": bounds.wishes,
                "wishes_bound_as_sited": bounds.wishes_as_sited,
            }

        return run

    return ready


def _prototype(given: argparse.Namespace) -> Callable[[Any], Found]:
    """The prototype from where it lies; only read. Its folder stands before the judge's, whose
    modules are the same. What it looks at as a clock counts seconds of the processor, so that it
    has as long for its improvement on a busy machine as on a quiet one."""
    sys.path.insert(0, str(given.prototype))
    # It imports one package for nothing, which we do without.
    for name in ("scipy", "scipy.sparse"):
        sys.modules.setdefault(name, types.ModuleType(name))
    import planner2  # noqa: PLC0415

    planner2.time = types.SimpleNamespace(time=time.process_time)
    small = planner2.prep(planner2.gen(500, 1.3))
    planner2.lagrange(small, 2)
    planner2.lagrange(small, 2, exact=False)

    def run(made: Any) -> Found:
        booked, report = planner2.run(made, lns_s=40.0, verbose=False)
        report.pop("lam")
        whole = planner2.finish(made, dict(report), booked)
        return booked, {"whole_bound": report["ub_restricted"], "objective": whole["objective"]}

    return run


def _baseline(name: str) -> Callable[[argparse.Namespace], Callable[[Any], Found]]:
    def ready(_given: argparse.Namespace) -> Callable[[Any], Found]:
        from bench.planner import instances  # noqa: PLC0415

        return lambda made: (getattr(instances, name)(made), {})

    return ready


METHODS: dict[str, Callable[[argparse.Namespace], Callable[[Any], Found]]] = {
    "office": _baseline("office"),
    "portal": _baseline("portal"),
    "prototype": _prototype,
    "draft": _ours(is_draft=True, goal="wishes"),
    "full": _ours(is_draft=False, goal="wishes"),
    "trips": _ours(is_draft=False, goal="trips"),
}

# Of ``live``: in a season under way.
LIVE = {"school": "school", "replan": "displaced"}

if __name__ == "__main__":
    main()
