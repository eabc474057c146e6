"""What makes the patients of one model different from each other."""

from dataclasses import dataclass

import numpy as np

from abm.pharmacology.cohort import Cohort


@dataclass(frozen=True)
class Batch:
    """The patients of one model, in the order of its replicates; arrays of that length.

    index      : int64, forever-number of each patient; all random keys follow from it
    number     : int64, founders of each tumour population, None as in the scenario
    alleles    : float64[R, 3], shares of tumour founders with 0, 1, 2 methylated alleles
    set_point  : float64, factor of the ASNS set-point of tumour cells
    synthesis  : float64, factor of the translation rate of all cells
    kill       : float64, factor of the kill factor of all cells
    body_weight: float64 [kg]
    cohort     : covariates and keys of the patients, for their therapy; None as in the scenario
    """

    index: np.ndarray
    number: np.ndarray | None = None
    alleles: np.ndarray | None = None
    set_point: np.ndarray | None = None
    synthesis: np.ndarray | None = None
    kill: np.ndarray | None = None
    body_weight: np.ndarray | None = None
    cohort: Cohort | None = None

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.index.shape[0]
