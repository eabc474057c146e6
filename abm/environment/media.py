"""Media as data: what a well is filled with and what plasma brings.

Values are those of the makers' formulations as compiled in Cantor 2017
(doi:10.1016/j.cell.2017.03.023, human plasma-like medium) and of RPMI-1640 (Gibco 11875) and
DMEM high glucose (Gibco 11965). Essential amino acids are Leu + Arg + His.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from abm.errors import ScenarioError
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
memory (Heitink-Polle 2013); O2 is not modelled yet."""

SERUM: Mapping[Species, float] = MappingProxyType({_S.ASN: 150.0, _S.GLN: 500.0, _S.EAA: 300.0})
"""Undiluted foetal bovine serum that is not dialysed [uM]: Asn 100-200 (assumption A81), Gln and
essential amino acids of the order of plasma (assumption A81). Dialysed serum brings none."""


def medium(name: str, serum_fraction: float = 0.0, is_dialysed: bool = True) -> np.ndarray:
    """Return the concentrations of a medium with serum, float64[n_species] [uM].

    Serum takes the place of its share of the medium. Raises ScenarioError for an unknown name.
    """
    if name not in MEDIA:
        raise ScenarioError(f"medium '{name}' is not known{did_you_mean(name, MEDIA)}")
    values = np.zeros(len(Species))
    for species, concentration in MEDIA[name].items():
        values[species] = concentration * (1.0 - serum_fraction)
    if not is_dialysed:
        for species, concentration in SERUM.items():
            values[species] += concentration * serum_fraction
    return values
