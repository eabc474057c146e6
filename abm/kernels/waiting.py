"""Waiting times of cells with fixed rates: exponential and Erlang-k clocks, drawn at birth."""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.philox import exponential, mix64, uniform_pair


@parallel_kernel
def draw_waits(
    seed: np.uint64,
    stream: int,
    tick: int,
    random_key: np.ndarray,
    n_stages: np.ndarray,
    stage_rate: np.ndarray,
    death_rate: float,
    out: np.ndarray,
) -> None:
    """Draw how long each cell waits for its division and for its death, Eqs. (E1)-(E2).

    A cell passes ``n_stages`` stages of ``stage_rate`` each before it divides; a rate of zero
    never fires. Constant rates forget the past, so the times hold whatever happens around.

    random_key : uint64[m]
    n_stages   : int64[m], stages that are left
    stage_rate : float64[m] [1/h]
    death_rate : [1/h]
    out        : float64[2, m] [h], overwritten: wait for division, wait for death
    """
    for i in prange(random_key.shape[0]):
        u, v = uniform_pair(seed, stream, tick, random_key[i], 0)
        out[1, i] = exponential(u) / death_rate if death_rate > 0.0 else np.inf
        total = exponential(v)
        for stage in range(1, n_stages[i]):
            u, v = uniform_pair(seed, stream, tick, random_key[i], stage)
            total += exponential(u)
        out[0, i] = total / stage_rate[i] if stage_rate[i] > 0.0 else np.inf


@kernel
def daughter_keys(keys: np.ndarray, tick: int, which: int, out: np.ndarray) -> None:
    """Write the key of daughter ``which`` of each mother key; uint64[m] both."""
    for i in range(keys.shape[0]):
        out[i] = mix64(keys[i], tick, which)
