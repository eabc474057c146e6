"""The cells that a run starts with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from abm.errors import ScenarioError
from abm.kernels.cell_layout import CellState
from abm.processes.fate import Fate
from abm.processes.inheritance import DIVISION_SIZE_MEAN, Inheritance
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.state import State
from abm.streams import Stream, Streams

_SPARE_CAPACITY = 1.125
_FIRST_DRAW_OF_SIZE = 4
_POURED_SHARE = {2: 0.82, 3: 0.64}
"""Share of the area or of space that discs or spheres fill in random close packing (A466)."""


class Placement(IntEnum):
    """Where founders lie in a tissue."""

    RANDOM = 0
    """Uniformly over the tissue."""
    CENTER = 1
    """At the centre."""
    DISC = 2
    """Uniformly over the central disc, in three dimensions the ball, that they fill when densely
    packed."""
    SPHEROID = 3
    """On the sites of a close lattice around the centre, in random order, as loosely as spheres
    that are poured (assumption A466): nobody is pushed far at the start."""


@dataclass(frozen=True, kw_only=True)
class Founders:
    """One population at the start.

    ``number`` counts cells of one replicate. ``alleles`` maps methylated alleles to shares that sum
    to 1 (mechanistic cells only); ``start`` holds for each of them the state that the cell has at
    the start, float64[n_state] with size 1; ``unit_volume`` [pL] is the volume of a cell of size 1,
    ``adhesion`` [1/h] that of the line.
    """

    name: str
    cell_type: CellType
    number: int
    groups: frozenset[Group]
    n_stages: int = 1
    unit_volume: float = 0.0
    adhesion: float = 0.0
    alleles: Mapping[int, float] = field(default_factory=dict)
    start: Mapping[int, np.ndarray] = field(default_factory=dict)
    threshold_cv: float = 0.0
    asns_cv: float = 0.0
    placement: Placement = Placement.RANDOM
    extent: tuple[float, ...] = (0.0, 0.0)
    """Size of the tissue [um]: x and y, or x, y and z."""
    barcodes: bool = False


def found(
    state: State,
    founders: Founders,
    streams: Streams,
    fate: Fate,
) -> Population:
    """Make the population, append it to the state and return it.

    The key of founder ``i`` of replicate ``r`` depends on (seed, population, i, r) alone, so one
    founder more leaves all others as they were.
    """
    index = len(state.populations)
    lineage = fate.inheritance.lineage
    n = founders.number * state.n_replicate
    population = Population(
        founders.name, founders.cell_type, founders.groups, int(n * _SPARE_CAPACITY),
        founders.unit_volume, founders.adhesion,
    )  # fmt: skip
    population.n = n
    rows = np.arange(n)
    population["random_key"][:n] = streams.founder_keys(index, 0, n)
    population["cell_id"][:n] = state.take_ids(n)
    if not population.has(Group.SPATIAL):
        population["site"][:n] = rows % state.n_replicate
    if lineage is not None:
        population["node"][:n] = lineage.add(np.full(n, -1, np.int32), np.zeros(n))
    if population.has(Group.CLOCK):
        left = _stages_left(population, founders, streams)
        fate.start_clocks(population, rows, np.zeros(n), 0, left)
    if population.has(Group.MECHANISTIC):
        _set_cells(population, founders, streams, fate.inheritance)
    if population.has(Group.SPATIAL):
        _place(population, founders, streams)
    _found_clones(state, population, founders)
    if founders.cell_type.is_tumour:
        state.counters.founders += founders.number
    state.populations.append(population)
    return population


def _stages_left(population: Population, founders: Founders, streams: Streams) -> np.ndarray:
    """Draw stages as in exponential growth: stage j has a share proportional to 2**(-j/k)."""
    keys = population.live("random_key")
    share = 2.0 ** (-np.arange(founders.n_stages) / founders.n_stages)
    edges = np.cumsum(share / share.sum())[:-1]
    passed = np.searchsorted(edges, streams.uniforms(Stream.FOUNDER_TRAITS, 0, keys, draw=2)[0])
    return founders.n_stages - passed


def _set_cells(
    population: Population, founders: Founders, streams: Streams, inheritance: Inheritance
) -> None:
    n = population.n
    rows = np.arange(n)
    keys = population.live("random_key")
    spread = streams.lognormals(
        Stream.FOUNDER_TRAITS, 0, keys, np.array([founders.threshold_cv, founders.asns_cv])
    )
    population["threshold_factor"][:n] = spread[0]
    population["set_point"][:n] = spread[1]
    alleles = _spread_by_shares(founders.alleles, n)
    population["methylated_alleles"][:n] = alleles
    inheritance.renew_life(population, rows, 0)
    for number, start in founders.start.items():
        population.state[:, np.flatnonzero(alleles == number)] = start[:, None]
    population.state[CellState.ASNS, :n] *= spread[1]
    population.state[CellState.COMMITMENT, :n] /= spread[0]
    size, division_size = _sizes_out_of_step(keys, inheritance.parameters.division_size_cv, streams)
    population["division_size"][:n] = division_size
    for row in (CellState.SIZE, CellState.BOUND_ASN, CellState.BOUND_GLN):
        population.state[row, :n] *= size


def _sizes_out_of_step(
    keys: np.ndarray, cv: float, streams: Streams
) -> tuple[np.ndarray, np.ndarray]:
    """Draw size and size at division of cells that have grown for long, none in step with another.

    Where all cells grow at one rate, a cell born at size b that divides at size d is met at size M
    with density b / M**2 between both, hence pairs (b, d) with weight 1 - b / d; b is half the size
    at which the mother divided, and mothers that divide small come sooner: weight 1 / d. So numbers
    grow like mass from the start, and the mean size stays 2 ln 2 / (1 + cv**2). By rejection.
    """
    size, division_size = np.empty(keys.shape[0]), np.empty(keys.shape[0])
    left, draw = np.arange(keys.shape[0]), _FIRST_DRAW_OF_SIZE
    while left.shape[0]:
        factors = streams.lognormals(
            Stream.FOUNDER_TRAITS, 0, keys[left], np.array([cv, cv]), draw=draw
        )
        # The weight 1 / d shrinks a lognormal number by 1 + cv**2 and changes nothing else.
        born = 0.5 * DIVISION_SIZE_MEAN / (1.0 + cv**2) * factors[0]
        divides = DIVISION_SIZE_MEAN * factors[1]
        u = streams.uniforms(Stream.FOUNDER_TRAITS, 0, keys[left], draw=draw + 1)
        is_taken = u[0] < 1.0 - born / divides
        rows = left[is_taken]
        drawn = 1.0 / (1.0 / born - u[1] * (1.0 / born - 1.0 / divides))
        size[rows], division_size[rows] = drawn[is_taken], divides[is_taken]
        left, draw = left[~is_taken], draw + 2
    return size, division_size


def _spread_by_shares(shares: Mapping[int, float], n: int) -> np.ndarray:
    """Give out ``n`` genotypes by largest remainders, exact to one cell; uint8[n]."""
    numbers = sorted(shares)
    exact = np.array([shares[number] for number in numbers]) * n
    counts = np.floor(exact + 1e-9).astype(np.int64)
    for i in np.argsort(-(exact - counts), kind="stable")[: n - counts.sum()]:
        counts[i] += 1
    return np.repeat(np.array(numbers, np.uint8), counts)


def _place(population: Population, founders: Founders, streams: Streams) -> None:
    n, keys = population.n, population.live("random_key")
    names = population.place_columns()
    u = streams.uniforms(Stream.FOUNDER_PLACE, 0, keys)
    if len(names) == 3:
        u = np.concatenate([u, streams.uniforms(Stream.FOUNDER_PLACE, 0, keys, draw=1)[:1]])
    if founders.placement is Placement.RANDOM:
        for name, length, share in zip(names, founders.extent, u, strict=True):
            population[name][:n] = share * length
        return
    offset = np.zeros((len(names), n))
    if founders.placement is Placement.DISC:
        offset = _in_ball(_content(population, len(names)), u)
    elif founders.placement is Placement.SPHEROID:
        filled = _content(population, len(names)) / _POURED_SHARE[len(names)]
        order = np.argsort(u[0], kind="stable")
        offset[:, order] = _close_lattice(n, len(names), filled / max(n, 1))
    for name, length, from_center in zip(names, founders.extent, offset, strict=True):
        across = 2.0 * float(np.abs(from_center).max(initial=0.0))
        if across > length:
            raise ScenarioError(
                f"founders of '{founders.name}': {n} cells placed as a "
                f"{founders.placement.name.lower()} are {across:.0f} um across, the tissue is "
                f"{length:g} um along {name}; take a larger tissue, fewer cells or 'random'"
            )
        population[name][:n] = 0.5 * length + from_center


def _content(population: Population, n_axis: int) -> float:
    """Return the area [um2] of all great circles, or the volume [um3] of all spheres."""
    volume = population.unit_volume * population.state[CellState.SIZE, : population.n] * 1000.0
    if n_axis == 3:
        return float(volume.sum())
    return float((np.pi * (3.0 * volume / (4.0 * np.pi)) ** (2.0 / 3.0)).sum())


def _in_ball(content: float, u: np.ndarray) -> np.ndarray:
    """Return places over the disc or ball of that content, float64[n_axis, n], from uniforms."""
    angle = 2.0 * np.pi * u[1]
    if u.shape[0] == 2:
        distance = float(np.sqrt(content / np.pi)) * np.sqrt(u[0])
        return np.stack([distance * np.cos(angle), distance * np.sin(angle)])
    distance = (3.0 * content / (4.0 * np.pi)) ** (1.0 / 3.0) * np.cbrt(u[0])
    height = 2.0 * u[2] - 1.0
    across = distance * np.sqrt(1.0 - height**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), distance * height])


def _close_lattice(n: int, n_axis: int, content: float) -> np.ndarray:
    """Return the ``n`` sites nearest to the centre, float64[n_axis, n] [um], nearest first.

    The lattice is the triangular one or the cubic face-centred one, with one site per ``content``
    [um2 or um3].
    """
    if n_axis == 3:
        spacing = np.cbrt(np.sqrt(2.0) * content)
        half = int(np.ceil(np.cbrt(3.0 * n / (2.0 * np.pi)))) + 2
        grid = np.mgrid[-half : half + 1, -half : half + 1, -half : half + 1].reshape(3, -1)
        sites = grid[:, grid.sum(axis=0) % 2 == 0] / np.sqrt(2.0)
    else:
        spacing = np.sqrt(2.0 / np.sqrt(3.0) * content)
        half = int(np.ceil(np.sqrt(n))) + 2
        row, column = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, -1)
        sites = np.stack([column + 0.5 * (row % 2), 0.5 * np.sqrt(3.0) * row])
    # Rounded, so that sites of one shell stand in the order of the lattice on every machine.
    order = np.argsort(np.round((sites**2).sum(axis=0), 6), kind="stable")
    return np.asarray(spacing * sites[:, order[:n]])


def _found_clones(state: State, population: Population, founders: Founders) -> None:
    n = population.n
    if not population.has(Group.MECHANISTIC):
        genotype = np.zeros(n, np.int64)
        numbers = [-1]
    else:
        numbers = sorted(set(population.live("methylated_alleles").tolist()))
        genotype = np.searchsorted(numbers, population.live("methylated_alleles"))
    if founders.barcodes:
        for row in range(n):
            number = numbers[genotype[row]]
            population["clone_id"][row] = state.clones.add(-1, 0, number, 1.0, 0)
        return
    ids = [state.clones.add(-1, 0, number, 1.0, 0) for number in numbers]
    population["clone_id"][:n] = np.array(ids)[genotype]
