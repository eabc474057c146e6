"""What is told of a run in one number, from its time series."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from abm.stop import is_relapse
from abm.units import HOURS_PER_DAY

RELAPSE, END = "relapse_d", "end_d"


def relapse_day(table: pd.DataFrame) -> float:
    """Return the day of the first row on which :func:`abm.stop.is_relapse` holds, or nan.

    In bodies the relapse of the marrow, which the watch reads, takes its place.
    """
    cells = table["n_cells"].to_numpy(float)
    back = np.flatnonzero(is_relapse(cells[0], np.minimum.accumulate(cells), cells))
    return float(table["time_h"].iloc[back[0]]) / HOURS_PER_DAY if back.shape[0] else float("nan")


def _end(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda table: float(table[column].iloc[-1])


def _lowest(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda table: float(table[column].min())


def _share_at_end(table: pd.DataFrame) -> float:
    cells = float(table["n_cells"].iloc[-1])
    return float(table["n_resistant"].iloc[-1]) / cells if cells else float("nan")


def _day_of_lowest(table: pd.DataFrame) -> float:
    return float(table["time_h"].iloc[int(table["n_cells"].to_numpy().argmin())]) / HOURS_PER_DAY


def _log10_fall(table: pd.DataFrame) -> float:
    cells = table["n_cells"].to_numpy(float)
    return float(np.log10(max(cells[0], 1.0) / max(cells.min(), 1.0)))


def _end_day(table: pd.DataFrame) -> float:
    return float(table["time_h"].iloc[-1]) / HOURS_PER_DAY


OUTCOMES: dict[str, Callable[[pd.DataFrame], float]] = {
    "n_cells_end": _end("n_cells"),
    "n_cells_lowest": _lowest("n_cells"),
    "log10_fall": _log10_fall,
    "lowest_d": _day_of_lowest,
    RELAPSE: relapse_day,
    "n_resistant_end": _end("n_resistant"),
    "resistant_share_end": _share_at_end,
    "asn_lowest_uM": _lowest("asn_uM"),
    "asn_end_uM": _end("asn_uM"),
    END: _end_day,
}
"""Name -> number of one replicate's time series; nan where it does not apply."""
