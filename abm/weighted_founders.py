"""The cells that a weighted population starts with: rows by site, genotype and stratum."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from abm.errors import ScenarioError
from abm.founder_shares import by_largest_remainder, deal, keys_below, quantile_means
from abm.kernels.cell_layout import CellState
from abm.processes.genotypes import one_number
from abm.processes.weighted_fate import mean_size
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.state import State
from abm.state.tallies import Tallies
from abm.streams import Stream, Streams
from abm.weighted_history import Grown, Kinship, draw_history

_SPARE_CAPACITY = 4
_MOST_BARCODES = 100_000
_STRATUM_SALT, _STAGE_SALT, _PLACE_SALT, _ONE_STRATUM_SALT = 1, 2, 3, 4
"""Ticks of the draws, which all come before the first step."""
_HISTORY_SALT = 100


@dataclass(frozen=True, kw_only=True)
class WeightedFounders:
    """One weighted population at the start.

    number         : cells of each replicate, int64[n_replicate] or one number
    compartments   : share of the founders at each site of a replicate, by the site's place in it
    alleles        : share of 0, 1, 2 methylated alleles (mechanistic cells), or float64[R, 3]
    start          : state at the start, float64[n_state], size 1, by alleles and gain
    n_asns, n_threshold : strata of set-point and death threshold
    replicate_keys : forever-number of each replicate, int64[n_replicate]; its own index where None
    set_point      : factor of the set-point in each replicate, float64[n_replicate], None = 1
    mutants_differ : whether a heritable change costs something by itself
    kinship        : what mutants of the growth before the start are drawn from, None = there are
                     none
    """

    name: str
    cell_type: CellType
    number: int | np.ndarray
    groups: frozenset[Group]
    n_stages: int
    unit_volume: float = 0.0
    compartments: Mapping[int, float] = field(default_factory=lambda: {0: 1.0})
    alleles: Mapping[int, float] | np.ndarray = field(default_factory=dict)
    start: Mapping[tuple[int, float], np.ndarray] = field(default_factory=dict)
    threshold_cv: float = 0.0
    asns_cv: float = 0.0
    n_asns: int = 8
    n_threshold: int = 8
    division_size_cv: float = 0.0
    replicate_keys: np.ndarray | None = None
    set_point: np.ndarray | None = None
    barcodes: bool = False
    mutants_differ: bool = True
    kinship: Kinship | None = None

    @property
    def is_mechanistic(self) -> bool:
        """Whether the cells have biology."""
        return Group.MECHANISTIC in self.groups

    @property
    def n_strata(self) -> int:
        """Number of strata: one for cells without biology."""
        return self.n_asns * self.n_threshold if self.is_mechanistic else 1


class _Parcels(NamedTuple):
    """Founders of one clone, site, genotype and stratum, arrays[m]; each becomes an entry."""

    replicate: np.ndarray
    place: np.ndarray
    alleles: np.ndarray
    gain: np.ndarray
    mutations: np.ndarray
    stratum: np.ndarray
    number: np.ndarray
    clone: np.ndarray
    key: np.ndarray


def found_weighted(state: State, founders: WeightedFounders, streams: Streams) -> Population:
    """Make the population, append it to the state and return it.

    Each replicate's founders are shared out over sites and genotypes by largest remainders, and
    over strata and stages of the cycle by a draw, because cells take their stratum and stage
    independently: a handful of founders differ between replicates as single cells do, and with
    1e12 the draw is the share. Mutants of the history take the place of founders; a clone of one
    founder has one stratum, as both traits are inherited unchanged. The key of a replicate is all
    that the draws depend on.
    """
    index = len(state.populations)
    base = _replicate_keys(streams, index, founders, state.n_replicate)
    classes = _classes(state, founders)
    clone = _found_clones(state, classes.alleles, classes.replicate)
    mutants = _mutants(state, founders, classes, clone, base, streams)
    keys = keys_below(base[classes.replicate], classes.place * 4 + classes.alleles + 1)
    per_stratum = deal(streams, keys, classes.number, np.ones(founders.n_strata), _STRATUM_SALT)
    of, stratum = np.nonzero(per_stratum)
    plain = _Parcels(
        classes.replicate[of], classes.place[of], classes.alleles[of], np.ones(of.shape[0]),
        np.zeros(of.shape[0], np.int64), stratum, per_stratum[of, stratum], clone[of],
        keys_below(keys[of], stratum),
    )  # fmt: skip
    joined = _Parcels(*(np.concatenate(both) for both in zip(plain, mutants, strict=True)))
    order = np.argsort(joined.replicate, kind="stable")
    parcels = _Parcels(*(values[order] for values in joined))
    population = _open_population(state, founders, streams, parcels)
    if founders.cell_type.is_tumour:
        totals = np.bincount(parcels.replicate, weights=parcels.number, minlength=state.n_replicate)
        state.counters.founders += totals.astype(np.int64)
    state.populations.append(population)
    return population


def _open_population(
    state: State, founders: WeightedFounders, streams: Streams, parcels: _Parcels
) -> Population:
    """Make the rows of all parcels and their entries."""
    site = state.sites_per_replicate * parcels.replicate + parcels.place
    kinds = np.stack([
        site, parcels.alleles, np.rint(4096.0 * np.log2(parcels.gain)).astype(np.int64),
        (parcels.mutations > 0) & founders.mutants_differ, parcels.stratum,
    ])  # fmt: skip
    _, first, row = np.unique(one_number(kinds), return_index=True, return_inverse=True)
    n = first.shape[0]
    population = Population(
        founders.name, founders.cell_type, founders.groups, _SPARE_CAPACITY * max(n, 16),
        founders.unit_volume,
    )  # fmt: skip
    population.mutants_differ = founders.mutants_differ
    population.n = n
    population["cell_id"][:n] = state.take_ids(n)
    population["site"][:n] = site[first]
    population["stratum"][:n] = parcels.stratum[first]
    population["mutations"][:n] = parcels.mutations[first]
    population["random_key"][:n] = parcels.key[first]
    if founders.is_mechanistic:
        _set_rows(population, founders, _Parcels(*(values[first] for values in parcels)))
    share = 2.0 ** (-np.arange(founders.n_stages) / founders.n_stages)
    counts = deal(streams, parcels.key, parcels.number, share, _STAGE_SALT)
    tallies = Tallies.empty(founders.n_stages)
    tallies.add(row, parcels.clone, parcels.key, np.ascontiguousarray(counts.T))
    if founders.barcodes:
        tallies = _with_barcodes(state, tallies, parcels.alleles, parcels.replicate)
    tallies.may_repeat = False
    population.tallies = tallies
    population.weigh()
    return population


class _Classes(NamedTuple):
    """Founders of one replicate, site and genotype: int64[m] each, no class without cells."""

    replicate: np.ndarray
    place: np.ndarray
    alleles: np.ndarray
    number: np.ndarray


def _classes(state: State, founders: WeightedFounders) -> _Classes:
    n_replicate = state.n_replicate
    number = np.broadcast_to(np.asarray(founders.number, np.int64), n_replicate)
    places = sorted(founders.compartments)
    where = np.array([founders.compartments[place] for place in places])
    if not founders.is_mechanistic:
        alleles, genotype = np.array([-1]), np.ones((n_replicate, 1))
    elif isinstance(founders.alleles, np.ndarray):
        alleles, genotype = np.arange(founders.alleles.shape[1]), founders.alleles
    else:
        alleles = np.array(sorted(founders.alleles))
        genotype = np.tile([founders.alleles[int(a)] for a in alleles], (n_replicate, 1))
    shares = where[None, :, None] * genotype[:, None, :]
    counts = by_largest_remainder(number, shares.reshape(n_replicate, -1))
    replicate, one = np.nonzero(counts)
    return _Classes(
        replicate,
        np.array(places)[one // alleles.shape[0]],
        alleles[one % alleles.shape[0]],
        counts[replicate, one],
    )


def _mutants(
    state: State,
    founders: WeightedFounders,
    classes: _Classes,
    clone: np.ndarray,
    base: np.ndarray,
    streams: Streams,
) -> _Parcels:
    """Draw the mutants of the history and take their cells out of ``classes``, in place."""
    parts = []
    for alleles in np.unique(classes.alleles) if founders.kinship is not None else ():
        of_class = np.flatnonzero(classes.alleles == alleles)
        number = np.zeros(state.n_replicate, np.int64)
        np.add.at(number, classes.replicate[of_class], classes.number[of_class])
        assert founders.kinship is not None
        keys = keys_below(base, np.full(base.shape[0], _HISTORY_SALT + int(alleles) + 1))
        grown = draw_history(founders.kinship, int(alleles), number, keys, streams)
        of_replicate = np.full(state.n_replicate, -1)
        of_replicate[classes.replicate[of_class]] = clone[of_class]
        ids = _grown_clones(state, grown, of_replicate)
        own = keys_below(keys[grown.replicate], _rank(grown.replicate))
        parcels = _spread(founders, grown, ids, own, streams)
        parts.append(_take_out(classes, of_class, parcels))
    if not parts:
        kinds = (int, int, int, float, int, int, int, int, np.uint64)
        return _Parcels(*(np.zeros(0, kind) for kind in kinds))
    return _Parcels(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _grown_clones(state: State, grown: Grown, of_replicate: np.ndarray) -> np.ndarray:
    """Add the clones of a history to the table; return their ids, int64[m]."""
    where = grown.replicate if state.sites_per_replicate > 1 else np.full_like(grown.replicate, -1)
    ids = state.clones.add_many(
        of_replicate[grown.replicate], 0, grown.alleles, grown.gain, grown.mutations,
        grown.n_founders, where,
    )  # fmt: skip
    has_parent = grown.parent >= 0
    state.clones.parent[ids[has_parent]] = ids[grown.parent[has_parent]]
    state.clones.origin_tick[ids] = grown.origin_tick
    state.clones.is_pool[ids] = grown.is_pool
    return ids


def _spread(
    founders: WeightedFounders, grown: Grown, clone: np.ndarray, keys: np.ndarray, streams: Streams
) -> _Parcels:
    """Deal the cells of each clone out over compartments, and those of pools over strata."""
    places = np.array(sorted(founders.compartments))
    shares = np.array([founders.compartments[int(place)] for place in places])
    per_place = deal(streams, keys, grown.number, shares, _PLACE_SALT)
    of, at = np.nonzero(per_place)
    number, place, own = per_place[of, at], places[at], keys_below(keys[of], at)
    n_strata = founders.n_strata
    draw = streams.uniforms(Stream.WEIGHTED_FOUNDERS, _ONE_STRATUM_SALT, keys)[0]
    stratum = np.minimum((draw * n_strata).astype(np.int64), n_strata - 1)[of]
    pooled = np.flatnonzero(grown.is_pool[of])
    single = np.flatnonzero(~grown.is_pool[of])
    dealt = deal(streams, own[pooled], number[pooled], np.ones(n_strata), _STRATUM_SALT)
    which, of_stratum = np.nonzero(dealt)
    source = np.concatenate([single, pooled[which]])
    stratum = np.concatenate([stratum[single], of_stratum])
    number = np.concatenate([number[single], dealt[which, of_stratum]])
    of = of[source]
    return _Parcels(
        grown.replicate[of], place[source], grown.alleles[of], grown.gain[of],
        grown.mutations[of], stratum, number, clone[of], keys_below(own[source], stratum),
    )  # fmt: skip


def _take_out(classes: _Classes, of_class: np.ndarray, mutants: _Parcels) -> _Parcels:
    """Let mutants take the place of founders at their site; those for whom none is left go."""
    width = int(max(classes.place.max(), mutants.place.max(initial=0))) + 1
    here = classes.replicate[of_class] * width + classes.place[of_class]
    known = np.argsort(here, kind="stable")
    wanted = mutants.replicate * width + mutants.place
    found = np.minimum(np.searchsorted(here[known], wanted), here.shape[0] - 1)
    of = known[found]
    has_home = here[of] == wanted
    kept = mutants.number * has_home
    asked = np.bincount(of, weights=kept, minlength=here.shape[0]).astype(np.int64)
    held = classes.number[of_class]
    for i in np.flatnonzero(asked > held):
        too_many = int(asked[i] - held[i])
        for one in np.flatnonzero((of == i) & (kept > 0))[::-1]:
            less = min(too_many, int(kept[one]))
            kept[one] -= less
            too_many -= less
    classes.number[of_class] = np.maximum(held - asked, 0)
    return _Parcels(*(values[kept > 0] for values in mutants._replace(number=kept)))


def _rank(replicate: np.ndarray) -> np.ndarray:
    """Return the running number of each element among those of its replicate, which is sorted."""
    return np.asarray(np.arange(replicate.shape[0]) - np.searchsorted(replicate, replicate))


def _set_rows(population: Population, founders: WeightedFounders, rows: _Parcels) -> None:
    """Give each row the state of its genotype, its stratum's traits and the mean size."""
    n, stratum = population.n, rows.stratum
    set_point = quantile_means(founders.asns_cv, founders.n_asns)[stratum // founders.n_threshold]
    if founders.set_point is not None:
        set_point = set_point * founders.set_point[rows.replicate]
    threshold = quantile_means(founders.threshold_cv, founders.n_threshold)
    threshold = threshold[stratum % founders.n_threshold]
    population["set_point"][:n] = set_point
    population["threshold_factor"][:n] = threshold
    population["methylated_alleles"][:n] = rows.alleles
    population["gain"][:n] = rows.gain
    population["hazard_left"][:n] = 0.0
    for (alleles, gain), start in founders.start.items():
        of_genotype = np.flatnonzero((rows.alleles == alleles) & (rows.gain == gain))
        population.state[:, of_genotype] = start[:, None]
    population.state[CellState.ASNS, :n] *= set_point
    population.state[CellState.COMMITMENT, :n] /= threshold
    for row in (CellState.SIZE, CellState.BOUND_ASN, CellState.BOUND_GLN):
        population.state[row, :n] *= mean_size(founders.division_size_cv)


def _found_clones(state: State, alleles: np.ndarray, replicate: np.ndarray) -> np.ndarray:
    """Make a clone of each genotype, in bodies of each patient; return that of each row."""
    where = replicate if state.sites_per_replicate > 1 else np.full_like(replicate, -1)
    kind = (where + 1) * 8 + alleles + 1
    distinct, group = np.unique(kind, return_inverse=True)
    none = np.full(distinct.shape[0], -1)
    ids = state.clones.add_many(none, 0, distinct % 8 - 1, 1.0, 0, 1, distinct // 8 - 1)
    return np.asarray(ids[group])


def _with_barcodes(
    state: State, tallies: Tallies, alleles: np.ndarray, replicate: np.ndarray
) -> Tallies:
    """Give each founder a clone and an entry of its own."""
    stages, entries = np.nonzero(tallies.counts)
    n = tallies.counts[stages, entries]
    if n.sum() > _MOST_BARCODES:
        raise ScenarioError(
            f"barcodes: {n.sum():,} founders: at most {_MOST_BARCODES:,} can have one each"
        )
    stages, entries = np.repeat(stages, n), np.repeat(entries, n)
    where = replicate[entries] if state.sites_per_replicate > 1 else np.full_like(entries, -1)
    none = np.full(entries.shape[0], -1)
    clone = state.clones.add_many(none, 0, alleles[entries], 1.0, 0, 1, where)
    counts = np.zeros((tallies.n_stages, entries.shape[0]), np.int64)
    counts[stages, np.arange(entries.shape[0])] = 1
    # The running number within the old entry makes the keys of its founders different.
    order = np.argsort(entries, kind="stable")
    first = np.searchsorted(entries[order], entries[order])
    nth = np.empty_like(order)
    nth[order] = np.arange(order.shape[0]) - first
    found = Tallies.empty(tallies.n_stages)
    found.add(tallies.row[entries], clone, keys_below(tallies.random_key[entries], nth), counts)
    return found


def _replicate_keys(
    streams: Streams, index: int, founders: WeightedFounders, n_replicate: int
) -> np.ndarray:
    """Return the key of each replicate's founders, uint64[n_replicate]."""
    if founders.replicate_keys is None:
        return streams.founder_keys(index, 0, n_replicate)
    keys = [streams.founder_keys(index, int(one), 1) for one in founders.replicate_keys]
    return np.concatenate(keys)
