"""A spheroid whose core has no oxygen: the radius that theory gives, and who dies."""

import numpy as np
import pytest
from scipy.optimize import brentq

from abm.environment.reactions import SECONDS_PER_HOUR, DiffusionParameters
from abm.kernels.cell_layout import CellState
from abm.processes.respiration import RespirationParameters
from abm.state.sites import Species
from scenarios.build import build
from scenarios.load import load
from tests.small import run_on

CENTER, SPACING = 200.0, 20.0
SMALL = [
    "cells.0.number=3000", f"environment.size=[{2 * CENTER} um, {2 * CENTER} um, {2 * CENTER} um]",
    f"environment.spacing={SPACING} um", "time={end: 48 h, record: 6 h}",
]  # fmt: skip
OXYGEN = RespirationParameters()


class Look:
    """Cells and oxygen of a spheroid at one time, by the distance from the centre."""

    def __init__(self, model):
        cells = model.state.populations[0]
        self.distance = np.sqrt(sum((cells.live(axis) - CENTER) ** 2 for axis in "xyz"))
        self.hazard = cells.live("hazard").copy()
        # 95 % of the cells of an even ball are within 0.95**(1/3) of its radius.
        self.radius = np.quantile(self.distance, 0.95) / 0.95 ** (1.0 / 3.0)
        volume = 1000.0 * cells.unit_volume * cells.state[CellState.SIZE, : cells.n].sum()
        self.filled = volume / (4.0 / 3.0 * np.pi * self.radius**3)
        shape = model.facts.grid_shape
        self.oxygen = model.state.sites.concentration[Species.O2].reshape(shape).copy()
        place = (np.indices(shape) + 0.5) * SPACING - CENTER
        self.from_center = np.sqrt((place**2).sum(axis=0))

    def at(self, radius):
        """Oxygen [uM] on a sphere around the centre."""
        is_near = np.abs(self.from_center - radius) < SPACING
        line = np.polyfit(self.from_center[is_near] - radius, self.oxygen[is_near], 1)
        return line[1]


def anoxic_radius(edge_oxygen, radius, use):
    """C11c: the r with o_R = q/6D (R^2 - 3 r^2 + 2 r^3/R) [um]; ``use`` is q in uM/s."""
    six_d = 6.0 * DiffusionParameters().oxygen

    def surplus(r):
        return edge_oxygen - use / six_d * (radius**2 - 3.0 * r**2 + 2.0 * r**3 / radius)

    return brentq(surplus, 0.0, radius)


@pytest.fixture(scope="module")
def looks():
    """After an hour, when oxygen is at rest, and at the end."""
    model = run_on(build(load("spheroid", SMALL)), 1.0)
    return Look(model), Look(run_on(model))


def test_anoxic_core_has_the_radius_of_theory(looks):
    """Use is nearly of order zero (K = 1 uM); one voxel, as case C11c asks for."""
    early = looks[0]
    use = early.filled * OXYGEN.consumption / SECONDS_PER_HOUR
    expected = anoxic_radius(early.at(early.radius), early.radius, use)
    n_anoxic = (early.oxygen < OXYGEN.half_saturation).sum()
    found = np.cbrt(3.0 * n_anoxic * SPACING**3 / (4.0 * np.pi))
    assert expected > 2.0 * SPACING
    assert found == pytest.approx(expected, abs=SPACING)


def test_cells_of_the_core_die_and_those_of_the_rim_do_not(looks):
    early, late = looks
    is_core, is_rim = late.distance < 0.5 * late.radius, late.distance > 0.9 * late.radius
    assert late.hazard[is_core].mean() > 10.0 * late.hazard[is_rim].mean()
    inner = 0.5 * early.radius
    before, after = (early.distance < inner).sum(), (late.distance < inner).sum()
    assert after < 0.9 * before
    assert (late.distance > inner).sum() > 1.2 * (early.distance > inner).sum()


def test_more_oxygen_lets_the_core_live():
    scenario = load("spheroid", [*SMALL, "environment.oxygen=0.21", "time={end: 1 h, record: 1 h}"])
    assert Look(run_on(build(scenario))).oxygen.min() > 20.0


def test_without_oxygen_among_the_species_nobody_uses_it():
    changes = [*SMALL, "environment.species=[asn, gln, glu]", "time={end: 1 h, record: 1 h}"]
    model = run_on(build(load("spheroid", changes)))
    oxygen = model.state.sites.concentration[Species.O2]
    assert oxygen.min() == oxygen.max() == pytest.approx(44.9, abs=0.1)
