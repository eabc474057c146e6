"""The weighted populations of a scenario: founders, kinetics, and the process that needs them."""

import dataclasses
import math

import numpy as np

from abm.environment.body import Compartment
from abm.errors import ScenarioError
from abm.founders import Founders
from abm.founding_growth import HistoryParameters
from abm.ledger import Ledger
from abm.processes.cohort_merge import MergeParameters
from abm.processes.genotypes import Outcomes, outcomes_of
from abm.processes.inheritance import InheritanceParameters
from abm.processes.traffic import TrafficParameters
from abm.processes.weighted_fate import WeightedFate, WeightedKinetics
from abm.processes.weighted_inheritance import PoolParameters, WeightedInheritance
from abm.state.columns import CellType, Group
from abm.streams import Streams
from abm.weighted_founders import WeightedFounders
from abm.weighted_history import Kinship, genotypes_of
from scenarios.batch import Batch
from scenarios.biology import ALLELES, Biology
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.schema.cells import FixedRateCells, MechanisticCells

STAGES_IN_A_DISH = 4
"""Cycle times of cells in culture have a CV of about a half (assumption A310)."""
STAGES_IN_A_BODY = 1
"""Most cells of a tumour that doubles in a week rest; when they cycle is as good as memoryless,
and one stage has an exact transition (assumption A311)."""


@dataclasses.dataclass(frozen=True)
class WeightParameters:
    """The numbers behind weighted populations that a scenario may override."""

    merging: MergeParameters
    pool: PoolParameters
    traffic: TrafficParameters
    history: HistoryParameters

    @classmethod
    def read(cls, overrides: Overrides) -> "WeightParameters":
        """Return them with the overrides of a scenario."""
        return cls(
            overrides.apply("merging", MergeParameters()),
            overrides.apply("pool", PoolParameters()),
            overrides.apply("traffic", TrafficParameters()),
            overrides.apply("history", HistoryParameters()),
        )


def has_weighted(scenario: Scenario) -> bool:
    """Tell whether some cells of a scenario are weighted."""
    return any(scenario.is_weighted(entry) for entry in scenario.cells)


def kinetics_of(scenario: Scenario) -> dict[str, WeightedKinetics]:
    """Return the kinetics of each weighted population, by name."""
    found = {}
    for name, entry in named_entries(scenario):
        if not scenario.is_weighted(entry):
            continue
        if isinstance(entry, FixedRateCells):
            found[name] = WeightedKinetics(
                n_stages=entry.clock.erlang,
                birth_rate=entry.birth_rate,
                death_rate=entry.death_rate,
                mutation_probability=entry.mutation_probability,
                pool_above=float(entry.pool_above),
            )
        else:
            found[name] = WeightedKinetics(
                n_stages=n_stages(scenario, entry),
                death_rate=entry.background_death,
                kill_factor=entry.kill_factor,
                pool_above=float(entry.pool_above),
            )
    return found


def n_stages(scenario: Scenario, entry: MechanisticCells | FixedRateCells) -> int:
    """Return the Erlang stages of the cycle of weighted cells."""
    if isinstance(entry, FixedRateCells):
        return entry.clock.erlang
    if entry.erlang is not None:
        return entry.erlang
    return STAGES_IN_A_BODY if scenario.environment.kind == "body" else STAGES_IN_A_DISH


def named_entries(scenario: Scenario) -> list[tuple[str, MechanisticCells | FixedRateCells]]:
    """Return the entries of ``cells`` with the names of their populations."""
    return [
        *((f"{one.type}-{i}", one) for i, one in enumerate(scenario.fixed_rate_cells)),
        *((f"{one.type}-{i}", one) for i, one in enumerate(scenario.mechanistic_cells)),
    ]


def make_weighted_fate(
    scenario: Scenario,
    parameters: WeightParameters,
    inheritance: InheritanceParameters,
    streams: Streams,
    ledger: Ledger,
    batch: Batch | None,
) -> WeightedFate | None:
    """Return what draws births and deaths of weighted cells; None where there are none."""
    if not has_weighted(scenario):
        return None
    return WeightedFate(
        kinetics_of(scenario),
        WeightedInheritance(inheritance, streams, parameters.pool),
        streams,
        ledger,
        parameters.merging,
        kill=None if batch is None else batch.kill,
    )


def weighted_founders(
    scenario: Scenario,
    founders: Founders,
    biology: Biology,
    parameters: WeightParameters,
    inheritance: InheritanceParameters,
    batch: Batch | None,
) -> WeightedFounders:
    """Return the weighted founders that take the place of single ones.

    What the batch says of the patients' disease holds for tumour cells.
    """
    entry = dict(named_entries(scenario))[founders.name]
    kinship = _kinship(scenario, founders, entry, biology, parameters, inheritance)
    patients = batch if batch is not None and founders.cell_type.is_tumour else Batch(np.zeros(0))
    return WeightedFounders(
        name=founders.name,
        cell_type=founders.cell_type,
        number=founders.number if patients.number is None else patients.number,
        groups=(founders.groups - {Group.CLOCK}) | {Group.WEIGHTED},
        n_stages=n_stages(scenario, entry),
        unit_volume=founders.unit_volume,
        compartments=_compartments(scenario, founders.cell_type, entry, parameters.traffic),
        alleles=founders.alleles if patients.alleles is None else patients.alleles,
        start=_start(founders, biology, kinship, patients.alleles is not None),
        threshold_cv=founders.threshold_cv,
        asns_cv=founders.asns_cv,
        n_asns=entry.strata.asns if isinstance(entry, MechanisticCells) else 1,
        n_threshold=entry.strata.threshold if isinstance(entry, MechanisticCells) else 1,
        division_size_cv=inheritance.division_size_cv,
        replicate_keys=None if batch is None else batch.index,
        set_point=patients.set_point,
        barcodes=founders.barcodes,
        mutants_differ=inheritance.fitness_cost > 0.0 or not isinstance(entry, MechanisticCells),
        kinship=kinship,
    )


def _kinship(
    scenario: Scenario,
    founders: Founders,
    entry: MechanisticCells | FixedRateCells,
    biology: Biology,
    parameters: WeightParameters,
    inheritance: InheritanceParameters,
) -> Kinship | None:
    """Return what mutants of the time before the start are drawn from; None without history.

    Mechanistic founders have grown with their doubling time and died of what else than nutrients
    they die of (assumption A315).
    """
    in_body = scenario.environment.kind == "body"
    by_default = "grown" if in_body and founders.cell_type.is_tumour else "none"
    if (entry.history or by_default) == "none":
        return None
    if isinstance(entry, FixedRateCells):
        chance = np.array([[entry.mutation_probability]])
        outcomes = Outcomes(np.array([-1]), np.ones(1), chance)
        birth, death = entry.birth_rate, entry.death_rate
    else:
        outcomes = outcomes_of(inheritance)
        death = entry.background_death
        birth = math.log(2.0) / biology.doubling_time(founders.name)
    if not outcomes.probability.any():
        return None
    if birth <= death:
        where = scenario.located(f"cells.{scenario.cells.index(entry)}.history")
        raise ScenarioError(
            f"{where}: cells that are born at {birth:g} and die at {death:g} per hour have not "
            f"grown from one: give history: none, or other rates"
        )
    return Kinship(
        birth, death, inheritance.fitness_cost, outcomes, isinstance(entry, MechanisticCells),
        parameters.pool.kept_share, float(scenario.time.tick), parameters.history,
    )  # fmt: skip


def _start(
    founders: Founders, biology: Biology, kinship: Kinship | None, is_any_genotype: bool
) -> dict[tuple[int, float], np.ndarray]:
    """Return the states of all genotypes that founders can have, by alleles and gain."""
    if Group.MECHANISTIC not in founders.groups:
        return {}
    if kinship is not None:
        return biology.start_states(founders.name, genotypes_of(True, 0))
    if is_any_genotype:
        return biology.start_states(founders.name, [(alleles, 1.0) for alleles in ALLELES])
    return {(alleles, 1.0): state for alleles, state in founders.start.items()}


def _compartments(
    scenario: Scenario,
    cell_type: CellType,
    entry: MechanisticCells | FixedRateCells,
    traffic: TrafficParameters,
) -> dict[int, float]:
    """Return the share of founders at each site of a replicate."""
    if scenario.environment.kind != "body":
        return {0: 1.0}
    if entry.compartments is not None:
        return {int(Compartment[k.upper()]): share for k, share in entry.compartments.items()}
    if cell_type.is_tumour:
        return {int(place): float(traffic.shares()[place]) for place in Compartment}
    return {int(Compartment.MARROW): 1.0}
