"""What one block of cells does in a motion interval: get ready, move one step, hand over.

The law is that of :mod:`abm.kernels.mechanics`. Blocks write nothing of each other, so they run on
any thread. Between two listings the cells of a block stand by lane (:mod:`abm.kernels.neighbours`).
``here`` and ``there`` are present and next places, (x, y) or (x, y, z), as many arrays as the box
has lengths.
"""

import math
from typing import NamedTuple

import numpy as np

from abm.kernels._jit import kernel
from abm.kernels.neighbours import BLOCK, use_slots
from abm.kernels.pair_sums import (
    HERE_X,
    HERE_Y,
    HERE_Z,
    PUSH_X,
    PUSH_Y,
    PUSH_Z,
    SCALE,
    SQUARE,
    pressure_block,
    push_block,
    push_unit,
)

N_LEVELS = 4
"""Step lengths: 1, 1/2, 1/4 and 1/8 of the base step."""

ALLOWANCE_GROWTH = 4.0
"""Largest allowance over the least one."""

TINY = 1e-300
"""Added to a squared speed [um2/h2] that is divided by; changes no speed above 1e-142 um/h."""

OUTSIDE, BAD = N_LEVELS, N_LEVELS + 1
"""Columns of block_count behind those of the levels."""

(
    MOBILITY, DRIFT_X, DRIFT_Y, CAP, ANCHOR_X, ANCHOR_Y, ALLOWANCE_SQUARE, DRIFT_Z, ANCHOR_Z,
) = (BLOCK * row for row in range(9))  # fmt: skip
"""First elements of the rows of a block of ``body``: mobility [-]; drift of the motility [um/h];
displacement cap per step [um]; centre of what is allowed [um]; square of the distance from there
that is allowed [um2]."""

N_BODY = {2: DRIFT_Z, 3: ANCHOR_Z + BLOCK}
"""Elements of a block of ``body`` by the number of dimensions."""

NOTHING = np.empty(0)
"""A column that does not apply."""


class Cells(NamedTuple):
    """The moving cells; float64, C-contiguous.

    x, y [n] um (changed), radius [n] um, mobility [n], motility [2 or 3, n] um within the whole
    call, pressure [n] (overwritten); z [n] um (changed) in space, else empty; grip [n] in [0, 1],
    two cells attract each other with law.adhesion times both grips; empty: all have 1; unrest [n]
    um by which a cell is expected to be pushed, empty: nothing is known.
    """

    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    mobility: np.ndarray
    motility: np.ndarray
    pressure: np.ndarray
    z: np.ndarray = NOTHING
    grip: np.ndarray = NOTHING
    unrest: np.ndarray = NOTHING


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

    position [4 or 6, n] present and next places [um] by slot, the next ones by cell at a listing;
    radius, grip [n] by slot [um; -]; centre [2 or 3, n], allowance, span [n] by cell for the
    listing [um]; body
    [n_block, N_BODY[n_axis]], rows named above, by lane; block_count [n_block, N_LEVELS + 2] cells
    that would be capped at each level, that are out of their allowance, that are not finite;
    block_span [n_block] sum of the spans [um].
    """

    position: np.ndarray
    radius: np.ndarray
    grip: np.ndarray
    centre: np.ndarray
    allowance: np.ndarray
    span: np.ndarray
    body: np.ndarray
    block_count: np.ndarray
    block_span: np.ndarray


@kernel
def check_block(first, last, cells, box, duration):
    """Return the number of unusable cells: something is not finite or a radius not positive."""
    n_bad = 0
    for cell in range(first, last):
        total = cells.x[cell] + cells.y[cell] + cells.mobility[cell] + cells.radius[cell]
        total += cells.motility[0, cell] / duration + cells.motility[1, cell] / duration
        if len(box) == 3:
            total += cells.z[cell] + cells.motility[2, cell] / duration
        n_bad += 0 if math.isfinite(total) and cells.radius[cell] > 0.0 else 1
    return n_bad


@kernel
def prepare_block(block, cells, law, box, here, there, motions, lists, moved, left):
    """Write places, centre, allowance and span of the cells of a block, by cell, for the listing.

    The centre is the middle of the way that the motility will take in the share ``left`` of the
    call. The allowance is half that way and the least one of the law, or how far the cell will be
    pushed at its pace in the share ``moved`` since the last listing (0: this is the first; places
    come from ``cells`` and are put into the box). It ends at ALLOWANCE_GROWTH times the least one.
    """
    first, last = block * BLOCK, min(cells.radius.shape[0], block * BLOCK + BLOCK)
    body, lanes, motility = motions.body[block], lists.lane_cell[block], cells.motility
    if moved == 0.0:
        for cell in range(first, last):
            there[0][cell] = min(max(cells.x[cell], 0.0), box[0])
            there[1][cell] = min(max(cells.y[cell], 0.0), box[1])
            if len(box) == 3:
                there[2][cell] = min(max(cells.z[cell], 0.0), box[2])
            motions.allowance[cell] = cells.unrest[cell] if cells.unrest.shape[0] > 0 else 0.0
    else:
        # The anchor was the middle of the way of the motility at the last listing.
        ahead = 0.5 * (left - moved)
        for lane in range(last - first):
            cell = first + lanes[lane]
            dx = here[0][first + lane] - body[ANCHOR_X + lane] + ahead * motility[0, cell]
            dy = here[1][first + lane] - body[ANCHOR_Y + lane] + ahead * motility[1, cell]
            square = dx * dx + dy * dy
            there[0][cell] = here[0][first + lane]
            there[1][cell] = here[1][first + lane]
            if len(box) == 3:
                dz = here[2][first + lane] - body[ANCHOR_Z + lane] + ahead * motility[2, cell]
                square += dz * dz
                there[2][cell] = here[2][first + lane]
            motions.allowance[cell] = math.sqrt(square) * (left / moved)
    reach = 1.0 + law.adhesion_reach if law.adhesion > 0.0 else 1.0
    most = ALLOWANCE_GROWTH * law.allowance
    least = law.allowance * math.sqrt(left)
    half, total = 0.5 * left, 0.0
    for cell in range(first, last):
        dx, dy = half * motility[0, cell], half * motility[1, cell]
        dz = half * motility[2, cell] if len(box) == 3 else 0.0
        way = math.sqrt(dx * dx + dy * dy + dz * dz)
        # A cell that is too fast for any list still starts within its allowance.
        share = min(1.0, (most - law.allowance) / (way + TINY))
        motions.centre[0, cell] = min(max(there[0][cell] + share * dx, 0.0), box[0])
        motions.centre[1, cell] = min(max(there[1][cell] + share * dy, 0.0), box[1])
        if len(box) == 3:
            motions.centre[2, cell] = min(max(there[2][cell] + share * dz, 0.0), box[2])
        pushed = max(least, motions.allowance[cell])
        motions.allowance[cell] = min(share * way + pushed, most)
        motions.span[cell] = cells.radius[cell] * reach + motions.allowance[cell]
        total += motions.span[cell]
    motions.block_span[block] = total


@kernel
def arrange_block(block, cells, law, duration, here, there, motions, lists):
    """Bring all that the steps need into the lanes of the new list; move the anchors."""
    first, last = block * BLOCK, min(cells.radius.shape[0], block * BLOCK + BLOCK)
    body, lanes = motions.body[block], lists.lane_cell[block]
    for lane in range(last - first):
        cell = first + lanes[lane]
        here[0][first + lane] = there[0][cell]
        here[1][first + lane] = there[1][cell]
        motions.radius[first + lane] = cells.radius[cell]
        body[MOBILITY + lane] = cells.mobility[cell]
        body[DRIFT_X + lane] = cells.motility[0, cell] / duration
        body[DRIFT_Y + lane] = cells.motility[1, cell] / duration
        body[CAP + lane] = law.displacement_cap * cells.radius[cell]
        body[ANCHOR_X + lane] = motions.centre[0, cell]
        body[ANCHOR_Y + lane] = motions.centre[1, cell]
        body[ALLOWANCE_SQUARE + lane] = motions.allowance[cell] * motions.allowance[cell]
        if len(here) == 3:
            here[2][first + lane] = there[2][cell]
            body[DRIFT_Z + lane] = cells.motility[2, cell] / duration
            body[ANCHOR_Z + lane] = motions.centre[2, cell]
    if law.adhesion > 0.0:
        for lane in range(last - first):
            has_grip = cells.grip.shape[0] > 0
            motions.grip[first + lane] = cells.grip[first + lanes[lane]] if has_grip else 1.0
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
def set_speeds(n_cell, body, scratch, box, unit, step, level, count):
    """Turn the pushes of a block into speeds; write the time that each cell moves at its speed.

    unit [1/h] is that of the pushes. The time is ``step / 2**level`` [h], less where the cap ends
    it; count[:N_LEVELS] gets the cells that would be capped at each level. Selections instead of
    branches: these loops are vectors.
    """
    length = step / (1 << level)
    once = 1.0 / (step * step)
    for cell in range(n_cell):
        speed_x = body[MOBILITY + cell] * (unit * scratch[PUSH_X + cell]) + body[DRIFT_X + cell]
        speed_y = body[MOBILITY + cell] * (unit * scratch[PUSH_Y + cell]) + body[DRIFT_Y + cell]
        scratch[PUSH_X + cell] = speed_x
        scratch[PUSH_Y + cell] = speed_y
        square = speed_x * speed_x + speed_y * speed_y
        if len(box) == 3:
            speed_z = body[MOBILITY + cell] * (unit * scratch[PUSH_Z + cell]) + body[DRIFT_Z + cell]
            scratch[PUSH_Z + cell] = speed_z
            square += speed_z * speed_z
        scratch[SQUARE + cell] = square
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
        square = dx * dx + dy * dy
        is_inside = (new_x >= 0.0) & (new_y >= 0.0)
        if len(box) == 3:
            far_z = box[2] - abs(scratch[HERE_Z + cell] + scale * scratch[PUSH_Z + cell])
            new_z = box[2] - abs(far_z)
            scratch[HERE_Z + cell] = new_z
            dz = new_z - body[ANCHOR_Z + cell]
            square += dz * dz
            is_inside = is_inside & (new_z >= 0.0)
        is_within = square <= body[ALLOWANCE_SQUARE + cell]
        n_outside += 0 if is_within & is_inside else 1
    count[OUTSIDE] = n_outside
    count[BAD] = 0
    if n_outside > 0:
        for cell in range(n_cell):
            is_good = (scratch[HERE_X + cell] >= 0.0) & (scratch[HERE_Y + cell] >= 0.0)
            if len(box) == 3:
                is_good = is_good & (scratch[HERE_Z + cell] >= 0.0)
            count[BAD] += 0 if is_good else 1


@kernel
def step_block(block, n_cell, here, there, law, box, step, level, motions, lists, scratch):
    """Move the cells of one block by ``step / 2**level`` hours; the old places stay.

    ``step`` [h] is the base step; block_count[block] gets the counts that decide on it.
    """
    body, count = motions.body[block], motions.block_count[block]
    first = block * BLOCK
    n_own = min(n_cell - first, BLOCK)
    push_block(block, n_cell, here, box, motions.grip, lists, law, scratch)
    set_speeds(n_own, body, scratch, box, push_unit(law), step, level, count)
    move_block(n_own, body, scratch, box, count)
    for cell in range(n_own):
        there[0][first + cell] = scratch[HERE_X + cell]
        there[1][first + cell] = scratch[HERE_Y + cell]
        if len(box) == 3:
            there[2][first + cell] = scratch[HERE_Z + cell]


@kernel
def finish_block(block, cells, here, motions, lists, scratch):
    """Write places and pressure of the cells of one block."""
    first, last = block * BLOCK, min(cells.radius.shape[0], block * BLOCK + BLOCK)
    lanes = lists.lane_cell[block]
    pressure_block(block, here, motions.radius[: cells.radius.shape[0]], lists, scratch)
    for lane in range(last - first):
        cell = first + lanes[lane]
        cells.x[cell] = here[0][first + lane]
        cells.y[cell] = here[1][first + lane]
        if len(here) == 3:
            cells.z[cell] = here[2][first + lane]
        cells.pressure[cell] = scratch[PUSH_X + lane]
