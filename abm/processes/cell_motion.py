"""Motion of all cells of a tissue, at fate ticks."""

import numpy as np

from abm.clock import Clock
from abm.environment.tissue import Tissue
from abm.kernels.cell_layout import CellState
from abm.kernels.sort import voxel_of
from abm.processes.motion import NOTHING, Bodies, Motion, radius_of
from abm.processes.process import AbstractProcess
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.state import State
from abm.streams import Stream, Streams


class CellMotion(AbstractProcess):
    """Push cells apart, let them wander, find the voxel and the pressure of each.

    All populations move together; newborn cells take part, dead ones do not.
    """

    name = "motion"
    at_fate_ticks = True

    def __init__(self, motion: Motion, tissue: Tissue, streams: Streams) -> None:
        self.motion = motion
        self.tissue = tissue
        self.streams = streams

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Move all cells by one fate step, in place: x, y, z, site, pressure."""
        hours = clock.to_hours(clock.fate)
        populations = [p for p in state.populations if p.has(Group.SPATIAL)]
        rows = [_moving(population) for population in populations]
        parts = [
            self._bodies(population, part, clock.tick, hours)
            for population, part in zip(populations, rows, strict=True)
        ]
        if not any(part.x.shape[0] for part in parts):
            return
        bodies = Bodies(*(np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True)))
        report = self.motion.move(bodies, hours)
        site = np.empty(bodies.x.shape[0], np.int32)
        voxel_of(bodies.x, bodies.y, bodies.z, self.tissue.spacing, self.tissue.shape, site)
        first = 0
        for population, part, moved in zip(populations, rows, parts, strict=True):
            own = slice(first, first + moved.x.shape[0])
            for axis in population.place_columns():
                population[axis][part] = getattr(bodies, axis)[own]
            population["site"][part] = site[own]
            population["pressure"][part] = report.pressure[own]
            first = own.stop

    def _bodies(
        self, population: Population, rows: np.ndarray | slice, tick: int, hours: float
    ) -> Bodies:
        radius = radius_of(population.unit_volume * population.state[CellState.SIZE][rows])
        n_cell, n_axis = radius.shape[0], self.motion.n_axis
        if population.cell_type is CellType.STROMA:
            mobility = np.full(n_cell, self.motion.parameters.stroma_mobility)
            motility = np.zeros((n_axis, n_cell))
        else:
            mobility = np.ones(n_cell)
            keys = population["random_key"][rows]
            normals = self.streams.normals_per_axis(Stream.MOTILITY, tick, keys, n_axis)
            motility = self.motion.motility(normals, hours)
        if population.cell_type is CellType.CARCINOMA:
            motility *= self.motion.asparagine_factor(population.state[CellState.ASN, rows])
        return Bodies(
            x=population["x"][rows],
            y=population["y"][rows],
            radius=radius,
            mobility=mobility,
            motility=motility,
            z=population["z"][rows] if population.has(Group.DEPTH) else NOTHING,
            adhesion=np.full(n_cell, population.adhesion),
        )


def _moving(population: Population) -> np.ndarray | slice:
    """Return the rows that are not dead, as a slice where that is all of them."""
    is_dead = population.is_dead[: population.n + population.n_staged]
    return np.flatnonzero(~is_dead) if is_dead.any() else slice(0, is_dead.shape[0])
