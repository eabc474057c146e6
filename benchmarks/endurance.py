"""What a long run does to memory, and what recording takes of a run."""

import gc
import tempfile
import tracemalloc
from pathlib import Path

from abm.record.reader import RunReader
from benchmarks.rows import Row
from benchmarks.timing import Effort
from benchmarks.whole import resident_bytes, tissue_text
from scenarios.build import build
from scenarios.load import loads
from scenarios.run import run_scenario

N_STEPS, N_STEPS_QUICK = 10_000, 1_000
SETTLED = 0.3
"""Share of the steps after which memory is taken for the first time."""
MOST_PER_STEP = 1024.0
"""Bytes by which memory may grow per step: what is kept of each step for Mesa's data collector."""
SMALL_TISSUE = """asnsim: 1
description: a small full tissue that goes on and on, for the benchmarks
environment:
  kind: tissue
  size: [100 um, 100 um]
  spacing: 20 um
  thickness: 10 um
  extracellular_fraction: 0.3
  medium: human-plasma
  species: [asn, gln, glu]
  vessels: {fraction: 0.1, exchange_rate: 1 1/s}
cells:
  - {type: blast, line: default-blast, number: 50, threshold_cv: 0.25, asns_cv: 0.3}
time: {end: 1100 h, record: 1100 h, checkpoint: 1100 h}
stop: []
seed: 1
"""
RECORDED, RECORDED_QUICK = (20_000, 100_000), (2_000,)
RECORDING = ("time.end=24 h", "time.record=1 h", "time.checkpoint=12 h")
WARM_HOURS = 1
"""Of the run before, which may compile."""
MOST_RECORDING = 0.10


def leak(effort: Effort) -> list[Row]:
    """Return the growth of memory from 30 % to all of 10,000 steps of a small full tissue."""
    n_steps = N_STEPS_QUICK if effort.is_quick else N_STEPS
    settled = int(SETTLED * n_steps)
    model = build(loads(SMALL_TISSUE))
    seen = []
    tracemalloc.start()
    for step in range(1, n_steps + 1):
        model.step()
        if step in (settled, n_steps):
            gc.collect()
            seen.append((tracemalloc.get_traced_memory()[0], resident_bytes(), len(model.cells)))
    tracemalloc.stop()
    (traced, resident, before), (traced_then, resident_then, after) = seen
    per_step = (traced_then - traced) / (n_steps - settled)
    return [
        Row("", f"growth of memory per step, steps {settled} to {n_steps} of a small full tissue / "
            f"{MOST_PER_STEP:g} B", per_step / MOST_PER_STEP, floor=1.0, is_more_better=False,
            remark=f"{per_step:.0f} B per step as counted by tracemalloc, in all "
            f"{(traced_then - traced) / 1e6:.2f} MB; resident memory grew by "
            f"{(resident_then - resident) / 1e6:.1f} MB; {before} cells, then {after}"),
    ]  # fmt: skip


def recording(effort: Effort) -> list[Row]:
    """Return the share of a run that recording takes, by number of cells, from its run.json."""
    sizes = RECORDED_QUICK if effort.is_quick else RECORDED
    short = loads(tissue_text(sizes[0]), overrides=(*RECORDING, f"time.end={WARM_HOURS} h"))
    with tempfile.TemporaryDirectory() as folder:
        run_scenario(short, Path(folder) / "warm")
        return [_recording_of(number, Path(folder) / f"{number}") for number in sizes]


def _recording_of(number: int, out: Path) -> Row:
    run_scenario(loads(tissue_text(number), overrides=RECORDING), out)
    info = RunReader(out).info
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    stepping = info["wall_s"] - info["compile_s"] - info["build_s"]
    share = info["record_s"] / stepping
    spent = sum(info["seconds_per_process"].values())
    return Row(
        "", f"recording every hour / {MOST_RECORDING:g} of the run, {number} cells, 24 h",
        share / MOST_RECORDING, floor=1.0, goal=0.5, is_more_better=False,
        remark=f"{100 * share:.1f} % of {stepping:.1f} s, processes {spent:.1f} s; "
        f"{size / 1e6:.1f} MB; checkpoints included",
    )  # fmt: skip
