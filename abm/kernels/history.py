"""One step of the clones of growing tumours; see abm.founding_history."""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.birth_death import transition
from abm.kernels.elementary import exp
from abm.kernels.philox import mix64, uniform_pair
from abm.kernels.samplers import log1p, multinomial, poisson

_FIRST_DRAW_OF_KINDS = 1024
"""The number of mutants takes fewer draws than that."""


@parallel_kernel
def grow_clones(
    seed: np.uint64,
    growth_stream: int,
    mutation_stream: int,
    tick: int,
    keys: np.ndarray,
    replicate: np.ndarray,
    genotype: np.ndarray,
    birth: np.ndarray,
    death: np.ndarray,
    share: np.ndarray,
    length: np.ndarray,
    cells: np.ndarray,
    mutants: np.ndarray,
) -> None:
    """Draw the transition of each clone and how many mutants its divisions give.

    Divisions that give none make a birth-death process of rate birth (1 - share); the mutants are
    Poisson with the mean that belongs to its divisions.

    keys                : uint64[m]
    replicate, genotype : int64[m]
    birth, death        : float64[n_genotypes] [1/h]
    share               : float64[n_genotypes], share of the divisions that give a mutant, below 1
    length              : float64[n_replicates] [h], step of each replicate
    cells               : int64[m], changed in place
    mutants             : int64[m], overwritten
    """
    for i in prange(keys.shape[0]):
        g = genotype[i]
        hours = length[replicate[i]]
        cells[i], births, _, _ = transition(
            seed, growth_stream, tick, keys[i], 0, cells[i], birth[g] * (1.0 - share[g]), death[g],
            hours,
        )  # fmt: skip
        mutants[i], _ = poisson(
            seed, mutation_stream, tick, keys[i], 0, births * (share[g] / (1.0 - share[g]))
        )


@kernel
def split_mutants(
    seed: np.uint64,
    stream: int,
    tick: int,
    keys: np.ndarray,
    source: np.ndarray,
    number: np.ndarray,
    probability: np.ndarray,
    out: np.ndarray,
) -> None:
    """Distribute the mutants of each clone over genotypes.

    keys uint64[m]; source int64[m], genotype of the clone; number int64[m];
    probability float64[n_genotypes, n_genotypes], from source to target;
    out int64[m, n_genotypes], overwritten
    """
    for i in range(keys.shape[0]):
        multinomial(
            seed, stream, tick, keys[i], _FIRST_DRAW_OF_KINDS, number[i], probability[source[i]],
            out[i],
        )  # fmt: skip


@kernel
def pair_keys(keys: np.ndarray, first: np.ndarray, second: np.ndarray, out: np.ndarray) -> None:
    """Write the key that belongs to a key and two numbers: uint64[m], int64[m] twice, uint64[m]."""
    for i in range(keys.shape[0]):
        out[i] = mix64(mix64(keys[i], first[i], 0), second[i], 1)


@kernel
def settle_founders(
    seed: np.uint64,
    moment_stream: int,
    growth_stream: int,
    tick: int,
    keys: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    birth: np.ndarray,
    death: np.ndarray,
    share: np.ndarray,
    length: np.ndarray,
    cells: np.ndarray,
    moment: np.ndarray,
) -> None:
    """Give mutants a moment of the step and draw what is left of them at its end.

    The density of the moment grows as the clone does from which they come.

    keys                : uint64[m]
    source, target      : int64[m], genotypes
    birth, death, share : float64[n_genotypes], as in :func:`grow_clones`
    length              : float64[m] [h], step of the mutant's replicate
    cells               : int64[m], mutants at their origin; changed in place
    moment              : float64[m] [h] into the step, overwritten
    """
    for i in range(keys.shape[0]):
        u, _ = uniform_pair(seed, moment_stream, tick, keys[i], 0)
        rate = birth[source[i]] * (1.0 - share[source[i]]) - death[source[i]]
        if abs(rate) * length[i] > 1e-6:
            inside = log1p(u * (exp(rate * length[i]) - 1.0)) / rate
        else:
            inside = u * length[i]
        moment[i] = min(inside, length[i])
        own = birth[target[i]] * (1.0 - share[target[i]])
        cells[i], _, _, _ = transition(
            seed, growth_stream, tick, keys[i], 0, cells[i], own, death[target[i]],
            length[i] - moment[i],
        )  # fmt: skip
