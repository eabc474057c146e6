"""Antibodies of many patients, carried along dose by dose.

The same law as :mod:`abm.pharmacology.immunity`, Eq. (P23) and (P24), with the exposure that the
doses given so far make: every dose exposes for one usual interval of its product, and a dose after
a long gap counts more (Eq. (P26)). Times are in hours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm import units
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.immunity import ImmunityParameters
from abm.pharmacology.kinetics import rate_of_half_life
from abm.pharmacology.plan import TRAITS, Family
from abm.streams import Stream

_DAY = units.HOURS_PER_DAY


@dataclass(frozen=True, kw_only=True)
class ExposureParameters(ParameterSet):
    """How a gap without enzyme changes the response to the next dose."""

    gap_days: float = parameter(
        28.0, unit="d", high=1000.0, source="intervals of 4 weeks and more: van der Sluis 2016"
    )
    """Days without exposure from which a dose counts as re-exposure."""
    primary_days: float = parameter(
        28.0, unit="d", high=365.0, source="assumption A373: weeks of a first response"
    )
    """Days from the first exposure before which nobody reacts."""
    gap_boost: float = parameter(2.0, low=1.0, high=20.0, source="assumption A373")
    """Rise of the titre under a dose after such a gap, over that without one."""
    native_excess: float = parameter(5.0, low=1.0, high=100.0, source="assumption A390")
    """Threshold of a reaction while native enzyme goes on, over that after a pause."""
    native_pause: float = parameter(14.0, unit="d", high=365.0, source="assumption A390")
    """Days without exposure from which native enzyme no longer counts as going on."""


class Sensitisation:
    """Titres of ``n`` patients against both families.

    hour    : float64[2, n], hour of each patient's last exposure; other patients' must not split
              its exponentials
    memory  : float64[2, n], days of native enzyme that are remembered, T of Eq. (P23), at ``hour``
    until   : float64[2, n], hour at which the present exposure ends
    first   : float64[2, n], hour of the first exposure
    """

    def __init__(
        self, cohort: Cohort, parameters: ImmunityParameters, exposure: ExposureParameters
    ) -> None:
        n = cohort.n_patients
        self.parameters, self.exposure = parameters, exposure
        normal = [cohort.normals(Stream.PATIENT_IMMUNITY, family)[0] for family in Family]
        self.response = parameters.titre_rise * np.exp(parameters.rise_sd_log * np.array(normal))
        draws = [cohort.uniforms(Stream.PATIENT_IMMUNITY, f, draw=1)[0] for f in Family]
        shares = np.array([parameters.silent_share, parameters.erwinia_silent_share])
        self.is_silent_type = np.array(draws) < shares[:, None]
        self.hour = np.zeros((len(Family), n))
        self.memory = np.zeros((len(Family), n))
        self.until = np.full((len(Family), n), -np.inf)
        self.first = np.full((len(Family), n), np.inf)
        self.rise = np.zeros((len(Family), n))

    def titre(self, family: Family, hour: float) -> np.ndarray:
        """Return the titre of every patient at ``hour``, float64[n] [AU/mL]; changes nothing."""
        return np.asarray(self.response[family] * self._remembered(family, hour))

    def is_high(self, product: str, hour: float) -> np.ndarray:
        """Tell who would react to a dose at ``hour``, Eq. (P24), bool[n].

        A first response takes weeks: nobody reacts before. Native enzyme that goes on binds what
        antibody there is.
        """
        traits = TRAITS[product]
        family = traits.family
        titre = self.titre(family, hour)
        threshold = np.full(titre.shape, self.parameters.threshold)
        if family is Family.E_COLI and not traits.is_pegylated:
            goes_on = hour - self.until[family] < self.exposure.native_pause * _DAY
            threshold[goes_on] *= self.exposure.native_excess
        is_primed = hour - self.first[family] >= self.exposure.primary_days * _DAY
        return np.asarray(is_primed & (titre > threshold))

    def expose(self, product: str, rows: np.ndarray, hour: float) -> None:
        """Add the exposure by one dose to the patients ``rows``."""
        traits = TRAITS[product]
        family = traits.family
        self._advance(family, rows, hour)
        rise = 1.0
        if family is Family.ERWINIA:
            rise = self.parameters.erwinia_rise
        elif traits.is_pegylated:
            rise = self.parameters.pegylated_rise
        until = self.until[family, rows]
        gap = hour - until
        is_again = np.isfinite(until) & (gap > self.exposure.gap_days * _DAY)
        now = rise * np.where(is_again, self.exposure.gap_boost, 1.0)
        still = until > hour
        self.rise[family, rows] = np.where(still, np.maximum(self.rise[family, rows], now), now)
        self.first[family, rows] = np.minimum(self.first[family, rows], hour)
        self.until[family, rows] = np.maximum(until, hour + traits.exposure_days * _DAY)

    def snapshot(self) -> dict[str, Any]:
        """Return what a checkpoint needs."""
        names = ("hour", "memory", "until", "first", "rise")
        return {name: getattr(self, name).tolist() for name in names}

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Return to a snapshot."""
        for name, values in snapshot.items():
            setattr(self, name, np.array(values, float))

    def _remembered(self, family: Family, hour: float) -> np.ndarray:
        loss = rate_of_half_life(self.parameters.titre_half_life) / _DAY
        passed = np.maximum(hour - self.hour[family], 0.0)
        exposed = np.clip(self.until[family] - self.hour[family], 0.0, passed)
        gained = -np.expm1(-loss * exposed) * np.exp(-loss * (passed - exposed)) / (loss * _DAY)
        return np.asarray(self.memory[family] * np.exp(-loss * passed) + self.rise[family] * gained)

    def _advance(self, family: Family, rows: np.ndarray, hour: float) -> None:
        """Carry the memory of the patients ``rows`` to ``hour``."""
        self.memory[family, rows] = self._remembered(family, hour)[rows]
        self.hour[family, rows] = np.maximum(self.hour[family, rows], hour)
