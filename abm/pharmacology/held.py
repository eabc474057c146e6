"""Doses that still act: one table per dose, dropped when nothing is left of it.

``at`` and ``mixture`` superpose them, Eq. (P8), and combine products by Eq. (P14), for all patients
at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from abm.pharmacology.cohort import Cohort
from abm.pharmacology.curves import Depot, DoseCurves
from abm.pharmacology.kinetics import stack
from abm.pharmacology.plan import TRAITS, Family, PlannedDose
from abm.pharmacology.populations import AbstractKinetics, EnzymeConstants, Factors
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Route

_LONGEST_AGE = 24.0 * 400.0
"""Nothing of any dose is left after so long [h]; the end of the run must not matter."""


class PatientMixture(NamedTuple):
    """What all enzymes do together, float64[n] each: IU/mL, uM, uM, share."""

    activity: np.ndarray
    half_saturation_asn: np.ndarray
    half_saturation_gln: np.ndarray
    glutaminase_share: np.ndarray


class Given(NamedTuple):
    """One dose as it was given: float64 per row of ``rows`` (indices of patients)."""

    dose: PlannedDose
    rows: np.ndarray
    total: np.ndarray
    clearance: np.ndarray
    volume: np.ndarray


@dataclass
class _Held:
    given: Given
    curves: DoseCurves
    cap: np.ndarray
    """Area at which an antibody ended the dose, infinite where none did, float64[n_rows]."""
    ended: float = np.inf
    """Hour from which no patient has anything left of it because of antibodies."""


class HeldDoses:
    """The doses of all patients that still act.

    is_drawn : whether patients differ beyond their covariates
    end_hour : last hour that will be asked for
    """

    def __init__(self, cohort: Cohort, *, is_drawn: bool, end_hour: float) -> None:
        self.cohort, self.is_drawn, self.end_hour = cohort, is_drawn, end_hour
        self.default = EnzymeConstants()
        self._held: list[_Held] = []
        self._individuals: dict[tuple[str, str | None], list[AbstractKinetics]] = {}

    def individuals(self, product: str, preset: str | None) -> list[AbstractKinetics]:
        """Return the kinetics of every patient under one preset."""
        key = (product, preset)
        if key not in self._individuals:
            found = find_product(product)
            kinetics = found.kinetics(preset)
            if self.is_drawn:
                own = list(self.cohort.individuals(kinetics, found.variability(preset)))
            else:
                own = [kinetics] * self.cohort.n_patients
            self._individuals[key] = own
        return self._individuals[key]

    def give(self, given: Given) -> None:
        """Let a dose act from its own hour on; raises ScenarioError for uncovered patients."""
        dose = given.dose
        own = self.individuals(dose.product, dose.preset)
        kinetics = [
            own[row]
            if clearance == 1.0 and volume == 1.0
            else own[row].scaled(Factors(clearance=clearance, volume=volume))
            for row, clearance, volume in zip(
                given.rows.tolist(), given.clearance.tolist(), given.volume.tolist(), strict=True
            )
        ]
        patients = [self.cohort.patients[row] for row in given.rows.tolist()]
        depot = None
        if dose.route is Route.IM:
            depot = Depot(
                np.array([one.bioavailability for one in kinetics]),
                np.array([one.absorption_rate for one in kinetics]),
            )
        curves = DoseCurves(
            stack([one.disposition(who) for one, who in zip(kinetics, patients, strict=True)]),
            given.total,
            length=dose.infusion_hours,
            depot=depot,
            longest=_LONGEST_AGE,
        )
        self._held.append(_Held(given, curves, np.full(given.rows.shape, np.inf)))

    def neutralise(self, is_hit: np.ndarray, family: Family, hour: float) -> None:
        """End all activity of a family in the patients ``is_hit`` (bool[n]) from ``hour`` on."""
        for held in self._held:
            if TRAITS[held.given.dose.product].family is family:
                hit = is_hit[held.given.rows] & np.isinf(held.cap)
                if hit.any():
                    held.cap[hit] = held.curves.area(hour - held.given.dose.hour)[hit]
                if np.isinf(held.ended) and np.isfinite(held.cap).all():
                    held.ended = hour

    def drop_before(self, hour: float) -> None:
        """Forget doses of which nothing is left at ``hour``."""
        self._held = [
            held
            for held in self._held
            if min(held.given.dose.hour + held.curves.end, held.ended) > hour
        ]

    def at(self, hour: float) -> np.ndarray:
        """Return the activity at one hour, float64[n] [IU/mL], of all doses given so far."""
        total = np.zeros(self.cohort.n_patients)
        for held in self._held:
            age = hour - held.given.dose.hour
            value = held.curves.at(age)
            if np.isfinite(held.cap).any():
                value = np.where(held.curves.area(age) < held.cap, value, 0.0)
            total[held.given.rows] += value
        return total

    def mixture(self, start: float, end: float) -> PatientMixture:
        """Return the mean over ``[start, end]``; constants as in Eq. (P14)."""
        by_product: dict[str, np.ndarray] = {}
        n = self.cohort.n_patients
        for held in self._held:
            area = self._area(held, start, end)
            product = held.given.dose.product
            if product not in by_product:
                by_product[product] = np.zeros(n)
            by_product[product][held.given.rows] += area
        # In the order of names: that in which the batch met them differs between batches.
        in_order = {product: by_product[product] for product in sorted(by_product)}
        return _mix(in_order, n, 1.0 / (end - start), self.default)

    def snapshot(self) -> list[list[Any]]:
        """Return plain numbers, text and lists."""
        return [
            [
                held.given.dose.to_list(),
                *(column.tolist() for column in held.given[1:]),
                held.cap.tolist(),
                held.ended,
            ]
            for held in self._held
        ]

    def restore(self, snapshot: Sequence[Sequence[Any]]) -> None:
        """Return to a snapshot; the tables are made anew and have the same bits."""
        self._held = []
        for dose, rows, total, clearance, volume, cap, ended in snapshot:
            columns = [np.array(column, float) for column in (total, clearance, volume)]
            self.give(Given(PlannedDose.from_list(dose), np.array(rows, np.int64), *columns))
            self._held[-1].cap[:] = cap
            self._held[-1].ended = ended

    @staticmethod
    def _area(held: _Held, start: float, end: float) -> np.ndarray:
        hour = held.given.dose.hour
        if end <= hour:
            return np.zeros(held.given.rows.shape)
        before, after = held.curves.area(start - hour), held.curves.area(end - hour)
        if np.isfinite(held.cap).any():
            return np.minimum(after, held.cap) - np.minimum(before, held.cap)
        return after - before


def _mix(
    areas: Mapping[str, np.ndarray], n: int, per_hour: float, default: EnzymeConstants
) -> PatientMixture:
    """Combine products by Eq. (P14); who has one of them has its own constants, to the bit."""
    asn, gln, share = (
        np.full(n, number)
        for number in (
            default.half_saturation_asn, default.half_saturation_gln, default.glutaminase_share
        )
    )  # fmt: skip
    total, slope_asn, on_gln, slope_gln = (np.zeros(n) for _ in range(4))
    for product, area in areas.items():
        enzyme = find_product(product).enzyme
        total += area
        slope_asn += area / enzyme.half_saturation_asn
        on_gln += area * enzyme.glutaminase_share
        slope_gln += area * (enzyme.glutaminase_share / enzyme.half_saturation_gln)
    is_mixed = total > 0.0
    for product, area in areas.items():
        enzyme = find_product(product).enzyme
        is_alone = is_mixed & (area == total)
        asn[is_alone] = enzyme.half_saturation_asn
        gln[is_alone] = enzyme.half_saturation_gln
        share[is_alone] = enzyme.glutaminase_share
        is_mixed &= ~is_alone
    if is_mixed.any():
        asn[is_mixed] = total[is_mixed] / slope_asn[is_mixed]
        gln[is_mixed] = on_gln[is_mixed] / slope_gln[is_mixed]
        share[is_mixed] = on_gln[is_mixed] / total[is_mixed]
    return PatientMixture(total * per_hour, asn, gln, share)
