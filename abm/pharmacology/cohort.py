"""Virtual patients and what sets each apart, from counter-based random numbers.

Every draw is a pure function of (seed, stream, occasion, key of the patient): a cohort of 1000
begins with the same patients as a cohort of 100.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from abm.errors import ScenarioError
from abm.pharmacology.patient import Patient, Sex
from abm.pharmacology.populations import AbstractKinetics, Factors
from abm.pharmacology.regimen import Amount
from abm.pharmacology.variability import CHILDREN, Demographics, Variability
from abm.streams import Stream, Streams

_PATIENT_SALT = 1_000_003
_LARGEST_COHORT = 1_000_000
_DRAW_OF_INACTIVATION = 8


@dataclass(frozen=True)
class Cohort:
    """Virtual patients and the keys of their random numbers, uint64[n]."""

    seed: int
    patients: tuple[Patient, ...]
    keys: np.ndarray

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return len(self.patients)

    def totals(self, amount: Amount) -> np.ndarray:
        """Return an amount in IU for every patient, float64[n]."""
        return np.array([amount.total(patient) for patient in self.patients], float)

    def normals(self, stream: Stream, occasion: int = 0, draw: int = 0) -> np.ndarray:
        """Return float64[2, n] standard normal numbers, two per patient."""
        return Streams(self.seed).normals(stream, occasion, self.keys, draw)

    def uniforms(self, stream: Stream, occasion: int = 0, draw: int = 0) -> np.ndarray:
        """Return float64[2, n] numbers in (0, 1), two per patient."""
        return Streams(self.seed).uniforms(stream, occasion, self.keys, draw)

    def factors(self, spread: Variability) -> list[Factors]:
        """Return what each patient has in place of typical values, Eq. (P16); medians are 1."""
        sds = (
            (spread.clearance_sd_log, spread.volume_sd_log),
            (spread.peripheral_volume_sd_log, spread.transit_sd_log),
            (spread.bioavailability_sd_log, spread.absorption_sd_log),
        )
        columns = [
            np.exp(np.array(pair)[:, None] * self.normals(Stream.PATIENT_KINETICS, draw=draw))
            for draw, pair in enumerate(sds)
        ]
        return [Factors(*row) for row in np.concatenate(columns).T.tolist()]

    def individuals(
        self, kinetics: AbstractKinetics, spread: Variability
    ) -> Iterator[AbstractKinetics]:
        """Yield the kinetics of every patient."""
        for factors in self.factors(spread):
            yield kinetics.scaled(factors)

    def occasion_factors(self, spread: Variability, n_occasions: int) -> np.ndarray:
        """Return float64[n, n_occasions], the clearance at each dose over the patient's own.

        Eq. (P17); one where the preset has no such spread.
        """
        out = np.ones((self.n_patients, n_occasions))
        if spread.occasion_sd_log > 0.0:
            for occasion in range(n_occasions):
                normal = self.normals(Stream.PATIENT_OCCASIONS, occasion)[0]
                out[:, occasion] = np.exp(spread.occasion_sd_log * normal)
        return out

    def is_inactivated(self, spread: Variability) -> np.ndarray:
        """Return bool[n], who has no activity from the first dose on."""
        return (
            self.uniforms(Stream.PATIENT_KINETICS, draw=_DRAW_OF_INACTIVATION)[0]
            < spread.inactivated_share
        )

    def measured(self, activity: np.ndarray, spread: Variability) -> np.ndarray:
        """Return ``activity`` float64[n, n_samples] [IU/mL] as an assay reports it, Eq. (P18).

        0 stands for "below the limit of quantification".
        """
        out = np.empty_like(activity)
        for sample in range(activity.shape[1]):
            out[:, sample] = self.measured_at(activity[:, sample], spread, sample)
        return out

    def measured_at(self, activity: np.ndarray, spread: Variability, occasion: int) -> np.ndarray:
        """Return one sample per patient, float64[n], as :meth:`measured`; keyed by occasion."""
        relative, absolute = self.normals(Stream.PATIENT_ASSAY, occasion)
        value = activity * (1.0 + spread.proportional_error * relative)
        value += spread.additive_error * absolute
        return np.where(value < spread.quantification_limit, 0.0, value)

    def part(self, first: int, last: int) -> "Cohort":
        """Return patients ``first`` to ``last - 1`` with their own keys: a batch."""
        return Cohort(self.seed, self.patients[first:last], self.keys[first:last])


def alike_patients(patient: Patient, n_patients: int, seed: int) -> Cohort:
    """Return patients with the same covariates whose draws differ (repeated bodies)."""
    keys = Streams(seed).founder_keys(_PATIENT_SALT, 0, n_patients)
    return Cohort(seed, (patient,) * n_patients, keys)


def virtual_patients(n_patients: int, seed: int, who: Demographics = CHILDREN) -> Cohort:
    """Return a cohort of patients with age, sex, weight and surface area, Eq. (P19).

    The weight follows the age, the surface area the weight by Eq. (P10). Raises ScenarioError for a
    number of patients below 1 or above a million.
    """
    if not 1 <= n_patients <= _LARGEST_COHORT:
        raise ScenarioError(f"cohort: {n_patients} patients; give 1 to {_LARGEST_COHORT}")
    if who.lowest_age > who.highest_age:
        raise ScenarioError(
            f"demographics: lowest_age {who.lowest_age:g} above highest_age {who.highest_age:g}"
        )
    cohort = Cohort(seed, (), Streams(seed).founder_keys(_PATIENT_SALT, 0, n_patients))
    of_age, of_weight = cohort.normals(Stream.PATIENT_COVARIATES)
    is_male = cohort.uniforms(Stream.PATIENT_COVARIATES, draw=1)[0] < who.male_share
    ages = np.clip(
        who.median_age * np.exp(who.age_sd_log * of_age), who.lowest_age, who.highest_age
    )
    grown = np.minimum(ages, who.grown_age)
    per_year = who.weight_per_year + grown * who.weight_per_square_year
    weights = who.weight_constant + grown * per_year
    weights *= np.exp(who.weight_sd_log * of_weight)
    patients = tuple(
        Patient(weight=weight, age=age, sex=Sex(male))
        for weight, age, male in zip(
            weights.tolist(), ages.tolist(), is_male.astype(int).tolist(), strict=True
        )
    )
    return Cohort(seed, patients, cohort.keys)
