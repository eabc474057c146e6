"""Blasts on the move between the compartments of a body.

Blasts go from the marrow and the tissues into blood, and from blood to either and, rarely, to the
cerebrospinal fluid and back. The rates are such that a body at rest keeps its stated shares, every
way in balance with the way back, Eq. (B24) and (B25) of docs/marrow.md. Over an interval each cell
of compartment i ends in compartment j with probability exp(K dt)_ij, so that the length of the
interval does not matter, and each entry is dealt out by binomials: no cell is made or lost.

What arrives joins the row of its genotype and stratum there, whose state becomes the mean over its
cells, so that what the cells hold is kept too; where there is none, a copy of its row is made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from abm.clock import Clock
from abm.environment.body import Compartment
from abm.errors import ScenarioError
from abm.kernels.moves import draw_moves
from abm.kernels.waiting import daughter_keys
from abm.parameters import ParameterSet, parameter
from abm.processes.arrivals import dense_unique, join_rows
from abm.processes.process import AbstractProcess
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.state import State
from abm.streams import Stream, Streams

_N = len(Compartment)
_KEYS_OF_BIRTHS = 8
"""Numbers below this are the daughters of divisions and mutations."""


@dataclass(frozen=True, kw_only=True)
class TrafficParameters(ParameterSet):
    """Where the blasts of a body at rest are, and how fast they come and go."""

    blood_share: float = parameter(0.03, low=1e-6, high=0.5, source="assumption A355")
    """Share of all blasts that is in blood."""
    tissue_share: float = parameter(0.12, high=0.8, source="assumption A355")
    """Share in liver, spleen and nodes."""
    csf_share: float = parameter(1e-6, high=0.1, source="assumption A356")
    """Share in the cerebrospinal fluid and on the leptomeninges."""
    time_in_blood: float = parameter(48.0, unit="h", low=0.1, source="assumption A357")
    """Mean time of a blast in blood before it leaves for marrow or tissue."""
    time_in_csf: float = parameter(2400.0, unit="h", low=1.0, source="assumption A358")
    """Mean time of a blast in the central nervous system before it returns to blood."""
    interval: float = parameter(12.0, unit="h", low=1.0 / 60.0, high=48.0, source="assumption A359")
    """Time over which moves are drawn together, at the next fate tick."""

    def __post_init__(self) -> None:
        ParameterSet.__post_init__(self)
        outside = self.blood_share + self.tissue_share + self.csf_share
        if outside >= 1.0:
            raise ScenarioError(
                f"traffic: blood_share, tissue_share and csf_share add up to {outside:g}: "
                "leave something for the marrow, their sum must be below 1"
            )

    def shares(self) -> NDArray[np.float64]:
        """Return the share of each compartment at rest, float64[4], sum 1."""
        shares = np.zeros(_N)
        shares[Compartment.PLASMA] = self.blood_share
        shares[Compartment.TISSUE] = self.tissue_share
        shares[Compartment.CSF] = self.csf_share
        shares[Compartment.MARROW] = 1.0 - shares.sum()
        return shares

    def rates(self) -> NDArray[np.float64]:
        """Return the rate [1/h] from compartment i to j, float64[4, 4]; each row sums to zero."""
        shares = self.shares()
        plasma, csf = Compartment.PLASMA, Compartment.CSF
        rates = np.zeros((_N, _N))
        solid = shares[[Compartment.MARROW, Compartment.TISSUE]]
        for place, share in zip((Compartment.MARROW, Compartment.TISSUE), solid, strict=True):
            rates[plasma, place] = share / solid.sum() / self.time_in_blood
            if share > 0.0:
                rates[place, plasma] = rates[plasma, place] * shares[plasma] / share
        rates[csf, plasma] = 1.0 / self.time_in_csf
        rates[plasma, csf] = rates[csf, plasma] * shares[csf] / shares[plasma]
        np.fill_diagonal(rates, -rates.sum(axis=1))
        return rates

    def probabilities(self, hours: float) -> NDArray[np.float64]:
        """Return where the cells of compartment i are after ``hours``, float64[4, 4]."""
        moved = np.maximum(linalg.expm(self.rates() * hours), 0.0)
        return np.asarray(moved / moved.sum(axis=1, keepdims=True))


class Traffic(AbstractProcess):
    """Moves the cells of weighted tumour populations at fate ticks; normal ones stay (A360)."""

    name = "traffic"
    at_fate_ticks = True

    def __init__(self, parameters: TrafficParameters, streams: Streams) -> None:
        self.parameters = parameters
        self.streams = streams
        self._tick = 0
        self._probabilities: dict[int, NDArray[np.float64]] = {}

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Count the next move from the last one."""
        assert isinstance(before, Traffic)
        self._tick = before._tick

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Move cells for the time since the last move; new rows join at compaction."""
        del ticks
        passed = clock.tick - self._tick
        if clock.to_hours(passed) < self.parameters.interval:
            return
        self._tick = clock.tick
        if passed not in self._probabilities:
            self._probabilities[passed] = self.parameters.probabilities(clock.to_hours(passed))
        before, moved = np.zeros((state.n_replicate, _N)), np.zeros((state.n_replicate, _N, _N))
        for population in state.tumour():
            if population.has(Group.WEIGHTED):
                before += _there(state, population)
                self._move(state, population, self._probabilities[passed], clock.tick, moved)
        _descend(state.descent, before - moved.sum(axis=2), moved)

    def _move(
        self,
        state: State,
        population: Population,
        moves: NDArray[np.float64],
        tick: int,
        moved: NDArray[np.float64],
    ) -> None:
        """Move the cells of a population; adds them to ``moved`` float64[R, from, to]."""
        tallies = population.tallies
        assert tallies is not None
        entries = np.arange(tallies.n)
        if state.is_stopped.any():
            replicates = state.replicate_of(population, tallies.row)
            entries = entries[~state.is_stopped[replicates]]
        if entries.shape[0] == 0:
            return
        home = population["site"][tallies.row[entries]] % _N
        counts = tallies.counts[:, entries]
        leaving = np.empty((_N, *counts.shape), np.int64)
        draw_moves(
            self.streams.seed, int(Stream.TRAFFIC), tick, tallies.random_key[entries], counts, home,
            moves, leaving,
        )  # fmt: skip
        places, movers = np.nonzero(leaving.any(axis=1))
        if movers.shape[0] == 0:
            return
        origin = entries[movers]
        rows, clones = tallies.row[origin], tallies.clone_id[origin]
        keys = np.empty(movers.shape[0], np.uint64)
        for place in range(_N):
            daughter_keys(
                tallies.random_key[origin[places == place]],
                tick,
                _KEYS_OF_BIRTHS + place,
                own := np.empty(int((places == place).sum()), np.uint64),
            )
            keys[places == place] = own
        counts = np.ascontiguousarray(leaving[places, :, movers].T)
        sites = population["site"][rows] - home[movers] + places
        way = (sites // _N * _N + home[movers]) * _N + places
        moved += np.bincount(way, weights=counts.sum(axis=0), minlength=moved.size).reshape(
            moved.shape
        )
        tallies.counts[:, entries] -= leaving.sum(axis=0)
        targets = _join(population, rows, sites, counts.sum(axis=0))
        tallies.add(targets, clones, keys, counts)


def _join(
    population: Population,
    rows: NDArray[np.integer],
    sites: NDArray[np.integer],
    n_cells: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the row that takes in each entry, int64[m]; entries of one row stay together."""
    ways = (sites % _N) * (int(rows.max()) + 1) + rows
    distinct, which = dense_unique(ways)
    first = np.empty(distinct.shape[0], np.int64)
    first[which[::-1]] = np.arange(ways.shape[0])[::-1]
    together = np.bincount(which, weights=n_cells, minlength=distinct.shape[0]).astype(np.int64)
    return join_rows(population, rows[first], sites[first], together)[which]


def _there(state: State, population: Population) -> NDArray[np.float64]:
    """Return the cells of each replicate and compartment, staged ones too, float64[R, 4]."""
    assert population.tallies is not None
    n_rows = population.n + population.n_staged
    weights = population.tallies.row_weights(n_rows)
    there = np.bincount(population["site"][:n_rows], weights=weights, minlength=state.sites.n)
    return np.asarray(there, float).reshape(-1, _N)


def _descend(
    descent: NDArray[np.float64], stayed: NDArray[np.float64], moved: NDArray[np.float64]
) -> None:
    """Let the cells that move bring their descent along, Eq. (B26); changes ``descent`` in place.

    descent float64[R, now, then]; stayed float64[R, 4] cells; moved float64[R, from, to]. The cells
    of one compartment are taken as alike; an empty one keeps what it had until cells come.
    """
    gained = stayed[:, :, None] * descent + np.einsum("rij,rio->rjo", moved, descent)
    total = (stayed + moved.sum(axis=1))[:, :, None]
    np.divide(gained, total, out=descent, where=total > 0.0)
