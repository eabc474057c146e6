"""What a population hands from one process to the next within an interval; not kept, not saved."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm.kernels.cell_layout import N_CONDITION, N_FLUX
from abm.state.population import Population
from abm.state.sites import N_UPTAKE

_SPARE_SHARE = 32
"""One spare place for so many cells, so that they need no new arrays after each birth."""


@dataclass
class Exchange:
    """Work arrays of one population; ``capacity`` is their own and at least its living cells.

    uptake          : float64[4, capacity] (Asn, Gln, Glu, EAA): uptake at full saturation [fmol/h]
                      until the site has answered, then what it gave in the present interval [fmol]
    fluxes          : float64[5, capacity] [fmol], named fluxes of the present interval (CellFlux)
    eaa_saturation  : float64[capacity], saturation of the exchanger by outside amino acids
    conditions      : float64[3, capacity] in [0, 1] (CellCondition): room for growth, factor of
                      synthesis (serine, cost of resistance), input of PERK
    expression      : float64[capacity], ASNS gain times set-point
    told            : what the last two conditions of all cells were made of, None where they differ
    """

    uptake: np.ndarray = field(default_factory=lambda: np.zeros((N_UPTAKE, 0)))
    fluxes: np.ndarray = field(default_factory=lambda: np.zeros((N_FLUX, 0)))
    eaa_saturation: np.ndarray = field(default_factory=lambda: np.zeros(0))
    conditions: np.ndarray = field(default_factory=lambda: np.ones((N_CONDITION, 0)))
    expression: np.ndarray = field(default_factory=lambda: np.ones(0))
    told: tuple[bytes, bytes] | None = None

    def fit(self, population: Population) -> "Exchange":
        """Make room for all living cells; contents may be lost."""
        if self.eaa_saturation.shape[0] < population.n:
            n = population.n + population.n // _SPARE_SHARE
            self.uptake = np.zeros((N_UPTAKE, n))
            self.fluxes = np.zeros((N_FLUX, n))
            self.eaa_saturation = np.zeros(n)
            self.conditions = np.ones((N_CONDITION, n))
            self.expression = np.ones(n)
            self.told = None
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Save nothing: every array is made anew in each interval."""
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start with empty arrays."""
        self.__init__()  # type: ignore[misc]
