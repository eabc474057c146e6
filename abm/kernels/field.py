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
from numba import prange

from abm.kernels import multigrid
from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.field_arrays import (
    ASN,
    ASP,
    DONE,
    EAA,
    FIXED,
    GLN,
    GLU,
    NH3,
    NOT_CONVERGED,
    NOT_FINITE,
    TURNOVER,
)
from abm.kernels.grid import LinearWork

ROUND_OFF = 1e-15
"""Relative rounding error of a sum over the faces of a voxel; no defect can be driven below it."""

LOOSENESS = 1e-2
"""Reduction of the defect that one linear solve aims at; more is lost on the next rival."""


@kernel
def add_saturable(u, rival, most, factor, constant, inverse_rival, rows):
    """Add one saturable loss to the rows of loss (uM/h) and of its slope (1/h)."""
    loss, slope = rows[0], rows[1]
    for i in range(u.size):
        half = constant * (1.0 + rival[i] * inverse_rival)
        part = 1.0 / (half + u[i])
        rate = factor * most[i] * part
        loss[i] += rate * u[i]
        slope[i] += rate * half * part


@kernel
def split_row(rules, sites, field, species, first, n_x, slope):
    """Set the hydrolysis of asparagine or glutamine in ``field.split`` and add to its slope."""
    u, rival = field.now[species, first : first + n_x], field.now[1 - species, first : first + n_x]
    split, activity = field.split[species, first : first + n_x], sites.activity[first - n_x : first]
    factor = TURNOVER * (1.0 if species == ASN else rules.enzyme[2])
    constant, inverse = rules.enzyme[species], 1.0 / rules.enzyme[1 - species]
    for i in range(n_x):
        half = constant * (1.0 + rival[i] * inverse)
        part = 1.0 / (half + u[i])
        rate = factor * activity[i] * part
        split[i] = rate * u[i]
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
def gain_row(field, species, first, n_x, gain):
    """Fill ``gain`` with what the enzyme makes of a species, uM/h."""
    from_asn, from_gln = (
        field.split[ASN, first : first + n_x],
        field.split[GLN, first : first + n_x],
    )
    asn = 1.0 if species in (ASP, NH3) else 0.0
    gln = 1.0 if species in (GLU, NH3) else 0.0
    if asn == 0.0 and gln == 0.0:
        gain[:] = 0.0
        return
    for i in range(n_x):
        gain[i] = asn * from_asn[i] + gln * from_gln[i]


@kernel
def reaction_row(rules, sites, field, species, first, n_x):
    """Fill the rows of loss, slope and gain of one row of voxels (uM/h, 1/h, uM/h)."""
    rows = field.rows[species]
    loss, slope, gain = rows[0], rows[1], rows[2]
    u, vessel = field.now[species, first : first + n_x], sites.vessel[first : first + n_x]
    decay, supply = rules.decay[species], rules.supply[species]
    rate, plasma = rules.vessel_rate[species], sites.plasma[species]
    for i in range(n_x):
        loss[i] = decay * u[i] + rate * vessel[i] * (u[i] - plasma) - supply
        slope[i] = decay + rate * vessel[i]
    row = transport_row(species)
    rival_species = rival_of(species)
    rival = field.now[rival_species, first : first + n_x]
    if row >= 0:
        inverse = 0.0 if row > GLN else 1.0 / rules.half_saturation[1 - row]
        add_saturable(
            u, rival, sites.capacity[row, first - n_x : first], sites.to_concentration[0],
            rules.half_saturation[row], inverse, rows,
        )  # fmt: skip
    if species in (ASN, GLN):
        split_row(rules, sites, field, species, first, n_x, slope)
        split = field.split[species, first : first + n_x]
        for i in range(n_x):
            loss[i] += split[i]
    gain_row(field, species, first, n_x, gain)


@kernel
def spread_row(grid, rules, field, species, j, out):
    """Write the sum over the faces of a row, neighbour minus voxel, fixed faces included."""
    n_x = grid.n_x[0]
    first = (j + 1) * n_x
    u = field.now[species]
    here, west, east = u[first : first + n_x], u[first - 1 : first + n_x - 1], u[first + 1 :]
    south, north = u[first - n_x : first], u[first + n_x : first + 2 * n_x]
    at_x, at_y = grid.start_x[0], grid.start_y[0]
    west_link, east_link = grid.link_x[at_x : at_x + n_x], grid.link_x[at_x + 1 : at_x + n_x + 1]
    south_link, north_link = grid.link_y[at_y + j], grid.link_y[at_y + j + 1]
    for i in range(n_x):
        out[i] = (west_link[i] * (west[i] - here[i]) + east_link[i] * (east[i] - here[i])) + (
            south_link * (south[i] - here[i]) + north_link * (north[i] - here[i])
        )
    link, value = rules.edge_link, rules.edge_value[species]
    out[0] += link[0] * (value[0] - here[0])
    out[n_x - 1] += link[1] * (value[1] - here[n_x - 1])
    if j == 0 and link[2] > 0.0:
        for i in range(n_x):
            out[i] += link[2] * (value[2] - here[i])
    if j == grid.n_y[0] - 1 and link[3] > 0.0:
        for i in range(n_x):
            out[i] += link[3] * (value[3] - here[i])


@kernel
def evaluate(grid, linear, rules, sites, field, species, dt):
    """Compute defect, linear right-hand side and finest diagonal of one species at the iterate.

    Writes ``field.defect``, ``field.status[species, 0:2]``, and the finest level of
    ``linear.source`` and ``linear.diagonal``.
    """
    n_x, rows = grid.n_x[0], field.rows[species]
    loss, slope, gain, spread = rows[0], rows[1], rows[2], rows[3]
    rows[4:6] = 0.0
    total_defect, total_flow = rows[4], rows[5]
    rate = rules.exchange[species]
    scale, per_rate = 1.0 / (rate * dt), 1.0 / rate
    for j in range(grid.n_y[0]):
        first = (j + 1) * n_x
        last = first + n_x
        reaction_row(rules, sites, field, species, first, n_x)
        spread_row(grid, rules, field, species, j, spread)
        release = sites.release[species, first - n_x : first]
        now, old = field.now[species, first:last], field.old[species, first:last]
        before, defect = field.old_defect[species, first:last], field.defect[species, first:last]
        free, per_amount = sites.free[first:last], sites.to_concentration[1]
        for i in range(n_x):
            given = gain[i] + per_amount * release[i]
            defect[i] = free[i] * (
                (old[i] - now[i]) + before[i] + dt * (given - loss[i] + rate * spread[i])
            )
            total_defect[i] += abs(defect[i])
            total_flow[i] += now[i] + dt * (given + abs(loss[i]))
        source, diagonal = linear.source[species, first:last], linear.diagonal[species, first:last]
        link_sum = grid.link_sum[first:last]
        for i in range(n_x):
            source[i] = scale * defect[i]
            diagonal[i] = link_sum[i] + scale + per_rate * slope[i] + (1.0 - free[i]) * FIXED
    sum_defect, sum_flow = 0.0, 0.0
    for i in range(n_x):
        sum_defect += total_defect[i]
        sum_flow += total_flow[i]
    field.status[species, 0], field.status[species, 1] = sum_defect, sum_flow


@kernel
def work_of(linear, species):
    """Return the arrays of one species."""
    return LinearWork(
        linear.diagonal[species], linear.inverse[species], linear.source[species],
        linear.solution[species], linear.scratch[species], linear.direction[species],
        linear.product[species], linear.correction[species], linear.column[species],
    )  # fmt: skip


@kernel
def above_round_off(rules, species, dt, tolerance):
    """Return a relative tolerance, but no less than rounding errors allow."""
    return max(tolerance, ROUND_OFF * (1.0 + rules.exchange[species] * dt))


@kernel
def correct(grid, linear, rules, field, species, dt, looseness):
    """Solve for the correction of one species and apply it, cut off at zero.

    One red-black sweep on the remaining linear residual follows the iteration: it never raises the
    sum of the absolute residuals (every column of the matrix is diagonally dominant).
    """
    work = work_of(linear, species)
    status = field.status[species]
    multigrid.set_coefficients(grid, work)
    allowed = above_round_off(rules, species, dt, rules.tolerance[0])
    wanted = max(looseness * status[0], 0.3 * allowed * status[1])
    target = wanted / (rules.exchange[species] * dt)
    iterations, _ = multigrid.solve(grid, work, target, int(rules.tolerance[3]))
    multigrid.first_sweep(grid, 0, work, work.scratch)
    multigrid.half_sweep(grid, 0, 1, work, work.scratch, work.solution)
    n_x, floor = grid.n_x[0], rules.floor[species]
    largest = field.rows[species, 4]
    largest[:] = 0.0
    for j in range(grid.n_y[0]):
        first = (j + 1) * n_x
        last = first + n_x
        now = field.now[species, first:last]
        step, extra = work.correction[first:last], work.solution[first:last]
        for i in range(n_x):
            before = now[i]
            now[i] = max(before + (step[i] + extra[i]), 0.0)
            largest[i] = max(largest[i], abs(now[i] - before) / (now[i] + floor))
    status[2] = largest.max()
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
def iterate(grid, linear, rules, sites, field, species, dt, looseness):
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
        correct(grid, linear, rules, field, species, dt, looseness)


@parallel_kernel
def iterate_group(grid, linear, rules, sites, field, first, dt):
    """One outer iteration of the species of a group, one per thread."""
    for k in prange(first[1] - first[0]):
        species = rules.solved[first[0] + k]
        iterate(grid, linear, rules, sites, field, species, dt, LOOSENESS)


@kernel
def implicit_step(grid, linear, rules, sites, field, dt):
    """Advance ``field.now`` from ``field.old`` by one backward Euler step; return a status.

    The groups of ``rules.group`` follow one another: no species depends on another of its group,
    so that the order of the threads does not matter.
    """
    for species in rules.solved:
        field.status[species, 2:4] = 0.0
    for _ in range(int(rules.tolerance[2]) + 1):
        for group in range(rules.group.size - 1):
            clamped = GLN if group == 1 else ASN
            if group > 0 and not rules.is_solved[clamped]:
                for j in range(grid.n_y[0]):
                    n_x = grid.n_x[0]
                    slope = field.rows[clamped, 1]
                    split_row(rules, sites, field, clamped, (j + 1) * n_x, n_x, slope)
            first = rules.group[group : group + 2]
            if first[1] - first[0] == 1:
                species = rules.solved[first[0]]
                iterate(grid, linear, rules, sites, field, species, dt, LOOSENESS)
            elif first[1] > first[0]:
                iterate_group(grid, linear, rules, sites, field, first, dt)
        worst = 0.0
        for species in rules.solved:
            worst = max(worst, field.status[species, 5])
        if worst != 1.0:
            return DONE if worst == 0.0 else NOT_FINITE
    return NOT_CONVERGED


@kernel
def filtered_change(grid, linear, rules, field, species, dt):
    """Estimate the largest relative error of a backward Euler step, ``field.status[species, 6]``.

    With Z the step times the operator of the losses and of diffusion, one step and two half steps
    differ by ``Z (2 + Z)^-2`` times the change, which is below ``(1 + Z)^-1`` times it: fast modes,
    which the step has carried to their steady state, drop out. One multigrid cycle stands for the
    inverse; the coefficients are those of the last linear solve.
    """
    work, n_x, floor = work_of(linear, species), grid.n_x[0], rules.floor[species]
    scale = 1.0 / (rules.exchange[species] * dt)
    for k in range(grid.start[0], grid.start[0] + n_x * grid.n_y[0]):
        work.source[k] = scale * (field.now[species, k] - field.old[species, k])
    multigrid.cycle(grid, work)
    largest = field.rows[species, 4]
    largest[:] = 0.0
    for j in range(grid.n_y[0]):
        first = (j + 1) * n_x
        now, error = field.now[species, first : first + n_x], work.solution[first : first + n_x]
        for i in range(n_x):
            largest[i] = max(largest[i], abs(error[i]) / (now[i] + floor))
    field.status[species, 6] = largest.max()
