"""Cells as rows behind the interface of a Mesa AgentSet, without an object for each cell."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from abm.html_table import html_table
from abm.kernels.cell_layout import CellState
from abm.state.population import Population

_SHOWN = ("asns", "atf4", "mtorc1", "growth", "hazard")
"""States and columns of which a notebook shows the mean over cells."""


class Cell:
    """One living cell, read from its row when asked: ``cell.asns``, ``cell.clone_id``."""

    __slots__ = ("_population", "_row")

    def __init__(self, population: Population, row: int) -> None:
        self._population = population
        self._row = row

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a cell that is being copied has no row yet
            raise AttributeError(name)
        try:
            return _column(self._population, name)[self._row]
        except KeyError:
            raise AttributeError(f"a cell has no '{name}'") from None

    def __repr__(self) -> str:
        return f"<Cell {self.cell_id} of {self._population.name}>"


class CellView:
    """All or some living cells of a model; valid until the model steps.

    Columns are named as in abm.state.columns, states as in CellState in lower case (``asns``,
    ``atf4``, ``mtorc1``). Read-only: processes change cells, observers look at them.
    """

    def __init__(self, populations: list[Population], rows: list[np.ndarray] | None = None) -> None:
        self._populations = populations
        self._rows = rows if rows is not None else [np.arange(p.n) for p in populations]

    def __len__(self) -> int:
        return sum(rows.shape[0] for rows in self._rows)

    def __iter__(self) -> Iterator[Cell]:
        for population, rows in zip(self._populations, self._rows, strict=True):
            for row in rows:
                yield Cell(population, int(row))

    def get(self, name: str) -> np.ndarray:
        """Return one column over all cells that have it; nan for those that do not."""
        parts = []
        for population, rows in zip(self._populations, self._rows, strict=True):
            try:
                parts.append(_column(population, name)[rows])
            except KeyError:
                parts.append(np.full(rows.shape[0], np.nan))
        return np.concatenate(parts) if parts else np.empty(0)

    def agg(self, name: str, function: Callable[[np.ndarray], Any]) -> Any:
        """Return ``function`` of one column."""
        return function(self.get(name))

    def select(self, condition: Callable[["CellView"], np.ndarray]) -> "CellView":
        """Return the cells for which ``condition(view)``, a mask over columns, is true.

        ``view.select(lambda c: c["asns"] > 1e4)``: the function gets columns, not cells.
        """
        mask = np.asarray(condition(self), bool)
        if mask.shape != (len(self),):
            raise ValueError(f"the condition gave shape {mask.shape}, expected ({len(self)},)")
        rows, first = [], 0
        for part in self._rows:
            rows.append(part[mask[first : first + part.shape[0]]])
            first += part.shape[0]
        return CellView(self._populations, rows)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.get(name)

    def add(self, *_: Any) -> None:
        """Refuse: cells arise by division only."""
        raise NotImplementedError("cells arise by division only; see abm.processes.fate")

    remove = shuffle = sort = do = add

    def __repr__(self) -> str:
        return f"<CellView of {len(self)} rows, {self._n_cells():.6g} cells>"

    def _repr_html_(self) -> str:
        """Return one line for each population: how many, and means of what drives their fate."""
        header = ("population", "type", "rows", "cells", *(f"mean {name}" for name in _SHOWN))
        lines = []
        for population, rows in zip(self._populations, self._rows, strict=True):
            weights = population.weights()[rows]
            means = [_mean(population, name, rows, weights) for name in _SHOWN]
            kind = population.cell_type.name.lower()
            lines.append((population.name, kind, len(rows), f"{weights.sum():.6g}", *means))
        return html_table(repr(self)[1:-1], lines, header)

    def _n_cells(self) -> int:
        parts = zip(self._populations, self._rows, strict=True)
        return sum(int(population.weights()[rows].sum()) for population, rows in parts)


def _mean(population: Population, name: str, rows: np.ndarray, weights: np.ndarray) -> str:
    try:
        values = _column(population, name)[rows]
    except KeyError:
        return "-"
    return f"{np.average(values, weights=weights):.4g}" if weights.any() else "-"


def _column(population: Population, name: str) -> np.ndarray:
    if name in population:
        values = population.live(name)
    elif name.upper() in CellState.__members__ and population.state.shape[0]:
        values = population.state[CellState[name.upper()], : population.n]
    else:
        raise KeyError(name)
    values = values.view()
    values.flags.writeable = False
    return values
