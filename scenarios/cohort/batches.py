"""What is simulated together: some patients of one arm, and what comes back of them.

The finished file of a batch is the state of a cohort: one row per patient, curves, events and
clones in columns of lists, the fingerprint of the cohort in its metadata.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.cohort.patients import Patients

FORMAT = 1
_META = b"asnsim_cohort"
ACTIVITY, ASPARAGINE = "activity_IU_per_mL", "asn_uM"
CURVES = (ACTIVITY, ASPARAGINE)
EVENTS, CLONES = "events", "clones"


class Batch(NamedTuple):
    """The patients ``first .. first + n - 1`` in one arm."""

    arm: str
    first: int
    n: int

    @property
    def file_name(self) -> str:
        """Name of its file; it says which patients are inside."""
        return f"{self.arm}-{self.first:07d}-{self.n}.parquet"


class Job(NamedTuple):
    """One batch with all that a worker needs; curves have a point every ``record_hours``."""

    batch: Batch
    scenario: dict[str, Any]
    patients: Patients
    record_hours: float = 24.0


@dataclass(frozen=True)
class Result:
    """What a batch gives.

    patients : one row per patient, in the order of the batch; column ``patient`` is the index
    days     : float64[n_times], times of the curves
    curves   : float32[n, n_times] by name: activity [IU/mL] and true Asn [uM] in plasma; NaN after
               the end of a patient
    events   : patient, day, kind, product
    clones   : patient, clone_id, genotype, share: those of at least 1 % at relapse
    """

    patients: pd.DataFrame
    days: np.ndarray
    curves: Mapping[str, np.ndarray]
    events: pd.DataFrame
    clones: pd.DataFrame


Runner = Callable[[Job], Result]
"""What simulates a batch; can be pickled."""


def plan(arms: Sequence[str], n_patients: int, size: int) -> list[Batch]:
    """Return all batches; those with the same patients stand together."""
    return list(_plan(arms, n_patients, size))


def _plan(arms: Sequence[str], n_patients: int, size: int) -> Iterator[Batch]:
    for first in range(0, n_patients, size):
        for arm in arms:
            yield Batch(arm, first, min(size, n_patients - first))


def to_bytes(result: Result, fingerprint: str) -> bytes:
    """Return a batch as the bytes of its Parquet file; equal results give equal bytes."""
    own = result.patients.reset_index(drop=True)
    table = pa.Table.from_pandas(own, preserve_index=False)
    for name in CURVES:
        values = np.ascontiguousarray(result.curves[name], dtype=np.float32)
        flat = pa.array(values.reshape(-1))
        table = table.append_column(
            name, pa.FixedSizeListArray.from_arrays(flat, max(values.shape[1], 1))
        )
    indices = own["patient"].tolist()
    for name, rows in ((EVENTS, result.events), (CLONES, result.clones)):
        table = table.append_column(name, _nested(rows, indices))
    meta = {"format": FORMAT, "fingerprint": fingerprint, "days": result.days.tolist()}
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), _META: json.dumps(meta).encode()}
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def run_to_bytes(runner: Runner, fingerprint: str, job: Job) -> bytes:
    """Simulate a batch and return the bytes of its file: what a worker does."""
    return to_bytes(runner(job), fingerprint)


def _nested(rows: pd.DataFrame, indices: Sequence[int]) -> pa.Array:
    """Return the rows of each patient as a list of JSON texts."""
    columns = [name for name in rows.columns if name != "patient"]
    lists: dict[int, list[str]] = {index: [] for index in indices}
    for row in rows.to_dict("records"):
        values = {name: row[name] for name in columns}
        lists[int(row["patient"])].append(json.dumps(values, sort_keys=True))
    return pa.array([lists[index] for index in indices], pa.list_(pa.string()))


def is_finished(path: Path, batch: Batch, fingerprint: str) -> bool:
    """Tell whether a file holds this batch of this cohort, whole."""
    try:
        found = pq.read_metadata(path)
        meta = json.loads((found.metadata or {})[_META])
    except (OSError, ValueError, KeyError):
        return False
    return bool(
        meta["format"] == FORMAT
        and meta["fingerprint"] == fingerprint
        and found.num_rows == batch.n
    )


def read(path: Path) -> Result:
    """Return a batch as it was written."""
    table = pq.read_table(path)
    meta = json.loads(table.schema.metadata[_META])
    days = np.array(meta["days"], dtype=np.float64)
    n = table.num_rows
    curves = {
        name: table.column(name).combine_chunks().flatten().to_numpy().reshape(n, days.shape[0])
        for name in CURVES
    }
    own = table.drop_columns([*CURVES, EVENTS, CLONES]).to_pandas()
    indices = own["patient"].tolist()
    return Result(
        own,
        days,
        curves,
        _flat(table.column(EVENTS), indices),
        _flat(table.column(CLONES), indices),
    )


def _flat(column: pa.ChunkedArray, indices: Sequence[int]) -> pd.DataFrame:
    rows = [
        {"patient": index, **json.loads(text)}
        for index, texts in zip(indices, column.to_pylist(), strict=True)
        for text in texts
    ]
    return pd.DataFrame(rows)
