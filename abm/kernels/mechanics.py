"""Overdamped soft spheres in a closed box: push apart, wander, stay inside.

    dr_i/dt = mobility_i * sum_j g(t_ij) (r_i - r_j) + motility_i / duration
    t_ij    = 1 - d_ij^2 / s_ij^2,   s_ij = radius_i + radius_j
    g(t)    = stiffness * (t/2 + 3 t^2/8 + 5 t^3/16)             for t > 0 (overlap)
            = -4 adhesion * t (t_reach - t) / t_reach^2          for t_reach < t < 0
    t_reach = 1 - (1 + adhesion_reach)^2
    adhesion = that of the law times grip_i grip_j

``g`` times the distance is the spring ``stiffness * (s - d)`` expanded to third order in t, so that
no square root is needed; it is 1 % below the spring at an overlap of 0.13 s and 28 % below at 0.5 s
(A45). The box reflects centres. It has two lengths or three, and places as many coordinates.

A call is cut into ticks, of which a step takes 8, 4, 2 or 1: the most for which at most a stated
share of the cells would move farther than the displacement cap, by the speeds at the start of this
step and of the one before. Only at the shortest step more cells may be capped.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import inline_kernel, kernel, parallel_kernel
from abm.kernels.mechanics_blocks import (
    BAD,
    N_BODY,
    N_LEVELS,
    OUTSIDE,
    Cells,
    Law,
    Motions,
    arrange_block,
    check_block,
    finish_block,
    prepare_block,
    step_block,
)
from abm.kernels.neighbours import BLOCK, ListArrays, build_list, make_list_arrays
from abm.kernels.pair_sums import N_SCRATCH

__all__ = [
    "LIST_FULL", "NOT_FINITE", "Cells", "Law", "make_workspace", "move_cells", "sphere_radius",
]  # fmt: skip

TICKS_PER_STEP = 8
"""Ticks of a base step, 2 ** (N_LEVELS - 1)."""

LIST_FULL = 1
"""Status: the list arrays do not suffice; no argument but the scratch was changed."""

NOT_FINITE = 2
"""Status: a number is not finite or a radius not positive; x and y were not changed."""

PREPARE, ARRANGE, STEP, FINISH = range(4)
"""Tasks of :func:`run_blocks`."""

MOST_PARTS = 64
"""Parts that a parallel loop is cut into: a part has costs of its own, and threads share parts."""


class Workspace(NamedTuple):
    """Scratch of a call, kept between calls."""

    motions: Motions
    lists: ListArrays


def make_workspace(capacity: int, entries_per_cell: int = 16, n_axis: int = 2) -> Workspace:
    """Allocate scratch for up to ``capacity`` cells in a box of ``n_axis`` dimensions."""
    capacity = max(capacity, 1)
    n_block = (capacity + BLOCK - 1) // BLOCK
    motions = Motions(
        position=np.empty((2 * n_axis, capacity)),
        radius=np.empty(capacity),
        grip=np.empty(capacity),
        centre=np.empty((n_axis, capacity)),
        allowance=np.empty(capacity),
        span=np.empty(capacity),
        body=np.empty((n_block, N_BODY[n_axis])),
        block_count=np.empty((n_block, N_LEVELS + 2), np.int64),
        block_span=np.empty(n_block),
    )
    return Workspace(motions, make_list_arrays(capacity, entries_per_cell, n_axis))


UM3_PER_PL = 1000.0


@inline_kernel
def cube_root(value):
    """Return the cube root of a positive number by Halley steps; no library call, same bits."""
    scale = 1.0
    while value > 8.0:
        value *= 0.125
        scale *= 2.0
    while value < 1.0:
        value *= 8.0
        scale *= 0.5
    # The chord 6/7 + value/7 is below the root by at most 11 %: three Halley steps reach round-off.
    root = (6.0 + value) / 7.0
    for _ in range(3):
        cube = root * root * root
        root *= (cube + 2.0 * value) / (2.0 * cube + value)
    return scale * root


@kernel
def radius_of_sphere(volume):
    """Return the radius [um] of a sphere of ``volume`` [pL]; NaN where that is not positive and
    finite."""
    cubed = volume * (0.75 * UM3_PER_PL / math.pi)
    if cubed > 0.0 and cubed < math.inf:
        return cube_root(cubed)
    return math.nan


@kernel
def sphere_radius(volume, radius):
    """Write radius [um] = (3 volume / (4 pi))^(1/3) of spheres, volume float64[n] in pL.

    A volume that is not positive and finite gives NaN.
    """
    for cell in range(volume.shape[0]):
        radius[cell] = radius_of_sphere(volume[cell])


@kernel
def room_at(pressure, limit, room):
    """Write max(0, 1 - pressure / limit), float64[n]."""
    for cell in range(pressure.shape[0]):
        left = 1.0 - pressure[cell] / limit
        room[cell] = left if left > 0.0 else 0.0


@kernel
def run_part(
    first, last, plan, cells, law, box, duration, here, there, motions, lists, moved, left, step
):  # fmt: skip
    """Run the task of ``plan`` over the blocks ``first`` to ``last - 1``."""
    task, level = plan[0], plan[1]
    scratch = np.empty(N_SCRATCH)
    n_cell = cells.radius.shape[0]
    for block in range(first, last):
        if task == STEP:
            step_block(
                block, n_cell, here, there, law, box, step, level, motions, lists, scratch
            )  # fmt: skip
        elif task == PREPARE:
            prepare_block(block, cells, law, box, here, there, motions, lists, moved, left)
            motions.block_count[block, BAD] = check_block(
                block * BLOCK, min(n_cell, block * BLOCK + BLOCK), cells, box, duration
            )  # fmt: skip
        elif task == ARRANGE:
            arrange_block(block, cells, law, duration, here, there, motions, lists)
        else:
            finish_block(block, cells, here, motions, lists, scratch)


@parallel_kernel
def run_blocks(
    plan, cells, law, box, duration, here, there, motions, lists, moved, left, step
):  # fmt: skip
    """Run one task over all blocks, in parts of neighbouring ones.

    plan int64[2] = task, level. All tasks share this loop, since each parallel loop takes seconds
    to compile; the task stands in an array, since numba would compile anew for each constant.
    """
    n_block = (cells.radius.shape[0] + BLOCK - 1) // BLOCK
    n_part = min(n_block, MOST_PARTS)
    for part in prange(n_part):
        run_part(
            part * n_block // n_part, (part + 1) * n_block // n_part, plan, cells, law, box,
            duration, here, there, motions, lists, moved, left, step,
        )  # fmt: skip


@kernel
def make_list(plan, cells, law, box, duration, here, there, motions, lists, moved, left):
    """List the neighbours anew and bring all into the new lanes; return the status.

    here, there = places in use and free; moved, left = shares of the call since the last listing
    and until its end.
    """
    n_cell = cells.radius.shape[0]
    n_block = (n_cell + BLOCK - 1) // BLOCK
    plan[0] = PREPARE
    run_blocks(plan, cells, law, box, duration, here, there, motions, lists, moved, left, 0.0)
    total = 0.0
    for block in range(n_block):
        if motions.block_count[block, BAD] > 0:
            return NOT_FINITE
        total += motions.block_span[block]
    centre = places(motions.centre, 0, box)
    if build_list(centre, cells.radius, motions.span, total / n_cell, box, lists) != 0:
        return LIST_FULL
    plan[0] = ARRANGE
    run_blocks(plan, cells, law, box, duration, here, there, motions, lists, moved, left, 0.0)
    return 0


@kernel
def next_level(totals, n_cell, capped_share, done, ticks):
    """Return the level of the longest step that the cap allows and that fits into the ticks."""
    level = 0
    while level < N_LEVELS - 1 and totals[level] > capped_share * n_cell:
        level += 1
    while done < ticks and done % (TICKS_PER_STEP >> level) != 0:
        level += 1
    return level


@kernel
def add_counts(block_count, n_block, totals):
    """Add the counts of the blocks; integers, so the order does not matter."""
    totals[:] = 0
    for block in range(n_block):
        for column in range(totals.shape[0]):
            totals[column] += block_count[block, column]


@kernel
def places(position, which, box):
    """Return the coordinates of the first (0) or second (1) places of ``position``, as a tuple."""
    row = which * len(box)
    if len(box) == 3:
        return position[row], position[row + 1], position[row + 2]
    return position[row], position[row + 1]


@kernel
def move_cells(cells, law, box, duration, n_step, workspace):
    """Move the cells for ``duration`` [h] in ``n_step`` base steps or more.

    cells is a :class:`Cells` (x, y, z, pressure are written), box = (x, y) or (x, y, z) in um,
    workspace a :class:`Workspace` for at least n cells and as many dimensions. Positions outside
    the box are put on its wall first.

    Returns (status, steps taken, share of cell-steps that were capped, listings made, worst share
    of cells capped in one step). The status is 0, LIST_FULL or NOT_FINITE.
    """
    n_cell = cells.radius.shape[0]
    n_block = (n_cell + BLOCK - 1) // BLOCK
    motions, lists = workspace
    here, there = places(motions.position, 0, box), places(motions.position, 1, box)
    totals, plan = np.zeros(N_LEVELS + 2, np.int64), np.zeros(2, np.int64)
    if n_cell == 0:
        return 0, 0, 0.0, 0, 0.0
    step = duration / n_step
    ticks = n_step * TICKS_PER_STEP
    done = listed = level = n_taken = n_listing = n_capped = worst = 0
    is_list_due = True
    while True:
        if is_list_due:
            status = make_list(
                plan, cells, law, box, duration, here, there, motions, lists,
                (done - listed) / ticks, (ticks - done) / ticks,
            )  # fmt: skip
            if status != 0:
                return status, 0, 0.0, 0, 0.0
            listed = done
            n_listing += 1
        if done == ticks:
            break
        plan[0], plan[1] = STEP, level
        run_blocks(plan, cells, law, box, duration, here, there, motions, lists, 0.0, 0.0, step)
        add_counts(motions.block_count, n_block, totals)
        if totals[BAD] > 0:
            return NOT_FINITE, 0, 0.0, 0, 0.0
        needed = next_level(totals, n_cell, law.capped_share, done, ticks)
        is_list_due = needed <= level and totals[OUTSIDE] > 0
        if needed > level:
            level = needed
            continue
        n_capped += totals[level]
        worst = max(worst, totals[level])
        done += TICKS_PER_STEP >> level
        n_taken += 1
        here, there = there, here
        level = next_level(totals, n_cell, law.capped_share, done, ticks)
    plan[0], plan[1] = FINISH, level
    run_blocks(plan, cells, law, box, duration, here, there, motions, lists, 0.0, 0.0, step)
    return 0, n_taken, n_capped / (n_taken * n_cell), n_listing, worst / n_cell
