"""Births and deaths of weighted populations: the exact transition of each entry in one tick."""

import math
from dataclasses import dataclass, field

import numpy as np

from abm.clock import Clock
from abm.errors import NumericalError
from abm.kernels.birth_death import draw_staged_transitions
from abm.kernels.cell_layout import CellState
from abm.ledger import BOOKED, Ledger
from abm.parameters import ParameterSet, parameter
from abm.processes.cohort_merge import MergeParameters, MergeReport, merge_rows
from abm.processes.inheritance import DIVISION_SIZE_MEAN
from abm.processes.weighted_inheritance import Parents, WeightedInheritance
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.sites import Corpse
from abm.state.state import State
from abm.streams import Stream, Streams
from abm.units import HOURS_PER_DAY

_SPLIT_STATES = (CellState.BOUND_ASN, CellState.BOUND_GLN)


@dataclass(frozen=True, kw_only=True)
class WeightedKinetics(ParameterSet):
    """How the cells of one weighted population divide and die."""

    n_stages: int = parameter(4, low=1, high=100, source="assumption A310")
    """Erlang stages between two divisions."""
    birth_rate: float = parameter(0.0, unit="1/h", source="scenario")
    """One over the mean cycle, for cells with fixed rates."""
    death_rate: float = parameter(0.0, unit="1/h", source="scenario")
    """Hazard of cells with fixed rates; what mechanistic cells die of beside their own hazard."""
    kill_factor: float = parameter(1.0, source="scenario")
    """Factor of a mechanistic cell's own hazard."""
    mutation_probability: float = parameter(0.0, high=1.0, source="scenario")
    """Probability that one daughter of an unmutated mother mutates, with fixed rates."""
    pool_above: float = parameter(1e4, low=1.0, source="scenario")
    """Cells of a genotype from which its mutants are counted together."""


def mean_size(division_size_cv: float) -> float:
    """Return the mean size of cells in steady growth, the size of a weighted row, Eq. (W4)."""
    return DIVISION_SIZE_MEAN * math.log(2.0) / (1.0 + division_size_cv**2)


@dataclass
class WeightedFate:
    """Draws births and deaths of all entries of a population over one fate step.

    Rates are those of the row, frozen over the step. A mechanistic row grows between two fate steps
    like a single cell; at the step its growth becomes births and its cells have the mean size
    again (Eqs. W3-W5 of docs/model.md).

    kinetics : by name of the population
    kill     : float64[n_replicate], factor of the hazard in each replicate, None = 1
    reports  : what merging of rows has cost, by name of the population
    """

    kinetics: dict[str, WeightedKinetics]
    inheritance: WeightedInheritance
    streams: Streams
    ledger: Ledger | None = None
    merging: MergeParameters = MergeParameters()
    kill: np.ndarray | None = None
    reports: dict[str, MergeReport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = mean_size(self.inheritance.parameters.division_size_cv)

    def adopt(self, before: "WeightedFate") -> None:
        """Go on with the pools and the books of merging of a run that branches here."""
        self.reports = before.reports
        self.inheritance.pools = before.inheritance.pools

    def advance(
        self,
        state: State,
        population: Population,
        clock: Clock,
        hours: float,
        corpse_of_age: np.ndarray,
    ) -> None:
        """Advance by the fate step of ``hours`` that ends now.

        ``corpse_of_age`` float64[2]: share of early and late corpses among those who died in the
        step, which are half a step old in the mean.
        """
        kinetics = self.kinetics[population.name]
        tallies = population.tallies
        assert tallies is not None
        if tallies.n == 0 or hours <= 0.0:
            return
        n = population.n
        parents = self._transition(state, population, kinetics, clock.tick, hours)
        births = tallies.row_sums(parents.births, n)
        deaths = tallies.row_sums(self._deaths, n)
        if population.has(Group.MECHANISTIC):
            self._divide_content(population, births)
        self._bury(state, population, deaths, corpse_of_age)
        if population.cell_type.is_tumour:
            replicate = state.replicate_of(population, slice(0, n))
            for counter, events in (
                (state.counters.births, births),
                (state.counters.deaths, deaths),
            ):
                counter += np.bincount(
                    replicate, weights=events, minlength=state.n_replicate
                ).astype(np.int64)
        population.weigh()
        self.inheritance.change(
            state, population, parents, clock.tick, hours, kinetics.mutation_probability,
            kinetics.pool_above,
        )  # fmt: skip
        population.weigh()
        self.inheritance.split(state, population, clock.tick, kinetics.pool_above)
        self._merge(state, population, clock, hours)

    def _transition(
        self,
        state: State,
        population: Population,
        kinetics: WeightedKinetics,
        tick: int,
        hours: float,
    ) -> Parents:
        """Move the counts of all entries; leaves the deaths of each entry in ``_deaths``."""
        tallies = population.tallies
        assert tallies is not None
        if population.has(Group.MECHANISTIC):
            stage_rate, death = self._mechanistic_rates(state, population, kinetics, hours)
        else:
            stage_rate, death = self._fixed_rates(population, kinetics)
        if state.is_stopped.any():
            is_stopped = state.is_stopped[state.replicate_of(population, slice(0, population.n))]
            stage_rate[is_stopped] = 0.0
            death[is_stopped] = 0.0
        of_stage, of_death = stage_rate[tallies.row], death[tallies.row]
        events = np.empty((2, tallies.n), np.int64)
        draw_staged_transitions(
            self.streams.seed, int(Stream.WEIGHTED_FATE), tick, tallies.random_key, tallies.counts,
            np.empty_like(tallies.counts), of_stage, of_death, hours, events,
        )  # fmt: skip
        if (events < 0).any():
            entry = int(np.flatnonzero((events < 0).any(axis=0))[0])
            raise NumericalError(
                f"population '{population.name}': the transition of entry {entry} failed (rates "
                f"{of_stage[entry]:g} and {of_death[entry]:g} 1/h)"
            )
        self._deaths = events[1]
        return Parents(events[0], of_stage, of_death)

    def _fixed_rates(
        self, population: Population, kinetics: WeightedKinetics
    ) -> tuple[np.ndarray, np.ndarray]:
        cost = 1.0 - self.inheritance.parameters.fitness_cost
        share = np.where(population.live("mutations") > 0, cost, 1.0)
        stage_rate = kinetics.n_stages * kinetics.birth_rate * share
        return stage_rate, np.full(population.n, kinetics.death_rate)

    def _mechanistic_rates(
        self, state: State, population: Population, kinetics: WeightedKinetics, hours: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the rate of one stage and of death of each row [1/h], Eqs. (W2) and (W3)."""
        n = population.n
        growth = np.log(population.state[CellState.SIZE, :n] / self.size) / hours
        per_stage = 2.0 ** (1.0 / kinetics.n_stages) - 1.0
        replicate = state.replicate_of(population, slice(0, n))
        own = np.maximum(-population.live("hazard_left") / hours, 0.0) * kinetics.kill_factor
        if self.kill is not None:
            own *= self.kill[replicate]
        death = own + kinetics.death_rate
        if population.cell_type.is_tumour:
            death += state.partner_hazard[replicate]
        population.live("hazard_left")[:] = 0.0
        population.live("hazard")[:] = death
        return np.maximum(growth, 0.0) / per_stage, death

    def _divide_content(self, population: Population, births: np.ndarray) -> None:
        """Give the cells of each row the mean size again, Eq. (W4), and book what that makes."""
        rows = slice(0, population.n)
        shrink = self.size / population.state[CellState.SIZE, rows]
        population.state[CellState.SIZE, rows] = self.size
        for row in _SPLIT_STATES:
            population.state[row, rows] *= shrink
        owed = (population.live("owed_asn"), population.live("owed_gln"))
        for values in owed:
            values *= shrink
        if self.ledger is None:
            return
        # Cells that were expected but not drawn, or the other way round; zero in the mean.
        excess = births - population.live("weight") * (1.0 / shrink - 1.0)
        for species, held, out in zip(BOOKED, population.amounts(rows), owed, strict=True):
            self.ledger.book(species, "division noise", float((excess * (held + out)).sum()))

    def _bury(
        self, state: State, population: Population, deaths: np.ndarray, corpse_of_age: np.ndarray
    ) -> None:
        """Turn the dead of each row into corpses and dead matter."""
        dead = np.flatnonzero(deaths)
        if dead.shape[0] == 0:
            return
        sites, site = state.sites, population["site"][dead]
        corpses = sites.corpses.setdefault(population.name, np.zeros((len(Corpse), sites.n)))
        died = np.bincount(site, weights=deaths[dead], minlength=sites.n)
        for stage in Corpse:
            corpses[stage] += corpse_of_age[stage] * died
        if population.has(Group.MECHANISTIC):
            owed = (population["owed_asn"], population["owed_gln"])
            for matter, held, out in zip(sites.dead, population.amounts(dead), owed, strict=True):
                amount = deaths[dead] * (held + out[dead])
                matter += np.bincount(site, weights=amount, minlength=sites.n)

    def _merge(self, state: State, population: Population, clock: Clock, hours: float) -> None:
        """Merge rows where new ones have come, and once a day, as rows drift together.

        A replicate must not feel the others: new rows of one are no occasion to merge in another.
        """
        day = round(HOURS_PER_DAY / clock.to_hours(1))
        before = clock.tick - round(hours / clock.to_hours(1))
        rows = np.arange(population.n + population.n_staged)
        if clock.tick // day == before // day:
            replicate = state.replicate_of(population, rows)
            rows = rows[np.isin(replicate, np.unique(replicate[population.n :]))]
        if rows.shape[0] == 0:
            return
        population.weigh()
        report = self.reports.setdefault(population.name, MergeReport())
        merge_rows(population, self.merging, report, rows)
