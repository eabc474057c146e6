"""Which cells can touch within the next minutes: linked-cell binning and a compact neighbour list.

Every cell i carries a ``span`` = reach of its contact + allowance [um], where the allowance is how
far it may travel before the list must be made again. A pair is listed when its distance is below
the sum of the two spans, so no contact is missed while each cell stays within its own allowance.

The list is gathered per cell (both cells of a pair list each other) in blocks of ``BLOCK`` cells.
A block owns a fixed stretch of the list arrays and packs its entries tightly, so that blocks are
independent of each other and of the number of threads.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel

BLOCK = 128
"""Cells per block; a block is the unit of work of a thread and of every deterministic sum."""

BIN_WIDTH = 1.4
"""Least width of a bin over the largest span; 1, 1.4 and 2 took equal time."""


class ListArrays(NamedTuple):
    """Room for a neighbour list; everything is overwritten by :func:`build_list`.

    bin_start [n + 2] first sorted place of each bin; order [n] cell at each sorted place; binned
    [3, n] x, y, span in sorted order [um]; list_start [n_block, BLOCK + 1] first entry of each
    cell; partner [n_entry] cell index; inverse_square [n_entry] 1 / (radius_i + radius_j)^2
    [1/um2]; block_flag [n_block] status of each block. Indices are unsigned, which spares a test
    for negative ones at each access.
    """

    bin_start: np.ndarray
    order: np.ndarray
    binned: np.ndarray
    list_start: np.ndarray
    partner: np.ndarray
    inverse_square: np.ndarray
    block_flag: np.ndarray


def make_list_arrays(capacity: int, entries_per_cell: int = 16) -> ListArrays:
    """Allocate for up to ``capacity`` cells with so many partners on average within a block."""
    n_block = max(1, (capacity + BLOCK - 1) // BLOCK)
    n_entry = n_block * BLOCK * entries_per_cell
    return ListArrays(
        bin_start=np.empty(capacity + 2, np.uint64),
        order=np.empty(capacity, np.uint32),
        binned=np.empty((3, capacity)),
        list_start=np.empty((n_block, BLOCK + 1), np.uint64),
        partner=np.empty(n_entry, np.uint32),
        inverse_square=np.empty(n_entry),
        block_flag=np.empty(n_block, np.int64),
    )


@kernel
def bin_shape(span, n_cell, box):
    """Return (bins_x, bins_y, largest span [um]).

    A bin is at least as wide as the largest span[n_cell] [um]; it is widened where the box would
    have more bins than cells, so ``bins_x * bins_y <= n_cell + 1``. box is (x, y) in um.
    """
    largest = 0.0
    for cell in range(n_cell):
        largest = max(largest, span[cell])
    width = max(BIN_WIDTH * largest, math.sqrt(box[0] * box[1] / (n_cell + 1.0)))
    # A box narrower than one bin must not be made up for by more bins than cells in the other axis.
    most = n_cell + 1
    bins_x = max(1, min(most, int(box[0] / width)))
    return bins_x, max(1, min(most // bins_x, int(box[1] / width))), largest


@kernel
def bin_of(place, bins, size):
    """Return the bin index of a coordinate; places outside [0, size] go to the outermost bins."""
    return max(0, min(bins - 1, int(place * (bins / size))))


@kernel
def sort_into_bins(x, y, span, n_cell, box, bins, bin_start, order, binned):
    """Stable counting sort of the cells by bin (row-major, x fastest).

    x, y, span [>= n_cell] in um; box = (x, y) in um, bins from
    :func:`bin_shape`.
    Written: bin_start[:n_bin + 1], order[:n_cell] and binned[:, :n_cell] of :class:`ListArrays`.
    """
    n_bin = bins[0] * bins[1]
    for index in range(n_bin + 1):
        bin_start[index] = 0
    for cell in range(n_cell):
        index = bin_of(y[cell], bins[1], box[1]) * bins[0] + bin_of(x[cell], bins[0], box[0])
        bin_start[index] += np.uint64(1)
    total = np.uint64(0)
    for index in range(n_bin + 1):
        count = bin_start[index]
        bin_start[index] = total
        total += count
    for cell in range(n_cell):
        index = bin_of(y[cell], bins[1], box[1]) * bins[0] + bin_of(x[cell], bins[0], box[0])
        place = bin_start[index]
        bin_start[index] = place + np.uint64(1)
        order[place] = cell
        binned[0, place] = x[cell]
        binned[1, place] = y[cell]
        binned[2, place] = span[cell]
    for index in range(n_bin, 0, -1):
        bin_start[index] = bin_start[index - 1]
    bin_start[0] = 0


@kernel
def list_block(
    block, x, y, radius, span, box, bins, bin_start, order, binned, list_start, partner,
    inverse_square,
):  # fmt: skip
    """List the partners of the cells of one block, in bin order; return 0, or 1 if it is full."""
    n_cell = radius.shape[0]
    first, last = block * BLOCK, min(n_cell, block * BLOCK + BLOCK)
    stretch = partner.shape[0] // ((n_cell + BLOCK - 1) // BLOCK)
    place = block * stretch
    end = place + stretch
    for cell in range(first, last):
        list_start[block, cell - first] = place
        begin = place
        here_x, here_y, reach = x[cell], y[cell], span[cell]
        reach_most = reach + bins[2]
        left = bin_of(here_x - reach_most, bins[0], box[0])
        right = bin_of(here_x + reach_most, bins[0], box[0])
        low = bin_of(here_y - reach_most, bins[1], box[1])
        high = bin_of(here_y + reach_most, bins[1], box[1])
        for bin_row in range(low, high + 1):
            run = bin_start[bin_row * bins[0] + left]
            run_end = bin_start[bin_row * bins[0] + right + 1]
            if place + np.int64(run_end - run) > end:
                return 1
            # The entry is always written and kept only if it counts: no branch to mispredict.
            for candidate in range(run, run_end):
                dx = here_x - binned[0, candidate]
                dy = here_y - binned[1, candidate]
                limit = reach + binned[2, candidate]
                other = order[candidate]
                partner[np.uint64(place)] = other
                place += (dx * dx + dy * dy < limit * limit) & (other != cell)
        for entry in range(np.uint64(begin), np.uint64(place)):
            contact = radius[cell] + radius[partner[entry]]
            inverse_square[entry] = 1.0 / (contact * contact)
    list_start[block, last - first] = place
    return 0


@parallel_kernel
def list_all(
    x, y, radius, span, box, bins, bin_start, order, binned, list_start, partner, inverse_square,
    block_flag,
):  # fmt: skip
    """Run :func:`list_block` over all blocks; block_flag[block] is its status."""
    for block in prange((radius.shape[0] + BLOCK - 1) // BLOCK):
        block_flag[block] = list_block(
            block, x, y, radius, span, box, bins, bin_start, order, binned, list_start, partner,
            inverse_square,
        )  # fmt: skip


@kernel
def build_list(x, y, radius, span, box, arrays):
    """Bin the cells and list their partners; return 0, or 1 where the entries do not suffice.

    x, y, span [>= n] and radius [n] in um (radius sets n), places inside the box; box = (x, y) in
    um; arrays is a :class:`ListArrays` for at least n cells, shared out evenly between the blocks.
    """
    n_cell = radius.shape[0]
    bins = bin_shape(span, n_cell, box)
    sort_into_bins(x, y, span, n_cell, box, bins, arrays.bin_start, arrays.order, arrays.binned)
    list_all(
        x, y, radius, span, box, bins, arrays.bin_start, arrays.order, arrays.binned,
        arrays.list_start, arrays.partner, arrays.inverse_square, arrays.block_flag,
    )  # fmt: skip
    status = 0
    for block in range((n_cell + BLOCK - 1) // BLOCK):
        status = max(status, arrays.block_flag[block])
    return status
