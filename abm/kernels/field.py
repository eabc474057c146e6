"""Backward Euler for the nutrient field of a tissue: diffusion, vessels, cells and the drug.

Per species and voxel, with ``u`` in uM and all rates in 1/h or uM/h::

    du/dt = D/h^2 * sum over faces (u_next - u) + k_v (plasma - u) + supply - decay u
            - uptake - enzyme + gain + release/dt
    uptake = 1e3 capacity/volume * u/(K (1 + rival/K_rival) + u)
    enzyme = 60000 A [g] * u/(Km (1 + rival/Km_rival) + u)

(the rival of asparagine is glutamine and the other way round). One implicit step is Newton's
method on the residual of this equation with the rival frozen over an iteration: every loss is
increasing and concave in ``u``, so that the iterates, cut off at zero, rise to the solution from
below whatever the start (Ortega & Rheinboldt 1970, 13.3). Each linear system goes to
:mod:`abm.kernels.multigrid`. What remains of the residual after the last iteration, the defect, is
part of the state: it enters the next step, so that no amount is lost.
"""

import numpy as np

from abm.kernels import multigrid
from abm.kernels._jit import inline_kernel, kernel
from abm.kernels.field_arrays import (
    ASN,
    ASP,
    EAA,
    FIXED,
    GLN,
    GLU,
    NH3,
    TURNOVER,
)
from abm.kernels.field_spread import spread_rows
from abm.kernels.grid import LinearWork

ROUND_OFF = 1e-15
"""Relative rounding error of a sum over the faces of a voxel; no defect can be driven below it."""

LOOSENESS = 1e-2
"""Reduction of the defect that one linear solve aims at; more is lost on the next rival."""


@kernel
def split_rows(sites, field, species, first, last, start):
    """Set the hydrolysis of asparagine or glutamine, ``field.split``; add it to loss and slope."""
    u, rival = field.now[species, first:last], field.now[1 - species, first:last]
    loss, slope = field.rows[species, 0], field.rows[species, 1]
    split, activity = field.split[species, first:last], sites.activity[first - start : last - start]
    factor = TURNOVER * (1.0 if species == ASN else sites.enzyme[2])
    constant, inverse = sites.enzyme[species], 1.0 / sites.enzyme[1 - species]
    for i in range(last - first):
        half = constant * (1.0 + rival[i] * inverse)
        part = 1.0 / (half + u[i])
        rate = factor * activity[i] * part
        split[i] = rate * u[i]
        loss[i] += rate * u[i]
        slope[i] += rate * half * part


@kernel
def transport_row(species):
    """Return the row of capacity and exposure of a species, or -1 where cells take up none."""
    if species <= GLU:
        return species
    return 3 if species == EAA else -1


@kernel
def rival_of(species):
    """Return the species that competes, itself where there is none."""
    if species == ASN:
        return GLN
    return ASN if species == GLN else species


@kernel
def gain_rows(field, species, first, last, gain):
    """Fill ``gain`` with what the enzyme makes of a species, uM/h; return whether it makes any."""
    from_asn, from_gln = field.split[ASN, first:last], field.split[GLN, first:last]
    asn = 1.0 if species in (ASP, NH3) else 0.0
    gln = 1.0 if species in (GLU, NH3) else 0.0
    if asn == 0.0 and gln == 0.0:
        gain[:] = 0.0
        return False
    for i in range(last - first):
        gain[i] = asn * from_asn[i] + gln * from_gln[i]
    return True


@kernel
def reaction_rows(rules, sites, field, species, first, last, start):
    """Fill loss, slope and gain of some rows of voxels (uM/h, 1/h, uM/h)."""
    size, rows = last - first, field.rows[species]
    loss, slope, gain = rows[0, :size], rows[1, :size], rows[2, :size]
    u, vessel = field.now[species, first:last], sites.vessel[first:last]
    decay, supply = rules.decay[species], rules.supply[species]
    rate, plasma = rules.vessel_rate[species], sites.plasma[species]
    row = transport_row(species)
    if row < 0:
        for i in range(size):
            loss[i] = decay * u[i] + rate * vessel[i] * (u[i] - plasma) - supply
            slope[i] = decay + rate * vessel[i]
    else:
        rival = field.now[rival_of(species), first:last]
        inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
        capacity = sites.capacity[row, first - start : last - start]
        constant, factor = rules.half_saturation[row], sites.to_concentration[0]
        for i in range(size):
            half = constant * (1.0 + rival[i] * inverse)
            part = 1.0 / (half + u[i])
            uptake = factor * capacity[i] * part
            loss[i] = decay * u[i] + rate * vessel[i] * (u[i] - plasma) - supply + uptake * u[i]
            slope[i] = decay + rate * vessel[i] + uptake * half * part
    if species in (ASN, GLN):
        split_rows(sites, field, species, first, last, start)
    gain_rows(field, species, first, last, gain)


@kernel
def balance_rows(sites, field, species, first, last, start, dt, rate):
    """Write the defect of some rows and add it and the throughput to their sums (rows 4 and 5)."""
    size, rows = last - first, field.rows[species]
    loss, gain, spread = rows[0, :size], rows[2, :size], rows[3, :size]
    total_defect, total_flow = rows[4, :size], rows[5, :size]
    now, old = field.now[species, first:last], field.old[species, first:last]
    before, defect = field.old_defect[species, first:last], field.defect[species, first:last]
    release, free = sites.release[species, first - start : last - start], sites.free[first:last]
    per_amount = sites.to_concentration[1]
    for i in range(last - first):
        made = gain[i] + per_amount * release[i]
        total_flow[i] += now[i] + dt * (made + abs(loss[i]))
        moved = dt * (made - loss[i] + rate * spread[i])
        left = free[i] * ((old[i] - now[i]) + before[i] + moved)
        total_defect[i] += abs(left)
        defect[i] = left


@kernel
def evaluate(grid, linear, rules, sites, field, species, dt):
    """Compute defect, linear right-hand side and finest diagonal of one species at the iterate.

    Writes ``field.defect``, ``field.status[species, 0:2]``, and the finest level of
    ``linear.source`` and ``linear.diagonal``.
    """
    start, rows = grid.start[0], field.rows[species]
    rows[4:6] = 0.0
    rate = rules.exchange[species]
    scale, per_rate = 1.0 / (rate * dt), 1.0 / rate
    end = start + grid.size[0]
    for first in range(start, end, field.rows.shape[2]):
        last = min(first + field.rows.shape[2], end)
        slope = rows[1, : last - first]
        reaction_rows(rules, sites, field, species, first, last, start)
        spread_rows(grid, rules, field, species, first, last, rows[3, : last - first])
        balance_rows(sites, field, species, first, last, start, dt, rate)
        defect, free = field.defect[species, first:last], sites.free[first:last]
        source, diagonal = linear.source[species, first:last], linear.diagonal[species, first:last]
        for i in range(last - first):
            source[i] = scale * defect[i]
        link_sum = grid.link_sum[first:last]
        for i in range(last - first):
            diagonal[i] = link_sum[i] + scale + per_rate * slope[i] + (1.0 - free[i]) * FIXED
    sum_defect, sum_flow = 0.0, 0.0
    for i in range(rows.shape[1]):
        sum_defect += rows[4, i]
        sum_flow += rows[5, i]
    field.status[species, 0], field.status[species, 1] = sum_defect, sum_flow


@kernel
def work_of(linear, species):
    """Return the arrays of one species."""
    return LinearWork(
        linear.diagonal[species], linear.source[species], linear.solution[species],
        linear.direction[species], linear.product[species], linear.correction[species],
        linear.red[species], linear.black[species], linear.right[species], linear.guess[species],
        linear.scratch[species], linear.line[species], linear.plane[species],
        linear.column[species],
    )  # fmt: skip


@kernel
def above_round_off(rules, species, dt, tolerance):
    """Return a relative tolerance, but no less than rounding errors allow."""
    return max(tolerance, ROUND_OFF * (1.0 + rules.exchange[species] * dt))


@kernel
def largest_of(values):
    """Return the largest of some numbers, which are overwritten.

    Halves are compared with each other since the compiler makes vector code of that.
    """
    left = values.size
    while left > 1:
        half = left // 2
        left -= half
        low, high = values[:half], values[left : left + half]
        for i in range(half):
            low[i] = max(low[i], high[i])
    return values[0]


@kernel
def apply(grid, field, work, species, floor):
    """Add correction and last sweep to the iterate, cut off at zero; return the relative change."""
    start, rows = grid.start[0], field.rows[species]
    largest, end = rows[4], start + grid.size[0]
    largest[:] = 0.0
    for first in range(start, end, rows.shape[1]):
        last = min(first + rows.shape[1], end)
        now = field.now[species, first:last]
        step, extra = work.correction[first:last], work.solution[first:last]
        for i in range(last - first):
            before = now[i]
            now[i] = max(before + (step[i] + extra[i]), 0.0)
            largest[i] = max(largest[i], abs(now[i] - before) / (now[i] + floor))
    return largest_of(largest)


@inline_kernel
def correct(grid, linear, rules, field, species, dt):
    """Solve for the correction of one species and apply it, cut off at zero.

    One red-black sweep on the remaining linear residual follows the iteration: it never raises the
    sum of the absolute residuals (every column of the matrix is diagonally dominant).
    """
    work = work_of(linear, species)
    status = field.status[species]
    multigrid.set_coefficients(grid, work)
    allowed = above_round_off(rules, species, dt, rules.tolerance[0])
    wanted = max(LOOSENESS * status[0], 0.3 * allowed * status[1])
    target = wanted / (rules.exchange[species] * dt)
    iterations, _ = multigrid.solve(grid, work, target, int(rules.tolerance[3]))
    multigrid.first_sweep(grid, 0, work.red, work.source, work.product)
    multigrid.half_sweep(grid, 0, work.black, work.source, work.product, work.solution)
    status[2] = apply(grid, field, work, species, rules.floor[species])
    status[3] = status[0]
    status[4] += iterations


@kernel
def is_converged(rules, species, status, dt):
    """Judge one species after its evaluation.

    The change that one more iteration would bring is the last one times the factor by which the
    last one reduced the defect.
    """
    expected = 0.0
    if status[3] > 0.0:
        expected = status[2] * min(status[0] / status[3], 1.0)
    if status[0] > above_round_off(rules, species, dt, rules.tolerance[0]) * status[1]:
        return False
    return expected <= above_round_off(rules, species, dt, rules.tolerance[1])


@kernel
def is_settled(rules, status, species):
    """Return whether a species had converged and nothing that it depends on has changed since."""
    if status[species, 5] != 0.0:
        return False
    if species in (ASN, GLU, NH3) and rules.is_solved[GLN] and status[GLN, 5] != 0.0:
        return False
    return not (species in (GLN, ASP, NH3) and rules.is_solved[ASN] and status[ASN, 5] != 0.0)


@inline_kernel
def iterate(grid, linear, rules, sites, field, species, dt):
    """Evaluate one species and, unless it has converged, correct it.

    ``field.status[species, 5]`` becomes 0 (converged), 1 (corrected) or 2 (not finite).
    """
    evaluate(grid, linear, rules, sites, field, species, dt)
    status = field.status[species]
    if not np.isfinite(status[0]):
        status[5] = 2.0
    elif is_converged(rules, species, status, dt):
        status[5] = 0.0
    else:
        status[5] = 1.0
        correct(grid, linear, rules, field, species, dt)


@kernel
def filtered_change(grid, linear, rules, field, species, dt):
    """Estimate the largest relative error of a backward Euler step, ``field.status[species, 6]``.

    With Z the step times the operator of the losses and of diffusion, one step and two half steps
    differ by ``Z (2 + Z)^-2`` times the change, which is below ``(1 + Z)^-1`` times it: fast modes,
    which the step has carried to their steady state, drop out. One multigrid cycle stands for the
    inverse; the coefficients are those of the last linear solve. No cycle is needed where the
    largest change, which the inverse never raises, is within the tolerance everywhere.
    """
    work, start, floor = work_of(linear, species), grid.start[0], rules.floor[species]
    end, width = start + grid.size[0], field.rows.shape[2]
    largest, lowest = field.rows[species, 4], field.rows[species, 5]
    largest[:] = 0.0
    lowest[:] = -np.inf
    for first in range(start, end, width):
        last = min(first + width, end)
        now, old = field.now[species, first:last], field.old[species, first:last]
        for i in range(last - first):
            largest[i] = max(largest[i], abs(now[i] - old[i]))
            lowest[i] = max(lowest[i], -now[i])
    change, least = largest_of(largest), -largest_of(lowest)
    if change <= rules.tolerance[4] * (least + floor):
        field.status[species, 6] = change / (least + floor)
        return
    scale = 1.0 / (rules.exchange[species] * dt)
    now, old = field.now[species, start:end], field.old[species, start:end]
    source = work.source[start:end]
    for k in range(end - start):
        source[k] = scale * (now[k] - old[k])
    multigrid.cycle(grid, work, multigrid.absolute_sum(grid, work.source, work.column))
    largest[:] = 0.0
    for first in range(start, end, width):
        last = min(first + width, end)
        now, error = field.now[species, first:last], work.solution[first:last]
        for i in range(last - first):
            largest[i] = max(largest[i], abs(error[i]) / (now[i] + floor))
    field.status[species, 6] = largest_of(largest)
