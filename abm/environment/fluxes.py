"""Named amounts that an interval moves into and out of the sites."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from abm.kernels import field_arrays as field


class Flux(IntEnum):
    """Columns of the amounts of an interval; positive numbers, EDGE positive when it brings in."""

    VESSEL_IN = field.VESSEL_IN
    VESSEL_OUT = field.VESSEL_OUT
    EDGE = field.EDGE
    SUPPLY = field.SUPPLY
    DECAY = field.DECAY
    UPTAKE = field.UPTAKE
    ENZYME = field.ENZYME
    PRODUCT = field.PRODUCT
    RELEASE = field.RELEASE


SIGN = np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
"""What a flux does to the content, per column of Flux."""


class IntervalResult(NamedTuple):
    """What one interval moved.

    exposure : float64[4, n_site] [h], time integral of u / (Km_eff + u) for asn, gln, glu, eaa;
        a view that the next call overwrites
    amount : float64[n_species, len(Flux)] [fmol], summed over the sites in a fixed order
    defect : float64[n_species] [fmol], summed over the sites, after the interval
    n_steps : implicit steps that were kept (tissue), the most of any site (well)
    n_rough_steps : those of the least length whose error was above the tolerance
    n_iterations : linear iterations of all species together
    """

    exposure: np.ndarray
    amount: np.ndarray
    defect: np.ndarray
    n_steps: int
    n_rough_steps: int
    n_iterations: int
