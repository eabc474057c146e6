"""Sums over the partners of the cells of one block: push and overlap.

    push_i     = sum_j g(t_ij) (r_i - r_j)
    pressure_i = sum_j max(0, s_ij - d_ij) / radius_i
    t_ij       = 1 - d_ij^2 / s_ij^2,   s_ij = radius_i + radius_j

with ``g`` as in :mod:`abm.kernels.mechanics`. The list comes in lanes and the places by slot
(:mod:`abm.kernels.neighbours`): of each row the places of the partners are copied into scratch,
then the row is added to the lanes by straight-line code, which the compiler turns into vectors. A
loop that gathers and stores stays scalar, since nothing tells the compiler that the two do not
overlap; hence the copies. Branches on the number of dimensions are decided when a kernel is
compiled; ``box`` [um], two or three lengths, is passed for that alone, as calls with it are cheaper
than with the places.
"""

import math

from abm.kernels._jit import inline_kernel, kernel
from abm.kernels.neighbours import BLOCK

(
    HERE_X, HERE_Y, PUSH_X, PUSH_Y, SQUARE, SCALE, OTHER_X, OTHER_Y,
    HERE_Z, PUSH_Z, OTHER_Z, HERE_GRIP, OTHER_GRIP, N_SCRATCH,
) = (BLOCK * row for row in range(14))  # fmt: skip
"""First elements of the rows of scratch, float64[N_SCRATCH], by lane: its place [um], push [um],
squared speed, length of time, the place of its partner, the grip of both. One flat array, so that
the compiler sees the rows apart."""

OWN_RADIUS, OTHER_RADIUS = SQUARE, SCALE
"""Rows that the pressure uses otherwise."""


@inline_kernel
def push_unit(law):
    """Return what the pushes are counted in, 5 stiffness / 16 [1/h]."""
    return 0.3125 * law.stiffness


@kernel
def fetch_lanes(first, n_lane, place, scratch):
    """Copy the places of the lanes of a block into scratch; clear the sums."""
    for lane in range(n_lane):
        scratch[HERE_X + lane] = place[0][first + lane]
        scratch[HERE_Y + lane] = place[1][first + lane]
        scratch[PUSH_X + lane] = 0.0
        scratch[PUSH_Y + lane] = 0.0
        if len(place) == 3:
            scratch[HERE_Z + lane] = place[2][first + lane]
            scratch[PUSH_Z + lane] = 0.0


@kernel
def repel(box, inverse_square, scratch):
    """Add the repulsion of one row over 5 stiffness / 16; lanes in scratch."""
    for lane in range(inverse_square.shape[0]):
        dx = scratch[HERE_X + lane] - scratch[OTHER_X + lane]
        dy = scratch[HERE_Y + lane] - scratch[OTHER_Y + lane]
        square = dx * dx + dy * dy
        if len(box) == 3:
            dz = scratch[HERE_Z + lane] - scratch[OTHER_Z + lane]
            square += dz * dz
        t = 1.0 - square * inverse_square[lane]
        overlap = t if t > 0.0 else 0.0
        g = overlap * (1.6 + overlap * (1.2 + overlap))
        scratch[PUSH_X + lane] += g * dx
        scratch[PUSH_Y + lane] += g * dy
        if len(box) == 3:
            scratch[PUSH_Z + lane] += g * dz


@kernel
def repel_and_attract(box, inverse_square, pull, t_reach, scratch):
    """Add repulsion and attraction of one row over 5 stiffness / 16; lanes in scratch.

    pull = 4 adhesion / t_reach^2 over 5 stiffness / 16, for two cells of grip 1.
    """
    for lane in range(inverse_square.shape[0]):
        dx = scratch[HERE_X + lane] - scratch[OTHER_X + lane]
        dy = scratch[HERE_Y + lane] - scratch[OTHER_Y + lane]
        square = dx * dx + dy * dy
        if len(box) == 3:
            dz = scratch[HERE_Z + lane] - scratch[OTHER_Z + lane]
            square += dz * dz
        t = 1.0 - square * inverse_square[lane]
        overlap = t if t > 0.0 else 0.0
        # Positive between contact and reach only.
        gap = t * (t_reach - t)
        gap = gap if gap > 0.0 else 0.0
        both = pull * scratch[HERE_GRIP + lane] * scratch[OTHER_GRIP + lane]
        g = overlap * (1.6 + overlap * (1.2 + overlap)) - both * gap
        scratch[PUSH_X + lane] += g * dx
        scratch[PUSH_Y + lane] += g * dy
        if len(box) == 3:
            scratch[PUSH_Z + lane] += g * dz


@kernel
def repel_rows(block, place, box, lists, scratch):
    """Add the repulsion of all rows of a block over 5 stiffness / 16."""
    starts = lists.row_start[block]
    for row in range(lists.n_row[block]):
        begin, end = starts[row], starts[row + 1]
        others = lists.partner[begin:end]
        for lane in range(others.shape[0]):
            scratch[OTHER_X + lane] = place[0][others[lane]]
            scratch[OTHER_Y + lane] = place[1][others[lane]]
            if len(place) == 3:
                scratch[OTHER_Z + lane] = place[2][others[lane]]
        repel(box, lists.inverse_square[begin:end], scratch)


@kernel
def repel_and_attract_rows(block, n_lane, place, box, grip, lists, pull, t_reach, scratch):
    """Add repulsion and attraction of all rows of a block over 5 stiffness / 16."""
    starts = lists.row_start[block]
    for lane in range(n_lane):
        scratch[HERE_GRIP + lane] = grip[block * BLOCK + lane]
    for row in range(lists.n_row[block]):
        begin, end = starts[row], starts[row + 1]
        others = lists.partner[begin:end]
        for lane in range(others.shape[0]):
            scratch[OTHER_X + lane] = place[0][others[lane]]
            scratch[OTHER_Y + lane] = place[1][others[lane]]
            scratch[OTHER_GRIP + lane] = grip[others[lane]]
            if len(place) == 3:
                scratch[OTHER_Z + lane] = place[2][others[lane]]
        repel_and_attract(box, lists.inverse_square[begin:end], pull, t_reach, scratch)


@kernel
def push_block(block, n_cell, place, box, grip, lists, law, scratch):
    """Sum the push of the partners of each lane of a block [um]; times :func:`push_unit` it is the
    velocity at mobility 1.

    place, grip [>= n_cell] by slot [um; -]; lists = :class:`abm.kernels.neighbours.ListArrays`; law
    as of :class:`abm.kernels.mechanics_blocks.Law`. Written: scratch; rows HERE and PUSH are
    results.
    """
    n_lane = min(n_cell - block * BLOCK, BLOCK)
    fetch_lanes(block * BLOCK, n_lane, place, scratch)
    if law.adhesion > 0.0:
        t_reach = 1.0 - (1.0 + law.adhesion_reach) ** 2
        pull = 4.0 * law.adhesion / (t_reach * t_reach) / push_unit(law)
        repel_and_attract_rows(block, n_lane, place, box, grip, lists, pull, t_reach, scratch)
    else:
        repel_rows(block, place, box, lists, scratch)


@kernel
def pressure_block(block, place, radius, lists, scratch):
    """Write the pressure of the lanes of one block to row PUSH_X; radius [um] by slot."""
    first = block * BLOCK
    n_lane = min(radius.shape[0] - first, BLOCK)
    starts = lists.row_start[block]
    fetch_lanes(first, n_lane, place, scratch)
    for lane in range(n_lane):
        scratch[OWN_RADIUS + lane] = radius[first + lane]
    for row in range(lists.n_row[block]):
        begin, end = starts[row], starts[row + 1]
        others = lists.partner[begin:end]
        for lane in range(others.shape[0]):
            scratch[OTHER_X + lane] = place[0][others[lane]]
            scratch[OTHER_Y + lane] = place[1][others[lane]]
            scratch[OTHER_RADIUS + lane] = radius[others[lane]]
            if len(place) == 3:
                scratch[OTHER_Z + lane] = place[2][others[lane]]
        for lane in range(others.shape[0]):
            dx = scratch[HERE_X + lane] - scratch[OTHER_X + lane]
            dy = scratch[HERE_Y + lane] - scratch[OTHER_Y + lane]
            square = dx * dx + dy * dy
            if len(place) == 3:
                dz = scratch[HERE_Z + lane] - scratch[OTHER_Z + lane]
                square += dz * dz
            contact = scratch[OWN_RADIUS + lane] + scratch[OTHER_RADIUS + lane]
            overlap = contact - math.sqrt(square)
            scratch[PUSH_X + lane] += overlap if overlap > 0.0 else 0.0
    for lane in range(n_lane):
        scratch[PUSH_X + lane] = scratch[PUSH_X + lane] / scratch[OWN_RADIUS + lane]
