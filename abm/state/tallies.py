"""Who is in the rows of a weighted population: cells counted by clone and stage of the cycle."""

from dataclasses import dataclass

import numpy as np

from abm.kernels.merge import join_entries


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
    may_repeat: bool = False
    """Whether two entries may be of one clone in one row; :meth:`join` makes one of them."""

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
    def n_stages(self) -> int:
        """Stages of the cycle."""
        return self.counts.shape[0]

    @property
    def n_cells(self) -> np.ndarray:
        """Cells of each entry, int64[m]."""
        return self.counts.sum(axis=0)

    def row_weights(self, n_rows: int) -> np.ndarray:
        """Return the cells of each row, int64[n_rows], exact in integers."""
        return self.row_sums(self.n_cells, n_rows)

    def row_sums(self, values: np.ndarray, n_rows: int) -> np.ndarray:
        """Return the sum of int64[m] over the entries of each row, int64[n_rows].

        Exact: float64 holds every whole number below 9e15.
        """
        return np.bincount(self.row, weights=values, minlength=n_rows).astype(np.int64)

    def add(
        self, row: np.ndarray, clone_id: np.ndarray, random_key: np.ndarray, counts: np.ndarray
    ) -> None:
        """Append entries; ``counts`` is int64[n_stages, m_new]."""
        self.row = np.concatenate([self.row, np.asarray(row, np.int32)])
        self.clone_id = np.concatenate([self.clone_id, np.asarray(clone_id, np.int32)])
        self.random_key = np.concatenate([self.random_key, random_key])
        self.counts = np.concatenate([self.counts, counts], axis=1)
        self.may_repeat = True

    def move_to(self, row: np.ndarray) -> None:
        """Put each entry into another row, int[m]."""
        self.row = row.astype(np.int32)
        self.may_repeat = True

    def keep(self, entries: np.ndarray) -> None:
        """Keep these entries (indices or mask), in their order, and drop all others."""
        self.row = self.row[entries]
        self.clone_id = self.clone_id[entries]
        self.random_key = self.random_key[entries]
        self.counts = np.ascontiguousarray(self.counts[:, entries])

    def join(self) -> None:
        """Make one entry of those of one clone in one row; it keeps the key of the oldest."""
        if not self.may_repeat or self.n == 0:
            return
        self.may_repeat = False
        last = np.full(int(self.clone_id.max()) + 1, -1)
        if join_entries(self.row, self.clone_id, self.counts, last):
            self.keep(self.counts[0] >= 0)
