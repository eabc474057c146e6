"""Numbers from readings of wells: counts, viability, half doses with their spread over wells."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.dose_curves import area_under_curve, passing_dose

_TIME_TOLERANCE_H = 1e-6


class Spread(NamedTuple):
    """A number with the least and the greatest of its replicates."""

    value: float
    low: float
    high: float


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """Return the mean of replicates with their range."""
    array = np.asarray(values, dtype=np.float64)
    return Spread(float(array.mean()), float(array.min()), float(array.max()))


def at(table: pd.DataFrame, hour: float, population: str | None = None) -> pd.DataFrame:
    """Return the rows of one time [h] in the order of the wells."""
    rows = table[(table["time_h"] - hour).abs() < _TIME_TOLERANCE_H]
    if population is not None:
        rows = rows[rows["population"] == population]
    if rows.empty:
        raise KeyError(f"nothing was read at {hour:g} h")
    return rows.sort_values("well")


def mean(table: pd.DataFrame, hour: float, column: str) -> float:
    """Return a column at a time, averaged over wells."""
    return float(at(table, hour)[column].mean())


def count(table: pd.DataFrame, hour: float) -> float:
    """Return the living cells at a time, averaged over wells."""
    return mean(table, hour, "n_live")


def count_ratio(table: pd.DataFrame, control: pd.DataFrame, hour: float) -> float:
    """Return living cells as a share of the control, GR-free."""
    return count(table, hour) / count(control, hour)


def viability(table: pd.DataFrame, hour: float) -> float:
    """Return living over living and not yet lysed cells, all wells together."""
    rows = at(table, hour)
    live = float(rows["n_live"].sum())
    dead = float(rows["n_early"].sum() + rows["n_late"].sum())
    return live / (live + dead) if live + dead > 0.0 else math.nan


def net_growth(table: pd.DataFrame, hour: float) -> float:
    """Return growth minus hazard of a mean cell at a time [1/h], without the noise of counts."""
    return mean(table, hour, "growth_per_h") - mean(table, hour, "hazard_per_h")


def series(table: pd.DataFrame, hour: float, n_doses: int) -> np.ndarray:
    """Return living cells over the mean control, float64[n_replicate, n_doses]; dose 0 first."""
    live = at(table, hour)["n_live"].to_numpy(np.float64).reshape(-1, n_doses)
    return live / live[:, 0].mean()


def half_doses(table: pd.DataFrame, doses: Sequence[float], hour: float) -> Spread:
    """Return the dose [IU/mL] that leaves half of the control, of the mean curve and of replicates.

    Infinite where the response stays above a half up to the highest dose.
    """
    response = series(table, hour, len(doses))
    dose = np.asarray(doses, np.float64)
    each = [_half_dose(dose, row) for row in response]
    return Spread(_half_dose(dose, response.mean(axis=0)), min(each), max(each))


def _half_dose(dose: np.ndarray, response: np.ndarray) -> float:
    found = passing_dose(dose, response)
    if not math.isnan(found):
        return found
    is_tested = dose > 0.0
    return math.inf if response[is_tested][0] > 0.5 else float(dose[is_tested].min())


def area(table: pd.DataFrame, doses: Sequence[float], hour: float) -> float:
    """Return the mean response over the logarithm of dose."""
    return area_under_curve(doses, series(table, hour, len(doses)).mean(axis=0))
