"""Population kinetics: typical values and covariates in, the disposition of one patient out.

A kinetics class turns a patient into a disposition (:mod:`abm.pharmacology.kinetics`). How patients
differ beyond their covariates comes in through :meth:`AbstractKinetics.scaled`.
"""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

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
from abm.pharmacology.patient import Patient, Sex

WUERTHWEIN = (
    "doi:10.1007/s13318-021-00670-8 as coded in PKPDsim pk_pegasparaginase_modified_wurthwein"
)
MEDAC = "Blood 2009;114(22):4803 (population kinetics, 16 patients)"

REFERENCE_WEIGHT = 70.0
CLEARANCE_EXPONENT = 0.75
_LOWEST_COVARIATE_FACTOR = 0.2


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


class Factors(NamedTuple):
    """What one patient has in place of the typical values, as factors on them, Eq. (P16)."""

    clearance: float = 1.0
    volume: float = 1.0
    peripheral_volume: float = 1.0
    transit: float = 1.0
    bioavailability: float = 1.0
    absorption: float = 1.0


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

    @abstractmethod
    def scaled(self, factors: Factors) -> Self:
        """Return the kinetics of a patient who differs by ``factors``, Eq. (P16)."""

    def _scaled_depot(self, factors: Factors) -> dict[str, Any]:
        """Return the two values of the depot; a share absorbed never exceeds 1."""
        return {
            "bioavailability": min(self.bioavailability * factors.bioavailability, 1.0),
            "absorption_half_life": self.absorption_half_life / factors.absorption,
        }

    def _scaled_compartments(self, factors: Factors) -> dict[str, Any]:
        """Return clearance, volumes and depot of two compartments, for kinetics that have them."""
        scales = {
            "clearance": factors.clearance,
            "central_volume": factors.volume,
            "peripheral_volume": factors.peripheral_volume,
        }
        scaled = {name: getattr(self, name) * factor for name, factor in scales.items()}
        return scaled | self._scaled_depot(factors)

    @property
    def absorption_rate(self) -> float:
        """Rate at which the depot empties [1/h]; ScenarioError where the route has no data."""
        if self.bioavailability == 0.0 or self.absorption_half_life == 0.0:
            raise ScenarioError("route im: no intramuscular data for this product; use iv")
        return rate_of_half_life(self.absorption_half_life)


@dataclass(frozen=True, kw_only=True)
class TransitKinetics(AbstractKinetics):
    """Pegaspargase: removal that accelerates as the drug ages, Eq. (P5) and (P11)."""

    clearance: float = parameter(0.0517535, unit="L/d", low=1e-4, high=100.0, source=WUERTHWEIN)
    """Clearance at the reference surface area."""
    volume: float = parameter(1.74477, unit="L", low=0.1, high=20.0, source=WUERTHWEIN)
    """Volume of distribution at the reference surface area."""
    transit_clearance: float = parameter(
        1.09894, unit="L/d", low=0.01, high=10.0, source=WUERTHWEIN
    )
    """Passage from one stage to the next at the reference surface area."""
    n_stages: int = parameter(14, low=1, high=100, source=WUERTHWEIN)
    """Number of stages."""
    reference_surface_area: float = parameter(
        0.79, unit="m**2", low=0.1, high=3.0, source=WUERTHWEIN
    )
    """Surface area of the typical child."""
    clearance_per_surface_area: float = parameter(
        1.44345, unit="1/m**2", high=10.0, source=WUERTHWEIN
    )
    """Relative rise of both clearances per m2 above the reference."""
    volume_per_surface_area: float = parameter(1.56498, unit="1/m**2", high=10.0, source=WUERTHWEIN)
    """Relative rise of the volume per m2 above the reference."""
    ageing_from: float = parameter(8.0, unit="yr", high=120.0, source=WUERTHWEIN)
    """Age above which the clearance rises."""
    clearance_per_year: float = parameter(0.021, unit="1/yr", high=0.2, source=WUERTHWEIN)
    """Relative rise of the clearance per year above that age."""
    female_clearance: float = parameter(
        0.923, low=0.1, high=10.0, source=WUERTHWEIN + "; girls: assumption A61"
    )
    """Clearance of girls relative to boys."""

    def scaled(self, factors: Factors) -> Self:
        """Return Eq. (P16); the passage rate keeps to its factor when the volume changes."""
        return dataclasses.replace(
            self,
            clearance=self.clearance * factors.clearance,
            volume=self.volume * factors.volume,
            transit_clearance=self.transit_clearance * factors.transit * factors.volume,
            **self._scaled_depot(factors),
        )

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

    clearance: float = parameter(0.135, unit="L/h", low=1e-4, high=10.0, source=MEDAC)
    """Clearance at 70 kg."""
    central_volume: float = parameter(4.27, unit="L", low=0.1, high=50.0, source=MEDAC)
    """Central volume at 70 kg."""
    peripheral_volume: float = parameter(0.83, unit="L", low=0.01, high=50.0, source=MEDAC)
    """Peripheral volume at 70 kg."""
    exchange_clearance: float = parameter(0.058, unit="L/h", low=1e-4, high=10.0, source=MEDAC)
    """Exchange between the two volumes at 70 kg."""

    def scaled(self, factors: Factors) -> Self:
        """Return Eq. (P16); the exchange between the volumes is the same in all patients."""
        return dataclasses.replace(self, **self._scaled_compartments(factors))

    def disposition(self, patient: Patient) -> ExponentialDisposition:
        """Return Eq. (P4) with clearances by weight^0.75 and volumes by weight, Eq. (P12)."""
        size = patient.body_weight / REFERENCE_WEIGHT
        flow = size**CLEARANCE_EXPONENT
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

    def scaled(self, factors: Factors) -> Self:
        """Return Eq. (P16); the exchange between the volumes is the same in all patients."""
        return dataclasses.replace(self, **self._scaled_compartments(factors))

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
class DishKinetics(AbstractKinetics):
    """An enzyme of the laboratory that no patient was given: only doses into a dish."""

    def scaled(self, factors: Factors) -> Self:
        """Return itself: a dish has no patients."""
        return self

    def disposition(self, patient: Patient) -> AbstractDisposition:
        """Refuse: raises ScenarioError."""
        raise ScenarioError("this enzyme has no kinetics in patients; use it in a dish")
