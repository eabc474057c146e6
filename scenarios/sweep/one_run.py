"""One run of a sweep, in memory: its time series and what is told of it."""

import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import ScenarioError
from abm.observe import timeseries_rows
from abm.units import HOURS_PER_DAY
from scenarios.build import build
from scenarios.schema import Scenario
from scenarios.studies.families import family
from scenarios.sweep.load import Job
from scenarios.sweep.outcomes import OUTCOMES, RELAPSE

_META = b"asnsim_sweep"
_EVENTS = ("births", "deaths", "mutations")
REPLICATE = "replicate"


class Row(NamedTuple):
    """What the file of a run says of it, beside the time series."""

    point: int
    arm: str
    replicate: int
    seed: int
    fingerprint: str
    exit_reason: str
    outcomes: dict[str, float]


def simulate(job: Job) -> bytes:
    """Run a job and return its file, Parquet; same job, same bytes.

    That of a scenario holds its time series, that of an assay its results. Raises ScenarioError.
    """
    document = job.document()
    if isinstance(document, Scenario):
        table, reason, relapse = _timeseries(document)
        names = job.outcomes or tuple(OUTCOMES)
        outcomes = {name: outcome(name, table, relapse) for name in names}
    else:
        table, reason = family(document.assay).run(document, threads=1, progress=None).results, ""
        outcomes = _of_assay(table, job.outcomes)
    row = Row(
        job.point, job.arm, job.replicate, job.seed, job.fingerprint, reason, outcomes
    )  # fmt: skip
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata(
        {**(arrow.schema.metadata or {}), _META: json.dumps(row._asdict()).encode()}
    )
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer, compression="zstd")
    return buffer.getvalue()


def _timeseries(scenario: Scenario) -> tuple[pd.DataFrame, str, np.ndarray | None]:
    """Run a scenario in memory; return its time series, why it ended, and relapses of bodies.

    Those are float64[R] in hours, nan without, as the watch over the marrow reads them; None for
    other environments.
    """
    model = build(scenario)
    rows = [timeseries_rows(model)]
    while model.running:
        model.step()
        if model.is_record_due():
            rows.append(timeseries_rows(model))
    assert model.exit_reason is not None
    relapse = None if model.watch is None else model.watch.readings.relapse.copy()
    return _table(rows), model.exit_reason.name.lower(), relapse


def _of_assay(results: pd.DataFrame, names: tuple[str, ...]) -> dict[str, float]:
    """Return columns of the first row of an assay's results, all numbers if none is named."""
    numbers = results.select_dtypes("number")
    for name in names:
        if name not in numbers:
            known = ", ".join(numbers.columns)
            raise ScenarioError(f"outcomes: '{name}' is no column of the results: {known}")
    return {name: float(numbers[name].iloc[0]) for name in names or numbers.columns}


def outcome(name: str, table: pd.DataFrame, relapse: np.ndarray | None = None) -> float:
    """Return an outcome of a run; that of several wells or patients is their mean, nan left out.

    ``relapse`` are the hours of relapse of bodies, float64[R], which are not read from counts.
    """
    if name == RELAPSE and relapse is not None:
        values = relapse / HOURS_PER_DAY
    elif REPLICATE not in table:
        return OUTCOMES[name](table)
    else:
        parts = table.groupby(REPLICATE, sort=True)
        values = np.array([OUTCOMES[name](part) for _, part in parts])
    is_there = np.isfinite(values)
    return float(values[is_there].mean()) if is_there.any() else float("nan")


def read_row(path: Path) -> Row | None:
    """Return what a file says of its run; None for a file that is not whole."""
    try:
        meta = json.loads((pq.read_metadata(path).metadata or {})[_META])
        return Row(**meta)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_timeseries(path: Path) -> pd.DataFrame:
    """Return the time series of a run."""
    return pq.read_table(path).to_pandas()


def is_finished(path: Path, job: Job) -> bool:
    """Tell whether a file holds this run, whole."""
    row = read_row(path)
    return row is not None and row.fingerprint == job.fingerprint and row.seed == job.seed


def _table(rows: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    """Return rows as a table; events count from the row before."""
    for name in _EVENTS:
        totals = [row[name] for row in rows]
        for i in range(len(rows) - 1, 0, -1):
            rows[i][name] = totals[i] - totals[i - 1]
    return pd.concat([pd.DataFrame(row) for row in rows], ignore_index=True)
