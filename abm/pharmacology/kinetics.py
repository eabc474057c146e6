"""Concentration over time after one unit of drug: exact closed forms, Eq. (P1)-(P9).

A disposition is how the body distributes and removes a drug. It answers three questions, each as a
concentration per amount [1/L] at ``hours`` since the dose (arrays of any shape, 0 before the dose):
what a bolus gives, what an infusion of constant rate gives, and what a depot that empties at first
order gives. Doses superpose because every law here is linear. Times are in hours, rates in 1/h,
volumes in L. docs/pharmacology.md derives the equations.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from abm.errors import ScenarioError

LN2 = math.log(2.0)

_SERIES_LIMIT = 1.0


class AbstractDisposition(ABC):
    """Distribution and removal of one drug in one patient."""

    @abstractmethod
    def bolus(self, hours: np.ndarray) -> np.ndarray:
        """Return the concentration per amount after an instant dose [1/L], full at 0."""

    @abstractmethod
    def remaining_exposure(self, hours: np.ndarray) -> np.ndarray:
        """Return the area under the bolus curve from ``hours`` to infinity [h/L]."""

    @abstractmethod
    def absorbed(self, hours: np.ndarray, absorption_rate: float) -> np.ndarray:
        """Return the concentration per amount from a depot that empties at first order [1/L]."""

    def infusion(self, hours: np.ndarray, length: float) -> np.ndarray:
        """Return the concentration per amount of an infusion over ``length`` h [1/L].

        Eq. (P2): the mean of the bolus curve over the window ``[hours - length, hours]``, as a
        difference of tails so that late values keep their relative accuracy.
        """
        hours = np.asarray(hours, dtype=np.float64)
        if not length > 0.0:
            raise ScenarioError(f"infusion: the length must be positive, got {length:g} h")
        newest = self.remaining_exposure(np.maximum(hours - length, 0.0))
        oldest = self.remaining_exposure(np.maximum(hours, 0.0))
        return np.maximum(newest - oldest, 0.0) / length

    def exposure(self) -> float:
        """Return the whole area under the bolus curve [h/L], which is one over the clearance."""
        return float(self.remaining_exposure(np.zeros(1))[0])


@dataclass(frozen=True)
class ExponentialDisposition(AbstractDisposition):
    """A sum of exponentials, Eq. (P1): one compartment has one term, two have two.

    ``coefficients`` [1/L] and ``rates`` [1/h] have the same length; see :func:`stack` for arrays.
    """

    coefficients: tuple[float, ...]
    rates: tuple[float, ...]

    def bolus(self, hours: np.ndarray) -> np.ndarray:
        """Return sum A_i exp(-l_i t), Eq. (P1)."""
        hours = np.asarray(hours, dtype=np.float64)
        since = np.maximum(hours, 0.0)
        total = np.zeros_like(since)
        for coefficient, rate in zip(self.coefficients, self.rates, strict=True):
            total = total + coefficient * np.exp(-rate * since)
        return np.where(hours < 0.0, 0.0, total)

    def remaining_exposure(self, hours: np.ndarray) -> np.ndarray:
        """Return sum A_i/l_i exp(-l_i t)."""
        hours = np.asarray(hours, dtype=np.float64)
        total = np.zeros_like(hours)
        for coefficient, rate in zip(self.coefficients, self.rates, strict=True):
            total = total + coefficient / rate * np.exp(-rate * hours)
        return total

    def infusion(self, hours: np.ndarray, length: float) -> np.ndarray:
        """Return Eq. (P2) term by term, without any difference of near-equal numbers."""
        hours = np.asarray(hours, dtype=np.float64)
        if not length > 0.0:
            raise ScenarioError(f"infusion: the length must be positive, got {length:g} h")
        inside = np.clip(hours, 0.0, length)
        after = np.maximum(hours - length, 0.0)
        total = np.zeros_like(hours)
        for coefficient, rate in zip(self.coefficients, self.rates, strict=True):
            filled = -np.expm1(-rate * inside) / (rate * length)
            total += coefficient * filled * np.exp(-rate * after)
        return total

    def absorbed(self, hours: np.ndarray, absorption_rate: float) -> np.ndarray:
        """Return the Bateman function of every term, Eq. (P3).

        ka (e^(-l t) - e^(-ka t))/(ka - l) is symmetric in its two rates but for the factor ka. It
        is written with the slower one in front, which is exact for ka = l and shows that the slower
        of the two makes the tail (flip-flop when absorption is slower than elimination).
        """
        since = np.maximum(np.asarray(hours, dtype=np.float64), 0.0)
        total = np.zeros_like(since)
        for coefficient, rate in zip(self.coefficients, self.rates, strict=True):
            slower, gap = min(rate, absorption_rate), abs(rate - absorption_rate)
            window = -np.expm1(-gap * since) / gap if gap > 0.0 else since
            total += coefficient * absorption_rate * np.exp(-slower * since) * window
        return total


def one_compartment(clearance: float, volume: float) -> ExponentialDisposition:
    """Return the disposition of one compartment; ``clearance`` in L/h, ``volume`` in L."""
    _check_positive(clearance=clearance, volume=volume)
    return ExponentialDisposition((1.0 / volume,), (clearance / volume,))


def two_compartments(
    clearance: float, central: float, peripheral: float, exchange: float
) -> ExponentialDisposition:
    """Return the disposition of a central compartment that exchanges with a peripheral one.

    Clearances ``clearance`` and ``exchange`` in L/h, volumes in L; Eq. (P4). The slow rate is taken
    from the product of the two, not from a difference of near-equal numbers.
    """
    _check_positive(clearance=clearance, central=central, peripheral=peripheral, exchange=exchange)
    outward, back = exchange / central, exchange / peripheral
    removal = clearance / central
    total = removal + outward + back
    fast = 0.5 * (total + math.sqrt(total * total - 4.0 * removal * back))
    slow = removal * back / fast
    return ExponentialDisposition(
        ((fast - back) / (fast - slow) / central, (back - slow) / (fast - slow) / central),
        (fast, slow),
    )


@dataclass(frozen=True)
class TransitDisposition(AbstractDisposition):
    """Ageing through ``n_stages`` equal stages, Eq. (P5); the drug acts in all of them.

    Each stage loses drug at ``removal_rate`` and passes it on at ``transit_rate`` [1/h]; what
    leaves the last stage is gone, so that removal accelerates when most of a dose has aged.
    Wuerthwein 2021 (doi:10.1007/s13318-021-00670-8) with 14 stages for pegaspargase.
    """

    volume: float
    removal_rate: float
    transit_rate: float
    n_stages: int

    def bolus(self, hours: np.ndarray) -> np.ndarray:
        """Return e^(-l t)/V times the probability that a Poisson number of mean k t is < n."""
        hours = np.asarray(hours, dtype=np.float64)
        since = np.maximum(hours, 0.0)
        weights = np.ones(self.n_stages)
        value = _poisson_sum(weights, self.transit_rate * since)
        value *= np.exp(-(self.removal_rate + self.transit_rate) * since) / self.volume
        return np.where(hours < 0.0, 0.0, value)

    def remaining_exposure(self, hours: np.ndarray) -> np.ndarray:
        """Return Eq. (P6), sum_i k^i/s^(i+1) Q(i+1, s t)/V with s = l + k, one polynomial."""
        hours = np.asarray(hours, dtype=np.float64)
        loss = self.removal_rate + self.transit_rate
        ratio = np.asarray(self.transit_rate / loss)
        powers = ratio ** np.arange(self.n_stages).reshape(-1, *(1,) * ratio.ndim)
        weights = np.cumsum(powers[::-1], axis=0)[::-1]
        scaled = loss * hours
        return _poisson_sum(weights, scaled) * np.exp(-scaled) / (loss * self.volume)

    def absorbed(self, hours: np.ndarray, absorption_rate: float) -> np.ndarray:
        """Return Eq. (P7): a depot without ageing that feeds the first stage.

        Stage i holds ka k^i e^(-ka t) times the integral over [0, t] of u^i/i! e^(-d u) du with
        d = l + k - ka, an incomplete gamma function where d t is large, and the confluent
        hypergeometric function M(1, i + 2, d t) where it is small or negative.
        """
        since = np.maximum(np.asarray(hours, dtype=np.float64), 0.0)
        loss = self.removal_rate + self.transit_rate
        gap = (loss - absorption_rate) * since
        is_large = gap > _SERIES_LIMIT
        large, small = since[is_large], since[~is_large]
        total = np.zeros_like(since)
        for stage in range(self.n_stages):
            if large.size:
                factor = (self.transit_rate / (loss - absorption_rate)) ** stage
                factor *= absorption_rate / (loss - absorption_rate)
                decay = np.exp(-absorption_rate * large)
                total[is_large] += factor * decay * special.gammainc(stage + 1, gap[is_large])
            log_weight = special.xlogy(stage, self.transit_rate * small) - loss * small
            weight = np.exp(log_weight - math.lgamma(stage + 2)) * absorption_rate * small
            total[~is_large] += weight * special.hyp1f1(1.0, stage + 2.0, gap[~is_large])
        return total / self.volume


def stack(dispositions: Sequence[AbstractDisposition]) -> AbstractDisposition:
    """Return one disposition that stands for many patients: its numbers are float64[n].

    :meth:`bolus` and :meth:`remaining_exposure` of it take ``hours`` of shape [n_times, 1] and
    return [n_times, n]; the other methods are for one patient. Raises ScenarioError for
    dispositions of different kinds.
    """
    first = dispositions[0]
    if isinstance(first, TransitDisposition):
        columns: dict[str, Any] = {
            name: np.array([getattr(one, name) for one in dispositions])
            for name in ("volume", "removal_rate", "transit_rate")
        }
        return TransitDisposition(n_stages=first.n_stages, **columns)
    if not all(isinstance(one, ExponentialDisposition) for one in dispositions):
        raise ScenarioError("kinetics: only dispositions of one kind can be stacked")
    pairs: list[Any] = [
        [np.array(term) for term in zip(*(getattr(one, name) for one in dispositions), strict=True)]
        for name in ("coefficients", "rates")
    ]
    return ExponentialDisposition(tuple(pairs[0]), tuple(pairs[1]))


def _poisson_sum(weights: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return sum_i weights[i] mean^i/i! by Horner's rule; all terms are positive."""
    total = np.full_like(mean, weights[-1])
    for stage in range(weights.shape[0] - 1, 0, -1):
        total *= mean / stage
        total += weights[stage - 1]
    return total


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ScenarioError(f"kinetics: {name} must be positive and finite, got {value!r}")


def rate_of_half_life(half_life: float) -> float:
    """Return ln 2 over the half-life."""
    return LN2 / half_life


def fitted_half_life(hours: np.ndarray, concentration: np.ndarray) -> float:
    """Return the half-life [h] of a straight line through the logarithms, as studies report it.

    Eq. (P9): ordinary least squares, all samples with equal weight. Where the decay is no
    exponential the result depends on the window of the samples.
    """
    hours = np.asarray(hours, dtype=np.float64)
    logs = np.log(np.asarray(concentration, dtype=np.float64))
    centred = hours - hours.mean()
    return float(-LN2 * (centred @ centred) / (centred @ (logs - logs.mean())))
