"""Metabolism and signalling of the mechanistic cells over one interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abm.clock import Clock
from abm.errors import NumericalError
from abm.kernels.cell import advance_cells
from abm.kernels.cell_layout import CellCondition, CellFlux
from abm.ledger import Ledger
from abm.processes.microenvironment import perk_input, serine_factor
from abm.processes.process import AbstractProcess
from abm.state.columns import Group
from abm.state.exchange import Exchange
from abm.state.population import Population
from abm.state.sites import Species
from abm.state.state import State


@dataclass
class Metabolism(AbstractProcess):
    """Advance the states of all mechanistic cells with what the site gave them.

    What a cell exports is owed to its site and released there in the next interval.
    """

    name = "metabolism"

    parameters: dict[str, np.ndarray]
    """Kernel vector of each population."""
    exchanges: dict[str, Exchange]
    ledger: Ledger
    crowding: Callable[[np.ndarray], np.ndarray] | None = None
    """Share of the net growth that an overlap pressure leaves; None where cells have no place."""
    fitness_cost: float = 0.0
    """Share of the translation rate that a cell with a heritable change loses."""
    synthesis: np.ndarray | None = None
    """Factor of the translation rate in each replicate, float64[n_replicate]; None is 1."""

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance by ``ticks``; raises NumericalError where a state is no longer finite."""
        hours = clock.to_hours(ticks)
        for population in state.populations:
            if population.has(Group.MECHANISTIC) and population.n:
                self._advance(state, population, hours)

    def _advance(self, state: State, population: Population, hours: float) -> None:
        n = population.n
        exchange = self.exchanges[population.name].fit(population)
        np.multiply(
            population.live("gain"), population.live("set_point"), out=exchange.expression[:n]
        )
        if self.crowding is not None and population.has(Group.SPATIAL):
            exchange.conditions[CellCondition.CROWDING, :n] = self.crowding(
                population.live("pressure")
            )
        self._read_surroundings(state, population, exchange)
        status = advance_cells(
            population.state, n, exchange.uptake, exchange.eaa_saturation, exchange.conditions,
            population["methylated_alleles"], exchange.expression, population["threshold_factor"],
            population["substeps"], self.parameters[population.name], hours, exchange.fluxes,
            population["growth"], population["hazard"],
        )  # fmt: skip
        if status != 0:
            population.check()
            raise NumericalError(f"population '{population.name}': the cell step failed ({status})")
        population.live("hazard_left")[:] -= population.live("hazard") * hours
        fluxes = exchange.fluxes[:, :n]
        population.live("owed_asn")[:] += fluxes[CellFlux.EXPORTED_ASN]
        population.live("owed_gln")[:] += fluxes[CellFlux.EXPORTED_GLN]
        if population.has(Group.WEIGHTED):
            fluxes = fluxes * population.weights()
        total = fluxes.sum(axis=1)
        made, used = float(total[CellFlux.ASN_SYNTHESISED]), float(total[CellFlux.GLN_CATABOLISED])
        self.ledger.book(Species.ASN, "synthetase", made)
        self.ledger.book(Species.GLN, "synthetase", -made)
        self.ledger.book(
            Species.GLN, "glutamine synthetase", float(total[CellFlux.GLN_SYNTHESISED])
        )
        self.ledger.book(Species.GLN, "catabolism", -used)

    def _read_surroundings(self, state: State, population: Population, exchange: Exchange) -> None:
        """Set the conditions by serine, glucose and oxygen, from the sites of the cells."""
        outside = state.sites.concentration[[Species.SER, Species.GLUCOSE, Species.O2]]
        site: np.ndarray | slice = population.live("site")
        if np.all(outside == outside[:, :1]):
            outside, site = outside[:, :1], slice(None)
        vector, n = self.parameters[population.name], population.n
        synthesis = exchange.conditions[CellCondition.SYNTHESIS, :n]
        synthesis[:] = serine_factor(vector, outside[0])[site]
        if self.fitness_cost > 0.0:
            synthesis[population.live("mutations") > 0] *= 1.0 - self.fitness_cost
        if self.synthesis is not None:
            synthesis *= self.synthesis[state.replicate_of(population, slice(0, n))]
        exchange.conditions[CellCondition.PERK, :n] = perk_input(vector, *outside[1:])[site]
