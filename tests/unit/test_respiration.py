"""Oxygen of a tissue with vessels: its balance, its supply, and parameters at their limits."""

import numpy as np
import pytest

from abm.environment.fluxes import SIGN, Flux
from abm.kernels.cell_layout import CellState
from abm.processes.respiration import RespirationParameters
from abm.state.sites import Species
from abm.units import FMOL_PER_UM_PL
from scenarios.build import build
from scenarios.load import load
from scenarios.session import describe_ledger
from tests.small import BLASTS, cube, finished

CELLS = [BLASTS | {"number": 100, "placement": "random"}]
SPECIES = ["asn", "gln", "glu", "o2"]
MARROW_OXYGEN = 28.0
"""uM, assumption A87."""


def scenario(parameters=None, **changes):
    time = {"end": "30 min", "record": "30 min"}
    return cube(
        {"environment.species": SPECIES, "parameters": parameters or {}, "time": time}
        | {f"environment.{name}": value for name, value in changes.items()},
        cells=CELLS,
    )


def oxygen_of(model):
    return model.state.sites.concentration[Species.O2]


@pytest.mark.parametrize("edges", ["no-flux", "fixed"])
def test_what_flows_in_is_used_or_stays(edges):
    """To round-off with the defect that the solver carries; what is used is what cells can use."""
    model = build(scenario(edges=edges))
    respiration = next(p for p in model.processes if p.name == "respiration")
    sites, volume = model.state.sites, 1e-3 * 20.0**3 * FMOL_PER_UM_PL
    cells = sum(
        population.unit_volume * population.state[CellState.SIZE, : population.n].sum()
        for population in model.state.populations
    )
    for hours in (0.1, 1.0 / 60.0, 0.1):
        before = (oxygen_of(model) + sites.defect[Species.O2]).sum() * volume
        amount = respiration.exchange(model.state, hours).amount.sum(axis=0)
        change = (oxygen_of(model) + sites.defect[Species.O2]).sum() * volume - before
        assert abs(change - (SIGN * amount).sum()) <= 1e-9 * amount.sum()
        assert amount[Flux.VESSEL_IN] > amount[Flux.VESSEL_OUT]
        most = respiration.parameters.consumption * cells * FMOL_PER_UM_PL * hours
        assert 0.9 * most < amount[Flux.UPTAKE] < most


@pytest.mark.parametrize("edges", ["no-flux", "fixed"])
def test_the_books_of_oxygen_close(edges):
    """As those of Asn and Gln do: vessels and faces bring it, cells use it."""
    model = finished(scenario(edges=edges))
    closure = model.ledger.closure(model.state, Species.O2)
    assert closure.relative < 1e-9
    assert closure.relative_without_defect < 1e-5
    flux = {name: fmol for (one, name), fmol in model.ledger.flux.items() if one is Species.O2}
    assert flux["vessel in"] > 0.0 > flux["respiration"]
    assert ("edge" in flux) == (edges == "fixed")
    assert set(flux) <= {"vessel in", "vessel out", "edge", "respiration"}
    assert set(describe_ledger(model)) == {"asn", "gln", "o2"}


def test_rough_steps_of_oxygen_are_counted():
    """With steps that may not be halved far enough, and amino acids that stay put."""
    parameters = {"solver.step_error": 1e-9, "solver.least_step": "3600 s"}
    rough = finished(scenario(parameters, species=["o2"])).ledger.rough_steps
    assert rough >= 5


def test_capillaries_feed_a_marrow_full_of_cells():
    """The bundled niche cut to an eighth: no voxel is anoxic, the mean is that of marrow."""
    size, number = "environment.size=[160 um, 160 um, 160 um]", 15000 // 8
    changes = [
        size, f"cells.0.number={number}", "cells.1.number=5", "treatment={}",
        f"environment.species=[{', '.join(SPECIES)}]", "time={end: 30 min, record: 30 min}",
    ]  # fmt: skip
    oxygen = oxygen_of(finished(load("niche-3d", changes)))
    assert oxygen.min() > 1.0
    assert oxygen.mean() == pytest.approx(MARROW_OXYGEN, rel=0.25)


def test_vessels_alone_bring_the_tissue_to_blood():
    model = finished(scenario({"respiration.consumption": "0 uM/h"}))
    blood = RespirationParameters().blood_oxygen
    assert oxygen_of(model) == pytest.approx(np.full(60, blood), rel=1e-6)


def test_the_exchange_of_amino_acids_is_not_that_of_oxygen():
    """Cells are frozen within an interval, so that oxygen of the first is bit for bit the same."""
    found = []
    for rate in ("0.1 1/s", "4 1/s"):
        model = build(scenario(vessels={"spacing": "80 um", "exchange_rate": rate}))
        model.step()
        found.append(oxygen_of(model).copy())
    assert np.array_equal(*found)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("diffusion.oxygen", ("1 um**2/s", "5000 um**2/s")),
        ("respiration.half_saturation", ("0.05 uM", "1000 uM")),
        ("respiration.consumption", ("0 uM/h", "1e6 uM/h")),
        ("respiration.vessel_exchange", (0, 4)),
        ("respiration.blood_oxygen", ("0 uM", "1000 uM")),
    ],
)
def test_both_ends_of_every_range_run(name, values):
    """And the tissue holds more at the end that supplies more or uses less."""
    low, high = (oxygen_of(finished(scenario({name: value}))) for value in values)
    assert min(low.min(), high.min()) >= 0.0
    uses_more = name == "respiration.consumption"
    assert (low.mean() > high.mean()) if uses_more else (low.mean() < high.mean())
