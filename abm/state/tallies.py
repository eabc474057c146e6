"""Who is in the rows of a weighted population: cells counted by clone and stage of the cycle."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Tallies:
    """One entry is one agent: the cells of one clone in one row, counted over Erlang stages.

    A row holds what its cells share: site, genotype, stratum and the fast state. The entries of a
    row add up to its ``weight``.

    row        : int32[m], row of the population
    clone_id   : int32[m]
    random_key : uint64[m], key of all random numbers of the entry
    counts     : int64[n_stages, m], cells in each stage of the cycle
    """

    row: np.ndarray
    clone_id: np.ndarray
    random_key: np.ndarray
    counts: np.ndarray

    @classmethod
    def empty(cls, n_stages: int) -> "Tallies":
        """Make tallies without entries."""
        return cls(
            np.zeros(0, np.int32),
            np.zeros(0, np.int32),
            np.zeros(0, np.uint64),
            np.zeros((n_stages, 0), np.int64),
        )

    @property
    def n(self) -> int:
        """Number of entries."""
        return self.row.shape[0]

    @property
    def n_cells(self) -> np.ndarray:
        """Cells of each entry, int64[m]."""
        return self.counts.sum(axis=0)

    def row_weights(self, n_rows: int) -> np.ndarray:
        """Return the cells of each row, int64[n_rows], exact in integers."""
        total = np.zeros(n_rows, np.int64)
        np.add.at(total, self.row, self.n_cells)
        return total
