"""Wall seconds of the scenario ``relapse`` on two threads: ``python -m benchmarks.relapse``.

A short run past the first dose comes first, so that the long one compiles nothing; what it still
compiled is taken off and shown. Exit status 1 where
the run took longer than the target and nothing disturbed it.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from abm.record.reader import RunReader
from benchmarks import machine
from benchmarks.timing import MOST_FOREIGN, has_cpus
from scenarios.load import load
from scenarios.run import run_scenario

TARGET_S = 90.0
WARM_UP = ("time.end=36 h", "time.record=12 h", "treatment.doses.0.at=[1 d]")
"""Shorter, past the first dose, without the doses that would come after the end."""


def main(arguments: list[str] | None = None) -> int:
    """Run, print seconds per process; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relapse", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--idle-limit", type=float, default=120.0, help="longest wait [s]")
    parser.add_argument("--set", action="append", default=[], help="path=value, as of asnsim run")
    options = parser.parse_args(arguments)
    _say(f"machine: {machine.describe()}")
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder) / "warm-up", [*options.set, *WARM_UP], options)
        remark = machine.wait_for_idle(options.idle_limit, MOST_FOREIGN)
        disturbance = "" if has_cpus(options.threads) else "the threads did not get a CPU each"
        before, used = machine.read_times(), time.process_time()
        run = _run(Path(folder) / "run", options.set, options)
        after = machine.read_times()
        cpu_per_wall = (time.process_time() - used) / (after.wall - before.wall)
        foreign = machine.foreign_share(before, after)
        info, series = run.info, run.timeseries
        cells = f"{int(series.n_cells.min())} at the lowest point, {int(series.n_cells.iloc[-1])}"
    if foreign > MOST_FOREIGN:
        disturbance = f"others used {100 * foreign:.0f} % of the CPUs"
    seconds = info["wall_s"] - info["compile_s"]
    _say(f"relapse: {seconds:.1f} s on {options.threads} threads (target {TARGET_S:g} s), "
         f"compiled {info['compile_s']:.1f} s more; cpu/wall {cpu_per_wall:.2f}")  # fmt: skip
    _say(f"end: {info['exit_reason']} at {info['end_h'] / 24.0:.1f} d; cells: {cells} at the end")
    spent = sorted(info["seconds_per_process"].items(), key=lambda item: -item[1])
    for name, value in [*spent, ("the rest", seconds - sum(value for _, value in spent))]:
        _say(f"  {name:<14}{value:8.1f} s {100 * value / seconds:5.1f} %")
    for text in (remark, disturbance and f"disturbed: {disturbance}"):
        if text:
            _say(text)
    return 1 if seconds > TARGET_S and not disturbance else 0


def _run(out: Path, overrides: list[str], options: argparse.Namespace) -> RunReader:
    scenario = load("relapse", overrides, seed=options.seed)
    run_scenario(scenario, out, threads=options.threads)
    return RunReader(out)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
