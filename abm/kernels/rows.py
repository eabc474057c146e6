"""Cells for which something holds, in one pass over their columns."""

import numpy as np

from abm.kernels._jit import kernel


@kernel
def rows_at(site, is_marked):
    """Return int64[m], the rows of ``site``, int32[n], whose site is marked; bool[n_site]."""
    rows = np.empty(site.shape[0], np.int64)
    n_row = 0
    for row in range(site.shape[0]):
        rows[n_row] = row
        n_row += 1 if is_marked[site[row]] else 0
    return rows[:n_row].copy()


@kernel
def reach(values, needed, kind):
    """Return bool[n]: whether ``values``, float64[n], reach what their ``kind``, uint8[n], needs.

    needed : float64[n_kind]
    """
    found = np.empty(values.shape[0], np.bool_)
    for row in range(values.shape[0]):
        found[row] = values[row] >= needed[kind[row]]
    return found
