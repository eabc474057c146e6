"""Run a cohort into a folder; the same command finishes what is missing there.

The folder holds ``cohort.yaml``, ``cohort.json``, one file per batch below ``runs``, and, when all
is through, the tables of :mod:`scenarios.cohort.results` and ``report.html``.
"""

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import RunFolderError
from abm.record.files import replace_bytes, replace_file, replace_text
from abm.record.provenance import cpu_name, versions
from analysis.survival import require_lifelines
from scenarios.cohort import results
from scenarios.cohort.batches import Batch, Job, Runner, is_finished, plan, run_to_bytes
from scenarios.cohort.engine import run_batch
from scenarios.cohort.load import Cohort, dump_cohort
from scenarios.cohort.patients import Patients
from scenarios.workers import completed

COHORT, INFO, RUNS, FAILURES = "cohort.yaml", "cohort.json", "runs", "failures.csv"
PATIENTS, SUMMARY, REPORT = "patients.parquet", "summary.parquet", "report.html"
TABLES = {
    "patients": PATIENTS, "curves": "curves.parquet", "events": "events.parquet",
    "clones": "clones.parquet", "survival": "survival.parquet", "summary": SUMMARY,
}  # fmt: skip
_FAILURE_COLUMNS = ("arm", "first_patient", "n_patients", "error")
Progress = Callable[[float, float], None]
"""Called with (patients and arms done, all of them)."""


class _Failed(NamedTuple):
    batch: Batch
    error: str


class CohortRun(NamedTuple):
    """What became of a cohort: its folder, batches that failed, checksum of patients.parquet."""

    folder: Path
    n_failed: int
    checksum: str
    warnings: tuple[str, ...] = ()


def run_cohort(
    cohort: Cohort,
    out: Path,
    *,
    n_patients: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    runner: Runner = run_batch,
    progress: Progress | None = None,
) -> CohortRun:
    """Run what is missing of ``cohort`` in ``out`` and write its tables and its report.

    ``n_patients`` replaces the number of the file; ``runner`` simulates one batch. A batch that
    fails is listed in ``failures.csv`` and does not end the others. Raises ScenarioError for a CSV
    or a patient that cannot be used or where lifelines is missing, RunFolderError for a folder with
    another cohort; Ctrl-C leaves what is finished.
    """
    require_lifelines()
    started = time.perf_counter()
    patients = cohort.patients(n_patients)
    warnings = cohort.warnings(patients)
    fingerprint = cohort.fingerprint()
    runs = _prepare(cohort, out, fingerprint)
    todo = plan(tuple(cohort.arms), patients.n, cohort.file.batch)
    missing = [b for b in todo if not is_finished(runs / b.file_name, b, fingerprint)]
    total = float(patients.n * len(cohort.arms))
    done = total - sum(batch.n for batch in missing)
    failed: list[_Failed] = []
    jobs = [_job(cohort, batch, patients) for batch in missing]
    work = partial(run_to_bytes, runner, fingerprint)
    for found in completed(work, jobs, workers=workers, scheduler=scheduler):
        batch = missing[found.place]
        if found.content is None:
            failed.append(_Failed(batch, found.error))
        else:
            replace_bytes(runs / batch.file_name, found.content)
        done += batch.n
        if progress is not None:
            progress(done, total)
    failed.sort()
    replace_text(out / FAILURES, _failures(failed))
    lost = {one.batch for one in failed}
    notes = [*warnings, *(f"{len(failed)} batches failed" for _ in failed[:1])]
    checksum = _finish(cohort, out, [batch for batch in todo if batch not in lost], notes)
    wall = time.perf_counter() - started
    _write_info(
        cohort, out, fingerprint, patients.n, checksum, len(failed), wall, len(missing), notes
    )
    return CohortRun(out, len(failed), checksum, tuple(warnings))


def _job(cohort: Cohort, batch: Batch, patients: Patients) -> Job:
    return Job(
        batch, cohort.arms[batch.arm], patients.part(batch.first, batch.n), cohort.file.record
    )


def _prepare(cohort: Cohort, out: Path, fingerprint: str) -> Path:
    """Make the folder, or check that it holds the same cohort; return the folder of batches."""
    if out.is_dir() and (out / INFO).exists():
        found = _read_info(out)
        if found.get("fingerprint") != fingerprint:
            raise RunFolderError(
                f"--out {out}: holds another cohort, or one of another version of asnsim: choose "
                f"another folder"
            )
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunFolderError(f"--out {out}: is there already and holds no cohort: choose another")
    runs = out / RUNS
    try:
        runs.mkdir(parents=True, exist_ok=True)
        replace_text(out / COHORT, dump_cohort(cohort))
        replace_text(out / INFO, json.dumps({"fingerprint": fingerprint}) + "\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunFolderError(f"--out {out}: cannot be written to: {reason}") from None
    return runs


def _read_info(out: Path) -> dict[str, Any]:
    try:
        found = json.loads((out / INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _finish(cohort: Cohort, out: Path, finished: Sequence[Batch], notes: Sequence[str]) -> str:
    """Write tables and report from what is finished; return the checksum of patients.parquet."""
    if not finished or len({batch.arm for batch in finished}) < len(cohort.arms):
        return ""
    tables = results.gather(out / RUNS, finished, cohort.file.compare)
    for field, name in TABLES.items():
        table = getattr(tables, field)
        replace_file(out / name, partial(table.to_parquet, index=False))
    from scenarios.cohort.report import write_report

    write_report(cohort, tables, out / REPORT, notes)
    return hashlib.sha256((out / PATIENTS).read_bytes()).hexdigest()


def _failures(failed: Sequence[_Failed]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FAILURE_COLUMNS)
    for one in failed:
        writer.writerow([one.batch.arm, one.batch.first, one.batch.n, one.error])
    return text.getvalue()


def _write_info(
    cohort: Cohort,
    out: Path,
    fingerprint: str,
    n_patients: int,
    checksum: str,
    n_failed: int,
    wall: float,
    n_run: int,
    notes: Sequence[str],
) -> None:
    info = {
        "fingerprint": fingerprint,
        "name": cohort.name,
        "cohort": cohort.file.cohort,
        "description": cohort.file.description,
        "seed": cohort.file.seed,
        "arms": list(cohort.arms),
        "n_patients": n_patients,
        "batch": cohort.file.batch,
        "n_batches_run": n_run,
        "n_failed": n_failed,
        "patients_sha256": checksum,
        "notes": list(notes),
        "wall_s": wall,
        "cpu": cpu_name(),
        "versions": versions(),
    }
    replace_text(out / INFO, json.dumps(info, indent=2) + "\n")
