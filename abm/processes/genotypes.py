"""Genotypes of rows and what one division can make of them."""

from typing import NamedTuple

import numpy as np

from abm.processes.inheritance import MAX_METHYLATED_ALLELES, InheritanceParameters
from abm.state.columns import Group
from abm.state.population import Population

AMPLIFICATION_FOLD = 2.0
_N_ALLELES = MAX_METHYLATED_ALLELES + 1
_GAIN_STEPS = 4096.0
"""Genotypes whose gains differ by less than a factor of 2**(1/4096) count as one."""
_GAIN_OFFSET = 1 << 20


class Outcomes(NamedTuple):
    """What the changed daughter of a mother with 0, 1, 2 methylated alleles can be.

    alleles     : int64[n_outcome], methylated alleles after the change
    fold        : float64[n_outcome], factor of the gain
    probability : float64[3, n_outcome], by the mother's alleles
    """

    alleles: np.ndarray
    fold: np.ndarray
    probability: np.ndarray


def genotype_codes(population: Population, rows: np.ndarray | slice) -> np.ndarray:
    """Return one number for each genotype, int64[m]: alleles and gain, and whether it has changed
    where that makes a difference."""
    is_mutant = (population["mutations"][rows] > 0).astype(np.int64)
    if not population.has(Group.MECHANISTIC):
        return is_mutant
    if not population.mutants_differ:
        is_mutant[:] = 0
    steps = np.rint(_GAIN_STEPS * np.log2(population["gain"][rows])).astype(np.int64)
    alleles = population["methylated_alleles"][rows].astype(np.int64)
    return ((steps + _GAIN_OFFSET) * _N_ALLELES + alleles) * 2 + is_mutant


def one_number(values: np.ndarray) -> np.ndarray:
    """Return one number for each column of int64[k, m], in the order of the columns' values."""
    found = np.zeros(values.shape[1], np.int64)
    for row in values if values.shape[1] else ():
        low = int(row.min())
        found = found * (int(row.max()) - low + 1) + (row - low)
    return found


def outcomes_of(parameters: InheritanceParameters) -> Outcomes:
    """Return the changes that a division can make, Eq. (H1): all alleles and the gain at once.

    An allele that is lost and one that is marked in the same division leave the number as it was
    and count as no change, as with single cells.
    """
    n_after = np.zeros((_N_ALLELES, _N_ALLELES))
    for before in range(_N_ALLELES):
        lost = _binomial(before, parameters.demethylation)
        marked = _binomial(MAX_METHYLATED_ALLELES - before, parameters.methylation)
        for i, p in enumerate(lost):
            for j, q in enumerate(marked):
                n_after[before, before - i + j] += p * q
    amplified = parameters.amplification
    alleles = np.tile(np.arange(_N_ALLELES), 2)
    fold = np.repeat([1.0, AMPLIFICATION_FOLD], _N_ALLELES)
    probability = np.concatenate([n_after * (1.0 - amplified), n_after * amplified], axis=1)
    probability[np.arange(_N_ALLELES), np.arange(_N_ALLELES)] = 0.0
    return Outcomes(alleles, fold, probability)


def _binomial(n: int, p: float) -> np.ndarray:
    """Return the probabilities of 0 .. n successes."""
    found = np.ones(1)
    for _ in range(n):
        found = np.convolve(found, [1.0 - p, p])
    return found
