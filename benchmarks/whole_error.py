"""The error of the whole step: a model by default against one in fine steps from the same start."""

import functools
from collections.abc import Iterator

import numpy as np

from abm.kernels.cell_layout import CellState
from abm.model import PopulationModel
from abm.state.sites import Species
from scenarios.build import build
from scenarios.load import loads

N_CELLS, HOURS, HOURS_QUICK = 1_000, 12.0, 2.0
TIME = "time: {end: 30 d, record: 30 d, checkpoint: 30 d"
FINE_TIME = ", coupling: 1 min"
FINE = """
parameters:
  motion.n_steps: 96
  motion.n_steps_in_space: 96
  motion.displacement_cap: 0.01
  solver.step_error: 0.0001
  solver.change: 1.0e-9
  solver.defect: 1.0e-10
  cell.step_tolerance: 1.0e-5
  cell.step_floor: 0.025 min
"""
"""Steps ten times shorter in cells and motion, six times between cells and field."""
STATES = {"Asn in cells": CellState.ASN, "ASNS": CellState.ASNS, "mTORC1": CellState.MTORC1}


@functools.cache
def whole_error(text: str, is_quick: bool) -> str:
    """Return the largest relative difference of means of the scenario ``text``, in words."""
    hours = HOURS_QUICK if is_quick else HOURS
    assert TIME in text
    plain = _run(text, hours)
    fine = dict(_run(text.replace(TIME, TIME + FINE_TIME) + FINE, hours))
    off = {name: abs(value / fine[name] - 1.0) for name, value in plain}
    worst = sorted(off, key=lambda name: -off[name])[:2]
    told = ", ".join(f"{100 * off[name]:.2g} % in {name}" for name in worst)
    return f"{told} after {hours:g} h, {N_CELLS} cells in fine steps"


def _run(text: str, hours: float) -> list[tuple[str, float]]:
    model = build(loads(text))
    while model.hours < hours - 1e-9:
        model.step()
    return list(_means(model))


def _means(model: PopulationModel) -> Iterator[tuple[str, float]]:
    (population,) = model.state.populations
    yield "number of cells", float(population.n)
    for name, row in STATES.items():
        yield f"mean {name}", float(population.state[row, : population.n].mean())
    for name in ("growth", "pressure"):
        yield f"mean {name}", float(population.live(name).mean())
    for species in (Species.ASN, Species.GLN):
        outside = model.state.sites.concentration[species]
        yield f"mean {species.name.title()} outside", float(np.mean(outside))
