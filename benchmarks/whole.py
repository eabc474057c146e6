"""G12-G14: the whole step per cell over sizes, on two threads, and the memory of a cell."""

import gc
import math
import os
import statistics
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from abm.model import PopulationModel
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio, summarise
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
    sides = [Side(f"{n:.0e}", partial(_step, models[n]), threads=threads) for n in sizes]
    samples = compare(sides, effort)
    name = f"{REFERENCE:.0e}"
    shares = _shares(models[REFERENCE])
    rows = [
        timed("", f"time per cell and step at {n:.0e} cells / at {name}, {threads} thread",
              ratio(samples, f"{n:.0e}", name),
              remark=f"{samples[f'{n:.0e}'].median * 1e9:.0f} ns per cell and step")
        for n in sizes if n != REFERENCE
    ]  # fmt: skip
    small, large = sizes[0], sizes[-1]
    first, last = samples[f"{small:.0e}"], samples[f"{large:.0e}"]
    pairs = list(zip(first.seconds, last.seconds, strict=True))
    exponents = [_exponent(a, b, large / small) for a, b in pairs]
    rows.append(
        Row("G12", f"exponent of the step time in the number of cells, {small:.0e} to {large:.0e}",
            _exponent(first.median, last.median, large / small), min(exponents), max(exponents),
            floor=1.10, goal=1.05, is_more_better=False, disturbance=summarise(first, last),
            remark=f"{samples[name].median * 1e9:.0f} ns per cell and step at {name}; {shares}")
    )  # fmt: skip
    return rows


def threads(effort: Effort) -> list[Row]:
    """Return G13: the parallel efficiency of the whole step on two threads."""
    model = warm_model(REFERENCE, _warm_up(effort))
    before = dict(model.seconds_per_process)
    sides = [
        Side("1 thread", partial(_step, model)),
        Side("2 threads", partial(_step, model), threads=2, is_gated=False),
    ]
    samples = compare(sides, effort)
    share = statistics.median(samples["2 threads"].cpu_per_wall)
    return [
        timed("G13", f"parallel efficiency 1 -> 2 threads, whole step, {REFERENCE:.0e} cells",
              ratio(samples, "1 thread", "2 threads", factor=0.5), floor=0.75, goal=0.9,
              remark=f"cpu/wall on 2 threads {share:.2f}; {_shares(model, before)}")
    ]  # fmt: skip


def memory(effort: Effort) -> list[Row]:
    """Return G14: bytes per cell, counted over arrays, beside what the allocator saw."""
    warm_model(1_000, 2)  # loads every kernel, so that what follows is data
    gc.collect()
    rss = _resident_bytes()
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    model = warm_model(REFERENCE, 2)
    now, peak = (value - start for value in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    grown = _resident_bytes() - rss
    n = sum(population.n for population in model.state.populations)
    cells = _parts_of_cells(model)
    total = sum(cells.values())
    rest = sum(array.nbytes for array in _arrays(model.__dict__, set(), ())) - total
    by_part = ", ".join(f"{name} {value / n:.0f}" for name, value in cells.items())
    spare = sum(p.capacity for p in model.state.populations) / n
    return [
        Row("G14", f"bytes per cell, counted over its arrays, field excluded, {n:.0e} cells",
            total / n, floor=480, goal=320, is_more_better=False,
            remark=f"{by_part}; columns hold {spare:.2f} times the cells"),
        Row("G14", "the same per row that the columns hold", total / n / spare,
            remark=f"per cell: field and rest {rest / n:.0f}; tracemalloc {now / n:.0f} now, "
            f"{peak / n:.0f} at its peak; resident memory grew by {grown / n:.0f}"),
    ]  # fmt: skip


def _warm_up(effort: Effort) -> int:
    return 4 if effort.is_quick else 12


def _step(model: PopulationModel) -> float:
    n = sum(population.n for population in model.state.populations)
    model.step()
    if not model.running:
        raise AssertionError(f"the model ended: {model.exit_reason}")
    return float(n)


def _exponent(small: float, large: float, factor: float) -> float:
    """Exponent of the time of a step, from times per cell."""
    return 1.0 + math.log(large / small) / math.log(factor)


def _shares(model: PopulationModel, before: dict[str, float] | None = None) -> str:
    spent = {k: v - (before or {}).get(k, 0.0) for k, v in model.seconds_per_process.items()}
    total = sum(spent.values())
    parts = sorted(spent.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {100 * s / total:.0f} %" for name, s in parts if s > 0.01 * total)


def _parts_of_cells(model: PopulationModel) -> dict[str, int]:
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


def _resident_bytes() -> int:
    """Return the resident memory of this process, 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
