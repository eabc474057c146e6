"""Conjugate gradients with a multigrid V(1,1) cycle for one voxel field.

The system is ``sum over faces of link * (u - u_neighbour) + reaction * u = source`` on a 2-D or 3-D
grid of cells: the five- or seven-point Laplacian plus a non-negative diagonal, both multiplied by
the size of the cell, so that it is symmetric. Coarse grids join two cells per axis (the last stays
alone where the number is odd, so cell widths differ there) and carry the same discretisation;
prolongation interpolates between cell centres, restriction is its transpose; smoothing is red-black
Gauss-Seidel, before and after the coarse correction in the same order of colours. A symmetric cycle
(the second sweep with the colours reversed) would repeat one half sweep from cycle to cycle, so
that no coarse correction could get it below a contraction of 0.24 in two and 0.39 in three
dimensions; the conjugate gradients are of the flexible kind instead, which need no symmetry
(Briggs, Henson & McCormick 2000; Holst & Vandewalle 1997; Notay 2000).

The arrays and their layout are described in :mod:`abm.kernels.grid`.
"""

import numpy as np

from abm.kernels._jit import kernel
from abm.kernels.grid import X, Y, Z

BLOCK = 2048
"""Cells of a 3-D level that a pass works on at a time, so that its second loop finds them in the
cache."""


@kernel
def set_coefficients(grid, work):
    """Fill the coarse levels of ``work.diagonal``, and ``work.red`` and ``work.black``.

    The reaction part of a coarse cell is the sum over its children; the links belong to the level.
    """
    diagonal, link_sum = work.diagonal, grid.link_sum
    for level in range(grid.start.size):
        n_x, n_y, start = grid.n[level, X], grid.n[level, Y], grid.start[level]
        stop = start + grid.size[level]
        if level > 0:
            diagonal[start:stop] = link_sum[start:stop]
            n_fine, n_line = grid.n[level - 1, X], grid.n[level - 1, Y]
            base, reaction = grid.start[level - 1], work.column[:n_fine]
            for row in range(grid.size[level - 1] // n_fine):
                first = start + row // 2 * n_x
                if grid.finest.ndim == 3:
                    first = start + (row // n_line // 2 * n_y + row % n_line // 2) * n_x
                coarse = diagonal[first : first + n_x]
                fine, links = diagonal[base : base + n_fine], link_sum[base : base + n_fine]
                for i in range(n_fine):
                    reaction[i] = fine[i] - links[i]
                for i in range(n_fine // 2):
                    coarse[i] += reaction[2 * i] + reaction[2 * i + 1]
                if n_fine % 2 == 1:
                    coarse[n_x - 1] += reaction[n_fine - 1]
                base += n_fine
        full, is_red = diagonal[start:stop], grid.is_red[start:stop]
        red, black = work.red[start:stop], work.black[start:stop]
        for k in range(stop - start):
            inverse = np.float32(1.0) / np.float32(full[k])
            red[k] = is_red[k] * inverse
            black[k] = inverse - red[k]


@kernel
def block_of(grid, level):
    """Return how many cells a pass works on at a time: all, or some that stay in the cache."""
    return BLOCK if grid.finest.ndim == 3 else grid.size[level]


@kernel
def between_planes(grid, level, field, first, last, result):
    """Write what flows to the cells from ``first`` to ``last`` from the planes around theirs.

    A loop of its own: the compiler makes vector code only of loops with few arrays.
    """
    plane = grid.n[level, X] * grid.n[level, Y]
    low_link, high_link = grid.below[first:last], grid.below[first + plane : last + plane]
    low, high = field[first - plane : last - plane], field[first + plane : last + plane]
    out = result[first:last]
    for k in range(last - first):
        out[k] = low_link[k] * low[k] + high_link[k] * high[k]


@kernel
def half_sweep(grid, level, inverse, source, field, result):
    """Relax the cells of one colour: ``result`` is ``field`` with them solved for exactly.

    ``inverse`` is ``work.red`` or ``work.black``; source, field and result hold the level at its
    place in the flat arrays.
    """
    n_x, block, last = grid.n[level, X], block_of(grid, level), grid.start[level]
    end = last + grid.size[level]
    while last < end:
        first, last = last, min(last + block, end)
        if grid.finest.ndim == 3:
            between_planes(grid, level, field, first, last, result)
        west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
        south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
        here = field[first:last]
        west, east = field[first - 1 : last - 1], field[first + 1 : last + 1]
        south, north = field[first - n_x : last - n_x], field[first + n_x : last + n_x]
        right, factor, out = source[first:last], inverse[first:last], result[first:last]
        for k in range(last - first):
            flow = (west_link[k] * west[k] + east_link[k] * east[k]) + (
                south_link[k] * south[k] + north_link[k] * north[k]
            )
            if grid.finest.ndim == 3:
                flow += out[k]
            out[k] = here[k] if factor[k] == 0 else (right[k] + flow) * factor[k]


@kernel
def first_sweep(grid, level, red, source, result):
    """The red half sweep from a field of zeros."""
    first, last = grid.start[level], grid.start[level] + grid.size[level]
    factor, right, out = red[first:last], source[first:last], result[first:last]
    for k in range(last - first):
        out[k] = factor[k] * right[k]


@kernel
def residual_of_sweep(grid, level, red, field, result):
    """Write what a red and a black half sweep from zero, ``field``, have left of the source.

    It is zero in black cells; a red one met its equation until its neighbours changed, so that
    what flows in from them is its residual.
    """
    n_x, block, last = grid.n[level, X], block_of(grid, level), grid.start[level]
    end = last + grid.size[level]
    while last < end:
        first, last = last, min(last + block, end)
        if grid.finest.ndim == 3:
            between_planes(grid, level, field, first, last, result)
        west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
        south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
        west, east = field[first - 1 : last - 1], field[first + 1 : last + 1]
        south, north = field[first - n_x : last - n_x], field[first + n_x : last + n_x]
        factor, out, nothing = red[first:last], result[first:last], np.float32(0.0)
        for k in range(last - first):
            flow = (west_link[k] * west[k] + east_link[k] * east[k]) + (
                south_link[k] * south[k] + north_link[k] * north[k]
            )
            if grid.finest.ndim == 3:
                flow += out[k]
            out[k] = nothing if factor[k] == 0 else flow


@kernel
def multiply(grid, diagonal, field, result):
    """Write matrix times ``field`` into ``result``, on the finest level."""
    n_x, block, last = grid.n[0, X], block_of(grid, 0), grid.start[0]
    end = last + grid.size[0]
    while last < end:
        first, last = last, min(last + block, end)
        if grid.finest.ndim == 3:
            between_planes(grid, 0, field, first, last, result)
        west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
        south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
        here = field[first:last]
        west, east = field[first - 1 : last - 1], field[first + 1 : last + 1]
        south, north = field[first - n_x : last - n_x], field[first + n_x : last + n_x]
        main, out = diagonal[first:last], result[first:last]
        for k in range(last - first):
            flow = (west_link[k] * west[k] + east_link[k] * east[k]) + (
                south_link[k] * south[k] + north_link[k] * north[k]
            )
            if grid.finest.ndim == 3:
                flow += out[k]
            out[k] = main[k] * here[k] - flow


@kernel
def restrict(grid, level, work, fine):
    """Gather the residual ``fine`` of a level into ``work.right`` of the next.

    This is the transpose of :func:`prolong`; ``work.line`` and ``work.plane`` are overwritten.
    """
    n_x, n_y, n_coarse = grid.n[level, X], grid.n[level, Y], grid.n[level + 1, X]
    at_x, at_y = grid.begin[level, X], grid.begin[level, Y]
    own_low = grid.weight[X, 0, at_x : at_x + n_coarse]
    own_high = grid.weight[X, 2, at_x : at_x + n_coarse]
    from_right = grid.weight[X, 1, at_x + 1 : at_x + n_coarse + 1]
    from_left = grid.weight[X, 3, at_x - 1 : at_x + n_coarse - 1]
    column, first = work.line, grid.start[level + 1]
    column[:2] = 0.0
    column[n_x + 2 : n_x + 4] = 0.0
    line = column[2 : n_x + 2]
    for k in range(grid.n[level + 1, Z]):
        rows, start = fine, grid.start[level]
        if grid.finest.ndim == 3:
            gather_planes(grid, level, work, fine, k)
            rows, start = work.plane, n_x
        for j in range(grid.n[level + 1, Y]):
            base = start + 2 * j * n_x
            above = base + min(2, n_y - 2 * j) * n_x
            below, low, high = rows[base - n_x : base], rows[base : base + n_x], rows[base + n_x :]
            next_high, at = rows[above : above + n_x], at_y + j
            weight_low, weight_high = grid.weight[Y, 0, at], grid.weight[Y, 2, at]
            weight_below, weight_above = grid.weight[Y, 3, at - 1], grid.weight[Y, 1, at + 1]
            for i in range(n_x):
                line[i] = (weight_low * low[i] + weight_high * high[i]) + (
                    weight_below * below[i] + weight_above * next_high[i]
                )
            out = work.right[first : first + n_coarse]
            for i in range(n_coarse):
                out[i] = (own_low[i] * column[2 * i + 2] + own_high[i] * column[2 * i + 3]) + (
                    from_left[i] * column[2 * i + 1] + from_right[i] * column[2 * i + 4]
                )
            first += n_coarse


@kernel
def gather_planes(grid, level, work, fine, k):
    """Join planes of ``fine`` with the weights of coarse plane ``k``, into ``work.plane``."""
    n_x, at = grid.n[level, X], grid.begin[level, Z] + k
    size = n_x * grid.n[level, Y]
    plane = clear_plane(work, n_x, size)
    base = grid.start[level] + 2 * k * size
    above = base + min(2, grid.n[level, Z] - 2 * k) * size
    low, high = fine[base : base + size], fine[base + size : base + 2 * size]
    before, after = fine[base - size : base], fine[above : above + size]
    weight_low, weight_high = grid.weight[Z, 0, at], grid.weight[Z, 2, at]
    weight_before, weight_after = grid.weight[Z, 3, at - 1], grid.weight[Z, 1, at + 1]
    for i in range(size):
        plane[i] = (weight_low * low[i] + weight_high * high[i]) + (
            weight_before * before[i] + weight_after * after[i]
        )


@kernel
def clear_plane(work, n_x, size):
    """Return the part of ``work.plane`` for some rows of ``n_x``; the rows around are zeroed."""
    work.plane[:n_x] = 0.0
    work.plane[n_x + size : 2 * n_x + size] = 0.0
    return work.plane[n_x : n_x + size]


@kernel
def prolong(grid, level, work):
    """Add the solution of the next level, interpolated, to the black cells of ``level``.

    The red half sweep that follows overwrites the red ones without a look at them.
    """
    n_x, n_coarse = grid.n[level, X], grid.n[level + 1, X]
    at_x, at_y = grid.begin[level, X], grid.begin[level, Y]
    column, first = work.line, grid.start[level]
    column[0] = 0.0
    column[n_coarse + 1] = 0.0
    for k in range(grid.n[level, Z]):
        rows, start = work.guess, grid.start[level + 1]
        if grid.finest.ndim == 3:
            spread_planes(grid, level, work, k)
            rows, start = work.plane, n_coarse
        for j in range(grid.n[level, Y]):
            parent, is_high, odd = j // 2, j % 2, (j + k + 1) % 2
            own = grid.weight[Y, 2 * is_high, at_y + parent]
            other = grid.weight[Y, 2 * is_high + 1, at_y + parent]
            base = start + parent * n_coarse
            side = base + (2 * is_high - 1) * n_coarse
            near, far = rows[base : base + n_coarse], rows[side : side + n_coarse]
            line = column[1 : n_coarse + 1]
            for i in range(n_coarse):
                line[i] = own * near[i] + other * far[i]
            out = work.guess[first : first + n_x]
            own_share = grid.weight[X, 2 * odd, at_x:]
            next_share = grid.weight[X, 2 * odd + 1, at_x:]
            own_value, next_value = column[1:], column[2 * odd :]
            for i in range((n_x + 1 - odd) // 2):
                out[2 * i + odd] += own_share[i] * own_value[i] + next_share[i] * next_value[i]
            first += n_x


@kernel
def spread_planes(grid, level, work, k):
    """Interpolate the planes of the next level to plane ``k`` of this one, into ``work.plane``."""
    n_x, parent, is_high = grid.n[level + 1, X], k // 2, k % 2
    size, at = n_x * grid.n[level + 1, Y], grid.begin[level, Z] + parent
    plane = clear_plane(work, n_x, size)
    own, other = grid.weight[Z, 2 * is_high, at], grid.weight[Z, 2 * is_high + 1, at]
    base = grid.start[level + 1] + parent * size
    side = base + (2 * is_high - 1) * size
    near, far = work.guess[base : base + size], work.guess[side : side + size]
    for i in range(size):
        plane[i] = own * near[i] + other * far[i]


@kernel
def cycle(grid, work, size):
    """One V(1,1) cycle from zero: ``work.solution`` approximates the answer to ``work.source``."""
    first, last = grid.start[0], grid.start[0] + grid.size[0]
    solution, guess = work.solution[first:last], work.guess[first:last]
    scaled_cycle(grid, work, size)
    for k in range(last - first):
        solution[k] = size * guess[k]


@kernel
def scaled_cycle(grid, work, size):
    """The same, but the answer is left as ``size`` times ``work.guess``.

    The source is divided by ``size`` (the sum of its absolute values, or near it) meanwhile, so
    that single precision has room for all of it.
    """
    first, last, only = grid.start[0], grid.start[0] + grid.size[0], grid.start.size - 1
    red, black, right, guess, scratch = work.red, work.black, work.right, work.guess, work.scratch
    source, scaled = work.source[first:last], right[first:last]
    factor, swept = red[first:last], scratch[first:last]
    per_size = 1.0 / size if size > 0.0 else 0.0
    for k in range(last - first):
        scaled[k] = per_size * source[k]
        swept[k] = factor[k] * scaled[k]
    for level in range(only):
        if level > 0:
            first_sweep(grid, level, red, right, scratch)
        half_sweep(grid, level, black, right, scratch, guess)
        residual_of_sweep(grid, level, red, guess, scratch)
        restrict(grid, level, work, scratch)
    guess[grid.start[only]] = right[grid.start[only]] * red[grid.start[only]]
    for level in range(only - 1, -1, -1):
        prolong(grid, level, work)
        half_sweep(grid, level, red, right, guess, scratch)
        half_sweep(grid, level, black, right, scratch, guess)


@kernel
def absolute_sum(grid, field, column):
    """Sum of the absolute values on the finest level: along columns first."""
    n_x, start = grid.n[0, X], grid.start[0]
    total = column[:n_x]
    total[:] = 0.0
    for j in range(grid.size[0] // n_x):
        row = field[start + j * n_x : start + (j + 1) * n_x]
        for i in range(n_x):
            total[i] += abs(row[i])
    result = 0.0
    for i in range(n_x):
        result += total[i]
    return result


@kernel
def inner_product(grid, factor, first_field, second_field, column):
    """Sum of ``factor`` times the products on the finest level, along columns first, then over
    the columns.
    """
    n_x, start = grid.n[0, X], grid.start[0]
    total = column[:n_x]
    total[:] = 0.0
    for j in range(grid.size[0] // n_x):
        a = first_field[start + j * n_x : start + (j + 1) * n_x]
        b = second_field[start + j * n_x : start + (j + 1) * n_x]
        for i in range(n_x):
            total[i] += factor * a[i] * b[i]
    result = 0.0
    for i in range(n_x):
        result += total[i]
    return result


@kernel
def add_multiple(factor, field, target):
    """Add ``factor`` times ``field`` to ``target``."""
    for k in range(field.size):
        target[k] += factor * field[k]


@kernel
def solve(grid, work, target, max_iterations):
    """Conjugate gradients from zero until the absolute residuals sum up to ``target``.

    The cycle is not symmetric, so that each direction is made conjugate to the last one by a
    product of its own (flexible conjugate gradients, Notay 2000, doi:10.1137/S1064827599362314).
    ``work.source`` (finest level) holds the right-hand side and becomes the residual; the answer is
    ``work.correction``. Returns (number of iterations, sum of absolute residuals); the caller
    judges whether the target was met.
    """
    start, stop = grid.start[0], grid.start[0] + grid.size[0]
    work.correction[start:stop] = 0.0
    direction, guess = work.direction[start:stop], work.guess[start:stop]
    remaining = absolute_sum(grid, work.source, work.column)
    energy = 1.0
    for iteration in range(max_iterations):
        if remaining <= target:
            return iteration, remaining
        scaled_cycle(grid, work, remaining)
        ratio = 0.0
        if iteration > 0:
            ratio = inner_product(grid, remaining, work.guess, work.product, work.column) / energy
        for k in range(stop - start):
            direction[k] = remaining * guess[k] - ratio * direction[k]
        multiply(grid, work.diagonal, work.direction, work.product)
        energy = inner_product(grid, 1.0, work.direction, work.product, work.column)
        step = inner_product(grid, 1.0, work.direction, work.source, work.column) / energy
        add_multiple(step, direction, work.correction[start:stop])
        add_multiple(-step, work.product[start:stop], work.source[start:stop])
        remaining = absolute_sum(grid, work.source, work.column)
    return max_iterations, remaining
