"""One cell type as a struct of arrays."""

from typing import Any

import numpy as np

from abm.errors import StateError
from abm.kernels.cell_layout import CellState
from abm.kernels.sort import permute_column
from abm.state.columns import SPLIT_STATE, AtDivision, CellType, Column, Group, columns_of
from abm.state.tallies import Tallies
from abm.units import FMOL_PER_UM_PL

_GROWTH_FACTOR = 1.125
"""Of the capacity where it does not suffice: little spare memory, eight copies per new row."""


class Population:
    """The cells of one type; data only.

    Rows ``0 .. n - 1`` are alive. Rows ``n .. n + n_staged - 1`` are born in the present tick and
    join at compaction, the only place where ``n`` changes. ``is_dead`` marks rows that leave there.
    A column is ``population["name"]``, an array of length ``capacity``; mechanistic populations
    also have ``state``, float64[n_state, capacity] in C order, rows as in CellState, and a
    ``unit_volume`` [pL], the volume of a cell of size 1, and ``adhesion`` [1/h], by which the cells
    hold on to each other in tissue. Weighted populations also have ``tallies``: who is in a row, by
    clone and stage of the cycle.
    """

    def __init__(
        self,
        name: str,
        cell_type: CellType,
        groups: frozenset[Group],
        capacity: int,
        unit_volume: float = 0.0,
        adhesion: float = 0.0,
    ) -> None:
        n_state = len(CellState) if Group.MECHANISTIC in groups else 0
        self.name = name
        self.unit_volume = unit_volume
        self.adhesion = adhesion
        self.cell_type = cell_type
        self.groups = groups
        self.table: tuple[Column, ...] = columns_of(groups)
        self.n = 0
        self.n_staged = 0
        self.capacity = max(capacity, 16)
        self.state = np.zeros((n_state, self.capacity))
        self.is_dead = np.zeros(self.capacity, np.bool_)
        self.tallies: Tallies | None = None
        self.mutants_differ = True
        """Whether cells with a heritable change differ by that alone (they pay for it)."""
        self._columns: dict[str, np.ndarray] = {
            c.name: np.full(self.capacity, c.default, c.dtype) for c in self.table
        }

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def has(self, group: Group) -> bool:
        """Tell whether the population has the columns of a group."""
        return group in self.groups

    def place_columns(self) -> tuple[str, ...]:
        """Return the names of the columns of the place: x, y and in three dimensions z."""
        return ("x", "y", "z") if self.has(Group.DEPTH) else ("x", "y")

    def live(self, name: str) -> np.ndarray:
        """Return the column of the living cells, a view of length ``n``."""
        return self._columns[name][: self.n]

    def weights(self) -> np.ndarray:
        """Return how many cells each living row stands for, int64[n]."""
        if self.has(Group.WEIGHTED):
            return self.live("weight")
        return np.ones(self.n, np.int64)

    def n_cells(self, mask: np.ndarray | None = None) -> int:
        """Return how many cells live in all rows, or in those where ``mask``, bool[n], is true."""
        if self.has(Group.WEIGHTED):
            weight = self.live("weight")
            return int((weight if mask is None else weight[mask]).sum())
        return self.n if mask is None else int(np.count_nonzero(mask))

    def reserve(self, needed: int) -> None:
        """Make room for ``needed`` rows; arrays are replaced, contents kept."""
        if needed <= self.capacity:
            return
        capacity = max(int(self.capacity * _GROWTH_FACTOR) + 1, needed)
        for column in self.table:
            grown: np.ndarray = np.full(capacity, column.default, column.dtype)
            grown[: self.capacity] = self._columns[column.name]
            self._columns[column.name] = grown
        state = np.zeros((self.state.shape[0], capacity))
        state[:, : self.capacity] = self.state
        self.state = state
        is_dead = np.zeros(capacity, np.bool_)
        is_dead[: self.capacity] = self.is_dead
        self.is_dead = is_dead
        self.capacity = capacity

    def amounts(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return the Asn and Gln held by each row, free and protein-bound, float64[2, m] [fmol]."""
        state = self.state[:, rows]
        free = state[[CellState.ASN, CellState.GLN]] * state[CellState.SIZE]
        bound = state[[CellState.BOUND_ASN, CellState.BOUND_GLN]]
        return FMOL_PER_UM_PL * self.unit_volume * (free + bound)

    def stage_daughters(self, mothers: np.ndarray) -> np.ndarray:
        """Copy the rows ``mothers`` to new staged rows by the rule of each column.

        Both daughters get the same; what is RENEW is left to the caller. Amounts (SPLIT columns,
        SPLIT_STATE rows) are halved in the mother's row as well. Returns the new rows.
        """
        first = self.n + self.n_staged
        daughters = np.arange(first, first + mothers.shape[0])
        self.reserve(first + mothers.shape[0])
        for column in self.table:
            values = self._columns[column.name]
            if column.at_division is AtDivision.SPLIT:
                values[mothers] *= 0.5
            elif column.at_division is AtDivision.RESET:
                values[mothers] = column.default
            values[daughters] = values[mothers]
        if self.state.shape[0]:
            for row in SPLIT_STATE:
                self.state[row, mothers] *= 0.5
            self.state[:, daughters] = self.state[:, mothers]
        self.is_dead[daughters] = False
        self.n_staged += mothers.shape[0]
        return daughters

    def stage_rows(self, models: np.ndarray) -> np.ndarray:
        """Stage rows without cells that are in the state of the rows ``models``; return them.

        For weighted populations: the caller puts entries into them.
        """
        first = self.n + self.n_staged
        rows = np.arange(first, first + models.shape[0])
        self.reserve(first + models.shape[0])
        for values in self._columns.values():
            values[rows] = values[models]
        if self.state.shape[0]:
            self.state[:, rows] = self.state[:, models]
        self["weight"][rows] = 0
        self.is_dead[rows] = False
        self.n_staged += models.shape[0]
        return rows

    def weigh(self) -> None:
        """Set the weight of each row, staged ones as well, to the sum of its entries."""
        if self.tallies is not None:
            total = self.n + self.n_staged
            self["weight"][:total] = self.tallies.row_weights(total)

    def _compact_weighted(self, tallies: Tallies) -> None:
        """Drop rows without cells and empty entries; the order stays, so that what happens in one
        replicate moves no summand of another."""
        total = self.n + self.n_staged
        filled = np.asarray(tallies.counts.any(axis=0))
        if not filled.all():
            tallies.keep(filled)
        tallies.join()
        self.weigh()
        is_kept = (self["weight"][:total] > 0) & ~self.is_dead[:total]
        self.n_staged = 0
        self.n = int(is_kept.sum())
        if self.n == total:
            return
        kept = np.flatnonzero(is_kept)
        moved = kept[int(np.argmin(is_kept)) :]
        first = self.n - moved.shape[0]
        for values in self._columns.values():
            values[first : self.n] = values[moved]
        if self.state.shape[0]:
            self.state[:, first : self.n] = self.state[:, moved]
        self.is_dead[:total] = False
        place = np.cumsum(is_kept) - 1
        tallies.row = place[tallies.row].astype(np.int32)

    def compact(self) -> None:
        """Drop dead rows and admit staged ones; holes are filled from the end, in order.

        In weighted populations the order of rows stays and rows without cells are dropped.
        """
        if self.tallies is not None:
            self._compact_weighted(self.tallies)
            return
        total = self.n + self.n_staged
        dead = np.flatnonzero(self.is_dead[:total])
        self.n_staged = 0
        self.n = total - dead.shape[0]
        if dead.shape[0] == 0:
            return
        holes = dead[dead < self.n]
        movers = np.flatnonzero(~self.is_dead[self.n : total]) + self.n
        for values in self._columns.values():
            values[holes] = values[movers]
        if self.state.shape[0]:
            self.state[:, holes] = self.state[:, movers]
        self.is_dead[:total] = False

    def reorder(self, order: np.ndarray) -> None:
        """Permute the living rows: row ``i`` becomes the old row ``order[i]``."""
        # Unsigned rows need no test for negative ones at each access.
        rows = np.ascontiguousarray(order, np.int64).view(np.uint64)
        scratch = np.empty(self.n, np.uint64)
        for values in (*self._columns.values(), *self.state):
            permute_column(values, rows, self.n, scratch)

    def check(self) -> None:
        """Raise StateError where a living cell holds a number that is not finite."""
        for column in self.table:
            if column.dtype is np.float64 and not np.isfinite(self.live(column.name)).all():
                row = int(np.flatnonzero(~np.isfinite(self.live(column.name)))[0])
                raise StateError(
                    f"population '{self.name}': {column.name} of row {row} is not finite"
                )
        bad = ~np.isfinite(self.state[:, : self.n]).all(axis=0)
        if bad.any():
            raise StateError(
                f"population '{self.name}': the state of row {int(np.flatnonzero(bad)[0])} "
                "is not finite"
            )
        if self.tallies is not None:
            self._check_tallies(self.tallies)

    def _check_tallies(self, tallies: Tallies) -> None:
        if (tallies.counts < 0).any():
            entry = int(np.flatnonzero((tallies.counts < 0).any(axis=0))[0])
            raise StateError(f"population '{self.name}': entry {entry} counts less than no cells")
        wrong = np.flatnonzero(tallies.row_weights(self.n) != self.live("weight"))
        if wrong.shape[0]:
            row = int(wrong[0])
            raise StateError(
                f"population '{self.name}': row {row} stands for {self['weight'][row]} cells, "
                f"but its entries add up to {tallies.row_weights(self.n)[row]}"
            )

    def snapshot(self) -> dict[str, Any]:
        """Return copies of all living columns, for tests and checkpoints."""
        columns = {name: values[: self.n].copy() for name, values in self._columns.items()}
        columns["state"] = self.state[:, : self.n].copy()
        if self.tallies is not None:
            for name in ("row", "clone_id", "random_key", "counts"):
                columns[f"tallies.{name}"] = getattr(self.tallies, name).copy()
        return columns

    def __getstate__(self) -> dict[str, Any]:
        """Save the rows in use; room behind them is made anew."""
        n = self.n + self.n_staged
        columns = {name: values[:n] for name, values in self._columns.items()}
        kept = {"_columns": columns, "state": self.state[:, :n].copy(), "is_dead": self.is_dead[:n]}
        return {**self.__dict__, **kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the rows and make the same room as before."""
        self.__dict__.update(state)
        n, room = self.state.shape[1], self.capacity
        defaults = {column.name: column.default for column in self.table}
        self._columns = {
            name: _with_room(values, room, defaults[name]) for name, values in self._columns.items()
        }
        grown = np.zeros((self.state.shape[0], room))
        grown[:, :n] = self.state
        self.state = grown
        self.is_dead = _with_room(self.is_dead, room, 0.0)


def _with_room(values: np.ndarray, room: int, default: float) -> np.ndarray:
    grown = np.full(room, default, values.dtype)
    grown[: values.shape[0]] = values
    return grown
