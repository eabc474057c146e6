"""G12-G14: the whole step per cell over sizes, on two threads, and the memory of a cell."""

import gc
import math
import os
import statistics
import tracemalloc
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from abm.model import PopulationModel
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Samples, Side, compare, ratio, summarise
from benchmarks.whole_error import N_CELLS, whole_error
from scenarios.build import build
from scenarios.load import loads

AREA_PER_CELL = 162.0
"""um2 of tissue per blast: an area fraction of about 0.65, as in the scenario relapse."""
SPACING = 20
TISSUE = """asnsim: 1
description: blasts at fixed density with vessels, for the benchmarks
environment:
  kind: tissue
  size: [{side} um, {side} um]
  spacing: {spacing} um
  thickness: 10 um
  extracellular_fraction: 0.3
  medium: human-plasma
  species: [asn, gln, glu]
  edges: no-flux
  vessels: {{fraction: 0.05, exchange_rate: 1 1/s}}
cells:
  - type: blast
    line: default-blast
    number: {number}
    threshold_cv: 0.25
    asns_cv: 0.3
    placement: random
time: {{end: 30 d, record: 30 d, checkpoint: 30 d}}
seed: 1
"""
REFERENCE = 100_000
SMALL_MODEL = 1_000
HUGE = 10_000_000
WELL = """asnsim: 1
description: cells with fixed rates in a well, for the benchmarks
environment: {{kind: well, volume: 1 mL, species: []}}
cells:
  - {{type: cell, model: fixed-rates, number: {number}, birth_rate: 1 1/d, death_rate: 1 1/d}}
time: {{end: 30 d, record: 30 d, checkpoint: 30 d}}
stop: []
seed: 1
"""
WARM_STEPS_OF_WELL = 3
EXACT = "exact in law: waiting times are drawn"
_NOT_OF_CELLS = ("sites", "solver", "streams", "lineage", "plasma", "tissue")
"""Attributes that the count of the bytes of cells passes by."""


def tissue_text(number: int) -> str:
    """Return a scenario of ``number`` blasts in a square of fixed density."""
    side = round(math.sqrt(number * AREA_PER_CELL) / SPACING) * SPACING
    return TISSUE.format(side=side, spacing=SPACING, number=number)


def warm_model(number: int, n_steps: int) -> PopulationModel:
    """Return the model after some steps: overlaps of the random start are gone, all compiled."""
    model = build(loads(tissue_text(number)))
    for _ in range(n_steps):
        model.step()
    return model


def scaling(effort: Effort) -> list[Row]:
    """Return the time per cell and step over that at 1e5 cells, and the exponent G12."""
    sizes = (10_000, REFERENCE) if effort.is_quick else (10_000, REFERENCE, 1_000_000)
    threads = 1
    models = {n: warm_model(n, _warm_up(effort)) for n in sizes}
    sides = [Side(f"{n:.0e}", partial(step, models[n]), threads=threads) for n in sizes]
    samples = compare(sides, effort)
    name = f"{REFERENCE:.0e}"
    error = whole_error(tissue_text(N_CELLS), effort.is_quick)
    rows = [
        timed("", f"time per cell and step at {n:.0e} cells / at {name}, {threads} thread",
              ratio(samples, f"{n:.0e}", name), accuracy=error,
              remark=f"{samples[f'{n:.0e}'].median * 1e9:.0f} ns per cell and step")
        for n in sizes if n != REFERENCE
    ]  # fmt: skip
    rows.append(exponent_row(samples, sizes, error, shares(models[REFERENCE])))
    return rows


def exponent_row(samples: dict[str, Samples], sizes: Sequence[int], error: str, remark: str) -> Row:
    """Return G12 from the samples of sides that are named by their numbers of cells."""
    small, large = sizes[0], sizes[-1]
    first, last = samples[f"{small:.0e}"], samples[f"{large:.0e}"]
    exponents = [
        _exponent(a, b, large / small)
        for a, b in zip(first.seconds, last.seconds, strict=True)
    ]  # fmt: skip
    times = ", ".join(f"{samples[f'{n:.0e}'].median * 1e9:.0f} at {n:.0e}" for n in sizes)
    return Row(
        "G12", f"exponent of the step time in the number of cells, {small:.0e} to {large:.0e}",
        _exponent(first.median, last.median, large / small), min(exponents), max(exponents),
        floor=1.10, goal=1.05, is_more_better=False, disturbance=summarise(first, last),
        accuracy=error, remark=f"ns per cell and step: {times}; {remark}",
    )  # fmt: skip


def huge(effort: Effort) -> list[Row]:
    """Return time and memory per cell with 1e7 cells of fixed rates, over those with 1e6."""
    sizes = (10_000, 100_000) if effort.is_quick else (HUGE // 10, HUGE)
    models, grown = {}, {}
    for n in sizes:
        gc.collect()
        before = resident_bytes()
        models[n] = build(loads(WELL.format(number=n)))
        for _ in range(WARM_STEPS_OF_WELL):
            models[n].step()
        grown[n] = (resident_bytes() - before) / n_cells(models[n])
    small, large = sizes
    sides = [Side(f"{n:.0e}", partial(step, model)) for n, model in models.items()]
    samples = compare(sides, effort.with_rounds(3))
    names = f"{large:.0e} cells with fixed rates / at {small:.0e}"
    first, last = (samples[f"{n:.0e}"] for n in sizes)
    return [
        timed("G12", f"time per cell and step at {names}, 1 thread",
              ratio(samples, f"{large:.0e}", f"{small:.0e}"), accuracy=EXACT,
              remark=f"{last.median * 1e9:.0f} ns per cell and step; exponent "
              f"{_exponent(first.median, last.median, large / small):.3f}"),
        Row("G14", f"resident memory per cell at {names}", grown[large] / grown[small],
            remark=f"{grown[large]:.0f} bytes per cell, lineage included"),
    ]  # fmt: skip


def threads(effort: Effort) -> list[Row]:
    """Return G13: the parallel efficiency of the whole step on two threads."""
    model = warm_model(REFERENCE, _warm_up(effort))
    before = dict(model.seconds_per_process)
    sides = [
        Side("1 thread", partial(step, model)),
        Side("2 threads", partial(step, model), threads=2, is_gated=False),
    ]
    samples = compare(sides, effort)
    share = statistics.median(samples["2 threads"].cpu_per_wall)
    return [
        timed("G13", f"parallel efficiency 1 -> 2 threads, whole step, {REFERENCE:.0e} cells",
              ratio(samples, "1 thread", "2 threads", factor=0.5), floor=0.75, goal=0.9,
              accuracy=whole_error(tissue_text(N_CELLS), effort.is_quick),
              remark=f"cpu/wall on 2 threads {share:.2f}; {shares(model, before)}")
    ]  # fmt: skip


def memory(effort: Effort) -> list[Row]:
    """Return G14: bytes per cell, counted over arrays, beside what the allocator saw."""
    warm_model(SMALL_MODEL, 2)  # loads every kernel, so that what follows is data
    gc.collect()
    rss = resident_bytes()
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    model = warm_model(REFERENCE, 2)
    now, peak = (value - start for value in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    grown = resident_bytes() - rss
    n = n_cells(model)
    cells = parts_of_cells(model)
    total = sum(cells.values())
    rest = sum(array.nbytes for array in _arrays(model.__dict__, set(), ())) - total
    by_part = ", ".join(f"{name} {value / n:.0f}" for name, value in cells.items())
    spare = sum(p.capacity for p in model.state.populations) / n
    few = SMALL_MODEL if effort.is_quick else REFERENCE // 10
    small = warm_model(few, 2)
    small_bytes = sum(parts_of_cells(small).values()) / n_cells(small)
    return [
        Row("G14", f"bytes per cell with {n:.0e} cells / with {few:.0e}", total / n / small_bytes,
            remark=f"{small_bytes:.0f} bytes with {few:.0e} cells"),
        Row("G14", f"bytes per cell, counted over its arrays, field excluded, {n:.0e} cells",
            total / n, floor=480, goal=320, is_more_better=False,
            remark=f"{by_part}; columns hold {spare:.2f} times the cells"),
        Row("G14", "the same per row that the columns hold", total / n / spare,
            remark=f"per cell: field and rest {rest / n:.0f}; tracemalloc {now / n:.0f} now, "
            f"{peak / n:.0f} at its peak; resident memory grew by {grown / n:.0f}"),
    ]  # fmt: skip


def _warm_up(effort: Effort) -> int:
    return 4 if effort.is_quick else 8


def step(model: PopulationModel) -> float:
    """Make one step; return the cells that it began with. Raises where the model has ended."""
    n = n_cells(model)
    model.step()
    if not model.running:
        raise AssertionError(f"the model ended: {model.exit_reason}")
    return float(n)


def n_cells(model: PopulationModel) -> int:
    """Return the number of living cells of all populations."""
    return sum(population.n for population in model.state.populations)


def _exponent(small: float, large: float, factor: float) -> float:
    """Exponent of the time of a step, from times per cell."""
    return 1.0 + math.log(large / small) / math.log(factor)


def shares(model: PopulationModel, before: dict[str, float] | None = None) -> str:
    """Return what share of the time each process has taken, since ``before``, in words."""
    spent = {k: v - (before or {}).get(k, 0.0) for k, v in model.seconds_per_process.items()}
    total = sum(spent.values())
    parts = sorted(spent.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {100 * s / total:.0f} %" for name, s in parts if s > 0.01 * total)


def parts_of_cells(model: PopulationModel) -> dict[str, int]:
    """Return the bytes of columns and state, of exchange and of motion arrays."""
    seen: set[int] = set()
    found = {}
    by_name = {process.name: process for process in model.processes}
    parts = {
        "columns and state": model.state.populations,
        "exchange": by_name["metabolism"],
        "motion": by_name["motion"],
    }
    for name, part in parts.items():
        found[name] = sum(array.nbytes for array in _arrays(part, seen, _NOT_OF_CELLS))
    return found


def _arrays(root: Any, seen: set[int], skipped: tuple[str, ...]) -> Iterator[np.ndarray]:
    """Yield every array that owns its memory and is reached from ``root``, once."""
    if id(root) in seen or root is None or isinstance(root, (str, bytes, int, float, type)):
        return
    seen.add(id(root))
    if isinstance(root, np.ndarray):
        if root.base is None:
            yield root
        else:
            yield from _arrays(root.base, seen, skipped)
        return
    if isinstance(root, dict):
        items = [value for key, value in root.items() if key not in skipped]
    elif isinstance(root, (list, tuple)):
        items = list(root)
    elif type(root).__module__.split(".")[0] == "abm":
        items = [root.__dict__] if hasattr(root, "__dict__") else []
    else:
        return
    for item in items:
        yield from _arrays(item, seen, skipped)


def resident_bytes() -> int:
    """Return the resident memory of this process, 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
