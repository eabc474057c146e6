"""Waiting times of cells with fixed rates: exponential and Erlang-k clocks, exact inside a tick."""

import numpy as np
from numba import prange

from abm.kernels._jit import parallel_kernel
from abm.kernels.philox import exponential, mix64, uniform_pair

NO_EVENT = 0
DIVISION = 1
DEATH = 2


@parallel_kernel
def next_events(
    seed: np.uint64,
    stream: int,
    tick: int,
    rows: np.ndarray,
    random_key: np.ndarray,
    birth_rate: np.ndarray,
    death_rate: float,
    n_stages: int,
    clock_stage: np.ndarray,
    remaining: np.ndarray,
    event: np.ndarray,
) -> None:
    """Draw the first division or death of each row within the time that is left to it.

    Equations (E1)-(E2) of docs/model.md: the Erlang clock passes its ``n_stages`` stages at rate
    ``n_stages * birth_rate`` each, so that the mean cycle lasts 1 / birth_rate; death competes.

    rows        : int64[m], row of each candidate in the columns
    random_key  : uint64[capacity]
    birth_rate  : float64[m] [1/h]
    death_rate  : [1/h]
    clock_stage : uint8[capacity], changed in place
    remaining   : float64[m] [h], time left; changed in place to what is left after the event
    event       : uint8[m], overwritten: NO_EVENT, DIVISION or DEATH
    """
    for i in prange(rows.shape[0]):
        row = rows[i]
        stage_rate = n_stages * birth_rate[i]
        total = stage_rate + death_rate
        left = remaining[i]
        stage = np.int64(clock_stage[row])
        outcome = NO_EVENT
        draw = 0
        while total > 0.0:
            u, v = uniform_pair(seed, stream, tick, random_key[row], draw)
            draw += 1
            wait = exponential(u) / total
            if wait > left:
                break
            left -= wait
            if v * total < death_rate:
                outcome = DEATH
                break
            stage += 1
            if stage == n_stages:
                stage = 0
                outcome = DIVISION
                break
        remaining[i] = left
        clock_stage[row] = stage
        event[i] = outcome


@parallel_kernel
def daughter_keys(keys: np.ndarray, tick: int, which: int, out: np.ndarray) -> None:
    """Write the key of daughter ``which`` of each mother key; uint64[m] both."""
    for i in prange(keys.shape[0]):
        out[i] = mix64(keys[i], tick, which)
