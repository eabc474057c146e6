"""Cells as discs in an image, by pixel: a scatter plot of 30,000 cells is 50 times slower."""

from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from analysis import colours, style

_OVERSAMPLING = 2
"""Discs are stamped at this multiple of the resolution and averaged, which smooths edges."""
_SMALLEST_RADIUS = 1.5
_OUTLINE = 1.1
"""Pixels of the final image."""
_N_COLOURS = 256
_COLOUR_SHARE = 0.92
"""The lightest end of the colour map is left out: it is hardly seen on white."""


_MARKS = (colours.NORMAL, colours.RESISTANT)
_WHITE = np.uint32(0xFFFFFFFF)


class Canvas(NamedTuple):
    """Size of the image and what it shows."""

    n_x: int
    n_y: int
    extent_um: tuple[float, float, float, float]


def cell_colours() -> np.ndarray:
    """Return float64[256, 3], the colours of ASNS from low to high."""
    return colormaps[style.CELL_MAP](np.linspace(0.0, _COLOUR_SHARE, _N_COLOURS))[:, :3]


def draw_cells(
    canvas: Canvas,
    cells: dict[str, np.ndarray],
    *,
    level: np.ndarray,
    is_tumour: np.ndarray,
    fill_colour: np.ndarray | None = None,
    background: np.ndarray | None = None,
) -> np.ndarray:
    """Return uint8[n_y, n_x, 3], row 0 at the lower edge: discs on white, or on a background.

    cells     : x_um, y_um, radius_um and, where known, is_resistant, each [n_cells]
    level     : float[n_cells] in [0, 1], place in the colour map (clipped)
    is_tumour : bool[n_cells]; the others are drawn first, in grey
    fill_colour : float[n_cells, 3] in place of the colour of the level
    background  : uint8[n_y, n_x, 3] under the cells, in place of white

    Resistant cells come last, so that they are seen among many, with a vermilion outline.
    """
    left, right, bottom, top = canvas.extent_um
    scale_x = canvas.n_x * _OVERSAMPLING / (right - left)
    scale_y = canvas.n_y * _OVERSAMPLING / (top - bottom)
    x = ((cells["x_um"] - left) * scale_x).astype(np.float32)
    y = ((cells["y_um"] - bottom) * scale_y).astype(np.float32)
    radius = (cells["radius_um"] * min(scale_x, scale_y)).astype(np.float32)
    radius = np.clip(radius, _SMALLEST_RADIUS * _OVERSAMPLING, None)
    resistant = cells.get("is_resistant", np.zeros(x.shape[0], bool)) & is_tumour
    index = (np.clip(np.nan_to_num(level), 0.0, 1.0) * (_N_COLOURS - 1)).astype(np.int64)
    fill = _packed(cell_colours())[index] if fill_colour is None else _packed(fill_colour)
    grey, red = (np.repeat(_packed(np.array([to_rgb(c)])), x.shape[0]) for c in _MARKS)
    margin = int(np.ceil(radius.max(initial=0.0) + _OUTLINE * _OVERSAMPLING)) + 1
    shape = (canvas.n_y * _OVERSAMPLING + 2 * margin, canvas.n_x * _OVERSAMPLING + 2 * margin)
    image = np.full(shape, _WHITE, np.uint32)
    if background is not None:
        under = image[margin:-margin, margin:-margin]
        pixels = _packed_bytes(background)
        for first_row in range(_OVERSAMPLING):
            for first_column in range(_OVERSAMPLING):
                under[first_row::_OVERSAMPLING, first_column::_OVERSAMPLING] = pixels
    for mask, growth, colour in (
        (~is_tumour, 0.0, grey),
        (is_tumour & ~resistant, 0.0, fill),
        (resistant, _OUTLINE * _OVERSAMPLING, red),
        (resistant, 0.0, fill),
    ):
        _stamp(image, margin, x[mask], y[mask], radius[mask] + np.float32(growth), colour[mask])
    return _shrunk(image[margin:-margin, margin:-margin])


def _stamp(
    image: np.ndarray,
    margin: int,
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    colour: np.ndarray,
) -> None:
    """Fill the pixels whose centre lies in a disc; later cells cover earlier ones.

    ``image`` has ``margin`` pixels more on each side than the picture, so that no disc leaves it.
    """
    if x.shape[0] == 0:
        return
    n_y, n_x = image.shape
    flat = image.reshape(-1)
    column = np.clip(np.floor(x).astype(np.int32), 0, n_x - 2 * margin - 1)
    row = np.clip(np.floor(y).astype(np.int32), 0, n_y - 2 * margin - 1)
    centre = (row + margin) * n_x + column + margin
    half = np.float32(0.5)
    shift_x, shift_y = column + half - x, row + half - y
    radius_squared = radius * radius
    reach = int(np.ceil(radius.max()))
    for dy in range(-reach, reach + 1):
        rest = radius_squared - (shift_y + np.float32(dy)) ** 2
        for dx in range(-reach, reach + 1):
            inside = np.flatnonzero((shift_x + np.float32(dx)) ** 2 <= rest)
            flat[centre[inside] + (dy * n_x + dx)] = colour[inside]


def _shrunk(image: np.ndarray) -> np.ndarray:
    """Average blocks of 2 x 2 pixels of packed colours; returns uint8[n_y, n_x, 3]."""
    channels = np.ascontiguousarray(image).view(np.uint8).reshape(*image.shape, 4)
    total = np.zeros((image.shape[0] // 2, image.shape[1] // 2, 4), np.uint16)
    for first_row in (0, 1):
        for first_column in (0, 1):
            total += channels[first_row::2, first_column::2]
    return (total >> 2).astype(np.uint8)[:, :, :3]


def _packed(colours: np.ndarray) -> np.ndarray:
    """Return uint32[n], red, green and blue of float[n, 3] in the order of the bytes in memory."""
    return _packed_bytes((colours * 255.0).round().astype(np.uint8))


def _packed_bytes(colours: np.ndarray) -> np.ndarray:
    """Return uint32[...], the same of uint8[..., 3]."""
    parts = np.full((*colours.shape[:-1], 4), 255, np.uint8)
    parts[..., :3] = colours
    return parts.view(np.uint32)[..., 0]
