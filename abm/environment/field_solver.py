"""Advances the nutrient field of a tissue over an interval, in implicit steps of chosen length.

A step whose error cannot exceed the tolerance (:func:`abm.kernels.field.filtered_change`) is kept
as it is; any other is repeated as two half steps. Where they agree with it, the result is twice the
halves minus the whole step (of second order, and as exact in the balance as either), or the halves
themselves if that were negative anywhere; else the step is halved, down to the least length. The
length that went well is remembered.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from abm.environment.fluxes import Flux, IntervalResult
from abm.environment.reactions import SECONDS_PER_HOUR, Reactions, enzyme_constants
from abm.environment.tissue import Tissue
from abm.errors import NumericalError
from abm.kernels import field_arrays, field_steps, grid
from abm.kernels._jit import start_threads
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.units import FMOL_PER_UM_PL

_DEFINITION = ("tissue", "reactions", "medium", "step_length")

_TAKEN_UP = (Species.ASN, Species.GLN, Species.GLU, Species.EAA)

EASY_SHARE = 0.25
"""A step whose error is below this share of the tolerance may be doubled: the error of backward
Euler grows with the square of the step."""


class _Record(NamedTuple):
    """Outcome of a step: iterate, defect (padded), exposure and amounts (sums, kernel units)."""

    now: np.ndarray
    defect: np.ndarray
    exposure: np.ndarray
    amount: np.ndarray


class TissueSolver:
    """Advances the concentrations of a tissue; holds work arrays and the remembered step length.

    ``medium`` (float64[n_species], uM) is what the vessels carry unless a call says otherwise.
    ``step_length`` (h) belongs to a checkpoint; concentrations and defect are the caller's.
    """

    def __init__(self, tissue: Tissue, reactions: Reactions, medium: np.ndarray) -> None:
        self.tissue, self.reactions = tissue, reactions
        self.medium = np.asarray(medium, dtype=float).copy()
        self.step_length = math.inf
        self._build()

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the definition only; work arrays are made anew."""
        return {name: self.__dict__[name] for name in _DEFINITION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the definition and make the work arrays."""
        self.__dict__.update(state)
        self._build()

    def follow(self, before: "TissueSolver") -> None:
        """Take over the remembered step length."""
        self.step_length = before.step_length

    def _build(self) -> None:
        start_threads()
        tissue = self.tissue
        is_fixed = tuple(edge is not None for edge in tissue.edges)
        self._grid = grid.build_grid(tissue.n_x, tissue.n_y, is_fixed, tissue.n_z)
        self._linear = grid.linear_work(self._grid, len(Species))
        self._work = field_arrays.field_work(self._grid, len(Species))
        self._rules = _rules(tissue, self.reactions, self.medium)
        self._vessel = self._padded(tissue.is_vessel)
        self._free = 1.0 - self._padded(tissue.is_fixed)
        self._exposure = np.zeros((N_UPTAKE, tissue.n_site))
        self._amount = np.zeros((len(Species), len(Flux)))
        self._start, self._whole, self._half, self._both = (self._record() for _ in range(4))

    def _padded(self, mask: np.ndarray | None) -> np.ndarray:
        """Return a mask as numbers, with the ghosts of the kernels."""
        result = np.zeros(self._work.now.shape[1])
        if mask is not None:
            start = self._grid.start[0]
            result[start : start + mask.size] = mask.ravel()
        return result

    def _record(self) -> _Record:
        """Return an empty record."""
        shape = self._work.now.shape
        return _Record(
            np.zeros(shape), np.zeros(shape), np.zeros_like(self._exposure),
            np.zeros_like(self._amount),
        )  # fmt: skip

    def advance(
        self,
        concentration: np.ndarray,
        defect: np.ndarray,
        capacity: np.ndarray,
        release: np.ndarray,
        activity: np.ndarray,
        dt: float,
        drug: Drug | None = None,
        plasma: np.ndarray | None = None,
    ) -> IntervalResult:
        """Advance the field by ``dt`` hours.

        concentration, defect : float64[n_species, n_site] [uM], changed in place
        capacity : float64[4, n_site] [fmol/h], uptake at saturation summed over the cells
        release : float64[n_species, n_site] [fmol], given off evenly over the interval; dropped
            for a species that is switched off
        activity : float64[n_site] [IU/mL]; ``drug`` gives the constants of the enzyme
        plasma : float64[n_species] [uM], in the vessels

        Raises NumericalError with species, voxel and value where a solve does not converge; the
        arrays then hold the state before the call.
        """
        sites = self.sites(capacity, release, activity, dt, drug, plasma)
        work = self._work
        for array, inner in ((concentration, work.now), (defect, work.defect)):
            field_steps.copy_species(self._rules.recorded, array, inner)
        work.status[:, 4] = 0.0
        n_steps, n_rough = self._run(sites, dt)
        volume_factor = FMOL_PER_UM_PL * self.tissue.volume
        for array, inner in ((concentration, work.now), (defect, work.defect)):
            self._copy(inner, array)
        return IntervalResult(
            self._exposure, self._amount * volume_factor, defect.sum(axis=1) * volume_factor,
            n_steps, n_rough, int(work.status[:, 4].sum()),
        )  # fmt: skip

    def sites(
        self,
        capacity: np.ndarray,
        release: np.ndarray,
        activity: np.ndarray,
        dt: float,
        drug: Drug | None = None,
        plasma: np.ndarray | None = None,
    ) -> field_arrays.Sites:
        """Return what the kernels are told of an interval; arguments as in :meth:`advance`."""
        volume_factor = FMOL_PER_UM_PL * self.tissue.volume
        return field_arrays.Sites(
            self._vessel, self._free, self.medium if plasma is None else plasma, capacity,
            activity, enzyme_constants(self.reactions.drug if drug is None else drug), release,
            np.array([1.0 / volume_factor, 1.0 / (volume_factor * dt)]),
        )  # fmt: skip

    def _run(self, sites: field_arrays.Sites, dt: float) -> tuple[int, int]:
        """Take steps until the interval is over; return their number and that of rough ones."""
        work, tolerance = self._work, self.reactions.solver.step_error
        remaining, n_steps, n_rough = dt, 0, 0
        while remaining > 1e-9 * dt:
            step = remaining / max(1, math.ceil(remaining / self.step_length - 1e-6))
            self._step(sites, step, self._whole)
            if work.status[self._rules.solved, 6].max(initial=0.0) <= tolerance:
                self._whole = self._keep(self._whole, n_steps == 0)
                self.step_length = 2.0 * max(step, self.step_length)
            else:
                step, error = self._refine(sites, step)
                self._both = self._keep(self._both, n_steps == 0)
                n_rough += error > tolerance
                self.step_length = 2.0 * step if error <= EASY_SHARE * tolerance else step
            n_steps += 1
            remaining -= step
        return n_steps, n_rough

    def _keep(self, record: _Record, is_first: bool) -> _Record:
        """Add what a step moved to the sums of the interval; return the record for another step."""
        if is_first:
            spare = record._replace(exposure=self._exposure, amount=self._amount)
            self._exposure, self._amount = record.exposure, record.amount
            return spare
        self._exposure += record.exposure
        self._amount += record.amount
        return record

    def _refine(self, sites: field_arrays.Sites, step: float) -> tuple[float, float]:
        """Halve a step until its halves agree with it, and accept the outcome.

        The first half is the next whole step, so that a halving costs two solves. ``self._both``
        holds the outcome. Returns the length of the step and the difference.
        """
        work, solver = self._work, self.reactions.solver
        start, whole, half, both = self._start, self._whole, self._half, self._both
        self._copy(work.old, start.now)
        self._copy(work.old_defect, start.defect)
        self._copy(work.now, whole.now)
        self._copy(work.defect, whole.defect)
        while True:
            self._copy(start.now, work.now)
            self._copy(start.defect, work.defect)
            self._step(sites, 0.5 * step, half)
            self._copy(work.now, half.now)
            self._copy(work.defect, half.defect)
            self._step(sites, 0.5 * step, both)
            error = field_steps.distance(self._grid, self._rules, work, whole.now)
            if error <= solver.step_error or 0.5 * step < solver.least_step / SECONDS_PER_HOUR:
                break
            self._whole, self._half = whole, half = half, whole
            step *= 0.5
        both.exposure[:] += half.exposure
        both.amount[:] += half.amount
        if error <= solver.step_error:
            self._extrapolate()
        return step, error

    def _extrapolate(self) -> None:
        """Replace the outcome of two half steps by twice that minus the whole step's, if >= 0."""
        work, both, whole, solved = self._work, self._both, self._whole, self._rules.solved
        better = 2.0 * work.now[solved] - whole.now[solved]
        if better.min(initial=0.0) < 0.0 or np.any(2.0 * both.exposure < whole.exposure):
            return
        work.now[solved] = better
        work.defect[solved] = 2.0 * work.defect[solved] - whole.defect[solved]
        both.exposure[:] += both.exposure - whole.exposure
        both.amount[:] += both.amount - whole.amount

    def _copy(self, source: np.ndarray, target: np.ndarray) -> None:
        """Copy the rows of the solved species."""
        field_steps.copy_species(self._rules.solved, source, target)

    def _step(self, sites: field_arrays.Sites, step: float, record: _Record) -> None:
        """One implicit step from the iterate, recorded in ``record`` except for the fields.

        Raises NumericalError.
        """
        status = field_steps.step(
            self._grid, self._linear, self._rules, sites, self._work, step, record.exposure,
            record.amount,
        )  # fmt: skip
        if status != field_arrays.DONE:
            self._fail(status, step)

    def _fail(self, status: int, step: float) -> None:
        work, solved = self._work, self._rules.solved
        size = np.nan_to_num(np.abs(work.defect[solved]), nan=np.inf)
        row, padded = np.unravel_index(int(size.argmax()), size.shape)
        species = Species(int(solved[row]))
        what = (
            "did not converge"
            if status == field_arrays.NOT_CONVERGED
            else "left the finite numbers"
        )
        site = int(padded - self._grid.start[0])
        axes = "(y, x)" if self.tissue.n_z is None else "(z, y, x)"
        place = tuple(int(i) for i in np.unravel_index(site, self.tissue.shape))
        raise NumericalError(
            f"the field of {species.name.lower()} {what} in a step of "
            f"{step * SECONDS_PER_HOUR:g} s: site {site}, voxel {axes} = {place}, holds "
            f"{work.now[species, padded]:g} uM with a defect of "
            f"{work.defect[species, padded]:g} uM"
        )


def _rules(tissue: Tissue, reactions: Reactions, medium: np.ndarray) -> field_arrays.Rules:
    """Collect the constants of a run for the kernels."""
    exchange = reactions.diffusion.as_array() / tissue.spacing**2
    faces = [np.zeros(len(Species)) if e is None else np.asarray(e) for e in tissue.edges]
    is_fixed = [edge is not None for edge in tissue.edges]
    solver = reactions.solver
    solved, group = reactions.groups()
    return field_arrays.Rules(
        solved=solved,
        group=group,
        is_solved=reactions.is_solved(),
        recorded=np.concatenate([solved, [s for s in _TAKEN_UP if s not in solved]]).astype(int),
        is_open=any(is_fixed) or tissue.is_fixed is not None,
        exchange=exchange,
        decay=np.array(reactions.decay, dtype=float),
        supply=np.array(reactions.supply, dtype=float),
        vessel_rate=tissue.vessel_rates(exchange, solved),
        edge_link=np.where(is_fixed, 2.0, 0.0),
        edge_value=np.ascontiguousarray(np.stack(faces, axis=1), dtype=float),
        half_saturation=reactions.transport.as_array(),
        tolerance=np.array(
            [
                solver.defect,
                solver.change,
                solver.outer_iterations,
                solver.inner_iterations,
                solver.step_error,
            ]
        ),
        floor=solver.error_floor * reactions.error_scale(medium),
    )
