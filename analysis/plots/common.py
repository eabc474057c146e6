"""What the figures of a run share."""

import pandas as pd

from abm.record import layout
from abm.record.reader import RunReader
from analysis.style import TimeAxis


def run_title(run: RunReader) -> str:
    """Return scenario, seed and, where it applies, that the run is unfinished."""
    parts = [str(run.info.get("name", run.folder.name))]
    if "seed" in run.info:
        parts.append(f"seed {run.info['seed']}")
    if not run.is_finished:
        parts.append("unfinished run")
    return ", ".join(parts)


def time_axis(table: pd.DataFrame) -> TimeAxis:
    """Return the time axis of a table whose rows are in order of time."""
    return TimeAxis(table[layout.TIME].to_numpy(float))


def is_replicated(timeseries: pd.DataFrame) -> bool:
    """Whether the rows are those of several replicates."""
    return layout.REPLICATE in timeseries and timeseries[layout.REPLICATE].nunique() > 1


def has_values(table: pd.DataFrame, column: str) -> bool:
    """Whether a column is there and not all NaN."""
    return column in table and bool(table[column].notna().any())
