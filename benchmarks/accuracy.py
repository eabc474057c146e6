"""Errors that stand beside the speeds: cells against fine steps, all of them by one measure."""

from typing import NamedTuple

import numpy as np

from abm.kernels.cell_layout import CellParameter
from benchmarks import cell_peers
from tests.naive import cell as naive
from tests.naive.cell_bench import PLASMA, Cells, kernel_vector, random_states

INTERVAL_H = 0.1
N_CELLS = 256
FINE_STEP_H = 1e-4
"""Explicit steps of the reference: 1000 in an interval."""
MEDIUM = {"replete": naive.RPMI, "no Asn": naive.RPMI | {"asn": 0.0}, "plasma": PLASMA}
whole_step = cell_peers.make_numba_step(cell_peers.whole_rates)


class Error(NamedTuple):
    """Largest and root-mean-square error, relative to the mean of each state over the cells."""

    largest: float
    rms: float

    def __str__(self) -> str:
        return f"{self.largest:.1e} max, {self.rms:.1e} rms"


def error(found: np.ndarray, exact: np.ndarray) -> Error:
    """Compare float64[n, n_state]."""
    scale = np.abs(exact).mean(axis=0)
    off = np.abs(found - exact) / np.where(scale > 0.0, scale, 1.0)
    return Error(float(off.max()), float(np.sqrt((off**2).mean())))


def outside(medium: dict[str, float]) -> tuple[float, ...]:
    """Return a medium [mM] in the order of the peers."""
    return medium["asn"], medium["gln"], medium["glu"], medium["eaa"]


def settled(n: int = N_CELLS, hours: float = 24.0) -> np.ndarray:
    """Return cells that random starts have become in the replete medium, float64[n, 19] [mM]."""
    rng = np.random.default_rng(3)
    cells = Cells(random_states(rng, n), size=rng.uniform(1.0, 2.0, n))
    vector = kernel_vector(naive.BLAST)
    status = cells.clamped(vector, naive.RPMI, INTERVAL_H, round(hours / INTERVAL_H))
    assert status == 0
    cells.state[18] = rng.uniform(1.0, 2.0, n)
    return as_rows(cells)


def as_rows(cells: Cells) -> np.ndarray:
    """Return the 19 states of the peers, pools in mM."""
    rows = np.ascontiguousarray(cells.state[:19].T)
    rows[:, :4] *= 1e-3
    return rows


def fine(states: np.ndarray, medium: dict[str, float], hours: float) -> np.ndarray:
    """Return float64[n, 19] after ``hours`` of explicit steps of FINE_STEP_H."""
    return explicit(states, medium, hours, round(hours / FINE_STEP_H))


def explicit(
    states: np.ndarray, medium: dict[str, float], hours: float, n_steps: int
) -> np.ndarray:
    """Return float64[n, 19] after ``n_steps`` explicit steps of the peers' equations."""
    rows, hazard = states.copy(), np.empty(states.shape[0])
    for _ in range(n_steps):
        whole_step(rows, hazard, hours / n_steps, outside(medium), cell_peers.NUMBERS)
    return rows


def ours(
    states: np.ndarray,
    medium: dict[str, float],
    hours: float,
    substeps: int | None = None,
    dilution: float = 1.0,
    tolerance: float | None = None,
) -> tuple[np.ndarray, float]:
    """Advance by the kernel, in intervals; return the states and the mean number of sub-steps.

    ``substeps``: so many in each interval, in place of the choice by tolerance; ``tolerance``:
    another one than the default, down to 128 sub-steps.
    """
    inside = states[:, :18].copy()
    inside[:, :4] *= 1e3
    cells = Cells(inside, size=states[:, 18])
    vector = kernel_vector(naive.BLAST, dilution=dilution)
    if substeps is not None:
        cells.substeps[:] = substeps
        vector[CellParameter.STEP_FLOOR] = INTERVAL_H / substeps
        vector[CellParameter.STEP_TOLERANCE] = 1e-300
    if tolerance is not None:
        vector[CellParameter.STEP_TOLERANCE] = tolerance
        vector[CellParameter.STEP_FLOOR] = INTERVAL_H / 128
    made = 0.0
    for _ in range(round(hours / INTERVAL_H)):
        status = cells.clamped(vector, medium, INTERVAL_H)
        assert status == 0
        made += float(cells.substeps.mean())
    return as_rows(cells), made


def of_an_interval(medium: str, substeps: int | None = None, hours: float = 1.0) -> Error:
    """Return the error of the kernel after ``hours`` in a medium, from replete cells."""
    states = settled()
    found, _ = ours(states, MEDIUM[medium], hours, substeps)
    return error(found, fine(states, MEDIUM[medium], hours))
