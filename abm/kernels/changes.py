"""Changed daughters of weighted entries: how many of which kind."""

import numpy as np

from abm.kernels._jit import kernel
from abm.kernels.philox import mix64
from abm.kernels.samplers import binomial

_OWN_KEYS = np.uint64(0xA24BAED4963EE407)
"""Keeps the keys of mutants apart from those of daughters."""


@kernel
def mutant_key(parent: np.uint64, tick: int, outcome: int) -> np.uint64:
    """Return the key of the mutants of one tick, outcome and parent entry."""
    return mix64(mix64(parent, tick, 0) ^ _OWN_KEYS, outcome, 1)


@kernel
def member_keys(keys: np.ndarray, nth: np.ndarray, out: np.ndarray) -> None:
    """Write the key of the ``nth`` member of each group of mutants; the first has the group's.

    keys uint64[m]; nth int64[m]; out uint64[m], overwritten
    """
    for i in range(keys.shape[0]):
        out[i] = keys[i] if nth[i] == 0 else mix64(keys[i], nth[i], 0)


@kernel
def child_keys(keys: np.ndarray, number: np.ndarray, out: np.ndarray) -> None:
    """Write a key for each key and number; uint64[m], int64[m], uint64[m]."""
    for i in range(keys.shape[0]):
        out[i] = mix64(mix64(keys[i], 0, 0), number[i], 1)


@kernel
def draw_changes(  # type: ignore[no-untyped-def]
    seed, stream, tick, keys, kind, births, probability, entry, outcome, number, key
):
    """Draw the changed daughters of each entry; return how many groups there are.

    keys        : uint64[m] and births int64[m] of the entries; kind int64[m], row of probability
    probability : float64[n_kind, n_outcome], of each change and division; what is left of 1 is
                  no change
    entry, outcome, number, key : int64, int64, int64, uint64 [m * n_outcome]; the first ones are
                  overwritten, in the order of entries: groups of at least one daughter
    """
    n = 0
    n_outcome = probability.shape[1]
    for i in range(keys.shape[0]):
        if births[i] <= 0:
            continue
        chance = 0.0
        for j in range(n_outcome):
            chance += probability[kind[i], j]
        if chance <= 0.0:
            continue
        left, draw = binomial(seed, stream, tick, keys[i], 0, births[i], chance)
        for j in range(n_outcome):
            if left == 0:
                break
            p = probability[kind[i], j]
            if p == 0.0:
                continue
            rest = 0.0  # summed anew, so that the last outcome gets all that are left
            for other in range(j, n_outcome):
                rest += probability[kind[i], other]
            taken, draw = binomial(seed, stream, tick, keys[i], draw, left, p / rest)
            if taken > 0:
                entry[n] = i
                outcome[n] = j
                number[n] = taken
                key[n] = mutant_key(keys[i], tick, j)
                n += 1
            left -= taken
    return n
