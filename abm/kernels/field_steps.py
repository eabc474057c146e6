"""What an implicit step of the nutrient field moved, and how exact it was."""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.field import filtered_change, gain_row, rival_of, spread_row, transport_row
from abm.kernels.field_arrays import (
    ASN,
    DECAY,
    EDGE,
    ENZYME,
    GLN,
    N_FLUX,
    PRODUCT,
    RELEASE,
    SUPPLY,
    UPTAKE,
    VESSEL_IN,
    VESSEL_OUT,
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
    gain_row(field, species, first, n_x, rows[2])
    uptake_row(rules, sites, field, species, first, n_x, rows[0])
    rows[1] = 0.0
    if species in (ASN, GLN):
        rows[1] = field.split[species, first : first + n_x]
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
def uptake_row(rules, sites, field, species, first, n_x, taken):
    """Fill ``taken`` with uptake by cells, uM/h."""
    row, u = transport_row(species), field.now[species, first : first + n_x]
    if row < 0:
        taken[:] = 0.0
        return
    rival = field.now[rival_of(species), first : first + n_x]
    inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
    capacity = sites.capacity[row, first - n_x : first]
    for i in range(n_x):
        half = rules.half_saturation[row] * (1.0 + rival[i] * inverse)
        taken[i] = sites.to_concentration[0] * capacity[i] * u[i] / (half + u[i])


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


@kernel
def finish(grid, linear, rules, sites, field, species, dt, exposure, amount):
    """Record a finished step of one species and estimate its error."""
    book(grid, rules, sites, field, species, dt, exposure, amount)
    if rules.is_solved[species]:
        filtered_change(grid, linear, rules, field, species, dt)


@parallel_kernel
def finish_all(grid, linear, rules, sites, field, dt, exposure, amount):
    """Record every species and estimate the errors of a step, one species per thread."""
    for species in prange(field.now.shape[0]):
        finish(grid, linear, rules, sites, field, np.int64(species), dt, exposure, amount)


@kernel
def copy_species(species, source, target):
    """Copy some rows of a field array."""
    for one in species:
        row, out = source[one], target[one]
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
