"""Planned doses, families of enzymes, and what replaces a product after a reaction.

Antibodies do not cross between the E. coli and the Erwinia family. A dose that is replaced becomes
several doses of the other enzyme, as the labels say; times are hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.patient import Patient
from abm.pharmacology.populations import TransitKinetics
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Amount, AmountKind, Route

_DAY = units.HOURS_PER_DAY


class Family(IntEnum):
    """Enzymes that share antibodies; the index of their draws."""

    E_COLI = 0
    ERWINIA = 1


class Traits(NamedTuple):
    """What the course needs to know of a product beyond its kinetics.

    exposure_days : how long one dose exposes the immune system (its usual interval)
    shortest_gap  : least days between doses by the label, 0 where it names none
    """

    family: Family
    is_pegylated: bool
    exposure_days: float
    shortest_gap: float = 0.0


TRAITS: Mapping[str, Traits] = MappingProxyType(
    {
        "e-coli": Traits(Family.E_COLI, False, 3.0),
        "rasnase": Traits(Family.E_COLI, False, 3.0),
        "pegaspargase": Traits(Family.E_COLI, True, 14.0, 14.0),
        "calaspargase": Traits(Family.E_COLI, True, 21.0, 21.0),
        "erwinaze": Traits(Family.ERWINIA, False, 3.5),
        "rylaze": Traits(Family.ERWINIA, False, 3.5),
    }
)
"""By product; exposure lasts one usual interval (assumption A372), gaps by the labels."""


@dataclass(frozen=True, kw_only=True)
class PlannedDose:
    """One dose of the plan for all patients; whoever may not have it is found on its day.

    only_if_mrd_at_least : given only to patients whose MRD is known and not below this share
    Raises ScenarioError for a product, preset or route that no patient can be given.
    """

    product: str
    amount: Amount
    route: Route
    hour: float
    preset: str | None = None
    infusion_hours: float = 0.0
    phase: str = ""
    only_if_mrd_at_least: float = 0.0

    def __post_init__(self) -> None:
        product = find_product(self.product, where="dose.product")
        kinetics = product.kinetics(self.preset)
        where = f"dose of {self.product} at {self.hour / _DAY:g} d"
        if product.is_dish_only or self.route is Route.DISH:
            raise ScenarioError(f"{where}: has no route into a patient; it is for a dish")
        if self.amount.kind is AmountKind.PER_VOLUME:
            raise ScenarioError(f"{where}: IU/mL is for wells; a patient gets IU/m2, IU/kg or IU")
        if self.route is Route.IM and kinetics.bioavailability == 0.0:
            raise ScenarioError(f"{where}: there is no intramuscular data; use route iv")
        if self.route is Route.IM and self.infusion_hours > 0.0:
            raise ScenarioError(f"{where}: an infusion contradicts route im")
        if not self.hour >= 0.0 or not self.infusion_hours >= 0.0:
            raise ScenarioError(f"{where}: time and infusion must be zero or more")

    def to_list(self) -> list[Any]:
        """Return plain numbers and text, for a checkpoint."""
        return [
            self.product, self.amount.value, int(self.amount.kind), int(self.route), self.hour,
            self.preset, self.infusion_hours, self.phase, self.only_if_mrd_at_least,
        ]  # fmt: skip

    @classmethod
    def from_list(cls, values: Sequence[Any]) -> "PlannedDose":
        """Return the dose of :meth:`to_list`."""
        product, value, kind, route, hour, preset, infusion, phase, mrd = values
        return cls(
            product=product, amount=Amount(value, AmountKind(kind)), route=Route(route), hour=hour,
            preset=preset, infusion_hours=infusion, phase=phase, only_if_mrd_at_least=mrd,
        )  # fmt: skip


_MON_WED_FRI = (0.0, 2.0, 4.0, 7.0, 9.0, 11.0, 14.0, 16.0, 18.0)
_STRENGTHS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"erwinaze": (25e3, 25e3, 25e3), "rylaze": (25e3, 25e3, 50e3)}
)
_N_DOSES: Mapping[str, int] = MappingProxyType(
    {"pegaspargase": 6, "calaspargase": 9, "e-coli": 1, "rasnase": 1}
)
SUBSTITUTES = tuple(_STRENGTHS)
"""Products that can replace an enzyme of the E. coli family."""


def replacement(dose: PlannedDose, product: str, start: float) -> tuple[PlannedDose, ...]:
    """Return the doses of ``product`` that replace ``dose``, the first at hour ``start``.

    Six for one of pegaspargase and one for one of native enzyme (Erwinaze label, Salzer 2013), 25,
    25 and 50 mg/m2 on Monday, Wednesday and Friday for recombinant Erwinia enzyme (Rylaze label);
    nine for one of calaspargase (assumption A374). Raises ScenarioError for another product.
    """
    if product not in _STRENGTHS:
        raise ScenarioError(
            f"switch to {product!r}: {units.did_you_mean(product, _STRENGTHS).lstrip('; ')}"
        )
    n_doses = _N_DOSES.get(dose.product, 1)
    strengths = _STRENGTHS[product]
    return tuple(
        PlannedDose(
            product=product,
            amount=Amount(strengths[i % len(strengths)], AmountKind.PER_SURFACE_AREA),
            route=Route.IM,
            hour=start + _MON_WED_FRI[i] * _DAY,
            phase=dose.phase,
        )
        for i in range(n_doses)
    )


def interval_warnings(doses: Sequence[PlannedDose]) -> list[str]:
    """Return one line per pair of doses that are closer than the label of the product allows."""
    found = []
    last: dict[str, float] = {}
    for dose in sorted(doses, key=lambda one: one.hour):
        gap = TRAITS[dose.product].shortest_gap
        days = (dose.hour - last.get(dose.product, -1e9)) / _DAY
        if days < gap - 1e-9:
            found.append(
                f"{dose.product} on day {dose.hour / _DAY:g}: {days:g} d after the dose before; "
                f"the label asks for {gap:g} d or more"
            )
        last[dose.product] = dose.hour
    return found


class Studied(NamedTuple):
    """Ages [yr] and surface areas [m2] in which the kinetics of a product were estimated."""

    ages: tuple[float, float]
    areas: tuple[float, float] = (0.42, 2.3)


STUDIED: Mapping[str, Studied] = MappingProxyType(
    {
        "pegaspargase infant": Studied((0.0, 1.0), (0.2, 0.55)),
        "pegaspargase": Studied((1.0, 18.0)),
        "calaspargase": Studied((1.0, 21.0)),
        "e-coli": Studied((1.0, 18.0)),
        "rasnase": Studied((1.0, 18.0)),
        "erwinaze": Studied((1.0, 18.0)),
        "rylaze": Studied((1.0, 25.0)),
    }
)
"""By product, or product and preset; without a range in the source that of children (A375)."""
_MOST_AGE_FACTOR = 2.0


def covariate_warnings(product: str, preset: str | None, patient: Patient) -> list[str]:
    """Return one line per covariate outside the patients that the kinetics were estimated in.

    Raises ScenarioError where the model gives no number: surface area too small, or an age at which
    the clearance would be stretched to more than twice that of a child.
    """
    kinetics = find_product(product).kinetics(preset)
    kinetics.disposition(patient)
    slope = getattr(kinetics, "clearance_per_year", 0.0)
    if slope > 0.0:
        assert isinstance(kinetics, TransitKinetics)
        oldest = kinetics.ageing_from + (_MOST_AGE_FACTOR - 1.0) / slope
        if patient.age > oldest:
            raise ScenarioError(
                f"patient.age: {patient.age:g} yr is outside the covariate model of {product}, "
                f"whose clearance rises with age as in children: at most {oldest:.0f} yr"
            )
    studied = STUDIED.get(f"{product} {preset}", STUDIED[product])
    low, high = studied.ages
    found = []
    if not low <= patient.age <= high:
        found.append(
            f"{product}: age {patient.age:g} yr is outside the {low:g} to {high:g} yr that the "
            "kinetics were estimated in; the result is an extrapolation"
        )
    low, high = studied.areas
    if not low <= patient.surface_area <= high:
        found.append(
            f"{product}: {patient.surface_area:.3g} m2 is outside the {low:g} to {high:g} m2 that "
            "the kinetics were estimated in; the result is an extrapolation"
        )
    return found
