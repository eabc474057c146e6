"""What one block of cells does in a motion interval: get ready, move one step, hand over.

The law is that of :mod:`abm.kernels.mechanics`. Blocks write nothing of each other, so they run on
any thread. Between two listings the cells of a block stand by lane (:mod:`abm.kernels.neighbours`).
"""

import math
from typing import NamedTuple

import numpy as np

from abm.kernels._jit import kernel
from abm.kernels.neighbours import BLOCK, use_slots
from abm.kernels.pair_sums import (
    HERE_X,
    HERE_Y,
    PUSH_X,
    PUSH_Y,
    SCALE,
    SQUARE,
    pressure_block,
    push_block,
)

N_LEVELS = 4
"""Step lengths: 1, 1/2, 1/4 and 1/8 of the base step."""

ALLOWANCE_GROWTH = 4.0
"""Largest allowance over the least one."""

TINY = 1e-300
"""Added to a squared speed [um2/h2] that is divided by; changes no speed above 1e-142 um/h."""

OUTSIDE, BAD = N_LEVELS, N_LEVELS + 1
"""Columns of block_count behind those of the levels."""

MOBILITY, DRIFT_X, DRIFT_Y, CAP, ANCHOR_X, ANCHOR_Y, ALLOWANCE_SQUARE, N_BODY = (
    BLOCK * row for row in range(8)
)
"""First elements of the rows of a block of ``body``: mobility [-]; drift of the motility [um/h];
displacement cap per step [um]; place at the last listing [um]; square of the way from there that is
allowed [um2]."""


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


class Motions(NamedTuple):
    """Scratch of the integration.

    position [4, n] present x, y and next x, y [um] by slot, the next ones by cell at a listing;
    radius [n] by slot [um]; allowance, span [n] by cell for the listing [um]; body
    [n_block, N_BODY], rows named above, by lane; block_count [n_block, N_LEVELS + 2] cells that
    would be capped at each level, that are out of their allowance, that are not finite; block_span
    [n_block] largest span [um].
    """

    position: np.ndarray
    radius: np.ndarray
    allowance: np.ndarray
    span: np.ndarray
    body: np.ndarray
    block_count: np.ndarray
    block_span: np.ndarray


@kernel
def check_block(first, last, cells, duration):
    """Return the number of unusable cells: something is not finite or a radius not positive."""
    n_bad = 0
    for cell in range(first, last):
        total = cells.x[cell] + cells.y[cell] + cells.mobility[cell] + cells.radius[cell]
        total += cells.motility[0, cell] / duration + cells.motility[1, cell] / duration
        n_bad += 0 if math.isfinite(total) and cells.radius[cell] > 0.0 else 1
    return n_bad


@kernel
def prepare_block(block, cells, law, box, x, y, place_x, place_y, motions, lists, moved, left):
    """Write places, allowance and span of the cells of a block, by cell, for the listing.

    The allowance is the least one and what the motility will need in the share ``left`` of the
    call; more for cells that were pushed far in the share ``moved`` since the last listing (0: this
    is the first; places come from ``cells`` and are put into the box). It ends at ALLOWANCE_GROWTH
    times the least one.
    """
    first, last = block * BLOCK, min(cells.radius.shape[0], block * BLOCK + BLOCK)
    body, lanes = motions.body[block], lists.lane_cell[block]
    if moved == 0.0:
        for cell in range(first, last):
            place_x[cell] = min(max(cells.x[cell], 0.0), box[0])
            place_y[cell] = min(max(cells.y[cell], 0.0), box[1])
            motions.allowance[cell] = 0.0
    else:
        for lane in range(last - first):
            cell = first + lanes[lane]
            dx = x[first + lane] - body[ANCHOR_X + lane]
            dy = y[first + lane] - body[ANCHOR_Y + lane]
            place_x[cell] = x[first + lane]
            place_y[cell] = y[first + lane]
            motions.allowance[cell] = math.sqrt(dx * dx + dy * dy) * (left / moved)
    reach = 1.0 + law.adhesion_reach if law.adhesion > 0.0 else 1.0
    most = ALLOWANCE_GROWTH * law.allowance
    largest = 0.0
    for cell in range(first, last):
        way = math.sqrt(cells.motility[0, cell] ** 2 + cells.motility[1, cell] ** 2)
        allowance = min(max(law.allowance + way * left, motions.allowance[cell]), most)
        motions.allowance[cell] = allowance
        motions.span[cell] = cells.radius[cell] * reach + allowance
        largest = max(largest, motions.span[cell])
    motions.block_span[block] = largest


@kernel
def arrange_block(block, cells, law, duration, x, y, place_x, place_y, motions, lists):
    """Bring all that the steps need into the lanes of the new list; move the anchors."""
    first, last = block * BLOCK, min(cells.radius.shape[0], block * BLOCK + BLOCK)
    body, lanes = motions.body[block], lists.lane_cell[block]
    for lane in range(last - first):
        cell = first + lanes[lane]
        x[first + lane] = place_x[cell]
        y[first + lane] = place_y[cell]
        motions.radius[first + lane] = cells.radius[cell]
        body[MOBILITY + lane] = cells.mobility[cell]
        body[DRIFT_X + lane] = cells.motility[0, cell] / duration
        body[DRIFT_Y + lane] = cells.motility[1, cell] / duration
        body[CAP + lane] = law.displacement_cap * cells.radius[cell]
        body[ANCHOR_X + lane] = place_x[cell]
        body[ANCHOR_Y + lane] = place_y[cell]
        body[ALLOWANCE_SQUARE + lane] = motions.allowance[cell] * motions.allowance[cell]
    use_slots(block, lists)


@kernel
def count_capped(n_cell, body, scratch, factor):
    """Return how many cells of a block are faster than their cap allows; limit times ``factor``."""
    n_capped = 0
    for cell in range(n_cell):
        limit = body[CAP + cell] * body[CAP + cell] * factor
        n_capped += 1 if scratch[SQUARE + cell] > limit else 0
    return n_capped


@kernel
def set_speeds(n_cell, body, scratch, step, level, count):
    """Turn the pushes of a block into speeds; write the time that each cell moves at its speed.

    That is ``step / 2**level`` [h], less where the cap ends it; count[:N_LEVELS] gets the cells
    that would be capped at each level. Selections instead of branches: these loops are vectors.
    """
    length = step / (1 << level)
    once = 1.0 / (step * step)
    for cell in range(n_cell):
        speed_x = body[MOBILITY + cell] * scratch[PUSH_X + cell] + body[DRIFT_X + cell]
        speed_y = body[MOBILITY + cell] * scratch[PUSH_Y + cell] + body[DRIFT_Y + cell]
        scratch[PUSH_X + cell] = speed_x
        scratch[PUSH_Y + cell] = speed_y
        scratch[SQUARE + cell] = speed_x * speed_x + speed_y * speed_y
        scratch[SCALE + cell] = length
    count[:N_LEVELS] = 0
    count[0] = count_capped(n_cell, body, scratch, once)
    # Who is below the cap in the longest step is so in all; then no root is needed.
    if count[0] == 0:
        return
    for finer in range(1, N_LEVELS):
        count[finer] = count_capped(n_cell, body, scratch, once * (1 << (2 * finer)))
    for cell in range(n_cell):
        capped_length = body[CAP + cell] / math.sqrt(scratch[SQUARE + cell] + TINY)
        scratch[SCALE + cell] = capped_length if capped_length < length else length


@kernel
def move_block(n_cell, body, scratch, box, count):
    """Move the cells of a block by their speeds, in scratch; count who left box or allowance."""
    n_outside = 0
    for cell in range(n_cell):
        scale = scratch[SCALE + cell]
        # Reflection at 0, then at the far wall.
        new_x = box[0] - abs(box[0] - abs(scratch[HERE_X + cell] + scale * scratch[PUSH_X + cell]))
        new_y = box[1] - abs(box[1] - abs(scratch[HERE_Y + cell] + scale * scratch[PUSH_Y + cell]))
        scratch[HERE_X + cell] = new_x
        scratch[HERE_Y + cell] = new_y
        dx = new_x - body[ANCHOR_X + cell]
        dy = new_y - body[ANCHOR_Y + cell]
        is_within = dx * dx + dy * dy <= body[ALLOWANCE_SQUARE + cell]
        n_outside += 0 if is_within & (new_x >= 0.0) & (new_y >= 0.0) else 1
    count[OUTSIDE] = n_outside
    count[BAD] = 0
    if n_outside > 0:
        for cell in range(n_cell):
            is_good = (scratch[HERE_X + cell] >= 0.0) & (scratch[HERE_Y + cell] >= 0.0)
            count[BAD] += 0 if is_good else 1


@kernel
def step_block(block, n_cell, x, y, next_x, next_y, law, box, step, level, motions, lists, scratch):
    """Move the cells of one block by ``step / 2**level`` hours; the old places stay.

    ``step`` [h] is the base step; block_count[block] gets the counts that decide on it.
    """
    body, count = motions.body[block], motions.block_count[block]
    first = block * BLOCK
    n_own = min(n_cell - first, BLOCK)
    push_block(block, n_cell, x, y, lists, law, scratch)
    set_speeds(n_own, body, scratch, step, level, count)
    move_block(n_own, body, scratch, box, count)
    for cell in range(n_own):
        next_x[first + cell] = scratch[HERE_X + cell]
        next_y[first + cell] = scratch[HERE_Y + cell]


@kernel
def finish_block(block, cells, x, y, motions, lists, scratch):
    """Write places and pressure of the cells of one block."""
    first, last = block * BLOCK, min(cells.radius.shape[0], block * BLOCK + BLOCK)
    lanes = lists.lane_cell[block]
    pressure_block(block, x, y, motions.radius[: cells.radius.shape[0]], lists, scratch)
    for lane in range(last - first):
        cell = first + lanes[lane]
        cells.x[cell] = x[first + lane]
        cells.y[cell] = y[first + lane]
        cells.pressure[cell] = scratch[PUSH_X + lane]
