"""Run a sweep into a folder; the same command finishes what is missing there."""

import csv
import functools
import hashlib
import io
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from abm.errors import RunFolderError
from abm.record.files import replace_bytes, replace_file, replace_text
from abm.record.provenance import cpu_name, versions
from scenarios.build import build
from scenarios.schema import Scenario
from scenarios.sweep.load import Job, Sweep, contents, dump_sweep, load_sweep
from scenarios.sweep.one_run import is_finished, read_row, read_timeseries, simulate
from scenarios.sweep.points import described
from scenarios.workers import Finished, completed, default_workers

SWEEP, INFO, RUNS, FAILURES, SUMMARY = (
    "sweep.yaml", "sweep.json", "runs", "failures.csv", "summary.parquet",
)  # fmt: skip
_FAILURE_COLUMNS = ("point", "arm", "replicate", "error")
_TRIED_SHARE = 0.05
_TRIED_SECONDS = 5.0

Progress = Callable[[float, float], None]
"""Called with (runs done, all runs)."""


class SweepResult:
    """A finished sweep: its folder and tables (pandas).

    ``summary`` has one row per run: point, arm, replicate, seed, the varied values under their
    paths, outcomes, exit_reason; ``failures`` lists the points that failed and why.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def info(self) -> dict[str, Any]:
        """What sweep.json says."""
        found: dict[str, Any] = json.loads((self.folder / INFO).read_text(encoding="utf-8"))
        return found

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """One row per run."""
        return pd.read_parquet(self.folder / SUMMARY)

    @functools.cached_property
    def failures(self) -> pd.DataFrame:
        """One row per run that failed."""
        return pd.read_csv(self.folder / FAILURES)

    @functools.cached_property
    def timeseries(self) -> pd.DataFrame:
        """The time series of all runs, with point, arm and replicate_run."""
        parts = []
        for path in sorted((self.folder / RUNS).glob("*.parquet")):
            row = read_row(path)
            if row is not None:
                table = read_timeseries(path)
                parts.append(table.assign(point=row.point, arm=row.arm, run=row.replicate))
        return pd.concat(parts, ignore_index=True)

    @property
    def checksum(self) -> str:
        """Hash of summary.parquet."""
        return hashlib.sha256((self.folder / SUMMARY).read_bytes()).hexdigest()

    def __repr__(self) -> str:
        info = self.info
        return (
            f"SweepResult({self.folder}: {info['n_points']} points, {len(info['arms'])} arms, "
            f"{info['replicates']} replicates, {info['n_failed']} failed)"
        )


def sweep(
    source: str | Path | Sweep,
    out: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Run what is missing of a sweep in ``out`` and write its tables.

    ``workers`` are processes on this machine, all processors if not given; ``scheduler`` is the
    address of a Dask scheduler instead. A run that fails is listed in ``failures.csv`` and ends no
    other. Raises ScenarioError for a file that cannot be used, RunFolderError for a folder with
    another sweep, OSError such as a full disk; what is finished stays.
    """
    known = source if isinstance(source, Sweep) else load_sweep(source)
    folder = Path(out)
    started = time.perf_counter()
    jobs = known.jobs()
    _check_names(jobs[: len(known.file.arms)])
    runs = _prepare(known, folder)
    missing = [job for job in jobs if not is_finished(runs / job.file_name, job)]
    failed: list[tuple[Job, Finished]] = []
    done = len(jobs) - len(missing)
    n_workers = min(workers or default_workers(), max(len(missing), 1))
    for found in completed(simulate, missing, workers=n_workers, scheduler=scheduler):
        job = missing[found.place]
        if found.content is None:
            failed.append((job, found))
        else:
            replace_bytes(runs / job.file_name, found.content)
        done += 1
        if progress is not None:
            progress(done, len(jobs))
    failed.sort(key=lambda one: one[0].file_name)
    replace_text(folder / FAILURES, _failures(failed))
    table = _summary(known, jobs, runs)
    replace_file(folder / SUMMARY, lambda path: table.to_parquet(path, index=False))
    info = {
        **contents(known),
        "n_runs": len(jobs),
        "n_run_now": len(missing),
        "n_failed": len(failed),
        "wall_s": time.perf_counter() - started,
        "cpu": cpu_name(),
        "versions": versions(),
    }
    replace_text(folder / INFO, json.dumps(info, indent=2) + "\n")
    return SweepResult(folder)


def plan(known: Sweep, workers: int | None = None) -> str:
    """Return what a sweep would do, and what it would cost by a part of its first run."""
    jobs = known.jobs()
    seconds = _estimate(jobs[0])
    n_workers = min(workers or default_workers(), len(jobs))
    lines = [
        f"{known.name}: {len(jobs)} runs of {known.base_name}: {len(known.points)} points x "
        f"{len(known.file.arms)} arms x {known.file.replicates} replicates",
        *(f"  point {i}: {described(point)}" for i, point in enumerate(known.points[:10])),
    ]
    if len(known.points) > 10:
        lines.append(f"  ... {len(known.points) - 10} more")
    total = seconds * len(jobs) / n_workers
    lines.append(
        f"about {seconds:.2g} s for the first run, {total / 60.0:.2g} min in all with {n_workers} "
        f"workers (other points may cost more or less)"
    )
    return "\n".join(lines)


def _estimate(job: Job) -> float:
    """Return the wall time of a run [s], from the first part of it after compilation."""
    scenario = job.document()
    if not isinstance(scenario, Scenario):
        started = time.perf_counter()
        simulate(job)
        return time.perf_counter() - started
    build(scenario).step()
    started = time.perf_counter()
    model = build(scenario)
    end = model.clock.end
    while model.running and model.clock.tick < _TRIED_SHARE * end:
        model.step()
        if time.perf_counter() - started > _TRIED_SECONDS:
            break
    return (time.perf_counter() - started) * end / max(model.clock.tick, 1)


def _check_names(jobs: Sequence[Job]) -> None:
    """Build the first run of every arm: a wrong name of a parameter shows only there."""
    for job in jobs:
        document = job.document()
        if isinstance(document, Scenario):
            build(document)


def _prepare(known: Sweep, folder: Path) -> Path:
    """Make the folder, or check that it holds this sweep; return the folder of the runs."""
    if (folder / INFO).exists():
        try:
            found = json.loads((folder / INFO).read_text(encoding="utf-8")).get("fingerprint")
        except ValueError:
            found = None
        if found != known.fingerprint:
            raise RunFolderError(
                f"--out {folder}: holds another sweep, or one of another version of asnsim: choose "
                f"another folder"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(f"--out {folder}: is there already and holds no sweep: choose another")
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
        replace_text(folder / SWEEP, dump_sweep(known))
        if not (folder / INFO).exists():
            replace_text(folder / INFO, json.dumps(contents(known), indent=2) + "\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunFolderError(f"--out {folder}: cannot be written to: {reason}") from None
    return folder / RUNS


def _summary(known: Sweep, jobs: Sequence[Job], runs: Path) -> pd.DataFrame:
    rows = []
    for job in jobs:
        row = read_row(runs / job.file_name)
        if row is None or row.fingerprint != job.fingerprint:
            continue
        point = {name: _cell(value) for name, value in known.points[job.point].items()}
        rows.append(
            {"point": job.point, "arm": job.arm, "replicate": job.replicate, "seed": job.seed,
             **point, **row.outcomes, "exit_reason": row.exit_reason}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=None if rows else ["point", "arm", "replicate", "seed"])


def _cell(value: Any) -> Any:
    return value if isinstance(value, (str, int, float)) else json.dumps(value)


def _failures(failed: Sequence[tuple[Job, Finished]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FAILURE_COLUMNS)
    for job, found in failed:
        writer.writerow([job.point, job.arm, job.replicate, found.error])
    return text.getvalue()
