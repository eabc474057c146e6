"""Asparaginase products as data: enzyme, kinetics and their presets, each number with its source.

A kinetics class turns a patient into a disposition (:mod:`abm.pharmacology.kinetics`); a product is
an enzyme with one or more kinetics, one per study where studies disagree. Adding a product is
adding an entry to :data:`PRODUCTS`.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from abm import units
from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.kinetics import (
    AbstractDisposition,
    ExponentialDisposition,
    TransitDisposition,
    one_compartment,
    rate_of_half_life,
    two_compartments,
)

_WUERTHWEIN = (
    "doi:10.1007/s13318-021-00670-8 as coded in PKPDsim pk_pegasparaginase_modified_wurthwein"
)
_MEDAC = "Blood 2009;114(22):4803 (population kinetics, 16 patients)"
_SALZER = "Salzer 2013, Blood 122:507"
_ASPARLAS = "Asparlas label, table 3"

_LOWEST_COVARIATE_FACTOR = 0.2
_REFERENCE_WEIGHT = 70.0
_CLEARANCE_EXPONENT = 0.75


class Sex(IntEnum):
    """Sex as the population models code it."""

    FEMALE = 0
    MALE = 1

    @classmethod
    def parse(cls, text: object, *, where: str = "sex") -> "Sex":
        """Read ``f`` or ``m``; raises ScenarioError for anything else."""
        if text in ("f", "m"):
            return cls.FEMALE if text == "f" else cls.MALE
        raise ScenarioError(f"{where}: {text!r} is not known; write f or m")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What of a patient the kinetics read: body surface area [m2], age [yr], sex, weight [kg].

    One of ``bsa`` and ``weight`` may be left out (None) and follows from the other, Eq. (P10).
    Raises ScenarioError for a value out of range or when both are missing.
    """

    bsa: float | None = None
    weight: float | None = None
    age: float = 5.0
    sex: Sex = Sex.MALE

    def __post_init__(self) -> None:
        if self.bsa is None and self.weight is None:
            raise ScenarioError("patient: give bsa (e.g. '0.79 m2') or weight (e.g. '20 kg')")
        for name, value, low, high, unit in (
            ("bsa", self.bsa, 0.15, 3.0, "m2"),
            ("weight", self.weight, 2.0, 250.0, "kg"),
            ("age", self.age, 0.0, 120.0, "yr"),
        ):
            if value is not None and not low <= value <= high:
                raise ScenarioError(
                    f"patient.{name}: {value!r} must lie in [{low:g}, {high:g}] {unit}"
                )

    @property
    def surface_area(self) -> float:
        """Body surface area [m2], from the weight where not given, Eq. (P10)."""
        if self.bsa is not None:
            return self.bsa
        assert self.weight is not None
        return (4.0 * self.weight + 7.0) / (self.weight + 90.0)

    @property
    def body_weight(self) -> float:
        """Weight [kg], from the surface area where not given, Eq. (P10) solved for the weight."""
        if self.weight is not None:
            return self.weight
        assert self.bsa is not None
        return (90.0 * self.bsa - 7.0) / (4.0 - self.bsa)


@dataclass(frozen=True, kw_only=True)
class EnzymeConstants(ParameterSet):
    """What the enzyme does to a solution, per unit of asparaginase activity."""

    half_saturation_asn: float = parameter(
        15.0, unit="uM", low=1.0, high=100.0, source="Derst 2000, Protein Sci"
    )
    """Asn at which hydrolysis runs at half its speed."""
    half_saturation_gln: float = parameter(
        3500.0, unit="uM", low=100.0, high=1e4, source="Derst 2000, Protein Sci"
    )
    """Gln at which its hydrolysis runs at half its speed."""
    glutaminase_share: float = parameter(
        0.019, high=0.2, source="Cancer Res 2018;78:1549 (range), tuned within 0.014-0.03"
    )
    """Activity on Gln as a share of the activity on Asn, both at saturation."""


@dataclass(frozen=True, kw_only=True)
class AbstractKinetics(ParameterSet, ABC):
    """Population values of one product; subclasses make the disposition of a patient."""

    bioavailability: float = parameter(0.0, high=1.0, source="0: no intramuscular data")
    """Share of an intramuscular dose that reaches plasma; 0 where the route has no data."""
    absorption_half_life: float = parameter(
        0.0, unit="h", high=200.0, source="0: no intramuscular data"
    )
    """Half-life of the intramuscular depot."""

    @abstractmethod
    def disposition(self, patient: Patient) -> AbstractDisposition:
        """Return how ``patient`` distributes and removes the drug."""

    @property
    def absorption_rate(self) -> float:
        """Rate at which the depot empties [1/h]; ScenarioError where the route has no data."""
        if self.bioavailability == 0.0 or self.absorption_half_life == 0.0:
            raise ScenarioError("route im: no intramuscular data for this product; use iv")
        return rate_of_half_life(self.absorption_half_life)


@dataclass(frozen=True, kw_only=True)
class TransitKinetics(AbstractKinetics):
    """Pegaspargase: removal that accelerates as the drug ages, Eq. (P5) and (P11)."""

    clearance: float = parameter(0.0517535, unit="L/d", low=1e-4, high=100.0, source=_WUERTHWEIN)
    """Clearance at the reference surface area."""
    volume: float = parameter(1.74477, unit="L", low=0.1, high=20.0, source=_WUERTHWEIN)
    """Volume of distribution at the reference surface area."""
    transit_clearance: float = parameter(
        1.09894, unit="L/d", low=0.01, high=10.0, source=_WUERTHWEIN
    )
    """Passage from one stage to the next at the reference surface area."""
    n_stages: int = parameter(14, low=1, high=100, source=_WUERTHWEIN)
    """Number of stages."""
    reference_surface_area: float = parameter(
        0.79, unit="m**2", low=0.1, high=3.0, source=_WUERTHWEIN
    )
    """Surface area of the typical child."""
    clearance_per_surface_area: float = parameter(
        1.44345, unit="1/m**2", high=10.0, source=_WUERTHWEIN
    )
    """Relative rise of both clearances per m2 above the reference."""
    volume_per_surface_area: float = parameter(
        1.56498, unit="1/m**2", high=10.0, source=_WUERTHWEIN
    )
    """Relative rise of the volume per m2 above the reference."""
    ageing_from: float = parameter(8.0, unit="yr", high=120.0, source=_WUERTHWEIN)
    """Age above which the clearance rises."""
    clearance_per_year: float = parameter(0.021, unit="1/yr", high=0.2, source=_WUERTHWEIN)
    """Relative rise of the clearance per year above that age."""
    female_clearance: float = parameter(
        0.923, low=0.1, high=10.0, source=_WUERTHWEIN + "; girls: assumption A61"
    )
    """Clearance of girls relative to boys."""
    clearance_sd_log: float = parameter(0.8083081, high=3.0, source=_WUERTHWEIN)
    """Spread between patients of the logarithm of the clearance (cohorts only)."""
    transit_sd_log: float = parameter(0.0, high=1.0, source=_WUERTHWEIN)
    """Spread between patients of the logarithm of the passage rate (cohorts only)."""
    inactivated_share: float = parameter(0.0, high=1.0, source=_WUERTHWEIN)
    """Share of patients without activity from the first dose on (cohorts only)."""

    def disposition(self, patient: Patient) -> TransitDisposition:
        """Return Eq. (P5) with the covariates of Eq. (P11)."""
        excess = patient.surface_area - self.reference_surface_area
        clearance_factor = 1.0 + self.clearance_per_surface_area * excess
        volume_factor = 1.0 + self.volume_per_surface_area * excess
        if min(clearance_factor, volume_factor) < _LOWEST_COVARIATE_FACTOR:
            raise ScenarioError(
                f"patient.bsa: {patient.surface_area:g} m2 is below what the pegaspargase model "
                "(children of 8.5 kg and more) can be stretched to; use at least 0.28 m2"
            )
        removal = self.clearance * clearance_factor
        removal *= 1.0 + self.clearance_per_year * max(patient.age - self.ageing_from, 0.0)
        if patient.sex is Sex.FEMALE:
            removal *= self.female_clearance
        volume = self.volume * volume_factor
        transit = self.transit_clearance * clearance_factor
        return TransitDisposition(
            volume=volume,
            removal_rate=removal / volume / units.HOURS_PER_DAY,
            transit_rate=transit / volume / units.HOURS_PER_DAY,
            n_stages=int(self.n_stages),
        )


@dataclass(frozen=True, kw_only=True)
class AllometricKinetics(AbstractKinetics):
    """Native E. coli enzyme: two compartments, sizes by weight, Eq. (P4) and (P12)."""

    clearance: float = parameter(0.135, unit="L/h", low=1e-4, high=10.0, source=_MEDAC)
    """Clearance at 70 kg."""
    central_volume: float = parameter(4.27, unit="L", low=0.1, high=50.0, source=_MEDAC)
    """Central volume at 70 kg."""
    peripheral_volume: float = parameter(0.83, unit="L", low=0.01, high=50.0, source=_MEDAC)
    """Peripheral volume at 70 kg."""
    exchange_clearance: float = parameter(0.058, unit="L/h", low=1e-4, high=10.0, source=_MEDAC)
    """Exchange between the two volumes at 70 kg."""

    def disposition(self, patient: Patient) -> ExponentialDisposition:
        """Return Eq. (P4) with clearances by weight^0.75 and volumes by weight, Eq. (P12)."""
        size = patient.body_weight / _REFERENCE_WEIGHT
        flow = size**_CLEARANCE_EXPONENT
        return two_compartments(
            self.clearance * flow,
            self.central_volume * size,
            self.peripheral_volume * size,
            self.exchange_clearance * flow,
        )


@dataclass(frozen=True, kw_only=True)
class SurfaceKinetics(AbstractKinetics):
    """One or two compartments whose sizes go by surface area, Eq. (P13).

    A peripheral volume of 0 means one compartment.
    """

    clearance: float = parameter(
        0.1, unit="L/h/m**2", low=1e-5, high=10.0, source="PRODUCTS, per product"
    )
    """Clearance per surface area."""
    central_volume: float = parameter(
        1.4, unit="L/m**2", low=0.1, high=50.0, source="PRODUCTS, per product"
    )
    """Central volume per surface area."""
    peripheral_volume: float = parameter(
        0.0, unit="L/m**2", high=50.0, source="PRODUCTS, per product"
    )
    """Peripheral volume per surface area."""
    exchange_clearance: float = parameter(
        0.0, unit="L/h/m**2", high=10.0, source="PRODUCTS, per product"
    )
    """Exchange between the two volumes per surface area."""
    bioavailability_cv: float = parameter(0.0, high=2.0, source="PRODUCTS, per product")
    """Spread between patients of the share absorbed (cohorts only)."""

    def disposition(self, patient: Patient) -> ExponentialDisposition:
        """Return Eq. (P1) or (P4) with all sizes proportional to the surface area."""
        area = patient.surface_area
        if self.peripheral_volume == 0.0:
            return one_compartment(self.clearance * area, self.central_volume * area)
        return two_compartments(
            self.clearance * area,
            self.central_volume * area,
            self.peripheral_volume * area,
            self.exchange_clearance * area,
        )


@dataclass(frozen=True, kw_only=True)
class Product:
    """An enzyme that can be given: what it does, where it goes, and where that is known from."""

    id: str
    title: str
    enzyme: EnzymeConstants
    presets: Mapping[str, AbstractKinetics]
    default_preset: str
    sources: tuple[str, ...]

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the presets as a plain dict: a proxy cannot be pickled, nor can its model be."""
        return vars(self) | {"presets": dict(self.presets)}

    def kinetics(self, preset: str | None = None) -> AbstractKinetics:
        """Return the kinetics of ``preset``, or the default one; ScenarioError if unknown."""
        name = self.default_preset if preset is None else preset
        if name not in self.presets:
            raise ScenarioError(
                f"product {self.id}: no preset '{name}'{units.did_you_mean(name, self.presets)}"
            )
        return self.presets[name]


_BFM = TransitKinetics(bioavailability=0.82, absorption_half_life=24.0)
_E_COLI_ENZYME = EnzymeConstants()
_ERWINIA_ENZYME = EnzymeConstants(
    half_saturation_asn=48.0, half_saturation_gln=360.0, glutaminase_share=0.10
)

_ALL = (
    Product(
        id="pegaspargase",
        title="pegylated E. coli asparaginase (SS-PEG)",
        enzyme=_E_COLI_ENZYME,
        presets=MappingProxyType(
            {
                "bfm": _BFM,
                "dfci-11001": dataclasses.replace(
                    _BFM,
                    transit_clearance=0.75 * _BFM.volume,
                    clearance_sd_log=0.35,
                    transit_sd_log=0.12,
                ),
                "dfci-0501": dataclasses.replace(
                    _BFM,
                    transit_clearance=0.82 * _BFM.volume,
                    clearance_sd_log=0.35,
                    transit_sd_log=0.12,
                    inactivated_share=0.05,
                ),
            }
        ),
        default_preset="bfm",
        sources=(
            _WUERTHWEIN,
            "dfci-11001: passage rate 0.75 /d, calibrated to activity at days 18 and 25",
            "dfci-0501: passage rate 0.82 /d, calibrated to Blood 2010;115:1351",
            "intramuscular: assumptions A63, A64",
        ),
    ),
    Product(
        id="e-coli",
        title="native E. coli asparaginase",
        enzyme=_E_COLI_ENZYME,
        presets=MappingProxyType(
            {"medac": AllometricKinetics(bioavailability=0.5, absorption_half_life=15.0)}
        ),
        default_preset="medac",
        sources=(_MEDAC, "intramuscular: assumptions A63, A65"),
    ),
    Product(
        id="calaspargase",
        title="pegylated E. coli asparaginase, stable linker (SC-PEG)",
        enzyme=_E_COLI_ENZYME,
        presets=MappingProxyType(
            {
                "label": SurfaceKinetics(
                    clearance=0.147 / 1.5 / units.HOURS_PER_DAY,
                    central_volume=2.31 / 1.5,
                    peripheral_volume=0.65 / 1.5,
                    exchange_clearance=0.08 / 1.5 / units.HOURS_PER_DAY,
                )
            }
        ),
        default_preset="label",
        sources=(_ASPARLAS, "scaling by surface area: assumption A66"),
    ),
    Product(
        id="erwinaze",
        title="Erwinia chrysanthemi asparaginase",
        enzyme=_ERWINIA_ENZYME,
        presets=MappingProxyType(
            {
                "erwinaze": SurfaceKinetics(
                    clearance=rate_of_half_life(6.4) * 1.4,
                    central_volume=1.4,
                    bioavailability=0.27,
                    absorption_half_life=16.0,
                    bioavailability_cv=0.5,
                )
            }
        ),
        default_preset="erwinaze",
        sources=(
            "Albertsen 2001 (half-life 6.4 h), Sassen 2017 (bioavailability)",
            f"{_SALZER}: calibration of this preset",
            "Nguyen 2016, JBC (enzyme); volume: assumption A66",
        ),
    ),
)

PRODUCTS: Mapping[str, Product] = MappingProxyType({product.id: product for product in _ALL})
"""All products by id."""


def find_product(product_id: object, *, where: str = "product") -> Product:
    """Return the product called ``product_id``; raises ScenarioError that names the nearest."""
    if not isinstance(product_id, str) or product_id not in PRODUCTS:
        raise ScenarioError(
            f"{where}: no product {product_id!r}{units.did_you_mean(str(product_id), PRODUCTS)}"
        )
    return PRODUCTS[product_id]
