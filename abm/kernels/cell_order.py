"""The order in which mechanistic cells are taken into blocks."""

import numpy as np

from abm.kernels._jit import kernel

PART = 2048
"""Cells whose blocks follow one another: what cells of one and of two sub-steps share of a cache
line is then still in the cache of the thread when the others have their turn."""

FEW, N_CLASS = 2, 256
"""Sub-steps of cells that are ordered by part; values that a count of sub-steps can have."""


@kernel
def order_of_blocks(substeps, n):
    """Return uint64[n], the cells in an order in which equal ones follow one another.

    substeps : uint8[>= n]. A block lasts as long as its slowest cell, so that cells of equally many
    sub-steps share blocks: up to FEW within each part of PART cells, more of them at the end over
    all parts. Stable.
    """
    n_part = (n + PART - 1) // PART
    many = n_part * (FEW + 1)
    place = np.zeros(many + N_CLASS + 1, np.int64)
    key = np.empty(n, np.int64)
    for cell in range(n):
        count = np.int64(substeps[cell])
        key[cell] = cell // PART * (FEW + 1) + count if count <= FEW else many + count
        place[key[cell] + 1] += 1
    for index in range(many + N_CLASS):
        place[index + 1] += place[index]
    order = np.empty(n, np.uint64)
    for cell in range(n):
        order[place[key[cell]]] = cell
        place[key[cell]] += 1
    return order
