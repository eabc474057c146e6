"""Plain Python twins of the samplers: laws summed term by term, births and deaths one by one."""

import bisect
import itertools
import math
from collections.abc import Iterator

import numpy as np


def binomial_pmf(n: int, p: float) -> list[float]:
    """Return P(0) .. P(n) from factorials in whole numbers."""
    return [math.comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(n + 1)]


def poisson_pmf(mean: float, most: int) -> list[float]:
    """Return P(0) .. P(most)."""
    return [math.exp(-mean) * mean**k / math.factorial(k) for k in range(most + 1)]


def negative_binomial_pmf(k: int, odds: float, most: int) -> list[float]:
    """Return P(0) .. P(most) of the failures before success k, odds = (1 - p)/p."""
    p = 1.0 / (1.0 + odds)
    return [math.comb(k + j - 1, j) * p**k * (1.0 - p) ** j for j in range(most + 1)]


def invert(pmf: list[float], uniform: float) -> int:
    """Return the first k at which the summed probabilities reach ``uniform``."""
    return bisect.bisect_left(list(itertools.accumulate(pmf)), uniform)


def birth_death(
    weight: int, birth: float, death: float, hours: float, numbers: Iterator[tuple[float, float]]
) -> tuple[int, int, int]:
    """Return cells, births and deaths after an interval, each event drawn (Gillespie)."""
    now, births, deaths = 0.0, 0, 0
    while weight > 0 and birth + death > 0.0:
        first, second = next(numbers)
        now -= math.log(first) / (weight * (birth + death))
        if now > hours:
            break
        if second < birth / (birth + death):
            weight, births = weight + 1, births + 1
        else:
            weight, deaths = weight - 1, deaths + 1
    return weight, births, deaths


def transition_pmf(weight: int, birth: float, death: float, hours: float, most: int) -> np.ndarray:
    """Return P(0) .. P(most) of the new weight: the master equation integrated by matrix powers.

    States above ``most`` are lumped into a trap; 2^20 Euler-like steps by squaring.
    """
    size = most + 2
    rates = np.zeros((size, size))
    for n in range(1, most + 1):
        rates[n, n + 1] = n * birth
        rates[n, n - 1] = n * death
        rates[n, n] = -n * (birth + death)
    step = rates * hours / 2**20
    one = np.eye(size) + step + 0.5 * step @ step
    for _ in range(20):
        one = one @ one
    return one[weight, : most + 1]


def staged(
    counts: list[int],
    stage_rate: float,
    death: float,
    hours: float,
    numbers: Iterator[tuple[float, float]],
) -> tuple[list[int], int, int]:
    """Return cells in each stage, births and deaths, each cell with its own waiting times."""
    last = len(counts) - 1
    births, deaths = 0, 0
    final = [0] * len(counts)
    waiting = [(stage, 0.0) for stage, n in enumerate(counts) for _ in range(n)]
    while waiting:
        stage, now = waiting.pop()
        first, second = next(numbers)
        now -= math.log(first) / (stage_rate + death)
        if now > hours:
            final[stage] += 1
        elif second >= stage_rate / (stage_rate + death):
            deaths += 1
        elif stage < last:
            waiting.append((stage + 1, now))
        else:
            births += 1
            waiting += [(0, now), (0, now)]
    return final, births, deaths


def staged_mean(counts: list[int], stage_rate: float, death: float, hours: float) -> np.ndarray:
    """Return the mean of each stage, then mean births and deaths, by a fine Runge-Kutta."""

    def slope(y: np.ndarray) -> np.ndarray:
        n = y[: len(counts)]
        out = np.empty_like(y)
        out[: len(counts)] = stage_rate * (np.roll(n, 1) - n) - death * n
        out[0] += stage_rate * n[-1]
        out[-2:] = stage_rate * n[-1], death * n.sum()
        return out

    y = np.array([*counts, 0.0, 0.0], float)
    step = hours / 400
    for _ in range(400):
        a = slope(y)
        b = slope(y + 0.5 * step * a)
        c = slope(y + 0.5 * step * b)
        y = y + step / 6.0 * (a + 2.0 * b + 2.0 * c + slope(y + step * c))
    return y
