"""One look for all pictures: colours that colour-blind readers can tell apart, sizes, time axes.

Colours are those of Okabe and Ito (2008), "Color Universal Design"; maps are viridis and cividis.
Figures are made without pyplot, so that nothing global is changed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from abm.units import HOURS_PER_DAY

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
WINE = "#882255"
"""Of the muted colours of Tol (2021), for a ninth thing."""
GREY = "#9A9A9A"
PALE = "#E4E4E4"

FIELD_MAP = "cividis"
CELL_MAP = "viridis"
DOTS_PER_INCH = 150

_UNDATED: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
"""Without a date the same figure is the same file."""
_DAYS_FROM_H = 96.0
"""Longer runs are drawn in days."""
_FONT_SIZE = 9.0
_TITLE_SIZE = 10.5
_WIDEST_LABEL = 100
LOWEST_COUNT = 0.7
"""Lower end of a log axis of counts: one cell is visible, none falls on the edge."""
_BELOW_LEAST = 0.7
_SHORT_AXIS = 30.0
_SMALL_SHARE = 0.05
"""Shares that never reach this are drawn on a log axis."""
_OUT_OF_SIGHT = 1e-3
"""Times the lower end of a log axis: not on it."""
_LONE_DOT = 4.0
_LEAST_BELOW = 0.2
"""Part of the time axis from which a time below the axis is named."""
_PADDING = 0.08
"""Space above and below what is drawn [inch]."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure [inch] with a canvas of its own."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=_PADDING))
    attach_canvas(figure)
    return figure


def attach_canvas(figure: Figure) -> FigureCanvasAgg:
    """Give the figure a canvas that draws pixels without any display, and return it."""
    return FigureCanvasAgg(figure)


def save(figure: Figure, path: Path, dots_per_inch: float = DOTS_PER_INCH) -> Path:
    """Write the figure in the format of the suffix (.png, .pdf, .svg) and return the path.

    Letters stay letters: PDF embeds their TrueType outlines, SVG names the font.
    """
    with matplotlib.rc_context(
        {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "asnsim"}
    ):
        figure.savefig(
            path, dpi=dots_per_inch, facecolor="white", metadata=_UNDATED.get(path.suffix)
        )
    return path


def tidy(axes: Axes, *, has_grid: bool = True) -> None:
    """Give axes the common look."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=_FONT_SIZE)
    axes.xaxis.label.set_fontsize(_FONT_SIZE + 0.5)
    axes.yaxis.label.set_fontsize(_FONT_SIZE + 0.5)
    if has_grid:
        axes.grid(True, color=PALE, linewidth=0.6)
        axes.set_axisbelow(True)


def set_title(figure: Figure, what: str, title: str) -> None:
    """Write what is shown and, behind it, scenario and seed."""
    figure.suptitle(f"{what}  |  {title}" if title else what, fontsize=_TITLE_SIZE)


def legend_right(axes: Axes, shift: float = 0.0, **options: Any) -> Any:
    """Put the legend outside, right of the axes, where it can cover no data.

    ``shift`` leaves room for words between them, as a part of the width of the axes.
    """
    return axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01 + shift, 1.0),
        frameon=False,
        fontsize=_FONT_SIZE,
        borderaxespad=0.0,
        alignment="left",
        title_fontsize=_FONT_SIZE,
        **options,
    )


class TimeAxis:
    """Time in hours or, for longer runs, days."""

    def __init__(self, time_h: np.ndarray) -> None:
        self.end_h = float(time_h[-1]) if len(time_h) else 0.0
        is_long = self.end_h > _DAYS_FROM_H
        self._divisor = HOURS_PER_DAY if is_long else 1.0
        self.unit = "d" if is_long else "h"
        self.label = f"Time ({self.unit})"

    def __call__(self, time_h: Any) -> Any:
        """Convert hours to the unit of the axis."""
        return np.asarray(time_h) / self._divisor

    def text(self, time_h: float) -> str:
        """Return a time as text, such as "day 29.0" or "12 h"."""
        return f"day {time_h / self._divisor:.1f}" if self.unit == "d" else f"{time_h:.0f} h"

    def apply(self, axes: Axes, *, has_label: bool = True) -> None:
        """Set limits and label of a time axis."""
        end = float(self(self.end_h))
        axes.set_xlim(0.0, end if end > 0.0 else 1.0)
        if has_label:
            axes.set_xlabel(self.label)


def mark_doses(
    axes: Axes,
    time: TimeAxis,
    doses: Sequence[tuple[float, str]],
    *,
    has_marks: bool = True,
    has_labels: bool = False,
) -> None:
    """Mark doses by faint lines, by triangles on the upper edge, and name them over the axes."""
    shown = [(t, label) for t, label in doses if 0.0 <= t <= time.end_h]
    if not shown:
        return
    for time_h, _ in shown:
        axes.axvline(
            float(time(time_h)), color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1
        )
    if has_marks:
        axes.plot(
            time([t for t, _ in shown]),
            np.ones(len(shown)),
            linestyle="none",
            marker="v",
            markersize=6,
            color=BLACK,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            zorder=6,
        )
    if has_labels:
        _label_doses(axes, shown)


def dose_text(doses: Sequence[tuple[float, str]]) -> str:
    """Return doses in words: product and amount, and how many there are."""
    names = list(dict.fromkeys(label for _, label in doses))
    text = "; ".join(names)
    if len(text) > _WIDEST_LABEL:
        text = f"{len(doses)} doses of {len(names)} kinds"
    elif len(doses) > len(names):
        text = f"{text} ({len(doses)} doses)"
    return text


def _label_doses(axes: Axes, doses: Sequence[tuple[float, str]]) -> None:
    axes.text(
        0.0,
        1.035,
        f"\N{BLACK DOWN-POINTING TRIANGLE} {dose_text(doses)}",
        transform=axes.transAxes,
        fontsize=_FONT_SIZE - 0.5,
        color="#333333",
        ha="left",
        va="bottom",
    )


def floor_positive(values: np.ndarray, floor: float) -> np.ndarray:
    """Return values for a log axis that ends at ``floor``; NaN stays NaN.

    What lies below, zero included, stays below the axis: a line leaves the panel where its values
    do, and no line along the edge stands for values that were not there.
    """
    return np.where(np.isnan(values), np.nan, np.maximum(values, _OUT_OF_SIGHT * floor))


def draw_line(axes: Axes, x: np.ndarray, values: np.ndarray, floor: float, **options: Any) -> None:
    """Draw a line on axes that end at ``floor``; a value between two gaps is a dot.

    ``x`` is in units of the axis, NaN in ``values`` is a gap, ``options`` are those of a line.
    """
    axes.plot(x, floor_positive(values, floor), **options)
    around = np.pad(np.isnan(values), 1, constant_values=True)
    is_alone = around[:-2] & around[2:] & (values >= floor)
    if is_alone.any():
        axes.plot(x[is_alone], values[is_alone], "o", color=options.get("color", BLACK),
                  markersize=_LONE_DOT, clip_on=False, zorder=5)  # fmt: skip


def mark_below(axes: Axes, x: np.ndarray, values: np.ndarray, floor: float, colour: str) -> None:
    """Write "below ..." at the lower edge of a log axis, along the longest time below ``floor``."""
    edges = np.flatnonzero(np.diff(np.pad((values < floor).astype(int), 1)))
    first, last = x[edges[::2]], x[edges[1::2] - 1]
    stretches = zip(first.tolist(), last.tolist(), strict=True)
    start, end = max(stretches, key=lambda one: one[1] - one[0], default=(0.0, 0.0))
    if end - start > _LEAST_BELOW * float(np.nanmax(x)):
        axes.text((start + end) / 2.0, 0.03, f"below {floor:g}", fontsize=_FONT_SIZE - 1.5,
                  color=colour, ha="center", va="bottom",
                  transform=axes.get_xaxis_transform())  # fmt: skip


def count_floor(*columns: np.ndarray) -> float:
    """Return where a log axis of counts begins: a little below the least, at the least below one.

    A column that holds zeros leaves such an axis, so that it begins below one cell.
    """
    least = min((float(np.nanmin(one)) for one in columns if one.size), default=0.0)
    return max(LOWEST_COUNT, _BELOW_LEAST * least)


def label_counts(axes: Axes) -> None:
    """Write numbers in full on a log axis of counts that spans little more than a decade."""
    low, high = axes.get_ylim()
    if high < _SHORT_AXIS * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def set_share_axis(axes: Axes, *shares: np.ndarray) -> float | None:
    """Set an axis of shares: 0 to 1, or logarithmic where all stay far below 1.

    Returns the lower end of a log axis, None of a linear one.
    """
    positive = np.concatenate([one[one > 0.0] for one in shares])
    if positive.size == 0 or positive.max() >= _SMALL_SHARE:
        axes.set_ylim(0.0, 1.02)
        return None
    floor = float(10.0 ** np.floor(np.log10(_BELOW_LEAST * positive.min())))
    axes.set_yscale("log")
    axes.set_ylim(floor, 10.0 ** np.ceil(np.log10(positive.max() / _BELOW_LEAST)))
    return floor
