"""Conjugate gradients with a symmetric multigrid V(1,1) for one voxel field.

The system is ``sum over faces of link * (u - u_neighbour) + reaction * u = source`` on a 2-D grid
of cells: the five-point Laplacian plus a non-negative diagonal, both multiplied by the cell area,
so that it is symmetric. Coarse grids join two cells per axis (the last stays alone where the number
is odd, so cell widths differ there) and carry the same discretisation; prolongation interpolates
between cell centres, restriction is its transpose; smoothing is red-black Gauss-Seidel, after the
coarse correction in the reversed order of colours. So one cycle is a symmetric positive operator,
as conjugate gradients need (Briggs, Henson & McCormick 2000; Tatebe 1993).

The arrays and their layout are described in :mod:`abm.kernels.grid`.
"""

import numpy as np

from abm.kernels._jit import kernel


@kernel
def set_coefficients(grid, work):
    """Fill the coarse levels of ``work.diagonal``, and ``work.red`` and ``work.black``.

    The reaction part of a coarse cell is the sum over its children; the links belong to the level.
    """
    diagonal, link_sum = work.diagonal, grid.link_sum
    for level in range(grid.n_x.size):
        n_x, n_y, start = grid.n_x[level], grid.n_y[level], grid.start[level]
        if level > 0:
            diagonal[start : start + n_x * n_y] = link_sum[start : start + n_x * n_y]
            for row in range(grid.n_y[level - 1]):
                n_fine, first = grid.n_x[level - 1], start + (row // 2) * n_x
                base, coarse = grid.start[level - 1] + row * n_fine, diagonal[first : first + n_x]
                fine, links = diagonal[base : base + n_fine], link_sum[base : base + n_fine]
                reaction = work.column[:n_fine]
                for i in range(n_fine):
                    reaction[i] = fine[i] - links[i]
                for i in range(n_fine // 2):
                    coarse[i] += reaction[2 * i] + reaction[2 * i + 1]
                if n_fine % 2 == 1:
                    coarse[n_x - 1] += reaction[n_fine - 1]
        stop = start + n_x * n_y
        full, is_red = diagonal[start:stop], grid.is_red[start:stop]
        red, black = work.red[start:stop], work.black[start:stop]
        for k in range(stop - start):
            black[k] = np.float32(1.0) / np.float32(full[k])
        for k in range(stop - start):
            red[k] = is_red[k] * black[k]
        for k in range(stop - start):
            black[k] -= red[k]


@kernel
def half_sweep(grid, level, inverse, source, field, result):
    """Relax the cells of one colour: ``result`` is ``field`` with them solved for exactly.

    ``inverse`` is ``work.red`` or ``work.black``; source, field and result hold the level at its
    place in the flat arrays.
    """
    n_x, first = grid.n_x[level], grid.start[level]
    last = first + n_x * grid.n_y[level]
    west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
    south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
    here, west, east = field[first:last], field[first - 1 : last - 1], field[first + 1 : last + 1]
    south, north = field[first - n_x : last - n_x], field[first + n_x : last + n_x]
    right, factor, out = source[first:last], inverse[first:last], result[first:last]
    for k in range(last - first):
        flow = (west_link[k] * west[k] + east_link[k] * east[k]) + (
            south_link[k] * south[k] + north_link[k] * north[k]
        )
        out[k] = here[k] if factor[k] == 0 else (right[k] + flow) * factor[k]


@kernel
def first_sweep(grid, level, red, source, result):
    """The red half sweep from a field of zeros."""
    first = grid.start[level]
    last = first + grid.n_x[level] * grid.n_y[level]
    factor, right, out = red[first:last], source[first:last], result[first:last]
    for k in range(last - first):
        out[k] = factor[k] * right[k]


@kernel
def residual_of_sweep(grid, level, red, field, result):
    """Write what a red and a black half sweep from zero, ``field``, have left of the source.

    It is zero in black cells; a red one met its equation until its neighbours changed, so that
    what flows in from them is its residual.
    """
    n_x, first = grid.n_x[level], grid.start[level]
    last = first + n_x * grid.n_y[level]
    west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
    south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
    west, east = field[first - 1 : last - 1], field[first + 1 : last + 1]
    south, north = field[first - n_x : last - n_x], field[first + n_x : last + n_x]
    factor, out, nothing = red[first:last], result[first:last], np.float32(0.0)
    for k in range(last - first):
        flow = (west_link[k] * west[k] + east_link[k] * east[k]) + (
            south_link[k] * south[k] + north_link[k] * north[k]
        )
        out[k] = nothing if factor[k] == 0 else flow


@kernel
def multiply(grid, diagonal, field, result):
    """Write matrix times ``field`` into ``result``, on the finest level."""
    n_x, first = grid.n_x[0], grid.start[0]
    last = first + n_x * grid.n_y[0]
    west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
    south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
    here, west, east = field[first:last], field[first - 1 : last - 1], field[first + 1 : last + 1]
    south, north = field[first - n_x : last - n_x], field[first + n_x : last + n_x]
    main, out = diagonal[first:last], result[first:last]
    for k in range(last - first):
        flow = (west_link[k] * west[k] + east_link[k] * east[k]) + (
            south_link[k] * south[k] + north_link[k] * north[k]
        )
        out[k] = main[k] * here[k] - flow


@kernel
def restrict(grid, level, work, fine):
    """Gather the residual ``fine`` of a level into ``work.right`` of the next.

    This is the transpose of :func:`prolong`; ``work.line`` is overwritten.
    """
    n_x, n_y, n_coarse = grid.n_x[level], grid.n_y[level], grid.n_x[level + 1]
    at_x, at_y = grid.start_x[level], grid.start_y[level]
    own_low = grid.weight_x[0, at_x : at_x + n_coarse]
    own_high = grid.weight_x[2, at_x : at_x + n_coarse]
    from_right = grid.weight_x[1, at_x + 1 : at_x + n_coarse + 1]
    from_left = grid.weight_x[3, at_x - 1 : at_x + n_coarse - 1]
    column = work.line
    column[:2] = 0.0
    column[n_x + 2 : n_x + 4] = 0.0
    line = column[2 : n_x + 2]
    for j in range(grid.n_y[level + 1]):
        base = grid.start[level] + 2 * j * n_x
        above = base + min(2, n_y - 2 * j) * n_x
        below, low, high = fine[base - n_x : base], fine[base : base + n_x], fine[base + n_x :]
        next_high = fine[above : above + n_x]
        weight_low, weight_high = grid.weight_y[0, at_y + j], grid.weight_y[2, at_y + j]
        weight_below, weight_above = grid.weight_y[3, at_y + j - 1], grid.weight_y[1, at_y + j + 1]
        for i in range(n_x):
            line[i] = (weight_low * low[i] + weight_high * high[i]) + (
                weight_below * below[i] + weight_above * next_high[i]
            )
        first = grid.start[level + 1] + j * n_coarse
        out = work.right[first : first + n_coarse]
        for i in range(n_coarse):
            out[i] = (own_low[i] * column[2 * i + 2] + own_high[i] * column[2 * i + 3]) + (
                from_left[i] * column[2 * i + 1] + from_right[i] * column[2 * i + 4]
            )


@kernel
def prolong(grid, level, work):
    """Add the solution of the next level, interpolated, to the red cells of ``level``.

    The black half sweep that follows overwrites the black ones without a look at them.
    """
    n_x, n_coarse = grid.n_x[level], grid.n_x[level + 1]
    at_x, at_y = grid.start_x[level], grid.start_y[level]
    column = work.line
    column[0] = 0.0
    column[n_coarse + 1] = 0.0
    for j in range(grid.n_y[level]):
        parent, is_high = j // 2, j % 2
        own = grid.weight_y[2 * is_high, at_y + parent]
        other = grid.weight_y[2 * is_high + 1, at_y + parent]
        base = grid.start[level + 1] + parent * n_coarse
        side = base + (2 * is_high - 1) * n_coarse
        near, far = work.guess[base : base + n_coarse], work.guess[side : side + n_coarse]
        line = column[1 : n_coarse + 1]
        for i in range(n_coarse):
            line[i] = own * near[i] + other * far[i]
        first = grid.start[level] + j * n_x
        out = work.guess[first : first + n_x]
        own_share, next_share = (
            grid.weight_x[2 * is_high, at_x:],
            grid.weight_x[2 * is_high + 1, at_x:],
        )
        own_value, next_value = column[1:], column[2 * is_high :]
        for i in range((n_x + 1 - is_high) // 2):
            out[2 * i + is_high] += own_share[i] * own_value[i] + next_share[i] * next_value[i]


@kernel
def cycle(grid, work, size):
    """One V(1,1) cycle from zero: ``work.solution`` approximates the answer to ``work.source``.

    The source is divided by ``size`` (the sum of its absolute values, or near it) meanwhile, so
    that single precision has room for all of it.
    """
    first = grid.start[0]
    last = first + grid.n_x[0] * grid.n_y[0]
    source, right = work.source[first:last], work.right[first:last]
    solution, guess = work.solution[first:last], work.guess[first:last]
    per_size = 1.0 / size if size > 0.0 else 0.0
    for k in range(last - first):
        right[k] = per_size * source[k]
    single_cycle(grid, work)
    for k in range(last - first):
        solution[k] = size * guess[k]


@kernel
def single_cycle(grid, work):
    """The cycle from ``work.right`` to ``work.guess``."""
    only = grid.n_x.size - 1
    red, black, right, guess, scratch = work.red, work.black, work.right, work.guess, work.scratch
    for level in range(only):
        first_sweep(grid, level, red, right, scratch)
        half_sweep(grid, level, black, right, scratch, guess)
        residual_of_sweep(grid, level, red, guess, scratch)
        restrict(grid, level, work, scratch)
    guess[grid.start[only]] = right[grid.start[only]] * red[grid.start[only]]
    for level in range(only - 1, -1, -1):
        prolong(grid, level, work)
        half_sweep(grid, level, black, right, guess, scratch)
        half_sweep(grid, level, red, right, scratch, guess)


@kernel
def absolute_sum(grid, field, column):
    """Sum of the absolute values on the finest level: along columns first."""
    n_x, start = grid.n_x[0], grid.start[0]
    total = column[:n_x]
    total[:] = 0.0
    for j in range(grid.n_y[0]):
        row = field[start + j * n_x : start + (j + 1) * n_x]
        for i in range(n_x):
            total[i] += abs(row[i])
    result = 0.0
    for i in range(n_x):
        result += total[i]
    return result


@kernel
def inner_product(grid, first_field, second_field, column):
    """Sum of the products on the finest level: along columns first, then over the columns."""
    n_x, start = grid.n_x[0], grid.start[0]
    total = column[:n_x]
    total[:] = 0.0
    for j in range(grid.n_y[0]):
        a = first_field[start + j * n_x : start + (j + 1) * n_x]
        b = second_field[start + j * n_x : start + (j + 1) * n_x]
        for i in range(n_x):
            total[i] += a[i] * b[i]
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

    ``work.source`` (finest level) holds the right-hand side and becomes the residual; the answer is
    ``work.correction``. Returns (number of iterations, sum of absolute residuals); the caller
    judges whether the target was met.
    """
    start, stop = grid.start[0], grid.start[0] + grid.n_x[0] * grid.n_y[0]
    work.correction[start:stop] = 0.0
    direction, solution = work.direction[start:stop], work.solution[start:stop]
    remaining = absolute_sum(grid, work.source, work.column)
    previous = 1.0
    for iteration in range(max_iterations):
        if remaining <= target:
            return iteration, remaining
        cycle(grid, work, remaining)
        current = inner_product(grid, work.source, work.solution, work.column)
        ratio = current / previous if iteration > 0 else 0.0
        previous = current
        for k in range(stop - start):
            direction[k] = solution[k] + ratio * direction[k]
        multiply(grid, work.diagonal, work.direction, work.product)
        step = current / inner_product(grid, work.direction, work.product, work.column)
        add_multiple(step, direction, work.correction[start:stop])
        add_multiple(-step, work.product[start:stop], work.source[start:stop])
        remaining = absolute_sum(grid, work.source, work.column)
    return max_iterations, remaining
