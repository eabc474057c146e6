"""Scale bars of maps: a length in round numbers, drawn by matplotlib or into pixels."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from analysis import style

_LARGEST_SHARE = 0.3
"""Longest bar over the width of the map."""
_STEPS = (5.0, 2.0, 1.0)
_UM_PER_MM = 1000.0
_RIGHT, _LOWER = 0.95, 0.05
"""Where the bar ends, as a share of the map."""


def bar_length(width_um: float) -> float:
    """Return 1, 2 or 5 times a power of ten [um], at most 0.3 of the width of a map."""
    longest = _LARGEST_SHARE * width_um
    power = 10.0 ** math.floor(math.log10(longest))
    return next(step * power for step in _STEPS if step * power <= longest)


def bar_text(length_um: float) -> str:
    """Return the length with its unit."""
    if length_um >= _UM_PER_MM:
        return f"{length_um / _UM_PER_MM:g} mm"
    return f"{length_um:g} um"


def draw_scale_bar(axes: Axes, width_um: float, fontsize: float = 8.0) -> list[Any]:
    """Draw a bar with its length into the lower right corner of a map and return the artists."""
    length = bar_length(width_um)
    edge = [withStroke(linewidth=3.0, foreground="white")]
    (bar,) = axes.plot(
        [_RIGHT - length / width_um, _RIGHT], [_LOWER, _LOWER], color=style.BLACK, linewidth=2.5,
        solid_capstyle="butt", transform=axes.transAxes, zorder=8,
        path_effects=[withStroke(linewidth=4.5, foreground="white")],
    )  # fmt: skip
    text = axes.text(
        _RIGHT, _LOWER + 0.02, bar_text(length), ha="right", va="bottom",
        fontsize=fontsize, transform=axes.transAxes, zorder=9, path_effects=edge,
    )  # fmt: skip
    return [bar, text]


class PixelBar:
    """A scale bar for pictures that are filled by pixel: drawn once, laid over each of them.

    shape    : rows and columns of the picture
    width_um : what the picture shows from left to right
    """

    def __init__(self, shape: tuple[int, int], width_um: float, dots_per_inch: int) -> None:
        n_y, n_x = shape
        figure = Figure(figsize=(n_x / dots_per_inch, n_y / dots_per_inch), dpi=dots_per_inch)
        canvas = style.attach_canvas(figure)
        figure.patch.set_alpha(0.0)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.axis("off")
        draw_scale_bar(axes, width_um, fontsize=10.0)
        canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba())[::-1].astype(np.float32)
        opacity = drawn[:, :, 3] / 255.0
        self._rows, self._columns = np.nonzero(opacity)
        self._opacity = opacity[self._rows, self._columns][:, None]
        self._colour = drawn[self._rows, self._columns, :3]

    def lay_over(self, image: np.ndarray) -> None:
        """Draw the bar into ``image``, uint8[n_y, n_x, 3] with row 0 at the lower edge."""
        below = image[self._rows, self._columns]
        mixed = self._opacity * self._colour + (1.0 - self._opacity) * below
        image[self._rows, self._columns] = mixed.round().astype(np.uint8)
