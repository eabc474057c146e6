"""Figures in the widths of a journal: one column or two, with text of 6 to 8 points."""

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

WIDTHS_MM = {"one-column": 89.0, "two-column": 183.0}
"""Widths of a figure by name, those of Nature and of most journals."""
DOTS_PER_INCH = 600
"""Of pixels in print, where the format is PNG or a vector file holds a picture."""

_MM_PER_INCH, _POINTS_PER_INCH = 25.4, 72.0
_LARGEST_TEXT, _SMALLEST_TEXT, _NARROW_TEXT = 8.0, 6.0, 0.78
"""Points; in one column text shrinks by the third number."""
_TICKS = 9.0
_THINNEST = 0.55
"""Least factor on the width of lines."""
_NARROW_INCH = 5.0
"""Narrower figures have legends above their panels, and titles in several lines."""
_TALLEST_INCH = 8.8
"""Journals print up to 225 mm."""
_NARROW_SQUEEZE = 0.72
_ROOM_OF_MAPS = 1.2
"""Maps keep their shape; their titles do not shrink with them."""
_LETTER = 0.56
"""Mean width of a letter over the size of the font, with a margin."""
_LEGEND_COLUMNS, _LEGEND_LINE = 2, 1.35
_DOSE_MARK = "v"
_BESIDE_LEGEND_INCH = 0.75
"""Of a narrow figure: the labels and ticks left of the panels, and the edge."""
_TIGHT: dict[str, Any] = {
    "frameon": False, "borderaxespad": 0.0, "borderpad": 0.1, "labelspacing": 0.25,
    "handlelength": 1.6, "handletextpad": 0.5, "columnspacing": 1.2, "alignment": "left",
}  # fmt: skip


def fit(figure: Figure, width: str) -> Figure:
    """Bring a figure in place to the width of ``one-column`` or ``two-column``; return it.

    Text, lines and marks shrink with it, text to no less than 6 points. In one column the legends
    beside panels move above them. Raises KeyError for another name.
    """
    inches = WIDTHS_MM[width] / _MM_PER_INCH
    old_width, old_height = figure.get_size_inches()
    ratio = inches / old_width
    is_narrow = inches < _NARROW_INCH
    height = old_height * (_NARROW_SQUEEZE if is_narrow else max(ratio, _NARROW_SQUEEZE))
    if any(axes.get_images() for axes in figure.axes):
        height = old_height * ratio * _ROOM_OF_MAPS
    lines = max(_THINNEST, min(ratio, 1.0))
    for text in figure.findobj(Text):
        size = float(text.get_fontsize()) * (_NARROW_TEXT if is_narrow else min(ratio, 1.0))
        text.set_fontsize(min(max(size, _SMALLEST_TEXT), _LARGEST_TEXT))
    for axes in figure.axes:
        size = min(
            max(_TICKS * (_NARROW_TEXT if is_narrow else ratio), _SMALLEST_TEXT), _LARGEST_TEXT
        )
        axes.tick_params(labelsize=size, which="both")
    for line in figure.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * lines)
        line.set_markersize(line.get_markersize() * lines)
    for one in figure.findobj(Collection):
        one.set_linewidth([float(width) * lines for width in np.atleast_1d(one.get_linewidth())])
    if is_narrow:
        height += sum(_legend_above(axes) for axes in figure.axes)
        _fold_legends(figure)
        _wrap_title(figure, inches)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.03, h_pad=0.04)
    figure.set_size_inches(inches, min(height, _TALLEST_INCH))
    return figure


def _legend_above(axes: Axes) -> float:
    """Move a legend from the right of its axes to above them; return the height it takes [inch]."""
    legend = axes.get_legend()
    if not isinstance(legend, Legend):
        return 0.0
    options, size, n_lines = _again(legend)
    above = [text for text in axes.texts if text.get_position()[1] > 1.0]
    titles = [axes.get_title(loc=loc) for loc in ("left", "center", "right")]
    room = (1.6 * size * (len(above) + any(titles)) + 3.0) / _POINTS_PER_INCH
    shift = ScaledTranslation(0.0, room, axes.figure.dpi_scale_trans)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, _top_of_marks(axes)),
        bbox_transform=axes.transAxes + shift,
        **options,
    )  # fmt: skip
    return n_lines * _LEGEND_LINE * size / _POINTS_PER_INCH


def _top_of_marks(axes: Axes) -> float:
    """Return where rows of marks above the axes end, as a part of their height."""
    rows = [
        float(np.max(line.get_xydata()[:, 1], initial=1.0))  # type: ignore[index]
        for line in axes.lines
        if line.get_transform() == axes.get_xaxis_transform() and line.get_marker() == _DOSE_MARK
    ]
    return max([1.0, *rows])


def _fold_legends(figure: Figure) -> None:
    """Give the legends of the whole figure two columns."""
    for legend in list(figure.legends):
        options, _, _ = _again(legend)
        legend.remove()
        figure.legend(loc="outside lower center", **options)


def _again(legend: Legend) -> tuple[dict[str, Any], float, int]:
    """Return what makes the same legend in two narrow columns, the size of text, and its lines."""
    texts = legend.get_texts()
    size = max((float(text.get_fontsize()) for text in texts), default=_SMALLEST_TEXT)
    labels = [text.get_text() for text in texts]
    n_columns = min(_columns_that_fit(legend, labels, size), len(labels))
    title = legend.get_title().get_text()
    options: dict[str, Any] = {
        "handles": legend.legend_handles, "labels": labels, "ncols": n_columns, "fontsize": size,
        "title": title or None, "title_fontsize": size, **_TIGHT,
    }  # fmt: skip
    n_rows = -(-len(labels) // max(n_columns, 1))
    rows = [labels[start::n_rows] for start in range(n_rows)]
    n_lines = sum(1 + max(label.count("\n") for label in row) for row in rows)
    return options, size, n_lines + bool(title)


def _columns_that_fit(legend: Legend, labels: list[str], size: float) -> int:
    """Return how many columns of a legend, by the width of its words, one column of text holds."""
    renderer = FigureCanvasAgg(legend.get_figure(root=True)).get_renderer()
    font = FontProperties(size=size)
    per_inch = renderer.points_to_pixels(_POINTS_PER_INCH)
    widths = [
        max(renderer.get_text_width_height_descent(line, font, False)[0] for line in lines)
        / per_inch
        for lines in (label.split("\n") for label in labels)
    ]
    em = size / _POINTS_PER_INCH
    handle, gap = (
        (_TIGHT["handlelength"] + _TIGHT["handletextpad"]) * em,
        _TIGHT["columnspacing"] * em,
    )
    room = WIDTHS_MM["one-column"] / _MM_PER_INCH
    if legend.axes is not None:
        room -= _BESIDE_LEGEND_INCH
    for n_columns in range(_LEGEND_COLUMNS, 1, -1):
        n_rows = -(-len(labels) // n_columns)
        widest = [max(widths[start : start + n_rows]) for start in range(0, len(labels), n_rows)]
        if sum(widest) + len(widest) * (handle + gap) - gap <= room:
            return n_columns
    return 1


def _wrap_title(figure: Figure, inches: float) -> None:
    title = figure.get_suptitle()
    text = next((one for one in figure.texts if one.get_text() == title), None)
    if text is None or not title:
        return
    letters = int(inches * _POINTS_PER_INCH / (_LETTER * float(text.get_fontsize())))
    text.set_text("\n".join(textwrap.fill(line, letters) for line in title.split("\n")))
