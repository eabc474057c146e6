"""Who makes up the population, and why its mean ASNS has changed: clone shares, Price split."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from abm.errors import RunFolderError

OTHERS = -1
"""Band of the clones that never reach the share that is asked for."""


class MullerBands(NamedTuple):
    """Bands of a Muller plot, from below; a clone with descendants has two."""

    time_h: np.ndarray
    """float64[n_time]"""
    clone_id: np.ndarray
    """int64[n_band], ``OTHERS`` for the small ones."""
    share: np.ndarray
    """float64[n_band, n_time], sums to 1 while cells live, 0 afterwards."""


def clone_shares(clones: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each clone among the living cells: rows time_h, columns clone_id.

    Rows without living cells are 0.
    """
    counts = clones.pivot_table(
        index="time_h", columns="clone_id", values="n_cells", aggfunc="sum", fill_value=0
    ).astype(float)
    total = counts.sum(axis=1)
    return counts.div(total.where(total > 0, 1.0), axis=0)


def large_clones(clones: pd.DataFrame, share: float = 0.01) -> list[int]:
    """Return the ids of clones that ever hold at least ``share`` of the cells, in order of id."""
    largest = clone_shares(clones).max(axis=0)
    return [int(clone) for clone in largest.index[largest >= share]]


def clone_parents(clones: pd.DataFrame) -> dict[int, int]:
    """Return the parent of each clone, -1 for founders."""
    first = clones.drop_duplicates("clone_id")
    return dict(
        zip(first["clone_id"].astype(int), first["parent_clone_id"].astype(int), strict=True)
    )


def muller_bands(clones: pd.DataFrame, share: float = 0.01) -> MullerBands:
    """Lay out a Muller plot: descendants inside the band of their nearest large ancestor.

    Clones that never reach ``share`` of the cells are one band on top.
    """
    shares = clone_shares(clones)
    kept = large_clones(clones, share)
    parents = clone_parents(clones)
    children: dict[int, list[int]] = {}
    for clone in kept:
        children.setdefault(_kept_ancestor(clone, parents, set(kept)), []).append(clone)
    order: list[int] = []
    for founder in children.get(-1, []):
        _nest(founder, children, order)
    ids = np.array([*order, OTHERS], dtype=np.int64)
    n_parts = {clone: order.count(clone) for clone in kept}
    bands = [shares[clone].to_numpy() / n_parts[clone] for clone in order]
    small = shares.drop(columns=kept).sum(axis=1).to_numpy()
    return MullerBands(shares.index.to_numpy(float), ids, np.array([*bands, small]))


def _kept_ancestor(clone: int, parents: dict[int, int], kept: set[int]) -> int:
    ancestor = parents[clone]
    while ancestor != -1 and ancestor not in kept:
        ancestor = parents.get(ancestor, -1)
    return ancestor


def _nest(clone: int, children: dict[int, list[int]], order: list[int]) -> None:
    """Append the bands of a clone: one half of its own, its descendants, the other half."""
    order.append(clone)
    for child in children.get(clone, []):
        _nest(child, children, order)
    if clone in children:
        order.append(clone)


def cumulative_price(price: pd.DataFrame) -> pd.DataFrame:
    """Add up the Price split: selection, induction and mutation since the first row.

    Returns time_h, asns_mean, total, selection, induction, mutation; total is their sum, which is
    the rise of asns_mean. Stops before the first row without living cells (NaN).
    """
    parts = ["selection", "induction", "mutation"]
    living = ~price[[*parts, "asns_mean"]].isna().any(axis=1)
    living.iloc[:1] = True
    alive = price[living.cummin()].reset_index(drop=True)
    changes = alive[parts].fillna(0.0)
    changes.iloc[:1] = 0.0
    total = changes.cumsum()
    total.insert(0, "total", total.sum(axis=1))
    return pd.concat([alive[["time_h", "asns_mean"]], total], axis=1)


def resistant_share(timeseries: pd.DataFrame) -> np.ndarray:
    """Return float64[n_row], cells of resistant genotypes over all tumour cells; NaN without."""
    n_cells = timeseries["n_cells"].to_numpy(float)
    n_resistant = timeseries["n_resistant"].to_numpy(float)
    return np.divide(n_resistant, n_cells, out=np.full(n_cells.shape, np.nan), where=n_cells > 0)


class Course(NamedTuple):
    """Turning points of a course of treatment, as indices of rows."""

    before_drug: int
    nadir: int
    relapse: int | None
    end: int


def turning_points(
    time_h: np.ndarray,
    n_cells: np.ndarray,
    doses: Sequence[tuple[float, str]],
    *,
    fall: float = 10.0,
    regrown: float = 0.25,
) -> Course:
    """Find the last row before the first dose, the nadir, the relapse and the end.

    Relapse is the first row with at least ``regrown`` of the starting number after a fall of at
    least ``fall``-fold; None without one. Raises RunFolderError for an empty series.
    """
    if time_h.shape[0] == 0:
        raise RunFolderError("timeseries: no row")
    first_dose = min((t for t, _ in doses), default=time_h[0])
    before = max(int(np.searchsorted(time_h, first_dose, side="right")) - 1, 0)
    nadir = before + int(np.argmin(n_cells[before:]))
    relapse = None
    if n_cells[nadir] * fall <= n_cells[0]:
        back = np.flatnonzero(n_cells[nadir:] >= regrown * n_cells[0])
        relapse = nadir + int(back[0]) if back.size else None
    return Course(before, nadir, relapse, time_h.shape[0] - 1)


def bands(table: pd.DataFrame, column: str, quantiles: Sequence[float]) -> Any:
    """Return mean and quantiles of a column over replicates, indexed by time_h."""
    grouped = table.groupby("time_h")[column]
    frame = grouped.quantile(list(quantiles)).unstack()
    frame.insert(0, "mean", grouped.mean())
    return frame
