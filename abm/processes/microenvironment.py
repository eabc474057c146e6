"""What serine, glucose and oxygen around a cell do to it: translation and the input of PERK.

    h_S  = min(1, (S/(K_S + S) + s)/(S_0/(K_S + S_0) + s))
    perk = max(0, 1 - g/(2 K_g), 1 - o/(2 K_o))

s is the line's own synthesis of serine and S_0 the serine of plasma, where the factor is one
(assumption A85; S5 and S20). PERK is half active at K and silent from 2 K on, so that plasma,
marrow and culture media leave it alone (assumption A86; S18 and S23). The cells read the three
outside and do not use them up (assumption A87), but for oxygen in a tissue that solves it
(:mod:`abm.processes.respiration`).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.kernels.cell_layout import CellParameter


def serine_factor(vector: NDArray[np.float64], serine: ArrayLike) -> NDArray[np.float64]:
    """Return the factor of translation, in [0, 1], at ``serine`` [uM] outside.

    ``vector`` is the kernel vector of the line, :func:`abm.processes.cell_vector.parameter_vector`.
    """
    half = vector[CellParameter.SERINE_HALF_SATURATION]
    own = vector[CellParameter.SERINE_SYNTHESIS]
    reference = vector[CellParameter.SERINE_REFERENCE]
    serine = np.asarray(serine, dtype=np.float64)
    enough = reference / (half + reference) + own
    return np.minimum(1.0, (serine / (half + serine) + own) / enough)


def perk_input(
    vector: NDArray[np.float64], glucose: ArrayLike, oxygen: ArrayLike
) -> NDArray[np.float64]:
    """Return the input of PERK, in [0, 1], at ``glucose`` and ``oxygen`` [uM] outside."""
    lacks_glucose = 1.0 - np.asarray(glucose) / (2.0 * vector[CellParameter.PERK_HALF_GLUCOSE])
    lacks_oxygen = 1.0 - np.asarray(oxygen) / (2.0 * vector[CellParameter.PERK_HALF_OXYGEN])
    return np.maximum(0.0, np.maximum(lacks_glucose, lacks_oxygen))
