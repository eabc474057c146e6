"""Least squares behind :func:`analysis.dose_curves.fit_dose_curve`, by lmfit."""

import dataclasses
import math
import warnings
from typing import Any

import lmfit
import numpy as np
from numpy.typing import NDArray

from analysis.dose_curves import DoseCurve, Wells, four_parameters

CONFIDENCE = 0.95
FEWEST_DOSES_OF_TWO_FALLS = 8
"""Doses that a curve with a shoulder (seven parameters) needs."""
_CLEARLY_BETTER = 10.0
"""By so much the corrected Akaike criterion of two falls must be lower."""
_STEEPEST, _FLATTEST = 12.0, 0.2
_LOWEST, _HIGHEST = -1.2, 2.0
_SMALLEST_SPAN = 0.15
"""A response that changes by less is called flat."""
_WIDEST_ERROR = 1.0
"""Standard error of log10 of the half dose (one decade) beyond which there is no fit."""
_FIRST_SLOPES = (1.0, 2.5)
_FIRST_PLACES = (0.15, 0.35, 0.5, 0.65, 0.85)
"""Where on the tested range, on log dose, a fit is begun."""
_HALF = 0.5
_FAR = 10.0
"""Residual of a curve that cannot exist."""
_MOST_CALLS = 600
_STEEP = 4.0
_END_OF_FALL = 0.05
"""A response within this share of the end of a fall is not in it."""
_BOUND = 0.98
"""A slope above this share of the steepest is held there."""


def fit(wells: Wells, level: float) -> DoseCurve:
    """Return the better of one fall and two, or a curve that says why there is none."""
    result = _best(wells, _starts_of_one(wells), level)
    if result is None:
        return DoseCurve(False, "the fit did not converge", level)
    if wells.tested.shape[0] >= FEWEST_DOSES_OF_TWO_FALLS:
        two = _best(wells, _starts_of_two(wells, result), level)
        if two is not None and _criterion(two) < _criterion(result) - _CLEARLY_BETTER:
            result = two
    spread = float(np.sum((wells.response - wells.response.mean()) ** 2))
    curve = dataclasses.replace(
        _curve(result.params.valuesdict(), level),
        r_squared=1.0 - float(result.chisqr) / spread if spread > 0.0 else math.nan,
    )
    problem = _problem(result, curve, wells)
    if problem:
        return dataclasses.replace(curve, is_converged=False, message=problem)
    doses = wells.tested
    if _stays_above(curve, wells):
        lowest = int(np.argmin(curve(doses)))
        message = f"{float(curve(doses[lowest])):.2f} left at {doses[lowest]:.3g}"
        if level == _HALF:
            message = f"no half dose below the highest dose: {message}"
        else:
            message = f"never falls to {level:g}: {message}"
        return dataclasses.replace(curve, message=message)
    if float(curve(doses[0])) < level:
        message = f"is below {level:g} at the lowest dose, {doses[0]:.3g}"
        return dataclasses.replace(curve, message=message)
    return _with_interval(curve, result, wells, level)


def _starts_of_one(wells: Wells) -> list[Any]:
    low, high = np.log10(wells.tested[[0, -1]])
    starts = []
    for place in _FIRST_PLACES:
        for slope in _FIRST_SLOPES:
            start = lmfit.Parameters()
            start.add("top", value=1.0, min=0.3, max=_HIGHEST)
            start.add("bottom", value=0.1, min=_LOWEST, max=1.2)
            start.add("log_half", low + place * (high - low), min=low - 2.0, max=high + 2.0)
            start.add("slope", value=slope, min=_FLATTEST, max=_STEEPEST)
            starts.append(start)
    return starts


def _starts_of_two(wells: Wells, one: Any) -> list[Any]:
    low, high = np.log10(wells.tested[[0, -1]])
    bottom = one.params["bottom"].value
    starts = []
    for first, second in ((0.15, 0.7), (0.3, 0.7), (0.3, 0.85), (0.5, 0.85)):
        for shoulder in (0.75, 0.4):
            start = lmfit.Parameters()
            start.add("top", value=1.0, min=0.3, max=_HIGHEST)
            start.add("bottom", value=min(max(bottom, _LOWEST + 0.1), 0.1), min=_LOWEST, max=1.2)
            start.add("shoulder", value=shoulder, min=_LOWEST, max=1.2)
            start.add("log_half", low + first * (high - low), min=low - 1.0, max=high + 1.0)
            start.add("gap", value=(second - first) * (high - low), min=0.5, max=high - low + 2.0)
            start.add("slope", value=2.0, min=_FLATTEST, max=_STEEPEST)
            start.add("second_slope", value=1.0, min=_FLATTEST, max=_STEEPEST)
            starts.append(start)
    return starts


def _best(wells: Wells, starts: list[Any], level: float) -> Any:
    best = None
    for start in starts:
        # A start that is cut short may still be the best; only its place is used then.
        result = _minimize(start, wells, level)
        is_better = best is None or result.chisqr < best.chisqr
        if np.isfinite(result.chisqr) and is_better:
            best = result
    if best is not None and _hold_steep(best.params):
        return _minimize(best.params, wells, level)
    return best


def _minimize(start: Any, wells: Wells, level: float) -> Any:
    return lmfit.minimize(
        _residual, start, args=(wells, level), method="leastsq", max_nfev=_MOST_CALLS
    )


def _hold_steep(parameters: Any) -> bool:
    """Hold slopes that lie at their bound, where no derivative is left; tell whether any does."""
    steep = [
        parameters[name]
        for name in ("slope", "second_slope")
        if name in parameters and parameters[name].value > _BOUND * _STEEPEST
    ]
    for slope in steep:
        slope.set(value=_STEEPEST, vary=False)
    return bool(steep)


def _residual(parameters: Any, wells: Wells, level: float) -> NDArray[np.float64]:
    return _curve(parameters.valuesdict(), level)(wells.dose) - wells.response


def _curve(value: dict[str, float], level: float) -> DoseCurve:
    half = 10.0 ** value["log_half"]
    curve = DoseCurve(
        True, "", level, top=value["top"], bottom=value["bottom"], half_dose=half,
        slope=value["slope"],
    )  # fmt: skip
    if "gap" not in value:
        return curve
    return dataclasses.replace(
        curve,
        shoulder=value["shoulder"],
        second_half_dose=10.0 ** (value["log_half"] + value["gap"]),
        second_slope=value["second_slope"],
    )


def _criterion(result: Any) -> float:
    """Return the Akaike criterion corrected for few wells."""
    n, k = int(result.ndata), len(result.params) + 1
    correction = 2.0 * k * (k + 1.0) / max(n - k - 1.0, 1.0)
    return n * math.log(max(float(result.chisqr), 1e-300) / n) + 2.0 * k + correction


def _problem(result: Any, curve: DoseCurve, wells: Wells) -> str:
    """Say why a fit gives no curve; empty where it does."""
    doses = wells.tested
    first, last = (float(value) for value in curve(doses[[0, -1]]))
    noise = math.sqrt(float(result.chisqr) / max(wells.dose.shape[0] - len(result.params), 1))
    if abs(first - last) < max(_SMALLEST_SPAN, 2.0 * noise):
        return f"the response hardly changes over these doses (by {abs(first - last):.2f})"
    if curve.has_shoulder or _stays_above(curve, wells):
        # Where the half lies beyond the doses, no fit can place it; what they show is known.
        return ""
    if not doses[0] / 3.0 <= curve.half_dose <= doses[-1] * 3.0:
        return f"the fitted half dose, {curve.half_dose:.2g}, lies beyond the tested doses"
    error = result.params["log_half"].stderr
    is_open = error is not None and error > _WIDEST_ERROR
    if is_open and not _falls_at_once(result.params["slope"], curve, wells, False):
        return "the doses leave the half dose open by more than a decade"
    return ""


def _stays_above(curve: DoseCurve, wells: Wells) -> bool:
    """Tell whether a curve passes its level at none of the tested doses."""
    return float(curve(wells.tested).min()) > curve.level


def _falls_at_once(slope: Any, curve: DoseCurve, wells: Wells, is_second: bool) -> bool:
    """Tell whether no dose lies in a fall, or its slope is not resolved by those that do."""
    if not slope.vary:
        return True
    if slope.value > _STEEP and (slope.stderr is None or slope.stderr > slope.value):
        return True
    top = curve.shoulder if is_second else curve.top
    bottom = curve.shoulder if curve.has_shoulder and not is_second else curve.bottom
    margin = _END_OF_FALL * (top - bottom)
    response = curve(wells.tested)
    return not bool(np.any((bottom + margin < response) & (response < top - margin)))


def _bracketed(curve: DoseCurve, wells: Wells, first: float) -> DoseCurve:
    """Return a curve that falls at once: all that is known are the doses around the fall."""
    doses = wells.tested
    above = int(np.searchsorted(np.log10(doses), first))
    return dataclasses.replace(
        curve,
        level_dose=10.0**first,
        low=float(doses[max(above - 1, 0)]),
        high=float(doses[min(above, doses.shape[0] - 1)]),
        message="falls between two doses, which are the interval",
    )


def _with_interval(curve: DoseCurve, result: Any, wells: Wells, level: float) -> DoseCurve:
    """Fit once more with the dose of the level as a parameter, and profile it."""
    first = _crossing(curve, wells, level)
    is_second = curve.has_shoulder and curve.shoulder > level
    slope = result.params["second_slope" if is_second else "slope"]
    if _falls_at_once(slope, curve, wells, is_second):
        return _bracketed(curve, wells, first)
    start = lmfit.Parameters()
    for name, parameter in result.params.items():
        if name not in ("log_half", "gap"):
            start.add(parameter)
    low, high = np.log10(wells.tested[[0, -1]])
    start.add("log_level", value=first, min=low - 0.5, max=high + 0.5)
    if curve.has_shoulder:
        other = curve.half_dose if is_second else curve.second_half_dose
        start.add("log_other", value=math.log10(other), min=low - 1.5, max=high + 1.5)
    arguments = (wells, level, is_second)
    minimizer = lmfit.Minimizer(_residual_at_level, start, fcn_args=arguments)
    final = minimizer.minimize(method="leastsq", max_nfev=_MOST_CALLS)
    found = _curve_at_level(final.params.valuesdict(), level, is_second)
    if found is None:
        return dataclasses.replace(curve, level_dose=10.0**first, message="no interval")
    below, above, message = _interval(minimizer, final)
    return dataclasses.replace(
        found,
        level_dose=10.0 ** final.params["log_level"].value,
        low=10.0**below,
        high=10.0**above,
        r_squared=curve.r_squared,
        message=message,
    )


def _crossing(curve: DoseCurve, wells: Wells, level: float) -> float:
    """Return log10 of the first dose at which a curve passes ``level``."""
    from scipy import optimize

    low, high = np.log10(wells.tested[[0, -1]])
    logs = np.linspace(low, high, 400)
    i = int(np.flatnonzero(curve(10.0**logs) <= level)[0])
    if i == 0:
        return float(logs[0])
    root = optimize.brentq(lambda x: float(curve(10.0**x)) - level, logs[i - 1], logs[i])
    return float(root)


def _residual_at_level(
    parameters: Any, wells: Wells, level: float, is_second: bool
) -> NDArray[np.float64]:
    curve = _curve_at_level(parameters.valuesdict(), level, is_second)
    if curve is None:
        return np.full(wells.dose.shape[0], _FAR)
    return curve(wells.dose) - wells.response


def _curve_at_level(value: dict[str, float], level: float, is_second: bool) -> DoseCurve | None:
    """Return the curve that passes ``level`` at 10**log_level, None where there is none."""
    at = 10.0 ** value["log_level"]
    curve = DoseCurve(
        True, "", level, top=value["top"], bottom=value["bottom"], half_dose=at,
        slope=value["slope"],
    )  # fmt: skip
    if "shoulder" not in value:
        half = _half_dose(at, curve.top, curve.bottom, level, curve.slope)
        return None if half is None else dataclasses.replace(curve, half_dose=half)
    other = 10.0 ** value["log_other"]
    curve = dataclasses.replace(
        curve, shoulder=value["shoulder"], half_dose=other, second_half_dose=other,
        second_slope=value["second_slope"],
    )  # fmt: skip
    drop = curve.top - curve.shoulder
    if is_second:
        rest = level - float(four_parameters(at, drop, 0.0, other, curve.slope))
        half = _half_dose(at, curve.shoulder, curve.bottom, rest, curve.second_slope)
        return None if half is None else dataclasses.replace(curve, second_half_dose=half)
    second = float(four_parameters(at, curve.shoulder, curve.bottom, other, curve.second_slope))
    half = _half_dose(at, drop, 0.0, level - second, curve.slope)
    return None if half is None else dataclasses.replace(curve, half_dose=half)


def _half_dose(at: float, top: float, bottom: float, level: float, slope: float) -> float | None:
    """Return the half dose of a fall that passes ``level`` at the dose ``at``."""
    if not bottom < level < top:
        return None
    return float(at * ((level - bottom) / (top - level)) ** (1.0 / slope))


def _interval(minimizer: Any, result: Any) -> tuple[float, float, str]:
    """Return log10 of the 95 % limits of the level dose, and what is to be said of them."""
    if not result.errorbars:
        return math.nan, math.nan, "no interval: the doses do not resolve the fall"
    try:
        with warnings.catch_warnings():
            # A profile that does not reach the level says so by a warning.
            warnings.simplefilter("error")
            profile = lmfit.conf_interval(
                minimizer, result, p_names=["log_level"], sigmas=[CONFIDENCE], maxiter=60
            )
        limits = [float(entry[1]) for entry in profile["log_level"]]
        if np.isfinite([limits[0], limits[-1]]).all():
            return limits[0], limits[-1], ""
    except (lmfit.MinimizerException, ValueError, IndexError, FloatingPointError, Warning):
        pass
    error, centre = result.params["log_level"].stderr, result.params["log_level"].value
    return centre - 1.96 * error, centre + 1.96 * error, "interval from the covariance"
