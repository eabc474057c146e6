"""S1: many runs with one worker over the same with two, and what a run costs beyond itself.

The one worker has one thread, as each of the two has; left alone it would use both processors.
"""

import json
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from joblib.externals.loky import get_reusable_executor

from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Ratio, Side, compare, ratio
from scenarios.build import build
from scenarios.load import load
from scenarios.sweep.load import Sweep, load_sweep
from scenarios.sweep.run import sweep

N_RUNS, N_RUNS_QUICK = 200, 20
N_RUNS_ONE_WORKER = 60
"""Enough for its throughput: it has nothing to start."""
N_ALONE = 12
N_WARM = 2
"""Runs before the comparison, so that nothing compiles in it."""
OVERHEAD_LIMIT_S = 0.05
_BASE = "dish"
_CHANGES = {"time.end": "24 h"}


def measure(effort: Effort) -> list[Row]:
    """Return the throughput of two workers over one, and the overhead of a run."""
    n_runs = N_RUNS_QUICK if effort.is_quick else N_RUNS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sides = [
            Side("1 workers", partial(_sweep, place, min(n_runs, N_RUNS_ONE_WORKER), 1),
                 is_gated=False),
            Side("2 workers", partial(_with_processes, place, n_runs), is_gated=False),
        ]  # fmt: skip
        _sweep(place, N_WARM, 1)
        samples = compare(sides, replace(effort, rounds=1, tries=1), warm_up=False)
        overhead = _overhead(place)
    return [
        timed("S1", f"{n_runs} runs of {_BASE}, 24 h: one worker / two workers, wall time",
              ratio(samples, "1 workers", "2 workers"), floor=1.8),
        timed("S1", f"a run beyond its simulation / {OVERHEAD_LIMIT_S:g} s",
              Ratio(overhead / OVERHEAD_LIMIT_S, overhead / OVERHEAD_LIMIT_S,
                    overhead / OVERHEAD_LIMIT_S, ""), floor=1.0, is_more_better=False),
    ]  # fmt: skip


def _sweep(place: Path, n_runs: int, workers: int) -> float:
    with tempfile.TemporaryDirectory(dir=place) as out:
        sweep(_file(place, n_runs), Path(out) / "out", workers=workers)
    return float(n_runs)


def _with_processes(place: Path, n_runs: int) -> float:
    units = _sweep(place, n_runs, 2)
    get_reusable_executor().shutdown(wait=True)  # what its processes used counts as ours then
    return units


def _file(place: Path, n_runs: int) -> Sweep:
    path = place / f"many-{n_runs}.yaml"
    keys = {"asnsim": 1, "sweep": _BASE, "changes": _CHANGES, "replicates": n_runs}
    path.write_text(json.dumps(keys))
    return load_sweep(path)


def _overhead(place: Path) -> float:
    """Return the wall time of a run in a sweep less that of building and stepping it [s]."""
    overrides = tuple(f"{name}={value}" for name, value in _CHANGES.items())
    scenario = load(_BASE, overrides)
    alone = time.perf_counter()
    for _ in range(N_ALONE):
        model = build(scenario)
        while model.running:
            model.step()
    alone = time.perf_counter() - alone
    started = time.perf_counter()
    _sweep(place, N_ALONE, 1)
    return max(time.perf_counter() - started - alone, 0.0) / N_ALONE
