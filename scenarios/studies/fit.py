"""A user's own dose-response or growth data, fitted onto a line.

Cultures are run at a few values of the free parameters; between them the prediction is
interpolated, and least squares find the best values with profile intervals. Dose-response frees
the set-point of ASNS and the threshold of death; growth frees the doubling time.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.errors import ScenarioError
from abm.processes.cell_lines import cell_line
from scenarios.studies import fit_data
from scenarios.studies.conditions import culture
from scenarios.studies.culture import Progress, run_culture
from scenarios.studies.load import load_assay
from scenarios.studies.mtt import Mtt

ASNS_FACTORS = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 10.0)
"""ASNS set-points that are tried, over that of the line."""
THRESHOLD_FACTORS = (0.7, 1.0, 1.5)
"""Death thresholds that are tried, over that of the line."""
DOUBLING_FACTORS = (0.5, 0.7, 1.0, 1.5, 2.2)
_CONFIDENCE = 0.95
_AGENTS = 120
_WELLS = 2
_STEPS = 25
"""Values tried on either side of the best one for its interval, before the root is found."""
_EDGE = 0.02
"""A best value as near to the edge of what was tried, as a share of the range, is on the edge."""


@dataclasses.dataclass(frozen=True)
class Fit:
    """Best values with intervals, the data with the prediction, and remarks.

    parameters : one row per parameter: name, value, low, high, unit, of_the_line
    predictions: the data with a column ``predicted``
    """

    parameters: pd.DataFrame
    predictions: pd.DataFrame
    notes: list[str]


def fit(
    data: Path,
    line: str,
    overrides: Sequence[str] = (),
    *,
    seed: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit the table ``data`` onto ``line`` in the culture of the bundled MTT assay.

    ``overrides`` change that culture as after ``--set`` (medium, serum, cells_per_well ...).
    Raises ScenarioError for a bad table or an unknown line.
    """
    found = fit_data.read_data(data)
    changes = [f"line={line}", f"agents_per_well={_AGENTS}", *overrides]
    assay = load_assay("mtt", changes, seed=seed)
    assert isinstance(assay, Mtt)
    if found.is_dose:
        return _fit_doses(found.table, assay, threads, progress)
    return _fit_growth(found.table, assay, threads, progress)


def _fit_doses(
    table: pd.DataFrame, assay: Mtt, threads: int | None, progress: Progress | None
) -> Fit:
    name = assay.line[0]
    own = cell_line(name)
    doses = np.unique(np.append(table[fit_data.DOSE], 0.0))
    hours = np.unique(table[fit_data.HOURS])
    shape = (len(ASNS_FACTORS), len(THRESHOLD_FACTORS))
    grid = np.empty((*shape, len(hours), len(doses)))
    for number, place in enumerate(np.ndindex(shape)):
        asns, threshold = ASNS_FACTORS[place[0]], THRESHOLD_FACTORS[place[1]]
        grid[place] = _predict_doses(assay, name, asns, threshold, doses, hours, threads)
        if progress is not None:
            progress(number + 1.0, float(np.prod(shape)))
    axes = [np.log(ASNS_FACTORS), np.log(THRESHOLD_FACTORS)]
    i_hour = np.searchsorted(hours, table[fit_data.HOURS])
    i_dose = np.searchsorted(doses, table[fit_data.DOSE])
    observed = table[fit_data.VIABILITY].to_numpy(float)

    def predict(values: Sequence[float]) -> NDArray[np.float64]:
        return _interpolate(axes, grid, values)[i_hour, i_dose]

    starts = list(itertools.product(axes[0][1::2], axes[1][1:2]))
    best, limits, notes = _least_squares(["asns", "threshold"], axes, predict, observed, starts)
    rows = [
        _row("asns_set_point", own.asns_set_point, best[0], limits[0], "copies"),
        _row("death_threshold", own.death_threshold, best[1], limits[1], ""),
    ]
    return Fit(pd.DataFrame(rows), table.assign(predicted=predict(best)), notes)


def _predict_doses(
    assay: Mtt,
    line: str,
    asns: float,
    threshold: float,
    doses: NDArray[np.float64],
    hours: NDArray[np.float64],
    threads: int | None,
) -> NDArray[np.float64]:
    """Return living cells over the vehicle, float64[n_hours, n_doses]."""
    highest = float(doses[-1])
    scenario = culture(
        assay,
        line,
        end=float(hours[-1]),
        n_wells=_WELLS * len(doses),
        genotype={"asns_expression": asns},
        product=assay.product[0],
        dose=highest,
        dose_factors=[float(dose) / highest for dose in doses],
        parameters={"switches.threshold_divisor": 1.0 / threshold},
    )
    table = run_culture(scenario, hours.tolist(), threads=threads)
    count = table.assign(dose=table["well"] % len(doses)).groupby(["time_h", "dose"])["n_live"]
    mean = count.mean().to_numpy(float).reshape(len(hours), len(doses))
    return np.asarray(mean / mean[:, :1])


def _fit_growth(
    table: pd.DataFrame, assay: Mtt, threads: int | None, progress: Progress | None
) -> Fit:
    name = assay.line[0]
    own = cell_line(name)
    times = np.unique(table[fit_data.TIME])
    first = float(times[0])
    grid = np.empty((len(DOUBLING_FACTORS), len(times)))
    for number, factor in enumerate(DOUBLING_FACTORS):
        scenario = culture(
            assay, name, end=max(float(times[-1]), 1.0), n_wells=4 * _WELLS,
            doubling_time=own.doubling_time * factor,
        )  # fmt: skip
        counts = run_culture(scenario, times.tolist(), threads=threads)
        mean = counts.groupby("time_h")["n_live"].mean()
        grid[number] = np.log(mean / mean.loc[first]).to_numpy(float)
        if progress is not None:
            progress(number + 1.0, float(len(DOUBLING_FACTORS)))
    axes = [np.log(DOUBLING_FACTORS)]
    i_time = np.searchsorted(times, table[fit_data.TIME])
    observed = np.log(table[fit_data.CELLS].to_numpy(float))

    def predict(values: Sequence[float]) -> NDArray[np.float64]:
        shape = _interpolate(axes, grid, values)[i_time]
        return np.asarray(shape + np.mean(observed - shape))

    starts = [(value,) for value in axes[0]]
    # The height of the curve is fitted beside, inside of ``predict``.
    best, limits, notes = _least_squares(["doubling"], axes, predict, observed, starts, n_inside=1)
    rows = [_row("doubling_time", own.doubling_time, best[0], limits[0], "h")]
    return Fit(pd.DataFrame(rows), table.assign(predicted=np.exp(predict(best))), notes)


def _interpolate(
    axes: Sequence[NDArray[np.float64]], grid: NDArray[np.float64], values: Sequence[float]
) -> NDArray[np.float64]:
    """Return the prediction at ``values``, linear between the runs."""
    from scipy import interpolate

    inside = [min(max(v, float(a[0])), float(a[-1])) for v, a in zip(values, axes, strict=True)]
    found = interpolate.RegularGridInterpolator(tuple(axes), grid)(np.array([inside]))
    return np.asarray(found[0])


def _least_squares(
    names: Sequence[str],
    axes: Sequence[NDArray[np.float64]],
    predict: Any,
    observed: NDArray[np.float64],
    starts: Sequence[Sequence[float]],
    n_inside: int = 0,
) -> tuple[list[float], list[tuple[float, float]], list[str]]:
    """Return best values, 95 % limits (NaN where there are none) and remarks, all as logarithms.

    ``n_inside`` is how many numbers ``predict`` itself takes from the data.
    """
    import lmfit

    def residual(parameters: Any) -> NDArray[np.float64]:
        return np.asarray(predict([parameters[name].value for name in names]) - observed)

    best: Any = None
    for start in starts:
        parameters = lmfit.Parameters()
        for name, axis, value in zip(names, axes, start, strict=True):
            margin = 1e-3 * (axis[-1] - axis[0])
            middle = min(max(float(value), axis[0] + margin), axis[-1] - margin)
            parameters.add(name, value=middle, min=axis[0], max=axis[-1])
        minimizer = lmfit.Minimizer(residual, parameters)
        result = minimizer.minimize(method="leastsq", epsfcn=1e-4)
        if best is None or result.chisqr < best[1].chisqr:
            best = (minimizer, result)
    minimizer, result = best
    values = [float(result.params[name].value) for name in names]
    notes = [] if result.success else ["the fit did not converge: the values are the best found"]
    limits = []
    for name, axis, value in zip(names, axes, values, strict=True):
        limits.append(_profile(minimizer, result, name, axis, n_inside))
        if min(value - axis[0], axis[-1] - value) < _EDGE * (axis[-1] - axis[0]):
            notes.append(f"{name}: the best value lies at the edge of what was tried: no interval")
            limits[-1] = (math.nan, math.nan)
        elif not all(map(math.isfinite, limits[-1])):
            notes.append(f"{name}: the data leave it open: an end of its interval is not bounded")
    return values, limits, notes


def _profile(
    minimizer: Any, result: Any, name: str, axis: NDArray[np.float64], n_inside: int
) -> tuple[float, float]:
    """Return where the residuals of the best fit with ``name`` held become too large (95 %).

    F test of one parameter; NaN at a side where they stay small up to the edge of what was tried.
    """
    from scipy import stats

    n_free = max(int(result.ndata) - int(result.nvarys) - n_inside, 1)
    allowed = float(result.chisqr) * (1.0 + stats.f.ppf(_CONFIDENCE, 1, n_free) / n_free)
    best = float(result.params[name].value)

    def excess(value: float) -> float:
        return _held(minimizer, result, name, value) - allowed

    return tuple(_last_good(excess, best, float(end)) for end in (axis[0], axis[-1]))  # type: ignore[return-value]


def _last_good(excess: Callable[[float], float], best: float, end: float) -> float:
    """Return where ``excess`` becomes positive on the way from ``best`` to ``end``; NaN if not."""
    from scipy import optimize

    places = np.linspace(best, end, _STEPS + 1)
    before = best
    for place in places[1:]:
        if excess(float(place)) > 0.0:
            if excess(before) > 0.0:
                return before
            return float(optimize.brentq(excess, before, place, xtol=1e-4))
        before = float(place)
    return math.nan


def _held(minimizer: Any, result: Any, name: str, value: float) -> float:
    parameters = result.params.copy()
    parameters[name].set(value=value, vary=False)
    if not any(parameter.vary for parameter in parameters.values()):
        return float(np.sum(minimizer.userfcn(parameters) ** 2))
    return float(minimizer.minimize(method="leastsq", params=parameters, epsfcn=1e-4).chisqr)


def _row(
    name: str, of_the_line: float, best: float, limits: tuple[float, float], unit: str
) -> dict[str, Any]:
    return {
        "parameter": name,
        "value": of_the_line * math.exp(best),
        "low": of_the_line * math.exp(limits[0]),
        "high": of_the_line * math.exp(limits[1]),
        "unit": unit,
        "of_the_line": of_the_line,
    }


def write_fit(found: Fit, out: Path, overwrite: bool = False) -> list[Path]:
    """Write ``parameters.csv`` and ``predictions.csv`` into ``out`` and return the files.

    Raises ScenarioError where ``out`` exists and ``overwrite`` is not set.
    """
    if out.exists() and not overwrite:
        raise ScenarioError(f"--out {out}: is there already: choose another folder or --overwrite")
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name, table in (("parameters", found.parameters), ("predictions", found.predictions)):
        files.append(out / f"{name}.csv")
        table.to_csv(files[-1], index=False)
    return files
