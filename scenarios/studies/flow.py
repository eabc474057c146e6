"""Flow cytometry of a table of wells: counted events, shares and their intervals."""

import math

import pandas as pd

from scenarios.studies.readers import Readers

STAGES = ("live", "early", "late")
_LEVEL = 0.95


def with_flow(readers: Readers, table: pd.DataFrame) -> pd.DataFrame:
    """Add ``events_live``, ``events_early`` and ``events_late`` to a table of wells."""
    counts = readers.flow_shares(table).add_prefix("events_")
    return pd.concat([table, counts], axis=1)


def stage_shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return one row for each group with the share of each stage and 95 % limits.

    Events of the replicate wells are pooled; the limits are Wilson's for the pooled events, so
    they hold the noise of counting alone. ``true_live`` is the share without staining errors.
    NaN where no cell was left to be counted.
    """
    from scipy import stats

    rows = []
    for key, group in table.groupby(by, sort=False):
        events = {stage: float(group[f"events_{stage}"].sum()) for stage in STAGES}
        total = sum(events.values())
        row = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        for stage, n in events.items():
            if total == 0.0:
                row |= {stage: math.nan, f"{stage}_low": math.nan, f"{stage}_high": math.nan}
                continue
            test = stats.binomtest(round(n), round(total))
            limits = test.proportion_ci(confidence_level=_LEVEL, method="wilson")
            row |= {stage: n / total, f"{stage}_low": limits.low, f"{stage}_high": limits.high}
        cells = group[["n_live", "n_early", "n_late"]].sum()
        row["true_live"] = float(cells["n_live"] / cells.sum()) if cells.sum() else 0.0
        rows.append(row)
    return pd.DataFrame(rows)
