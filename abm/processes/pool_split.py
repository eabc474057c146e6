"""A pool of mutants that has become small is told apart again: each cell a clone of its own."""

from dataclasses import dataclass, field

import numpy as np

from abm.kernels.changes import child_keys
from abm.processes.genotypes import genotype_codes
from abm.state.population import Population
from abm.state.state import State

_CODE_BITS = 32
"""Bits of a place that hold the code of the genotype."""


@dataclass
class Pools:
    """Which genotypes are pooled, and the clones of their pools.

    clones    : clone of each pool by its parent clone, for each population and place
    genotypes : places that are pooled, for each population

    A place is one number for a genotype in a replicate, :func:`place_of`.
    """

    clones: dict[tuple[str, int], dict[int, int]] = field(default_factory=dict)
    genotypes: dict[str, set[int]] = field(default_factory=dict)

    def of(self, name: str, place: int) -> dict[int, int]:
        """Return the pools of a genotype by parent clone; new ones may be put there."""
        return self.clones.setdefault((name, place), {})

    def begin(self, name: str, places: np.ndarray) -> list[int]:
        """Note that the genotypes at ``places``, int64[k], are pooled; return those that were not,
        in order."""
        known = self.genotypes.setdefault(name, set())
        new = sorted(set(places.tolist()) - known)
        known.update(new)
        return new

    def keep(self, name: str, places: np.ndarray) -> None:
        """Forget the pools of a population that are not at ``places``, int64[k].

        The next mutants of the others are clones of their own.
        """
        known = self.genotypes.get(name, set())
        for closed in known.difference(places.tolist()):
            known.remove(closed)
            self.clones.pop((name, closed), None)


def place_of(replicate: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Return one number for each replicate and genotype code, int64[m]."""
    return (replicate.astype(np.int64) << _CODE_BITS) | code


def replicate_at(place: int) -> int:
    """Return the replicate of a place."""
    return place >> _CODE_BITS


def split_pools(state: State, population: Population, tick: int, limit: float) -> np.ndarray:
    """Give each cell of the pools of small genotypes a clone and an entry of its own, in place.

    A genotype of a replicate with fewer than ``limit`` cells is small; rows must be weighed. The
    new clones have the pool as parent. Returns the places that stay pooled, int64[k]. Two cells of
    one pool count as two founders (Eq. W8 of docs/model.md says how often that is wrong).
    """
    tallies, clones = population.tallies, state.clones
    nothing = np.zeros(0, np.int64)
    if tallies is None or tallies.n == 0:
        return nothing
    pooled = np.flatnonzero(clones.is_pool[tallies.clone_id])
    if pooled.shape[0] == 0:
        return nothing
    every = slice(0, population.n + population.n_staged)
    places, group = np.unique(
        place_of(state.replicate_of(population, every), genotype_codes(population, every)),
        return_inverse=True,
    )
    cells = np.bincount(group, weights=population["weight"][every])
    is_small = (cells < limit)[group[tallies.row[pooled]]]
    entries = pooled[is_small]
    large = places[np.unique(group[tallies.row[pooled[~is_small]]])]
    if entries.shape[0] == 0:
        return large
    counts = tallies.counts[:, entries]
    stage, of = np.nonzero(counts)
    number = counts[stage, of]
    stage, of = np.repeat(stage, number), np.repeat(of, number)
    order = np.argsort(of, kind="stable")
    stage, of = stage[order], of[order]
    single = np.zeros((tallies.n_stages, of.shape[0]), np.int64)
    single[stage, np.arange(of.shape[0])] = 1
    start = np.searchsorted(of, of)
    keys = np.empty(of.shape[0], np.uint64)
    child_keys(tallies.random_key[entries][of], np.arange(of.shape[0]) - start, keys)
    pool = tallies.clone_id[entries][of].astype(np.int64)
    ids = clones.add_many(
        pool, tick, clones.methylated_alleles[pool], clones.gain[pool], clones.mutations[pool], 1,
        clones.replicate[pool],
    )  # fmt: skip
    rows = tallies.row[entries][of]
    tallies.counts[:, entries] = 0
    tallies.add(rows, ids, keys, single)
    return large
