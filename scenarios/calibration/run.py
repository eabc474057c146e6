"""The command ``asnsim calibrate``: search, widths, and the folder with what they gave."""

import contextlib
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from abm.errors import NumericalError, RunFolderError, ScenarioError
from abm.record import provenance
from abm.record.files import replace_file, replace_text
from scenarios.calibration import figures, report
from scenarios.calibration.evaluate import Evaluation, Problem
from scenarios.calibration.jacobian import Jacobian, jacobian
from scenarios.calibration.load import load_calibration
from scenarios.calibration.search import Search
from scenarios.calibration.workers import Progress, Workers
from scenarios.workers import Crew

DONE, FAILED = 0, 1
PROBLEM, RUN_INFO = "problem.json", "run.json"
_FORMAT = 1
_MOST_WORKERS = 1024


def calibrate(
    file: str | Path,
    out: Path | None = None,
    trials: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> int:
    """Fit the parameters of a calibration file to its targets and write the folder ``out``.

    The same call continues a folder that was begun. ``trials`` and ``seed`` take the place of those
    of the file; ``workers`` are processes, ``scheduler`` is the address of a Dask scheduler
    instead. Prints the folder on stdout and the result on stderr.
    Returns 0, or 1 where no trial could be evaluated. Raises ScenarioError for a wrong file or
    number, RunFolderError where ``out`` holds something else.
    """
    problem = Problem.of(load_calibration(file, seed=seed))
    n_trials = problem.calibration.optimiser.trials if trials is None else trials
    if n_trials < 1:
        raise ScenarioError(f"--trials {n_trials}: must be at least 1")
    if not 1 <= workers <= _MOST_WORKERS:
        raise ScenarioError(f"--workers {workers}: must be from 1 to {_MOST_WORKERS}")
    name, own_seed = problem.calibration.calibration, problem.calibration.seed
    folder = out or Path("runs") / f"{name}-s{own_seed}"
    _open(folder, problem)
    status = _fit(folder, problem, n_trials, Workers(problem, Crew(workers, scheduler), progress))
    sys.stdout.write(f"{folder}\n")
    return status


def _fit(folder: Path, problem: Problem, n_trials: int, pool: Workers) -> int:
    started = time.perf_counter()
    search = Search(problem, folder, n_trials, pool)
    search.run()
    start = pool.evaluate([problem.space.start()])[0]
    best = search.best()
    trials = report.trials_table(problem.space, problem.targets, search.trials())
    _write_csv(folder / "trials.csv", trials)
    if best is None:
        sys.stderr.write(f"asnsim: no trial could be evaluated: {start.message}\n")
        return FAILED
    values = dict(best.params)
    found = pool.evaluate([values])[0]
    replace_text(folder / "parameters.yaml", report.parameters_text(problem, values))
    slopes = _slopes(problem, values, pool)
    text = report.page(problem, start, found, slopes, trials)
    _write(folder, problem, (start, found), slopes, text)
    _write_info(folder, problem, (start, found), trials, pool.n, started)
    sys.stderr.write(text)
    return DONE


def _slopes(problem: Problem, values: dict[str, float], pool: Workers) -> Jacobian | None:
    with contextlib.suppress(NumericalError):
        return jacobian(problem, values, pool, problem.calibration.optimiser.step)
    return None


def _open(folder: Path, problem: Problem) -> None:
    """Make the folder or take one that was begun with the same problem."""
    text = _fingerprint(problem)
    path = folder / PROBLEM
    if path.exists():
        if path.read_text(encoding="utf-8") != text:
            raise RunFolderError(
                f"{folder}: was begun with other parameters, targets, defaults or seed: choose "
                f"another --out"
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(f"{folder}: holds something else: choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(path, text)


def _fingerprint(problem: Problem) -> str:
    """Return what must be the same where a folder is continued."""
    calibration = problem.calibration
    settings = calibration.optimiser.model_dump(exclude={"trials"})
    contents: dict[str, Any] = {
        "format": _FORMAT,
        "calibration": calibration.calibration,
        "seed": calibration.seed,
        "parameters": [one._asdict() for one in problem.space.varied],
        "targets": [json.loads(target.model_dump_json()) for target in calibration.targets],
        "optimiser": settings,
    }
    text = json.dumps(contents, indent=1, sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return json.dumps({"digest": digest, **contents}, indent=1) + "\n"


def _write(
    folder: Path,
    problem: Problem,
    found: tuple[Evaluation, Evaluation],
    slopes: Jacobian | None,
    text: str,
) -> None:
    start, best = found
    targets = report.targets_table(problem, start, best)
    _write_csv(folder / "targets.csv", targets)
    posterior = None
    if slopes is not None:
        posterior = report.posterior_table(problem, slopes)
        _write_csv(folder / "posterior.csv", posterior)
        correlation = report.correlation_table(problem, slopes)
        replace_file(folder / "correlation.csv", lambda path: correlation.to_csv(path))
    title = f"{problem.calibration.calibration}, seed {problem.calibration.seed}"
    figures.draw(folder, targets, posterior, title)
    replace_text(folder / "report.md", text)


def _write_info(
    folder: Path,
    problem: Problem,
    found: tuple[Evaluation, Evaluation],
    trials: pd.DataFrame,
    workers: int,
    started: float,
) -> None:
    start, best = found
    info = {
        "format": _FORMAT,
        **provenance.describe(),
        "name": problem.calibration.calibration,
        "seed": problem.calibration.seed,
        "n_trials": len(trials),
        "n_failed": int((trials["state"] == "fail").sum()),
        "objective_at_start": None if start.errors else start.objective,
        "objective_at_best": best.objective,
        "workers": workers,
        "wall_s": time.perf_counter() - started,
    }
    replace_text(folder / RUN_INFO, json.dumps(info, indent=2) + "\n")


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    replace_file(path, lambda temporary: table.to_csv(temporary, index=False))
