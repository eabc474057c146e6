"""Plasma asparagine under an activity: what is there, and what a sample shows.

The enzyme works on in the tube until it is quenched, so that a sample holds less Asn than the blood
did (Asselin 1991, Cancer Res 51:6568). Concentrations in uM, times in hours, activity in IU/mL. Gln
is taken as constant; :mod:`abm.environment.plasma` is the plasma of a simulation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import integrate, special

from abm import units
from abm.errors import NumericalError, ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.populations import EnzymeConstants

_RELATIVE_ACCURACY = 1e-8


@dataclass(frozen=True, kw_only=True)
class AsparagineTurnover(ParameterSet):
    """What the body gives to plasma and takes from it without the drug."""

    supply: float = parameter(
        45.0, unit="uM/h", low=0.1, high=5000.0, source="0.75 uM/min: bound of Schore 2019, derived"
    )
    """Asn that enters plasma."""
    normal_asn: float = parameter(
        50.0, unit="uM", low=1.0, high=500.0, source="human plasma, HMDB; 40-80 in healthy adults"
    )
    """Asn in plasma without drug; clearance = supply / normal."""
    gln: float = parameter(550.0, unit="uM", high=5000.0, source="human plasma, HMDB")
    """Gln in plasma, which competes for the enzyme."""

    @property
    def clearance(self) -> float:
        """Rate at which Asn leaves plasma other than by the enzyme [1/h]."""
        return self.supply / self.normal_asn


TURNOVERS: Mapping[str, AsparagineTurnover] = MappingProxyType(
    {"low": AsparagineTurnover(), "high": AsparagineTurnover(supply=480.0)}
)
"""The two readings of the literature: 0.75 and 8 uM/min into plasma (assumption A188)."""


@dataclass(frozen=True, kw_only=True)
class SampleHandling(ParameterSet):
    """What happens to a sample between the vein and the assay."""

    minutes_to_quench: float = parameter(
        1.0, unit="min", high=600.0, source="assumption A189: drawn into acid"
    )
    """Time in which the enzyme works on in the tube."""
    share_active: float = parameter(
        0.5, high=1.0, source="assumption A190: room temperature against 37 C"
    )
    """Activity in the tube as a share of that in the body."""
    quantification_limit: float = parameter(
        0.5, unit="uM", high=50.0, source="Schore 2019, PMC6594900 (undetectable below 0.5 uM)"
    )
    """Asn below which the assay reports none."""


HANDLINGS: Mapping[str, SampleHandling] = MappingProxyType(
    {"quenched": SampleHandling(), "unquenched": SampleHandling(minutes_to_quench=15.0)}
)
"""Unquenched: the shortest time that loses 85 % of 50 uM at 0.01 IU/mL (Asselin 1991), rounded."""


def _half_saturation(enzyme: EnzymeConstants, turnover: AsparagineTurnover) -> float:
    """Return Km with competition by Gln [uM]."""
    return enzyme.half_saturation_asn * (1.0 + turnover.gln / enzyme.half_saturation_gln)


def steady_asparagine(
    activity: np.ndarray, enzyme: EnzymeConstants, turnover: AsparagineTurnover
) -> np.ndarray:
    """Return the Asn at which supply, clearance and hydrolysis balance [uM], Eq. (P20).

    The positive root of k N^2 + (A + k K - J) N - J K = 0, in the form that does not cancel. Shape
    of ``activity`` [IU/mL].
    """
    fullest = np.asarray(activity, dtype=np.float64) * units.UM_PER_HOUR_PER_IU_PER_ML
    half, rate = _half_saturation(enzyme, turnover), turnover.clearance
    middle = fullest + rate * half - turnover.supply
    root = np.sqrt(middle * middle + 4.0 * rate * turnover.supply * half)
    return np.where(
        middle > 0.0,
        2.0 * turnover.supply * half / np.maximum(middle + root, np.finfo(float).tiny),
        (root - middle) / (2.0 * rate),
    )


def asparagine_course(
    activity: Callable[[float], float],
    hours: np.ndarray,
    enzyme: EnzymeConstants,
    turnover: AsparagineTurnover,
) -> np.ndarray:
    """Return Asn at increasing ``hours`` [uM], from the normal value at the first, Eq. (P21).

    ``activity(hour)`` gives IU/mL. Raises NumericalError when the integration fails.
    """
    hours = np.asarray(hours, dtype=np.float64)
    half = _half_saturation(enzyme, turnover)

    def change(hour: float, asn: np.ndarray) -> np.ndarray:
        fullest = activity(hour) * units.UM_PER_HOUR_PER_IU_PER_ML
        return turnover.supply - (turnover.clearance + fullest / (half + asn)) * asn

    result = integrate.solve_ivp(
        change, (hours[0], hours[-1]), [turnover.normal_asn], method="LSODA", t_eval=hours,
        rtol=_RELATIVE_ACCURACY, atol=_RELATIVE_ACCURACY,
    )  # fmt: skip
    if not result.success:
        raise NumericalError(f"plasma asparagine: {result.message}")
    return np.asarray(result.y[0])


def asparagine_in_tube(
    asn: np.ndarray,
    activity: np.ndarray,
    minutes: float,
    enzyme: EnzymeConstants,
    *,
    gln: float = 0.0,
) -> np.ndarray:
    """Return what is left of ``asn`` [uM] after ``minutes`` under a constant activity, Eq. (P22).

    Michaelis-Menten without supply in closed form: N = K w(ln(N0/K) + (N0 - A t)/K), with w the
    Wright omega function (w + ln w = its argument). Raises ScenarioError for a negative time.
    """
    if not minutes >= 0.0:
        raise ScenarioError(f"sample: {minutes:g} min in the tube must be zero or more")
    half = enzyme.half_saturation_asn * (1.0 + gln / enzyme.half_saturation_gln)
    start = np.asarray(asn, dtype=np.float64) / half
    fullest = np.asarray(activity, dtype=np.float64) * units.UM_PER_HOUR_PER_IU_PER_ML
    lost = fullest * (minutes / units.MINUTES_PER_HOUR) / half
    with np.errstate(divide="ignore"):
        return half * special.wrightomega(np.log(start) + start - lost)


def measured_asparagine(
    asn: np.ndarray,
    activity: np.ndarray,
    enzyme: EnzymeConstants,
    turnover: AsparagineTurnover,
    handling: SampleHandling,
) -> np.ndarray:
    """Return Asn as an assay reports it [uM]; 0 stands for "below the limit of quantification"."""
    left = asparagine_in_tube(
        asn,
        np.asarray(activity) * handling.share_active,
        handling.minutes_to_quench,
        enzyme,
        gln=turnover.gln,
    )
    return np.where(left < handling.quantification_limit, 0.0, left)
