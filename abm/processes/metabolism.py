"""Metabolism and signalling of the mechanistic cells over one interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abm.clock import Clock
from abm.errors import NumericalError
from abm.kernels.cell import advance_cells
from abm.kernels.cell_layout import CellCondition, CellFlux
from abm.kernels.exchange import is_even, settle
from abm.ledger import Ledger
from abm.processes.microenvironment import perk_input, serine_factor
from abm.processes.process import AbstractProcess
from abm.state.columns import Group
from abm.state.exchange import Exchange
from abm.state.population import Population
from abm.state.sites import Sites, Species
from abm.state.state import State

_BOOKED = slice(CellFlux.ASN_SYNTHESISED, CellFlux.GLN_CATABOLISED + 1)
"""Asn synthesised, Gln synthesised, Gln catabolised: what the ledger is told."""


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
    crowding: Callable[[np.ndarray, np.ndarray], object] | None = None
    """Writes the share of the net growth that an overlap pressure leaves into the second array;
    None where cells have no place."""
    fitness_cost: float = 0.0
    """Share of the translation rate that a cell with a heritable change loses."""
    synthesis: np.ndarray | None = None
    """Factor of the translation rate in each replicate, float64[n_replicate]; None is 1."""

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance by ``ticks``; raises NumericalError where a state is no longer finite."""
        hours = clock.to_hours(ticks)
        outside = _outside(state.sites)
        for population in state.populations:
            if population.has(Group.MECHANISTIC) and population.n:
                self._advance(state, population, outside, hours)

    def _advance(
        self, state: State, population: Population, outside: np.ndarray, hours: float
    ) -> None:
        n = population.n
        exchange = self.exchanges[population.name].fit(population)
        np.multiply(
            population.live("gain"), population.live("set_point"), out=exchange.expression[:n]
        )
        if self.crowding is not None and population.has(Group.SPATIAL):
            self.crowding(
                population.live("pressure"), exchange.conditions[CellCondition.CROWDING, :n]
            )
        self._read_surroundings(state, population, outside, exchange)
        status = advance_cells(
            population.state, n, exchange.uptake, exchange.eaa_saturation, exchange.conditions,
            population["methylated_alleles"], exchange.expression, population["threshold_factor"],
            population["substeps"], self.parameters[population.name], hours, exchange.fluxes,
            population["growth"], population["hazard"],
        )  # fmt: skip
        if status != 0:
            population.check()
            raise NumericalError(f"population '{population.name}': the cell step failed ({status})")
        settle(
            hours, population.live("hazard"), exchange.fluxes[CellFlux.EXPORTED_ASN, :n],
            exchange.fluxes[CellFlux.EXPORTED_GLN, :n], population.live("hazard_left"),
            population.live("owed_asn"), population.live("owed_gln"),
        )  # fmt: skip
        fluxes = exchange.fluxes[_BOOKED, :n]
        if population.has(Group.WEIGHTED):
            fluxes = fluxes * population.weights()
        asn_made, gln_made, gln_used = fluxes.sum(axis=1).tolist()
        self.ledger.book(Species.ASN, "synthetase", asn_made)
        self.ledger.book(Species.GLN, "synthetase", -asn_made)
        self.ledger.book(Species.GLN, "glutamine synthetase", gln_made)
        self.ledger.book(Species.GLN, "catabolism", -gln_used)

    def _read_surroundings(
        self, state: State, population: Population, outside: np.ndarray, exchange: Exchange
    ) -> None:
        """Set the conditions by serine, glucose and oxygen, from the sites of the cells.

        Where all cells have the same they are kept until something changes.
        """
        vector, n = self.parameters[population.name], population.n
        told = None
        if outside.ndim == 1 and self.fitness_cost == 0.0 and self.synthesis is None:
            told = (outside.tobytes(), vector.tobytes())
            if exchange.told == told:
                return
            n = exchange.eaa_saturation.shape[0]
        exchange.told = told
        synthesis, perk = serine_factor(vector, outside[0]), perk_input(vector, *outside[1:])
        if outside.ndim > 1:
            site = population.live("site")
            synthesis, perk = synthesis[site], perk[site]
        exchange.conditions[CellCondition.PERK, :n] = perk
        exchange.conditions[CellCondition.SYNTHESIS, :n] = synthesis
        synthesis = exchange.conditions[CellCondition.SYNTHESIS, :n]
        if self.fitness_cost > 0.0:
            synthesis[population.live("mutations") > 0] *= 1.0 - self.fitness_cost
        if self.synthesis is not None:
            synthesis *= self.synthesis[state.replicate_of(population, slice(0, n))]


def _outside(sites: Sites) -> np.ndarray:
    """Return serine, glucose and oxygen of all sites, float64[3, n_site], or [3] where even."""
    rows = [sites.concentration[one] for one in (Species.SER, Species.GLUCOSE, Species.O2)]
    if all(is_even(row) for row in rows):
        return np.array([row[0] for row in rows])
    return np.array(rows)
