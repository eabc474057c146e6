"""Rows of a weighted population that are close to each other become one."""

import numpy as np

from abm.kernels._jit import kernel
from abm.kernels.cell_layout import CellState
from abm.kernels.elementary import log

LEAST = 1e-6
"""Value below which a ratio says nothing."""
RELATIVE = (int(CellState.ASNS), int(CellState.ASNS_MRNA), int(CellState.GS))
"""Slow states that are compared by the logarithm of their ratio."""
ABSOLUTE = (int(CellState.COMMITMENT), int(CellState.SURVIVAL), int(CellState.RESERVE))
"""Slow states of the order of one, compared by their difference."""


@kernel
def distance_of(state: np.ndarray, a: int, b: int) -> float:
    """Return the largest difference of the slow states of two columns; 0 without states."""
    if state.shape[0] == 0:
        return 0.0
    largest = 0.0
    for row in RELATIVE:
        ratio = max(state[row, a], LEAST) / max(state[row, b], LEAST)
        largest = max(largest, abs(log(ratio)))
    for row in ABSOLUTE:
        largest = max(largest, abs(state[row, a] - state[row, b]))
    return largest


@kernel
def merge_groups(rows, start, weight, state, columns, distance, most_rows, goes_to, report):  # type: ignore[no-untyped-def]
    """Merge the closest rows of each group while they are near or too many.

    rows      : int64[m], rows of the population group by group; reordered inside groups
    start     : int64[n_group + 1], where each group starts in ``rows``
    weight    : int64[capacity], cells of each row; changed in place, 0 where a row goes
    state     : float64[n_state, capacity] and columns, a tuple of float64[capacity]: a row that
                stays gets the mean of both, weighted by cells (without states, nothing)
    distance  : of two rows below which they merge; most_rows : of a group, which merge anyhow
    goes_to   : int64[capacity], the row that a row has gone to
    report    : float64[4], added to: rows gone, their cells, cells times distance moved; the last
                is raised to the largest distance
    """
    for group in range(start.shape[0] - 1):
        first = start[group]
        size = start[group + 1] - first
        while size > 1:
            best = np.inf
            best_i = 0
            best_j = 0
            for i in range(size - 1):
                for j in range(i + 1, size):
                    here = distance_of(state, rows[first + i], rows[first + j])
                    if here < best:
                        best = here
                        best_i = i
                        best_j = j
            if best > distance and size <= most_rows:
                break
            stays = rows[first + best_i]
            goes = rows[first + best_j]
            if weight[goes] > weight[stays]:
                stays, goes = goes, stays
            share = np.float64(weight[goes]) / np.float64(weight[goes] + weight[stays])
            for row in range(state.shape[0]):
                state[row, stays] += share * (state[row, goes] - state[row, stays])
            if state.shape[0] > 0:
                for column in columns:
                    column[stays] += share * (column[goes] - column[stays])
            report[0] += 1.0
            report[1] += np.float64(weight[goes])
            report[2] += 2.0 * np.float64(weight[stays]) * share * best
            report[3] = max(report[3], best)
            weight[stays] += weight[goes]
            weight[goes] = 0
            goes_to[goes] = stays
            rows[first + best_i] = stays
            for j in range(best_j, size - 1):
                rows[first + j] = rows[first + j + 1]
            size -= 1


@kernel
def join_entries(row: np.ndarray, clone: np.ndarray, counts: np.ndarray, last: np.ndarray) -> int:
    """Add the counts of entries of one clone in one row to the first of them; return how many went.

    row    : int32[m] and clone : int32[m], not negative
    counts : int64[n_stages, m], changed in place; an entry that has gone counts -1 in stage 0
    last   : int64[n_clone], -1 everywhere, scratch
    """
    m = row.shape[0]
    n_rows = 0
    for i in range(m):
        n_rows = max(n_rows, row[i] + 1)
    start = np.zeros(n_rows + 1, np.int64)
    for i in range(m):
        start[row[i] + 1] += 1
    for r in range(n_rows):
        start[r + 1] += start[r]
    order = np.empty(m, np.int64)
    for i in range(m):
        order[start[row[i]]] = i
        start[row[i]] += 1
    gone = 0
    for place in range(m):
        i = order[place]
        first = last[clone[i]]
        if first >= 0 and row[first] == row[i]:
            for stage in range(counts.shape[0]):
                counts[stage, first] += counts[stage, i]
            counts[0, i] = -1
            gone += 1
        else:
            last[clone[i]] = i
    return gone
