"""Which row takes in cells that come from another site."""

import numpy as np
from numpy.typing import NDArray

from abm.kernels import arrivals as kernels
from abm.kernels.cell_layout import CellState
from abm.processes.genotypes import genotype_codes
from abm.state.columns import MEAN_COLUMNS, Group
from abm.state.population import Population

_HELD = [int(CellState.ASN), int(CellState.GLN)]
"""Pools whose moles are booked."""


def join_rows(
    population: Population,
    rows: NDArray[np.integer],
    sites: NDArray[np.integer],
    n_cells: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the row at ``sites[i]`` that takes in ``n_cells[i]`` cells of ``rows[i]``, int64[m].

    That is the row of the same genotype and stratum there with the most cells; its state becomes
    the mean over its cells, in place, so that amounts are kept. Where there is none, a copy of the
    first such row is staged. The tallies are left as they are: the caller takes the cells from
    their entries before, and adds new entries after.
    """
    total = population.n + population.n_staged
    weights = population.tallies.row_weights(total)  # type: ignore[union-attr]
    kinds = _kinds(population, total)
    place = population["site"][:total].astype(np.int64)
    n_kinds = int(kinds.max()) + 1
    here = place * n_kinds + kinds
    there = np.asarray(sites, np.int64) * n_kinds + kinds[rows]
    # The heaviest row of each key comes first, the older one where they are alike.
    order = np.lexsort((-weights, here))
    in_order = here[order]
    first = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    known = in_order[first]
    found = np.searchsorted(known, there)
    found[found == known.shape[0]] = 0
    targets = order[first[found]]
    is_missing = known[found] != there
    if is_missing.any():
        missing, founder, which = np.unique(
            there[is_missing], return_index=True, return_inverse=True
        )
        mothers = np.flatnonzero(is_missing)[founder]
        staged = population.stage_rows(rows[mothers])
        population["site"][staged] = sites[mothers]
        targets[is_missing] = staged[which]
        weights = np.concatenate([weights, np.zeros(missing.shape[0], np.int64)])
    if population.has(Group.MECHANISTIC):
        _take_means(population, rows.astype(np.int64), targets, n_cells, weights)
    return targets


def dense_unique(values: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct ``values``, int64[k], and the place of each among them, int64[m].

    Equal to ``numpy.unique`` with its inverse, for whole numbers from 0 whose largest is not much
    above their number: takes memory for the largest and sorts nothing.
    """
    is_there = np.zeros(int(values.max()) + 1, np.bool_)
    is_there[values] = True
    place = np.cumsum(is_there) - 1
    return np.flatnonzero(is_there), place[values]


def _kinds(population: Population, total: int) -> NDArray[np.int64]:
    """Return a number for each genotype and stratum, int64[total]."""
    codes = genotype_codes(population, slice(0, total))
    stratum = population["stratum"][:total].astype(np.int64)
    return np.asarray((codes - codes.min()) * (int(stratum.max()) + 1) + stratum)


def _take_means(
    population: Population,
    rows: NDArray[np.integer],
    targets: NDArray[np.integer],
    n_cells: NDArray[np.int64],
    weights: NDArray[np.int64],
) -> None:
    """Make the state of each target the mean over the cells it has and takes in, in place."""
    unique, which = dense_unique(targets)
    coming = np.bincount(which, weights=n_cells, minlength=unique.shape[0])
    share = n_cells / (weights[unique] + coming)[which]
    state = population.state
    # Moles are kept, not concentrations: size times concentration is what is averaged.
    held = state[_HELD] * state[CellState.SIZE]
    arrays = [state, held, *(population[name][None] for name in MEAN_COLUMNS)]
    # All sources are read before any target is written: a row may give and take in one step.
    changes = []
    for values in arrays:
        change = np.zeros((values.shape[0], unique.shape[0]))
        kernels.add_differences(values, rows, targets, which, share, change)
        changes.append(change)
    for values, change in zip(arrays, changes, strict=True):
        values[:, unique] += change
    state[np.array(_HELD)[:, None], unique] = held[:, unique] / state[CellState.SIZE, unique]
