"""Why mean ASNS has changed: selection, induction or mutation (Price 1970)."""

from typing import NamedTuple

import numpy as np


class PriceSplit(NamedTuple):
    """Change of the mean between two records and its three parts, all in the unit of ASNS."""

    total: float
    selection: float
    induction: float
    mutation: float


def price_split(
    mean_before: float,
    z: np.ndarray,
    z_previous: np.ndarray,
    genotypic: np.ndarray,
    genotypic_previous: np.ndarray,
    weight: np.ndarray | None = None,
) -> PriceSplit:
    """Split the change of mean ASNS since the last record.

    With z the ASNS of a cell that lives now, g the value that its genotype gives at rest, and a
    prime for its ancestor at the last record,

        selection = mean(z') - mean_before      who has left descendants
        mutation  = mean(g - g')                heritable change on the way
        induction = mean(z - z') - mutation     everything else inside the line of descent

    and the three add up to mean(z) - mean_before (Price equation, Price 1970, doi:10.1038/227520a0;
    the transmission term is divided in two).

    mean_before : float, mean of z over the cells of the last record
    z, z_previous, genotypic, genotypic_previous : float[n_cells], the same unit
    weight      : float or int[n_cells], cells for which an agent stands; None = 1 each

    Without living cells no mean exists: every part is NaN.
    """
    if z.shape[0] == 0 or (weight is not None and not np.any(weight > 0)):
        return PriceSplit(np.nan, np.nan, np.nan, np.nan)
    mean_previous = float(np.average(z_previous, weights=weight))
    mutation = float(np.average(genotypic - genotypic_previous, weights=weight))
    inherited = float(np.average(z - z_previous, weights=weight))
    selection = mean_previous - mean_before
    return PriceSplit(
        total=selection + inherited,
        selection=selection,
        induction=inherited - mutation,
        mutation=mutation,
    )
