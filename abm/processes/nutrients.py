"""Exchange and nutrients: one coupled implicit solve gives every cell what it takes up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from abm.clock import Clock
from abm.environment.fluxes import SIGN, Flux, IntervalResult
from abm.environment.reactions import Reactions
from abm.kernels.elementary import exp
from abm.kernels.exchange import add_at_sites, hand_out
from abm.kernels.uptake import uptake_capacity
from abm.ledger import BOOKED, Ledger
from abm.parameters import ParameterSet, parameter
from abm.processes.process import AbstractProcess
from abm.state.columns import Group
from abm.state.exchange import Exchange
from abm.state.population import Population
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.state.state import State

UPTAKE_SPECIES = (Species.ASN, Species.GLN, Species.GLU, Species.EAA)
_BOOKED_ROWS = slice(Species.ASN, Species.GLN + 1)
_INSIDE = (Flux.UPTAKE, Flux.RELEASE)
"""Fluxes between the field and the cells or the dead matter, which the model holds as well."""


@dataclass(frozen=True, kw_only=True)
class DeadMatterParameters(ParameterSet):
    """What becomes of dead cells."""

    lysis_time: float = parameter(24.0, unit="h", low=0.1, source="assumption A83")
    """Mean time until a dead cell has given its Asn and Gln back to the site."""


class Solver(Protocol):
    """Advances the concentrations of one environment; see abm.environment."""

    reactions: Reactions

    def follow(self, before: Any) -> None:
        """Take over what ``before``, a solver of the same kind, remembers between intervals."""

    @property
    def advance(self) -> Callable[..., IntervalResult]:
        """See TissueSolver.advance and WellSolver.advance."""


class PlasmaSource(Protocol):
    """What the vessels of a tissue carry: a plasma of its own, or that of a body."""

    concentration: np.ndarray

    def advance(self, drug: Drug, hours: float) -> np.ndarray:
        """Advance by ``hours``; return float64[n_species] [uM]."""


class Nutrients(AbstractProcess):
    """Uptake with the cells' inside frozen over the interval; releases are even (assumption A38).

    Each cell gets ``capacity * exposure`` of its site, which is what the converged solve took.
    """

    name = "nutrients"

    def __init__(
        self,
        solver: Solver,
        species: Sequence[Species],
        parameters: dict[str, np.ndarray],
        exchanges: dict[str, Exchange],
        ledger: Ledger,
        dead_matter: DeadMatterParameters,
        plasma: PlasmaSource | None = None,
        flux_names: Mapping[Flux, str] = MappingProxyType({}),
        exchange_site: np.ndarray | None = None,
    ) -> None:
        """``flux_names``: what the ledger calls a flux where it is not the flux's own name.

        ``exchange_site``: int32[n_site], whose medium the cells of a site exchange with; None: that
        of their own site.
        """
        self._exchange_site = exchange_site
        self.plasma = plasma
        self.solver = solver
        outer = {one: one.name.lower().replace("_", " ") for one in Flux if one not in _INSIDE}
        self._flux_names = outer | dict(flux_names)
        self.parameters = parameters
        self.exchanges = exchanges
        self.ledger = ledger
        self.dead_matter = dead_matter
        # What the solver holds fixed (``clamp``) is as little its own as what is switched off.
        solved = set(species) & set(solver.reactions.species)
        self._clamped = [one for one in BOOKED if one not in solved]
        self._site_capacity = np.zeros((N_UPTAKE, 0))
        self._release = np.zeros((len(Species), 0))

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance concentrations by ``ticks`` and hand each cell its uptake."""
        hours = clock.to_hours(ticks)
        sites = state.sites
        if self._release.shape[1] != sites.n:
            self._site_capacity = np.zeros((N_UPTAKE, sites.n))
            self._release = np.zeros((len(Species), sites.n))
        self._site_capacity[:] = 0.0
        release = self._release[_BOOKED_ROWS]  # all others stay 0
        release[:] = 0.0
        cells = [p for p in state.populations if p.has(Group.MECHANISTIC) and p.n]
        for population in cells:
            self._gather(population)
        lysed = sites.dead * (1.0 - exp(-hours / self.dead_matter.lysis_time))
        sites.dead -= lysed
        release += lysed
        # Only tissue has vessels, and so a plasma to give on.
        plasma = () if self.plasma is None else (self.plasma.advance(state.drug, hours),)
        result = self.solver.advance(
            sites.concentration, sites.defect, self._site_capacity, self._release, sites.activity,
            hours, state.drug, *plasma,
        )  # fmt: skip
        for population in cells:
            self._hand_out(population, result.exposure, hours)
        self._book(result)

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Keep the plasma and the step length of the solver."""
        assert isinstance(before, Nutrients)
        self.solver.follow(before.solver)
        if self.plasma is not None and before.plasma is not None:
            self.plasma.concentration = before.plasma.concentration

    def _gather(self, population: Population) -> None:
        """Add uptake capacity and owed exports of all cells to their sites."""
        n = population.n
        exchange = self.exchanges[population.name].fit(population)
        uptake_capacity(population.state, n, self.parameters[population.name], exchange.uptake)
        capacity = exchange.uptake
        owed_asn, owed_gln = population["owed_asn"], population["owed_gln"]
        if population.has(Group.WEIGHTED):
            weight = population.weights()
            capacity = capacity[:, :n] * weight
            owed_asn, owed_gln = owed_asn[:n] * weight, owed_gln[:n] * weight
            population.live("owed_asn")[:] = 0.0
            population.live("owed_gln")[:] = 0.0
        add_at_sites(
            self._sites(population), n, capacity, owed_asn, owed_gln, self._site_capacity,
            self._release,
        )  # fmt: skip

    def _hand_out(self, population: Population, exposure: np.ndarray, hours: float) -> None:
        exchange = self.exchanges[population.name]
        hand_out(
            population.n, self._sites(population), exchange.uptake, exposure, hours,
            exchange.uptake, exchange.eaa_saturation,
        )  # fmt: skip

    def _sites(self, population: Population) -> np.ndarray:
        """Return the site that each cell exchanges with, int32, at least as long as ``n``."""
        site = population["site"]
        return site if self._exchange_site is None else self._exchange_site[site[: population.n]]

    def _book(self, result: IntervalResult) -> None:
        self.ledger.rough_steps += result.n_rough_steps
        for species in BOOKED:
            if species in self._clamped:
                row = UPTAKE_SPECIES.index(species)
                taken = float(np.dot(self._site_capacity[row], result.exposure[row]))
                given = float(self._release[species].sum())
                self.ledger.book(species, "clamped medium", taken - given)
                continue
            amounts = (SIGN * result.amount[species]).tolist()
            for flux, name in self._flux_names.items():
                if amounts[flux] != 0.0:
                    self.ledger.book(species, name, amounts[flux])
