"""Readings of finite samples: residual disease in so many cells, asparagine in a tube."""

import numpy as np
from scipy import special

from abm.pharmacology.asparagine import SampleHandling
from abm.state.sites import Drug
from abm.units import MINUTES_PER_HOUR, UM_PER_HOUR_PER_IU_PER_ML

_LEAST_ASN = 1e-12
"""Below it Asn counts as so much, so that its logarithm exists [uM]."""


def binomial_counts(uniform: np.ndarray, n_cells: float, share: np.ndarray) -> np.ndarray:
    """Return how many of ``n_cells`` cells read are blasts, by inversion of the binomial law.

    ``uniform`` and ``share`` are float64[n] in (0, 1) and [0, 1]; the result is float64[n] of whole
    numbers, the smallest k with P(K <= k) >= uniform, Eq. (V3).
    """
    n = round(n_cells)
    inside = (share > 0.0) & (share < 1.0)
    p = np.where(inside, share, 0.5)
    k = np.clip(np.ceil(special.bdtrik(uniform, n, p)), 0.0, n)
    # The inverse of the continuous function may land on either side of a whole number.
    k -= (k > 0.0) & (special.bdtr(np.maximum(k - 1.0, 0.0), n, p) >= uniform)
    k += special.bdtr(k, n, p) < uniform
    return np.where(inside, k, np.where(share > 0.0, float(n), 0.0))


def read_residual_disease(
    uniform: np.ndarray, share: np.ndarray, n_cells: float, limit: float
) -> np.ndarray:
    """Return the share of blasts as reported, float64[n]; 0 stands for "not detected", Eq. (V3).

    The aspirate holds the share of the marrow (assumption A408).
    """
    read = binomial_counts(uniform, n_cells, share) / round(n_cells)
    return np.where(read >= limit, read, 0.0)


class AsparagineSample:
    """A blood sample whose enzyme works on until it is quenched, Eq. (P22).

    Works on all patients at once; fields of the drug may be numbers or float64[n].
    """

    def __init__(self, handling: SampleHandling) -> None:
        self.limit = handling.quantification_limit
        self._enzyme_work = (
            UM_PER_HOUR_PER_IU_PER_ML
            * handling.share_active
            * handling.minutes_to_quench
            / MINUTES_PER_HOUR
        )

    def margin(
        self, asn: np.ndarray, gln: np.ndarray, activity: np.ndarray, drug: Drug
    ) -> np.ndarray:
        """Return a number that is negative where the assay reports no Asn, Eq. (V5), float64[n].

        With N0 = ``asn`` [uM] in the vein, L the limit and A t the work of the enzyme, less than L
        is left in the tube when (N0 - L)/K + ln(N0/L) < A t/K: no inverse is needed.
        """
        half = drug.half_saturation_asn * (1.0 + gln / drug.half_saturation_gln)
        least = np.maximum(asn, _LEAST_ASN)
        work = self._enzyme_work * activity
        return np.asarray((least - self.limit - work) / half + np.log(least / self.limit))

    def read(
        self, asn: np.ndarray, gln: np.ndarray, activity: np.ndarray, drug: Drug
    ) -> np.ndarray:
        """Return Asn as the assay reports it [uM], float64[n]; 0 is below its limit."""
        half = drug.half_saturation_asn * (1.0 + gln / drug.half_saturation_gln)
        start = np.maximum(asn, _LEAST_ASN) / half
        lost = self._enzyme_work * activity / half
        left = half * special.wrightomega(np.log(start) + start - lost)
        return np.where(left < self.limit, 0.0, left)
