"""How whole cells are shared out over classes, and what stands for a part of a lognormal law."""

import numpy as np
from scipy import stats

from abm.kernels.changes import child_keys
from abm.kernels.samplers import draw_binomials
from abm.streams import Stream, Streams

_DRAWS = 65536
"""Draws that one key has in one stream and tick."""


def by_largest_remainder(number: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Share out int64[R] whole numbers by float64[R, m] shares, exact to one cell; int64[R, m]."""
    exact = number[:, None] * (shares / shares.sum(axis=1, keepdims=True))
    counts = np.floor(exact + 1e-9).astype(np.int64)
    rank = np.argsort(np.argsort(counts - exact, axis=1, kind="stable"), axis=1, kind="stable")
    counts += rank < (number - counts.sum(axis=1))[:, None]
    # 1e13 cells come within the rounding of a double: what is too many goes from the largest.
    rows = np.arange(number.shape[0])
    counts[rows, counts.argmax(axis=1)] += number - counts.sum(axis=1)
    return counts


def quantile_means(cv: float, n: int) -> np.ndarray:
    """Return the means of ``n`` equal quantiles of a lognormal number of mean 1, float64[n].

    Their mean is 1 again; their spread is that of the law less the spread within quantiles.
    """
    sigma = float(np.sqrt(np.log1p(cv**2)))
    edges = stats.norm.ppf(np.arange(n + 1) / n)
    return np.asarray(n * np.diff(stats.norm.cdf(edges - sigma)))


def deal(
    streams: Streams, keys: np.ndarray, number: np.ndarray, share: np.ndarray, salt: int
) -> np.ndarray:
    """Draw how int64[m] cells fall into classes of float64[c] shares; int64[m, c].

    One binomial after the other, from the stream of founders; ``salt`` keeps one use of a key apart
    from another.
    """
    left = np.asarray(number, np.int64).copy()
    out = np.zeros((keys.shape[0], share.shape[0]), np.int64)
    for i in range(share.shape[0] - 1):
        p = np.full(keys.shape[0], share[i] / share[i:].sum())
        taken = np.empty(keys.shape[0], np.int64)
        draw_binomials(
            streams.seed, int(Stream.WEIGHTED_FOUNDERS), salt, keys,
            i * (_DRAWS // share.shape[0]), left, p, taken,
        )  # fmt: skip
        out[:, i] = taken
        left -= taken
    out[:, -1] = left
    return out


def keys_below(keys: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return a key for each key and number, uint64[m]."""
    out = np.empty(keys.shape[0], np.uint64)
    child_keys(keys, np.asarray(number, np.int64), out)
    return out
