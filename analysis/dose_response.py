"""Dose and response: viability, median effect, combinations, kill over a course; Eq. (R1)-(R7).

Functions of plain numbers and arrays (they broadcast); docs/pharmacology.md lists the equations.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

SHAM = "sham"
"""Partner of a drug that is combined with itself."""


def fraction_affected(dose: ArrayLike, median_dose: float, slope: float) -> np.ndarray:
    """Return the median-effect law 1/(1 + (Dm/D)^m), Eq. (R1); 0 at dose 0.

    Chou and Talalay 1984. ``dose`` and ``median_dose`` in the same unit, ``slope`` dimensionless.
    """
    scaled = (np.asarray(dose, dtype=np.float64) / median_dose) ** slope
    return scaled / (1.0 + scaled)


def dose_for_effect(affected: ArrayLike, median_dose: float, slope: float) -> np.ndarray:
    """Return the dose that affects the fraction ``affected`` in [0, 1), Eq. (R1) inverted."""
    affected = np.asarray(affected, dtype=np.float64)
    return median_dose * (affected / (1.0 - affected)) ** (1.0 / slope)


def fit_median_effect(dose: ArrayLike, affected: ArrayLike) -> tuple[float, float]:
    """Return (median dose, slope) by least squares of logit(affected) on ln(dose), Eq. (R2).

    Points at 0 or 1 carry no information in this plot and are left out; two must remain.
    Raises ValueError otherwise.
    """
    dose, affected = np.asarray(dose, np.float64), np.asarray(affected, np.float64)
    is_inside = (affected > 0.0) & (affected < 1.0) & (dose > 0.0)
    if np.unique(dose[is_inside]).shape[0] < 2:
        raise ValueError("median effect: two doses with an effect between 0 and 1 are needed")
    log_dose = np.log(dose[is_inside])
    logit = np.log(affected[is_inside] / (1.0 - affected[is_inside]))
    slope, intercept = np.polyfit(log_dose, logit, 1)
    return math.exp(-intercept / slope), float(slope)


def bliss_effect(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """Return the effect of two independent kills, f1 + f2 - f1 f2, Eq. (R3). Bliss 1939."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return first + second - first * second


def combination_index(doses: tuple[float, float], alone: tuple[float, float]) -> float:
    """Return Loewe's D1/Dx1 + D2/Dx2, Eq. (R4): below 1 synergy, above 1 antagonism.

    ``doses`` are those of the pair, ``alone`` those of each drug that reach the same effect by
    itself; infinity for a drug that cannot.
    """
    return doses[0] / alone[0] + doses[1] / alone[1]


def cumulative_kill(
    duration: ArrayLike, max_rate: float, decay_rate: float, initial: float, half_effect: float
) -> np.ndarray:
    """Return the integral of kmax C/(EC50 + C) while C decays from ``initial``, Eq. (R5) [nats].

    ``max_rate`` and ``decay_rate`` per unit of ``duration``; infinity is a valid duration.
    """
    last = initial * np.exp(-decay_rate * np.asarray(duration, dtype=np.float64))
    return max_rate / decay_rate * np.log((half_effect + initial) / (half_effect + last))


def time_above(initial: float, level: float, decay_rate: float) -> float:
    """Return how long an exponential decay stays above ``level``; 0 if it never was."""
    return max(math.log(initial / level) / decay_rate, 0.0)


def viability_half_dose(duration: ArrayLike, max_rate: float, half_effect: float) -> np.ndarray:
    """Return the concentration that halves relative viability after ``duration``, Eq. (R6).

    K ln2/(kmax T - ln2) for a kill without memory; infinity where kmax T <= ln2. An IC50 without
    the length of its assay says little.
    """
    surplus = max_rate * np.asarray(duration, dtype=np.float64) - math.log(2.0)
    positive = np.where(surplus > 0.0, surplus, 1.0)
    return np.where(surplus > 0.0, half_effect * math.log(2.0) / positive, np.inf)


def static_dose(growth_rate: float, max_rate: float, half_effect: float) -> float:
    """Return the concentration at which kill equals growth, Eq. (R7); infinity if none does."""
    if max_rate <= growth_rate:
        return math.inf
    return half_effect * growth_rate / (max_rate - growth_rate)
