"""Asparaginase products as data: enzyme, kinetics and their presets, each number with its source.

A kinetics class turns a patient into a disposition (:mod:`abm.pharmacology.kinetics`); a product is
an enzyme with one or more kinetics, one per study where studies disagree, and the spreads between
patients of that study. Adding a product is adding an entry to :data:`PRODUCTS`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.kinetics import rate_of_half_life
from abm.pharmacology.patient import Patient, Sex
from abm.pharmacology.populations import (
    CLEARANCE_EXPONENT,
    MEDAC,
    REFERENCE_WEIGHT,
    WUERTHWEIN,
    AbstractKinetics,
    AllometricKinetics,
    DishKinetics,
    EnzymeConstants,
    SurfaceKinetics,
    TransitKinetics,
)
from abm.pharmacology.variability import Variability

__all__ = [
    "PRODUCTS", "AbstractKinetics", "AllometricKinetics", "DishKinetics", "EnzymeConstants",
    "Patient", "Product", "Sex", "SurfaceKinetics", "TransitKinetics", "find_product",
]  # fmt: skip

_SALZER = "Salzer 2013, Blood 122:507"
_ASPARLAS = "Asparlas label, table 3"


@dataclass(frozen=True, kw_only=True)
class Product:
    """An enzyme that can be given: what it does, where it goes, and where that is known from."""

    id: str
    title: str
    enzyme: EnzymeConstants
    presets: Mapping[str, AbstractKinetics]
    default_preset: str
    sources: tuple[str, ...]
    spreads: Mapping[str, Variability] = field(default_factory=dict)

    @property
    def is_dish_only(self) -> bool:
        """Tell whether no patient can be given this enzyme."""
        return all(isinstance(kinetics, DishKinetics) for kinetics in self.presets.values())

    def variability(self, preset: str | None = None) -> Variability:
        """Return the spreads of ``preset``, none where none are published."""
        self.kinetics(preset)
        return self.spreads.get(preset or self.default_preset, Variability())

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the presets as a plain dict: a proxy cannot be pickled, nor can its model be."""
        return vars(self) | {"presets": dict(self.presets), "spreads": dict(self.spreads)}

    def kinetics(self, preset: str | None = None) -> AbstractKinetics:
        """Return the kinetics of ``preset``, or the default one; ScenarioError if unknown."""
        name = self.default_preset if preset is None else preset
        if name not in self.presets:
            raise ScenarioError(
                f"product {self.id}: no preset '{name}'{units.did_you_mean(name, self.presets)}"
            )
        return self.presets[name]


def _per_70_kg(
    clearance: float, central: float, peripheral: float, exchange: float, *, weight: float
) -> AllometricKinetics:
    """Turn the sizes of a child of ``weight`` kg [L/h, L] into those at 70 kg, Eq. (P12)."""
    size = REFERENCE_WEIGHT / weight
    flow = size**CLEARANCE_EXPONENT
    return AllometricKinetics(
        clearance=clearance * flow,
        central_volume=central * size,
        peripheral_volume=peripheral * size,
        exchange_clearance=exchange * flow,
    )


_FITTED_TO_SHARES = Variability(proportional_error=0.0)
"""Spreads that were fitted to shares of samples hold the error of the assay already (A180)."""
_NATIVE_SPREAD = Variability(
    clearance_sd_log=0.128, volume_sd_log=0.131, peripheral_volume_sd_log=0.703
)
_INFANT_SURFACE = 0.4
_INFANT_VOLUME = 2.21 * _INFANT_SURFACE
_BFM = TransitKinetics(bioavailability=0.82, absorption_half_life=24.0)
_E_COLI_ENZYME = EnzymeConstants()
_ERWINIA_BY_VEIN = SurfaceKinetics(clearance=rate_of_half_life(6.4) * 1.4, central_volume=1.4)
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
                ),
                "dfci-0501": dataclasses.replace(
                    _BFM,
                    transit_clearance=0.82 * _BFM.volume,
                ),
                "infant": dataclasses.replace(
                    _BFM,
                    clearance=0.0592 * _INFANT_VOLUME,
                    volume=_INFANT_VOLUME,
                    transit_clearance=1.127 * _INFANT_VOLUME,
                    reference_surface_area=_INFANT_SURFACE,
                    clearance_per_surface_area=1.0 / _INFANT_SURFACE,
                    volume_per_surface_area=1.0 / _INFANT_SURFACE,
                ),
            }
        ),
        default_preset="bfm",
        sources=(
            WUERTHWEIN,
            "dfci-11001: passage rate 0.75 /d, calibrated to activity at days 18 and 25",
            "dfci-0501: passage rate 0.82 /d, calibrated to Blood 2010;115:1351",
            "infant: half-lives of 11.7 d after the dose and 1.8 d on day 14, Brigitha 2024, Pharm "
            "Res 41:711; volume and spread: assumption A371",
            "intramuscular: assumptions A63, A64",
            "spreads of dfci-11001 and dfci-0501: fitted with their passage rates (A180)",
            "additive assay error of bfm read as 0.102 IU/L: assumption A181",
        ),
        spreads={
            "bfm": Variability(
                clearance_sd_log=0.8083081, proportional_error=0.222, additive_error=0.102e-3
            ),
            "dfci-11001": dataclasses.replace(
                _FITTED_TO_SHARES, clearance_sd_log=0.35, transit_sd_log=0.12
            ),
            "infant": Variability(clearance_sd_log=0.35, transit_sd_log=0.12),
            "dfci-0501": dataclasses.replace(
                _FITTED_TO_SHARES,
                clearance_sd_log=0.35,
                transit_sd_log=0.12,
                inactivated_share=0.05,
            ),
        },
    ),
    Product(
        id="e-coli",
        title="native E. coli asparaginase",
        enzyme=_E_COLI_ENZYME,
        presets=MappingProxyType(
            {"medac": AllometricKinetics(bioavailability=0.5, absorption_half_life=15.0)}
        ),
        default_preset="medac",
        sources=(MEDAC, "intramuscular: assumptions A63, A65"),
        spreads={
            "medac": dataclasses.replace(
                _NATIVE_SPREAD, proportional_error=0.009, additive_error=0.0481
            )
        },
    ),
    Product(
        id="rasnase",
        title="recombinant E. coli asparaginase (Spectrila)",
        enzyme=_E_COLI_ENZYME,
        presets=MappingProxyType({"voller": _per_70_kg(0.0592, 1.18, 0.316, 0.307, weight=19.5)}),
        default_preset="voller",
        sources=(
            "Voller 2018, Cancer Chemother Pharmacol 81:305 (abstract; a child of 19.5 kg)",
            "spreads: those of native E. coli, assumption A182",
        ),
        spreads={"voller": _NATIVE_SPREAD},
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
        sources=(
            _ASPARLAS,
            "scaling by surface area: assumption A66",
            "spreads: fitted to the coefficients of variation of row B1h (A183)",
        ),
        spreads={"label": Variability(clearance_sd_log=0.48, volume_sd_log=0.227)},
    ),
    Product(
        id="erwinaze",
        title="Erwinia chrysanthemi asparaginase",
        enzyme=_ERWINIA_ENZYME,
        presets=MappingProxyType(
            {
                "erwinaze": dataclasses.replace(
                    _ERWINIA_BY_VEIN, bioavailability=0.27, absorption_half_life=16.0
                ),
                "sassen": _ERWINIA_BY_VEIN,
            }
        ),
        default_preset="erwinaze",
        sources=(
            "Albertsen 2001 (half-life 6.4 h), Sassen 2017 (bioavailability)",
            f"{_SALZER}: calibration of this preset",
            "Nguyen 2016, JBC (enzyme); volume: assumption A66",
            "erwinaze: spread of the share absorbed fitted to B1a (A180); without activity: "
            "2 of 59 patients, Tong 2014",
            "sassen (vein only): spreads between patients and doses, Sassen 2017 (abstract)",
        ),
        spreads={
            "erwinaze": dataclasses.replace(
                _FITTED_TO_SHARES, bioavailability_sd_log=0.5, inactivated_share=0.034
            ),
            "sassen": Variability(clearance_sd_log=0.33, occasion_sd_log=0.13),
        },
    ),
    Product(
        id="rylaze",
        title="recombinant Erwinia asparaginase (JZP-458), 1 mg = 1000 IU",
        enzyme=_ERWINIA_ENZYME,
        presets=MappingProxyType(
            {
                "rylaze": SurfaceKinetics(
                    clearance=rate_of_half_life(8.0) * 1.4,
                    central_volume=1.4,
                    bioavailability=0.281,
                    absorption_half_life=11.3,
                )
            }
        ),
        default_preset="rylaze",
        sources=(
            "Maese 2023, Blood 141:704: fitted to B1b",
            "Rylaze label, table 4: fitted to its peak; Blood Adv 2025 9:66: fitted to its "
            "shares above 0.1 IU/mL by vein (90 % at 48 h, 40 % at 72 h)",
            "volume: assumption A66; 25 mg replaces 25,000 IU",
        ),
        spreads={
            "rylaze": dataclasses.replace(
                _FITTED_TO_SHARES,
                clearance_sd_log=0.19,
                bioavailability_sd_log=0.40,
                absorption_sd_log=0.47,
            )
        },
    ),
    Product(
        id="glutaminase-free",
        title="glutaminase-free E. coli asparaginase (like Q59L), only in a dish",
        enzyme=EnzymeConstants(glutaminase_share=0.0),
        presets=MappingProxyType({"dish": DishKinetics()}),
        default_preset="dish",
        sources=("Chan 2014, Blood 123:3596; half-saturation as wild type: assumption A186",),
    ),
)

PRODUCTS: Mapping[str, Product] = MappingProxyType({product.id: product for product in _ALL})
"""All products by id."""


BRANDS: Mapping[str, str] = MappingProxyType(
    {
        "oncaspar": "pegaspargase",
        "asparlas": "calaspargase",
        "erwinase": "erwinaze",
        "crisantaspase": "erwinaze",
        "spectrila": "rasnase",
        "kidrolase": "e-coli",
        "elspar": "e-coli",
    }
)
"""Names on the vial, in lower case, and the product of each."""


def find_product(product_id: object, *, where: str = "product") -> Product:
    """Return the product called ``product_id``.

    Raises ScenarioError that says what a brand is called here, else lists all products: a name that
    only looks alike may be another drug.
    """
    if not isinstance(product_id, str) or product_id not in PRODUCTS:
        name = str(product_id).strip()
        known = BRANDS.get(name.lower(), name.lower())
        if known in PRODUCTS:
            raise ScenarioError(f"{where}: {name} is '{known}' here")
        raise ScenarioError(f"{where}: no product {product_id!r}; there are {', '.join(PRODUCTS)}")
    return PRODUCTS[product_id]
