"""The whole step in three dimensions: time per cell over sizes, and bytes per cell."""

from functools import partial

from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio
from benchmarks.whole import SPACING, exponent_row, n_cells, parts_of_cells, shares, step
from benchmarks.whole_error import N_CELLS, whole_error
from scenarios.build import build
from scenarios.load import loads

VOLUME_PER_CELL = 1500.0
"""um3 of tissue per blast: a volume fraction of about 0.5."""
CUBE = """asnsim: 1
description: blasts at fixed density in three dimensions, for the benchmarks
environment:
  kind: tissue
  size: [{side} um, {side} um, {side} um]
  spacing: {spacing} um
  extracellular_fraction: 0.3
  medium: human-plasma
  species: [asn, gln, glu]
  edges: no-flux
  vessels: {{spacing: 100 um, exchange_rate: 1 1/s}}
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
SIZES, SIZES_QUICK = (10_000, 100_000), (1_000, 4_000)
LARGE_SIZES = (100_000, 1_000_000)
WARM_UP = 6


def cube_text(number: int) -> str:
    """Return a scenario of ``number`` blasts in a cube of fixed density."""
    side = max(round((number * VOLUME_PER_CELL) ** (1.0 / 3.0) / SPACING), 4) * SPACING
    return CUBE.format(side=side, spacing=SPACING, number=number)


def measure(effort: Effort) -> list[Row]:
    """Return the rows for 1e4 and 1e5 cells."""
    return _rows(effort, SIZES_QUICK if effort.is_quick else SIZES)


def large(effort: Effort) -> list[Row]:
    """Return the rows for 1e5 and 1e6 cells."""
    return _rows(effort, SIZES_QUICK if effort.is_quick else LARGE_SIZES)


def _rows(effort: Effort, sizes: tuple[int, ...]) -> list[Row]:
    """Return the exponent G12, G13 and the bytes G14 in 3-D."""
    models = {n: build(loads(cube_text(n))) for n in sizes}
    for model in models.values():
        for _ in range(WARM_UP):
            model.step()
    sides = [Side(f"{n:.0e}", partial(step, model)) for n, model in models.items()]
    middle = sizes[-1]
    sides.append(Side("2 threads", partial(step, models[middle]), threads=2, is_gated=False))
    samples = compare(sides, effort.with_rounds(3))
    error = whole_error(cube_text(N_CELLS), effort.is_quick)
    bytes_each = {n: sum(parts_of_cells(model).values()) / n_cells(model)
                  for n, model in models.items()}  # fmt: skip
    told = ", ".join(f"{bytes_each[n]:.0f} at {n:.0e}" for n in sizes)
    return [
        exponent_row(samples, sizes, error, f"3-D; {shares(models[middle])}"),
        timed("G13", f"parallel efficiency 1 -> 2 threads, whole step in 3-D, {middle:.0e} cells",
              ratio(samples, f"{middle:.0e}", "2 threads", factor=0.5), floor=0.75, goal=0.9,
              accuracy=error),
        Row("G14", f"bytes per cell in 3-D, {sizes[-1]:.0e} cells", bytes_each[sizes[-1]],
            floor=480, goal=320, is_more_better=False, remark=told),
    ]  # fmt: skip
