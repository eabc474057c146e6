"""G1-G3: one evaluation of the cell equations, ours against what one would write at once."""

from functools import partial

import numpy as np

from abm.kernels.cell_layout import CellParameter
from benchmarks import accuracy, cell_peers
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio
from tests.naive import cell as naive
from tests.naive.cell_bench import PLASMA, Cells, kernel_vector, random_states

SUBSTEPS = 4
"""Sub-steps per interval of 6 min, forced, so that the number of evaluations is known."""
EVALUATIONS_PER_SUBSTEP = 2
INTERVAL_H = 0.1
STEP_H = INTERVAL_H / SUBSTEPS / 10.0
"""Of the peers' explicit steps; short, so that any state stays sane."""
CHUNK = 4096
"""Cells per numpy call in the variant whose arrays stay in the cache."""
N_PYTHON = 200
N_CHECKED = 50


def measure(effort: Effort) -> list[Row]:
    """Return G1 (CPython), G2 (numpy) and G3 (numba), the equations checked first."""
    n = 100_000 if effort.is_quick else 1_000_000
    states = random_cells(n)
    cell_peers.check(states[:N_CHECKED], _steps())
    samples = compare(_sides(states), effort)
    per_evaluation = {name: one.median * 1e9 for name, one in samples.items()}
    note = ", ".join(f"{name} {value:.3g}" for name, value in per_evaluation.items())
    error = accuracy.of_an_interval("plasma", SUBSTEPS)
    common = f"{n:.0e} cells, {SUBSTEPS} sub-steps of 2 evaluations"
    below = {1: "ours", 2: "ours on 2 threads"}
    return [
        timed("G1", f"CPython per cell / ours, 1 thread ({common})",
              ratio(samples, "CPython", below[1]), floor=120, goal=200,
              accuracy=f"{SUBSTEPS} sub-steps, an hour from RPMI to plasma: {error}",
              remark=f"ns per evaluation: {note}"),
        timed("G1", "CPython per cell / ours, 2 threads", ratio(samples, "CPython", below[2]),
              floor=220, goal=400),
        timed("G2", "numpy / ours, 1 thread", ratio(samples, "numpy", below[1]), floor=6, goal=10),
        timed("G2", f"numpy, {CHUNK} cells at a time / ours, 1 thread",
              ratio(samples, "numpy in chunks", below[1])),
        timed("G3", "naive numba (a struct per cell, float powers, default flags) / ours, 1 thread",
              ratio(samples, "numba", below[1]), floor=4, goal=6),
        timed("G3", "the same with powers as products / ours, 1 thread",
              ratio(samples, "numba with products", below[1])),
    ]  # fmt: skip


def random_cells(n: int) -> np.ndarray:
    """Return float64[n, 19] in mM: random cells from starved to replete, of sizes 1 to 2."""
    rng = np.random.default_rng(1)
    states = np.empty((n, cell_peers.N_STATE))
    states[:, :18] = random_states(rng, n)
    states[:, :4] *= 1e-3
    states[:, 18] = rng.uniform(1.0, 2.0, n)
    return states


def _steps() -> dict:
    def by_numpy(states):  # type: ignore[no-untyped-def]
        rows = np.ascontiguousarray(states.T)
        cell_peers.numpy_step(rows, 1e-3, 7)
        return rows.T

    def by_numba(step, states):  # type: ignore[no-untyped-def]
        step(states, np.empty(states.shape[0]), 1e-3, cell_peers.MEDIUM, cell_peers.NUMBERS)
        return states

    return {
        "numpy": by_numpy,
        "numba": partial(by_numba, FLOAT_STEP),
        "numba with products": partial(by_numba, WHOLE_STEP),
    }


FLOAT_STEP = cell_peers.make_numba_step(cell_peers.float_rates)
WHOLE_STEP = cell_peers.make_numba_step(cell_peers.whole_rates)


def _sides(states: np.ndarray) -> list[Side]:
    n = states.shape[0]
    cells = states[:N_PYTHON].tolist()
    rows = np.ascontiguousarray(states.T)
    records, products, hazard = states.copy(), states.copy(), np.empty(n)

    def by_python() -> float:
        cell_peers.python_step(cells, STEP_H)
        return float(N_PYTHON)

    def by_numpy(chunk: int) -> float:
        cell_peers.numpy_step(rows, STEP_H, chunk)
        return float(n)

    def by_numba(step, array) -> float:  # type: ignore[no-untyped-def]
        step(array, hazard, STEP_H, cell_peers.MEDIUM, cell_peers.NUMBERS)
        return float(n)

    ours = Ours(states, SUBSTEPS)
    return [
        Side("ours", ours.advance),
        Side("CPython", by_python),
        Side("numpy", partial(by_numpy, n)),
        Side("numpy in chunks", partial(by_numpy, CHUNK)),
        Side("numba", partial(by_numba, FLOAT_STEP, records)),
        Side("numba with products", partial(by_numba, WHOLE_STEP, products)),
        Side("ours on 2 threads", ours.advance, threads=2),
    ]


class Ours:
    """The kernel of the package with a given number of sub-steps."""

    def __init__(self, states: np.ndarray, substeps: int) -> None:
        self.substeps = substeps
        inside = states[:, :18].copy()
        inside[:, :4] *= 1e3
        self.cells = Cells(inside, size=states[:, 18])
        self.cells.substeps[:] = substeps
        self.vector = kernel_vector(naive.BLAST)
        self.vector[CellParameter.STEP_FLOOR] = INTERVAL_H / substeps
        self.vector[CellParameter.STEP_TOLERANCE] = 1e-300
        self.saturation = [0.3, 0.5, 0.05, PLASMA["eaa"] / (PLASMA["eaa"] + 0.02)]

    def advance(self) -> float:
        """Advance one interval, uptake and exchange included; return the evaluations made."""
        cells, substeps = self.cells, self.substeps
        _, status = cells.interval(self.vector, self.saturation, self.saturation[3], INTERVAL_H)
        if status != 0 or cells.substeps.min() != substeps or cells.substeps.max() != substeps:
            raise AssertionError(f"the kernel did not make {substeps} sub-steps (status {status})")
        return float(cells.n * substeps * EVALUATIONS_PER_SUBSTEP)
