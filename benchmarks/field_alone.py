"""The field alone: one interval by grid, number of species and vessels, in memory triads."""

import functools
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from abm.environment.field_solver import TissueSolver
from abm.environment.reactions import SECONDS_PER_HOUR, Reactions, SolverParameters
from abm.environment.tissue import CLOSED, Edges, Tissue
from abm.processes.nutrients import UPTAKE_SPECIES
from abm.state.sites import Species
from benchmarks.field_peers import TRIAD_BYTES, triad
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio

SPECIES = {
    1: (Species.GLN,),
    3: (Species.ASN, Species.GLN, Species.GLU),
    6: (Species.ASN, Species.GLN, Species.GLU, Species.EAA, Species.GLUCOSE, Species.O2),
}
GRIDS = ((256, 256), (64, 64, 64))
LARGE_GRIDS = ((1024, 1024), (128, 128, 128))
QUICK_GRIDS = ((64, 64), (16, 16, 16))
CHECKED_GRIDS = {2: (128, 128), 3: (24, 24, 24)}
"""Whose error stands beside larger grids of the same dimensions."""
N_ROUNDS, LEAST_WALL_S = 2, 0.25
SPACING, THICKNESS, EXTRACELLULAR = 20.0, 10.0, 0.3
MEDIUM = 500.0
"""Of every species [uM]."""
VESSELS, OCCUPIED = 0.05, 0.8
UPTAKE_PER_S = (0.001, 0.005)
"""Rate constants of uptake in occupied voxels."""
DECAY_PER_H = 10.0
INTERVAL_H = 0.1
SETTLING = 4
"""Intervals before the change of uptake."""
CHANGE = 0.05
TIGHT = {"change": 1e-9, "defect": 1e-10, "step_error": 2e-4}
N_FINE = 64
"""Tolerances of the finely stepped reference, and the calls that it makes for the interval."""
N_TRIAD = 1 << 24


@dataclass(frozen=True)
class Case:
    """A grid (n_y, n_x) or (n_z, n_y, n_x), a number of species, whether there are vessels."""

    shape: tuple[int, ...]
    n_species: int
    has_vessels: bool

    def __str__(self) -> str:
        vessels = "vessels" if self.has_vessels else "no vessels"
        return f"{'x'.join(map(str, self.shape))}, {self.n_species} species, {vessels}"


def measure(effort: Effort) -> list[Row]:
    """Return the rows of all cases on small grids."""
    return _rows(effort, _cases(QUICK_GRIDS if effort.is_quick else GRIDS))


def large(effort: Effort) -> list[Row]:
    """Return the rows of all cases on large grids."""
    return _rows(effort, _cases(QUICK_GRIDS if effort.is_quick else LARGE_GRIDS))


def _rows(effort: Effort, cases: Iterable[Case]) -> list[Row]:
    """Return a row for each case: time of a call per voxel and species over that of a triad."""
    a, b, c = (np.random.default_rng(1).random(N_TRIAD) for _ in range(3))
    effort = replace(effort, rounds=N_ROUNDS, least_wall_s=LEAST_WALL_S)
    rows = []
    for case in cases:
        field = WarmField(case)
        stream = Side("triad", lambda: float(triad(a, b, 0.5, c) or N_TRIAD))
        side = Side("field", field.advance, prepare=field.reset)
        samples = compare([stream, side], effort)
        rows.append(
            timed("", "field: interval of 6 min per voxel and species / triad per element "
                  f"({case}, 1 thread)", ratio(samples, "field", "triad"), accuracy=_error(case),
                  remark=f"{samples['field'].median * 1e9:.0f} ns per voxel and species, "
                  f"{field.seconds:.2g} s per call, {field.work}; "
                  f"{TRIAD_BYTES * 1e-9 / samples['triad'].median:.1f} GB/s")
        )  # fmt: skip
    return rows


def _cases(grids: Iterable[tuple[int, ...]]) -> list[Case]:
    return list(itertools.starmap(Case, itertools.product(grids, SPECIES, (False, True))))


def _error(case: Case) -> str:
    """Return the error of the case, or of the same one on a grid that is not too large for it."""
    checked = CHECKED_GRIDS[len(case.shape)]
    return _error_of(case if case.shape < checked else replace(case, shape=checked))


@functools.cache
def _error_of(case: Case) -> str:
    return f"{WarmField(case).error():.1e} of the medium, {case}"


class WarmField:
    """A field on its way to equilibrium with random uptake, all of which then changes by up to 5 %.

    It is supplied by vessels or, without them, through the faces of the plane. What cells do not
    take up decays.
    """

    def __init__(self, case: Case) -> None:
        rng = np.random.default_rng(2)
        *planes, n_y, n_x = case.shape
        is_vessel = rng.random(case.shape) < VESSELS if case.has_vessels else None
        self.tissue = Tissue(
            n_x=n_x, n_y=n_y, spacing=SPACING, thickness=THICKNESS,
            extracellular_fraction=EXTRACELLULAR, is_vessel=is_vessel,
            edges=CLOSED if case.has_vessels else Edges(*[np.full(len(Species), MEDIUM)] * 4),
            n_z=planes[0] if planes else None,
        )  # fmt: skip
        self.species = SPECIES[case.n_species]
        self.medium = np.full(len(Species), MEDIUM)
        n_site = self.tissue.n_site
        reactions = self._reactions()
        half = reactions.transport.as_array()
        rate = rng.uniform(*UPTAKE_PER_S, n_site) * (rng.random(n_site) < OCCUPIED)
        self.capacity = np.outer(half * 1e-3 * self.tissue.volume * SECONDS_PER_HOUR, rate)
        self.capacity[[one not in self.species for one in UPTAKE_SPECIES]] = 0.0
        self.release = np.zeros((len(Species), n_site))
        self.activity = np.zeros(n_site)
        self.start = np.repeat(self.medium[:, None], n_site, axis=1)
        self.start_defect = np.zeros_like(self.start)
        self.solver = TissueSolver(self.tissue, reactions, self.medium)
        for _ in range(SETTLING):
            self._call(self.solver, self.start, self.start_defect)
        self.capacity *= rng.uniform(1.0 - CHANGE, 1.0 + CHANGE, self.capacity.shape)
        self.step_length = self.solver.step_length
        self.now, self.defect = self.start.copy(), self.start_defect.copy()
        self.seconds, self.work = 0.0, ""

    def _reactions(self, **tolerances: float) -> Reactions:
        is_taken = [one in UPTAKE_SPECIES or one not in self.species for one in Species]
        decay = tuple(0.0 if taken else DECAY_PER_H for taken in is_taken)
        return Reactions(self.species, solver=SolverParameters(**tolerances), decay=decay)

    def _call(self, solver, concentration, defect, hours=INTERVAL_H):  # type: ignore[no-untyped-def]
        return solver.advance(
            concentration, defect, self.capacity, self.release, self.activity, hours
        )

    def reset(self) -> None:
        """Go back to the warm start, the solver's choice of step included."""
        self.now[:] = self.start
        self.defect[:] = self.start_defect
        self.solver.step_length = self.step_length

    def advance(self) -> float:
        """Advance one interval; return voxels times species."""
        started = time.perf_counter()
        result = self._call(self.solver, self.now, self.defect)
        self.seconds = time.perf_counter() - started
        self.work = f"{result.n_steps} step(s), {result.n_iterations} linear iterations"
        return float(self.tissue.n_site * len(self.species))

    def error(self) -> float:
        """Return the largest error of the interval against many small steps, over the medium."""
        fine = TissueSolver(self.tissue, self._reactions(**TIGHT), self.medium)
        exact, defect = self.start.copy(), self.start_defect.copy()
        for _ in range(N_FINE):
            self._call(fine, exact, defect, INTERVAL_H / N_FINE)
        self.reset()
        self.advance()
        rows = list(self.species)
        return float(np.abs(self.now - exact)[rows].max() / MEDIUM)
