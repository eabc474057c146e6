"""Who a relapse is made of: clones, genotypes and founders of the blasts in the marrow."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from abm.observe import is_resistant
from abm.state.state import State
from abm.units import HOURS_PER_DAY


class View(NamedTuple):
    """What the functions of abm.observe need of a model."""

    state: State
    facts: Any


@dataclass(frozen=True)
class Composition:
    """The blasts of one patient's marrow at one time; nan and -1 where there are none."""

    share_resistant: float = float("nan")
    n_clones: int = 0
    n_clones_above_1_percent: int = 0
    n_founders_resistant: int = 0
    """Founder events of the living resistant clones, summed."""
    share_pooled: float = float("nan")
    """Blasts in pools, which hold the mutants of many founder events."""
    largest_clone_id: int = -1
    """Largest clone that is no pool."""
    largest_clone_parent_id: int = -1
    """-1 where it is a class of founders, which holds all founders of a genotype."""
    largest_clone_share: float = float("nan")
    largest_clone_origin_d: float = float("nan")
    largest_clone_n_founders: int = 0
    largest_clone_methylated_alleles: int = -1
    largest_clone_gain: float = float("nan")
    share_initial: float = float("nan")
    """Blasts of the classes that were there at the start: descendants of many founders, not of one
    event."""
    largest_mutant_share: float = float("nan")
    """Of the largest clone that arose from one cell by a heritable change; 0 without."""
    largest_mutant_id: int = -1
    largest_mutant_origin_d: float = float("nan")
    largest_mutant_methylated_alleles: int = -1
    largest_mutant_gain: float = float("nan")


_LARGE = 0.01


def composition(view: View, site: int, hours_per_tick: float) -> Composition:
    """Return who the tumour cells at ``site`` are; ``hours_per_tick`` dates the clones."""
    ids, counts, resistant = _members(view, site)
    total = int(counts.sum())
    if total == 0:
        return Composition()
    clone, inverse = np.unique(ids, return_inverse=True)
    cells = np.bincount(inverse, weights=counts)
    is_of_resistant = np.bincount(inverse, weights=counts * resistant) > 0.0
    clones = view.state.clones
    is_pool = clones.is_pool[clone]
    is_initial = (clones.parent[clone] < 0) & ~is_pool
    found = Composition(
        share_resistant=float((counts * resistant).sum()) / total,
        n_clones=int((cells > 0).sum()),
        n_clones_above_1_percent=int((cells >= _LARGE * total).sum()),
        n_founders_resistant=int(clones.n_founders[clone[is_of_resistant]].sum()),
        share_pooled=float(cells[is_pool].sum()) / total,
        share_initial=float(cells[is_initial].sum()) / total,
        largest_mutant_share=0.0,
    )
    is_mutant = ~is_pool & (clones.parent[clone] >= 0)
    if is_mutant.any():
        largest = int(np.where(is_mutant, cells, -1.0).argmax())
        one = int(clone[largest])
        found = replace(
            found,
            largest_mutant_share=float(cells[largest]) / total,
            largest_mutant_id=one,
            largest_mutant_origin_d=clones.origin_tick[one] * hours_per_tick / HOURS_PER_DAY,
            largest_mutant_methylated_alleles=int(clones.methylated_alleles[one]),
            largest_mutant_gain=float(clones.gain[one]),
        )
    if is_pool.all():
        return found
    largest = int(np.where(is_pool, -1.0, cells).argmax())
    one = int(clone[largest])
    return replace(
        found,
        largest_clone_id=one,
        largest_clone_parent_id=int(clones.parent[one]),
        largest_clone_share=float(cells[largest]) / total,
        largest_clone_origin_d=float(clones.origin_tick[one]) * hours_per_tick / HOURS_PER_DAY,
        largest_clone_n_founders=int(clones.n_founders[one]),
        largest_clone_methylated_alleles=int(clones.methylated_alleles[one]),
        largest_clone_gain=float(clones.gain[one]),
    )


def _members(view: View, site: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return clone, cells and whether resistant of every agent at a site, int64, int64, bool."""
    masks = is_resistant(view)
    ids, counts, resistant = [], [], []
    for population in view.state.tumour():
        is_here = population.live("site") == site
        mask, tallies = masks[population.name], population.tallies
        if tallies is None:
            ids.append(population.live("clone_id")[is_here])
            counts.append(population.weights()[is_here])
            resistant.append(mask[is_here])
        else:
            entries = np.flatnonzero(is_here[tallies.row])
            ids.append(tallies.clone_id[entries])
            counts.append(tallies.n_cells[entries])
            resistant.append(mask[tallies.row[entries]])
    if not ids:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing.astype(np.bool_)
    return np.concatenate(ids), np.concatenate(counts), np.concatenate(resistant)
