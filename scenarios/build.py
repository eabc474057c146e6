"""Scenario in, model out: every number is resolved here, nothing runs yet."""

import dataclasses
from functools import partial

from abm.clock import Clock
from abm.facts import Facts
from abm.founders import Founders, found
from abm.ledger import BOOKED, Ledger
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
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.state import State
from abm.stop import StopRules
from abm.streams import Streams
from abm.units import HOURS_PER_DAY
from scenarios.biology import Biology
from scenarios.compound_schedule import describe_compounds, read_schedule
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.surroundings import Surroundings


def build(scenario: Scenario) -> PopulationModel:
    """Return the model of a scenario, ready to step; its seed is that of the scenario."""
    return PopulationModel(partial(assemble, scenario), rng=scenario.seed)


def assemble(scenario: Scenario, seed: int) -> Parts:
    """Put the parts of a model together for one seed."""
    overrides = Overrides(scenario.parameters)
    streams = Streams(seed)
    cell = overrides.apply("cell", CellParameters())
    surroundings = Surroundings(scenario, overrides, streams, cell)
    biology = Biology(scenario, overrides, cell, surroundings.medium, surroundings.tissue)
    inheritance_parameters = dataclasses.replace(
        overrides.apply("inheritance", InheritanceParameters()),
        **scenario.inheritance.model_dump(),
    )
    dead_matter = overrides.apply("dead_matter", DeadMatterParameters())
    corpses = overrides.apply("corpses", CorpseParameters())
    residual = overrides.apply("medium_change", MediumChangeParameters()).residual
    compounds = biology.compounds(read_schedule(scenario, residual))
    overrides.refuse_unused()
    lineage = Lineage() if scenario.replicates == 1 and scenario.cells else None
    inheritance = Inheritance(inheritance_parameters, streams, lineage)
    state = State(surroundings.sites, [], Clones(), n_replicate=scenario.replicates)
    fate = Fate(dict(fixed_rates(scenario)), inheritance, streams, corpses)
    for founders in [*fixed_rate_founders(scenario), *biology.founders()]:
        found(state, founders, streams, fate)
    stops = surroundings.stops if compounds is None else (*surroundings.stops, *compounds.stops)
    clock = make_clock(scenario, stops)
    ledger = Ledger()
    metabolism = Metabolism(
        biology.vectors, biology.exchanges, ledger, fitness_cost=inheritance_parameters.fitness_cost
    )
    processes: list[AbstractProcess] = [
        *surroundings.processes(ledger),
        *biology.processes(metabolism, streams),
        fate,
        Compaction(lineage, round(HOURS_PER_DAY / clock.to_hours(1))),
    ]
    if compounds is not None:
        processes.append(compounds)
    if surroundings.species or biology.kinds:
        processes.append(make_nutrients(surroundings, biology, ledger, dead_matter))
    for species in BOOKED:
        ledger.closure(state, species)
    stop = StopRules(scenario.stops_when_extinct, scenario.stop_n_cells)
    facts = make_facts(scenario, surroundings, biology)
    return Parts(state, clock, streams, processes, stop, lineage, facts, ledger)


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
