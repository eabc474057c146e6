"""Which cells of weighted entries move on to other compartments."""

import numpy as np
from numba import prange

from abm.kernels._jit import parallel_kernel
from abm.kernels.philox import mix64
from abm.kernels.samplers import binomial

_TINY = np.finfo(np.float64).tiny


@parallel_kernel
def draw_moves(  # type: ignore[no-untyped-def]
    seed, stream, tick, keys, counts, home, chances, leaving
):
    """Draw who leaves for where, stage by stage: one binomial after the other.

    keys    : uint64[m] of the entries; counts int64[n_stages, m]; home int64[m], where they are
    chances : float64[n_place, n_place], where a cell of place i is after the interval
    leaving : int64[n_place, n_stages, m], overwritten; 0 for the place where they are
    """
    n_place, n_stages = leaving.shape[0], counts.shape[0]
    for i in prange(keys.shape[0]):
        rest = 1.0
        for place in range(n_place):
            chance = 0.0 if home[i] == place else chances[home[i], place]
            share = chance / max(rest, _TINY)
            rest -= chance
            for stage in range(n_stages):
                left = counts[stage, i]
                for before in range(place):
                    left -= leaving[before, stage, i]
                taken = np.int64(0)
                if share > 0.0 and left > 0:
                    # A key for each place and stage: a key has too few draws for all of them.
                    own = mix64(mix64(keys[i], 0, 0), place * n_stages + stage, 1)
                    taken, _ = binomial(seed, stream, tick, own, 0, left, share)
                leaving[place, stage, i] = taken
