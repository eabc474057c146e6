"""Calibrate any scenario or assay into a folder; the same command finishes what is missing."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from abm.errors import RunFolderError, ScenarioError
from abm.record import provenance
from abm.record.files import replace_file, replace_text
from analysis import tuning as figures
from scenarios.tuning import report
from scenarios.tuning.load import Tuning, dump, load_tuning
from scenarios.tuning.posterior import Posterior
from scenarios.tuning.report import Found
from scenarios.tuning.schema import OPTUNA
from scenarios.tuning.search import Progress, Search
from scenarios.tuning.simulate import Bench
from scenarios.workers import Crew

FILE, BEST, INFO, REPORT = "calibration.yaml", "best.yaml", "calibration.json", "report.md"
PARAMETERS, TARGETS, TRIALS = "parameters.csv", "targets.csv", "trials.csv"
POPULATIONS, POSTERIOR = "populations.csv", "posterior.parquet"
_MOST_WORKERS = 1024


class TuningResult(NamedTuple):
    """A calibration: its folder, tables, and the command that runs the best point.

    parameters : path, range, best value, interval
    targets    : measured and simulated
    points     : trials of optuna, or particles of all populations
    """

    folder: Path
    parameters: pd.DataFrame
    targets: pd.DataFrame
    points: pd.DataFrame
    command: str
    n_failed: int


class _Output(NamedTuple):
    found: Found
    tables: dict[str, pd.DataFrame]
    points: pd.DataFrame
    notes: list[str]
    failures: dict[str, int]


def tune(
    source: str | Path | Tuning,
    out: str | Path,
    *,
    trials: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> TuningResult:
    """Find the values of a file that calibrates a scenario or assay and write the folder ``out``.

    The same call continues a folder that was begun. ``trials`` (optuna) and ``seed`` take the place
    of those of the file; ``workers`` are processes, ``scheduler`` is the address of a Dask
    scheduler instead. Runs that fail are listed and end nothing. Raises ScenarioError for a file
    or number that cannot be used and where every run failed, RunFolderError where ``out`` holds
    something else.
    """
    tuning = source if isinstance(source, Tuning) else load_tuning(source, seed=seed)
    if trials is not None and tuning.file.method != OPTUNA:
        raise ScenarioError(f"--trials {trials}: belongs to method optuna: set populations")
    n_trials = tuning.file.trials if trials is None else trials
    if n_trials < 1:
        raise ScenarioError(f"--trials {n_trials}: must be at least 1")
    if not 1 <= workers <= _MOST_WORKERS:
        raise ScenarioError(f"--workers {workers}: must be from 1 to {_MOST_WORKERS}")
    started = time.perf_counter()
    folder, crew = Path(out), Crew(workers, scheduler)
    _open(folder, tuning)
    if tuning.file.method == OPTUNA:
        made = _by_search(tuning, folder, n_trials, crew, progress)
    else:
        made = _by_posterior(tuning, folder, crew, progress)
    return _write(folder, tuning, made, started)


def _by_search(
    tuning: Tuning, folder: Path, n_trials: int, crew: Crew, progress: Progress | None
) -> _Output:
    bench = Bench(tuning, crew)
    search = Search(tuning, folder, bench)
    search.run(n_trials, progress)
    trials = report.trials_table(tuning, search.trials())
    _write_csv(folder / TRIALS, trials)
    best = search.best()
    if best is None:
        raise ScenarioError(f"no trial could be run: {trials['message'].iloc[0]}")
    again = _again(tuning, bench, best.params)
    failed = trials.loc[trials["message"] != "", "message"]
    place = [trial.number for trial in search.trials()].index(best.number)
    notes = [
        f"{len(trials)} trials, {len(failed)} failed. Objective of the best (trial "
        f"{place}): {best.value:.4g}; with other random numbers {again.objective:.4g}."
    ]
    found = report.of_trials(tuning, best, trials, again)
    return _Output(found, {"trials": trials}, trials, notes, _counted(failed))


def _by_posterior(tuning: Tuning, folder: Path, crew: Crew, progress: Progress | None) -> _Output:
    posterior = Posterior(tuning, folder, crew)
    posterior.run(progress)
    populations, particles = posterior.populations(), posterior.particles()
    _write_csv(folder / POPULATIONS, populations)
    replace_file(folder / POSTERIOR, lambda path: particles.to_parquet(path, index=False))
    last = particles[particles["population"] == particles["population"].max()]
    end = populations.iloc[-1]
    again = _again(tuning, Bench(tuning, crew), report.medians(tuning, last))
    failed = posterior.failures()["error"]
    notes = [
        f"{len(populations)} populations of {tuning.file.particles} particles from "
        f"{int(populations['draws'].sum())} draws. Of the last, the distance (root of the mean "
        f"squared residual, with an error of measurement added) is at most {end.epsilon:.3g}, "
        f"{100 * end.acceptance:.2g} % of draws were accepted, and the effective size is "
        f"{end.effective_size:.0f}. A further population would be closer to the posterior."
    ]
    if len(populations) < tuning.file.populations:
        notes.append(
            f"It ended before {tuning.file.populations} populations: the last one accepted less "
            f"than {tuning.file.least_acceptance:g} of its draws."
        )
    found = report.of_particles(tuning, last, again)
    tables = {"populations": populations, "last": last}
    return _Output(found, tables, particles, notes, _counted(failed))


def _again(tuning: Tuning, bench: Bench, values: Mapping[str, float]) -> Any:
    """Run a point with random numbers that no trial had."""
    ((_, found),) = bench.evaluate([values], tuning.seeds({"again": 1}))
    return found


def _counted(errors: pd.Series) -> dict[str, int]:
    return {str(text): int(n) for text, n in errors.value_counts().items()}


def _open(folder: Path, tuning: Tuning) -> None:
    """Make the folder, or check that it holds this calibration."""
    if (folder / INFO).exists():
        try:
            found = json.loads((folder / INFO).read_text(encoding="utf-8")).get("fingerprint")
        except ValueError:
            found = None
        if found != tuning.fingerprint:
            raise RunFolderError(
                f"--out {folder}: was begun with another file, seed or version of asnsim: choose "
                f"another folder"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(f"--out {folder}: holds no calibration of this kind: choose another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_text(folder / FILE, dump(tuning))
        if not (folder / INFO).exists():
            replace_text(folder / INFO, json.dumps(_contents(tuning), indent=2) + "\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunFolderError(f"--out {folder}: cannot be written to: {reason}") from None


def _contents(tuning: Tuning) -> dict[str, Any]:
    return {
        "name": tuning.name,
        "base": tuning.file.calibrate,
        "method": tuning.file.method,
        "seed": tuning.file.seed,
        "replicates": tuning.file.replicates,
        "values": list(tuning.ends),
        "targets": [aim.name for aim in tuning.aims],
        "fingerprint": tuning.fingerprint,
    }


def _write(folder: Path, tuning: Tuning, made: _Output, started: float) -> TuningResult:
    found = made.found
    parameters, targets = (
        report.parameters_table(tuning, found),
        report.targets_table(tuning, found),
    )
    _write_csv(folder / PARAMETERS, parameters)
    _write_csv(folder / TARGETS, targets)
    replace_text(folder / BEST, report.best_text(tuning, found))
    n_failed = sum(made.failures.values())
    title = f"{tuning.name}, seed {tuning.file.seed}"
    tables = {"parameters": parameters, "targets": targets, **made.tables}
    figures.figures_of(folder, tuple(tables.items()), title)
    replace_text(folder / REPORT, report.page(tuning, found, made.notes, made.failures))
    info = {
        **_contents(tuning),
        "n_points": len(made.points),
        "n_failed": n_failed,
        "objective_again": found.again.objective,
        "wall_s": time.perf_counter() - started,
        **provenance.describe(),
    }
    replace_text(folder / INFO, json.dumps(info, indent=2) + "\n")
    command = report.command(tuning, found)
    return TuningResult(folder, parameters, targets, made.points, command, n_failed)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    replace_file(path, lambda temporary: table.to_csv(temporary, index=False))
