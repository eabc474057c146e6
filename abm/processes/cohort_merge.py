"""Rows of a weighted population that have come close become one."""

from dataclasses import dataclass

import numpy as np

from abm.kernels.merge import merge_groups
from abm.parameters import ParameterSet, parameter
from abm.processes.genotypes import genotype_codes
from abm.state.columns import MEAN_COLUMNS, Group
from abm.state.population import Population

_NO_COLUMNS = tuple(np.zeros(0) for _ in MEAN_COLUMNS)
"""Of cells without biology; as many, so that one compiled kernel serves both."""


@dataclass(frozen=True, kw_only=True)
class MergeParameters(ParameterSet):
    """When two rows of one site, genotype and stratum become one."""

    distance: float = parameter(0.05, high=10.0, source="assumption A312")
    """Largest difference of a slow state (of its logarithm for ASNS, message and glutamine
    synthetase) below which two rows merge."""
    most_rows: int = parameter(2, low=1, high=1000, source="assumption A313")
    """Rows of one key above which the closest two merge, however far apart."""


@dataclass
class MergeReport:
    """What merging has cost a population so far.

    merges        : rows that have gone
    cells         : cells of the smaller rows, summed
    error         : cells times distance by which they were moved, summed over both rows
    largest       : largest distance of two rows that were merged
    """

    merges: int = 0
    cells: int = 0
    error: float = 0.0
    largest: float = 0.0

    def describe(self) -> dict[str, float]:
        """Return the numbers for run.json."""
        return {
            "rows_merged": self.merges,
            "cells_merged": self.cells,
            "cells_times_distance": self.error,
            "mean_distance": self.error / (2.0 * self.cells) if self.cells else 0.0,
            "largest_distance": self.largest,
        }

    def add(self, moved: np.ndarray) -> None:
        """Add what one call of the kernel reports, float64[4]."""
        self.merges += int(moved[0])
        self.cells += int(moved[1])
        self.error += float(moved[2])
        self.largest = max(self.largest, float(moved[3]))


def merge_rows(
    population: Population,
    parameters: MergeParameters,
    report: MergeReport,
    among: np.ndarray | None = None,
) -> None:
    """Merge rows in place, living and staged; the rows that go have no entries left.

    Only rows of the same site, genotype and stratum meet. While a key has two rows nearer than the
    stated distance, or too many rows, its two closest become one with the mean of both, weighted
    by cells, so that moles stay. Entries move along. ``among`` int64[m], ascending: the rows that
    may merge, None for all.
    """
    tallies = population.tallies
    total = population.n + population.n_staged
    if tallies is None:
        return
    weight = population["weight"]
    rows = np.arange(total) if among is None else among
    rows = rows[weight[rows] > 0]
    if rows.shape[0] < 2:
        return
    key = _keys(population, rows)
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    start = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1], [True]]))
    if start.shape[0] == rows.shape[0] + 1:
        return
    names = MEAN_COLUMNS if population.has(Group.MECHANISTIC) else ()
    columns = tuple(population[name] for name in names) or _NO_COLUMNS
    goes_to = np.arange(total)
    moved = np.zeros(4)
    merge_groups(
        rows, start, weight, population.state, columns, parameters.distance,
        parameters.most_rows, goes_to, moved,
    )  # fmt: skip
    if moved[0] == 0.0:
        return
    report.add(moved)
    while (goes_to[goes_to] != goes_to).any():
        goes_to = goes_to[goes_to]
    tallies.move_to(goes_to[tallies.row])


def _keys(population: Population, rows: np.ndarray) -> np.ndarray:
    """Return one number for each site, genotype and stratum, int64[m]."""
    parts = (
        population["site"][rows].astype(np.int64),
        genotype_codes(population, rows),
        population["stratum"][rows].astype(np.int64),
    )
    found = np.zeros(rows.shape[0], np.int64)
    for part in parts:
        low = int(part.min())
        found = found * (int(part.max()) - low + 1) + (part - low)
    return found
