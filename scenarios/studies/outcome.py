"""What an assay leaves: every reading, the results with intervals, and remarks."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from abm.errors import ScenarioError
from scenarios.studies.schema import CultureAssay

_EMPTY_SHARE = 0.02
"""Share of its Gln at the start below which a medium counts as used up."""


@dataclasses.dataclass
class Outcome:
    """Tables of one assay.

    readings : one row for each well, population and time
    results  : what the assay is for: fits, fractions or folds, with intervals
    shown    : columns of the results that the terminal shows
    notes    : sentences for the user
    info     : plain values for run.json
    """

    readings: pd.DataFrame
    results: pd.DataFrame
    shown: Sequence[str] = ()
    notes: list[str] = dataclasses.field(default_factory=list)
    info: dict[str, Any] = dataclasses.field(default_factory=dict)


def with_checks(times: Sequence[float], step: float = 6.0) -> list[float]:
    """Return reading times with 0 h and a look at the medium at least every ``step`` hours."""
    end = max(times)
    looks = np.arange(0.0, end, step).tolist()
    return sorted({0.0, end, *map(float, times), *looks})


def refuse_exhausted(assay: CultureAssay, readings: pd.DataFrame, is_control: pd.Series) -> None:
    """Raise ScenarioError where the untreated wells ran out of Gln before the end.

    Such an assay measures hunger: the control no longer grows.
    """
    control = readings[is_control]
    for line, rows in control.groupby("line") if "line" in control else [("", control)]:
        gln = rows.groupby("time_h")["gln_uM"].mean()
        first = float(gln.iloc[0])
        empty = gln.index[gln < _EMPTY_SHARE * first] if first > 0.0 else []
        if len(empty) and empty[0] < gln.index[-1]:
            raise ScenarioError(
                f"{assay.located('hours')}: {gln.index[-1]:g} h is longer than the medium lasts: "
                f"the untreated wells of {line} ran out of Gln by {empty[0]:g} h: read earlier, "
                f"seed fewer cells_per_well or take a larger well_volume"
            )


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return mean and 95 % limits of the mean of replicate wells (Student t)."""
    from scipy import stats

    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if array.shape[0] < 2:
        return mean, math.nan, math.nan
    half = float(stats.t.ppf(0.975, array.shape[0] - 1) * stats.sem(array))
    return mean, mean - half, mean + half
