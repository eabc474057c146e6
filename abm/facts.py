"""What was worked out while building and stays as it is: read by observers, written to run.json."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm.state.sites import Species


@dataclass(frozen=True)
class Facts:
    """Facts of one model; the dictionaries are by name of the population.

    resistance_gain  : float64[3], smallest ASNS gain with which a cell of 0, 1, 2 methylated
                       alleles grows at 0.02 uM Asn (infinite where none does)
    asns_high_copies : ASNS above which a cell counts for ``n_asns_high`` [copies/cell]
    basal_asns       : float64[3], ASNS that 0, 1, 2 methylated alleles hold at rest [copies/cell]
    species          : what is solved outside the cells
    grid_shape       : (ny, nx) of a tissue, 3-D (nz, ny, nx), None elsewhere; ``spacing`` in um
    site_names       : names of the sites of one replicate, empty but in bodies
    notes            : further entries of run.json
    """

    resistance_gain: dict[str, np.ndarray] = field(default_factory=dict)
    asns_high_copies: dict[str, float] = field(default_factory=dict)
    basal_asns: dict[str, np.ndarray] = field(default_factory=dict)
    species: tuple[Species, ...] = ()
    grid_shape: tuple[int, ...] | None = None
    spacing: float = 0.0
    site_names: tuple[str, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)
