"""The cells of a population on their way into a motion interval and out of it.

Rows of the population are copied to the elements ``first``, ``first + 1`` ... of the arrays of all
moving cells, and back. Random numbers are those of :mod:`abm.kernels.philox`.
"""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.mechanics import radius_of_sphere
from abm.kernels.philox import normals_of
from abm.kernels.sort import voxel_index

ROW_BLOCK = 256
"""Rows that one iteration of a parallel loop copies."""


@kernel
def set_walk(keys, draw, walk, motility):
    """Write motility[axis, i] = walk times a standard normal number of keys[i].

    keys uint64[n]; draw = (seed, stream, tick); motility float64[2 or 3, n] um. A third axis takes
    a second pair of numbers of each key.
    """
    normals = np.empty((2, keys.shape[0]))
    for axis in range(motility.shape[0]):
        if axis % 2 == 0:
            normals_of(0, keys.shape[0], draw[0], draw[1], draw[2], keys, axis // 2, normals)
        for i in range(keys.shape[0]):
            motility[axis, i] = normals[axis % 2, i] * walk


@kernel
def gather_block(
    begin, end, rows, places, size, keys, site, draw, nature, wide, is_restless, first, moving,
    others,
):  # fmt: skip
    """Copy the rows ``begin`` to ``end - 1`` of ``rows``; as :func:`gather_bodies`."""
    unit_volume, mobility, walk = nature
    radius, mobilities, unrest, motility = others
    for i in range(begin, end):
        row, cell = rows[i], first + i
        moving[0][cell] = places[0][row]
        moving[1][cell] = places[1][row]
        if len(places) == 3:
            moving[2][cell] = places[2][row]
        radius[cell] = radius_of_sphere(unit_volume * size[row])
        mobilities[cell] = mobility
        unrest[cell] = wide if is_restless[site[row]] else 0.0
    own = motility[:, first + begin : first + end]
    if walk > 0.0:
        set_walk(keys[rows[begin:end]], draw, walk, own)
    else:
        own[:] = 0.0


@parallel_kernel
def gather_bodies(
    rows, places, size, keys, site, draw, nature, wide, is_restless, first, moving, others
):  # fmt: skip
    """Write places, radii, mobility, unrest and motility of some rows of a population.

    rows int64[m]; places = its columns (x, y) or (x, y, z) [um]; size its relative volumes, keys
    its random keys, site its voxels; draw = (seed, stream, tick) of the random walk; nature =
    (volume at size 1 [pL], mobility, root of the mean squared walk per axis [um]); wide [um] = the
    unrest in voxels where is_restless, bool[n_site], 0 elsewhere. Written, from element ``first``:
    moving, places as many as of the population, and others = (radius [um], mobility, unrest [um],
    motility [2 or 3, n] [um]).
    """
    n = rows.shape[0]
    for block in prange((n + ROW_BLOCK - 1) // ROW_BLOCK):
        gather_block(
            block * ROW_BLOCK, min(n, block * ROW_BLOCK + ROW_BLOCK), rows, places, size, keys,
            site, draw, nature, wide, is_restless, first, moving, others,
        )  # fmt: skip


@kernel
def scatter_block(
    begin, end, rows, first, moved, pressures, spacing, shape, places, site, pressure
):
    """Copy back the rows ``begin`` to ``end - 1`` of ``rows``; as :func:`scatter_bodies`."""
    x, y, z = moved
    for i in range(begin, end):
        row, cell = rows[i], first + i
        places[0][row] = x[cell]
        places[1][row] = y[cell]
        if len(places) == 3:
            places[2][row] = z[cell]
        pressure[row] = pressures[cell]
        site[row] = voxel_index(x, y, z, cell, spacing, shape)


@parallel_kernel
def scatter_bodies(rows, first, moved, pressures, spacing, shape, places, site, pressure):
    """Write place, voxel and pressure of some rows of a population.

    rows int64[m], all different; moved = (x, y, z) [um] of all moving cells, z empty in a plane,
    and pressures, from element ``first``; spacing [um] and shape of the voxels as of
    :func:`abm.kernels.sort.voxel_of`. Written: the columns places, (x, y) or (x, y, z), site and
    pressure.
    """
    n = rows.shape[0]
    for block in prange((n + ROW_BLOCK - 1) // ROW_BLOCK):
        scatter_block(
            block * ROW_BLOCK, min(n, block * ROW_BLOCK + ROW_BLOCK), rows, first, moved,
            pressures, spacing, shape, places, site, pressure,
        )  # fmt: skip
