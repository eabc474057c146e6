"""What an implicit step of the nutrient field moved, by kind of flux."""

from abm.kernels._jit import kernel
from abm.kernels.field import gain_rows, rival_of, transport_row
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
from abm.kernels.field_spread import spread_rows


@kernel
def set_exposure(rules, field, species, start, dt, exposure):
    """Write ``dt`` times the saturation of transport into ``exposure``."""
    row, end = transport_row(species), field.now.shape[1] - start
    u, rival = field.now[species, start:end], field.now[rival_of(species), start:end]
    inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
    half, out = rules.half_saturation[row], exposure[row]
    for i in range(end - start):
        out[i] = dt * u[i] / (half * (1.0 + rival[i] * inverse) + u[i])


@kernel
def add_scaled(factor, values, total):
    """Add ``factor`` times ``values`` to ``total``."""
    for i in range(values.size):
        total[i] += factor * values[i]


@kernel
def add_fluxes(grid, rules, sites, field, species, first, last, dt):
    """Add what some rows of voxels exchanged during a step to ``field.flux``."""
    start, size = grid.start[0], last - first
    flux, rows = field.flux[species], field.rows[species]
    add_vessels(rules, sites, field, species, first, last, dt)
    if rules.supply[species] != 0.0:
        supplied, supply = flux[SUPPLY], dt * rules.supply[species]
        for i in range(size):
            supplied[i] += supply
    if rules.decay[species] != 0.0:
        add_scaled(dt * rules.decay[species], field.now[species, first:last], flux[DECAY])
    per_amount = dt * sites.to_concentration[1]
    add_scaled(per_amount, sites.release[species, first - start : last - start], flux[RELEASE])
    taken, split, gain = rows[0, :size], rows[1, :size], rows[2, :size]
    if gain_rows(field, species, first, last, gain):
        add_scaled(dt, gain, flux[PRODUCT])
    add_uptake(rules, sites, field, species, first, last, start, dt, taken)
    split[:] = 0.0
    if species in (ASN, GLN):
        split[:] = field.split[species, first:last]
        add_scaled(dt, split, flux[ENZYME])
    if rules.is_open:
        add_edge(grid, rules, sites, field, species, first, last, dt)


@kernel
def add_vessels(rules, sites, field, species, first, last, dt):
    """Add what some rows of voxels got from the vessels and gave to them."""
    flux, u, vessel = field.flux[species], field.now[species, first:last], sites.vessel[first:last]
    rate, plasma = dt * rules.vessel_rate[species], sites.plasma[species]
    incoming, outgoing = flux[VESSEL_IN], flux[VESSEL_OUT]
    for i in range(last - first):
        net = rate * vessel[i] * (plasma - u[i])
        incoming[i] += max(net, 0.0)
        outgoing[i] += max(-net, 0.0)


@kernel
def add_edge(grid, rules, sites, field, species, first, last, dt):
    """Add what came through faces of fixed value and from fixed voxels.

    ``field.rows`` holds uptake, hydrolysis and gain (rows 0 to 2) as :func:`add_fluxes` left them.
    """
    start, rows, edge = grid.start[0], field.rows[species], field.flux[species, EDGE]
    u, vessel = field.now[species, first:last], sites.vessel[first:last]
    release, free = sites.release[species, first - start : last - start], sites.free[first:last]
    rate, plasma = dt * rules.vessel_rate[species], sites.plasma[species]
    supply, decay = dt * rules.supply[species], dt * rules.decay[species]
    per_amount, exchange = dt * sites.to_concentration[1], dt * rules.exchange[species]
    spread_rows(grid, rules, field, species, first, last, rows[3])
    for i in range(last - first):
        net = rate * vessel[i] * (plasma - u[i]) + supply - decay * u[i] + per_amount * release[i]
        net += dt * (rows[2, i] - rows[0, i] - rows[1, i]) + exchange * rows[3, i]
        edge[i] += exchange * rows[3, i] - (1.0 - free[i]) * net


@kernel
def add_uptake(rules, sites, field, species, first, last, start, dt, taken):
    """Add what cells took up in some rows of voxels and fill ``taken`` with its rate, uM/h."""
    row, u = transport_row(species), field.now[species, first:last]
    if row < 0:
        taken[:] = 0.0
        return
    rival = field.now[rival_of(species), first:last]
    inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
    capacity, factor = sites.capacity[row, first - start : last - start], sites.to_concentration[0]
    constant, total = rules.half_saturation[row], field.flux[species, UPTAKE]
    for i in range(last - first):
        half = constant * (1.0 + rival[i] * inverse)
        rate = factor * capacity[i] * u[i] / (half + u[i])
        taken[i] = rate
        total[i] += dt * rate


@kernel
def book(grid, rules, sites, field, species, dt, exposure, amount):
    """Write exposure and, for a solved species, add amounts of a finished step to the records."""
    start, width = grid.start[0], field.rows.shape[2]
    end = start + grid.size[0]
    if transport_row(species) >= 0:
        set_exposure(rules, field, species, start, dt, exposure)
    if not rules.is_solved[species]:
        return
    field.flux[species] = 0.0
    for first in range(start, end, width):
        add_fluxes(grid, rules, sites, field, species, first, min(first + width, end), dt)
    # Three of the nine sums side by side: each addition of a sum waits for the one before.
    for kind in range(0, N_FLUX, 3):
        flux, moved = field.flux[species, kind : kind + 3], amount[species, kind : kind + 3]
        total, second_total, third_total = 0.0, 0.0, 0.0
        for i in range(width):
            total += flux[0, i]
            second_total += flux[1, i]
            third_total += flux[2, i]
        moved[0] += total
        moved[1] += second_total
        moved[2] += third_total
