"""Geometry and arrays of the multigrid levels.

Storage: all levels of a quantity lie one after the other in one flat array; a level is ``n_y + 2``
rows of ``n_x`` (a ghost row of zeros below and above). A row needs no ghosts at its ends: what is
read there is multiplied by a link of zero. So a pass over a level is one loop, however short its
rows are; both colours are computed in it and one of them is kept, which the compiler turns into
vector code. Sums run along columns first, so that their order is fixed and they vectorise too.

What the cycle works on has single precision, which halves the memory that it moves: it only
preconditions, so that its rounding errors cost no digit of the result.
"""

from typing import NamedTuple

import numpy as np

SHARE = 0.6
"""Weight of the farther coarse cell as a share of that of linear interpolation; lower than 1 since
the transposed linear interpolation damps what the coarse grid could still correct (measured:
contraction 0.28 instead of 0.32)."""


class Grid(NamedTuple):
    """Geometry of all levels, in units of the finest spacing; built by :func:`build_grid`."""

    n_x: np.ndarray
    """int64[n_level], cells along x."""
    n_y: np.ndarray
    """int64[n_level], cells along y."""
    start: np.ndarray
    """int64[n_level], where the first cell of a level lies in a flat array (ghost row skipped)."""
    start_x: np.ndarray
    """int64[n_level], where a level (n_x + 1 numbers) starts in the arrays along x."""
    start_y: np.ndarray
    """int64[n_level], the same along y."""
    west: np.ndarray
    """float32[n_flat], link across the face left of a cell (length over distance of the centres),
    0 at the border; that of the right face is the next number. On the finest level 1 or 0."""
    south: np.ndarray
    """float32[n_flat], the same for the face below a cell; above it is that of the next row."""
    weight_x: np.ndarray
    """float32[4, :], interpolation per coarse cell: low child (own, next), high child (same)."""
    weight_y: np.ndarray
    """float32[4, :], the same along y."""
    link_sum: np.ndarray
    """float64[n_flat], sum of the links of a cell, faces of fixed value included."""
    is_red: np.ndarray
    """float32[n_flat], 1 in every other cell of the checkerboard, else 0."""


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


def build_grid(n_x: int, n_y: int, is_fixed: tuple[bool, bool, bool, bool]) -> Grid:
    """Build the geometry of a hierarchy down to one cell.

    ``is_fixed`` tells for the faces (x low, x high, y low, y high) whether the field has a fixed
    value there (at the face, half a cell from the centre) instead of no flux.
    """
    n_level = 1 + int(np.ceil(np.log2(max(n_x, n_y, 1))))
    along_x = _axis(n_x, is_fixed[0], is_fixed[1], n_level)
    along_y = _axis(n_y, is_fixed[2], is_fixed[3], n_level)
    counts_x = np.array([len(axis.width) for axis in along_x], dtype=np.int64)
    counts_y = np.array([len(axis.width) for axis in along_y], dtype=np.int64)
    sizes = (counts_y + 2) * counts_x
    start = np.concatenate(([0], np.cumsum(sizes)[:-1])) + counts_x
    n_flat = int(sizes.sum()) + 1
    link_sum, west, south, is_red = (np.zeros(n_flat) for _ in range(4))
    for x, y, first in zip(along_x, along_y, start, strict=True):
        block = np.outer(y.width, x.link_sum()) + np.outer(y.link_sum(), x.width)
        inside = slice(first, first + block.size)
        link_sum[inside] = block.ravel()
        west[inside] = np.outer(y.width, x.link[:-1]).ravel()
        south[inside] = np.outer(y.link[:-1], x.width).ravel()
        is_red[inside] = (np.indices(block.shape).sum(axis=0) % 2 == 0).ravel()
    return Grid(
        n_x=counts_x,
        n_y=counts_y,
        start=start.astype(np.int64),
        start_x=np.concatenate(([1], 1 + np.cumsum(counts_x + 1)[:-1])).astype(np.int64),
        start_y=np.concatenate(([1], 1 + np.cumsum(counts_y + 1)[:-1])).astype(np.int64),
        west=west.astype(np.float32),
        south=south.astype(np.float32),
        weight_x=_joined([_padded(axis.weight, len(axis.link)) for axis in along_x]),
        weight_y=_joined([_padded(axis.weight, len(axis.link)) for axis in along_y]),
        link_sum=link_sum,
        is_red=is_red.astype(np.float32),
    )


def _joined(levels: list[np.ndarray]) -> np.ndarray:
    """Put the levels of an axis array behind one zero, so that "one before the first" exists."""
    joined = np.concatenate([np.zeros((*levels[0].shape[:-1], 1)), *levels], axis=-1)
    return joined.astype(np.float32)


def _padded(weight: np.ndarray, length: int) -> np.ndarray:
    """Give the weights of the coarse cells the length that a level has in the axis arrays."""
    result = np.zeros((4, max(length, weight.shape[1])))
    result[:, : weight.shape[1]] = weight
    return result[:, :length]


def linear_work(grid: Grid, n_species: int) -> LinearWork:
    """Allocate the arrays of ``n_species`` solves, zero filled."""
    n_flat, n_x = len(grid.link_sum), int(grid.n_x[0])
    n_finest = (int(grid.n_y[0]) + 2) * n_x
    lengths = {"diagonal": n_flat, "line": n_x + 4, "column": n_x}
    single = ("red", "black", "right", "guess", "scratch", "line")
    arrays = {}
    for name in LinearWork._fields:
        length = lengths.get(name, n_flat if name in single else n_finest)
        arrays[name] = np.zeros((n_species, length), np.float32 if name in single else np.float64)
    return LinearWork(**arrays)
