"""Mutants that a tumour holds before the first step, from the growth that made it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.founding_growth import Growth, HistoryParameters, Mutation
from abm.founding_history import History, grow
from abm.processes.genotypes import Outcomes
from abm.processes.inheritance import MAX_METHYLATED_ALLELES
from abm.streams import Streams
from abm.units import MINUTES_PER_HOUR

GAINS = (1.0, 2.0, 4.0)
"""Gains that the history knows; more doublings before the start are left out."""
_N_ALLELES = MAX_METHYLATED_ALLELES + 1


@dataclass(frozen=True)
class Kinship:
    """What the history of a population is drawn from.

    birth, death : [1/h] of the founders' genotypes before the start
    cost         : share of the birth rate that a mutant loses
    outcomes     : what a division changes; for cells without biology one outcome, row 0
    kept_share   : share of its genotype below which a clone joins the pool
    """

    birth: float
    death: float
    cost: float
    outcomes: Outcomes
    is_mechanistic: bool
    kept_share: float
    tick_minutes: float
    parameters: HistoryParameters = HistoryParameters()


class Grown(NamedTuple):
    """Mutant clones at the start, arrays[m] in order of replicates.

    replicate int64, alleles int64 (-1 without biology), gain float64, number int64 of cells,
    n_founders int64, origin_tick int64 (negative), parent int64 (row of these arrays, -1: the
    founders' clone), is_pool bool, mutations int64
    """

    replicate: np.ndarray
    alleles: np.ndarray
    gain: np.ndarray
    number: np.ndarray
    n_founders: np.ndarray
    origin_tick: np.ndarray
    parent: np.ndarray
    is_pool: np.ndarray
    mutations: np.ndarray


def genotypes_of(is_mechanistic: bool, alleles: int) -> list[tuple[int, float]]:
    """Return (alleles, gain) of all genotypes of the history, the founders' first."""
    if not is_mechanistic:
        return [(-1, 1.0), (-1, 1.0)]
    every = [(a, gain) for gain in GAINS for a in range(_N_ALLELES)]
    return sorted(every, key=lambda one: one != (alleles, 1.0))


def draw_history(
    kinship: Kinship, alleles: int, number: np.ndarray, keys: np.ndarray, streams: Streams
) -> Grown:
    """Draw the mutants of founders with so many ``alleles``, int64[n_replicate] cells each.

    ``keys`` uint64[n_replicate]: all that the history of a replicate depends on, beside its number.
    """
    genotypes = genotypes_of(kinship.is_mechanistic, alleles)
    mutations = _mutations(kinship, genotypes)
    grown = np.flatnonzero(number > 0)
    if not mutations or grown.shape[0] == 0:
        kinds = (int, int, float, int, int, int, int, bool, int)
        return Grown(*(np.zeros(0, kind) for kind in kinds))
    of_mutants = [kinship.birth * (1.0 - kinship.cost)] * (len(genotypes) - 1)
    growth = Growth(
        birth=[kinship.birth, *of_mutants],
        death=[kinship.death] * len(genotypes),
        mutations=mutations,
        n_cells=number[grown].astype(float),
    )
    history = grow(growth, keys[grown], streams, kinship.parameters)
    return _read(history, grown, genotypes, kinship)


def _mutations(kinship: Kinship, genotypes: list[tuple[int, float]]) -> list[Mutation]:
    if not kinship.is_mechanistic:
        p = float(kinship.outcomes.probability[0, 0])
        return [Mutation(0, 1, p)] if p > 0.0 else []
    found = []
    outcomes = kinship.outcomes
    for source, (alleles, gain) in enumerate(genotypes):
        for i in range(outcomes.alleles.shape[0]):
            p = float(outcomes.probability[alleles, i])
            after = (int(outcomes.alleles[i]), gain * float(outcomes.fold[i]))
            if p > 0.0 and after in genotypes:
                found.append(Mutation(source, genotypes.index(after), p))
    return found


def _read(
    history: History, replicates: np.ndarray, genotypes: list[tuple[int, float]], kinship: Kinship
) -> Grown:
    """Return the mutant clones of a history; small ones join the pool of their genotype."""
    n = history.replicate.shape[0]
    is_mutant = history.genotype > 0
    cells = history.cells(len(genotypes))
    small = history.n_cells < kinship.kept_share * cells[history.replicate, history.genotype]
    place = history.replicate * len(genotypes) + history.genotype
    is_pooled = is_mutant & ~history.is_pool & small & (history.n_founders == 1)
    pool_of = np.full(cells.size, -1)
    pools = np.flatnonzero(history.is_pool & is_mutant)
    pool_of[place[pools]] = pools
    number, founders = history.n_cells.copy(), history.n_founders.copy()
    # A genotype without a pool keeps its small clones: there are few.
    is_pooled &= pool_of[place] >= 0
    target = pool_of[place[is_pooled]]
    np.add.at(number, target, number[is_pooled])
    np.add.at(founders, target, founders[is_pooled])
    kept = np.flatnonzero(is_mutant & ~is_pooled & (number > 0))
    row = np.full(n + 1, -1)
    row[kept] = np.arange(kept.shape[0])
    parent = _living_ancestor(history.parent, row)
    per_hour = MINUTES_PER_HOUR / kinship.tick_minutes
    age = history.hours[history.replicate]
    alleles = np.array([one[0] for one in genotypes])[history.genotype]
    gain = np.array([one[1] for one in genotypes])[history.genotype]
    changes = np.abs(alleles - genotypes[0][0]) + np.log2(gain).astype(np.int64)
    return Grown(
        replicates[history.replicate[kept]], alleles[kept], gain[kept], number[kept],
        founders[kept], np.round((history.origin_hours - age)[kept] * per_hour).astype(np.int64),
        row[parent[kept]], history.is_pool[kept], np.maximum(changes, 1)[kept],
    )  # fmt: skip


def _living_ancestor(parent: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return the nearest ancestor that is kept, -1 where that is the founders' clone."""
    found = parent.copy()
    while True:
        is_gone = (found >= 0) & (row[found] < 0)
        if not is_gone.any():
            return found
        found[is_gone] = parent[found[is_gone]]
