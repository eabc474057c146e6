"""Bodies over an interval, each with its own sub-steps.

A step is made once whole and once in two halves; where they agree, the result is twice the halves
minus the whole (Richardson), of second order, and the same combination of exposures and amounts
keeps the balance exact; as in :mod:`abm.kernels.well`.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.body_step import (
    DEFECT,
    EXPOSURE,
    FMOL_PER_UM_PL,
    N_PLACE,
    N_RECORD,
    N_SPECIES,
    N_UPTAKE,
    Interval,
    step_body,
)
from abm.kernels.field_arrays import DONE, NOT_CONVERGED
from abm.kernels.step_control import accept_step

SERIAL_BODIES = 4
"""Up to this many bodies the threads would cost more than they save; the bits are the same."""


@kernel
def try_step(rules, interval, step, records, u, scratch):
    """Make one whole and two half steps from ``records[0]`` into rows 1 and 2.

    Row 3 is the point between the halves. Returns (status, relative difference).
    """
    # Loops, not slices: assigning to a slice takes seconds to compile.
    for k in range(EXPOSURE, N_RECORD):
        records[1, k], records[2, k] = 0.0, 0.0
    status = step_body(rules, interval, step, records[0], records[1], u, scratch)
    first = step_body(rules, interval, 0.5 * step, records[0], records[2], u, scratch)
    for k in range(N_RECORD):
        records[3, k] = records[2, k]
    second = step_body(rules, interval, 0.5 * step, records[3], records[2], u, scratch)
    error = 0.0
    for k in range(DEFECT):
        difference = abs(records[2, k] - records[1, k])
        error = max(error, difference / (records[2, k] + rules.floor[k // N_PLACE]))
    return max(status, first, second), error


@kernel
def advance_body(rules, interval, dt, tolerance, records, u, scratch, control):
    """Advance ``records[0]`` by ``dt`` hours; return a status.

    ``tolerance``: float64[2], relative difference of whole and half steps, least step (h).
    ``control``: float64[2], the step that is tried first (h, updated), number of steps (set).
    """
    for k in range(EXPOSURE, N_RECORD):
        records[0, k] = 0.0
    remaining, control[1] = dt, 0.0
    while remaining > 1e-9 * dt:
        step = min(control[0], remaining)
        if step < remaining < 2.0 * step:
            step = 0.5 * remaining
        status, error = try_step(rules, interval, step, records, u, scratch)
        if status != DONE or not np.isfinite(error):
            return max(status, NOT_CONVERGED)
        factor = 4.0
        if error > 0.0:
            factor = min(4.0, max(0.2, 0.9 * np.sqrt(tolerance[0] / error)))
        if error <= tolerance[0] or step <= tolerance[1]:
            accept_step(records, DEFECT, EXPOSURE)
            remaining -= step
            control[1] += 1.0
            control[0] = max(step * factor, min(control[0], step))
        else:
            control[0] = max(step * min(factor, 0.5), tolerance[1])
    return DONE


class Bodies(NamedTuple):
    """All bodies of an interval: what it brings, and what is changed in place."""

    concentration: np.ndarray
    """float64[N_SPECIES, N_PLACE * n], changed."""
    defect: np.ndarray
    """float64[N_SPECIES, N_PLACE * n], changed."""
    capacity: np.ndarray
    """float64[N_UPTAKE, N_PLACE * n], fmol/h."""
    release: np.ndarray
    """float64[N_SPECIES, N_PLACE * n], fmol over the interval."""
    activity: np.ndarray
    """float64[N_PLACE * n], IU/mL."""
    volume: np.ndarray
    """float64[N_PLACE * n], pL."""
    enzyme: np.ndarray
    """float64[n, 3]."""
    control: np.ndarray
    """float64[n, 2], changed."""
    records: np.ndarray
    """float64[n, 4, N_RECORD], changed; row 0 holds the result."""
    scratch: np.ndarray
    """float64[n, N_SPECIES + N_SCRATCH, N_PLACE], overwritten."""
    rates: np.ndarray
    """float64[n, N_UPTAKE + N_SPECIES, N_PLACE], overwritten."""
    status: np.ndarray
    """int64[n], set."""


@kernel
def advance_one(rules, bodies, dt, tolerance, k):
    """Advance body ``k``; where it fails, concentrations and defects stay as they were."""
    first, last = k * N_PLACE, (k + 1) * N_PLACE
    volume, rates, records = bodies.volume[first:last], bodies.rates[k], bodies.records[k]
    for c in range(N_PLACE):
        per_um = 1.0 / (FMOL_PER_UM_PL * volume[c])
        for row in range(N_UPTAKE):
            rates[row, c] = bodies.capacity[row, first + c] * per_um
        for species in range(N_SPECIES):
            rates[N_UPTAKE + species, c] = bodies.release[species, first + c] * per_um / dt
            at = species * N_PLACE + c
            records[0, at] = bodies.concentration[species, first + c]
            records[0, DEFECT + at] = bodies.defect[species, first + c]
    interval = Interval(
        rates[:N_UPTAKE], rates[N_UPTAKE:], bodies.enzyme[k], bodies.activity[first:last], volume
    )
    scratch = bodies.scratch[k]
    status = advance_body(
        rules, interval, dt, tolerance, records, scratch[:N_SPECIES], scratch[N_SPECIES:],
        bodies.control[k],
    )  # fmt: skip
    bodies.status[k] = status
    if status != DONE:
        return
    for species in range(N_SPECIES):
        for c in range(N_PLACE):
            at = species * N_PLACE + c
            bodies.concentration[species, first + c] = records[0, at]
            bodies.defect[species, first + c] = records[0, DEFECT + at]


@kernel
def _advance_few(rules, bodies, dt, tolerance):
    for k in range(bodies.status.size):
        advance_one(rules, bodies, dt, tolerance, k)


@parallel_kernel
def _advance_many(rules, bodies, dt, tolerance):
    for k in prange(bodies.status.size):
        advance_one(rules, bodies, dt, tolerance, k)


def advance_bodies(rules, bodies, dt, tolerance):  # type: ignore[no-untyped-def]
    """Advance all bodies by ``dt`` hours, each for itself; see ``Bodies`` for what changes."""
    if bodies.status.size <= SERIAL_BODIES:
        _advance_few(rules, bodies, dt, tolerance)
    else:
        _advance_many(rules, bodies, dt, tolerance)
