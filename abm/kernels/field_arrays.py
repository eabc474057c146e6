"""Arrays and numbers that the kernels of the field share.

Field arrays are ``float64[n_species, n_padded]``: a voxel of row ``j`` and column ``i`` stands at
``(j + 1) * n_x + i``, one of plane ``k`` of a 3-D tissue at ``((k + 1) * n_y + j) * n_x + i``; the
first and the last row, or plane, are ghosts and stay zero.
"""

from typing import NamedTuple

import numpy as np

from abm.kernels.grid import Grid

ASN, GLN, GLU, ASP, EAA, NH3 = 0, 1, 2, 3, 4, 6
"""Rows of the species that react here; the same numbers as ``abm.state.sites.Species``."""

TURNOVER = 60_000.0
"""uM/h per IU/mL."""

FIXED = 1e30
"""Diagonal of a voxel of fixed value: no correction gets through it."""

CHUNK = 1024
"""Voxels (at least a row) that a pass works on at a time, so that its arrays stay in the cache."""

N_FLUX = 9
VESSEL_IN, VESSEL_OUT, EDGE, SUPPLY, DECAY, UPTAKE, ENZYME, PRODUCT, RELEASE = range(N_FLUX)
"""Columns of the amounts; all positive but EDGE (faces and fixed voxels, positive = in)."""

DONE, NOT_CONVERGED, NOT_FINITE = 0, 1, 2
"""Status codes."""


class Rules(NamedTuple):
    """What reacts and how fast; constant over a run."""

    solved: np.ndarray
    """int64[n_solved], species that are switched on, in the order of their groups."""
    group: np.ndarray
    """int64[4], where in ``solved`` the groups begin, and its length: glutamine and those that
    depend on no other; asparagine and glutamate; aspartate and ammonia. Products are made of
    ``FieldWork.split``, which the group before has written."""
    is_solved: np.ndarray
    """bool[n_species], the same as a mask."""
    recorded: np.ndarray
    """int64, species that are solved or taken up by cells."""
    is_open: bool
    """Whether some face or voxel has a fixed value."""
    exchange: np.ndarray
    """float64[n_species], D / spacing^2, 1/h."""
    decay: np.ndarray
    """float64[n_species], 1/h."""
    supply: np.ndarray
    """float64[n_species], uM/h in every voxel."""
    vessel_rate: np.ndarray
    """float64[n_species], rate of exchange of a vessel voxel, 1/h."""
    edge_link: np.ndarray
    """float64[6], 2 for a face of fixed value, else 0 (x low, x high, y low, y high, z low, z
    high); the last two count in 3-D only."""
    edge_value: np.ndarray
    """float64[n_species, 6], uM."""
    half_saturation: np.ndarray
    """float64[4], transport, uM: asn, gln, glu, eaa."""
    tolerance: np.ndarray
    """float64[5]: defect, change, most outer iterations, most inner iterations, error of a step."""
    floor: np.ndarray
    """float64[n_species], concentration below which errors count as absolute, uM."""


class Sites(NamedTuple):
    """What an interval brings: per voxel, and the enzyme that is there."""

    vessel: np.ndarray
    """float64[n_padded], 1 in a vessel voxel, else 0."""
    free: np.ndarray
    """float64[n_padded], 0 in a voxel of fixed value, else 1."""
    plasma: np.ndarray
    """float64[n_species], uM in the vessels."""
    capacity: np.ndarray
    """float64[4, n_site], summed over the cells, fmol/h."""
    activity: np.ndarray
    """float64[n_site], IU/mL."""
    enzyme: np.ndarray
    """float64[3]: Km of asparagine, Km of glutamine (uM), glutaminase share."""
    release: np.ndarray
    """float64[n_species, n_site], fmol over the interval."""
    to_concentration: np.ndarray
    """float64[2]: 1e3 / volume (uM per fmol), the same over the length of the interval (1/h)."""


class FieldWork(NamedTuple):
    """Preallocated state and scratch."""

    now: np.ndarray
    """[n_species, n_padded], the iterate."""
    defect: np.ndarray
    """[n_species, n_padded], its defect, uM."""
    old: np.ndarray
    """[n_species, n_padded], concentrations before the implicit step."""
    old_defect: np.ndarray
    """[n_species, n_padded]."""
    split: np.ndarray
    """[2, n_padded], hydrolysis of asparagine and of glutamine at the iterate, uM/h."""
    rows: np.ndarray
    """[n_species, 6, width], scratch of some whole rows of voxels at a time: loss, slope, gain,
    spread, and two sums over what comes to stand at the same place."""
    status: np.ndarray
    """[n_species, 8]: sum of |defect|, throughput, change, sum before, linear iterations, outcome,
    error of the step, whether it is left alone in this iteration."""
    flux: np.ndarray
    """[n_species, N_FLUX, width], sums of one step, over what comes to stand at the same place."""


def field_work(grid: Grid, n_species: int) -> FieldWork:
    """Allocate state and scratch for a grid, zero filled."""
    n_x = grid.finest.shape[-1]
    n_padded = int(2 * grid.start[0] + grid.size[0])
    width = n_x * min(int(grid.size[0]) // n_x, max(1, CHUNK // n_x))
    return FieldWork(
        now=np.zeros((n_species, n_padded)),
        defect=np.zeros((n_species, n_padded)),
        old=np.zeros((n_species, n_padded)),
        old_defect=np.zeros((n_species, n_padded)),
        split=np.zeros((2, n_padded)),
        rows=np.zeros((n_species, 6, width)),
        status=np.zeros((n_species, 8)),
        flux=np.zeros((n_species, N_FLUX, width)),
    )
