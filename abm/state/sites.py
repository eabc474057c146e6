"""Sites: an index into concentrations, with a volume. Cells know nothing else of space."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from abm.units import FMOL_PER_UM_PL


class Species(IntEnum):
    """Solutes outside the cells; the row in ``concentration``."""

    ASN = 0
    GLN = 1
    GLU = 2
    ASP = 3
    EAA = 4
    SER = 5
    NH3 = 6
    GLUCOSE = 7
    O2 = 8


N_UPTAKE = 4
"""Species that cells take up: Asn, Gln, Glu, essential amino acids, in this order."""


class Drug(NamedTuple):
    """The enzymes that are present, taken together: activity in plasma (or in the medium of a
    dish) [IU/mL], half-saturations [uM], activity on Gln as a share of that on Asn."""

    activity: float = 0.0
    half_saturation_asn: float = 15.0
    half_saturation_gln: float = 3500.0
    glutaminase_share: float = 0.0


class Corpse(IntEnum):
    """Stage of a dead cell that is not lysed yet."""

    EARLY = 0
    """Annexin V binds, propidium iodide stays out."""
    LATE = 1
    """Both stain it."""


@dataclass
class Sites:
    """Contents of all sites; changed by nutrients, respiration (O2) and fate (dead cells) alone.

    concentration : float64[n_species, n_site] [uM]
    defect        : float64[n_species, n_site], what the last solve left over; goes into the next
    volume        : float64[n_site] [pL], extracellular
    activity      : float64[n_site] [IU/mL], enzyme that acts at the site
    dead          : float64[2, n_site] [fmol], Asn and Gln of dead matter, free and protein-bound
    corpses       : by name of the population, float64[2, n_site], expected number of dead cells,
                    early and late apoptotic as in ``Corpse``; no entry before the first death
    """

    concentration: np.ndarray
    defect: np.ndarray
    volume: np.ndarray
    activity: np.ndarray
    dead: np.ndarray
    corpses: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def filled(cls, initial: np.ndarray, volume: np.ndarray) -> "Sites":
        """Make sites of ``volume`` [pL] that all hold ``initial``, float64[n_species] [uM]."""
        n_site = volume.shape[0]
        return cls(
            concentration=np.repeat(initial[:, None], n_site, axis=1),
            defect=np.zeros((initial.shape[0], n_site)),
            volume=volume,
            activity=np.zeros(n_site),
            dead=np.zeros((2, n_site)),
        )

    @property
    def n(self) -> int:
        """Number of sites."""
        return self.volume.shape[0]

    def amount(self, species: Species) -> float:
        """Return the dissolved amount of one species over all sites [fmol]."""
        return FMOL_PER_UM_PL * float(np.dot(self.concentration[species], self.volume))
