"""Mechanistic cells, one agent each, double when their line says."""

import math

import pytest

from abm.kernels.cell_layout import CellState
from scenarios.build import build
from tests.small import BLASTS, run_on, well

DOUBLING_H = 36.0


@pytest.fixture(scope="module")
def culture():
    """Blasts without spread in RPMI-1640 that never changes; numbers and mass by time."""
    changes = {
        "environment.clamp": ["asn", "gln", "glu"], "environment.serum": {"fraction": 0.0},
        "environment.volume": "100 uL", "time.end": "48 h", "time.record": "24 h",
    }  # fmt: skip
    founders = BLASTS | {
        "number": 3000, "doubling_time": f"{DOUBLING_H} h", "threshold_cv": 0, "asns_cv": 0,
        "methylated_alleles": {"0": 1.0},
    }  # fmt: skip
    model = build(well(changes, cells=[founders]))
    population = model.state.populations[0]
    found = {}
    for hours in (0.0, 12.0, 36.0, 48.0):
        run_on(model, hours)
        mass = float(population.state[CellState.SIZE, : population.n].sum())
        found[hours] = (population.n, mass)
    return model, found


def test_numbers_and_mass_double_in_one_doubling_time(culture):
    """Founders out of step (density 2/M^2): numbers grow like mass from the start."""
    _, found = culture
    for hours in (12.0, 36.0, 48.0):
        for which, allowed in ((0, 0.03), (1, 0.01)):
            ratio = found[hours][which] / found[0.0][which]
            assert ratio == pytest.approx(2.0 ** (hours / DOUBLING_H), rel=allowed)


def test_mean_size_stays_that_of_cells_out_of_step(culture):
    """2 ln 2 over 1 + cv^2: numbers flow through size M as M^2 n(M) = E[d; M < d < 2 M].

    Founders drawn as 2/M^2 up to their own size at division would all divide once in a doubling
    time, and numbers would run 5 % ahead of mass.
    """
    _, found = culture
    for n, mass in found.values():
        assert mass / n == pytest.approx(2.0 * math.log(2.0) / (1.0 + 0.1**2), rel=0.015)


def test_the_clamped_medium_does_not_move(culture):
    model, _ = culture
    fresh = build(well({"environment.serum": {"fraction": 0.0}})).state.sites.concentration
    assert fresh[0, 0] == pytest.approx(378.4, rel=0.01)
    assert model.state.sites.concentration[:3, 0].tolist() == fresh[:3, 0].tolist()
