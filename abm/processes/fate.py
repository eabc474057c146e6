"""Which cells divide and which die."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm.clock import Clock
from abm.kernels import waiting
from abm.kernels.cell_layout import CellState
from abm.kernels.corpses import age
from abm.parameters import ParameterSet, parameter
from abm.processes.inheritance import Inheritance
from abm.processes.process import AbstractProcess
from abm.processes.weighted_fate import WeightedFate
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.sites import Corpse
from abm.state.state import State
from abm.streams import Stream, Streams


@dataclass(frozen=True, kw_only=True)
class FixedRates(ParameterSet):
    """The engine alone: constant rates instead of the mechanistic cell."""

    birth_rate: float = parameter(0.0, unit="1/h", source="scenario")
    """One over the mean cycle time."""
    death_rate: float = parameter(0.0, unit="1/h", source="scenario")
    """Hazard of death."""
    n_stages: int = parameter(1, low=1, high=250, source="scenario")
    """Stages of the Erlang clock; 1 is the exponential clock."""
    mutation_probability: float = parameter(0.0, high=1.0, source="scenario")
    """Probability that one daughter of an unmutated mother mutates."""


@dataclass(frozen=True, kw_only=True)
class CorpseParameters(ParameterSet):
    """How long dead cells show as what; the mean times add up to that of lysis."""

    early_time: float = parameter(8.0, unit="h", low=0.01, source="assumption A91")
    """Mean time from death until the membrane lets propidium iodide in."""
    late_time: float = parameter(16.0, unit="h", low=0.01, source="assumption A92")
    """Mean time from there until nothing is left to be counted."""

    def aged(self, corpses: np.ndarray, hours: float | np.ndarray) -> np.ndarray:
        """Return early and late corpses ``hours`` later, float64[2, n], Eq. (E5), exact.

        ``corpses`` is float64[2, n]; ``hours`` is one number or float64[n].
        """
        stays_early, stays_late, passed = self.shares(hours)
        early, late = corpses
        return np.array([stays_early * early, stays_late * late + passed * early])

    def shares(self, hours: float | np.ndarray) -> tuple[Any, Any, Any]:
        """Return which share stays early, stays late, passes from early to late in ``hours``."""
        stays_early = np.exp(-hours / self.early_time)
        stays_late = np.exp(-hours / self.late_time)
        # (e^-at - e^-bt) / (b - a) with the slower rate in front, so that nothing overflows; its
        # limit for equal rates is t e^-at.
        gap = abs(1.0 / self.late_time - 1.0 / self.early_time)
        window = -np.expm1(-gap * hours) / gap if gap > 0.0 else hours
        between = np.maximum(stays_early, stays_late) * window
        return stays_early, stays_late, between / self.early_time


class Fate(AbstractProcess):
    """Request divisions and deaths at fate ticks and have inheritance answer them.

    Cells with fixed rates know from birth when their next event comes, so that several generations
    fit into one tick and nothing depends on its length. Mechanistic cells divide at their size and
    die when their cumulative hazard is used up.

    Dead cells leave their Asn and Gln, free, bound and on its way out, as dead matter at the site,
    and stay there to be counted as corpses (``sites.corpses``), first early then late apoptotic.
    """

    name = "fate"
    at_fate_ticks = True

    def __init__(
        self,
        fixed_rates: dict[str, FixedRates],
        inheritance: Inheritance,
        streams: Streams,
        corpses: CorpseParameters | None = None,
        weighted: WeightedFate | None = None,
    ) -> None:
        self.fixed_rates = fixed_rates
        self.inheritance = inheritance
        self.streams = streams
        self.corpses = corpses or CorpseParameters()
        self.weighted = weighted
        self._tick = 0

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance all populations by the fate step that ends at ``clock.tick``."""
        hours = clock.to_hours(clock.tick - self._tick)
        self._tick = clock.tick
        shares = self.corpses.shares(hours)
        for name, corpses in state.sites.corpses.items():
            state.sites.corpses[name] = age(corpses, *shares)
        for population in state.populations:
            if population.has(Group.WEIGHTED):
                self._weighted(state, population, clock, hours)
            elif population.has(Group.MECHANISTIC):
                self._mechanistic(state, population, clock)
            else:
                self._fixed(state, population, clock)

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Count the next step from where the run stands."""
        assert isinstance(before, Fate)
        self._tick = clock.tick
        if self.weighted is not None and before.weighted is not None:
            self.weighted.adopt(before.weighted)

    def _weighted(self, state: State, population: Population, clock: Clock, hours: float) -> None:
        assert self.weighted is not None
        aged = self.corpses.aged(np.array([[1.0], [0.0]]), 0.5 * hours)[:, 0]
        self.weighted.advance(state, population, clock, hours, aged)

    def _mechanistic(self, state: State, population: Population, clock: Clock) -> None:
        n = population.n
        is_dead = population["hazard_left"][:n] <= 0.0
        is_ready = population.state[CellState.SIZE, :n] >= population["division_size"][:n]
        if state.is_stopped.any():
            is_running = ~state.is_stopped[state.replicate_of(population, slice(0, n))]
            is_dead &= is_running
            is_ready &= is_running
        dead = np.flatnonzero(is_dead)
        self._bury(state, population, dead)
        mothers = np.flatnonzero(is_ready & ~is_dead)
        times = np.full(mothers.shape[0], clock.hours)
        self.inheritance.divide(state, population, mothers, times, clock.tick)

    def _fixed(self, state: State, population: Population, clock: Clock) -> None:
        rates = self.fixed_rates[population.name]
        rows = np.flatnonzero(population.live("next_event") <= clock.hours)
        while rows.shape[0]:
            if state.is_stopped.any():
                rows = rows[~state.is_stopped[state.replicate_of(population, rows)]]
            times, dies = population["next_event"][rows], population["dies_next"][rows]
            self._bury(state, population, rows[dies], clock.hours - times[dies])
            mothers, times = rows[~dies], times[~dies]
            daughters = self.inheritance.divide(
                state, population, mothers, times, clock.tick, rates.mutation_probability
            )
            born, times = np.concatenate([mothers, daughters]), np.concatenate([times, times])
            self.start_clocks(population, born, times, clock.tick)
            rows = born[population["next_event"][born] <= clock.hours]

    def start_clocks(
        self,
        population: Population,
        rows: np.ndarray,
        times: np.ndarray,
        tick: int,
        n_stages: np.ndarray | None = None,
    ) -> None:
        """Draw when the cells of ``rows``, born at ``times`` [h], divide and die.

        ``n_stages`` are the stages that are left, where they are not all.
        """
        rates = self.fixed_rates[population.name]
        cost = 1.0 - self.inheritance.parameters.fitness_cost
        is_mutant = population["mutations"][rows] > 0
        stage_rate = rates.n_stages * rates.birth_rate * np.where(is_mutant, cost, 1.0)
        if n_stages is None:
            n_stages = np.full(rows.shape[0], rates.n_stages)
        waits = np.empty((2, rows.shape[0]))
        waiting.draw_waits(
            self.streams.seed, int(Stream.WAITING), tick, population["random_key"][rows],
            n_stages, stage_rate, rates.death_rate, waits,
        )  # fmt: skip
        population["next_event"][rows] = times + waits.min(axis=0)
        population["dies_next"][rows] = waits[1] < waits[0]

    def _bury(
        self,
        state: State,
        population: Population,
        rows: np.ndarray,
        ages: np.ndarray | None = None,
    ) -> None:
        """Turn the cells of ``rows`` into corpses and dead matter.

        ``ages`` [h] tells for how long they have been dead; None: they die now.
        """
        population.is_dead[rows] = True
        if rows.shape[0] == 0:
            return
        if population.cell_type.is_tumour:
            replicates = state.replicate_of(population, rows)
            state.counters.deaths += np.bincount(replicates, minlength=state.n_replicate)
        sites, site = state.sites, population["site"][rows]
        if population.name not in sites.corpses:
            sites.corpses[population.name] = np.zeros((len(Corpse), sites.n))
        corpses = sites.corpses[population.name]
        if ages is None:
            corpses[Corpse.EARLY] += np.bincount(site, minlength=sites.n)
        else:
            died = self.corpses.aged(np.array([[1.0], [0.0]]) * np.ones(rows.shape[0]), ages)
            for stage in Corpse:
                corpses[stage] += np.bincount(site, weights=died[stage], minlength=sites.n)
        if population.has(Group.MECHANISTIC):
            owed = (population["owed_asn"], population["owed_gln"])
            for dead, held, way_out in zip(sites.dead, population.amounts(rows), owed, strict=True):
                np.add.at(dead, site, held + way_out[rows])
