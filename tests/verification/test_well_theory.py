"""Closed-batch depletion by asparaginase (case C13a) in wells and in a uniform tissue."""

import json
from pathlib import Path

import numpy as np
import pytest

from abm.environment.field_solver import TissueSolver
from abm.environment.fluxes import Flux
from abm.environment.reactions import Reactions
from abm.environment.tissue import Tissue
from abm.environment.well import Well, WellSolver
from abm.state.sites import Drug, Species

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "theory_cases.json").read_text(encoding="utf-8")
)["cases"]
CASE = next(case for case in CASES if case["id"] == "C13a")
KM, START = CASE["params"]["Km_uM"], CASE["params"]["S0_uM"]
TICK_MINUTES = 1.0
REACTIONS = Reactions((Species.ASN, Species.ASP, Species.NH3))


def times_and_values(activity):
    """Return minutes and uM of the five points of an activity [IU/mL]."""
    data = CASE["expected"][f"A_{activity:g}_IU_per_mL"]
    most = data["Vmax_uM_per_min"]
    names = data["S_uM_at_frac"]
    shares = [float(name.split("=")[1].split("*")[0]) for name in names]
    return [share * START / most for share in shares], list(names.values())


def start(n_site):
    medium = np.zeros(len(Species))
    u = np.zeros((len(Species), n_site))
    u[Species.ASN] = START
    return medium, u, np.zeros_like(u), np.zeros((4, n_site)), np.zeros_like(u)


@pytest.mark.parametrize("activity", [0.001, 0.01, 0.1, 1.0])
def test_c13a_well(activity):
    medium, u, defect, capacity, release = start(3)
    solver, before = WellSolver(Well(3, 1e8), REACTIONS, medium), 0.0
    drug = Drug(activity, KM, 3500.0, 0.0)
    for minutes, expected in zip(*times_and_values(activity), strict=True):
        hours = (minutes - before) / 60.0
        result = solver.advance(u, defect, capacity, release, np.full(3, activity), hours, drug)
        before = minutes
        assert u[Species.ASN] == pytest.approx(expected, rel=1e-3)
        assert u[Species.ASP] == pytest.approx(START - u[Species.ASN], rel=1e-9)
        assert u[Species.NH3] == pytest.approx(u[Species.ASP], rel=1e-12)
        assert result.amount[Species.ASN, Flux.ENZYME] > 0.0


@pytest.mark.parametrize("activity", [0.001, 0.01])
def test_c13a_uniform_tissue_at_the_tick(activity):
    """Intervals of one tick at most; every voxel the same, within 1 %."""
    tissue = Tissue(6, 5, 10.0, 10.0)
    medium, u, defect, capacity, release = start(tissue.n_site)
    solver, now = TissueSolver(tissue, REACTIONS, medium), 0.0
    drug = Drug(activity, KM, 3500.0, 0.0)
    for minutes, expected in zip(*times_and_values(activity), strict=True):
        while minutes - now > 1e-9:
            step = min(TICK_MINUTES, minutes - now)
            solver.advance(
                u, defect, capacity, release, np.full(tissue.n_site, activity), step / 60.0, drug
            )
            now += step
        assert u[Species.ASN] == pytest.approx(expected, rel=0.01)


def test_a_well_under_drug_with_supply_settles_where_theory_says():
    """Supply J, decay k, enzyme: J = k N + V N/(Km + N) in the end."""
    supply, decay, activity = 45.0, 0.9, 0.001
    reactions = Reactions(
        (Species.ASN,),
        decay=tuple(np.where(np.arange(len(Species)) == Species.ASN, decay, 0.0)),
        supply=tuple(np.where(np.arange(len(Species)) == Species.ASN, supply, 0.0)),
    )
    medium, u, defect, capacity, release = start(1)
    solver = WellSolver(Well(1, 1e8), reactions, medium)
    drug = Drug(activity, 12.0, 3500.0, 0.0)
    for _ in range(20):
        solver.advance(u, defect, capacity, release, np.array([activity]), 1.0, drug)
    most = 60_000.0 * activity
    linear = decay * 12.0 + most - supply
    root = (-linear + np.sqrt(linear**2 + 4 * decay * supply * 12.0)) / (2 * decay)
    assert u[Species.ASN, 0] == pytest.approx(root, rel=1e-6)


def test_wells_do_not_depend_on_each_other():
    """A well alone and the same well among others: the same bits."""
    medium, u, defect, capacity, release = start(5)
    random = np.random.default_rng(3)
    activity, capacity = random.random(5), 1e4 * random.random((4, 5))
    _, v, e, _, quiet = start(1)
    many = WellSolver(Well(5, 1e8), REACTIONS, medium)
    alone = WellSolver(Well(1, 1e8), REACTIONS, medium)
    for _ in range(3):
        many.advance(u, defect, capacity, release, activity, 0.1)
        alone.advance(v, e, capacity[:, 2:3].copy(), quiet, activity[2:3], 0.1)
    assert np.array_equal(u[:, 2], v[:, 0])
