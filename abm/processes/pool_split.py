"""A pool of mutants that has become small is told apart again: each cell a clone of its own."""

from dataclasses import dataclass, field

import numpy as np

from abm.kernels.changes import child_keys
from abm.processes.genotypes import genotype_codes, one_number
from abm.state.population import Population
from abm.state.state import State


@dataclass
class Pools:
    """Which genotypes are pooled, and the clones of their pools.

    clones    : clone of each pool by its parent clone, for each population, replicate and genotype
    genotypes : genotypes that are pooled: population, replicate, genotype
    """

    clones: dict[tuple[str, int, int], dict[int, int]] = field(default_factory=dict)
    genotypes: set[tuple[str, int, int]] = field(default_factory=set)

    def of(self, name: str, replicate: int, code: int) -> dict[int, int]:
        """Return the pools of a genotype by parent clone; new ones may be put there."""
        return self.clones.setdefault((name, replicate, code), {})

    def close(self, name: str, replicate: int, code: int) -> None:
        """Forget the pools of a genotype; its next mutants are clones of their own."""
        self.genotypes.discard((name, replicate, code))
        self.clones.pop((name, replicate, code), None)


def split_pools(state: State, population: Population, tick: int, limit: float) -> np.ndarray:
    """Give each cell of the pools of small genotypes a clone and an entry of its own, in place.

    A genotype of a replicate with fewer than ``limit`` cells is small; rows must be weighed. The
    new clones have the pool as parent. Returns (replicate, genotype) of those that were split,
    int64[2, k]. Two cells of one pool count as two founders (Eq. W8 of docs/model.md says how often
    that is wrong).
    """
    tallies, clones = population.tallies, state.clones
    nothing = np.zeros((2, 0), np.int64)
    if tallies is None or tallies.n == 0:
        return nothing
    pooled = np.flatnonzero(clones.is_pool[tallies.clone_id])
    if pooled.shape[0] == 0:
        return nothing
    every = slice(0, population.n + population.n_staged)
    places = np.stack([
        state.replicate_of(population, every).astype(np.int64), genotype_codes(population, every)
    ])  # fmt: skip
    _, first, group = np.unique(one_number(places), return_index=True, return_inverse=True)
    cells = np.bincount(group, weights=population["weight"][every])
    is_small = (cells < limit)[group]
    entries = pooled[is_small[tallies.row[pooled]]]
    if entries.shape[0] == 0:
        return nothing
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
    split = np.unique(group[tallies.row[entries]])
    return places[:, first[split]]
