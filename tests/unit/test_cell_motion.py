"""Cells of several populations go into the motion and come back to their own rows."""

import math

import numpy as np
import pytest

from abm.clock import Clock
from abm.environment.tissue import Tissue
from abm.kernels.cell_layout import CellState
from abm.kernels.vicinity import mark_voxels
from abm.processes.cell_motion import CellMotion
from abm.processes.inheritance import Inheritance, InheritanceParameters
from abm.processes.motion import NOTHING, Bodies, Motion, MotionParameters, radius_of
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.sites import Sites
from abm.state.state import State
from abm.streams import Stream, Streams

FLAT = frozenset({Group.CORE, Group.MECHANISTIC, Group.SPATIAL})
STREAMS = Streams(7)
HOURS = 0.1


def populated(n_axis, n=400, space_per_cell=110.0, kinds=None):
    """Cells at random places of a tissue of voxels of 20 um; keys, sites and sizes of their own."""
    rng = np.random.default_rng(5)
    n_voxel = math.ceil((n * space_per_cell) ** (1 / n_axis) / 20.0)
    tissue = Tissue(n_voxel, n_voxel, 20.0, 20.0, n_z=n_voxel if n_axis == 3 else None)
    state = State(Sites.filled(np.zeros(tissue.n_site), np.ones(1)), [], Clones())
    for number, (cell_type, count) in enumerate((kinds or {CellType.BLAST: n}).items()):
        groups = FLAT | {Group.DEPTH} if n_axis == 3 else FLAT
        population = Population(cell_type.name, cell_type, groups, 2 * count, unit_volume=0.5)
        population.n = count
        place = rng.uniform(0.0, 20.0 * n_voxel, (n_axis, count))
        for axis, row in zip("xyz", place, strict=False):
            population[axis][:count] = row
        population["site"][:count] = tissue.site_of(*place)
        population["random_key"][:count] = STREAMS.founder_keys(number, 0, count)
        population.state[CellState.SIZE, :count] = rng.uniform(1.0, 2.0, count)
        population.state[CellState.ASN, :count] = rng.uniform(0.0, 500.0, count)
        state.populations.append(population)
    return state, tissue


def rows_of(population, rows, motion, tick):
    """Bodies of some rows, put together column by column."""
    n, n_axis = rows.shape[0], motion.n_axis
    mobility, motility = np.ones(n), np.zeros((n_axis, n))
    if population.cell_type is CellType.STROMA:
        mobility[:] = motion.parameters.stroma_mobility
    else:
        keys = population["random_key"][rows]
        motility = motion.motility(
            STREAMS.normals_per_axis(Stream.MOTILITY, tick, keys, n_axis), HOURS
        )
    if population.cell_type is CellType.CARCINOMA:
        motility *= motion.asparagine_factor(population.state[CellState.ASN, rows])
    radius = radius_of(population.unit_volume * population.state[CellState.SIZE, rows])
    z = population["z"][rows] if n_axis == 3 else NOTHING
    return Bodies(population["x"][rows], population["y"][rows], radius, mobility, motility, z)


@pytest.mark.parametrize("n_axis", [2, 3])
def test_each_row_gets_what_its_cell_does(n_axis):
    """Three populations with dead cells: place, voxel and pressure as of the motion alone; a dead
    cell stays; stroma does not wander, carcinoma cells wander with their asparagine."""
    kinds = {CellType.BLAST: 300, CellType.STROMA: 5, CellType.CARCINOMA: 60}
    state, tissue = populated(n_axis, 365, 150.0 if n_axis == 2 else 1800.0, kinds)
    clock = Clock(end=600)
    clock.tick = 60
    for population in state.populations:
        population["birth_tick"][:] = -600
        population.is_dead[1 : population.n : 3] = True
    process = CellMotion(Motion(MotionParameters(), tissue.size), tissue, STREAMS)
    rows = [np.flatnonzero(~p.is_dead[: p.n]) for p in state.populations]
    parts = [
        rows_of(p, r, process.motion, 60) for p, r in zip(state.populations, rows, strict=True)
    ]
    bodies = Bodies(*(np.concatenate(column, axis=-1) for column in zip(*parts, strict=True)))
    before = [[p[axis].copy() for axis in p.place_columns()] for p in state.populations]
    pressure = Motion(MotionParameters(), tissue.size).move(bodies, HOURS).pressure
    process.advance(state, clock, 6)
    places = [axis for axis in (bodies.x, bodies.y, bodies.z) if axis.shape[0]]
    site, first = tissue.site_of(*places), 0
    for population, own, old in zip(state.populations, rows, before, strict=True):
        part = slice(first, first + own.shape[0])
        for axis, expected, start in zip(population.place_columns(), places, old, strict=True):
            np.testing.assert_array_equal(population[axis][own], expected[part])
            dead = population.is_dead
            np.testing.assert_array_equal(population[axis][dead], start[dead])
            assert (population[axis][own] != start[own]).any()
        np.testing.assert_array_equal(population["site"][own], site[part])
        np.testing.assert_array_equal(population["pressure"][own], pressure[part])
        first = part.stop


def test_one_list_of_neighbours_lasts_beside_divisions():
    """Where daughters part cells get more room in the list, so that it is made once (A49); the
    motion is that of a list without it up to the order of sums."""
    places = []
    for at_division in (MotionParameters().list_allowance_at_division, 0.05):
        state, tissue = populated(2, 900, 150.0)
        blasts, reports = state.populations[0], []
        motion = Motion(MotionParameters(list_allowance_at_division=at_division), tissue.size)
        process, clock = CellMotion(motion, tissue, STREAMS), Clock(end=6000)
        move = motion.move
        motion.move = lambda *given, move=move, reports=reports: (
            reports.append(move(*given)) or reports[-1]
        )
        for _ in range(30):
            clock.tick += 6
            process.advance(state, clock, 6)
        reports.clear()
        clock.tick += 6
        mothers = np.arange(0, 900, 90)
        Inheritance(InheritanceParameters(), STREAMS).divide(
            state, blasts, mothers, np.full(10, clock.tick / 60.0), clock.tick
        )
        process.advance(state, clock, 6)
        places.append([blasts[axis][:910].copy() for axis in "xy"])
        assert (reports[0].n_listings == 1) == (at_division > 1.0)
    np.testing.assert_allclose(*places, rtol=0, atol=1e-9)


@pytest.mark.parametrize("shape", [(6, 8), (3, 6, 8)])
def test_marked_voxels_are_those_that_a_box_around_a_cell_meets(shape):
    rng, spacing = np.random.default_rng(2), 10.0
    place = rng.uniform(0.0, 10.0, (3, 20)) * np.array([[8.0], [6.0], [3.0]])
    rows, reach = np.array([3, 7]), 13.0
    marked = np.zeros(math.prod(shape), np.bool_)
    mark_voxels(rows, *place, reach, spacing, shape, marked)
    middle = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in shape), indexing="ij")) * spacing
    expected = np.zeros(shape, np.bool_)
    for row in rows:
        centre = place[: len(shape), row][::-1].reshape(-1, *([1] * len(shape)))
        expected |= (np.abs(middle - centre) <= reach + spacing / 2).all(axis=0)
    np.testing.assert_array_equal(marked.reshape(shape), expected)
