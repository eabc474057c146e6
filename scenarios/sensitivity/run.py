"""Run a sensitivity analysis into a folder; the same command finishes what is missing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.errors import ScenarioError
from abm.record.files import replace_file, replace_text
from abm.stop import ExitReason
from analysis import sensitivity as figures
from scenarios import catalogue, load_text
from scenarios.load import checked, overridden, resolve, to_yaml
from scenarios.sensitivity.schema import LOGARITHM, SensitivityFile
from scenarios.sweep.load import Sweep, make_sweep
from scenarios.sweep.outcomes import END
from scenarios.sweep.points import between, ends_of
from scenarios.sweep.run import Progress, SweepResult, sweep

FILE, MORRIS, SOBOL, INFO = "sensitivity.yaml", "morris.csv", "sobol.csv", "sensitivity.json"
_CONFIDENCE = 0.95
_RESAMPLES = 1000
_OVER = tuple(reason.name.lower() for reason in (ExitReason.EXTINCT, ExitReason.RELAPSE))
_NO_SALIB = "sensitivity needs SALib: python -m pip install 'asnsim[calib]'"


@dataclass(frozen=True)
class SensitivityResult:
    """The folder of an analysis and its tables.

    morris : outcome, parameter, mu_star (mean absolute elementary effect over the range of the
             parameter, in units of the outcome), its interval, sigma, and share, mu_star over the
             largest; n_lost points without any run took the mean of the others; n_censored runs in
             which nothing happened took the day of the end
    sobol  : outcome, parameter, first and total order with intervals; None without that part
    """

    folder: Path
    morris: pd.DataFrame
    sobol: pd.DataFrame | None
    figures: tuple[Path, ...]


def load_sensitivity(path: str | Path) -> tuple[SensitivityFile, Sweep]:
    """Return a checked file and the sweep of its screening; raises ScenarioError.

    ``path`` is a bundled name unless it ends in .yaml or has a slash.
    """
    file = _find(path)
    tree = load_text.parse_text(load_text.read_file(file), str(path))
    where = overridden(tree, str(path))
    found = checked(SensitivityFile, where)
    found._name = file.stem
    found._locate = where
    points = _scaled(found, _morris_sample(found), list(found.vary))
    return found, _sweep_of(found, file, points)


def analyse(
    path: str | Path,
    out: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> SensitivityResult:
    """Run what is missing of an analysis in ``out``, write its tables and figures.

    Morris screening (Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo 2007,
    doi:10.1016/j.envsoft.2006.10.004), then Sobol indices with Saltelli's sampling and Jansen's
    estimators (doi:10.1016/j.cpc.2009.09.018). Raises ScenarioError as the sweeps do.
    """
    source = _find(path)
    file, first = load_sensitivity(source)
    folder = Path(out)
    options: dict[str, Any] = {"workers": workers, "scheduler": scheduler, "progress": progress}
    done = sweep(first, folder / "morris", **options)
    morris = _morris(file, done)
    indices = None
    if file.sobol is not None:
        names = _first_ranked(morris, list(file.vary), file.sobol.parameters)
        points = _scaled(file, _sobol_sample(file, names), names)
        second = _sweep_of(file, source, points)
        indices = _sobol(file, names, sweep(second, folder / "sobol", **options))
    replace_text(folder / FILE, to_yaml(resolve(file, file._author)))
    replace_file(folder / MORRIS, lambda target: morris.to_csv(target, index=False))
    made = [figures.save_morris(morris, folder / "morris.png", file.name)]
    if indices is not None:
        replace_file(folder / SOBOL, lambda target: indices.to_csv(target, index=False))
        made.append(figures.save_sobol(indices, folder / "sobol.png", file.name))
    info = {
        "name": file.name, "base": file.sensitivity, "outcomes": list(file.outcomes),
        "parameters": list(file.vary), "replicates": file.replicates, "seed": file.seed,
    }  # fmt: skip
    replace_text(folder / INFO, json.dumps(info, indent=2) + "\n")
    return SensitivityResult(folder, morris, indices, tuple(made))


def _column(outcome: str) -> str:
    """Return the outcome of a sweep that an outcome is read from."""
    return outcome.removeprefix(LOGARITHM)


def _find(path: str | Path) -> Path:
    return catalogue.find_among(catalogue.bundled_screens(), path, "sensitivity analysis")


def _sweep_of(file: SensitivityFile, path: Path, points: Sequence[dict[str, Any]]) -> Sweep:
    """Return the sweep over the points of a design, which share their random numbers."""
    keys: dict[str, Any] = {
        "asnsim": 1, "sweep": file.sensitivity, "changes": file.changes,
        "replicates": file.replicates, "outcomes": [_column(one) for one in file.outcomes],
        "seed": file.seed,
        "shared_seeds": True,
    }  # fmt: skip
    found = make_sweep(keys, path, tuple(points))
    if found.jobs()[0].is_assay or END in file.outcomes or not any(map(_is_day, file.outcomes)):
        return found
    return make_sweep(keys | {"outcomes": [*keys["outcomes"], END]}, path, tuple(points))


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _scaled(file: SensitivityFile, unit: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    ends = {name: ends_of(name, file.vary[name]) for name in names}
    return [
        {name: between(ends[name], u) for name, u in zip(names, row, strict=True)}
        for row in unit.tolist()
    ]


def _salib(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"SALib.{module}")
    except ModuleNotFoundError:
        raise ScenarioError(_NO_SALIB) from None


def _morris_sample(file: SensitivityFile) -> np.ndarray:
    sampled: np.ndarray = _salib("sample.morris").sample(
        _problem(list(file.vary)), file.morris.trajectories, num_levels=file.morris.levels,
        seed=file.seed,
    )  # fmt: skip
    return sampled


def _sobol_sample(file: SensitivityFile, names: Sequence[str]) -> np.ndarray:
    assert file.sobol is not None
    sampled: np.ndarray = _salib("sample.sobol").sample(
        _problem(names), file.sobol.points, calc_second_order=False, seed=file.seed
    )
    return sampled


def _is_day(outcome: str) -> bool:
    return outcome.endswith("_d")


def _censored(table: pd.DataFrame, outcome: str) -> tuple[pd.Series, int]:
    """Return an outcome of all runs, days that never came filled in, and how many those are.

    They count as at the end of the run. One that stopped because no cell was left, or nobody who
    could relapse, would have been without to the end: it takes that of the longest run.
    """
    values = table[_column(outcome)].astype(float)
    if outcome.startswith(LOGARITHM):
        return np.log10(values.where(values > 0.0)), 0
    if not _is_day(outcome) or END not in table:
        return values, 0
    is_censored = ~np.isfinite(values)
    is_over = table["exit_reason"].isin(_OVER)
    end = table[END].astype(float).where(~is_over, table[END].max())
    return values.where(~is_censored, end), int(is_censored.sum())


def _means(result: SweepResult, outcome: str, n_points: int) -> tuple[np.ndarray, int, int]:
    """Return an outcome of each point, mean over replicates, points without, runs censored.

    Points whose runs all failed take the mean of the others, so that the design stays whole.
    """
    table = result.summary
    if _column(outcome) not in table:
        raise ScenarioError(
            f"outcomes: every run failed: {result.folder / 'failures.csv'} says why"
        )
    filled, n_censored = _censored(table, outcome)
    values = filled.groupby(table["point"]).mean().reindex(range(n_points)).to_numpy(float)
    is_lost = ~np.isfinite(values)
    if is_lost.all():
        raise ScenarioError(f"outcomes: no run has a value of {outcome}")
    values[is_lost] = values[~is_lost].mean()
    return values, int(is_lost.sum()), n_censored


def _morris(file: SensitivityFile, result: SweepResult) -> pd.DataFrame:
    sample, names = _morris_sample(file), list(file.vary)
    tables = []
    for outcome in file.outcomes:
        values, n_lost, n_censored = _means(result, outcome, sample.shape[0])
        found = _salib("analyze.morris").analyze(
            _problem(names), sample, values, num_levels=file.morris.levels,
            conf_level=_CONFIDENCE, num_resamples=_RESAMPLES, seed=file.seed,
        )  # fmt: skip
        largest = float(np.max(found["mu_star"]))
        tables.append(
            pd.DataFrame(
                {
                    "outcome": outcome, "parameter": names, "mu_star": found["mu_star"],
                    "mu_star_interval": found["mu_star_conf"], "mu": found["mu"],
                    "sigma": found["sigma"],
                    "share": np.asarray(found["mu_star"]) / largest if largest > 0.0 else 0.0,
                    "n_lost": n_lost, "n_censored": n_censored,
                }
            ).sort_values("mu_star", ascending=False)
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def _first_ranked(morris: pd.DataFrame, names: Sequence[str], n: int) -> list[str]:
    """Return the ``n`` parameters with the largest share for any outcome, in their own order."""
    best = morris.groupby("parameter")["share"].max()
    taken = set(best.sort_values(ascending=False, kind="stable").index[:n])
    return [name for name in names if name in taken]


def _sobol(file: SensitivityFile, names: Sequence[str], result: SweepResult) -> pd.DataFrame:
    assert file.sobol is not None
    n_points = file.sobol.points * (len(names) + 2)
    tables = []
    for outcome in file.outcomes:
        values, n_lost, n_censored = _means(result, outcome, n_points)
        found = _salib("analyze.sobol").analyze(
            _problem(names), values, calc_second_order=False, conf_level=_CONFIDENCE,
            num_resamples=_RESAMPLES, seed=file.seed,
        )  # fmt: skip
        tables.append(
            pd.DataFrame(
                {
                    "outcome": outcome, "parameter": list(names), "first": found["S1"],
                    "first_interval": found["S1_conf"], "total": found["ST"],
                    "total_interval": found["ST_conf"], "n_lost": n_lost,
                    "n_censored": n_censored,
                }
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)
