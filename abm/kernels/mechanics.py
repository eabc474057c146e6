"""Overdamped soft spheres in a closed box: push apart, wander, stay inside.

    dr_i/dt = mobility_i * sum_j g(t_ij) (r_i - r_j) + motility_i / duration
    t_ij    = 1 - d_ij^2 / s_ij^2,   s_ij = radius_i + radius_j
    g(t)    = stiffness * (t/2 + 3 t^2/8 + 5 t^3/16)             for t > 0 (overlap)
            = -4 adhesion * t (t_reach - t) / t_reach^2          for t_reach < t < 0
    t_reach = 1 - (1 + adhesion_reach)^2

``g`` times the distance is the spring ``stiffness * (s - d)`` expanded to third order in t, so that
no square root is needed; it is 1 % below the spring at an overlap of 0.13 s and 28 % below at 0.5 s
(A45). The box reflects centres.

A call is cut into ticks, of which a step takes 8, 4, 2 or 1: the most for which at most a stated
share of the cells would move farther than the displacement cap, by the speeds at the start of this
step and of the one before. Only at the shortest step more cells may be capped.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import inline_kernel, kernel, parallel_kernel
from abm.kernels.neighbours import BLOCK, ListArrays, build_list, make_list_arrays

N_LEVELS = 4
"""Step lengths: 1, 1/2, 1/4 and 1/8 of the base step."""

TICKS_PER_STEP = 8
"""Ticks of a base step, 2 ** (N_LEVELS - 1)."""

LIST_FULL = 1
"""Status: the list arrays do not suffice; no argument but the scratch was changed."""

NOT_FINITE = 2
"""Status: a number is not finite or a radius not positive; x and y were not changed."""

ALLOWANCE_GROWTH = 4.0
"""Largest allowance over the least one."""

TINY = 1e-300
"""Added to a squared speed [um2/h2] that is divided by; changes no speed above 1e-142 um/h."""

OUTSIDE, BAD = N_LEVELS, N_LEVELS + 1
"""Columns of block_count behind those of the levels."""

MOBILITY, DRIFT_X, DRIFT_Y, CAP, ANCHOR_X, ANCHOR_Y, ALLOWANCE, SPAN = range(8)
"""Rows of ``body``: mobility [-]; drift of the motility [um/h]; displacement cap per step [um];
place at the last listing [um]; way allowed from there [um]; span for the listing [um]."""


class Cells(NamedTuple):
    """The moving cells; float64, C-contiguous.

    x, y [n] um (changed), radius [n] um, mobility [n], motility [2, n] um within the whole call,
    pressure [n] (overwritten).
    """

    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    mobility: np.ndarray
    motility: np.ndarray
    pressure: np.ndarray


class Law(NamedTuple):
    """Numbers of the law and of its integration, all floats.

    stiffness and adhesion in 1/h; adhesion_reach as a share of s; displacement_cap as a share of
    the radius; capped_share = share of the cells that may be capped; allowance = least way [um]
    that a cell may go before the neighbour list is made again.
    """

    stiffness: float
    adhesion: float
    adhesion_reach: float
    displacement_cap: float
    capped_share: float
    allowance: float


class Workspace(NamedTuple):
    """Scratch of a call, kept between calls.

    position [4, n] present x, y and next x, y [um]; body [8, n], rows named above; block_count
    [n_block, N_LEVELS + 2] cells that would be capped at each level, that are out of their
    allowance, that are not finite; lists = the neighbour list.
    """

    position: np.ndarray
    body: np.ndarray
    block_count: np.ndarray
    lists: ListArrays


def make_workspace(capacity: int, entries_per_cell: int = 16) -> Workspace:
    """Allocate scratch for up to ``capacity`` cells."""
    capacity = max(capacity, 1)
    return Workspace(
        position=np.empty((4, capacity)),
        body=np.empty((8, capacity)),
        block_count=np.empty(((capacity + BLOCK - 1) // BLOCK, N_LEVELS + 2), np.int64),
        lists=make_list_arrays(capacity, entries_per_cell),
    )


UM3_PER_PL = 1000.0


@inline_kernel
def cube_root(value):
    """Return the cube root of a positive number by Newton steps; no library call, same bits."""
    scale = 1.0
    while value > 8.0:
        value *= 0.125
        scale *= 2.0
    while value < 1.0:
        value *= 8.0
        scale *= 0.5
    # The chord 6/7 + value/7 is below the root by at most 11 %: five steps reach round-off.
    root = (6.0 + value) / 7.0
    for _ in range(5):
        root -= (root - value / (root * root)) / 3.0
    return scale * root


@kernel
def sphere_radius(volume, radius):
    """Write radius [um] = (3 volume / (4 pi))^(1/3) of spheres, volume float64[n] in pL.

    A volume that is not positive and finite gives NaN.
    """
    for cell in range(volume.shape[0]):
        cubed = volume[cell] * (0.75 * UM3_PER_PL / math.pi)
        if cubed > 0.0 and cubed < math.inf:
            radius[cell] = cube_root(cubed)
        else:
            radius[cell] = math.nan


@kernel
def push_block(block, x, y, radius, list_start, partner, inverse_square, law, push_x, push_y):
    """Write the velocity [um/h] at mobility 1 that the partners of each cell of a block cause."""
    first, last = block * BLOCK, min(radius.shape[0], block * BLOCK + BLOCK)
    reach = 1.0 + law.adhesion_reach
    t_reach = 1.0 - reach * reach
    pull = 4.0 * law.adhesion / (t_reach * t_reach) if law.adhesion > 0.0 else 0.0
    for cell in range(first, last):
        here_x, here_y = x[cell], y[cell]
        total_x = total_y = 0.0
        for entry in range(list_start[block, cell - first], list_start[block, cell - first + 1]):
            other = partner[entry]
            dx = here_x - x[other]
            dy = here_y - y[other]
            t = 1.0 - (dx * dx + dy * dy) * inverse_square[entry]
            overlap = t if t > 0.0 else 0.0
            g = law.stiffness * (overlap * (0.5 + overlap * (0.375 + overlap * 0.3125)))
            if law.adhesion > 0.0 and t < 0.0 and t > t_reach:
                g -= pull * (t * (t_reach - t))
            total_x += g * dx
            total_y += g * dy
        push_x[cell] = total_x
        push_y[cell] = total_y


@kernel
def step_block(
    block, x, y, next_x, next_y, radius, body, list_start, partner, inverse_square, law, box, step,
    level, block_count,
):  # fmt: skip
    """Move the cells of one block by ``step / 2**level`` hours; the old places stay.

    ``step`` [h] is the base step; block_count[block] gets the counts that decide on it.
    """
    push_block(block, x, y, radius, list_start, partner, inverse_square, law, next_x, next_y)
    length = step / (1 << level)
    once = 1.0 / (step * step)
    capped_0 = capped_1 = capped_2 = capped_3 = n_outside = n_bad = 0
    # Selections instead of branches, so that this loop runs on vectors.
    for cell in range(block * BLOCK, min(radius.shape[0], block * BLOCK + BLOCK)):
        speed_x = body[MOBILITY, cell] * next_x[cell] + body[DRIFT_X, cell]
        speed_y = body[MOBILITY, cell] * next_y[cell] + body[DRIFT_Y, cell]
        square = speed_x * speed_x + speed_y * speed_y
        limit = body[CAP, cell] * body[CAP, cell] * once
        capped_0 += 1 if square > limit else 0
        capped_1 += 1 if square > 4.0 * limit else 0
        capped_2 += 1 if square > 16.0 * limit else 0
        capped_3 += 1 if square > 64.0 * limit else 0
        capped_length = body[CAP, cell] / math.sqrt(square + TINY)
        scale = capped_length if capped_length < length else length
        # Reflection at 0, then at the far wall.
        new_x = box[0] - abs(box[0] - abs(x[cell] + scale * speed_x))
        new_y = box[1] - abs(box[1] - abs(y[cell] + scale * speed_y))
        n_bad += 0 if (new_x >= 0.0) & (new_y >= 0.0) else 1
        next_x[cell] = new_x
        next_y[cell] = new_y
        dx = new_x - body[ANCHOR_X, cell]
        dy = new_y - body[ANCHOR_Y, cell]
        allowance = body[ALLOWANCE, cell]
        n_outside += 1 if dx * dx + dy * dy > allowance * allowance else 0
    block_count[block, 0] = capped_0
    block_count[block, 1] = capped_1
    block_count[block, 2] = capped_2
    block_count[block, 3] = capped_3
    block_count[block, OUTSIDE] = n_outside
    block_count[block, BAD] = n_bad


@parallel_kernel
def step_all(
    x, y, next_x, next_y, radius, body, list_start, partner, inverse_square, law, box, step, level,
    block_count,
):  # fmt: skip
    """Run :func:`step_block` over all blocks."""
    for block in prange((radius.shape[0] + BLOCK - 1) // BLOCK):
        step_block(
            block, x, y, next_x, next_y, radius, body, list_start, partner, inverse_square, law,
            box, step, level, block_count,
        )  # fmt: skip


@kernel
def overlap_pressure(x, y, radius, list_start, partner, inverse_square, pressure):
    """Write pressure_i = sum_j max(0, s_ij - d_ij) / radius_i of all cells (dimensionless)."""
    for cell in range(radius.shape[0]):
        block, offset = cell // BLOCK, cell % BLOCK
        overlap = 0.0
        for entry in range(list_start[block, offset], list_start[block, offset + 1]):
            other = partner[entry]
            dx = x[cell] - x[other]
            dy = y[cell] - y[other]
            square = dx * dx + dy * dy
            if square * inverse_square[entry] < 1.0:
                overlap += radius[cell] + radius[other] - math.sqrt(square)
        pressure[cell] = overlap / radius[cell]


@kernel
def set_up(cells, law, box, duration, position, body):
    """Copy the places into the box and fill ``body``; return the number of unusable cells."""
    n_bad = 0
    for cell in range(cells.radius.shape[0]):
        radius = cells.radius[cell]
        body[MOBILITY, cell] = cells.mobility[cell]
        body[DRIFT_X, cell] = cells.motility[0, cell] / duration
        body[DRIFT_Y, cell] = cells.motility[1, cell] / duration
        body[CAP, cell] = law.displacement_cap * radius
        total = cells.x[cell] + cells.y[cell] + body[DRIFT_X, cell] + body[DRIFT_Y, cell]
        total += body[MOBILITY, cell] + radius
        n_bad += 0 if math.isfinite(total) and radius > 0.0 else 1
        position[0, cell] = min(max(cells.x[cell], 0.0), box[0])
        position[1, cell] = min(max(cells.y[cell], 0.0), box[1])
    return n_bad


@kernel
def set_allowances(x, y, radius, law, body, elapsed, left):
    """Give each cell its way until the next listing, and its span; move the anchors.

    The way is the least allowance and what its motility will need in the ``left`` hours; more for
    cells that were pushed far since the last listing, ``elapsed`` hours ago (0: none). It ends at
    ALLOWANCE_GROWTH times the least allowance.
    """
    reach = 1.0 + law.adhesion_reach if law.adhesion > 0.0 else 1.0
    most = ALLOWANCE_GROWTH * law.allowance
    for cell in range(radius.shape[0]):
        drift = math.sqrt(body[DRIFT_X, cell] ** 2 + body[DRIFT_Y, cell] ** 2)
        allowance = law.allowance + drift * left
        if elapsed > 0.0:
            dx = x[cell] - body[ANCHOR_X, cell]
            dy = y[cell] - body[ANCHOR_Y, cell]
            allowance = max(allowance, math.sqrt(dx * dx + dy * dy) * (left / elapsed))
        allowance = min(allowance, most)
        body[ANCHOR_X, cell] = x[cell]
        body[ANCHOR_Y, cell] = y[cell]
        body[ALLOWANCE, cell] = allowance
        body[SPAN, cell] = radius[cell] * reach + allowance


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
def move_cells(cells, law, box, duration, n_step, workspace):
    """Move the cells for ``duration`` [h] in ``n_step`` base steps or more.

    cells is a :class:`Cells` (x, y, pressure are written), box = (x, y) in um, workspace a
    :class:`Workspace` for at least n cells. Positions outside the box are put on its wall first.

    Returns (status, steps taken, share of cell-steps that were capped, listings made, worst share
    of cells capped in one step). The status is 0, LIST_FULL or NOT_FINITE.
    """
    radius, lists, body = cells.radius, workspace.lists, workspace.body
    n_cell = radius.shape[0]
    x, y, next_x, next_y = (
        workspace.position[0], workspace.position[1], workspace.position[2], workspace.position[3]
    )  # fmt: skip
    totals = np.zeros(N_LEVELS + 2, np.int64)
    if n_cell == 0:
        return 0, 0, 0.0, 0, 0.0
    if set_up(cells, law, box, duration, workspace.position, body) > 0:
        return NOT_FINITE, 0, 0.0, 0, 0.0
    step = duration / n_step
    tick = step / TICKS_PER_STEP
    ticks = n_step * TICKS_PER_STEP
    done = listed = level = n_taken = n_listing = n_capped = worst = 0
    is_list_due = True
    while True:
        if is_list_due:
            elapsed, left = (done - listed) * tick, (ticks - done) * tick
            set_allowances(x, y, radius, law, body, elapsed, left)
            if build_list(x, y, radius, body[SPAN], box, lists) != 0:
                return LIST_FULL, 0, 0.0, 0, 0.0
            listed = done
            n_listing += 1
        if done == ticks:
            break
        step_all(
            x, y, next_x, next_y, radius, body, lists.list_start, lists.partner,
            lists.inverse_square, law, box, step, level, workspace.block_count,
        )  # fmt: skip
        add_counts(workspace.block_count, (n_cell + BLOCK - 1) // BLOCK, totals)
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
        x, y, next_x, next_y = next_x, next_y, x, y
        level = next_level(totals, n_cell, law.capped_share, done, ticks)
    overlap_pressure(
        x, y, radius, lists.list_start, lists.partner, lists.inverse_square, cells.pressure
    )
    for cell in range(n_cell):
        cells.x[cell] = x[cell]
        cells.y[cell] = y[cell]
    return 0, n_taken, n_capped / (n_taken * n_cell), n_listing, worst / n_cell
