"""Scenario in, model out: every number is resolved here, nothing runs yet."""

import dataclasses
from functools import partial

from abm.clock import Clock
from abm.facts import Facts
from abm.founders import Founders, found
from abm.ledger import Ledger
from abm.lineage import Lineage
from abm.model import Parts, PopulationModel
from abm.processes.cell_parameters import CellParameters
from abm.processes.compaction import Compaction
from abm.processes.fate import CorpseParameters, Fate, FixedRates
from abm.processes.inheritance import Inheritance, InheritanceParameters
from abm.processes.medium_change import MediumChangeParameters
from abm.processes.metabolism import Metabolism
from abm.processes.nutrients import DeadMatterParameters, Nutrients
from abm.processes.process import AbstractProcess
from abm.processes.room import Room, RoomParameters
from abm.processes.traffic import Traffic
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.state import State
from abm.stop import StopRules
from abm.streams import Streams
from abm.units import HOURS_PER_DAY
from abm.watch.plan import WatchParameters
from abm.weighted_founders import found_weighted
from scenarios.batch import Batch
from scenarios.biology import Biology
from scenarios.compound_schedule import describe_compounds, read_schedule
from scenarios.overrides import Overrides
from scenarios.patch import make_patch
from scenarios.schema import Scenario
from scenarios.surroundings import Surroundings
from scenarios.therapy import describe_therapy
from scenarios.watching import make_watch
from scenarios.weighted import (
    WeightParameters,
    has_weighted,
    make_weighted_fate,
    named_entries,
    weighted_founders,
)


def build(scenario: Scenario, batch: Batch | None = None) -> PopulationModel:
    """Return the model of a scenario, ready to step; its seed is that of the scenario.

    ``batch`` makes the patients of a cohort different from each other, one for each replicate.
    """
    return PopulationModel(partial(assemble, scenario, batch=batch), rng=scenario.seed)


def assemble(scenario: Scenario, seed: int, batch: Batch | None = None) -> Parts:
    """Put the parts of a model together for one seed."""
    overrides = Overrides(scenario.parameters)
    streams = Streams(seed)
    cell = overrides.apply("cell", CellParameters())
    body_weight = None if batch is None else batch.body_weight
    cohort = None if batch is None else batch.cohort
    surroundings = Surroundings(scenario, overrides, streams, cell, body_weight, cohort)
    biology = Biology(scenario, overrides, cell, surroundings.medium, surroundings.tissue)
    inheritance_parameters = dataclasses.replace(
        overrides.apply("inheritance", InheritanceParameters()),
        **scenario.inheritance.model_dump(),
    )
    dead_matter = overrides.apply("dead_matter", DeadMatterParameters())
    corpses = overrides.apply("corpses", CorpseParameters())
    residual = overrides.apply("medium_change", MediumChangeParameters()).residual
    compounds = biology.compounds(read_schedule(scenario, residual))
    weights = WeightParameters.read(overrides)
    room = overrides.apply("room", RoomParameters())
    watching = overrides.apply("watch", WatchParameters())
    overrides.refuse_unused()
    is_followed = scenario.replicates == 1 and scenario.cells and not has_weighted(scenario)
    lineage = Lineage() if is_followed else None
    inheritance = Inheritance(inheritance_parameters, streams, lineage)
    state = State(
        surroundings.sites,
        [],
        Clones(),
        n_replicate=scenario.replicates,
        sites_per_replicate=surroundings.sites_per_replicate,
    )
    ledger = Ledger()
    weighted = make_weighted_fate(scenario, weights, inheritance_parameters, streams, ledger, batch)
    fate = Fate(dict(fixed_rates(scenario)), inheritance, streams, corpses, weighted)
    entries = dict(named_entries(scenario))
    for founders in [*fixed_rate_founders(scenario), *biology.founders()]:
        if scenario.is_weighted(entries[founders.name]):
            many = weighted_founders(
                scenario, founders, biology, weights, inheritance_parameters, batch
            )
            found_weighted(state, many, streams)
        else:
            found(state, founders, streams, fate)
    stops = surroundings.stops if compounds is None else (*surroundings.stops, *compounds.stops)
    clock = make_clock(scenario, stops)
    metabolism = Metabolism(
        biology.vectors, biology.exchanges, ledger,
        fitness_cost=inheritance_parameters.fitness_cost,
        synthesis=None if batch is None else batch.synthesis,
    )  # fmt: skip
    processes: list[AbstractProcess] = [
        *surroundings.processes(ledger),
        *biology.processes(metabolism, streams),
        fate,
        Compaction(lineage, round(HOURS_PER_DAY / clock.to_hours(1))),
    ]
    if scenario.environment.kind == "body":
        processes += [Room(room, biology.exchanges), Traffic(weights.traffic, streams)]
    if compounds is not None:
        processes.append(compounds)
    if surroundings.species or biology.kinds:
        processes.append(make_nutrients(surroundings, biology, ledger, dead_matter))
    patch = make_patch(scenario, seed, assemble)
    if patch is not None:
        processes.append(patch)
    for species in ledger.room:
        ledger.closure(state, species)
    stop = StopRules(scenario.stops_when_extinct, scenario.stop_n_cells, scenario.stops_at_relapse)
    facts = make_facts(scenario, surroundings, biology)
    watch = make_watch(scenario, surroundings, watching, facts, streams, batch)
    return Parts(state, clock, streams, processes, stop, lineage, facts, ledger, watch)


def make_nutrients(
    surroundings: Surroundings, biology: Biology, ledger: Ledger, dead_matter: DeadMatterParameters
) -> Nutrients:
    """Return the process that couples the medium with all cells."""
    return Nutrients(
        surroundings.solver(),
        surroundings.species,
        biology.vectors,
        biology.exchanges,
        ledger,
        dead_matter,
        surroundings.plasma,
        surroundings.flux_names,
        None if surroundings.bodies is None else surroundings.bodies.body.exchange_site(),
    )


def make_facts(scenario: Scenario, surroundings: Surroundings, biology: Biology) -> Facts:
    """Return what observers and run.json need to know of the model."""
    resistance_gain = biology.resistance_gain()
    return dataclasses.replace(
        surroundings.facts,
        resistance_gain=resistance_gain,
        asns_high_copies=biology.asns_high_copies(),
        basal_asns=biology.basal_asns(),
        notes=surroundings.facts.notes
        | (dict(describe_therapy(scenario)) if surroundings.bodies is not None else {})
        | {"compounds": describe_compounds(scenario)}
        | biology.describe(resistance_gain),
    )


def make_clock(scenario: Scenario, stops: tuple[int, ...]) -> Clock:
    """Return the clock of a scenario; no interval steps over a tick of ``stops``."""
    time = scenario.time
    return Clock(
        end=time.end_ticks,
        coupling=time.coupling_ticks,
        fate=time.fate_ticks,
        record=time.record_ticks,
        tick_minutes=float(time.tick),
        stops=stops,
    )


def fixed_rates(scenario: Scenario) -> list[tuple[str, FixedRates]]:
    """Return the rates of each population of cells without biology, by name."""
    return [
        (
            f"{entry.type}-{i}",
            FixedRates(
                birth_rate=entry.birth_rate,
                death_rate=entry.death_rate,
                n_stages=entry.clock.erlang,
                mutation_probability=entry.mutation_probability,
            ),
        )
        for i, entry in enumerate(scenario.fixed_rate_cells)
    ]


def fixed_rate_founders(scenario: Scenario) -> list[Founders]:
    """Return the founders of the populations without biology."""
    return [
        Founders(
            name=name,
            cell_type=CellType.CELL,
            number=entry.number,
            groups=frozenset({Group.CORE, Group.CLOCK}),
            n_stages=rates.n_stages,
            barcodes=scenario.barcodes,
        )
        for entry, (name, rates) in zip(
            scenario.fixed_rate_cells, fixed_rates(scenario), strict=True
        )
    ]
