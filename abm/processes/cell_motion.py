"""Motion of all cells of a tissue, at fate ticks."""

import numpy as np

from abm.clock import Clock
from abm.environment.tissue import Tissue
from abm.kernels.cell_layout import CellState
from abm.processes.motion import Bodies, Motion, radius_of
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
        """Move all cells by one fate step, in place: x, y, site, pressure."""
        hours = clock.to_hours(clock.fate)
        populations = [p for p in state.populations if p.has(Group.SPATIAL)]
        rows = [np.flatnonzero(~p.is_dead[: p.n + p.n_staged]) for p in populations]
        if not any(part.shape[0] for part in rows):
            return
        parts = [
            self._bodies(population, part, clock.tick, hours)
            for population, part in zip(populations, rows, strict=True)
        ]
        bodies = Bodies(*(np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True)))
        report = self.motion.move(bodies, hours)
        site = self.tissue.site_of(bodies.x, bodies.y)
        first = 0
        for population, part in zip(populations, rows, strict=True):
            own = slice(first, first + part.shape[0])
            population["x"][part] = bodies.x[own]
            population["y"][part] = bodies.y[own]
            population["site"][part] = site[own]
            population["pressure"][part] = report.pressure[own]
            first += part.shape[0]

    def _bodies(
        self, population: Population, rows: np.ndarray, tick: int, hours: float
    ) -> tuple[np.ndarray, ...]:
        radius = radius_of(population.unit_volume * population.state[CellState.SIZE, rows])
        mobility = np.ones(rows.shape[0])
        if population.cell_type is CellType.STROMA:
            mobility[:] = self.motion.parameters.stroma_mobility
            motility = np.zeros((2, rows.shape[0]))
        else:
            keys = population["random_key"][rows]
            normals = self.streams.normals(Stream.MOTILITY, tick, keys)
            motility = self.motion.motility(normals, hours)
        if population.cell_type is CellType.CARCINOMA:
            motility *= self.motion.asparagine_factor(population.state[CellState.ASN, rows])
        return population["x"][rows], population["y"][rows], radius, mobility, motility
