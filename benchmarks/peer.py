"""G10: a whole model of cells in a well against the same cells as Mesa agents."""

import copy
from collections.abc import Callable

import numpy as np

from abm.kernels.cell_layout import CellCondition
from abm.model import PopulationModel
from abm.processes.cell_parameters import CellParameters
from abm.state.sites import Species
from abm.streams import Streams
from benchmarks import accuracy
from benchmarks.mesa_peer import MesaWell, as_rows
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio
from scenarios.build import build
from scenarios.load import loads
from tests.naive import cell as naive
from tests.naive.cell_bench import NAIVE_PARAMETERS

WELL = """asnsim: 1
description: blasts in a well without Asn, for the benchmarks
environment:
  kind: well
  volume: 100 uL
  medium: RPMI-1640
  species: [asn, gln, glu]
  clamp: [asn, gln, glu]
  initial: {{asn: "0"}}
cells:
  - type: blast
    line: default-blast
    number: {number}
    methylated_alleles: {{0: 0.5, 2: 0.5}}
    threshold_cv: 0.25
    asns_cv: 0.3
time: {{end: 30 d, record: 30 d, checkpoint: 30 d}}
stop: []
seed: 1
"""
_UNITS = {row.name: row.unit for row in CellParameters.rows()}
NUMBERS = (
    f"parameters.line.default-blast.asns_set_point={naive.BLAST['Z_0']}",
    *(f"parameters.cell.{one}={value} {_UNITS[one]}" for one, value in NAIVE_PARAMETERS.items()),
)
"""Those of the reference code, which the agents step with."""
HOURS = 0.1
WARM_UP = 360
"""Steps before the comparison: 36 h without Asn, when cells divide and die."""
N_CHECK, FINE_STEPS = 10, 200
"""Steps over which births, deaths and states are compared; explicit steps of the reference."""
N_REFERENCE = 24
"""Cells of the reference."""


def measure(effort: Effort) -> list[Row]:
    """Return G10 for the same cells, and ours with many cells."""
    few, many = (200, 20_000) if effort.is_quick else (2_000, 100_000)
    model, large = (_warm(n, effort) for n in (few, many))
    n_steps = _steps_of_peer(model)
    remark, errors = _check(model, n_steps)
    peer = _peer(model, n_steps)
    sides = [
        Side("Mesa", _step(peer, lambda: len(peer.agents)), is_gated=False),
        Side("ours", _step(model, lambda: _population(model).n), is_gated=False),
        Side("ours, many", _step(large, lambda: _population(large).n), is_gated=False),
    ]
    samples = compare(sides, effort)
    times = ", ".join(f"{name} {one.median * 1e6:.3g}" for name, one in samples.items())
    return [
        timed("G10", f"one mesa.Agent per cell / ours, whole step, {few} cells in a well, 1 "
              f"thread; the agents make {n_steps} explicit steps in 6 min",
              ratio(samples, "Mesa", "ours"), floor=50, goal=100, accuracy=errors,
              remark=f"us per cell and step: {times}; {remark}"),
        timed("G10", f"the agents as before / ours with {many} cells",
              ratio(samples, "Mesa", "ours, many"), accuracy=errors),
    ]  # fmt: skip


def _warm(number: int, effort: Effort) -> PopulationModel:
    model = build(loads(WELL.format(number=number), overrides=NUMBERS))
    for _ in range(WARM_UP):
        model.step()
    return model


def _population(model: PopulationModel):  # type: ignore[no-untyped-def]
    (population,) = model.state.populations
    return population


def _step(model, count: Callable[[], int]) -> Callable[[], float]:  # type: ignore[no-untyped-def]
    def run() -> float:
        n = count()
        model.step()
        return float(n)

    return run


def _steps_of_peer(model: PopulationModel) -> int:
    """Return the evaluations that our kernel makes on average: two in each sub-step."""
    return max(2, round(2.0 * float(_population(model).live("substeps").mean())))


def _peer(model: PopulationModel, n_steps: int) -> MesaWell:
    population = _population(model)
    conditions = {p.name: p for p in model.processes}["metabolism"].exchanges[population.name]
    found = conditions.conditions[:, : population.n]
    neutral = {CellCondition.CROWDING: 1.0, CellCondition.SYNTHESIS: 1.0, CellCondition.PERK: 0.0}
    for row, value in neutral.items():
        assert np.all(found[row] == value), f"{row.name} is not {value}: the peer has no such rule"
    here = model.state.sites.concentration[:, 0] * 1e-3
    medium = {name: float(here[Species[name.upper()]]) for name in ("asn", "gln", "glu", "eaa")}
    rate = model.facts.notes["translation_rate_per_h"][population.name]
    numbers = naive.NUMBERS | naive.SWITCHES | naive.BLAST | {"k_s": rate}
    return MesaWell(
        population, medium, numbers, Streams(model.run_seed), HOURS, n_steps, model.clock.tick
    )


def _check(model: PopulationModel, n_steps: int) -> tuple[str, str]:
    """Let copies of both sides make the same steps; return what was compared, and the errors.

    The states of cells that neither divided nor died are compared with those of agents that make
    many small steps. Raises AssertionError where births or deaths differ by more than the few
    cells whose size or hazard lies at the threshold.
    """
    ours, peer, fine = copy.deepcopy(model), _peer(model, n_steps), _peer(model, FINE_STEPS)
    keys = sorted(fine.states())[:N_REFERENCE]
    for agent in list(fine.agents):
        if agent.key not in keys:
            agent.remove()
    counters = ours.state.counters
    before = int(counters.births.sum()), int(counters.deaths.sum())
    for _ in range(N_CHECK):
        for one in (ours, peer, fine):
            one.step()
    events = int(counters.births.sum()) - before[0], int(counters.deaths.sum()) - before[1]
    for own, other in zip(events, (peer.births, peer.deaths), strict=True):
        assert abs(own - other) <= 2 + 0.1 * own, f"{own} events against {other} of the agents"
    exact, theirs = fine.states(), peer.states()
    population = _population(ours)
    own_rows = dict(zip(population.live("random_key").tolist(), as_rows(population), strict=True))
    common = [key for key in exact if key in theirs and key in own_rows]
    reference = np.array([exact[key] for key in common])
    errors = [
        accuracy.error(np.array([rows[key] for key in common]), reference)
        for rows in (own_rows, theirs)
    ]
    remark = (
        f"births, deaths in {N_CHECK} steps: {events[0]}, {events[1]} ours, "
        f"{peer.births}, {peer.deaths} agents"
    )
    return remark, f"{N_CHECK} steps: ours {errors[0]}; agents {errors[1]}"
