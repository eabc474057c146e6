"""The scalar samplers of the kernels, drawn for whole arrays of keys."""

import numba
import numpy as np
from numba import prange

from abm.kernels.birth_death import transition
from abm.kernels.samplers import negative_binomial, poisson

over_entries = numba.njit(error_model="numpy", parallel=True)


@over_entries
def draw_transitions(
    seed: np.uint64,
    stream: int,
    tick: int,
    keys: np.ndarray,
    weights: np.ndarray,
    birth: np.ndarray,
    death: np.ndarray,
    hours: float,
    out: np.ndarray,
) -> None:
    """Draw :func:`transition` for each entry.

    keys         : uint64[m]
    weights      : int64[m], up to 4e12
    birth, death : float64[m] [1/h], not negative
    hours        : interval [h]
    out          : int64[3, m], overwritten: new weight (-1: failed), births, deaths
    """
    for i in prange(keys.shape[0]):
        out[0, i], out[1, i], out[2, i], _ = transition(
            seed, stream, tick, keys[i], 0, weights[i], birth[i], death[i], hours
        )


@over_entries
def draw_poissons(
    seed: np.uint64,
    stream: int,
    tick: int,
    keys: np.ndarray,
    draw: int,
    mean: np.ndarray,
    out: np.ndarray,
) -> None:
    """Draw one Poisson(mean) for each entry.

    keys uint64[m]; mean float64[m]; out int64[m], overwritten (-1 where the mean is no number)
    """
    for i in prange(keys.shape[0]):
        out[i], _ = poisson(seed, stream, tick, keys[i], draw, mean[i])


@over_entries
def draw_negative_binomials(
    seed: np.uint64,
    stream: int,
    tick: int,
    keys: np.ndarray,
    draw: int,
    k: np.ndarray,
    odds: np.ndarray,
    out: np.ndarray,
) -> None:
    """Draw one :func:`negative_binomial` for each entry.

    keys uint64[m]; k int64[m]; odds float64[m]; out int64[m], overwritten (-1 where it fails)
    """
    for i in prange(keys.shape[0]):
        out[i], _ = negative_binomial(seed, stream, tick, keys[i], draw, k[i], odds[i])
