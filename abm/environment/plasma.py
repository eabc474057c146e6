"""Plasma that feeds the vessels of a tissue: supply by the body, clearance, and the enzyme.

The tissue is a vanishing part of the body, so that it takes nothing from plasma. Eq. (N8) of
docs/model.md:

    dN/dt = s_N - k_N N - V N / (K_m (1 + Q/K_mQ) + N),   V = activity x 60,000 uM/h per IU/mL

and alike for Gln with the glutaminase share; Glu gains what the glutaminase makes.
"""

import math
from dataclasses import dataclass

import numpy as np

from abm.parameters import ParameterSet, parameter
from abm.state.sites import Drug, Species
from abm.units import UM_PER_HOUR_PER_IU_PER_ML

_LONGEST_STEP_H = 1.0 / 60.0


@dataclass(frozen=True, kw_only=True)
class PlasmaParameters(ParameterSet):
    """Turnover of amino acids in plasma; the supply is what keeps the normal value."""

    asn_clearance: float = parameter(
        0.9, unit="1/h", low=1e-3, source="0.75 uM/min over 50 uM; bound of Schore 2019, derived"
    )
    """Clearance of Asn other than by the enzyme; supply = clearance x normal value."""
    gln_clearance: float = parameter(
        2.18, unit="1/h", low=1e-3, source="20 uM/min over 550 uM, Darmaun 1986, from memory"
    )
    """Clearance of Gln, and of Glu that the enzyme makes."""


class Plasma:
    """Concentrations in plasma, float64[n_species] [uM]; ``normal`` without drug."""

    def __init__(self, parameters: PlasmaParameters, normal: np.ndarray) -> None:
        self.parameters = parameters
        self.normal = np.array(normal, float)
        self.concentration = self.normal.copy()

    def advance(self, drug: Drug, hours: float) -> np.ndarray:
        """Advance by ``hours`` under ``drug`` with implicit steps of at most 1 min; return it."""
        n_steps = max(1, math.ceil(hours / _LONGEST_STEP_H - 1e-9))
        dt = hours / n_steps
        clear_asn, clear_gln = self.parameters.asn_clearance, self.parameters.gln_clearance
        full_asn = drug.activity * UM_PER_HOUR_PER_IU_PER_ML
        full_gln = full_asn * drug.glutaminase_share
        km_asn, km_gln = drug.half_saturation_asn, drug.half_saturation_gln
        # Plain numbers: elements of arrays would be several times slower.
        rows = [Species.ASN, Species.GLN, Species.GLU]
        asn, gln, glu = self.concentration[rows].tolist()
        normal_asn, normal_gln, normal_glu = self.normal[rows].tolist()
        for _ in range(n_steps):
            half_asn = km_asn * (1.0 + gln / km_gln)
            half_gln = km_gln * (1.0 + asn / km_asn)
            asn = _implicit_step(asn, normal_asn, clear_asn, full_asn, half_asn, dt)
            gln = _implicit_step(gln, normal_gln, clear_gln, full_gln, half_gln, dt)
            made = full_gln * gln / (half_gln + gln)
            glu = (glu + dt * (clear_gln * normal_glu + made)) / (1.0 + dt * clear_gln)
        self.concentration[rows] = asn, gln, glu
        return self.concentration


def _implicit_step(
    value: float, normal: float, clearance: float, fullest: float, half: float, dt: float
) -> float:
    """Solve u = value + dt (clearance (normal - u) - fullest u / (half + u)) for u >= 0."""
    a = 1.0 + dt * clearance
    c = value + dt * clearance * normal
    b = a * half - c + dt * fullest
    # Root of a u^2 + b u - c half = 0 in the form that does not cancel.
    root = math.sqrt(b * b + 4.0 * a * c * half)
    return 2.0 * c * half / (b + root) if b > 0.0 else (root - b) / (2.0 * a)
