"""Media as data: what a well is filled with and what plasma brings, and the gas above it.

Values are those of the makers' formulations as compiled in Cantor 2017
(doi:10.1016/j.cell.2017.03.023, human plasma-like medium) and of RPMI-1640 (Gibco 11875) and
DMEM high glucose (Gibco 11965). Essential amino acids are Leu + Arg + His.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.state.sites import Species
from abm.units import did_you_mean

_S = Species

MEDIA: Mapping[str, Mapping[Species, float]] = MappingProxyType(
    {
        "RPMI-1640": {
            _S.ASN: 378.8, _S.GLN: 2054.8, _S.GLU: 136.1, _S.ASP: 150.4,
            _S.EAA: 381.7 + 1149.0 + 96.8, _S.SER: 285.7, _S.GLUCOSE: 11111.0,
        },
        "DMEM": {
            _S.ASN: 0.0, _S.GLN: 4000.0, _S.GLU: 0.0, _S.ASP: 0.0,
            _S.EAA: 801.5 + 398.1 + 200.0, _S.SER: 400.0, _S.GLUCOSE: 25000.0,
        },
        "human-plasma": {
            _S.ASN: 50.0, _S.GLN: 550.0, _S.GLU: 80.0, _S.ASP: 20.0,
            _S.EAA: 160.0 + 110.0 + 110.0, _S.SER: 150.0, _S.NH3: 35.0, _S.GLUCOSE: 5000.0,
        },
    }
)  # fmt: skip
"""Concentration of each species [uM]; one that is not named is absent. NH3 of plasma is from
memory (Heitink-Polle 2013). O2 comes from the gas, not from the formulation."""

SERUM: Mapping[Species, float] = MappingProxyType(
    {_S.ASN: 150.0, _S.GLN: 500.0, _S.EAA: 300.0, _S.SER: 200.0, _S.GLUCOSE: 5000.0}
)
"""Undiluted foetal bovine serum that is not dialysed [uM]: Asn 100-200 (assumption A81), Gln and
essential amino acids of the order of plasma (assumption A81), Ser and glucose too (assumption A93).
Dialysed serum brings none."""


@dataclass(frozen=True, kw_only=True)
class GasParameters(ParameterSet):
    """Henry's law for the oxygen that a gas keeps dissolved in the fluid below it."""

    oxygen_solubility: float = parameter(
        1.26, unit="uM/mmHg", low=0.5, high=2.0, source="assumption A90"
    )
    """O2 dissolved in medium or plasma at 37 C per partial pressure."""
    pressure: float = parameter(760.0, unit="mmHg", low=300.0, high=1500.0, source="assumption A90")
    """Pressure of the gas, water vapour included."""
    vapour_pressure: float = parameter(47.0, unit="mmHg", high=100.0, source="assumption A90")
    """Pressure of water vapour at 37 C; O2 is a share of the rest."""

    def oxygen(self, fraction: float) -> float:
        """Return the dissolved O2 [uM] below a gas with this share of O2, Eq. (N10)."""
        return self.oxygen_solubility * fraction * (self.pressure - self.vapour_pressure)


def medium(
    name: str,
    serum_fraction: float = 0.0,
    is_dialysed: bool = True,
    *,
    without: Iterable[Species] = (),
    add: Mapping[Species, float] = MappingProxyType({}),
    oxygen: float = 0.0,
) -> np.ndarray:
    """Return the concentrations of a medium with serum, float64[n_species] [uM].

    Serum takes the place of its share of the medium; what ``without`` names is left out of the
    medium before, what ``add`` names [uM] comes on top of medium and serum; ``oxygen`` [uM] is the
    dissolved O2. Raises ScenarioError for an unknown name.
    """
    if name not in MEDIA:
        raise ScenarioError(f"medium '{name}' is not known{did_you_mean(name, MEDIA)}")
    values = np.zeros(len(Species))
    for species, concentration in MEDIA[name].items():
        values[species] = concentration * (1.0 - serum_fraction)
    values[list(without)] = 0.0
    if not is_dialysed:
        for species, concentration in SERUM.items():
            values[species] += concentration * serum_fraction
    for species, concentration in add.items():
        values[species] += concentration
    values[Species.O2] = oxygen
    return values
