"""The table of clones: an initial genotype class, a founder's barcode, mutants, or their pool."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_GROWTH_FACTOR = 2
NO_CLONE = -1
_COLUMNS: dict[str, type] = {
    "parent": np.int64,
    "origin_tick": np.int64,
    "methylated_alleles": np.int64,
    "gain": np.float64,
    "mutations": np.int64,
    "n_founders": np.int64,
    "replicate": np.int64,
    "pool": np.int64,
    "is_pool": np.bool_,
}


class Clones:
    """Append-only columns, one row for each clone; ``clone_id`` is the row.

    parent             : clone from which it arose, -1 for founders
    origin_tick        : when
    methylated_alleles : -1 for cells without the mechanistic model
    gain, mutations    : ASNS gain, heritable changes since the founder
    n_founders         : cells that founded it: 1 for a mutant cell, more for mutants that are
                         counted together (a pool counts all that have joined it)
    replicate          : body that it lives in, -1 where clones are shared by replicates
    pool               : pool that its cells have joined, -1 while they have not
    is_pool            : whether it counts many mutants together and goes on taking more

    Each column is a view of the present length.
    """

    def __init__(self) -> None:
        self.n = 0
        self._columns: dict[str, np.ndarray] = {
            name: np.zeros(16, dtype) for name, dtype in _COLUMNS.items()
        }

    def __getattr__(self, name: str) -> Any:
        if name not in _COLUMNS:
            raise AttributeError(name)
        return self._columns[name][: self.n]

    def __len__(self) -> int:
        return self.n

    def add(
        self,
        parent: int,
        tick: int,
        methylated_alleles: int,
        gain: float,
        mutations: int,
        n_founders: int = 1,
        replicate: int = NO_CLONE,
    ) -> int:
        """Append a clone and return its id."""
        ids = self.add_many(
            np.array([parent]), tick, methylated_alleles, gain, mutations, n_founders, replicate
        )
        return int(ids[0])

    def add_many(
        self,
        parent: np.ndarray,
        tick: int,
        methylated_alleles: ArrayLike,
        gain: ArrayLike,
        mutations: ArrayLike,
        n_founders: ArrayLike = 1,
        replicate: ArrayLike = NO_CLONE,
        is_pool: bool = False,
    ) -> np.ndarray:
        """Append clones of one tick, int64[m] parents; return their ids, int64[m].

        The other columns are one number or as many as parents.
        """
        first, last = self.n, self.n + parent.shape[0]
        capacity = self._columns["parent"].shape[0]
        if last > capacity:
            capacity = max(last, _GROWTH_FACTOR * capacity)
            for name, values in self._columns.items():
                grown = np.zeros(capacity, values.dtype)
                grown[:first] = values[:first]
                self._columns[name] = grown
        row = (
            parent, tick, methylated_alleles, gain, mutations, n_founders, replicate, NO_CLONE,
            is_pool,
        )  # fmt: skip
        for name, given in zip(_COLUMNS, row, strict=True):
            self._columns[name][first:last] = given
        self.n = last
        return np.arange(first, last)

    def __eq__(self, other: object) -> bool:
        """Tell whether all columns are the same."""
        if not isinstance(other, Clones) or self.n != other.n:
            return False
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _COLUMNS)

    __hash__ = None  # type: ignore[assignment]
