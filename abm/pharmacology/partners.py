"""Partner drugs: independent log-linear kill of tumour cells, Eq. (P28).

Every dose of a drug takes a fixed share of the decimal logarithm of the number of cells, spread
over the hours in which the drug acts, and every patient has one factor on all of it. Kinetics,
resistance and cell cycle of these drugs are left out. Times are in hours.
"""

import bisect
import copy
import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from abm import units
from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.cohort import Cohort
from abm.streams import Stream

_DAY = units.HOURS_PER_DAY
_WEEK = 7.0 * _DAY
_LN10 = float(np.log(10.0))


@dataclass(frozen=True, kw_only=True)
class PartnerParameters(ParameterSet):
    """Kill of each class of drugs in decimal logarithms."""

    steroid: float = parameter(0.08, unit="1/d", high=2.0, source="assumption A380")
    """Per day of a steroid."""
    vincristine: float = parameter(0.25, high=5.0, source="assumption A380")
    """Per dose of vincristine."""
    anthracycline: float = parameter(0.3, high=5.0, source="assumption A380")
    """Per dose of an anthracycline."""
    antimetabolite: float = parameter(0.3, high=5.0, source="assumption A380")
    """Per week of intensive antimetabolites (with cyclophosphamide or high-dose methotrexate)."""
    maintenance: float = parameter(0.2, high=5.0, source="assumption A381")
    """Per week of oral mercaptopurine and methotrexate."""
    factor_sd_log: float = parameter(0.35, high=3.0, source="assumption A380")
    """Spread between patients of the logarithm of the factor on all kill."""
    acting_hours: float = parameter(72.0, unit="h", low=1.0, high=1000.0, source="assumption A382")
    """Hours over which one dose acts."""
    antibody_share: float = parameter(
        10.6 / 17.7, high=1.0, source="Yang 2012, Blood 119:1658 (clearance); kill: assumption A389"
    )
    """Exposure to dexamethasone under antibodies over that without them."""


class Span(Enum):
    """What the number of a drug counts."""

    DAY = _DAY
    WEEK = _WEEK
    DOSE = 0.0


class PartnerDrug(NamedTuple):
    """One drug: class of its kill in :class:`PartnerParameters`, and what is counted."""

    kill: str
    span: Span
    title: str


PARTNERS: Mapping[str, PartnerDrug] = MappingProxyType(
    {
        "prednisone": PartnerDrug("steroid", Span.DAY, "prednisone or prednisolone"),
        "dexamethasone": PartnerDrug("steroid", Span.DAY, "dexamethasone"),
        "vincristine": PartnerDrug("vincristine", Span.DOSE, "vincristine"),
        "daunorubicin": PartnerDrug("anthracycline", Span.DOSE, "daunorubicin"),
        "doxorubicin": PartnerDrug("anthracycline", Span.DOSE, "doxorubicin"),
        "antimetabolites": PartnerDrug(
            "antimetabolite", Span.WEEK, "weeks of cytarabine, mercaptopurine, methotrexate"
        ),
        "maintenance": PartnerDrug(
            "maintenance", Span.WEEK, "weeks of oral mercaptopurine and methotrexate"
        ),
    }
)
"""All partner drugs by name."""


@dataclass(frozen=True, kw_only=True)
class PartnerCourse:
    """One drug at ``hours`` (single doses), or from ``start`` to ``end`` (days or weeks).

    Raises ScenarioError for an unknown drug and for times that do not fit it.
    """

    drug: str
    hours: tuple[float, ...] = ()
    start: float = 0.0
    end: float = 0.0
    phase: str = ""

    def __post_init__(self) -> None:
        if self.drug not in PARTNERS:
            raise ScenarioError(f"partner {self.drug!r}{units.did_you_mean(self.drug, PARTNERS)}")
        is_dose = PARTNERS[self.drug].span is Span.DOSE
        if is_dose != bool(self.hours) or is_dose == (self.end > self.start):
            wanted = "times of doses (at)" if is_dose else "a start and a later end (from, until)"
            raise ScenarioError(f"partner {self.drug}: needs {wanted}")
        if min(self.hours, default=0.0) < 0.0 or self.start < 0.0:
            raise ScenarioError(f"partner {self.drug}: times must be zero or more")


class PartnerKill:
    """The kill of all courses as a function of time, with one factor per patient.

    factor : float64[n], lognormal with median 1 (all one where nothing is drawn)
    """

    def __init__(
        self,
        courses: Sequence[PartnerCourse],
        cohort: Cohort,
        parameters: PartnerParameters,
        *,
        is_drawn: bool,
    ) -> None:
        self.parameters = parameters
        self.factor = np.ones(cohort.n_patients)
        if is_drawn:
            normal = cohort.normals(Stream.PATIENT_PARTNERS)[0]
            self.factor = np.exp(parameters.factor_sd_log * normal)
        self._set(courses)

    def _set(self, courses: Sequence[PartnerCourse]) -> None:
        self.courses = tuple(courses)
        self._dexamethasone = _Ramp(self._windows(is_dexamethasone=True))
        self._others = _Ramp(self._windows(is_dexamethasone=False))

    def part(self, start: float, end: float) -> "PartnerKill":
        """Return the same with nothing before ``start`` and nothing new from ``end`` on."""
        courses = []
        for one in self.courses:
            hours = tuple(hour for hour in one.hours if start <= hour < end)
            low, high = max(one.start, start), min(one.end, end)
            if hours or (not one.hours and high > low):
                if not hours:
                    one = dataclasses.replace(one, start=low, end=high)
                courses.append(dataclasses.replace(one, hours=hours))
        return self._with(courses)

    def after(self, before: "PartnerKill", hour: float) -> "PartnerKill":
        """Return the kill of ``before`` until ``hour`` and of this one from there on.

        What was given before goes on acting; kill that follows itself brings nothing new.
        """
        if before is not self and before.courses == self.courses:
            return self
        past = before.part(0.0, hour).courses
        own = () if before is self else self.part(hour, math.inf).courses
        return self._with([*past, *own])

    def _with(self, courses: Sequence[PartnerCourse]) -> "PartnerKill":
        found = copy.copy(self)
        found._set(courses)
        return found

    @property
    def stops(self) -> tuple[float, ...]:
        """Hours at which the kill changes."""
        return tuple(sorted({*self._dexamethasone.hours, *self._others.hours}))

    def hazard(self, start: float, end: float, has_antibodies: np.ndarray) -> np.ndarray:
        """Return the mean death rate over an interval, float64[n] [1/h]."""
        other = self._others.rise(start, end)
        steroid = self._dexamethasone.rise(start, end)
        if other == 0.0 and steroid == 0.0:
            return np.zeros_like(self.factor)
        share = self.parameters.antibody_share
        logs = other + steroid * np.where(has_antibodies, share, 1.0)
        return np.asarray(self.factor * logs * (_LN10 / (end - start)))

    def _windows(self, *, is_dexamethasone: bool) -> list[tuple[float, float, float]]:
        """Return start, end and decimal logarithms of every stretch of kill."""
        found = []
        for course in self.courses:
            if (course.drug == "dexamethasone") is not is_dexamethasone:
                continue
            drug = PARTNERS[course.drug]
            kill = float(getattr(self.parameters, drug.kill))
            if drug.span is Span.DOSE:
                acting = self.parameters.acting_hours
                found += [(hour, hour + acting, kill) for hour in course.hours]
            else:
                amount = kill * (course.end - course.start) / drug.span.value
                found.append((course.start, course.end, amount))
        return found


class _Ramp:
    """Kill up to a time: straight lines between the hours at which a stretch starts or ends."""

    def __init__(self, windows: Sequence[tuple[float, float, float]]) -> None:
        self.hours = sorted({hour for start, end, _ in windows for hour in (start, end)})
        self.totals = [
            sum(
                amount * min(max((hour - start) / (end - start), 0.0), 1.0)
                for start, end, amount in windows
            )
            for hour in self.hours
        ]

    def rise(self, start: float, end: float) -> float:
        """Return the decimal logarithms between two hours."""
        if not self.hours or end <= self.hours[0] or start >= self.hours[-1]:
            return 0.0
        return self._total(end) - self._total(start)

    def _total(self, hour: float) -> float:
        index = bisect.bisect_right(self.hours, hour)
        if index == 0:
            return 0.0
        if index == len(self.hours):
            return self.totals[-1]
        before, after = self.hours[index - 1], self.hours[index]
        part = (hour - before) / (after - before)
        return self.totals[index - 1] + part * (self.totals[index] - self.totals[index - 1])
