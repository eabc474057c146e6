"""When a simulated number counts as met."""

import math
from dataclasses import dataclass

from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Band:
    """A closed range of numbers that are accepted; nan is never accepted."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def around(expected: float, error: float) -> Band:
    """Return ``expected`` +- ``error``."""
    return Band(expected - error, expected + error)


def within_share(expected: float, share: float) -> Band:
    """Return ``expected`` +- a share of its size."""
    return around(expected, abs(share * expected))


def at_least(low: float) -> Band:
    """Return all numbers from ``low`` on."""
    return Band(low, math.inf)


def at_most(high: float) -> Band:
    """Return all numbers up to ``high``."""
    return Band(-math.inf, high)


def proportion(n_events: int, n_patients: int) -> Band:
    """Return the exact binomial interval (Clopper and Pearson 1934) of a published proportion."""
    interval = stats.binomtest(n_events, n_patients).proportion_ci(CONFIDENCE, method="exact")
    return Band(float(interval.low), float(interval.high))


def binomial_errors(p: float, n: int, n_errors: float = 4.0) -> Band:
    """Return the range of a frequency of ``n`` draws within some standard errors of ``p``."""
    return around(p, n_errors * math.sqrt(p * (1.0 - p) / n))
