"""Antibodies against the enzyme: exposure raises a titre, a high titre ends the activity.

The titre of a patient is S a T(t): S the patient's response (lognormal, median 1), a the rise per
day of exposure to native enzyme, T(t) the days of exposure that are remembered, Eq. (P23). Above
the threshold the patient reacts at the next exposure, with symptoms (allergy: the drug is stopped)
or without (silent inactivation: removal is many times faster), Eq. (P24). What is left out: classes
of antibodies, affinity, boosting by memory cells, and premedication. Times are in days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.kinetics import rate_of_half_life
from abm.streams import Stream

_TONG = "fitted to B3a (Tong 2014, Blood 123:2026)"


class Reaction(IntEnum):
    """What becomes of a patient under the enzyme."""

    NONE = 0
    ALLERGY = 1
    SILENT = 2


@dataclass(frozen=True, kw_only=True)
class ImmunityParameters(ParameterSet):
    """Rise and loss of the titre, and what it does."""

    titre_rise: float = parameter(10.3, unit="1/d", low=1e-3, high=1e3, source=_TONG)
    """Titre [AU/mL] per day of exposure to native enzyme, median patient."""
    rise_sd_log: float = parameter(1.2, high=3.0, source="assumption A191")
    """Spread between patients of the logarithm of the rise."""
    titre_half_life: float = parameter(90.0, unit="d", low=1.0, high=1e4, source="assumption A192")
    """Half-life of a titre without exposure."""
    pegylated_rise: float = parameter(
        0.05, high=10.0, source="fitted: 13 % react without priming (assumption A193)"
    )
    """Rise under pegylated enzyme as a share of that under native enzyme."""
    erwinia_rise: float = parameter(0.021, high=10.0, source=_TONG)
    """Rise of the titre against Erwinia enzyme under it, in the same units."""
    threshold: float = parameter(
        200.0, low=1e-3, high=1e6, source="Willer 2011, Blood 118:5774 (AU/mL)"
    )
    """Titre above which pegylated enzyme loses its activity."""
    silent_share: float = parameter(7.0 / 27.0, high=1.0, source=_TONG)
    """Share of those who react that does so without symptoms."""
    erwinia_silent_share: float = parameter(0.0, high=1.0, source=_TONG)
    """The same under Erwinia enzyme."""
    inactivated_clearance_factor: float = parameter(
        30.0, low=1.0, high=1e3, source="assumption A194: 10 to 50"
    )
    """Clearance after silent inactivation over that before."""


class Exposure(NamedTuple):
    """Days ``start`` to ``end`` under an enzyme with a ``rise`` relative to native enzyme."""

    start: float
    end: float
    rise: float


class Reactions(NamedTuple):
    """One per patient: :class:`Reaction` int8[n], day of its onset float64[n] (infinite: none).

    ``clearance_factor`` is that of silent inactivation.
    """

    kinds: np.ndarray
    onset: np.ndarray
    clearance_factor: float = 1.0


def remembered_exposure(
    exposures: Sequence[Exposure], days: np.ndarray, half_life: float
) -> np.ndarray:
    """Return T(t) of dT/dt = r(t) - d T, T = 0 before, in days of native enzyme, Eq. (P23).

    Each exposure is a closed form and they add up. Raises ScenarioError where one ends before it
    starts.
    """
    days = np.asarray(days, dtype=np.float64)
    loss = rate_of_half_life(half_life)
    total = np.zeros_like(days)
    for start, end, rise in exposures:
        if end < start:
            raise ScenarioError(f"exposure: ends on day {end:g}, before it starts on {start:g}")
        inside = np.clip(days, start, end) - start
        total -= rise / loss * np.expm1(-loss * inside) * np.exp(-loss * np.maximum(days - end, 0))
    return total


def draw_reactions(
    cohort: Cohort,
    exposures: Sequence[Exposure],
    dose_days: np.ndarray,
    parameters: ImmunityParameters,
    *,
    silent_share: float | None = None,
    enzyme_index: int = 0,
) -> Reactions:
    """Return who reacts, how, and at which of ``dose_days`` (increasing), Eq. (P24).

    ``exposures`` hold what came before as well (priming). ``enzyme_index`` tells enzymes apart that
    do not cross-react: each has its own draw of the response. ``silent_share`` replaces that of the
    parameters.
    """
    days = np.asarray(dose_days, dtype=np.float64)
    memory = remembered_exposure(exposures, days, parameters.titre_half_life)
    normal = cohort.normals(Stream.PATIENT_IMMUNITY, enzyme_index)[0]
    response = parameters.titre_rise * np.exp(parameters.rise_sd_log * normal)
    is_high = response[:, None] * memory[None, :] > parameters.threshold
    reacts = is_high.any(axis=1)
    onset = np.where(reacts, days[is_high.argmax(axis=1)], np.inf)
    share = parameters.silent_share if silent_share is None else silent_share
    is_silent = cohort.uniforms(Stream.PATIENT_IMMUNITY, enzyme_index, draw=1)[0] < share
    kinds = np.where(is_silent, int(Reaction.SILENT), int(Reaction.ALLERGY)) * reacts
    return Reactions(kinds.astype(np.int8), onset, parameters.inactivated_clearance_factor)
