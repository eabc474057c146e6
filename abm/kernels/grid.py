"""Geometry and arrays of the multigrid levels.

Storage: all levels of a quantity lie one after the other in one flat array; a level is ``n_y + 2``
rows of ``n_x`` (a ghost row of zeros below and above), or ``n_z + 2`` planes of ``n_y`` rows (ghost
planes). A row needs no ghosts at its ends, nor a plane within the level: what is read there is
multiplied by a link of zero. So a pass over a level is one loop, however short its rows are; both
colours are computed in it and one of them is kept, which the compiler turns into vector code. Sums
run along columns first, so that their order is fixed and they vectorise too.

The number of axes is that of ``Grid.finest``, which a kernel knows when it is compiled: what only
planes need is no part of the machine code of a 2-D grid.

What the cycle works on has single precision, which halves the memory that it moves: it only
preconditions, so that its rounding errors cost no digit of the result.
"""

from typing import NamedTuple

import numpy as np

SHARE = 0.7
"""Weight of the farther coarse cell as a share of that of linear interpolation; lower than 1 since
the transposed linear interpolation damps what the coarse grid could still correct."""


X, Y, Z = 0, 1, 2
"""Columns of what a grid holds per axis."""


class Grid(NamedTuple):
    """Geometry of all levels, in units of the finest spacing; built by :func:`build_grid`."""

    n: np.ndarray
    """int64[n_level, 3], cells along the axes X, Y, Z; a 2-D grid has one plane."""
    size: np.ndarray
    """int64[n_level], cells of the level."""
    start: np.ndarray
    """int64[n_level], where the first cell of a level lies in a flat array (ghosts skipped)."""
    begin: np.ndarray
    """int64[n_level, 3], where a level starts in ``weight`` along each axis."""
    west: np.ndarray
    """float32[n_flat], link across the face left of a cell (length over distance of the centres),
    0 at the border; that of the right face is the next number. On the finest level 1 or 0."""
    south: np.ndarray
    """float32[n_flat], the same towards the row before; towards the next it is that of its row."""
    below: np.ndarray
    """float32[n_flat], the same towards the plane before; one zero of a 2-D grid."""
    weight: np.ndarray
    """float32[3, 4, :], interpolation per axis and coarse cell: low child (own, next), high child
    (same)."""
    link_sum: np.ndarray
    """float64[n_flat], sum of the links of a cell, faces of fixed value included."""
    is_red: np.ndarray
    """float32[n_flat], 1 in every other cell of the checkerboard, else 0."""
    finest: np.ndarray
    """float64[n_y, n_x] or [n_z, n_y, n_x], the finest level of ``link_sum``; tells the number of
    axes and of cells along them."""


class LinearWork(NamedTuple):
    """Arrays of one species (1-D) or of all of them (2-D, species first).

    Double precision on the finest level (``diagonal`` on all), single precision in the cycle.
    """

    diagonal: np.ndarray
    """float64[n_flat], diagonal of the matrix on all levels."""
    source: np.ndarray
    """float64[n_finest], right-hand side, then the residual."""
    solution: np.ndarray
    """float64[n_finest], answer of the cycle."""
    direction: np.ndarray
    """float64[n_finest], search direction."""
    product: np.ndarray
    """float64[n_finest], matrix times direction."""
    correction: np.ndarray
    """float64[n_finest], what the iteration has summed up."""
    red: np.ndarray
    """float32[n_flat], reciprocal of the diagonal in red cells, 0 in black ones."""
    black: np.ndarray
    """float32[n_flat], the same the other way round."""
    right: np.ndarray
    """float32[n_flat], right-hand sides of the cycle."""
    guess: np.ndarray
    """float32[n_flat], its solutions."""
    scratch: np.ndarray
    """float32[n_flat]."""
    line: np.ndarray
    """float32[n_x + 4], one row between two grids."""
    plane: np.ndarray
    """float32[(n_y + 2) n_x], one plane between two grids, with ghost rows; one of a 2-D grid."""
    column: np.ndarray
    """float64[n_x], partial sums along columns."""


class _Axis(NamedTuple):
    """One level of one axis: widths[n], links[n + 1], links of the two borders, weights[4, :]."""

    width: np.ndarray
    link: np.ndarray
    low: float
    high: float
    weight: np.ndarray

    def link_sum(self) -> np.ndarray:
        """Return the sum of the two links of each cell, borders of fixed value included."""
        total = self.link[:-1] + self.link[1:]
        total[0] += self.low
        total[-1] += self.high
        return total


def _axis(n_cell: int, is_fixed_low: bool, is_fixed_high: bool, n_level: int) -> list[_Axis]:
    """Return the levels of one axis, finest first."""
    levels = []
    width = np.ones(n_cell)
    for _ in range(n_level):
        n = len(width)
        link = np.zeros(n + 1)
        link[1:n] = 2.0 / (width[:-1] + width[1:])
        low = 2.0 / width[0] if is_fixed_low else 0.0
        high = 2.0 / width[-1] if is_fixed_high else 0.0
        padded = np.zeros(2 * ((n + 1) // 2))
        padded[:n] = width
        coarse = padded.reshape(-1, 2).sum(axis=1)
        weight = _weights(width, coarse, is_fixed_low, is_fixed_high)
        levels.append(_Axis(width, link, low, high, weight))
        width = coarse
    return levels


def _weights(
    width: np.ndarray, coarse: np.ndarray, is_fixed_low: bool, is_fixed_high: bool
) -> np.ndarray:
    """Interpolation between cell centres; a border mirrors, or falls to 0 at a fixed face.

    A cell that stays alone hands its value to no other and takes from no other: the weights of a
    coarse cell times the widths then still sum up to its width, as they do between pairs. (Linear
    weights to a narrow last cell let the cycle diverge where the reaction dominates.)
    """
    center, center_coarse = np.cumsum(width) - width / 2, np.cumsum(coarse) - coarse / 2
    n_coarse, is_odd = len(coarse), len(width) % 2 == 1
    weight = np.zeros((4, n_coarse + 1))
    for child in range(len(width)):
        i, row, side = child // 2, 2 * (child % 2), 2 * (child % 2) - 1
        distance = abs(center[child] - center_coarse[i])
        border, is_fixed = (0.0, is_fixed_low) if side < 0 else (width.sum(), is_fixed_high)
        share, lost = 0.0, 0.0
        if 0 <= i + side < n_coarse:
            is_lone = is_odd and n_coarse - 1 in (i, i + side)
            if not is_lone:
                share = SHARE * distance / abs(center_coarse[i + side] - center_coarse[i])
        elif is_fixed:
            lost = SHARE * distance / abs(border - center_coarse[i])
        weight[row, i], weight[row + 1, i] = 1.0 - share - lost, share
    return weight


def build_grid(n_x: int, n_y: int, is_fixed: tuple[bool, ...], n_z: int | None = None) -> Grid:
    """Build the geometry of a hierarchy down to one cell, in three dimensions where ``n_z`` is set.

    ``is_fixed`` tells for the faces (x low, x high, y low, y high, z low, z high) whether the field
    has a fixed value there (at the face, half a cell from the centre) instead of no flux.
    """
    shape = (n_y, n_x) if n_z is None else (n_z, n_y, n_x)
    n_level = 1 + int(np.ceil(np.log2(max(shape))))
    faces = zip(is_fixed[::2], is_fixed[1::2], strict=True)
    axes = [_axis(n, low, high, n_level)
            for n, (low, high) in zip(reversed(shape), faces, strict=False)]  # fmt: skip
    levels = list(zip(*axes, strict=True))
    counts = np.ones((n_level, 3), dtype=np.int64)
    begin, weight = np.ones_like(counts), np.zeros((3, 4, 2 * max(shape) + 2 * n_level), np.float32)
    for k, axis in enumerate(axes):
        counts[:, k] = [len(one.width) for one in axis]
        begin[1:, k] += np.cumsum(counts[:-1, k] + 1)
        for first, one in zip(begin[:, k], axis, strict=True):
            n_coarse = one.weight.shape[1] - 1
            weight[k, :, first : first + n_coarse] = one.weight[:, :-1]
    size = counts.prod(axis=1)
    slab = counts[:, : len(axes) - 1].prod(axis=1)
    start = np.concatenate(([0], np.cumsum(size + 2 * slab)[:-1])) + slab
    n_flat = int((size + 2 * slab).sum()) + 1
    link_sum, is_red = np.zeros(n_flat), np.zeros(n_flat, np.float32)
    links = [np.zeros(n_flat, np.float32) for _ in axes]
    for level, first, n_cell in zip(levels, start, size, strict=True):
        inside = slice(first, first + n_cell)
        for k, link in enumerate(links):
            link_sum[inside] += _over_cells(level, k, level[k].link_sum())
            link[inside] = _over_cells(level, k, level[k].link[:-1])
        same = np.ones(1, np.bool_)
        for one in reversed(level):
            same = np.equal.outer(same, np.arange(len(one.width)) % 2 == 0)
        is_red[inside] = same.ravel()
    if n_z is None:
        links.append(np.zeros(1, np.float32))
    return Grid(
        n=counts, size=size, start=start.astype(np.int64), begin=begin,
        west=links[0], south=links[1], below=links[2], weight=weight,
        link_sum=link_sum, is_red=is_red,
        finest=link_sum[start[0] : start[0] + size[0]].reshape(shape),
    )  # fmt: skip


def _over_cells(level: tuple[_Axis, ...], which: int, values: np.ndarray) -> np.ndarray:
    """Return the values along one axis times the widths along the others, for all cells."""
    result = np.ones(1)
    for k in reversed(range(len(level))):
        result = np.multiply.outer(result, values if k == which else level[k].width)
    return result.ravel()


def linear_work(grid: Grid, n_species: int) -> LinearWork:
    """Allocate the arrays of ``n_species`` solves, zero filled."""
    n_flat, n_x = len(grid.link_sum), grid.finest.shape[-1]
    n_finest = int(2 * grid.start[0] + grid.size[0])
    n_plane = (grid.finest.shape[-2] + 2) * n_x if grid.finest.ndim == 3 else 1
    lengths = {"diagonal": n_flat, "line": n_x + 4, "plane": n_plane, "column": n_x}
    single = ("red", "black", "right", "guess", "scratch", "line", "plane")
    arrays = {}
    for name in LinearWork._fields:
        length = lengths.get(name, n_flat if name in single else n_finest)
        arrays[name] = np.zeros((n_species, length), np.float32 if name in single else np.float64)
    return LinearWork(**arrays)
