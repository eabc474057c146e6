"""An implicit step of the nutrient field, all species of it, and how exact it was."""

import numpy as np
from numba import prange

from abm.kernels._jit import inline_kernel, kernel, parallel_kernel
from abm.kernels.field import filtered_change, is_settled, iterate, largest_of, split_rows
from abm.kernels.field_arrays import ASN, DONE, GLN, NOT_CONVERGED, NOT_FINITE
from abm.kernels.field_books import book

ITERATE, FINISH = range(2)
"""Tasks of :func:`run_species`."""


@inline_kernel
def finish(grid, linear, rules, sites, field, species, dt, exposure, amount):
    """Record a finished step of one species and estimate its error."""
    book(grid, rules, sites, field, species, dt, exposure, amount)
    if rules.is_solved[species]:
        filtered_change(grid, linear, rules, field, species, dt)


@parallel_kernel
def run_species(plan, grid, linear, rules, sites, field, dt, exposure, amount):
    """Run a task for some of the species of ``rules.recorded``, one per thread.

    plan int64[3] = task, first, last + 1. The tasks share this loop, since a parallel loop takes
    seconds to compile, and more the more arrays it is told of.
    """
    for k in prange(plan[2] - plan[1]):
        species = rules.recorded[plan[1] + k]
        if plan[0] == FINISH:
            finish(grid, linear, rules, sites, field, species, dt, exposure, amount)
        elif field.status[species, 7] == 0.0:
            iterate(grid, linear, rules, sites, field, species, dt)


@inline_kernel
def implicit_step(grid, linear, rules, sites, field, dt, exposure, amount):
    """Advance ``field.now`` from ``field.old`` by one backward Euler step; return a status.

    The groups of ``rules.group`` follow one another: no species depends on another of its group,
    so that the order of the threads does not matter. ``exposure`` and ``amount`` are those of
    :func:`step`, handed to the loop that the tasks share; they are left alone.
    """
    plan = np.array([ITERATE, 0, 0])
    for species in rules.solved:
        field.status[species, 2:4] = 0.0
        field.status[species, 5] = 1.0
    for _ in range(int(rules.tolerance[2]) + 1):
        for group in range(rules.group.size - 1):
            clamped = GLN if group == 1 else ASN
            if group > 0 and not rules.is_solved[clamped]:
                start, width = grid.start[0], field.rows.shape[2]
                end = start + grid.size[0]
                for first in range(start, end, width):
                    split_rows(sites, field, clamped, first, min(first + width, end), start)
            plan[1:] = rules.group[group : group + 2]
            n_open = 0
            for species in rules.solved[plan[1] : plan[2]]:
                settled = is_settled(rules, field.status, species)
                field.status[species, 7] = 1.0 if settled else 0.0
                n_open += 0 if settled else 1
            if n_open > 0:
                run_species(plan, grid, linear, rules, sites, field, dt, exposure, amount)
        worst = 0.0
        for species in rules.solved:
            worst = max(worst, field.status[species, 5])
        if worst != 1.0:
            return DONE if worst == 0.0 else NOT_FINITE
    return NOT_CONVERGED


@kernel
def copy_species(species, source, target):
    """Copy the rows ``species`` of float64[n_species, :], with ghosts, without, or one of either.

    ``target`` is changed in place; of two lengths the shorter one is the middle of the longer.
    """
    size = min(source.shape[1], target.shape[1])
    first, at = (source.shape[1] - size) // 2, (target.shape[1] - size) // 2
    for one in species:
        row, out = source[one, first : first + size], target[one, at : at + size]
        for i in range(size):
            out[i] = row[i]


@kernel
def step(grid, linear, rules, sites, field, dt, exposure, amount):
    """Make one implicit step from the iterate and estimate its error; return a status.

    Where it is done, ``exposure`` and ``amount`` hold what it moved; ``field.old`` and
    ``field.old_defect`` hold where it started.
    """
    copy_species(rules.solved, field.now, field.old)
    copy_species(rules.solved, field.defect, field.old_defect)
    status = implicit_step(grid, linear, rules, sites, field, dt, exposure, amount)
    if status == DONE:
        amount[:] = 0.0
        plan = np.array([FINISH, 0, rules.recorded.size])
        run_species(plan, grid, linear, rules, sites, field, dt, exposure, amount)
    return status


@kernel
def distance(grid, rules, field, other):
    """Largest difference between the iterate and ``other``, relative to the iterate plus floor."""
    result, start, width = 0.0, grid.start[0], field.rows.shape[2]
    end = start + grid.size[0]
    for species in rules.solved:
        largest, floor = field.rows[species, 4], rules.floor[species]
        largest[:] = 0.0
        for first in range(start, end, width):
            last = min(first + width, end)
            now, reference = field.now[species, first:last], other[species, first:last]
            for i in range(last - first):
                largest[i] = max(largest[i], abs(now[i] - reference[i]) / (now[i] + floor))
        result = max(result, largest_of(largest))
    return result
