"""Bodies over an interval, each with its own sub-steps.

A step is made once whole (W) and in two halves (H); where they agree, the result is ``2 H - W``, of
second order. Where they do not, it is made in three thirds (T) as well: ``(9 T - 8 H + W) / 2`` is
of third order, and is taken where it agrees with ``3 T - 2 H`` (Aitken-Neville extrapolation of
implicit Euler steps, Deuflhard 1983, doi:10.1007/BF01418332). The same combination of exposures
and amounts keeps the balance exact; the second order is that of :mod:`abm.kernels.well`.
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
from abm.kernels.elementary import exp, log
from abm.kernels.field_arrays import DONE, NOT_CONVERGED
from abm.kernels.step_control import accept_step

SERIAL_BODIES = 4
"""Up to this many bodies the threads would cost more than they save; the bits are the same."""


WHOLE, HALVES, START, THIRDS = 1, 2, 3, 4
"""Rows of the records: what one, two and three steps give, and where the last of them began."""

N_ROW = 5
"""Rows of the records; row 0 holds the body before, and then after."""

MOST_LONGER, MOST_SHORTER = 4.0, 0.2
"""Largest and least factor from one step to the next."""

COST_OF_THIRD = 2.0
"""Implicit steps that the third order takes, over those of the second."""

SAFETY = 0.9
"""Share of the step that the estimate of the error would allow."""


@kernel
def take_steps(rules, interval, n, step, records, row, u, scratch):
    """Make ``n`` steps, together ``step``, from ``records[0]`` into ``row``; return a status."""
    # Loops, not slices: assigning to a slice takes seconds to compile.
    for k in range(N_RECORD):
        records[START, k] = records[0, k]
    for k in range(EXPOSURE, N_RECORD):
        records[row, k] = 0.0
    status = DONE
    for i in range(n):
        status = max(
            status,
            step_body(rules, interval, step / n, records[START], records[row], u, scratch),
        )
        if i < n - 1:
            for k in range(N_RECORD):
                records[START, k] = records[row, k]
    return status


@kernel
def second_order_error(rules, records):
    """Return the largest relative difference of whole and halves."""
    error = 0.0
    for k in range(DEFECT):
        difference = abs(records[HALVES, k] - records[WHOLE, k])
        error = max(error, difference / (records[HALVES, k] + rules.floor[k // N_PLACE]))
    return error


@kernel
def third_order_error(rules, records):
    """Return the largest relative difference of the results of second and third order.

    Infinite where that of third order is negative anywhere.
    """
    error = 0.0
    for k in range(N_RECORD):
        if DEFECT <= k < EXPOSURE:
            continue
        if 9.0 * records[THIRDS, k] + records[WHOLE, k] < 8.0 * records[HALVES, k]:
            return np.inf
    for k in range(DEFECT):
        difference = 3.0 * records[THIRDS, k] - 4.0 * records[HALVES, k] + records[WHOLE, k]
        scale = records[THIRDS, k] + rules.floor[k // N_PLACE]
        error = max(error, 0.5 * abs(difference) / scale)
    return error


@kernel
def accept_third_order(records):
    """Advance ``records[0]`` by the result of third order."""
    for k in range(N_RECORD):
        value = 4.5 * records[THIRDS, k] - 4.0 * records[HALVES, k] + 0.5 * records[WHOLE, k]
        records[0, k] = value if k < EXPOSURE else records[0, k] + value


@kernel
def next_over_this(tolerance, error, order):
    """Return the factor from this step to the next for an error that grows with its ``order``."""
    if error == 0.0:
        return MOST_LONGER
    factor = SAFETY * exp(log(tolerance / error) / order)
    return min(MOST_LONGER, max(MOST_SHORTER, factor))


@kernel
def advance_body(rules, interval, dt, tolerance, records, u, scratch, control):
    """Advance ``records[0]`` by ``dt`` hours; return a status.

    ``tolerance``: float64[2], relative difference of two results, least step (h). ``control``:
    float64[2], the step that is tried first (h, updated), number of steps (set).
    """
    for k in range(EXPOSURE, N_RECORD):
        records[0, k] = 0.0
    remaining, control[1], may_probe = dt, 0.0, True
    while remaining > 1e-9 * dt:
        step = min(control[0], remaining)
        if step < remaining < 2.0 * step:
            step = 0.5 * remaining
        status = take_steps(rules, interval, 1, step, records, WHOLE, u, scratch)
        status = max(status, take_steps(rules, interval, 2, step, records, HALVES, u, scratch))
        error = second_order_error(rules, records)
        if status != DONE or not np.isfinite(error):
            return max(status, NOT_CONVERGED)
        factor = next_over_this(tolerance[0], error, 2.0)
        is_done = error <= tolerance[0] or step <= tolerance[1]
        if is_done:
            accept_step(records, DEFECT, EXPOSURE)
            # A step too long for the second order tells whether the third one is worth its cost.
            factor = max(factor, COST_OF_THIRD) if may_probe else factor
        else:
            status = take_steps(rules, interval, 3, step, records, THIRDS, u, scratch)
            if status != DONE:
                return max(status, NOT_CONVERGED)
            error = third_order_error(rules, records)
            of_third = MOST_SHORTER
            if np.isfinite(error):
                of_third = next_over_this(tolerance[0], error, 3.0)
            is_done = error <= tolerance[0]
            if is_done:
                accept_third_order(records)
            may_probe = is_done or of_third >= COST_OF_THIRD * factor
            factor = of_third if may_probe else factor
        if is_done:
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
    """float64[n, N_ROW, N_RECORD], changed; row 0 holds the result."""
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
