"""What the history of a tumour is made from: kinetics of its genotypes, mutations, accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter

_MOST_CELLS = 1e15


@dataclass(frozen=True, kw_only=True)
class HistoryParameters(ParameterSet):
    """Accuracy of the history of a tumour."""

    step: float = parameter(0.1, low=1e-3, high=0.5, source="assumption A300")
    """Length of a step times the fastest birth rate."""
    n_resolved: int = parameter(256, low=1, high=1_000_000, source="assumption A301")
    """Living clones of a genotype up to which each mutant is a clone of its own."""


class Mutation(NamedTuple):
    """One daughter of a division of ``source`` is of genotype ``target`` with ``probability``."""

    source: int
    target: int
    probability: float


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Kinetics of the genotypes of a tumour; the first cell is of genotype 0.

    birth, death : [1/h] of each genotype
    mutations    : what a division may bring
    n_cells      : size at diagnosis, all genotypes together; one number, or one for each history
    """

    birth: Sequence[float]
    death: Sequence[float]
    mutations: Sequence[Mutation]
    n_cells: float | np.ndarray

    def check(self) -> None:
        """Raise ScenarioError where this cannot grow."""
        if len(self.birth) != len(self.death) or min((*self.birth, *self.death), default=-1) < 0:
            raise ScenarioError(
                "history: each genotype needs a birth and a death rate, none below 0"
            )
        if self.birth[0] <= self.death[0]:
            raise ScenarioError(
                f"history: birth ({self.birth[0]:g} /h) must exceed death ({self.death[0]:g} /h) "
                "in genotype 0, else no tumour arises from one cell; raise birth or lower death"
            )
        if not (np.min(self.n_cells) >= 1 and np.max(self.n_cells) <= _MOST_CELLS):
            raise ScenarioError(
                f"history: n_cells must lie in 1 .. {_MOST_CELLS:g}, not {self.n_cells}"
            )
        for mutation in self.mutations:
            n = len(self.birth)
            if not (0 <= mutation.source < n and 0 <= mutation.target < n):
                raise ScenarioError(f"history: {mutation} names a genotype outside 0 .. {n - 1}")
        if self.probabilities().sum(axis=1).max() >= 1.0 or any(
            m.probability < 0 for m in self.mutations
        ):
            raise ScenarioError(
                "history: mutation probabilities of one genotype must be >= 0 and sum to < 1"
            )

    def probabilities(self) -> np.ndarray:
        """Return the probability that a division of i gives a mutant of j, float64[n, n]."""
        table = np.zeros((len(self.birth), len(self.birth)))
        for mutation in self.mutations:
            table[mutation.source, mutation.target] += mutation.probability
        return table
