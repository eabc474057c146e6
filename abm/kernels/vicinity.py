"""The voxels around cells."""

import math

from abm.kernels._jit import kernel


@kernel
def voxel_range(place, reach, spacing, n):
    """Return (first, last) voxel index along one axis that ``place`` +- ``reach`` can meet."""
    low = math.floor((place - reach) / spacing)
    high = math.floor((place + reach) / spacing)
    return max(0, min(n - 1, low)), max(0, min(n - 1, high))


@kernel
def voxels_in_reach(cell, x, y, z, reach, spacing, shape):
    """Return (left, right, low, high, bottom, top): the voxels that a cell can meet.

    x, y, z [um], z not looked at where shape = (ny, nx) and not (nz, ny, nx); reach, spacing [um].
    """
    left, right = voxel_range(x[cell], reach, spacing, shape[-1])
    low, high = voxel_range(y[cell], reach, spacing, shape[-2])
    if len(shape) == 3:
        bottom, top = voxel_range(z[cell], reach, spacing, shape[0])
        return left, right, low, high, bottom, top
    return left, right, low, high, 0, 0


@kernel
def mark_voxels(rows, x, y, z, reach, spacing, shape, is_marked):
    """Set is_marked, bool[n_site], in the voxels within ``reach`` [um] of the cells ``rows``.

    x, y, z, spacing, shape as of :func:`voxels_in_reach`; what is marked stays so.
    """
    for row in rows:
        left, right, low, high, bottom, top = voxels_in_reach(
            row, x, y, z, reach, spacing, shape
        )  # fmt: skip
        for layer in range(bottom, top + 1):
            for line in range(low, high + 1):
                first = (layer * shape[-2] + line) * shape[-1]
                for voxel in range(first + left, first + right + 1):
                    is_marked[voxel] = True
