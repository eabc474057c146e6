"""All cells of a 3-D tissue along one axis, as the mean of ASNS of each column of tissue.

Thousands of discs on one another are noise; what a column holds on average can be read.
"""

import numpy as np
from matplotlib.colors import to_rgb

from abm.record.reader import Frame, is_tumour
from analysis import colours
from analysis.raster import cell_colours

COLUMN_UM = 10.0
"""Width of a column of tissue, about that of a cell."""
_OTHERS_LIGHTER = 0.55
_LINE = 2
"""Pixels of the line around columns with cells of a resistant genotype."""


def projected_image(frame: Frame, level: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return uint8[*shape, 3], row 0 at the lower edge: tissue seen along its third axis.

    level : float[n_cells] in [0, 1], place of each cell in the colour map

    A column with tumour cells has the colour of their mean level, one with other cells only is
    light grey, an empty one white. A vermilion line goes around columns with a cell of a resistant
    genotype.
    """
    left, right, bottom, top = frame.extent_um
    n_x = max(round((right - left) / COLUMN_UM), 1)
    n_y = max(round((top - bottom) / COLUMN_UM), 1)
    x = np.clip(((frame.cells["x_um"] - left) / (right - left) * n_x).astype(int), 0, n_x - 1)
    y = np.clip(((frame.cells["y_um"] - bottom) / (top - bottom) * n_y).astype(int), 0, n_y - 1)
    place, tumour = y * n_x + x, is_tumour(frame.cells)
    n_columns = n_x * n_y
    n_tumour = np.bincount(place[tumour], minlength=n_columns)
    total = np.bincount(place[tumour], weights=level[tumour], minlength=n_columns)
    picture = np.ones((n_columns, 3))
    has_others = np.bincount(place[~tumour], minlength=n_columns) > 0
    grey = np.array(to_rgb(colours.NORMAL))
    picture[has_others] = grey + _OTHERS_LIGHTER * (1.0 - grey)
    has_tumour = n_tumour > 0
    scale = cell_colours()
    mean = total[has_tumour] / n_tumour[has_tumour]
    picture[has_tumour] = scale[(np.clip(mean, 0.0, 1.0) * (len(scale) - 1)).astype(int)]
    rows, columns = (np.arange(n) * cut // n for n, cut in zip(shape, (n_y, n_x), strict=True))
    cells_of_pixels = np.ix_(rows, columns)
    image = picture.reshape(n_y, n_x, 3)[cells_of_pixels]
    resistant = frame.cells.get("is_resistant", np.zeros(tumour.shape, bool)) & tumour
    marked = (np.bincount(place[resistant], minlength=n_columns) > 0).reshape(n_y, n_x)
    image[_rim(marked[cells_of_pixels])] = to_rgb(colours.RESISTANT)
    return np.ascontiguousarray((image * 255.0).round().astype(np.uint8))


def _rim(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask that lie near its edge, bool of its shape."""
    inner = np.pad(mask, _LINE, constant_values=True)
    for axis in (0, 1):
        inner = inner & np.roll(inner, _LINE, axis) & np.roll(inner, -_LINE, axis)
    return mask & ~inner[_LINE:-_LINE, _LINE:-_LINE]
