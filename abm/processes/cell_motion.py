"""Motion of all cells of a tissue, at fate ticks."""

import numpy as np

from abm.clock import Clock
from abm.environment.tissue import Tissue
from abm.kernels.bodies import gather_bodies, scatter_bodies
from abm.kernels.cell_layout import CellState
from abm.kernels.vicinity import mark_voxels
from abm.processes.motion import NOTHING, Bodies, Motion, radius_of
from abm.processes.process import AbstractProcess
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.state import State
from abm.streams import Stream, Streams

BIRTH_REACH = 2.5
"""How far around a daughter cells are pushed aside in the step of her birth, over her radius."""


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
        rows = [np.flatnonzero(~p.is_dead[: p.n + p.n_staged]) for p in populations]
        n_cell = sum(part.shape[0] for part in rows)
        if n_cell == 0:
            return
        bodies = self._room(n_cell, any(p.adhesion > 0.0 for p in populations))
        is_restless = self._around_births(populations, clock)
        first = 0
        for population, part in zip(populations, rows, strict=True):
            self._gather(population, part, is_restless, clock.tick, hours, first, bodies)
            first += part.shape[0]
        report = self.motion.move(bodies, hours)
        spacing, shape = self.tissue.spacing, self.tissue.shape
        moved = bodies.x, bodies.y, bodies.z
        first = 0
        for population, part in zip(populations, rows, strict=True):
            scatter_bodies(
                part, first, moved, report.pressure, spacing, shape, _places(population),
                population["site"], population["pressure"],
            )  # fmt: skip
            first += part.shape[0]

    def _room(self, n_cell: int, has_adhesion: bool) -> Bodies:
        n_axis = self.motion.n_axis
        return Bodies(
            x=np.empty(n_cell),
            y=np.empty(n_cell),
            radius=np.empty(n_cell),
            mobility=np.empty(n_cell),
            motility=np.empty((n_axis, n_cell)),
            z=np.empty(n_cell) if n_axis == 3 else NOTHING,
            adhesion=np.empty(n_cell) if has_adhesion else NOTHING,
            unrest=np.empty(n_cell),
        )

    def _around_births(self, populations: list[Population], clock: Clock) -> np.ndarray:
        """Return bool[n_site]: voxels where daughters of this step push each other apart."""
        tissue = self.tissue
        is_restless = np.zeros(tissue.n_site, np.bool_)
        for population in populations:
            born = population["birth_tick"][: population.n + population.n_staged]
            rows = np.flatnonzero(born > clock.tick - clock.fate)
            if rows.shape[0] == 0:
                continue
            largest = population.unit_volume * population.state[CellState.SIZE, rows].max()
            reach = BIRTH_REACH * float(radius_of(np.array([largest]))[0])
            z = population["z"] if population.has(Group.DEPTH) else NOTHING
            mark_voxels(
                rows, population["x"], population["y"], z, reach, tissue.spacing, tissue.shape,
                is_restless,
            )  # fmt: skip
        return is_restless

    def _gather(
        self,
        population: Population,
        rows: np.ndarray,
        is_restless: np.ndarray,
        tick: int,
        hours: float,
        first: int,
        bodies: Bodies,
    ) -> None:
        """Write the cells ``rows`` of a population to ``bodies``, from element ``first``."""
        is_stroma = population.cell_type is CellType.STROMA
        mobility = self.motion.parameters.stroma_mobility if is_stroma else 1.0
        walk = 0.0 if is_stroma else self.motion.walk(hours)
        places = _places(population)
        gather_bodies(
            rows, places, population.state[CellState.SIZE], population["random_key"],
            population["site"], (self.streams.seed, int(Stream.MOTILITY), tick),
            (float(population.unit_volume), float(mobility), float(walk)),
            float(self.motion.parameters.list_allowance_at_division), is_restless, first,
            (bodies.x, bodies.y, bodies.z)[: len(places)],
            (bodies.radius, bodies.mobility, bodies.unrest, bodies.motility),
        )  # fmt: skip
        own = slice(first, first + rows.shape[0])
        if population.cell_type is CellType.CARCINOMA:
            asparagine = population.state[CellState.ASN, rows]
            bodies.motility[:, own] *= self.motion.asparagine_factor(asparagine)
        if bodies.adhesion.shape[0]:
            bodies.adhesion[own] = population.adhesion


def _places(population: Population) -> tuple[np.ndarray, ...]:
    """Return the columns x, y and in three dimensions z."""
    return tuple(population[axis] for axis in population.place_columns())
