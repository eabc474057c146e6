"""Numbers drawn from discrete laws, exact up to counts of 4e12, from Philox alone.

No state is kept: a sampler takes (seed, stream, tick, key, draw) and returns its number together
with the first draw that it has not used, so that samplers can follow each other. Below a mean of
``_MEAN_BY_INVERSION`` a law is inverted by summing its terms; up to a variance of
``_VARIANCE_BY_REJECTION`` it is drawn by transformed rejection (Hormann 1993,
doi:10.1080/00949659308811496 and doi:10.1016/0167-6687(93)90997-4) against probabilities in the
saddle-point form (Loader 2000: deviance and Stirling differences, so that nothing large cancels);
above that it is a rounded normal number with the skewness of the law. There the distribution
function is off by less than 1e-9 (the next term of the expansion is of the order of 1/variance),
beside 2e-5, half a step of the integers, which a rounded number has at any rate.
"""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.elementary import exp, log, normal_quantile
from abm.kernels.philox import uniform_pair

_MEAN_BY_INVERSION = 10.0
_VARIANCE_BY_REJECTION = 1.0e9
_LARGEST = 4.0e18
_LEAST_TERM = 1.0e-18
_MOST_TRIES = 1000
_TINY = 1.0e-300
_HALF_LN_TWO_PI = 0.91893853320467274178
_STIRLING = (
    0.0, 0.08106146679532725822, 0.04134069595540929409, 0.02767792568499833915,
    0.02079067210376509311, 0.01664469118982119216, 0.01387612882307074800,
    0.01189670994589177010, 0.01041126526197209650, 0.00925546218271273292,
    0.00833056343336287126, 0.00757367548795184079, 0.00694284010720952987,
    0.00640899418800420707, 0.00595137011275884774, 0.00555473355196280137,
)  # fmt: skip


@kernel
def log1p(x: float) -> float:
    """Return ln(1 + x) without loss for small x (the rounding of 1 + x cancels)."""
    u = 1.0 + x
    return x if u == 1.0 else log(u) * (x / (u - 1.0))


@kernel
def expm1(x: float) -> float:
    """Return exp(x) - 1 without loss for small x (the rounding of exp x cancels)."""
    u = exp(x)
    if u == 1.0:
        return x
    return u - 1.0 if abs(x) > 1.0 else (u - 1.0) * (x / log(u))


@kernel
def stirling_tail(k: float) -> float:
    """Return ln k! - ln(sqrt(2 pi k) (k/e)^k) for whole k >= 1."""
    if k < 16.0:
        return _STIRLING[np.int64(k)]
    z = 1.0 / (k * k)
    return (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z / 1680.0))) / k


@kernel
def deviance(x: float, mean: float) -> float:
    """Return x ln(x/mean) + mean - x for positive numbers, exact where they are close."""
    difference = x - mean
    if abs(difference) > 0.1 * (x + mean):
        return x * log(x / mean) - difference
    v = difference / (x + mean)
    z = v * v
    s = 1.0 / 17.0
    for odd in (15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        s = s * z + 1.0 / odd
    return difference * v + 2.0 * x * v * z * s


@kernel
def log_binomial_pmf(k: float, n: float, p: float) -> float:
    """Return ln P(k) of Binomial(n, p), 0 < p < 1, with an error of some 1e-13."""
    if k == 0.0:
        return n * log1p(-p)
    if k == n:
        return n * log(p)
    tails = stirling_tail(n) - stirling_tail(k) - stirling_tail(n - k)
    square = 0.5 * log(n / (k * (n - k))) - _HALF_LN_TWO_PI
    return tails + square - deviance(k, n * p) - deviance(n - k, n * (1.0 - p))


@kernel
def log_poisson_pmf(k: float, mean: float) -> float:
    """Return ln P(k) of Poisson(mean), mean > 0, with an error of some 1e-13."""
    if k == 0.0:
        return -mean
    return -stirling_tail(k) - deviance(k, mean) - 0.5 * log(k) - _HALF_LN_TWO_PI


@kernel
def _skewed_normal(uniform: float, mean: float, variance: float, third: float) -> np.int64:
    """Return a rounded normal number with the third central moment ``third`` (Cornish-Fisher)."""
    z = normal_quantile(uniform)
    return np.int64(
        np.floor(mean + np.sqrt(variance) * z + third / variance * (z * z - 1.0) / 6.0 + 0.5)
    )


@kernel
def _binomial_by_inversion(uniform: float, n: np.int64, p: float) -> np.int64:
    """Return the first k at which the summed probabilities reach a uniform number; p <= 1/2."""
    odds = p / (1.0 - p)
    term = exp(n * log1p(-p))
    k = np.int64(0)
    while uniform > term and k < n and term > _LEAST_TERM:
        uniform -= term
        term *= odds * (n - k) / (k + 1.0)
        k += 1
    return k


@kernel
def _binomial_by_rejection(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int, n: np.int64, p: float
) -> tuple[np.int64, int]:
    """Draw Binomial(n, p) by algorithm BTRS of Hormann, n p >= 10 and p <= 1/2."""
    mean = n * p
    deviation = np.sqrt(mean * (1.0 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    squeeze = 0.92 - 4.2 / b
    height = (2.83 + 5.1 / b) * deviation
    top = log_binomial_pmf(np.floor((n + 1.0) * p), np.float64(n), p)
    for _ in range(_MOST_TRIES):
        u, v = uniform_pair(seed, stream, tick, key, draw)
        draw += 1
        u -= 0.5
        rest = 0.5 - abs(u)
        k = np.floor((2.0 * a / rest + b) * u + mean + 0.5)
        if k < 0.0 or k > n:
            continue
        if rest >= 0.07 and v <= squeeze:
            return np.int64(k), draw
        if log(v * height / (a / (rest * rest) + b)) <= log_binomial_pmf(k, np.float64(n), p) - top:
            return np.int64(k), draw
    return np.int64(mean + 0.5), draw


@kernel
def binomial(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int, n: np.int64, p: float
) -> tuple[np.int64, int]:
    """Return a number of Binomial(n, p), n up to 4e12, and the next unused draw.

    Exact up to n p (1 - p) = 1e9, see the head of the file for the bound above. p outside [0, 1]
    counts as its nearest end; a p that is no number gives -1.
    """
    if p != p:
        return np.int64(-1), draw
    if n <= 0 or p <= 0.0:
        return np.int64(0), draw
    if p >= 1.0:
        return np.int64(n), draw
    rare = min(p, 1.0 - p)
    mean = n * rare
    variance = mean * (1.0 - rare)
    if mean < _MEAN_BY_INVERSION:
        u, _ = uniform_pair(seed, stream, tick, key, draw)
        k = _binomial_by_inversion(u, n, rare)
        draw += 1
    elif variance <= _VARIANCE_BY_REJECTION:
        k, draw = _binomial_by_rejection(seed, stream, tick, key, draw, n, rare)
    else:
        u, _ = uniform_pair(seed, stream, tick, key, draw)
        k = _skewed_normal(u, mean, variance, variance * (1.0 - 2.0 * rare))
        k = min(max(k, np.int64(0)), np.int64(n))
        draw += 1
    return (k if p <= 0.5 else np.int64(n) - k), draw


@kernel
def _poisson_by_inversion(uniform: float, mean: float) -> np.int64:
    """Return the first k at which the summed probabilities reach a uniform number."""
    term = exp(-mean)
    k = np.int64(0)
    while uniform > term > _LEAST_TERM:
        uniform -= term
        k += 1
        term *= mean / k
    return k


@kernel
def _poisson_by_rejection(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int, mean: float
) -> tuple[np.int64, int]:
    """Draw Poisson(mean) by algorithm PTRS of Hormann, mean >= 10."""
    b = 0.931 + 2.53 * np.sqrt(mean)
    a = -0.059 + 0.02483 * b
    height = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    for _ in range(_MOST_TRIES):
        u, v = uniform_pair(seed, stream, tick, key, draw)
        draw += 1
        u -= 0.5
        rest = 0.5 - abs(u)
        k = np.floor((2.0 * a / rest + b) * u + mean + 0.43)
        if rest >= 0.07 and v <= squeeze:
            return np.int64(k), draw
        if k < 0.0 or (rest < 0.013 and v > rest):
            continue
        if log(v * height / (a / (rest * rest) + b)) <= log_poisson_pmf(k, mean):
            return np.int64(k), draw
    return np.int64(mean + 0.5), draw


@kernel
def poisson(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int, mean: float
) -> tuple[np.int64, int]:
    """Return a number of Poisson(mean) and the next unused draw.

    Exact up to a mean of 1e9, see the head of the file for the bound above. A mean below 0 counts
    as 0; one that is no number, or above 4e18, gives -1.
    """
    if not mean <= _LARGEST:
        return np.int64(-1), draw
    if mean <= 0.0:
        return np.int64(0), draw
    if mean < _MEAN_BY_INVERSION:
        u, _ = uniform_pair(seed, stream, tick, key, draw)
        return _poisson_by_inversion(u, mean), draw + 1
    if mean <= _VARIANCE_BY_REJECTION:
        return _poisson_by_rejection(seed, stream, tick, key, draw, mean)
    u, _ = uniform_pair(seed, stream, tick, key, draw)
    return _skewed_normal(u, mean, mean, mean), draw + 1


@kernel
def gamma(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int, shape: float
) -> tuple[float, int]:
    """Return a number of Gamma(shape, 1), shape >= 1, and the next unused draw.

    Marsaglia and Tsang 2000 (doi:10.1145/358407.358414). The logarithm of the ratio is summed as a
    series where its terms would cancel, so that the shape may be as large as wanted.
    """
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    value = d
    for _ in range(_MOST_TRIES):
        u, v = uniform_pair(seed, stream, tick, key, draw)
        draw += 1
        x = normal_quantile(u)
        y = c * x
        if y <= -1.0:
            continue
        cube = (1.0 + y) * (1.0 + y) * (1.0 + y)
        value = d * cube
        if v < 1.0 - 0.0331 * x * x * x * x:
            break
        if abs(y) > 0.05:
            margin = 0.5 * x * x + d * (1.0 - cube + 3.0 * log1p(y))
        else:  # ln(1 + y) less its first three terms
            s = 1.0 / 13.0
            for m in range(12, 3, -1):
                s = 1.0 / m - y * s
            margin = -3.0 * d * y * y * y * y * s
        if log(v) < margin:
            break
    return value, draw


@kernel
def _negative_binomial_by_inversion(uniform: float, k: np.int64, odds: float) -> np.int64:
    """Return the first j at which the summed probabilities reach a uniform number."""
    failure = odds / (1.0 + odds)
    term = exp(-k * log1p(odds))
    j = np.int64(0)
    while uniform > term > _LEAST_TERM:
        uniform -= term
        term *= failure * (k + j) / (j + 1.0)
        j += 1
    return j


@kernel
def negative_binomial(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int, k: np.int64, odds: float
) -> tuple[np.int64, int]:
    """Return the failures before the k-th success, and the next unused draw.

    ``odds`` = (1 - p) / p for success p: the mean for each success. A line that has grown for t
    with birth rate b has odds exp(b t) - 1, which stays exact where p is close to 1. Means below
    10 by inversion, above as Poisson with a gamma mean: exact up to means of 1e9, with the bound
    of :func:`poisson` above. Odds that are no number, or too large a mean, give -1.
    """
    mean = k * odds
    if not mean <= _LARGEST:
        return np.int64(-1), draw
    if k <= 0 or odds <= 0.0:
        return np.int64(0), draw
    if mean < _MEAN_BY_INVERSION:
        u, _ = uniform_pair(seed, stream, tick, key, draw)
        return _negative_binomial_by_inversion(u, k, odds), draw + 1
    mixed, draw = gamma(seed, stream, tick, key, draw, np.float64(k))
    return poisson(seed, stream, tick, key, draw, mixed * odds)


@kernel
def multinomial(
    seed: np.uint64,
    stream: int,
    tick: int,
    key: np.uint64,
    draw: int,
    n: np.int64,
    share: np.ndarray,
    out: np.ndarray,
) -> int:
    """Distribute n over classes by one binomial after the other; return the next unused draw.

    share : float64[m], not negative, in any unit (only ratios count); their sum positive
    out   : int64[m], overwritten; adds up to n
    """
    left = np.int64(n)
    last = share.shape[0] - 1
    for j in range(last):
        rest = 0.0  # summed anew: small classes at the end keep their ratio
        for m in range(j, last + 1):
            rest += share[m]
        taken, draw = binomial(seed, stream, tick, key, draw, left, share[j] / max(rest, _TINY))
        out[j] = taken
        left -= taken
    out[last] = left
    return draw


@parallel_kernel
def draw_binomials(
    seed: np.uint64,
    stream: int,
    tick: int,
    keys: np.ndarray,
    draw: int,
    n: np.ndarray,
    p: np.ndarray,
    out: np.ndarray,
) -> None:
    """Draw one Binomial(n, p) for each entry.

    keys uint64[m]; n int64[m]; p float64[m]; out int64[m], overwritten (-1 where p is no number)
    """
    for i in prange(keys.shape[0]):
        out[i], _ = binomial(seed, stream, tick, keys[i], draw, n[i], p[i])
