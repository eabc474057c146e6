"""Which cells can touch within the next minutes: linked-cell binning and a neighbour list in lanes.

Every cell i carries a ``span`` = reach of its contact + allowance [um], where the allowance is how
far it may travel before the list must be made again. A pair is listed when its distance is below
the sum of the two spans, so no contact is missed while each cell stays within its own allowance.

The list is gathered per cell (both cells of a pair list each other) in blocks of ``BLOCK`` cells.
A block owns a fixed stretch of the list arrays, so that blocks are independent of each other and
of the number of threads. Within it the cells are lanes, those with most partners first, and row k
holds the k-th partner of every lane that has one: whoever sums over partners walks along the lanes
of one row after the other, on vectors, adding to each cell in the order of its partners.

A place is a tuple of arrays, (x, y) or (x, y, z), and a box has as many lengths: branches on
``len(box)`` are decided when a kernel is compiled, so that the plane has code of its own.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.lanes import LANES, close_lanes

BLOCK = 128
"""Cells per block; a block is the unit of work of a thread and of every deterministic sum."""

BIN_WIDTH, BIN_HEIGHT = 0.45, 1.5
"""Least size of a bin over the mean span; the depth is as the height. The cells of neighbouring
bins of one row stand in one run, so that narrow bins cost nothing, while each further row of bins
is a run of its own."""

BIN_GROWTH = 1.05
"""Factor by which the bins of a thinly filled box of three dimensions grow until they are few."""

ROWS_PER_ENTRY = 4
"""Rows of a block, that is most partners of one cell, over the mean number it has room for."""


class ListArrays(NamedTuple):
    """Room for a neighbour list; everything is overwritten by :func:`build_list`.

    bin_start [n + 2] first sorted place of each bin; row_span [n + 1] largest span in each row of
    bins [um]; order [n] cell at each sorted place; binned [3 or 4, n] x, y, span, z in sorted order
    [um]; lane_cell [n_block, BLOCK] place in the block of
    the cell of each lane; slot [n] block * BLOCK + lane of each cell; n_row [n_block] rows in use;
    row_start [n_block, most rows + 1] first entry of each row; partner [n_entry] cell, after
    :func:`use_slots` its slot; inverse_square [n_entry] 1 / (radius_i + radius_j)^2 [1/um2];
    block_flag [n_block] status of each block. Indices are unsigned, which spares a test for
    negative ones at each access.
    """

    bin_start: np.ndarray
    row_span: np.ndarray
    order: np.ndarray
    binned: np.ndarray
    lane_cell: np.ndarray
    slot: np.ndarray
    n_row: np.ndarray
    row_start: np.ndarray
    partner: np.ndarray
    inverse_square: np.ndarray
    block_flag: np.ndarray


def make_list_arrays(capacity: int, entries_per_cell: int = 16, n_axis: int = 2) -> ListArrays:
    """Allocate for up to ``capacity`` cells with so many partners on average within a block."""
    n_block = max(1, (capacity + BLOCK - 1) // BLOCK)
    n_entry = n_block * BLOCK * entries_per_cell
    return ListArrays(
        bin_start=np.empty(capacity + 2, np.uint64),
        row_span=np.empty(capacity + 1),
        order=np.empty(capacity + LANES, np.uint32),
        binned=np.empty((n_axis + 1, capacity + LANES)),
        lane_cell=np.empty((n_block, BLOCK), np.uint32),
        slot=np.empty(capacity, np.uint32),
        n_row=np.empty(n_block, np.int64),
        row_start=np.empty((n_block, ROWS_PER_ENTRY * entries_per_cell + 1), np.int64),
        partner=np.empty(n_entry, np.uint32),
        inverse_square=np.empty(n_entry),
        block_flag=np.empty(n_block, np.int64),
    )


@kernel
def bin_shape(span, n_cell, box):
    """Return (bins_x, bins_y), in space (bins_x, bins_y, bins_z), for cells of the mean ``span``.

    Bins grow, in proportion, where the box would have more bins than cells, so that there are at
    most ``n_cell + 1``. box is (x, y) or (x, y, z) in um.
    """
    width, height = BIN_WIDTH * span, BIN_HEIGHT * span
    # A box narrower than one bin must not be made up for by more bins than cells in the other axis.
    most = n_cell + 1
    if len(box) == 3:
        while box[0] * box[1] * box[2] > most * (width * height * height):
            width *= BIN_GROWTH
            height *= BIN_GROWTH
        bins_x = max(1, min(most, int(box[0] / width)))
        bins_y = max(1, min(most // bins_x, int(box[1] / height)))
        return bins_x, bins_y, max(1, min(most // (bins_x * bins_y), int(box[2] / height)))
    growth = max(1.0, math.sqrt(box[0] * box[1] / (n_cell + 1.0) / (width * height)))
    bins_x = max(1, min(most, int(box[0] / (width * growth))))
    return bins_x, max(1, min(most // bins_x, int(box[1] / (height * growth))))


@kernel
def bin_of(place, bins, per_um):
    """Return the bin index of a coordinate; places outside the box go to the outermost bins."""
    return max(0, min(bins - 1, int(place * per_um)))


@kernel
def bins_per_um(bins, box):
    """Return the number of bins per um along each axis."""
    if len(box) == 3:
        return bins[0] / box[0], bins[1] / box[1], bins[2] / box[2]
    return bins[0] / box[0], bins[1] / box[1]


@kernel
def bin_index(place, cell, bins, per_um):
    """Return the bin of a cell: row-major, x fastest, then y, then z."""
    index = bin_of(place[1][cell], bins[1], per_um[1])
    if len(per_um) == 3:
        index += bins[1] * bin_of(place[2][cell], bins[2], per_um[2])
    return index * bins[0] + bin_of(place[0][cell], bins[0], per_um[0])


@kernel
def sort_into_bins(place, span, n_cell, box, bins, bin_start, row_span, order, binned):
    """Stable counting sort of the cells by bin (row-major, x fastest); return the largest span.

    place, span [>= n_cell] in um; box in um, bins from :func:`bin_shape`.
    Written: bin_start[:n_bin + 1], row_span[:n_row], order[:n_cell] and binned[:, :n_cell] of
    :class:`ListArrays`.
    """
    per_um = bins_per_um(bins, box)
    n_row = bins[1] * bins[2] if len(box) == 3 else bins[1]
    n_bin = bins[0] * n_row
    for index in range(n_bin + 1):
        bin_start[index] = 0
    for cell in range(n_cell):
        bin_start[bin_index(place, cell, bins, per_um)] += np.uint64(1)
    total = np.uint64(0)
    for index in range(n_bin + 1):
        count = bin_start[index]
        bin_start[index] = total
        total += count
    for cell in range(n_cell):
        index = bin_index(place, cell, bins, per_um)
        rank = bin_start[index]
        bin_start[index] = rank + np.uint64(1)
        order[rank] = cell
        binned[0, rank] = place[0][cell]
        binned[1, rank] = place[1][cell]
        binned[2, rank] = span[cell]
        if len(box) == 3:
            binned[3, rank] = place[2][cell]
    for index in range(n_bin, 0, -1):
        bin_start[index] = bin_start[index - 1]
    bin_start[0] = 0
    largest = 0.0
    for row in range(n_row):
        row_span[row] = 0.0
        for rank in range(bin_start[row * bins[0]], bin_start[(row + 1) * bins[0]]):
            row_span[row] = max(row_span[row], binned[2, rank])
        largest = max(largest, row_span[row])
    return largest


@kernel
def gap_to_bin(place, index, height):
    """Return the distance [um] of a coordinate from the bin ``index`` of that height, 0 inside."""
    return max(0.0, max(index * height - place, place - (index + 1) * height))


@kernel
def place_of(place, cell):
    """Return the coordinates of one cell."""
    if len(place) == 3:
        return place[0][cell], place[1][cell], place[2][cell]
    return place[0][cell], place[1][cell]


@kernel
def rows_of(binned, place):
    """Return the rows of ``binned`` that hold places, as many as ``place`` has."""
    if len(place) == 3:
        return binned[0], binned[1], binned[3]
    return binned[0], binned[1]


@kernel
def find_partners(
    first, last, place, span, largest, box, bins, bin_start, row_span, order, binned, found,
    found_start,
):  # fmt: skip
    """Write the partners of the cells ``first`` to ``last - 1``, one cell after the other.

    found uint32[n + 1] gets up to n indices in bin order; found_start [BLOCK + 1] the first entry
    of each cell. Returns 0, or 1 where ``found`` may be too short.
    """
    per_um = bins_per_um(bins, box)
    x, y, other_reach = place[0], place[1], binned[2]
    others = rows_of(binned, place)
    room, n_found = np.uint64(found.shape[0] - 1), np.uint64(0)
    height = box[1] / bins[1]
    for cell in range(first, last):
        found_start[cell - first] = n_found
        here_x, here_y, reach = x[cell], y[cell], span[cell]
        here = place_of(place, cell)
        low = bin_of(here_y - reach - largest, bins[1], per_um[1])
        high = bin_of(here_y + reach + largest, bins[1], per_um[1])
        if len(box) == 3:
            here_z = place[2][cell]
            bottom = bin_of(here_z - reach - largest, bins[2], per_um[2])
            top = bin_of(here_z + reach + largest, bins[2], per_um[2])
            # One loop over the rows of all planes, counted on from the lowest one.
            n_row = high + 1 - low
            high = low + n_row * (top + 1 - bottom) - 1
        for bin_row in range(low, high + 1):
            bin_y = bin_row
            gap = 0.0
            if len(box) == 3:
                bin_y, bin_z = low + (bin_row - low) % n_row, bottom + (bin_row - low) // n_row
                bin_row = bin_z * bins[1] + bin_y
                gap = gap_to_bin(here_z, bin_z, box[2] / bins[2])
            gap_y = gap_to_bin(here_y, bin_y, height)
            row_reach = reach + row_span[np.uint64(bin_row)]
            # Rounding of the bins' walls is far below this margin.
            if gap * gap + gap_y * gap_y > 1.0001 * row_reach * row_reach:
                continue
            left = bin_of(here_x - row_reach, bins[0], per_um[0])
            right = bin_of(here_x + row_reach, bins[0], per_um[0])
            run = bin_start[np.uint64(bin_row * bins[0] + left)]
            run_end = bin_start[np.uint64(bin_row * bins[0] + right + 1)]
            if n_found + (run_end - run) > room:
                return 1
            while run < run_end:
                is_close = close_lanes(others, other_reach, run, here, reach)
                is_close &= (np.uint64(1) << min(run_end - run, np.uint64(LANES))) - np.uint64(1)
                # An entry is always written and kept only if it counts: no branch to mispredict.
                for lane in range(LANES):
                    other = order[run + np.uint64(lane)]
                    found[n_found] = other
                    n_found += (is_close >> np.uint64(lane)) & np.uint64(other != cell)
                run += np.uint64(LANES)
    found_start[last - first] = n_found
    return 0


@kernel
def arrange_lanes(n_lane, begin, found_start, lane_cell, row_start, cursor):
    """Give the cells of a block their lanes, most partners first; set the starts of its rows.

    found_start as of :func:`find_partners`; begin = first entry of the block. Written: lane_cell
    [BLOCK] and row_start [most rows + 1] of the block; cursor [most rows + 1] is scratch. Returns
    the number of rows, or -1 where a cell has more partners than there can be rows.
    """
    n_row = 0
    for cell in range(n_lane):
        n_row = max(n_row, found_start[cell + 1] - found_start[cell])
    if n_row >= row_start.shape[0]:
        return -1
    # cursor[k] = cells with more than k partners: the length of row k, and the first lane of those
    # with exactly k.
    for row in range(n_row + 1):
        cursor[row] = 0
    for cell in range(n_lane):
        cursor[found_start[cell + 1] - found_start[cell]] += 1
    above = 0
    for row in range(n_row, -1, -1):
        count = cursor[row]
        cursor[row] = above
        above += count
    row_start[0] = begin
    for row in range(n_row):
        row_start[row + 1] = row_start[row] + cursor[row]
    for cell in range(n_lane):
        n_partner = found_start[cell + 1] - found_start[cell]
        lane_cell[cursor[n_partner]] = cell
        cursor[n_partner] += 1
    return n_row


@kernel
def list_block(
    block, place, radius, span, largest, box, bins, bin_start, row_span, order, binned, lane_cell,
    slot, n_row, row_start, partner, inverse_square,
):  # fmt: skip
    """List the partners of the cells of one block, in bin order; return 0, or 1 if it is full."""
    n_cell = radius.shape[0]
    first, last = block * BLOCK, min(n_cell, block * BLOCK + BLOCK)
    stretch = partner.shape[0] // ((n_cell + BLOCK - 1) // BLOCK)
    found, found_start = np.empty(stretch + 1, np.uint32), np.empty(BLOCK + 1, np.int64)
    if find_partners(
        first, last, place, span, largest, box, bins, bin_start, row_span, order, binned, found,
        found_start,
    ):  # fmt: skip
        return 1
    lanes, starts = lane_cell[block], row_start[block]
    n_row[block] = arrange_lanes(
        last - first, block * stretch, found_start, lanes, starts, np.empty_like(starts)
    )
    if n_row[block] < 0:
        return 1
    lane_radius, lane_found = np.empty(BLOCK), np.empty(BLOCK, np.uint32)
    for lane in range(last - first):
        lane_radius[lane] = radius[first + lanes[lane]]
        lane_found[lane] = found_start[lanes[lane]]
        slot[first + lanes[lane]] = first + lane
    for row in range(n_row[block]):
        others = partner[starts[row] : starts[row + 1]]
        contacts = inverse_square[starts[row] : starts[row + 1]]
        row_found = found[row:]
        for lane in range(others.shape[0]):
            others[lane] = row_found[lane_found[lane]]
        for lane in range(others.shape[0]):
            contacts[lane] = radius[others[lane]]
        for lane in range(others.shape[0]):
            contact = lane_radius[lane] + contacts[lane]
            contacts[lane] = 1.0 / (contact * contact)
    return 0


@parallel_kernel
def list_all(
    place, radius, span, largest, box, bins, bin_start, row_span, order, binned, lane_cell, slot,
    n_row, row_start, partner, inverse_square, block_flag,
):  # fmt: skip
    """Run :func:`list_block` over all blocks; block_flag[block] is its status."""
    for block in prange((radius.shape[0] + BLOCK - 1) // BLOCK):
        block_flag[block] = list_block(
            block, place, radius, span, largest, box, bins, bin_start, row_span, order, binned,
            lane_cell, slot, n_row, row_start, partner, inverse_square,
        )  # fmt: skip


@kernel
def build_list(place, radius, span, mean_span, box, arrays):
    """Bin the cells and list their partners; return 0, or 1 where the entries do not suffice.

    place, span [>= n] and radius [n] in um (radius sets n), places inside the box; bins are made
    for mean_span [um], which changes the order of the partners only; box = (x, y) or (x, y, z) in
    um; arrays is a :class:`ListArrays` for at least n cells, shared out evenly between the blocks.
    """
    n_cell = radius.shape[0]
    bins = bin_shape(mean_span, n_cell, box)
    largest = sort_into_bins(
        place, span, n_cell, box, bins, arrays.bin_start, arrays.row_span, arrays.order,
        arrays.binned,
    )  # fmt: skip
    list_all(
        place, radius, span, largest, box, bins, arrays.bin_start, arrays.row_span, arrays.order,
        arrays.binned, arrays.lane_cell, arrays.slot, arrays.n_row, arrays.row_start,
        arrays.partner, arrays.inverse_square, arrays.block_flag,
    )  # fmt: skip
    status = 0
    for block in range((n_cell + BLOCK - 1) // BLOCK):
        status = max(status, arrays.block_flag[block])
    return status


@kernel
def use_slots(block, arrays):
    """Replace the partners of a block by their slots; needs the list of all blocks."""
    starts = arrays.row_start[block]
    partners = arrays.partner[starts[0] : starts[arrays.n_row[block]]]
    for entry in range(partners.shape[0]):
        partners[entry] = arrays.slot[partners[entry]]
