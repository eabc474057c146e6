"""Rows and entries of weighted cells in plain Python, from their equations."""

import math

from abm.kernels.cell_layout import CellState

RELATIVE = (CellState.ASNS, CellState.ASNS_MRNA, CellState.GS)
ABSOLUTE = (CellState.COMMITMENT, CellState.SURVIVAL, CellState.RESERVE)


def distance(a, b):
    """Eq. (W7): the largest difference of the slow states of two rows."""
    ratios = [abs(math.log(a[s] / b[s])) for s in RELATIVE]
    return max(ratios + [abs(a[s] - b[s]) for s in ABSOLUTE])


def merged(rows, limit, most_rows):
    """Return (weight, state) of the rows of one key after merging, and the error it makes.

    ``rows``: list of (weight, list of states).
    """
    rows, error = [(w, list(s)) for w, s in rows], 0.0
    while len(rows) > 1:
        pairs = [
            (distance(rows[i][1], rows[j][1]), i, j)
            for i in range(len(rows)) for j in range(i + 1, len(rows))
        ]  # fmt: skip
        nearest, i, j = min(pairs)
        if nearest > limit and len(rows) <= most_rows:
            break
        (v, a), (w, b) = rows[i], rows[j]
        mean = [(v * x + w * y) / (v + w) for x, y in zip(a, b, strict=True)]
        error += 2.0 * v * w / (v + w) * nearest
        rows[i] = (v + w, mean)
        del rows[j]
    return rows, error


def joined(entries):
    """Return {(row, clone): counts} of (row, clone, counts), one entry for each."""
    found = {}
    for row, clone, counts in entries:
        old = found.get((row, clone), [0] * len(counts))
        found[row, clone] = [x + y for x, y in zip(old, counts, strict=True)]
    return found
