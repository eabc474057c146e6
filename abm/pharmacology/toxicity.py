"""Toxicity that ends or interrupts the enzyme: censoring of the treatment, nothing more.

Each kind has a constant hazard per day under enzyme, Eq. (P27), so that a patient who gets none is
at no risk. What a toxicity does to the rest of the patient is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from abm import units
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.cohort import Cohort
from abm.streams import Stream

_DAY = units.HOURS_PER_DAY
_RANK = "Rank 2020, doi:10.1200/JCO.19.02208 (NOPHO ALL2008, 2448 patients)"
_THROMBOSIS = "Rank 2018, Blood 131:2475 (NOPHO ALL2008, 1772 patients)"
_ALL11 = "DCOG ALL-11, abstract (hyperbilirubinaemia grade 3-4 in intensification)"


class Toxicity(IntEnum):
    """Kinds of toxicity that stop doses."""

    PANCREATITIS = 0
    THROMBOSIS = 1
    HEPATOTOXICITY = 2


@dataclass(frozen=True, kw_only=True)
class ToxicityParameters(ParameterSet):
    """Incidence over a course and what follows."""

    pancreatitis: float = parameter(0.07, high=0.9, source=_RANK + ": 7.0 % below 10 yr")
    """Share of children with pancreatitis over a whole course."""
    pancreatitis_older: float = parameter(1.6, low=0.1, high=10.0, source=_RANK)
    """Hazard from ten years on, relative to younger children."""
    thrombosis: float = parameter(
        0.034, high=0.9, source=_THROMBOSIS + "; 7.9 % in all, split by age: assumption A376"
    )
    """Share of children with thrombosis over a whole course."""
    thrombosis_older: float = parameter(4.9, low=0.1, high=20.0, source=_THROMBOSIS)
    """Hazard from ten years on, relative to younger children."""
    thrombosis_stops: float = parameter(38.0 / 128.0, high=1.0, source=_THROMBOSIS)
    """Share of thromboses after which the enzyme is not given again."""
    hepatotoxicity: float = parameter(0.03, high=0.9, source=_ALL11)
    """Share of children whose liver interrupts the enzyme over a whole course."""
    hepatotoxicity_older: float = parameter(2.0, low=0.1, high=20.0, source="assumption A377")
    """Hazard from ten years on, relative to younger children."""
    course_days: float = parameter(200.0, unit="d", low=1.0, high=2000.0, source="assumption A376")
    """Days under enzyme in the course that the shares refer to."""
    interruption: float = parameter(28.0, unit="d", high=1000.0, source="assumption A378")
    """Days without doses after a toxicity that does not end them."""
    older_from: float = parameter(10.0, unit="yr", low=1.0, high=100.0, source=_RANK)
    """Age from which the hazard is that of older patients."""


class ToxicityClock:
    """Days under enzyme of ``n`` patients, and the toxicities that come with them.

    days         : float64[3, n], days under enzyme until each kind, infinite for none
    is_final     : bool[3, n], whether it ends the enzyme for good
    is_ended     : bool[n], who gets no more enzyme
    paused_until : float64[n], hour until which an interruption lasts
    """

    def __init__(self, cohort: Cohort, parameters: ToxicityParameters, *, is_on: bool) -> None:
        """Draw for every patient; without ``is_on`` nobody has any toxicity."""
        n = cohort.n_patients
        self.parameters = parameters
        self.days = np.full((len(Toxicity), n), np.inf)
        self.is_final = np.zeros(self.days.shape, np.bool_)
        self.exposed_days = np.zeros(n)
        self.exposed_until = np.full(n, -np.inf)
        self.is_ended = np.zeros(n, np.bool_)
        self.paused_until = np.full(n, -np.inf)
        if is_on:
            self._draw(cohort)

    def _draw(self, cohort: Cohort) -> None:
        given = self.parameters
        is_older = np.array([who.age for who in cohort.patients]) >= given.older_from
        ends = {Toxicity.PANCREATITIS: 1.0, Toxicity.THROMBOSIS: given.thrombosis_stops}
        for kind in Toxicity:
            name = kind.name.lower()
            share, older = getattr(given, name), getattr(given, f"{name}_older")
            waiting, coin = cohort.uniforms(Stream.PATIENT_TOXICITY, draw=int(kind))
            if share > 0.0:
                hazard = -np.log1p(-share) / given.course_days
                self.days[kind] = -np.log(waiting) / (hazard * np.where(is_older, older, 1.0))
            self.is_final[kind] = coin < ends.get(kind, 0.0)

    def is_stopped(self, hour: float) -> np.ndarray:
        """Tell who gets no dose at ``hour``, bool[n]."""
        return np.asarray(self.is_ended | (self.paused_until > hour))

    def expose(self, rows: np.ndarray, hour: float, days: float) -> list[tuple[float, int, int]]:
        """Count ``days`` under enzyme from ``hour`` on in the patients ``rows``.

        Days that were counted before are not counted twice. Returns hour, patient and kind of the
        toxicities that fall into them.
        """
        start = np.maximum(self.exposed_until[rows], hour)
        end = hour + days * _DAY
        added = np.maximum(end - start, 0.0) / _DAY
        waits = self.days[:, rows] - self.exposed_days[rows]
        kinds, places = np.nonzero((waits > 0.0) & (waits <= added))
        found = [
            (float(start[i] + waits[kind, i] * _DAY), int(rows[i]), kind)
            for kind, i in zip(kinds.tolist(), places.tolist(), strict=True)
        ]
        self.exposed_days[rows] += added
        self.exposed_until[rows] = np.maximum(self.exposed_until[rows], end)
        return found

    def strike(self, row: int, kind: int, hour: float) -> bool:
        """Let a toxicity act on the doses of a patient; tell whether it ends the enzyme."""
        is_final = bool(self.is_final[kind, row])
        self.is_ended[row] = is_final
        if not is_final:
            self.paused_until[row] = hour + self.parameters.interruption * _DAY
        return is_final

    def snapshot(self) -> dict[str, Any]:
        """Return what a checkpoint needs beyond the draws."""
        names = ("exposed_days", "exposed_until", "is_ended", "paused_until")
        return {name: getattr(self, name).tolist() for name in names}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Return to a snapshot."""
        for name, values in snapshot.items():
            setattr(self, name, np.array(values, getattr(self, name).dtype))
