"""The patients of a cohort: covariates, keys of their random numbers, and their disease."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abm.pharmacology.cohort import Cohort, virtual_patients
from abm.pharmacology.variability import Demographics
from scenarios.cohort.disease import Disease, Diseases, draw_diseases


@dataclass(frozen=True)
class Patients:
    """Some patients of a cohort in order of their index.

    index    : int64[n], number of the patient in the whole cohort; with the seed it makes all keys
    labels   : what the patient is called in a CSV, else the index as text; length n
    cohort   : covariates (weight, surface area, age, sex) and keys uint64[n]
    diseases : subtype, methylation, burden, factors on ASNS, growth and kill
    observed : what a CSV says that is shown beside the simulated (MRD), float64[n] or absent
    """

    index: np.ndarray
    labels: tuple[str, ...]
    cohort: Cohort
    diseases: Diseases
    observed: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.index.shape[0])

    def part(self, first: int, n: int) -> "Patients":
        """Return the patients ``first .. first + n - 1`` of this object."""
        here = slice(first, first + n)
        return Patients(
            self.index[here],
            self.labels[here],
            Cohort(self.cohort.seed, self.cohort.patients[here], self.cohort.keys[here]),
            self.diseases.part(here),
            {name: values[here] for name, values in self.observed.items()},
        )

    def table(self) -> pd.DataFrame:
        """Return what is known of each patient before treatment, one row each."""
        covariates = self.cohort.patients
        disease = self.diseases
        return pd.DataFrame(
            {
                "patient": self.index,
                "label": list(self.labels),
                "age_yr": [one.age for one in covariates],
                "sex": ["m" if one.sex else "f" for one in covariates],
                "weight_kg": [one.body_weight for one in covariates],
                "bsa_m2": [one.surface_area for one in covariates],
                "subtype": list(disease.subtype),
                "methylated_share": disease.methylated[:, 2],
                "blasts_at_diagnosis": disease.blasts,
                "asns_factor": disease.asns_factor,
                "growth_factor": disease.growth_factor,
                "kill_factor": disease.kill_factor,
                **{f"observed_{name}": values for name, values in self.observed.items()},
            }
        )


def sample_patients(
    n: int, seed: int, who: Demographics, disease: Disease, frequencies: Mapping[str, float]
) -> Patients:
    """Return ``n`` virtual patients; a cohort of 1000 begins with the same ones as one of 100."""
    cohort = virtual_patients(n, seed, who)
    index = np.arange(n, dtype=np.int64)
    return Patients(
        index, tuple(map(str, index.tolist())), cohort, draw_diseases(cohort, disease, frequencies)
    )
