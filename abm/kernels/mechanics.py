"""Overdamped soft spheres in a closed box: push apart, wander, stay inside.

    dr_i/dt = mobility_i * sum_j g(t_ij) (r_i - r_j) + motility_i / duration
    t_ij    = 1 - d_ij^2 / s_ij^2,   s_ij = radius_i + radius_j
    g(t)    = stiffness * (t/2 + 3 t^2/8 + 5 t^3/16)             for t > 0 (overlap)
            = 4 adhesion * t (t_reach - t) / t_reach^2           for t_reach < t < 0
    t_reach = 1 - (1 + adhesion_reach)^2

``g`` times the distance is the spring ``stiffness * (s - d)`` expanded to third order in t, so that
no square root is needed; it is 1 % below the spring at an overlap of 0.13 s and 28 % below at 0.5 s
(A45). The box reflects centres.

A call is cut into ticks, of which a step takes 8, 4, 2 or 1. The longest step is taken in which at
most a stated share of the cells would move farther than the displacement cap; only at the shortest
step more cells may be capped.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.neighbours import BLOCK, ListArrays, build_list, make_list_arrays

N_LEVELS = 4
"""Step lengths: 1, 1/2, 1/4 and 1/8 of the base step."""

TICKS_PER_STEP = 8
"""Ticks of a base step, 2 ** (N_LEVELS - 1)."""

LIST_FULL = 1
"""Status: the list arrays do not suffice; no argument but the scratch was changed."""

NOT_FINITE = 2
"""Status: a number is not finite or a radius not positive; x and y were not changed."""

OUTSIDE, BAD = N_LEVELS, N_LEVELS + 1
"""Columns of block_count behind those of the levels."""

MOBILITY, DRIFT_X, DRIFT_Y, ANCHOR_X, ANCHOR_Y, ALLOWANCE = range(6)
"""Columns of ``body``: factor; um/h; um/h; place at the last listing, um; allowance, um."""


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

    position [2, n, 2] present and next places [um], body [n, 6], span [n] um,
    block_count [n_block, N_LEVELS + 2] cells that would be capped at each level, out of their
    allowance, not finite; lists = the neighbour list.
    """

    position: np.ndarray
    body: np.ndarray
    span: np.ndarray
    block_count: np.ndarray
    lists: ListArrays


def make_workspace(capacity: int, entries_per_cell: int = 16) -> Workspace:
    """Allocate scratch for up to ``capacity`` cells."""
    capacity = max(capacity, 1)
    return Workspace(
        position=np.empty((2, capacity, 2)),
        body=np.empty((capacity, 6)),
        span=np.empty(capacity),
        block_count=np.empty(((capacity + BLOCK - 1) // BLOCK, N_LEVELS + 2), np.int64),
        lists=make_list_arrays(capacity, entries_per_cell),
    )


@kernel
def step_block(
    block, here, there, radius, body, list_start, partner, inverse_square, law, box, step, level,
    block_count,
):  # fmt: skip
    """Move the cells of one block by one step of ``step / 2**level`` hours, from here to there.

    ``step`` [h] is the base step; block_count[block] gets the counts that decide on it.
    """
    n_cell = radius.shape[0]
    first, last = block * BLOCK, min(n_cell, block * BLOCK + BLOCK)
    reach = 1.0 + law.adhesion_reach
    t_reach = 1.0 - reach * reach if law.adhesion > 0.0 else -1.0
    pull = 4.0 * law.adhesion / (t_reach * t_reach)
    length = step / 2.0**level
    capped_0 = capped_1 = capped_2 = capped_3 = outside = bad = 0
    for cell in range(first, last):
        x, y = here[cell, 0], here[cell, 1]
        push_x = push_y = 0.0
        for entry in range(list_start[block, cell - first], list_start[block, cell - first + 1]):
            other = partner[entry]
            dx = x - here[other, 0]
            dy = y - here[other, 1]
            t = 1.0 - (dx * dx + dy * dy) * inverse_square[entry]
            if law.adhesion > 0.0:
                apart = max(min(t, 0.0), t_reach)
                bond = pull * (apart * (t_reach - apart))
            else:
                bond = 0.0
            t = max(t, 0.0)
            g = law.stiffness * (t * (0.5 + t * (0.375 + t * 0.3125))) + bond
            push_x += g * dx
            push_y += g * dy
        speed_x = body[cell, MOBILITY] * push_x + body[cell, DRIFT_X]
        speed_y = body[cell, MOBILITY] * push_y + body[cell, DRIFT_Y]
        square = speed_x * speed_x + speed_y * speed_y
        cap = law.displacement_cap * radius[cell]
        limit = cap / step
        limit = limit * limit
        capped_0 += int(square > limit)
        capped_1 += int(square > 4.0 * limit)
        capped_2 += int(square > 16.0 * limit)
        capped_3 += int(square > 64.0 * limit)
        scale = length
        if square * (length * length) > cap * cap:
            scale = cap / math.sqrt(square)
        x = abs(x + scale * speed_x)
        y = abs(y + scale * speed_y)
        if x > box[0]:
            x = max(2.0 * box[0] - x, 0.0)
        if y > box[1]:
            y = max(2.0 * box[1] - y, 0.0)
        bad += int(not (x <= box[0] and y <= box[1]))
        there[cell, 0] = x
        there[cell, 1] = y
        dx = x - body[cell, ANCHOR_X]
        dy = y - body[cell, ANCHOR_Y]
        outside += int(dx * dx + dy * dy > body[cell, ALLOWANCE] * body[cell, ALLOWANCE])
    block_count[block, 0] = capped_0
    block_count[block, 1] = capped_1
    block_count[block, 2] = capped_2
    block_count[block, 3] = capped_3
    block_count[block, OUTSIDE] = outside
    block_count[block, BAD] = bad


@parallel_kernel
def step_all(
    here, there, radius, body, list_start, partner, inverse_square, law, box, step, level,
    block_count,
):  # fmt: skip
    """Run :func:`step_block` over all blocks."""
    for block in prange((radius.shape[0] + BLOCK - 1) // BLOCK):
        step_block(
            block, here, there, radius, body, list_start, partner, inverse_square, law, box, step,
            level, block_count,
        )  # fmt: skip


@kernel
def overlap_pressure(here, radius, list_start, partner, inverse_square, pressure):
    """Write pressure_i = sum_j max(0, s_ij - d_ij) / radius_i of all cells (dimensionless)."""
    for cell in range(radius.shape[0]):
        block, offset = cell // BLOCK, cell % BLOCK
        overlap = 0.0
        for entry in range(list_start[block, offset], list_start[block, offset + 1]):
            other = partner[entry]
            dx = here[cell, 0] - here[other, 0]
            dy = here[cell, 1] - here[other, 1]
            square = dx * dx + dy * dy
            if square * inverse_square[entry] < 1.0:
                overlap += radius[cell] + radius[other] - math.sqrt(square)
        pressure[cell] = overlap / radius[cell]


@kernel
def set_up(cells, law, box, duration, here, body):
    """Copy positions into the box and fill ``body``; return False where a number is not finite."""
    n_bad = 0
    for cell in range(cells.radius.shape[0]):
        body[cell, MOBILITY] = cells.mobility[cell]
        body[cell, DRIFT_X] = cells.motility[0, cell] / duration
        body[cell, DRIFT_Y] = cells.motility[1, cell] / duration
        total = cells.x[cell] + cells.y[cell] + body[cell, DRIFT_X] + body[cell, DRIFT_Y]
        total += body[cell, MOBILITY] + 1.0 / cells.radius[cell] + cells.radius[cell]
        n_bad += int(not (math.isfinite(total) and cells.radius[cell] > 0.0))
        here[cell, 0] = min(max(cells.x[cell], 0.0), box[0])
        here[cell, 1] = min(max(cells.y[cell], 0.0), box[1])
    return n_bad == 0


@kernel
def set_allowances(here, radius, law, body, span, elapsed, left):
    """Give each cell its way until the next listing [um], and its span; move the anchors.

    The way is the least allowance, more for cells that went fast since the last listing
    (``elapsed`` hours ago, 0 at the start); ``left`` hours remain.
    """
    reach = 1.0 + law.adhesion_reach if law.adhesion > 0.0 else 1.0
    for cell in range(radius.shape[0]):
        allowance = law.allowance
        if elapsed > 0.0:
            dx = here[cell, 0] - body[cell, ANCHOR_X]
            dy = here[cell, 1] - body[cell, ANCHOR_Y]
            way = math.sqrt(dx * dx + dy * dy) * min(1.0, left / elapsed)
            allowance = max(allowance, min(way, ALLOWANCE_GROWTH * law.allowance))
        body[cell, ANCHOR_X] = here[cell, 0]
        body[cell, ANCHOR_Y] = here[cell, 1]
        body[cell, ALLOWANCE] = allowance
        span[cell] = radius[cell] * reach + allowance


ALLOWANCE_GROWTH = 4.0


@kernel
def next_level(totals, n_cell, capped_share, ticks_done, ticks):
    """Return the level of the longest step that the cap allows and that fits the ticks."""
    level = 0
    while level < N_LEVELS - 1 and totals[level] > capped_share * n_cell:
        level += 1
    while ticks_done % (TICKS_PER_STEP >> level) != 0 or ticks_done + (
        TICKS_PER_STEP >> level
    ) > ticks:
        level += 1
    return level


@kernel
def move_cells(cells, law, box, duration, n_step, workspace):
    """Move the cells for ``duration`` [h] in ``n_step`` base steps or more.

    cells is a :class:`Cells` (x, y, pressure are written), box = (x, y) in um, workspace a
    :class:`Workspace` for at least n cells. Positions outside the box are put on its wall first.

    Returns (status, steps taken, share of cell-steps that were capped, listings made, worst share
    of cells capped in one step). The status is 0, LIST_FULL or NOT_FINITE.
    """
    radius = cells.radius
    n_cell = radius.shape[0]
    n_block = (n_cell + BLOCK - 1) // BLOCK
    lists = workspace.lists
    here, there = workspace.position[0], workspace.position[1]
    body, span = workspace.body, workspace.span
    totals = np.zeros(N_LEVELS + 2, np.int64)
    if n_cell == 0:
        return 0, n_step, 0.0, 0, 0.0
    if not set_up(cells, law, box, duration, here, body):
        return NOT_FINITE, 0, 0.0, 0, 0.0
    step = duration / n_step
    tick = step / TICKS_PER_STEP
    ticks, done, listed, level, taken, listings, capped, worst = (
        n_step * TICKS_PER_STEP, 0, 0, 0, 0, 0, 0, 0
    )  # fmt: skip
    totals[OUTSIDE] = 1
    while True:
        if totals[OUTSIDE] > 0:
            set_allowances(
                here, radius, law, body, span, (done - listed) * tick, (ticks - done) * tick
            )
            if build_list(here, radius, span, box, lists) != 0:
                return LIST_FULL, 0, 0.0, 0, 0.0
            listed = done
            listings += 1
            totals[OUTSIDE] = 0
        if done == ticks:
            break
        step_all(
            here, there, radius, body, lists.list_start, lists.partner, lists.inverse_square, law,
            box, step, level, workspace.block_count,
        )  # fmt: skip
        totals[:] = 0
        for block in range(n_block):
            for column in range(N_LEVELS + 2):
                totals[column] += workspace.block_count[block, column]
        if totals[BAD] > 0:
            return NOT_FINITE, 0, 0.0, 0, 0.0
        wanted = next_level(totals, n_cell, law.capped_share, done, ticks)
        if wanted > level:
            level = wanted
            totals[OUTSIDE] = 0
            continue
        capped += totals[level]
        worst = max(worst, totals[level])
        done += TICKS_PER_STEP >> level
        taken += 1
        here, there = there, here
        level = next_level(totals, n_cell, law.capped_share, done, ticks) if done < ticks else 0
    overlap_pressure(
        here, radius, lists.list_start, lists.partner, lists.inverse_square, cells.pressure
    )
    for cell in range(n_cell):
        cells.x[cell] = here[cell, 0]
        cells.y[cell] = here[cell, 1]
    return 0, taken, capped / (taken * n_cell), listings, worst / n_cell
