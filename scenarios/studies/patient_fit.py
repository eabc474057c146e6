"""Kinetics of one patient from measured activities, and the next trough; for research use.

The factors on the typical values of a preset have its spreads as lognormal priors; samples have
the error of the assay, those below the limit of quantification count by the probability of being
there. The best value is the maximum of the posterior (MAP), intervals are 90 % of the posterior,
by importance sampling around it with a fixed sequence of points.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.kinetics import (
    AbstractDisposition,
    ExponentialDisposition,
    TransitDisposition,
)
from abm.pharmacology.patient import Patient, Sex
from abm.pharmacology.plan import covariate_warnings
from abm.pharmacology.populations import AbstractKinetics
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Route
from scenarios.studies.patient_data import Measurements, read_measurements
from scenarios.studies.patient_posterior import (
    SMALLEST_SD,
    FitParameters,
    Problem,
    activity,
    misses,
    own_kinetics,
    pose,
    posterior,
    weighted_quantiles,
)

NOT_FOR_DECISIONS = "For research use: not for decisions on a patient."
TARGET = 0.1
LEVEL = 0.90
_FAR = 2.5


class Trough(NamedTuple):
    """Prediction at ``day``: activity [IU/mL], its 90 % interval, that of a measured value.

    ``is_enough`` is the posterior probability of a true activity of at least 0.1 IU/mL. All but
    the day is NaN where the model does not describe the samples.
    """

    day: float
    activity: float
    low: float
    high: float
    measured_low: float
    measured_high: float
    is_enough: float


@dataclass(frozen=True)
class PatientFit:
    """What was found.

    parameters  : parameter, value, low, high, unit, typical (of the preset for this patient); low
                  and high are NaN for what the preset has no spread of and was not fitted
    predictions : time_d, measured, predicted, low, high, is_below_limit: one row per sample
    curve       : time_d, activity, low, high, for the figure
    """

    product: str
    preset: str
    parameters: pd.DataFrame
    predictions: pd.DataFrame
    curve: pd.DataFrame
    trough: Trough
    notes: tuple[str, ...]


def fit_patient(
    data: Path,
    patient: Patient,
    *,
    doses: Path | None = None,
    product: str | None = None,
    preset: str | None = None,
    route: str | None = None,
    next_day: float | None = None,
    quantification_limit: float | None = None,
    parameters: FitParameters | None = None,
) -> PatientFit:
    """Fit the kinetics of one patient to the CSV ``data`` and predict the next trough.

    ``next_day`` is the day of the next trough; without it the next dose of the table after the last
    sample, or one interval after the last dose. ``quantification_limit`` [IU/mL] replaces that of
    the preset. Raises ScenarioError for a table that cannot be used and for a patient whom the
    kinetics of the product give no number for.
    """
    measured = read_measurements(data, patient, doses, product=product, route=route)
    own = find_product(measured.product)
    name = preset or own.default_preset
    kinetics, spread = own.kinetics(name), own.variability(name)
    setting = parameters or FitParameters()
    limit = spread.quantification_limit if quantification_limit is None else quantification_limit
    problem = pose(kinetics, spread, patient, measured, limit, setting)
    extrapolated = covariate_warnings(measured.product, name, patient)
    best, points, weights, notes = posterior(problem)
    missed = _missed(problem, best, points, weights)
    trough = _trough(
        problem, best, points, weights, _next_day(measured) if next_day is None else next_day
    )
    return PatientFit(
        measured.product,
        name,
        _parameter_table(problem, best, points, weights),
        _predictions(problem, best, points, weights),
        _curve(problem, best, points, weights, trough.day),
        Trough(trough.day, *[math.nan] * 6) if missed else trough,
        (*missed, *extrapolated, *notes, *_far(problem, best)),
    )


_FACTORS_OF = {
    "clearance": {"clearance"},
    "volume": {"volume"},
    "k_tr": {"transit"},
    "half_life": {"clearance", "volume", "peripheral_volume"},
    "absorbed_share": {"bioavailability"},
    "absorption_rate": {"absorption"},
}
"""The factors that each printed parameter follows."""
_ENDS = [0.5 * (1.0 - LEVEL), 0.5 * (1.0 + LEVEL)]


def _of_disposition(found: AbstractDisposition) -> dict[str, tuple[float, str]]:
    """Return clearance, volume and rates of a patient in the units of the literature."""
    day = units.HOURS_PER_DAY
    if isinstance(found, TransitDisposition):
        return {
            "clearance": (found.removal_rate * found.volume * day, "L/d"),
            "volume": (found.volume, "L"),
            "k_tr": (found.transit_rate * day, "1/d"),
        }
    assert isinstance(found, ExponentialDisposition)
    return {
        "clearance": (day / found.exposure(), "L/d"),
        "volume": (1.0 / sum(found.coefficients), "L"),
        "half_life": (math.log(2.0) / min(found.rates), "h"),
    }


def _own(problem: Problem, logs: np.ndarray) -> dict[str, tuple[float, str]]:
    return _of_kinetics(problem, own_kinetics(problem, logs))


def _of_kinetics(problem: Problem, kinetics: AbstractKinetics) -> dict[str, tuple[float, str]]:
    """Return what is printed of a patient's kinetics, with the depot where a dose needs it."""
    found = _of_disposition(kinetics.disposition(problem.patient))
    if any(dose.route is Route.IM for dose in problem.measured.doses):
        found["absorbed_share"] = (kinetics.bioavailability, "1")
        found["absorption_rate"] = (kinetics.absorption_rate * units.HOURS_PER_DAY, "1/d")
    return found


def _parameter_table(
    problem: Problem, best: np.ndarray, points: np.ndarray, weights: np.ndarray
) -> pd.DataFrame:
    typical = _of_kinetics(problem, problem.kinetics)
    found = _own(problem, best)
    sampled = [_own(problem, point) for point in points]
    rows = []
    for name, (value, unit) in found.items():
        values = np.array([one[name][0] for one in sampled])
        low, high = weighted_quantiles(values, weights, _ENDS)
        if not _FACTORS_OF[name] & set(problem.names):
            low = high = math.nan
        rows.append(
            {"parameter": name, "value": value, "low": float(low), "high": float(high),
             "unit": unit, "typical": typical[name][0]}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _bands(
    problem: Problem, best: np.ndarray, points: np.ndarray, weights: np.ndarray, hours: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values = np.array([activity(problem, point, hours) for point in points])
    return activity(problem, best, hours), values, weighted_quantiles(values, weights, _ENDS)


def _predictions(
    problem: Problem, best: np.ndarray, points: np.ndarray, weights: np.ndarray
) -> pd.DataFrame:
    measured = problem.measured
    value, _, (low, high) = _bands(problem, best, points, weights, measured.hours)
    return pd.DataFrame(
        {
            "time_d": measured.hours / units.HOURS_PER_DAY,
            "measured": measured.activity,
            "is_below_limit": measured.activity < problem.limit,
            "predicted": value,
            "low": low,
            "high": high,
        }
    )


_CURVE_POINTS = 160


def _curve(
    problem: Problem, best: np.ndarray, points: np.ndarray, weights: np.ndarray, day: float
) -> pd.DataFrame:
    last = max(day * units.HOURS_PER_DAY, float(problem.measured.hours[-1]))
    hours = np.linspace(problem.measured.doses[0].hour, last, _CURVE_POINTS)
    value, _, (low, high) = _bands(problem, best, points, weights, hours)
    return pd.DataFrame(
        {"time_d": hours / units.HOURS_PER_DAY, "activity": value, "low": low, "high": high}
    )


def _trough(
    problem: Problem, best: np.ndarray, points: np.ndarray, weights: np.ndarray, day: float
) -> Trough:
    hours = np.array([day * units.HOURS_PER_DAY])
    value, values, (low, high) = _bands(problem, best, points, weights, hours)
    ends = _measured_interval(problem, values[:, 0], weights)
    return Trough(
        day, float(value[0]), float(low[0]), float(high[0]), *ends,
        float(weights[values[:, 0] >= TARGET].sum()),
    )  # fmt: skip


def _measured_interval(
    problem: Problem, true: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """Return the 90 % interval of a measured value: the posterior with the error of the assay."""
    from scipy import optimize, special

    sd = np.maximum(np.hypot(problem.proportional * true, problem.additive), SMALLEST_SD)
    lowest, highest = float((true - 6.0 * sd).min()), float((true + 6.0 * sd).max())

    def excess(share: float) -> Callable[[float], float]:
        return lambda x: float(weights @ special.ndtr((x - true) / sd)) - share

    low, high = (float(optimize.brentq(excess(end), lowest, highest)) for end in _ENDS)
    return max(low, 0.0), max(high, 0.0)


def _next_day(measured: Measurements) -> float:
    hours = [dose.hour for dose in measured.doses]
    last = float(measured.hours[-1])
    later = [hour for hour in hours if hour > last]
    if later:
        return later[0] / units.HOURS_PER_DAY
    if len(hours) < 2:
        raise ScenarioError("one dose only: say when the next trough is, e.g. --next 14 (days)")
    following = hours[-1] + (hours[-1] - hours[-2])
    while following <= last:
        following += hours[-1] - hours[-2]
    return following / units.HOURS_PER_DAY


def _missed(
    problem: Problem, best: np.ndarray, points: np.ndarray, weights: np.ndarray
) -> list[str]:
    """Return one remark that names the samples which the fitted model cannot have produced."""
    measured = problem.measured
    fitted = activity(problem, best, measured.hours)
    found = misses(problem, points, weights)
    told = []
    for i in found.tolist():
        is_below = measured.activity[i] < problem.limit[i]
        seen = f"<{problem.limit[i]:.3g}" if is_below else f"{measured.activity[i]:.3g}"
        day = measured.hours[i] / units.HOURS_PER_DAY
        told.append(f"day {day:.4g}: {seen} measured, {fitted[i]:.3g} fitted")
    if not told:
        return []
    cause = "a dose or a time that the table does not have?"
    if (measured.activity[found] < fitted[found]).all():
        first = float(measured.hours[found[0]])
        before = [dose.hour for dose in measured.doses if dose.hour < first]
        cause = f"inactivation after day {max(before) / units.HOURS_PER_DAY:.4g}?"
    return [
        f"{'; '.join(told)}: the model does not describe this patient ({cause}); "
        "do not use the trough"
    ]


def _far(problem: Problem, best: np.ndarray) -> list[str]:
    """Return a remark for each factor that the preset would hardly draw."""
    remarks = []
    for name, log, sd in zip(problem.names, best.tolist(), problem.sds.tolist(), strict=True):
        if abs(log) > _FAR * sd:
            remarks.append(
                f"{name}: {math.exp(log):.3g} times the typical value, {abs(log) / sd:.1f} "
                "standard deviations of the preset: it may not describe this patient (antibodies?)"
            )
    return remarks


def covariates(
    bsa: float | None, weight: float | None, age: float | None, sex: str | None
) -> Patient:
    """Return the patient of the options; ScenarioError for one that is missing or out of range."""
    if age is None or sex is None:
        missing = " and ".join(
            name for name, value in (("--age", age), ("--sex", sex)) if value is None
        )
        raise ScenarioError(f"{missing}: missing: kinetics depend on age and sex")
    if bsa is None and weight is None:
        raise ScenarioError("--bsa or --weight: missing: doses and volumes depend on size")
    return Patient(bsa=bsa, weight=weight, age=age, sex=Sex.parse(sex, where="--sex"))


def parameter_text(parameters: pd.DataFrame) -> str:
    """Return the table of parameters as text; an interval that is missing is "not fitted"."""
    shown = parameters.copy()
    for name in ("low", "high"):
        shown[name] = [
            "not fitted" if math.isnan(value) else f"{value:.4g}" for value in parameters[name]
        ]
    return shown.to_string(index=False, float_format="{:.4g}".format)


def summary(trough: Trough) -> str:
    """Return the prediction in one line, without numbers where the model misses a sample."""
    if math.isnan(trough.is_enough):
        return (
            f"next trough, day {trough.day:g}: no prediction and no probability: the model does "
            "not describe this patient"
        )
    return (
        f"next trough, day {trough.day:g}: {trough.activity:.3g} IU/mL, 90 % {trough.low:.3g} to "
        f"{trough.high:.3g} (a sample: {trough.measured_low:.3g} to {trough.measured_high:.3g}); "
        f"at least 0.1 IU/mL with probability {trough.is_enough:.2f}"
    )


def write_patient_fit(found: PatientFit, out: Path, overwrite: bool = False) -> list[Path]:
    """Write the tables and the figure into ``out`` and return the files.

    Raises ScenarioError where ``out`` exists and ``overwrite`` is not set.
    """
    if out.exists() and not overwrite:
        raise ScenarioError(f"--out {out}: is there already: choose another folder or --overwrite")
    out.mkdir(parents=True, exist_ok=True)
    from analysis import style
    from analysis.plots.patient_fit import patient_figure

    trough: Any = pd.DataFrame([found.trough._asdict()])
    tables = {
        "parameters": found.parameters,
        "predictions": found.predictions,
        "curve": found.curve,
        "trough": trough,
    }
    files = []
    for name, table in tables.items():
        files.append(out / f"{name}.csv")
        table.to_csv(files[-1], index=False)
    warning = NOT_FOR_DECISIONS
    if math.isnan(found.trough.is_enough):
        warning = f"The model does not describe this patient. {NOT_FOR_DECISIONS}"
    figure = patient_figure(found.curve, found.predictions, found.trough._asdict(), warning)
    return [*files, style.save(figure, out / "activity.png")]
