"""Activity of one dose in many patients at once: exact values, and areas from a table.

All patients of a dose share its time, so that a table over the age of the dose is read at one place
for all of them. The area under the curve is exact at the knots and a cubic Hermite polynomial in
between, whose slopes are the exact activities (docs/pharmacology.md gives its error). Times are
hours since the dose, activities IU/mL.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from abm.pharmacology.kinetics import AbstractDisposition, TransitDisposition

NEGLIGIBLE_ACTIVITY = 1e-5
"""What is left of a dose below this [IU/mL] is dropped (assumption A388)."""
_FIRST_KNOT = 0.05
_GROWTH = 0.02
_STEP_OF_AGEING = 5.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_PER_LITRE = 1e-3


@dataclass(frozen=True)
class Depot:
    """Share absorbed from muscle and rate at which the depot empties [1/h], float64[n] each."""

    bioavailability: np.ndarray
    rate: np.ndarray


class DoseCurves:
    """One dose in ``n`` patients.

    disposition : of all of them (:func:`abm.pharmacology.kinetics.stack`)
    total       : float64[n] [IU]
    length      : of an infusion [h], 0 for none
    longest     : age that will ever be asked for [h]
    end         : age from which the dose counts as gone in all of them [h]
    """

    def __init__(
        self,
        disposition: AbstractDisposition,
        total: np.ndarray,
        *,
        length: float = 0.0,
        depot: Depot | None = None,
        longest: float,
    ) -> None:
        self.disposition = disposition
        self.depot = depot
        self.length = length
        self._scale = total * _PER_LITRE
        if depot is not None:
            self._scale = self._scale * depot.bioavailability
        self._ages = self._choose_knots(longest)
        self._values, self._areas = self._tabulate(np.array(self._ages)[:, None])
        self._cut()
        self._newest = (0.0, np.zeros_like(self._scale))

    def at(self, age: float) -> np.ndarray:
        """Return the activity at one age, float64[n]; 0 before the dose and after ``end``."""
        if age < 0.0 or age > self.end:
            return np.zeros_like(self._scale)
        if self.depot is None:
            value = self._from_vein(np.array([[age]]))[0]
        else:
            index = min(bisect_right(self._ages, age) - 1, len(self._ages) - 2)
            gained, kept = self._absorbed(np.array([self._ages[index]]), np.array([age]))
            value = self._values[index] * kept[0] + gained[0]
        return np.where(age > self._row_ends, 0.0, value)

    def area(self, age: float) -> np.ndarray:
        """Return the area under the activity from the dose to ``age``, float64[n] [h IU/mL]."""
        if age <= 0.0:
            return np.zeros_like(self._scale)
        if age == self._newest[0]:
            return self._newest[1]
        ages = self._ages
        if age >= ages[-1]:
            return np.asarray(self._areas[-1])
        index = bisect_right(ages, age) - 1
        width = ages[index + 1] - ages[index]
        part = (age - ages[index]) / width
        rest = 1.0 - part
        of_end = part * part * (3.0 - 2.0 * part)
        # Written as a step from the knot, so that a dose that is over adds nothing to the last bit.
        area = self._areas[index] + (self._areas[index + 1] - self._areas[index]) * of_end
        area += self._values[index] * (width * part * rest * rest)
        area -= self._values[index + 1] * (width * part * part * rest)
        self._newest = (age, area)
        return area

    def _age_of_nothing(self, longest: float) -> float:
        """Return an age from which nothing is left; a depot splits the bound at half the age."""
        full = self.disposition.bolus(np.zeros((1, 1)))[0] * self._scale
        age = 24.0
        while age < longest:
            since = age if self.depot is None else 0.5 * age
            left = (self.disposition.bolus(np.array([[since]]))[0] * self._scale).max()
            if self.depot is not None:
                left += (full * np.exp(-self.depot.rate * since)).max()
            if left < NEGLIGIBLE_ACTIVITY:
                break
            age *= 1.25
        return min(age + self.length, max(longest, _FIRST_KNOT))

    def _cut(self) -> None:
        """End each patient's dose at the knot from which it is negligible.

        The knot follows from the patient alone, so that nobody depends on whom he is computed with.
        """
        is_held = self._values >= NEGLIGIBLE_ACTIVITY
        n_knots = len(self._ages)
        first_over = n_knots - np.argmax(is_held[::-1], axis=0)
        first_over = np.where(is_held.any(axis=0), first_over, 0)
        last = np.minimum(first_over, n_knots - 1)
        is_over = np.arange(n_knots)[:, None] >= first_over
        at_end = self._areas[last, np.arange(last.shape[0])]
        kept = min(int(last.max()) + 2, n_knots)
        self._row_ends = np.array(self._ages)[last]
        # The slope at the end is none, so that the area does not overshoot behind it.
        self._values = np.where(is_over, 0.0, self._values)[:kept]
        self._areas = np.where(is_over, at_end, self._areas)[:kept]
        self._ages = self._ages[:kept]
        self.end = float(self._row_ends.max())

    def _choose_knots(self, longest: float) -> list[float]:
        """Return ages that grow by a constant share, with a limit where removal accelerates.

        Which ages follows from the kind of dose alone, how many from the patients.
        """
        longest_step = (
            _STEP_OF_AGEING if isinstance(self.disposition, TransitDisposition) else np.inf
        )
        end = self._age_of_nothing(longest)
        knots = [0.0]
        for start, stop in ((0.0, min(self.length, longest)), (self.length, longest)):
            since = _FIRST_KNOT
            while start + since < min(stop, end if start == self.length else stop):
                knots.append(start + since)
                since += min(max(_GROWTH * since, _FIRST_KNOT), longest_step)
            if stop > knots[-1]:
                knots.append(min(start + since, stop))
        return knots

    def _tabulate(self, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return activity and area at the knots, float64[n_knots, n] each."""
        whole = self.disposition.remaining_exposure(np.zeros((1, 1)))
        if self.depot is not None:
            values = self._fill_from_depot(ages[:, 0])
            given = (whole - self.disposition.remaining_exposure(ages)) * self._scale
            return values, np.maximum(given - values / self.depot.rate, 0.0)
        values = self._from_vein(ages)
        if self.length == 0.0:
            areas = (whole - self.disposition.remaining_exposure(ages)) * self._scale
            return values, areas
        middle, half = 0.5 * (ages[1:] + ages[:-1]), 0.5 * (ages[1:] - ages[:-1])
        pieces = np.zeros((ages.shape[0] - 1, self._scale.shape[0]))
        for node, weight in zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True):
            pieces += weight * half * self._from_vein(middle + node * half)
        areas = np.zeros_like(values)
        np.cumsum(pieces, axis=0, out=areas[1:])
        return values, areas

    def _from_vein(self, ages: np.ndarray) -> np.ndarray:
        """Return a bolus, or an infusion as Eq. (P2), at ``ages`` [n_times, 1]."""
        if self.length == 0.0:
            return self.disposition.bolus(ages) * self._scale
        newest = self.disposition.remaining_exposure(np.maximum(ages - self.length, 0.0))
        oldest = self.disposition.remaining_exposure(ages)
        return np.maximum(newest - oldest, 0.0) * (self._scale / self.length)

    def _fill_from_depot(self, ages: np.ndarray) -> np.ndarray:
        """Return the activity at the knots, carried on from one to the next."""
        gained, kept = self._absorbed(ages[:-1], ages[1:])
        values = np.zeros((ages.shape[0], self._scale.shape[0]))
        for index in range(ages.shape[0] - 1):
            np.multiply(values[index], kept[index], out=values[index + 1])
            values[index + 1] += gained[index]
        return values

    def _absorbed(self, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the depot adds between ages and the share kept, float64[n_ages, n] each.

        Eq. (P25): the depot alone follows dC/dt = ka (C_bolus - C), integrated with four nodes.
        """
        assert self.depot is not None
        rate = self.depot.rate
        half = (0.5 * (ends - starts))[:, None]
        gained = np.zeros((starts.shape[0], rate.shape[0]))
        for node, weight in zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True):
            ages = starts[:, None] + half * (1.0 + node)
            decay = np.exp(-rate * (ends[:, None] - ages))
            gained += (weight * half) * decay * self.disposition.bolus(ages)
        return gained * (self._scale * rate), np.exp(-rate * (2.0 * half))
