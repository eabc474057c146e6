"""The posterior of one patient's kinetics: priors of a preset, samples with the error of the assay.

The spread between the doses of one patient is left out (assumption A432). Sampling is by
importance around the maximum with a fixed sequence of points, so that the same data always give
the same numbers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.patient import Patient
from abm.pharmacology.populations import AbstractKinetics, Factors, TransitKinetics
from abm.pharmacology.regimen import Route, activity_per_amount
from abm.pharmacology.variability import Variability
from scenarios.studies.patient_data import Given, Measurements

_LOG2_POINTS = 10
_STARTS = (-1.5, 1.5, 6.0)
"""Other starts of the search along the first factor, in standard deviations; the last one for
patients whose enzyme was inactivated."""
_WIDENED = 1.4
"""Standard deviation of the sampling points over that at the maximum."""
_FEWEST_EFFECTIVE = 100.0
_MISSED = 0.001
"""Probability of a sample so far from the prediction, below which the model is wrong."""
SMALLEST_SD = 1e-6
"""Least error of a sample [IU/mL], where an assay without additive error measures nothing."""


@dataclass(frozen=True, kw_only=True)
class FitParameters(ParameterSet):
    """What a fit takes where the preset publishes nothing."""

    transit_sd_log: float = parameter(0.12, high=1.0, source="assumption A430")
    """Spread of the rate of ageing of pegaspargase between patients."""
    proportional_error: float = parameter(0.09, high=1.0, source="assumption A431")
    """Variation of the assay where the preset holds it in its spreads."""


class Problem(NamedTuple):
    """One patient: free factors with the spreads of their logarithms, data, errors of the assay.

    ``limit`` is float64[n_samples], the activity below which a sample says no more than that.
    """

    names: tuple[str, ...]
    sds: np.ndarray
    kinetics: AbstractKinetics
    patient: Patient
    measured: Measurements
    proportional: float
    additive: float
    limit: np.ndarray


def pose(
    kinetics: AbstractKinetics,
    spread: Variability,
    patient: Patient,
    measured: Measurements,
    limit: float,
    setting: FitParameters,
) -> Problem:
    """Return the problem of one patient; ScenarioError for a preset without any spread."""
    sds = {"clearance": spread.clearance_sd_log, "volume": spread.volume_sd_log}
    if isinstance(kinetics, TransitKinetics):
        sds["transit"] = spread.transit_sd_log or setting.transit_sd_log
    else:
        sds["peripheral_volume"] = spread.peripheral_volume_sd_log
    if any(dose.route is Route.IM for dose in measured.doses):
        sds["bioavailability"] = spread.bioavailability_sd_log
        sds["absorption"] = spread.absorption_sd_log
    free = {name: sd for name, sd in sds.items() if sd > 0.0}
    if not free:
        raise ScenarioError("this preset has no spreads between patients: choose another preset")
    kinetics.disposition(patient)
    return Problem(
        tuple(free),
        np.array(list(free.values())),
        kinetics,
        patient,
        measured,
        spread.proportional_error or setting.proportional_error,
        spread.additive_error,
        np.maximum(measured.limit, limit),
    )


def activity(problem: Problem, logs: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Return the true activity at ``hours`` [IU/mL] with the factors exp(``logs``)."""
    return superposed(own_kinetics(problem, logs), problem.patient, problem.measured.doses, hours)


def own_kinetics(problem: Problem, logs: np.ndarray) -> AbstractKinetics:
    """Return the kinetics with the factors exp(``logs``)."""
    factors = dict(zip(problem.names, np.exp(logs).tolist(), strict=True))
    return problem.kinetics.scaled(Factors(**factors))


def superposed(
    kinetics: AbstractKinetics, patient: Patient, doses: tuple[Given, ...], hours: np.ndarray
) -> np.ndarray:
    """Return the activity of all ``doses`` at ``hours`` [IU/mL]; a sample precedes its dose."""
    total = np.zeros(hours.shape[0])
    for dose in doses:
        since = hours - dose.hour
        after = since > 0.0
        if after.any():
            curve = activity_per_amount(
                kinetics, patient, dose.route, since[after], dose.infusion_hours
            )
            total[after] += dose.amount * curve
    return total


def minus_log_posterior(problem: Problem, logs: np.ndarray) -> float:
    """Return the negative logarithm of prior times likelihood, without constants."""
    from scipy import special

    measured = problem.measured
    true = activity(problem, logs, measured.hours)
    sd = np.sqrt((problem.proportional * true) ** 2 + problem.additive**2)
    sd = np.maximum(sd, SMALLEST_SD)
    is_below = measured.activity < problem.limit
    below = special.log_ndtr((problem.limit - true) / sd)
    above = -0.5 * ((measured.activity - true) / sd) ** 2 - np.log(sd)
    fit = float(np.where(is_below, below, above).sum())
    return 0.5 * float(((logs / problem.sds) ** 2).sum()) - fit


def misses(problem: Problem, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the indices of samples that the fit cannot have produced, in order of time.

    A sample misses where the posterior predictive distribution, true activities with the error of
    the assay, has less than 0.001 beyond it: on both sides together, or below the limit for one
    below it. Samples before the first dose have no prediction.
    """
    from scipy import special

    measured = problem.measured
    true = np.array([activity(problem, point, measured.hours) for point in points])
    sd = np.maximum(np.hypot(problem.proportional * true, problem.additive), SMALLEST_SD)
    is_below = measured.activity < problem.limit
    edge = np.where(is_below, problem.limit, measured.activity)
    under = weights @ special.ndtr((edge - true) / sd)
    over = weights @ special.ndtr((true - edge) / sd)
    tail = np.where(is_below, under, 2.0 * np.minimum(under, over))
    is_after = measured.hours > min(dose.hour for dose in measured.doses)
    return np.flatnonzero(is_after & (tail < _MISSED))


def posterior(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return the maximum, sampling points, their weights, and remarks."""
    from scipy import stats

    minus_log_posterior(problem, np.zeros(problem.sds.size))  # what no factor can mend is raised
    best = _maximum(problem)
    root = np.linalg.cholesky(_covariance(problem, best)) * _WIDENED
    sequence = stats.qmc.Sobol(len(problem.names), scramble=False)
    sequence.fast_forward(1)
    uniforms = sequence.random(2**_LOG2_POINTS - 1)
    normals = stats.norm.ppf(uniforms)
    points = best + normals @ root.T
    heights = np.array([-_height(problem, point) for point in points])
    is_possible = np.isfinite(heights)
    points, normals, heights = points[is_possible], normals[is_possible], heights[is_possible]
    heights += 0.5 * (normals**2).sum(axis=1)
    weights = np.exp(heights - heights.max())
    weights /= weights.sum()
    effective = 1.0 / float((weights**2).sum())
    notes = []
    if effective < _FEWEST_EFFECTIVE:
        notes.append(f"intervals are rough: {effective:.0f} effective points")
    return best, points, weights, notes


def _height(problem: Problem, logs: np.ndarray) -> float:
    """Return the negative logarithm, infinite where kinetics leave the range they can have."""
    try:
        return minus_log_posterior(problem, logs)
    except ScenarioError:
        return float("inf")


def _maximum(problem: Problem) -> np.ndarray:
    from scipy import optimize

    def height(logs: np.ndarray) -> float:
        return _height(problem, logs * problem.sds)

    starts = [np.zeros(problem.sds.size)]
    starts += [np.eye(problem.sds.size)[0] * shift for shift in _STARTS]
    options = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 4000, "maxfev": 4000}
    found = [
        optimize.minimize(height, start, method="Nelder-Mead", options=options) for start in starts
    ]
    best = min(found, key=lambda one: float(one.fun))
    return np.asarray(best.x * problem.sds)


def _covariance(problem: Problem, best: np.ndarray) -> np.ndarray:
    """Return the covariance at the maximum; where the curvature fails, that of the prior."""
    step = 0.02 * problem.sds
    n = best.size
    curvature = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            total = 0.0
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                moved = best.copy()
                moved[i] += a * step[i]
                moved[j] += b * step[j]
                total += a * b * _height(problem, moved)
            curvature[i, j] = total / (4.0 * step[i] * step[j])
    if not np.isfinite(curvature).all():
        return np.diag(problem.sds**2)
    curvature = 0.5 * (curvature + curvature.T)
    values, vectors = np.linalg.eigh(curvature * np.outer(problem.sds, problem.sds))
    # A direction never has less curvature than half of what the prior alone gives it.
    inverse = (vectors / np.maximum(values, 0.5)) @ vectors.T
    return np.asarray(inverse * np.outer(problem.sds, problem.sds))


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, at: list[float]) -> np.ndarray:
    """Return quantiles of float64[n_points, ...] along the first axis."""
    order = np.argsort(values, axis=0)
    sorted_values = np.take_along_axis(values, order, axis=0)
    summed = np.cumsum(weights[order], axis=0) - 0.5 * weights[order]
    flat_values = sorted_values.reshape(values.shape[0], -1)
    flat_sums = summed.reshape(values.shape[0], -1)
    columns = [
        np.interp(at, flat_sums[:, i], flat_values[:, i]) for i in range(flat_values.shape[1])
    ]
    return np.array(columns).T.reshape((len(at), *values.shape[1:]))
