"""Heritable change in weighted populations: how many daughters change, and where they go."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from abm.errors import NumericalError
from abm.kernels.birth_death import draw_staged_transitions
from abm.kernels.changes import draw_changes, member_keys
from abm.parameters import ParameterSet, parameter
from abm.processes.genotypes import Outcomes, genotype_codes, one_number, outcomes_of
from abm.processes.inheritance import InheritanceParameters
from abm.processes.pool_split import Pools, place_of, replicate_at, split_pools
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.state import State
from abm.streams import Stream, Streams


@dataclass(frozen=True, kw_only=True)
class PoolParameters(ParameterSet):
    """Which mutants stay agents of their own."""

    kept_share: float = parameter(1e-3, high=1.0, source="assumption A314")
    """Share of its genotype from which a clone stays its own agent when the genotype is pooled."""
    split_share: float = parameter(0.25, high=1.0, source="assumption A490")
    """Share of ``pool_above`` below which the cells of a pool are clones of their own again."""
    most_split: float = parameter(1e4, low=1.0, high=1e6, source="assumption A490")
    """Most cells that a genotype may have for that, whatever ``pool_above`` is."""


class Parents(NamedTuple):
    """Entries that divide, by entry: births (int64), rates of a stage and of death [1/h]."""

    births: np.ndarray
    stage_rate: np.ndarray
    death: np.ndarray


class _Mutants(NamedTuple):
    """Groups of changed daughters of one entry and outcome.

    entry int64[q], n int64[q], alleles int64[q], fold float64[q], key uint64[q]
    """

    entry: np.ndarray
    n: np.ndarray
    alleles: np.ndarray
    fold: np.ndarray
    key: np.ndarray

    def only(self, which: np.ndarray) -> "_Mutants":
        return _Mutants(*(values[which] for values in self))


_NO_MUTANTS = _Mutants(*(np.zeros(0, kind) for kind in (int, int, int, float, np.uint64)))


@dataclass
class WeightedInheritance:
    """Draws changed daughters from the births of each entry and makes clones, rows and entries.

    Changed daughters are born in the middle of the tick (Eq. W6 of docs/model.md): until its end
    they divide and die for half of it, and what is left of them is taken out of the mother's entry,
    which counts all births as if nothing had changed. So cells are neither made nor lost.
    """

    parameters: InheritanceParameters
    streams: Streams
    pool: PoolParameters = PoolParameters()
    pools: Pools = field(default_factory=Pools)

    def __post_init__(self) -> None:
        self._outcomes = outcomes_of(self.parameters)

    def change(
        self,
        state: State,
        population: Population,
        parents: Parents,
        tick: int,
        hours: float,
        mutation_probability: float,
        pool_above: float,
    ) -> None:
        """Let the daughters of a fate step of ``hours`` change; stages rows and adds entries.

        ``mutation_probability`` is that of cells with fixed rates, ``pool_above`` the number of
        cells of a genotype in a replicate from which its mutants are counted together.
        """
        mutants = self._draw(population, parents, tick, mutation_probability)
        if mutants.entry.shape[0] == 0:
            return
        tallies = population.tallies
        assert tallies is not None
        rows = tallies.row[mutants.entry]
        replicate = state.replicate_of(population, rows).astype(np.int64)
        if population.cell_type.is_tumour:
            changed = np.bincount(replicate, weights=mutants.n, minlength=state.n_replicate)
            state.counters.mutations += changed.astype(np.int64)
        target = self._open_rows(state, population, rows, mutants)
        code = genotype_codes(population, target)
        is_pooled = self._is_pooled(state, population, replicate, code, mutants.n, pool_above)
        group, mutants = _apart(mutants, ~is_pooled)
        counts = self._live_on(mutants, parents, tick, hours, tallies.n_stages)
        self._take_out(tallies.counts, mutants.entry, counts)
        is_alive = counts.any(axis=0) | is_pooled[group]
        group, counts, mutants = group[is_alive], counts[:, is_alive], mutants.only(is_alive)
        clone = self._clones(
            state, population, mutants, target[group], replicate[group], code[group],
            is_pooled[group], tick,
        )  # fmt: skip
        tallies.add(target[group], clone, mutants.key, counts)
        if is_pooled.any():
            places = place_of(replicate[is_pooled], code[is_pooled])
            for place in self.pools.begin(population.name, places):
                self._join_pool(state, population, place, tick)

    def split(self, state: State, population: Population, tick: int, pool_above: float) -> None:
        """Let the cells of pools be clones of their own where a genotype has become small."""
        limit = min(self.pool.split_share * pool_above, self.pool.most_split)
        self.pools.keep(population.name, split_pools(state, population, tick, limit))

    def _draw(
        self, population: Population, parents: Parents, tick: int, mutation_probability: float
    ) -> _Mutants:
        """Draw the changed daughters of each entry and what they have become."""
        tallies = population.tallies
        assert tallies is not None
        if population.has(Group.MECHANISTIC):
            outcomes, kinds = self._outcomes, population.live("methylated_alleles")
        else:
            chance = np.array([[mutation_probability], [0.0]])
            outcomes = Outcomes(np.array([-1]), np.ones(1), chance)
            kinds = np.minimum(population.live("mutations"), 1)
        if not outcomes.probability.any():
            return _NO_MUTANTS
        room = tallies.n * outcomes.alleles.shape[0]
        entry, outcome, number = (np.empty(room, np.int64) for _ in range(3))
        key = np.empty(room, np.uint64)
        n = draw_changes(
            self.streams.seed, int(Stream.WEIGHTED_CHANGE), tick, tallies.random_key,
            kinds.astype(np.int64)[tallies.row], parents.births, outcomes.probability, entry,
            outcome, number, key,
        )  # fmt: skip
        what = outcome[:n]
        return _Mutants(entry[:n], number[:n], outcomes.alleles[what], outcomes.fold[what], key[:n])

    def _open_rows(
        self, state: State, population: Population, rows: np.ndarray, mutants: _Mutants
    ) -> np.ndarray:
        """Stage one row for each mother's row and new genotype; return that of each group."""
        kind = (rows.astype(np.int64) << 8) + (mutants.alleles + 1) * 2 + (mutants.fold > 1.0)
        distinct, first, group = np.unique(kind, return_index=True, return_inverse=True)
        new = population.stage_rows(distinct >> 8)
        population["cell_id"][new] = state.take_ids(new.shape[0])
        population["mutations"][new] += 1
        if population.has(Group.MECHANISTIC):
            population["methylated_alleles"][new] = mutants.alleles[first]
            population["gain"][new] *= mutants.fold[first]
        return new[group]

    def _is_pooled(
        self,
        state: State,
        population: Population,
        replicate: np.ndarray,
        code: np.ndarray,
        n: np.ndarray,
        pool_above: float,
    ) -> np.ndarray:
        """Tell which mutants find, or make, a genotype of at least ``pool_above`` cells."""
        total = population.n + population.n_staged
        place, base = _places(replicate, code)
        distinct, group = np.unique(place, return_inverse=True)
        cells = np.bincount(group, weights=n)
        everywhere = slice(0, total)
        of_rows = state.replicate_of(population, everywhere).astype(np.int64)
        codes = genotype_codes(population, everywhere)
        found = np.searchsorted(distinct, of_rows * base[1] + (codes - base[0]))
        found = np.minimum(found, distinct.shape[0] - 1)
        is_here = distinct[found] == of_rows * base[1] + (codes - base[0])
        is_here &= (codes >= base[0]) & (codes < base[0] + base[1])
        cells += np.bincount(
            found[is_here], weights=population["weight"][:total][is_here],
            minlength=distinct.shape[0],
        )  # fmt: skip
        return (cells >= pool_above)[group]

    def _live_on(
        self, mutants: _Mutants, parents: Parents, tick: int, hours: float, n_stages: int
    ) -> np.ndarray:
        """Return what is left of newborn mutants at the end of the tick, int64[n_stages, q]."""
        counts = np.zeros((n_stages, mutants.n.shape[0]), np.int64)
        counts[0] = mutants.n
        events = np.empty((2, counts.shape[1]), np.int64)
        draw_staged_transitions(
            self.streams.seed, int(Stream.WEIGHTED_MUTANT), tick, mutants.key, counts,
            np.empty_like(counts), parents.stage_rate[mutants.entry], parents.death[mutants.entry],
            0.5 * hours, events,
        )  # fmt: skip
        if (events < 0).any():
            raise NumericalError("the transition of newborn mutants failed")
        return counts

    @staticmethod
    def _take_out(counts: np.ndarray, entry: np.ndarray, mutants: np.ndarray) -> None:
        """Take the mutants out of their mothers' entries; both are changed in place.

        A mother's entry holds at least as many cells as all daughters of its tick have left, but
        mutants are drawn beside it: where they are more than it has, the rest of them is dropped,
        and where a stage has too few, others give.
        """
        distinct, group = np.unique(entry, return_inverse=True)
        wanted = np.stack([np.bincount(group, weights=row).astype(np.int64) for row in mutants])
        held = counts[:, distinct]
        taken = np.minimum(wanted, held)
        for i in np.flatnonzero((wanted > held).any(axis=0)):
            missing = int(wanted[:, i].sum() - taken[:, i].sum())
            for stage in range(held.shape[0]):
                more = min(missing, int(held[stage, i] - taken[stage, i]))
                taken[stage, i] += more
                missing -= more
            for one in np.flatnonzero(group == i)[::-1]:
                for stage in range(held.shape[0]):
                    less = min(missing, int(mutants[stage, one]))
                    mutants[stage, one] -= less
                    missing -= less
        counts[:, distinct] = held - taken

    def _clones(
        self,
        state: State,
        population: Population,
        mutants: _Mutants,
        rows: np.ndarray,
        replicate: np.ndarray,
        code: np.ndarray,
        is_pooled: np.ndarray,
        tick: int,
    ) -> np.ndarray:
        """Return the clone of each group of mutants, int64[q]: a new one, or that of the pool."""
        tallies = population.tallies
        assert tallies is not None
        parent = tallies.clone_id[mutants.entry].astype(np.int64)
        clone = np.empty(rows.shape[0], np.int64)
        single = np.flatnonzero(~is_pooled)
        alleles, gain = self._genotype(population, rows)
        where = replicate if state.sites_per_replicate > 1 else np.full_like(replicate, -1)
        clone[single] = state.clones.add_many(
            parent[single], tick, alleles[single], gain[single],
            population["mutations"][rows[single]], 1, where[single],
        )  # fmt: skip
        pooled = np.flatnonzero(is_pooled)
        places = np.stack([replicate[pooled], parent[pooled], code[pooled]])
        _, first, group = np.unique(one_number(places), return_index=True, return_inverse=True)
        one = pooled[first]
        pools = self._pools_of(
            state, population.name, place_of(replicate[one], code[one]), parent[one],
            (alleles[one], gain[one], population["mutations"][rows[one]]), tick,
        )  # fmt: skip
        clone[pooled] = pools[group]
        np.add.at(state.clones.n_founders, clone[is_pooled], mutants.n[is_pooled])
        return clone

    def _pools_of(
        self,
        state: State,
        name: str,
        place: np.ndarray,
        parent: np.ndarray,
        genotype: tuple[np.ndarray, np.ndarray, np.ndarray],
        tick: int,
    ) -> np.ndarray:
        """Return the pools of distinct places and parent clones, int64[k]; new ones are made.

        ``genotype`` holds alleles, gain and mutations of each.
        """
        found = np.empty(place.shape[0], np.int64)
        for i, (at, mother) in enumerate(zip(place.tolist(), parent.tolist(), strict=True)):
            pools = self.pools.of(name, at)
            if mother not in pools:
                where = replicate_at(at) if state.sites_per_replicate > 1 else -1
                alleles, gain, mutations = (values[i] for values in genotype)
                ids = state.clones.add_many(
                    np.array([mother]), tick, alleles, gain, mutations, 0, where, is_pool=True
                )
                pools[mother] = int(ids[0])
            found[i] = pools[mother]
        return found

    @staticmethod
    def _genotype(population: Population, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if population.has(Group.MECHANISTIC):
            return population["methylated_alleles"][rows], population["gain"][rows]
        return np.full(rows.shape[0], -1), np.ones(rows.shape[0])

    def _join_pool(self, state: State, population: Population, place: int, tick: int) -> None:
        """Let the small clones of a genotype join the pools of their parents."""
        tallies, clones = population.tallies, state.clones
        assert tallies is not None
        row = tallies.row
        places = place_of(state.replicate_of(population, row), genotype_codes(population, row))
        entries = np.flatnonzero(places == place)
        ids, group = np.unique(tallies.clone_id[entries], return_inverse=True)
        cells = np.bincount(group, weights=tallies.n_cells[entries])
        is_small = (cells < self.pool.kept_share * cells.sum()) & (clones.n_founders[ids] == 1)
        is_small &= (clones.parent[ids] >= 0) & ~clones.is_pool[ids]
        small = ids[is_small]
        parents, first, group = np.unique(
            clones.parent[small], return_index=True, return_inverse=True
        )
        one = small[first]
        pools = self._pools_of(
            state, population.name, np.full(one.shape[0], place), parents,
            (clones.methylated_alleles[one], clones.gain[one], clones.mutations[one]), tick,
        )  # fmt: skip
        clones.pool[small] = pools[group]
        np.add.at(clones.n_founders, pools[group], 1)
        new = clones.pool[tallies.clone_id[entries]]
        tallies.clone_id[entries] = np.where(new >= 0, new, tallies.clone_id[entries])


def _places(replicate: np.ndarray, code: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Return one number for each replicate and genotype, and (lowest code, number of codes)."""
    low = int(code.min())
    width = int(code.max()) - low + 1
    return replicate * width + (code - low), (low, width)


def _apart(mutants: _Mutants, is_single: np.ndarray) -> tuple[np.ndarray, _Mutants]:
    """Give each cell of the groups ``is_single`` a group of its own; return old group, groups."""
    repeats = np.where(is_single, mutants.n, 1)
    group = np.repeat(np.arange(repeats.shape[0]), repeats)
    found = mutants.only(group)
    if (repeats == 1).all():
        return group, found
    first = np.cumsum(repeats) - repeats
    nth = np.arange(group.shape[0]) - first[group]
    n = np.where(is_single[group], 1, found.n)
    key = np.empty_like(found.key)
    member_keys(found.key, nth, key)
    return group, found._replace(n=n, key=key)
