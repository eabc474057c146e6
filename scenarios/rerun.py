"""Repeat a run from what its folder says, and compare both bit for bit."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from abm.errors import RunFolderError
from abm.kernels import runtime
from abm.record import layout, provenance
from abm.record.reader import RunReader
from scenarios.build import build
from scenarios.interrupts import Interrupts
from scenarios.load import loads
from scenarios.resume import change, scenario_of
from scenarios.run import Progress, advance, carry_on, set_threads
from scenarios.schema import Scenario
from scenarios.session import Session

_TABLES = (
    layout.TIMESERIES, layout.SITES, layout.CLONES, layout.PRICE, layout.PATIENTS, layout.MRD,
    layout.COURSES, layout.EVENTS, layout.CLONE_EDGES,
)  # fmt: skip
_GROUPS = (layout.CELLS, layout.FIELDS)


def rerun(
    folder: Path,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Run again what ``folder`` holds and return where the results differ; empty means nowhere.

    The repetition lies in a temporary folder and is deleted. Raises RunFolderError for a run that
    is not finished.
    """
    run = RunReader(folder)
    if not run.is_finished:
        raise RunFolderError(f"{folder}: is not finished: asnsim resume {folder}")
    scenario = scenario_of(folder, run.info)
    if threads is not None:
        set_threads(threads)
    with tempfile.TemporaryDirectory(prefix="asnsim-rerun-") as place:
        again = Path(place) / "run"
        _repeat(run.info, scenario, again, progress)
        return list(differences(run, RunReader(again)))


def differences(one: RunReader, other: RunReader) -> Iterator[str]:
    """Yield one line for each table, array or lineage in which two runs differ by a bit."""
    for name in (*_TABLES, *_GROUPS, layout.LINEAGE):
        if one.has(name) != other.has(name):
            yield f"{name}: only one of the runs has it"
    for name in _TABLES:
        if one.has(name) and other.has(name):
            yield from _table_differences(name, one.folder / name, other.folder / name)
    for name in _GROUPS:
        if one.has(name) and other.has(name):
            yield from _group_differences(name, one.folder / name, other.folder / name)
    if (
        one.has(layout.LINEAGE)
        and other.has(layout.LINEAGE)
        and not one.lineage.tables.equals(other.lineage.tables, ignore_provenance=True)
    ):
        yield f"{layout.LINEAGE}: trees differ"


def changed_versions(run: RunReader) -> list[str]:
    """Return in which packages or processor this machine differs from that of the run."""
    here = {**provenance.versions(), "cpu": provenance.cpu_name()}
    there = {**run.info.get("versions", {}), "cpu": run.info.get("cpu")}
    return [f"{name} {there.get(name)} -> {value}" for name, value in here.items()
            if there.get(name) != value]  # fmt: skip


def _repeat(info: dict[str, Any], scenario: Scenario, out: Path, progress: Progress | None) -> None:
    """Run the past of a branch, if it has one, and then the scenario, into ``out``."""
    parts = [
        (loads(part["scenario"], f"{info.get('name', 'past')}.yaml"), float(part["until_h"]))
        for part in info.get("past", [])
    ]
    first = parts[0][0] if parts else scenario
    with runtime.CompileTimer() as compiling:
        session = Session.start(build(first), first, out)
        for i, (part, until_h) in enumerate(parts):
            with Interrupts() as interrupts:
                until = part.time.ticks(until_h)
                if advance(session, part.time.checkpoint_ticks, interrupts, progress, until):
                    raise KeyboardInterrupt
            session = change(session, parts[i + 1][0] if i + 1 < len(parts) else scenario)
        carry_on(session, scenario.time.checkpoint_ticks, compiling, progress)


def _table_differences(name: str, one: Path, other: Path) -> Iterator[str]:
    import pandas as pd

    a, b = pd.read_parquet(one), pd.read_parquet(other)
    if a.shape != b.shape or list(a.columns) != list(b.columns):
        yield f"{name}: {a.shape[0]} rows, again {b.shape[0]}, or other columns"
        return
    for column in a.columns:
        if not a[column].equals(b[column]):
            is_other = ~((a[column] == b[column]) | (a[column].isna() & b[column].isna()))
            yield f"{name}: {column} differs, first in row {int(np.flatnonzero(is_other)[0])}"


def _group_differences(name: str, one: Path, other: Path) -> Iterator[str]:
    import zarr

    a: Any = zarr.open_group(one, mode="r")
    b: Any = zarr.open_group(other, mode="r")
    if set(a.array_keys()) != set(b.array_keys()):
        yield f"{name}: has other arrays"
        return
    for key in sorted(a.array_keys()):
        x, y = np.asarray(a[key][...]), np.asarray(b[key][...])
        if x.shape != y.shape or x.tobytes() != y.tobytes():
            yield f"{name}: {key} differs"
