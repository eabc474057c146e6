"""G5-G7: the explicit sweep as a yardstick, a warm re-solve in sweeps, iterations, contraction."""

import itertools

import numba
import numpy as np

from abm.environment.field_solver import TissueSolver
from abm.environment.reactions import SECONDS_PER_HOUR, Reactions, SolverParameters
from abm.environment.tissue import DEFAULT_VESSEL_EXCHANGE, Tissue
from abm.kernels import field as field_kernels
from abm.kernels import field_steps, multigrid
from abm.kernels.field_arrays import DONE
from abm.kernels.grid import build_grid, linear_work
from abm.state.sites import N_UPTAKE, Species
from benchmarks.field_peers import explicit_sweep, triad
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Side, compare, ratio

SPACING, THICKNESS, EXTRACELLULAR = 20.0, 10.0, 0.3
EXCHANGE_PER_S = 1.0
"""D / spacing^2 of an amino acid: 400 um2/s over (20 um)^2."""
UPTAKE_PER_S = (0.01, 0.05)
"""Rate constants of uptake in occupied voxels."""
OCCUPIED = 0.8
VESSELS = 0.05
FACES = {
    "no flux": (False, False, False, False),
    "fixed": (True, True, True, True),
    "mixed": (True, False, False, True),
}
REDUCTION = 1e-6
N_CYCLES, N_COUNTED = 14, 6
"""Cycles of the stationary iteration, and the last ones whose mean contraction counts."""

INTERVAL_H = 0.1
SETTLING = 40
"""Intervals before the change of uptake."""
CHANGE = 0.05
LARGEST_ERROR = 1e-3
TOLERANCES = (1e-2, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6)
"""Tried from loose to tight until the error is small enough."""


def measure(effort: Effort) -> list[Row]:
    """Return the rows of the field solver."""
    return [*convergence(128 if effort.is_quick else 512), *speed(effort)]


def convergence(n: int) -> list[Row]:
    """Return G7: worst numbers over faces and two draws; no clock."""
    rows = []
    for has_vessels, most, floor, goal in ((False, 8, 0.25, 0.15), (True, 12, 0.35, 0.35)):
        counts, factors = {}, {}
        for (name, faces), seed in itertools.product(FACES.items(), (1, 2)):
            problem = _problem(n, faces, has_vessels, seed)
            counts[name, seed] = _iterations(*problem)
            factors[name, seed] = _contraction(*_problem(n, faces, has_vessels, seed))
        where = f"{'with' if has_vessels else 'without'} vessels, {n}^2, uneven uptake"
        worst = max(factors, key=lambda key: factors[key])
        rows += [
            Row("G7", f"conjugate gradients to {REDUCTION:g}, iterations, {where}",
                float(max(counts.values())), float(min(counts.values())),
                float(max(counts.values())), floor=most, goal=most, is_more_better=False,
                remark=f"most over faces: {', '.join(FACES)}"),
            Row("G7", f"contraction per V(1,1) cycle alone, {where}", factors[worst],
                min(factors.values()), factors[worst], floor=floor, goal=goal,
                is_more_better=False,
                remark=f"worst: faces {worst[0]}; conjugate gradients reduce the residual by "
                f"{REDUCTION ** (1.0 / max(counts.values())):.2f} per cycle or better"),
        ]  # fmt: skip
    return rows


def _problem(n, faces, has_vessels, seed):  # type: ignore[no-untyped-def]
    """Return grid and work arrays of one steady problem: diagonal and source are set."""
    rng = np.random.default_rng(seed)
    grid = build_grid(n, n, faces)
    work = field_kernels.work_of(linear_work(grid, 1), 0)
    inside = slice(grid.start[0], grid.start[0] + n * n)
    reaction = rng.uniform(*UPTAKE_PER_S, n * n) * (rng.random(n * n) < OCCUPIED) / EXCHANGE_PER_S
    if has_vessels:
        reaction += DEFAULT_VESSEL_EXCHANGE * (rng.random(n * n) < VESSELS)
    work.diagonal[inside] = grid.link_sum[inside] + reaction
    work.source[inside] = rng.uniform(0.0, 1.0, n * n)
    multigrid.set_coefficients(grid, work)
    return grid, work, inside


def _iterations(grid, work, inside):  # type: ignore[no-untyped-def]
    start = np.abs(work.source[inside]).sum()
    iterations, _ = multigrid.solve(grid, work, REDUCTION * start, 100)
    return iterations


def _contraction(grid, work, inside):  # type: ignore[no-untyped-def]
    """Mean factor by which the last cycles of the stationary iteration reduce the residual."""
    sizes = []
    for _ in range(N_CYCLES):
        multigrid.cycle(grid, work, multigrid.absolute_sum(grid, work.source, work.column))
        multigrid.multiply(grid, work.diagonal, work.solution, work.product)
        work.source[inside] -= work.product[inside]
        sizes.append(np.linalg.norm(work.source[inside]))
    return float((sizes[-1] / sizes[-1 - N_COUNTED]) ** (1.0 / N_COUNTED))


def speed(effort: Effort) -> list[Row]:
    """Return G5 and G6."""
    n = 256 if effort.is_quick else 1024
    rng = np.random.default_rng(1)
    u, k, out = rng.random((n, n)), rng.random((n, n)), np.zeros((n, n))
    a, b, c = (rng.random(max(n, 1024) ** 2 * 4) for _ in range(3))
    # Kernels that come from the cache do not start the threads that their callees need.
    numba.set_num_threads(1)
    warm = _WarmSolve(n)

    def sweep() -> float:
        explicit_sweep(u, k, EXCHANGE_PER_S, 0.15, out)
        return float(n * n)

    def stream() -> float:
        triad(a, b, 0.5, c)
        return float(a.size)

    samples = compare(
        [
            Side("triad", stream),
            Side("sweep", sweep),
            Side("re-solve", warm.solve_step, prepare=warm.reset_step),
            Side("interval", warm.solve, prepare=warm.reset),
        ],
        effort,
    )
    what = f"{n}^2, one species, 1 thread"
    return [
        timed("G5", f"memory triad / explicit sweep, per 24 bytes ({what})",
              ratio(samples, "triad", "sweep"), floor=None if effort.is_quick else 0.75,
              goal=None if effort.is_quick else 0.9,
              remark="small grids stay in the cache" if effort.is_quick else
              "the sweep is no slower than memory allows (faster in the cache)"),
        timed("G6", f"warm re-solve after a change of all uptakes by {CHANGE:.0%} / explicit sweep "
              f"({what})", ratio(samples, "re-solve", "sweep"),
              floor=None if effort.is_quick else 30,
              goal=None if effort.is_quick else 12,
              is_more_better=False, accuracy=f"{warm.error:.1e} relative, of an exact solve",
              remark="implicit step of the kernel, all coefficients rebuilt; tolerance "
              f"{warm.tolerance:g}, {warm.iterations} linear iterations"),
        timed("G6", "the whole call of the solver for that interval: check of the step, exposure, "
              "books and arrays of the other species too", ratio(samples, "interval", "sweep"),
              accuracy=f"{warm.error:.1e} relative, of an exact solve"),
    ]  # fmt: skip


class _WarmSolve:
    """The field of Gln in equilibrium with cells and vessels, whose uptake then changes."""

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(2)
        self.tissue = Tissue(
            n_x=n, n_y=n, spacing=SPACING, thickness=THICKNESS,
            extracellular_fraction=EXTRACELLULAR, is_vessel=rng.random((n, n)) < VESSELS,
        )  # fmt: skip
        n_site = self.tissue.n_site
        self.medium = np.full(len(Species), 500.0)
        reactions = Reactions((Species.GLN,))
        half = reactions.transport.half_saturation_gln
        rate = rng.uniform(*UPTAKE_PER_S, n_site) * (rng.random(n_site) < OCCUPIED)
        self.capacity = np.zeros((N_UPTAKE, n_site))
        self.capacity[Species.GLN] = rate * SECONDS_PER_HOUR * half * 1e-3 * self.tissue.volume
        self.release = np.zeros((len(Species), n_site))
        self.activity = np.zeros(n_site)
        self.start = np.repeat(self.medium[:, None], n_site, axis=1)
        self.start_defect = np.zeros_like(self.start)
        settle = self._solver(1e-6, 1e-7, step_error=0.01)
        for _ in range(SETTLING):
            self._advance(settle, self.start, self.start_defect)
        self.capacity *= rng.uniform(1.0 - CHANGE, 1.0 + CHANGE, self.capacity.shape)
        self.now, self.defect = self.start.copy(), self.start_defect.copy()
        self._choose_tolerance()
        self.sites = self.solver.sites(self.capacity, self.release, self.activity, INTERVAL_H)

    def _solver(self, change: float, defect: float, step_error: float = 1e29) -> TissueSolver:
        parameters = SolverParameters(change=change, defect=defect, step_error=step_error)
        reactions = Reactions((Species.GLN,), solver=parameters)
        return TissueSolver(self.tissue, reactions, self.medium)

    def _advance(self, solver, concentration, defect):  # type: ignore[no-untyped-def]
        return solver.advance(
            concentration, defect, self.capacity, self.release, self.activity, INTERVAL_H
        )

    def _choose_tolerance(self) -> None:
        """Take the loosest tolerance whose result is within the error of an exact solve."""
        exact, defect = self.start.copy(), self.start_defect.copy()
        self._advance(self._solver(1e-11, 1e-12), exact, defect)
        for self.tolerance in TOLERANCES:
            self.solver = self._solver(self.tolerance, min(self.tolerance, 1e-3))
            self.reset()
            self.iterations = self._advance(self.solver, self.now, self.defect).n_iterations
            self.error = float(np.abs(self.now / exact - 1.0)[Species.GLN].max())
            if self.error <= LARGEST_ERROR:
                return
        raise AssertionError(f"no tolerance gives an error of {LARGEST_ERROR:g}: {self.error:g}")

    def reset(self) -> None:
        """Go back to the warm start."""
        self.now[:] = self.start
        self.defect[:] = self.start_defect

    def reset_step(self) -> None:
        """Put the warm start into the work arrays of the solver."""
        work = self.solver._work
        inside = slice(self.tissue.n_x, self.tissue.n_x + self.tissue.n_site)
        for array, old, start in (
            (work.now, work.old, self.start), (work.defect, work.old_defect, self.start_defect)
        ):  # fmt: skip
            array[:, inside] = start
            old[:] = array

    def solve_step(self) -> float:
        """Make the implicit step alone."""
        solver = self.solver
        status = field_steps.implicit_step(
            solver._grid, solver._linear, solver._rules, self.sites, solver._work, INTERVAL_H,
            solver._exposure, solver._amount,
        )  # fmt: skip
        if status != DONE:
            raise AssertionError(f"the implicit step ended with status {status}")
        return float(self.tissue.n_site)

    def solve(self) -> float:
        """Advance one interval from the warm start; return the voxels solved for."""
        self._advance(self.solver, self.now, self.defect)
        return float(self.tissue.n_site)
