"""C21: a culture that grows exponentially uses up a nutrient at a constant rate per cell."""

import math

import numpy as np
import pytest

from abm.environment.reactions import Reactions, TransportParameters
from abm.environment.well import Well, WellSolver
from abm.state.sites import N_UPTAKE, Species
from abm.units import FMOL_PER_UM_PL
from tests.theory import case

PL_PER_ML = 1e9
NEARLY_ZERO_ORDER = 1e-3
"""Half-saturation of the uptake [uM]: of zero order until next to nothing is left."""


class Culture:
    """The well solver, with the exact number of cells over each interval."""

    def __init__(self, interval=1.0):
        self.params = case("C21")["params"]
        self.interval = interval
        self.growth = math.log(2.0) / self.params["doubling_h"]
        transport = TransportParameters(half_saturation_asn=NEARLY_ZERO_ORDER)
        medium = np.zeros(len(Species))
        medium[Species.ASN] = self.params["S0_uM"]
        self.solver = WellSolver(
            Well(1, PL_PER_ML), Reactions((Species.ASN,), transport=transport), medium
        )
        self.concentration = medium[:, None].copy()
        self.defect = np.zeros_like(self.concentration)
        self.hours, self.taken = 0.0, 0.0

    def advance(self):
        """Advance by one interval; a cell takes ``capacity * exposure``."""
        # 1 uM mL per cell and hour = 1e-3 uM L = 1e6 fmol.
        per_cell = self.params["q_uM_mL_per_cell_h"] * FMOL_PER_UM_PL * PL_PER_ML
        n_start = self.params["N0_per_mL"] * math.exp(self.growth * self.hours)
        grown = math.expm1(self.growth * self.interval) / (self.growth * self.interval)
        capacity = np.zeros((N_UPTAKE, 1))
        capacity[0] = per_cell * n_start * grown
        result = self.solver.advance(
            self.concentration, self.defect, capacity, np.zeros_like(self.concentration),
            np.zeros(1), self.interval,
        )  # fmt: skip
        self.taken += float(capacity[0, 0] * result.exposure[0, 0])
        self.hours += self.interval

    @property
    def left(self):
        """Concentration [uM]."""
        return float(self.concentration[Species.ASN, 0])


@pytest.mark.parametrize("interval", [0.5, 2.0])
def test_the_nutrient_falls_as_in_the_closed_form(interval):
    culture, expected = Culture(interval), case("C21")["expected"]
    found = {}
    while culture.hours < 72.0:
        culture.advance()
        found[culture.hours] = culture.left
    assert found[24.0] == pytest.approx(expected["S_24h"], rel=1e-4)
    assert found[72.0] == pytest.approx(expected["S_72h"], rel=1e-4)
    params = culture.params
    for hours, left in found.items():
        used = params["q_uM_mL_per_cell_h"] * params["N0_per_mL"] / culture.growth
        exact = params["S0_uM"] - used * math.expm1(culture.growth * hours)
        assert left == pytest.approx(exact, rel=1e-4)


def test_it_is_exhausted_when_theory_says_and_no_mole_is_lost():
    culture, expected = Culture(interval=0.25), case("C21")["expected"]
    start = culture.params["S0_uM"] * FMOL_PER_UM_PL * PL_PER_ML
    while culture.left > NEARLY_ZERO_ORDER:
        assert culture.hours < 200.0
        culture.advance()
        held = (culture.left + culture.defect[Species.ASN, 0]) * FMOL_PER_UM_PL * PL_PER_ML
        assert culture.taken + held == pytest.approx(start, rel=1e-6)
    assert culture.hours == pytest.approx(expected["t_exhaust_h"], rel=0.01)
    assert culture.left >= 0.0
