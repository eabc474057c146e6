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

from abm.kernels._jit import kernel


@kernel
def set_coefficients(grid, work):
    """Fill ``work.diagonal`` of the coarse levels and ``work.inverse`` from the finest diagonal.

    The reaction part of a coarse cell is the sum over its children; the links belong to the level.
    """
    diagonal, inverse, link_sum = work.diagonal, work.inverse, grid.link_sum
    for level in range(grid.n_x.size):
        n_x, n_y, start = grid.n_x[level], grid.n_y[level], grid.start[level]
        if level > 0:
            diagonal[start : start + n_x * n_y] = link_sum[start : start + n_x * n_y]
            n_fine = grid.n_x[level - 1]
            for row in range(grid.n_y[level - 1]):
                base, first = grid.start[level - 1] + row * n_fine, start + (row // 2) * n_x
                fine, links = diagonal[base : base + n_fine], link_sum[base : base + n_fine]
                coarse = diagonal[first : first + n_x]
                for i in range(n_fine // 2):
                    low, high = fine[2 * i] - links[2 * i], fine[2 * i + 1] - links[2 * i + 1]
                    coarse[i] += low + high
                if n_fine % 2 == 1:
                    coarse[n_x - 1] += fine[n_fine - 1] - links[n_fine - 1]
        for k in range(start, start + n_x * n_y):
            inverse[k] = 1.0 / diagonal[k]


@kernel
def half_sweep(grid, level, color, work, solution, result):
    """Relax the cells of one colour: ``result`` is ``solution`` with them solved for exactly."""
    n_x, start_x, start_y = grid.n_x[level], grid.start_x[level], grid.start_y[level]
    width = grid.width_x[start_x : start_x + n_x]
    west_link = grid.link_x[start_x : start_x + n_x]
    east_link = grid.link_x[start_x + 1 : start_x + n_x + 1]
    for j in range(grid.n_y[level]):
        first = grid.start[level] + j * n_x
        offset = (j + color) % 2
        mask = grid.checker[offset : offset + n_x]
        source, inverse = work.source[first : first + n_x], work.inverse[first : first + n_x]
        west, east = solution[first - 1 : first + n_x - 1], solution[first + 1 : first + n_x + 1]
        south, north = solution[first - n_x : first], solution[first + n_x : first + 2 * n_x]
        here, out = solution[first : first + n_x], result[first : first + n_x]
        height = grid.width_y[start_y + j]
        south_link, north_link = grid.link_y[start_y + j], grid.link_y[start_y + j + 1]
        for i in range(n_x):
            flow = height * (west_link[i] * west[i] + east_link[i] * east[i]) + width[i] * (
                south_link * south[i] + north_link * north[i]
            )
            out[i] = here[i] + mask[i] * ((source[i] + flow) * inverse[i] - here[i])


@kernel
def first_sweep(grid, level, work, result):
    """The red half sweep from a field of zeros."""
    n_x = grid.n_x[level]
    for j in range(grid.n_y[level]):
        first = grid.start[level] + j * n_x
        mask = grid.checker[j % 2 : j % 2 + n_x]
        source, inverse = work.source[first : first + n_x], work.inverse[first : first + n_x]
        out = result[first : first + n_x]
        for i in range(n_x):
            out[i] = mask[i] * source[i] * inverse[i]


@kernel
def multiply(grid, level, diagonal, field, result):
    """Write matrix times ``field`` into ``result``, on one level."""
    n_x, start_x, start_y = grid.n_x[level], grid.start_x[level], grid.start_y[level]
    width = grid.width_x[start_x : start_x + n_x]
    west_link = grid.link_x[start_x : start_x + n_x]
    east_link = grid.link_x[start_x + 1 : start_x + n_x + 1]
    for j in range(grid.n_y[level]):
        first = grid.start[level] + j * n_x
        west, east = field[first - 1 : first + n_x - 1], field[first + 1 : first + n_x + 1]
        south, north = field[first - n_x : first], field[first + n_x : first + 2 * n_x]
        here, out = field[first : first + n_x], result[first : first + n_x]
        main = diagonal[first : first + n_x]
        height = grid.width_y[start_y + j]
        south_link, north_link = grid.link_y[start_y + j], grid.link_y[start_y + j + 1]
        for i in range(n_x):
            flow = height * (west_link[i] * west[i] + east_link[i] * east[i]) + width[i] * (
                south_link * south[i] + north_link * north[i]
            )
            out[i] = main[i] * here[i] - flow


@kernel
def restrict(grid, level, work, fine):
    """Gather the residual ``fine`` of a level into ``work.source`` of the next.

    This is the transpose of :func:`prolong`; ``work.column`` is overwritten.
    """
    n_x, n_y, n_coarse = grid.n_x[level], grid.n_y[level], grid.n_x[level + 1]
    at_x, at_y = grid.start_x[level], grid.start_y[level]
    own_low = grid.weight_x[0, at_x : at_x + n_coarse]
    own_high = grid.weight_x[2, at_x : at_x + n_coarse]
    from_right = grid.weight_x[1, at_x + 1 : at_x + n_coarse + 1]
    from_left = grid.weight_x[3, at_x - 1 : at_x + n_coarse - 1]
    column = work.column
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
        out = work.source[first : first + n_coarse]
        for i in range(n_coarse):
            out[i] = (own_low[i] * column[2 * i + 2] + own_high[i] * column[2 * i + 3]) + (
                from_left[i] * column[2 * i + 1] + from_right[i] * column[2 * i + 4]
            )


@kernel
def prolong(grid, level, work):
    """Add the solution of the next level, interpolated, to that of ``level``."""
    n_x, n_coarse, n_pair = grid.n_x[level], grid.n_x[level + 1], grid.n_x[level] // 2
    at_x, at_y = grid.start_x[level], grid.start_y[level]
    own_low, next_low = grid.weight_x[0, at_x:], grid.weight_x[1, at_x:]
    own_high, next_high = grid.weight_x[2, at_x:], grid.weight_x[3, at_x:]
    column = work.column
    column[0] = 0.0
    column[n_coarse + 1] = 0.0
    for j in range(grid.n_y[level]):
        parent, is_high = j // 2, j % 2
        own = grid.weight_y[2 * is_high, at_y + parent]
        other = grid.weight_y[2 * is_high + 1, at_y + parent]
        base = grid.start[level + 1] + parent * n_coarse
        side = base + (2 * is_high - 1) * n_coarse
        near, far = work.solution[base : base + n_coarse], work.solution[side : side + n_coarse]
        line = column[1 : n_coarse + 1]
        for i in range(n_coarse):
            line[i] = own * near[i] + other * far[i]
        first = grid.start[level] + j * n_x
        out = work.solution[first : first + n_x]
        for i in range(n_pair):
            out[2 * i] += own_low[i] * column[i + 1] + next_low[i] * column[i]
            out[2 * i + 1] += own_high[i] * column[i + 1] + next_high[i] * column[i + 2]
        if n_x % 2 == 1:
            out[n_x - 1] += own_low[n_pair] * column[n_pair + 1] + next_low[n_pair] * column[n_pair]


@kernel
def cycle(grid, work):
    """One V(1,1) cycle from zero: ``work.solution`` approximates the answer to ``work.source``."""
    last = grid.n_x.size - 1
    for level in range(last):
        first_sweep(grid, level, work, work.scratch)
        half_sweep(grid, level, 1, work, work.scratch, work.solution)
        subtract_product(grid, level, work)
        restrict(grid, level, work, work.scratch)
    only = grid.start[last]
    work.solution[only] = work.source[only] * work.inverse[only]
    for level in range(last - 1, -1, -1):
        prolong(grid, level, work)
        half_sweep(grid, level, 1, work, work.solution, work.scratch)
        half_sweep(grid, level, 0, work, work.scratch, work.solution)


@kernel
def subtract_product(grid, level, work):
    """Write the residual ``source - matrix * solution`` of a level into ``work.scratch``."""
    multiply(grid, level, work.diagonal, work.solution, work.scratch)
    n_x = grid.n_x[level]
    for j in range(grid.n_y[level]):
        first = grid.start[level] + j * n_x
        source, out = work.source[first : first + n_x], work.scratch[first : first + n_x]
        for i in range(n_x):
            out[i] = source[i] - out[i]


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
def _advance_residual(grid, work, step):
    """Take ``step`` along the direction; return the sum of the absolute residuals."""
    n_x = grid.n_x[0]
    total = work.column[:n_x]
    total[:] = 0.0
    for j in range(grid.n_y[0]):
        first = grid.start[0] + j * n_x
        last = first + n_x
        correction, direction = work.correction[first:last], work.direction[first:last]
        for i in range(n_x):
            correction[i] += step * direction[i]
        source, product = work.source[first:last], work.product[first:last]
        for i in range(n_x):
            source[i] -= step * product[i]
            total[i] += abs(source[i])
    result = 0.0
    for i in range(n_x):
        result += total[i]
    return result


@kernel
def solve(grid, work, target, max_iterations):
    """Conjugate gradients from zero until the absolute residuals sum up to ``target``.

    ``work.source`` (finest level) holds the right-hand side and becomes the residual; the answer is
    ``work.correction``. Returns (number of iterations, sum of absolute residuals); the caller
    judges whether the target was met.
    """
    start, stop = grid.start[0], grid.start[0] + grid.n_x[0] * grid.n_y[0]
    work.correction[start:stop] = 0.0
    remaining = 0.0
    for k in range(start, stop):
        remaining += abs(work.source[k])
    previous = 1.0
    for iteration in range(max_iterations):
        if remaining <= target:
            return iteration, remaining
        cycle(grid, work)
        current = inner_product(grid, work.source, work.solution, work.column)
        ratio = current / previous if iteration > 0 else 0.0
        previous = current
        direction, solution = work.direction[start:stop], work.solution[start:stop]
        for k in range(stop - start):
            direction[k] = solution[k] + ratio * direction[k]
        multiply(grid, 0, work.diagonal, work.direction, work.product)
        curvature = inner_product(grid, work.direction, work.product, work.column)
        remaining = _advance_residual(grid, work, current / curvature)
    return max_iterations, remaining
