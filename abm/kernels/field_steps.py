"""Sub-steps of an interval of the nutrient field, and what they moved.

An interval is cut into implicit steps of :mod:`abm.kernels.field`. A step whose error cannot
exceed the tolerance (see ``filtered_change``) is kept as it is; any other is repeated as two half
steps, which are kept if they agree with it.
"""

import math

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.field import (
    ASN,
    DECAY,
    DONE,
    EDGE,
    ENZYME,
    GLN,
    N_FLUX,
    PRODUCT,
    RELEASE,
    SUPPLY,
    TURNOVER,
    UPTAKE,
    VESSEL_IN,
    VESSEL_OUT,
    filtered_change,
    gain_row,
    implicit_step,
    rival_of,
    spread_row,
    transport_row,
)


@kernel
def exposure_row(rules, field, species, j, n_x, dt, exposure):
    """Add ``dt`` times the saturation of transport of one row of voxels to ``exposure``."""
    row, first = transport_row(species), (j + 1) * n_x
    u = field.now[species, first : first + n_x]
    rival = field.now[rival_of(species), first : first + n_x]
    inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
    half = rules.half_saturation[row]
    out = exposure[row, j * n_x : (j + 1) * n_x]
    for i in range(n_x):
        out[i] += dt * u[i] / (half * (1.0 + rival[i] * inverse) + u[i])


@kernel
def add_fluxes(grid, rules, sites, field, species, j, dt):
    """Add what one row of voxels exchanged during a step to the columns of ``field.flux``."""
    n_x = grid.n_x[0]
    first = (j + 1) * n_x
    flux, u = field.flux[species], field.now[species, first : first + n_x]
    vessel, free = sites.vessel[first : first + n_x], sites.free[first : first + n_x]
    rate, plasma = dt * rules.vessel_rate[species], sites.plasma[species]
    supply, decay = dt * rules.supply[species], dt * rules.decay[species]
    per_amount = dt * sites.to_concentration[1]
    release = sites.release[species, first - n_x : first]
    incoming, outgoing = flux[VESSEL_IN], flux[VESSEL_OUT]
    for i in range(n_x):
        net = rate * vessel[i] * (plasma - u[i])
        incoming[i] += max(net, 0.0)
        outgoing[i] += max(-net, 0.0)
    supplied, decayed, released = flux[SUPPLY], flux[DECAY], flux[RELEASE]
    for i in range(n_x):
        supplied[i] += supply
        decayed[i] += decay * u[i]
        released[i] += per_amount * release[i]
    rows = field.rows[species]
    gain_row(rules, sites, field, species, first, n_x, rows[2])
    loss_rows(rules, sites, field, species, first, n_x, rows)
    gain, taken, split = flux[PRODUCT], flux[UPTAKE], flux[ENZYME]
    for i in range(n_x):
        gain[i] += dt * rows[2, i]
        taken[i] += dt * rows[0, i]
        split[i] += dt * rows[1, i]
    if not rules.is_open:
        return
    spread_row(grid, rules, field, species, j, rows[3])
    edge, exchange = flux[EDGE], dt * rules.exchange[species]
    for i in range(n_x):
        net = rate * vessel[i] * (plasma - u[i]) + supply - decay * u[i] + per_amount * release[i]
        net += dt * (rows[2, i] - rows[0, i] - rows[1, i]) + exchange * rows[3, i]
        edge[i] += exchange * rows[3, i] - (1.0 - free[i]) * net


@kernel
def loss_rows(rules, sites, field, species, first, n_x, rows):
    """Fill rows 0 and 1 with uptake by cells and hydrolysis, uM/h."""
    taken, split = rows[0], rows[1]
    taken[:] = 0.0
    split[:] = 0.0
    row, u = transport_row(species), field.now[species, first : first + n_x]
    rival = field.now[rival_of(species), first : first + n_x]
    if row >= 0:
        inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
        capacity = sites.capacity[row, first - n_x : first]
        for i in range(n_x):
            half = rules.half_saturation[row] * (1.0 + rival[i] * inverse)
            taken[i] = sites.to_concentration[0] * capacity[i] * u[i] / (half + u[i])
    if species == ASN or species == GLN:
        factor = TURNOVER * (1.0 if species == ASN else rules.enzyme[2])
        activity, inverse = sites.activity[first - n_x : first], 1.0 / rules.enzyme[1 - species]
        for i in range(n_x):
            half = rules.enzyme[species] * (1.0 + rival[i] * inverse)
            split[i] = factor * activity[i] * u[i] / (half + u[i])


@kernel
def book(grid, rules, sites, field, species, dt, exposure, amount):
    """Add exposure and, for a solved species, amounts of a finished step to the records."""
    n_x = grid.n_x[0]
    if transport_row(species) >= 0:
        for j in range(grid.n_y[0]):
            exposure_row(rules, field, species, j, n_x, dt, exposure)
    if not rules.is_solved[species]:
        return
    field.flux[species] = 0.0
    for j in range(grid.n_y[0]):
        add_fluxes(grid, rules, sites, field, species, j, dt)
    for kind in range(N_FLUX):
        total = 0.0
        for i in range(n_x):
            total += field.flux[species, kind, i]
        amount[species, kind] += total


@parallel_kernel
def book_all(grid, rules, sites, field, dt, exposure, amount):
    """Record every species, one per thread."""
    for species in prange(field.now.shape[0]):
        book(grid, rules, sites, field, np.int64(species), dt, exposure, amount)


@kernel
def copy_rows(rules, source, target):
    """Copy the rows of the solved species."""
    for species in rules.solved:
        row, out = source[species], target[species]
        for i in range(row.size):
            out[i] = row[i]


@kernel
def distance(grid, rules, field, other):
    """Largest difference between the iterate and ``other``, relative to the iterate plus floor."""
    result, n_x = 0.0, grid.n_x[0]
    for species in rules.solved:
        largest, floor = field.rows[species, 4], rules.floor[species]
        largest[:] = 0.0
        for j in range(grid.n_y[0]):
            first = (j + 1) * n_x
            now = field.now[species, first : first + n_x]
            reference = other[species, first : first + n_x]
            for i in range(n_x):
                largest[i] = max(largest[i], abs(now[i] - reference[i]) / (now[i] + floor))
        result = max(result, largest.max())
    return result


@parallel_kernel
def filter_all(grid, linear, rules, field, dt):
    """Estimate the error of the whole step of every solved species, one per thread."""
    for k in prange(rules.solved.size):
        filtered_change(grid, linear, rules, field, rules.solved[k], dt)


@kernel
def is_surely_accurate(grid, linear, rules, field, dt):
    """Whether the whole step from ``field.start`` is within the tolerance without half steps."""
    filter_all(grid, linear, rules, field, dt)
    worst = 0.0
    for species in rules.solved:
        worst = max(worst, field.status[species, 6])
    return worst <= rules.tolerance[2]


@kernel
def take_step(grid, linear, rules, sites, field, dt):
    """One implicit step from the iterate, whose defect is ``field.defect``; return a status."""
    copy_rows(rules, field.now, field.old)
    copy_rows(rules, field.defect, field.old_defect)
    return implicit_step(grid, linear, rules, sites, field, dt)


@kernel
def take_halves(grid, linear, rules, sites, field, dt):
    """Two half steps from ``field.start``, recorded in the trial arrays; return a status.

    The first half step is kept in ``field.half``.
    """
    field.trial_exposure[:] = 0.0
    field.trial_amount[:] = 0.0
    copy_rows(rules, field.start, field.now)
    copy_rows(rules, field.start_defect, field.defect)
    exposure, amount = field.trial_exposure, field.trial_amount
    status = take_step(grid, linear, rules, sites, field, 0.5 * dt)
    if status != DONE:
        return status
    book_all(grid, rules, sites, field, 0.5 * dt, exposure, amount)
    copy_rows(rules, field.now, field.half)
    status = take_step(grid, linear, rules, sites, field, 0.5 * dt)
    book_all(grid, rules, sites, field, 0.5 * dt, exposure, amount)
    return status


@kernel
def refine(grid, linear, rules, sites, field, step, control):
    """Halve a step until its halves agree with it; the first half is the next whole step.

    The iterate is the answer of the whole step on entry and that of the accepted half steps on
    return. Returns (length of the accepted step, status) and sets ``control``.
    """
    tolerance, least = rules.tolerance[2], rules.tolerance[5]
    copy_rows(rules, field.now, field.whole)
    while True:
        status = take_halves(grid, linear, rules, sites, field, step)
        if status != DONE:
            return step, status
        error = distance(grid, rules, field, field.whole)
        if error <= tolerance or 0.5 * step < least:
            break
        copy_rows(rules, field.half, field.whole)
        step *= 0.5
    control[0] = 2.0 * step if error <= 0.25 * tolerance else step
    control[2] += 1.0 if error > tolerance else 0.0
    return step, status


@kernel
def advance(grid, linear, rules, sites, field, dt, control, exposure, amount):
    """Advance ``field.now`` and ``field.defect`` by an interval of ``dt`` hours; return a status.

    ``exposure`` (float64[4, n_site], h) and ``amount`` (float64[n_species, N_FLUX], uM times
    voxels) are filled. ``control`` (float64[3]) holds the step length that went well last (h, kept
    between intervals), the number of steps taken and of those taken at the least length although
    the error was above the tolerance.
    """
    exposure[:] = 0.0
    amount[:] = 0.0
    control[1:] = 0.0
    field.status[:, 4] = 0.0
    remaining = dt
    while remaining > 1e-9 * dt:
        step = remaining / max(1.0, math.ceil(remaining / control[0] - 1e-6))
        copy_rows(rules, field.now, field.start)
        copy_rows(rules, field.defect, field.start_defect)
        status = take_step(grid, linear, rules, sites, field, step)
        if status != DONE:
            return status
        if is_surely_accurate(grid, linear, rules, field, step):
            book_all(grid, rules, sites, field, step, exposure, amount)
            control[0] = 2.0 * max(step, control[0])
        else:
            step, status = refine(grid, linear, rules, sites, field, step, control)
            if status != DONE:
                return status
            for species in range(amount.shape[0]):
                for kind in range(N_FLUX):
                    amount[species, kind] += field.trial_amount[species, kind]
            for row in range(exposure.shape[0]):
                trial, out = field.trial_exposure[row], exposure[row]
                for i in range(out.size):
                    out[i] += trial[i]
        control[1] += 1.0
        remaining -= step
    return DONE
