"""How a tumour came to its clones: from one cell to its size at diagnosis, with birth and death.

Cells of one genotype are one weighted entry whose change over a step is the exact birth-death
transition. A division of genotype i gives one mutant daughter of genotype j with a stated
probability; the number in a step is Poisson with the mean of the divisions that were drawn, so
the numbers of mutants follow Luria and Delbrueck (1943), with death Iwasa, Nowak and Michor (2006,
doi:10.1534/genetics.105.049791). A mutant gets a moment inside the step and the exact transition
over the rest of it.

Each mutant is a clone of its own while fewer than ``n_resolved`` clones of its genotype live; from
then on mutants join the pool of their genotype, one clone with the number of its founders kept.
Clones that come late are small: the pool holds none that matters alone.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from abm.founding_growth import Growth, HistoryParameters
from abm.kernels.history import grow_clones, pair_keys, settle_founders, split_mutants
from abm.kernels.philox import minus_log
from abm.kernels.waiting import daughter_keys
from abm.streams import Stream, Streams

_LEAST_STEP = 1e-3
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_OF_ATTEMPT = 0
_GROWTH, _MUTATION = int(Stream.HISTORY_GROWTH), int(Stream.HISTORY_MUTATION)
_MOMENT = int(Stream.HISTORY_MOMENT)


@dataclass(frozen=True)
class History:
    """Clones at diagnosis and the ancestors of living ones, in order of replicate and origin.

    replicate    : int64[m]
    genotype     : int64[m]
    parent       : int64[m], row of the clone in which it arose, -1 for the first cell; a pool
                   has the parent of its first founder
    origin_hours : float64[m] [h] after the first cell (a pool: its first founder)
    n_founders   : int64[m], mutants that founded it, dead lines included
    n_cells      : int64[m] at diagnosis, 0 for extinct ancestors
    is_pool      : bool[m]
    hours        : float64[n_replicate] [h], age of the tumour at diagnosis
    n_mutants    : int64[n_replicate, n_genotypes], mutation events into each genotype
    n_attempts   : int64[n_replicate], first cells until one line survived
    """

    replicate: np.ndarray
    genotype: np.ndarray
    parent: np.ndarray
    origin_hours: np.ndarray
    n_founders: np.ndarray
    n_cells: np.ndarray
    is_pool: np.ndarray
    hours: np.ndarray
    n_mutants: np.ndarray
    n_attempts: np.ndarray

    def cells(self, n_genotypes: int) -> np.ndarray:
        """Return int64[n_replicate, n_genotypes] cells of each genotype at diagnosis."""
        total = np.zeros((self.hours.shape[0], n_genotypes), np.int64)
        np.add.at(total, (self.replicate, self.genotype), self.n_cells)
        return total


def grow(
    growth: Growth, keys: np.ndarray, streams: Streams, parameters: HistoryParameters | None = None
) -> History:
    """Return one history for each key (uint64[n_replicate]), given that the tumour survives.

    A line that dies out is begun anew. What a key gives does not depend on the other keys. The
    size at diagnosis is reached from below with steps that end at it in the mean. Raises
    ScenarioError for rates and probabilities that make no sense.
    """
    growth.check()
    run = _Run(growth, keys, streams, parameters or HistoryParameters())
    while run.is_open.any():
        run.step()
    return run.result()


@dataclass
class _Table:
    """Clones that were ever founded; chunks of columns, joined at the end."""

    n: int = 0
    chunks: list[tuple[np.ndarray, ...]] = field(default_factory=list)

    def add(
        self,
        replicate: np.ndarray,
        genotype: np.ndarray,
        parent: np.ndarray,
        origin: np.ndarray,
        founders: np.ndarray,
    ) -> np.ndarray:
        """Append clones and return their numbers."""
        self.chunks.append((replicate, genotype, parent, origin, founders))
        first, self.n = self.n, self.n + replicate.shape[0]
        return np.arange(first, self.n)


class _Founders(NamedTuple):
    """Mutants of one step, arrays [m] by the clone they come from and what they are."""

    of: np.ndarray
    """Replicate."""
    parent: np.ndarray
    keys: np.ndarray
    source: np.ndarray
    target: np.ndarray
    number: np.ndarray

    def only(self, some: np.ndarray) -> "_Founders":
        """Return a part of them."""
        return _Founders(*(column[some] for column in self))

    def split(self, place: np.ndarray, free: np.ndarray) -> tuple["_Founders", "_Founders"]:
        """Return the first ``free[place]`` of each place one by one, and the rest."""
        order = np.argsort(place, kind="stable")
        before = np.cumsum(self.number[order]) - self.number[order]
        start = np.searchsorted(place[order], place[order])
        alone = np.empty_like(self.number)
        alone[order] = np.clip(free[place[order]] - before + before[start], 0, self.number[order])
        copies = np.repeat(np.arange(alone.shape[0]), alone)
        nth = np.arange(copies.shape[0]) - np.repeat(np.cumsum(alone) - alone, alone)
        each = self.only(copies)
        keys = np.empty_like(each.keys)
        pair_keys(each.keys, nth, each.target, keys)
        each = each._replace(keys=keys, number=np.ones(copies.shape, np.int64))
        rest = self._replace(number=self.number - alone)
        return each, rest.only(rest.number > 0)


class _Run:
    """Histories on their way; the arrays ``of`` (replicate), ``genotype``, ``number`` (in the
    table), ``cells`` and ``key`` hold the living clones, in order of their number.
    """

    def __init__(
        self, growth: Growth, keys: np.ndarray, streams: Streams, parameters: HistoryParameters
    ) -> None:
        self.streams, self.keys = streams, np.asarray(keys, np.uint64)
        self.n_resolved = parameters.n_resolved
        self.kinds = len(growth.birth)
        n = self.keys.shape[0]
        self.n_cells = np.broadcast_to(np.asarray(growth.n_cells, float), n)
        self.probability = growth.probabilities()
        share = self.probability.sum(axis=1)
        self.rates = (np.array(growth.birth, float), np.array(growth.death, float), share)
        self.fastest = float((self.rates[0] - self.rates[1]).max())
        self.hours_of_step = parameters.step / float(self.rates[0].max())
        self.tick = 0
        self.is_open = np.ones(n, bool)
        self.hours, self.attempts = np.zeros(n), np.zeros(n, np.int64)
        self.total: np.ndarray = np.zeros(n)
        self.n_mutants = np.zeros((n, self.kinds), np.int64)
        self.pool = np.full(n * self.kinds, -1)
        self.joined = np.zeros(n * self.kinds, np.int64)
        self.pooled: dict[int, int] = {}
        self.table = _Table()
        self.last_cells: list[tuple[np.ndarray, np.ndarray]] = []
        self.of, self.genotype, self.number = (np.zeros(0, np.int64) for _ in range(3))
        self.cells, self.key = np.zeros(0, np.int64), np.zeros(0, np.uint64)
        self._begin(np.arange(n))

    def step(self) -> None:
        """Take one step of all open histories."""
        length = self._lengths()
        mutants = np.empty(self.of.shape[0], np.int64)
        grow_clones(
            self.streams.seed, _GROWTH, _MUTATION, self.tick, self.key,
            self.of, self.genotype, *self.rates, length, self.cells, mutants,
        )  # fmt: skip
        some = np.flatnonzero(mutants)
        if some.shape[0]:
            self._found(self._founders(some, mutants[some]), length)
        self.hours[self.is_open] += length[self.is_open]
        alive = self.cells > 0
        if not alive.all():
            self._keep(alive)
        self.tick += 1
        self.total = np.bincount(self.of, weights=self.cells, minlength=self.keys.shape[0])
        self._close(self.is_open & (self.total >= self.n_cells))
        self._begin(np.flatnonzero(self.is_open & (self.total == 0)))

    def _begin(self, replicates: np.ndarray) -> None:
        """Start replicates from one cell, for the first time or anew."""
        if replicates.shape[0] == 0:
            return
        n = replicates.shape[0]
        self.hours[replicates] = 0.0
        self.n_mutants[replicates] = 0
        keys = np.empty(n, np.uint64)
        daughter_keys(
            self.keys[replicates] + self.attempts[replicates].astype(np.uint64) * _GOLDEN,
            0, _OF_ATTEMPT, keys,
        )  # fmt: skip
        self.attempts[replicates] += 1
        self.total[replicates] = 1
        zero, one = np.zeros(n, np.int64), np.ones(n, np.int64)
        number = self.table.add(replicates, zero, -one, np.zeros(n), one)
        self._append(replicates, zero, number, one, keys)

    def _lengths(self) -> np.ndarray:
        """Return the length of this step for each replicate, float64[n] [h]."""
        room = -minus_log(np.maximum(self.n_cells / np.maximum(self.total, 1.0), 1.0))
        shortest = _LEAST_STEP * self.hours_of_step
        return np.clip(room / self.fastest, shortest, self.hours_of_step)

    def _founders(self, clones: np.ndarray, number: np.ndarray) -> _Founders:
        """Draw what the mutants of some clones are."""
        source, keys = self.genotype[clones], self.key[clones]
        out = np.empty((clones.shape[0], self.kinds), np.int64)
        split_mutants(
            self.streams.seed, _MUTATION, self.tick, keys, source, number,
            self.probability, out,
        )  # fmt: skip
        row, target = np.nonzero(out)
        own = np.empty(row.shape[0], np.uint64)
        pair_keys(keys[row], np.full(row.shape, self.tick), target, own)
        of, number = self.of[clones[row]], out[row, target]
        np.add.at(self.n_mutants, (of, target), number)
        return _Founders(of, self.number[clones[row]], own, source[row], target, number)

    def _found(self, founders: _Founders, length: np.ndarray) -> None:
        """Make clones of the first founders, and let the others join the pools."""
        places = self.of * self.kinds + self.genotype
        living = np.bincount(places, minlength=self.pool.shape[0])
        free = np.maximum(self.n_resolved - living, 0)
        alone, rest = founders.split(founders.of * self.kinds + founders.target, free)
        origin, cells = self._settled(alone, length)
        number = self.table.add(alone.of, alone.target, alone.parent, origin, alone.number)
        self._append(alone.of, alone.target, number, cells, alone.keys)
        if rest.of.shape[0]:
            self._join(rest, length)

    def _settled(self, founders: _Founders, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the origin [h] of founders and what is left of them at the end of the step."""
        cells, moment = founders.number.copy(), np.empty(founders.of.shape[0])
        settle_founders(
            self.streams.seed, _MOMENT, _GROWTH, self.tick,
            founders.keys, founders.source, founders.target, *self.rates, length[founders.of],
            cells, moment,
        )  # fmt: skip
        return self.hours[founders.of] + moment, cells

    def _join(self, founders: _Founders, length: np.ndarray) -> None:
        """Add founders to the pools of their replicates and genotypes."""
        origin, cells = self._settled(founders, length)
        place = founders.of * self.kinds + founders.target
        lacking, first = np.unique(place, return_index=True)
        is_new = self.pool[lacking] < 0
        lacking, first = lacking[is_new], first[is_new]
        if lacking.shape[0]:
            new, zero = founders.only(first), np.zeros(lacking.shape, np.int64)
            number = self.table.add(new.of, new.target, new.parent, origin[first], zero)
            self.pool[lacking] = number
            self._append(new.of, new.target, number, zero, new.keys)
        np.add.at(self.cells, np.searchsorted(self.number, self.pool[place]), cells)
        np.add.at(self.joined, place, founders.number)

    def _note_pools(self, places: np.ndarray) -> None:
        """Write down how many founders the pools of these places have had, and close them."""
        places = places[self.pool[places] >= 0]
        founders = self.joined[places].tolist()
        self.pooled.update(zip(self.pool[places].tolist(), founders, strict=True))
        self.pool[places] = -1
        self.joined[places] = 0

    def _append(
        self,
        of: np.ndarray,
        genotype: np.ndarray,
        number: np.ndarray,
        cells: np.ndarray,
        keys: np.ndarray,
    ) -> None:
        """Add living clones."""
        self.of = np.concatenate((self.of, of))
        self.genotype = np.concatenate((self.genotype, genotype))
        self.number = np.concatenate((self.number, number))
        self.cells = np.concatenate((self.cells, cells))
        self.key = np.concatenate((self.key, keys))

    def _keep(self, which: np.ndarray) -> None:
        """Drop all clones but these; a pool that is dropped may be opened again."""
        lost = ~which
        places = self.of[lost] * self.kinds + self.genotype[lost]
        self._note_pools(places[self.pool[places] == self.number[lost]])
        self.of, self.genotype = self.of[which], self.genotype[which]
        self.number, self.cells, self.key = self.number[which], self.cells[which], self.key[which]

    def _close(self, done: np.ndarray) -> None:
        """Put the clones of finished histories aside."""
        if not done.any():
            return
        finished = done[self.of]
        self.last_cells.append((self.number[finished], self.cells[finished]))
        self._keep(~finished)
        self.is_open &= ~done

    def result(self) -> History:
        """Return the living clones and their ancestors."""
        replicate, genotype, parent, origin, founders = (
            np.concatenate(column) for column in zip(*self.table.chunks, strict=True)
        )
        cells = np.zeros(self.table.n, np.int64)
        for numbers, last in self.last_cells:
            cells[numbers] = last
        is_pool = np.zeros(self.table.n, bool)
        for pool, n_founders in self.pooled.items():
            founders[pool], is_pool[pool] = n_founders, True
        kept = cells > 0
        wave = np.flatnonzero(kept)
        while wave.shape[0]:
            wave = np.unique(parent[wave])
            wave = wave[wave >= 0]
            wave = wave[~kept[wave]]
            kept[wave] = True
        rows = np.flatnonzero(kept)
        rows = rows[np.argsort(replicate[rows], kind="stable")]
        new_row = np.full(self.table.n + 1, -1)
        new_row[rows] = np.arange(rows.shape[0])
        return History(
            replicate[rows], genotype[rows], new_row[parent[rows]], origin[rows], founders[rows],
            cells[rows], is_pool[rows], self.hours, self.n_mutants, self.attempts,
        )  # fmt: skip
