"""Dose-response curves as a laboratory fits them: four parameters, IC50 with interval, GR50, area.

Asparaginase takes Asn at low and Gln at high doses, so that the curve of a cell with synthetase
has a shoulder between two falls; four parameters then miss the half. Where two falls describe the
wells clearly better they are fitted instead, and the curve says so.

A fit that does not converge, or a curve that never comes to the level that is asked for, gives no
number: the field is NaN and ``message`` says why.
"""

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_DOSES = 4
"""Doses above zero that four parameters need at least."""
_FLAT_RATIO = 10.0
"""Doses over which a response that stays the same is called flat: one decade."""
_RELATIVE_TOLERANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class DoseCurve:
    """A fitted curve from ``top`` to ``bottom`` with its half at ``half_dose``.

    With a shoulder there are two falls: from ``top`` to ``shoulder`` at ``half_dose``, and from
    there to ``bottom`` at ``second_half_dose``. ``level_dose`` is the dose at which the curve
    passes ``level`` (the IC50 for viability and level 0.5, the GR50 for GR values), with its 95 %
    interval; NaN where ``message`` says why.
    """

    is_converged: bool
    message: str
    level: float
    level_dose: float = math.nan
    low: float = math.nan
    high: float = math.nan
    top: float = math.nan
    bottom: float = math.nan
    half_dose: float = math.nan
    slope: float = math.nan
    shoulder: float = math.nan
    second_half_dose: float = math.nan
    second_slope: float = math.nan
    r_squared: float = math.nan

    @property
    def has_shoulder(self) -> bool:
        """Whether the curve has two falls."""
        return math.isfinite(self.shoulder)

    def __call__(self, dose: ArrayLike) -> NDArray[np.float64]:
        """Return the response at ``dose``."""
        if not self.has_shoulder:
            return four_parameters(dose, self.top, self.bottom, self.half_dose, self.slope)
        first = four_parameters(dose, self.top - self.shoulder, 0.0, self.half_dose, self.slope)
        return first + four_parameters(
            dose, self.shoulder, self.bottom, self.second_half_dose, self.second_slope
        )


class Wells(NamedTuple):
    """Dose and response of each well, float64[n]; dose 0 is the vehicle."""

    dose: NDArray[np.float64]
    response: NDArray[np.float64]

    @classmethod
    def of(cls, dose: ArrayLike, response: ArrayLike) -> "Wells":
        """Make arrays; raises ValueError for values that are not finite."""
        wells = cls(np.asarray(dose, np.float64), np.asarray(response, np.float64))
        if not (np.isfinite(wells.dose).all() and np.isfinite(wells.response).all()):
            raise ValueError("dose and response must be finite")
        return wells

    @property
    def tested(self) -> NDArray[np.float64]:
        """Doses above zero, in order."""
        return np.unique(self.dose[self.dose > 0.0])

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean response of each tested dose."""
        return np.array([self.response[self.dose == one].mean() for one in self.tested])


def four_parameters(
    dose: ArrayLike, top: float, bottom: float, half_dose: float, slope: float
) -> NDArray[np.float64]:
    """Return ``bottom + (top - bottom) / (1 + (dose / half_dose)**slope)``; ``top`` at dose 0."""
    dose = np.asarray(dose, dtype=np.float64)
    with np.errstate(over="ignore"):
        return bottom + (top - bottom) / (1.0 + (dose / half_dose) ** slope)


def fit_dose_curve(dose: ArrayLike, response: ArrayLike, *, level: float = 0.5) -> DoseCurve:
    """Fit a curve by least squares and find where it passes ``level``.

    dose, response : float64[n], one entry per well; dose 0 is the vehicle and holds the top

    The interval is that of the profile of the residuals, at 95 %. Raises ValueError for fewer than
    four doses above zero or values that are not finite.
    """
    from analysis import dose_fits

    wells = Wells.of(dose, response)
    if wells.tested.shape[0] < FEWEST_DOSES:
        raise ValueError(f"a curve of four parameters needs {FEWEST_DOSES} doses above zero")
    return dose_fits.fit(wells, level)


def passing_dose(dose: ArrayLike, response: ArrayLike, level: float = 0.5) -> float:
    """Return the first dose at which the mean response falls through ``level``, without a model.

    Interpolated on log dose between the doses around; NaN where the response stays above, or
    begins below.
    """
    wells = Wells.of(dose, response)
    tested, mean = np.log(wells.tested), wells.means
    below = np.flatnonzero(mean <= level)
    if not below.shape[0] or below[0] == 0:
        return math.nan
    i = int(below[0])
    share = (mean[i - 1] - level) / (mean[i - 1] - mean[i])
    return float(math.exp((1.0 - share) * tested[i - 1] + share * tested[i]))


def flat_doses(
    dose: ArrayLike, response: ArrayLike, margin: float, level: float = 0.5
) -> tuple[float, float] | None:
    """Return the ends of the widest range of doses whose mean responses lie near ``level``.

    Near is nearer than ``margin``. None where that range is shorter than one decade: then the
    response passes the level, and does not rest there.
    """
    wells = Wells.of(dose, response)
    tested = wells.tested
    is_near = np.abs(wells.means - level) < margin
    best: tuple[float, float] | None = None
    for first in range(tested.shape[0]):
        away = np.flatnonzero(~is_near[first:])
        n_near = int(away[0]) if away.shape[0] else tested.shape[0] - first
        if n_near == 0:
            continue
        ends = float(tested[first]), float(tested[first + n_near - 1])
        # The tolerance takes a dilution by ten for a whole decade.
        is_flat = ends[1] >= _FLAT_RATIO * ends[0] * (1.0 - _RELATIVE_TOLERANCE)
        if is_flat and (best is None or ends[1] / ends[0] > best[1] / best[0]):
            best = ends
    return best


def response_at(dose: ArrayLike, response: ArrayLike, at: float) -> float:
    """Return the mean response at a dose, interpolated on log dose; NaN outside of the doses."""
    wells = Wells.of(dose, response)
    tested = wells.tested
    if not tested.shape[0] or not tested[0] <= at <= tested[-1]:
        return math.nan
    return float(np.interp(math.log(at), np.log(tested), wells.means))


def area_under_curve(dose: ArrayLike, response: ArrayLike) -> float:
    """Return the mean response over the logarithm of dose between lowest and highest dose.

    1 is no effect, 0 no cell left at any dose. Trapezium rule over the mean of each dose.
    """
    wells = Wells.of(dose, response)
    tested = wells.tested
    if tested.shape[0] < 2:
        raise ValueError("an area needs two doses above zero")
    x = np.log(tested)
    return float(np.trapezoid(wells.means, x) / (x[-1] - x[0]))


def growth_rate_inhibition(signal: ArrayLike, start: float, control: float) -> NDArray[np.float64]:
    """Return GR = 2**(log2(signal/start) / log2(control/start)) - 1 (Hafner 2016 Nat Methods).

    ``start`` is the signal when the drug is given, ``control`` that of the vehicle at the end:
    1 as the vehicle, 0 arrest, below 0 loss of cells. Raises ValueError where the control has not
    grown.
    """
    if not control > start > 0.0:
        raise ValueError("GR values need a control that grows")
    floor = np.finfo(np.float64).tiny
    ratio = np.log2(np.maximum(np.asarray(signal, np.float64), floor) / start)
    return np.exp2(ratio / math.log2(control / start)) - 1.0
