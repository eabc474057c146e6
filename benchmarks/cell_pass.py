"""G4: one pass over all cells, by the bytes that it must move, against the memory triad."""

import numpy as np

from abm.kernels.cell import advance_cells
from abm.kernels.cell_layout import N_CONDITION, N_FLUX, N_STATE, N_UPTAKE
from abm.kernels.uptake import uptake_capacity
from benchmarks import accuracy
from benchmarks.cell import INTERVAL_H, Ours, random_cells
from benchmarks.field_peers import TRIAD_BYTES, triad
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio

SUBSTEPS = (1, 4)
N_TRIAD = 1 << 24
BYTES = (
    8 * (2 * N_STATE + N_UPTAKE + 1 + N_CONDITION + 2 + N_FLUX + 2)
    + 1 + 2
)  # fmt: skip
"""Of a cell in a pass: state read and written; uptake, saturation, conditions, expression and
threshold read; fluxes, growth and hazard written; alleles; sub-steps read and written."""
OWN_EVALUATIONS = 2
"""Of the right-hand side in one sub-step."""


def measure(effort: Effort) -> list[Row]:
    """Return G4 for one sub-step per pass, and what a pass with four takes."""
    n = 100_000 if effort.is_quick else 1_000_000
    a, b, c = (np.random.default_rng(1).random(N_TRIAD) for _ in range(3))
    passes = {k: _Pass(n, k) for k in SUBSTEPS}

    def stream() -> float:
        triad(a, b, 0.5, c)
        return N_TRIAD * TRIAD_BYTES

    sides = [Side(f"{k}", one.run) for k, one in passes.items()]
    samples = compare([Side("triad", stream), *sides], effort)
    few, many = (samples[f"{k}"].median * 1e9 * BYTES for k in SUBSTEPS)
    evaluation = (many - few) / (SUBSTEPS[1] - SUBSTEPS[0]) / OWN_EVALUATIONS
    moved = few - OWN_EVALUATIONS * evaluation
    bandwidth = 1e-9 / samples["triad"].median
    at_triad = BYTES / bandwidth
    common = f"{n:.0e} cells, {BYTES} bytes each, 1 thread"
    return [
        timed("G4", f"triad / pass of {k} sub-step{'s' * (k > 1)}, per byte that must be moved "
              f"({common})", ratio(samples, "triad", f"{k}"),
              floor=0.5 if k == 1 else None, goal=0.75 if k == 1 else None,
              accuracy=f"an hour from RPMI to plasma: {accuracy.of_an_interval('plasma', k)}",
              remark=f"{few:.0f} ns per cell: {OWN_EVALUATIONS} evaluations of {evaluation:.1f} ns "
              f"(from the pass of {SUBSTEPS[1]}), {moved:.0f} ns for load, store and choice of "
              f"sub-steps; the triad ({bandwidth:.1f} GB/s) takes {at_triad:.0f} ns for the bytes"
              if k == 1 else f"{many:.0f} ns per cell")
        for k in SUBSTEPS
    ]  # fmt: skip


class _Pass:
    """The kernel over random cells that makes a given number of sub-steps."""

    def __init__(self, n: int, substeps: int) -> None:
        self.ours = Ours(random_cells(n), substeps)
        cells = self.ours.cells
        uptake_capacity(cells.state, n, self.ours.vector, cells.capacity)
        self.uptake = cells.capacity * np.asarray(self.ours.saturation)[:, None] * INTERVAL_H
        self.eaa = np.full(n, self.ours.saturation[3])

    def run(self) -> float:
        """Advance one interval; return the bytes of the arrays that it reads and writes."""
        cells = self.ours.cells
        status = advance_cells(
            cells.state, cells.n, self.uptake, self.eaa, cells.conditions, cells.alleles,
            cells.gain, cells.threshold, cells.substeps, self.ours.vector, INTERVAL_H,
            cells.fluxes, cells.growth, cells.hazard,
        )  # fmt: skip
        if status != 0 or cells.substeps.max() != self.ours.substeps:
            raise AssertionError(f"the kernel did not make {self.ours.substeps} sub-steps")
        return float(cells.n * BYTES)
