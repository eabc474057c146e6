"""Cells in the order of their sites: voxel of a place, stable counting sort, permutation, sums.

Everything here is a copy or a count except :func:`sum_by_site`, which adds in storage order and so
gives the same bits on any number of threads.
"""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel

SITE_BLOCK = 256
"""Sites that one iteration of a parallel loop sums."""

_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


@kernel
def voxel_index(x, y, z, cell, spacing, shape):
    """Return the voxel that holds one cell; as :func:`voxel_of`."""
    rows, columns = shape[-2], shape[-1]
    column = max(0, min(columns - 1, int(np.floor(x[cell] / spacing))))
    row = max(0, min(rows - 1, int(np.floor(y[cell] / spacing))))
    if len(shape) == 3:
        row += rows * max(0, min(shape[0] - 1, int(np.floor(z[cell] / spacing))))
    return row * columns + column


@kernel
def voxel_of(x, y, z, spacing, shape, site):
    """Write site[i] = (iz * ny + iy) * nx + ix, the voxel that holds (x[i], y[i], z[i]).

    x, y, z float64[n] in um; spacing in um; shape = (ny, nx), where z is not looked at, or
    (nz, ny, nx); site int32[>= n], overwritten. Voxel ix covers [ix, ix + 1) * spacing; places
    outside the grid go to the outermost voxel.
    """
    for cell in range(x.shape[0]):
        site[cell] = voxel_index(x, y, z, cell, spacing, shape)


@kernel
def sort_by_site(site, is_kept, n_site, permutation, start):
    """Stable counting sort of the kept rows by site; return how many are kept.

    site int32[n] with values in [0, n_site); is_kept bool[n]. Written: permutation[:n_kept]
    int64, the old row of each new row, and start[n_site + 1] int64, so that the new rows of site s
    are start[s] .. start[s + 1] - 1. Returns -1, with nothing useful written, for a site out of
    range in a kept row.
    """
    start[:] = 0
    for cell in range(site.shape[0]):
        if is_kept[cell]:
            if site[cell] < 0 or site[cell] >= n_site:
                return -1
            start[site[cell]] += 1
    total = 0
    for index in range(n_site + 1):
        count = start[index]
        start[index] = total
        total += count
    for cell in range(site.shape[0]):
        if is_kept[cell]:
            permutation[start[site[cell]]] = cell
            start[site[cell]] += 1
    for index in range(n_site, 0, -1):
        start[index] = start[index - 1]
    start[0] = 0
    return total


@parallel_kernel
def permute_rows(source, permutation, n, target):
    """Write target[row, i] = source[row, permutation[i]] for i < n and every row.

    source, target float64[n_row, capacity] in C order, different arrays; parallel over rows.
    """
    for row in prange(source.shape[0]):
        for cell in range(n):
            target[row, cell] = source[row, permutation[cell]]


@kernel
def _permute_bits(source, permutation, n, scratch):
    for cell in range(n):
        scratch[cell] = source[permutation[cell]]
    for cell in range(n):
        source[cell] = scratch[cell]


def permute_column(column, permutation, n, scratch):
    """Permute a 1-D column of any plain dtype in place: column[i] = old column[permutation[i]].

    Only the first ``n`` elements are written. scratch uint64[>= n] is overwritten. The bits are
    moved as unsigned integers, so there is one compiled version per item size and not per dtype.
    """
    bits = _UNSIGNED[column.dtype.itemsize]
    _permute_bits(column.view(bits), permutation, n, scratch.view(bits))


@parallel_kernel
def sum_by_site(values, start, out):
    """Write out[k, s] = sum of values[k, i] over the rows i of site s, in storage order.

    values float64[n_kind, >= n]; start int64[n_site + 1] from :func:`sort_by_site`; out
    float64[n_kind, n_site], overwritten. Parallel over blocks of sites.
    """
    n_site = start.shape[0] - 1
    for block in prange((n_site + SITE_BLOCK - 1) // SITE_BLOCK):
        for site in range(block * SITE_BLOCK, min(n_site, block * SITE_BLOCK + SITE_BLOCK)):
            for kind in range(values.shape[0]):
                total = 0.0
                for cell in range(start[site], start[site + 1]):
                    total += values[kind, cell]
                out[kind, site] = total
