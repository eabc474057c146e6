"""Numbers of cells, asparagine and activity over time in one figure, for one run or several."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from abm.record import layout
from analysis import style
from analysis.clones import bands
from analysis.plots.common import broken, has_values, is_replicated

_ARM_COLOURS = (style.BLUE, style.VERMILION, style.GREEN, style.PURPLE)
_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), "-.")
_BAND = (0.05, 0.95)
_LEAST_DECADES = 1.0
"""A quantity that spans less than this is drawn on a linear axis."""
_TRIANGLES = (1.05, 1.14, 1.23, 1.32)
"""Heights of the marks of the doses of each arm, over the uppermost panel."""
_FONT = 9.0
_ACTIVITY = "asparaginase_IU_per_mL"


class _Panel(NamedTuple):
    label: str
    columns: tuple[tuple[str, str, float], ...]
    """Column, what the legend calls it, width of its line."""
    floor: float
    """Smallest value that a logarithmic axis shows."""
    reference: tuple[float, str] | None = None


_PANELS = (
    _Panel("Cells", (("n_cells", "tumour", 1.9), ("n_resistant", "resistant", 0.9)), 0.7),
    _Panel("Asparagine\n(uM)", (("asn_uM", "", 1.7),), 1e-4, (0.5, "0.5 uM\n(depleted)")),
    _Panel("Asparaginase\n(IU/mL)", ((_ACTIVITY, "", 1.7),), 1e-4, (0.1, "0.1 IU/mL")),
)


def overview_figure(
    arms: Mapping[str, pd.DataFrame],
    doses: Mapping[str, list[tuple[float, str]]],
    *,
    parted_h: float | None = None,
    jumps: Mapping[str, list[float]] | None = None,
    width: float = 8.0,
) -> Figure | None:
    """Draw timeseries tables by name of the arm, over one axis of time.

    ``doses`` are times [h] and labels by arm; ``parted_h`` marks where a second arm left the
    first; ``jumps`` are the times [h] by arm after which the activity jumps, without it those of
    all doses; ``width`` in inches. Replicates are drawn as mean and 5 to 95 %. None before there
    are two times.
    """
    arms = {name: table for name, table in arms.items() if table[layout.TIME].nunique() > 1}
    panels = [
        panel
        for panel in _PANELS
        if any(
            has_values(table, column) and table[column].to_numpy().any()
            for table in arms.values()
            for column, _, _ in panel.columns
        )
    ]
    if not panels:
        return None
    end = max(float(table[layout.TIME].iloc[-1]) for table in arms.values())
    time = style.TimeAxis(np.array([0.0, end]))
    figure = style.new_figure(width, 0.9 + 1.35 * len(panels))
    grid = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    for axes, panel in zip(grid, panels, strict=True):
        for number, (name, table) in enumerate(arms.items()):
            breaks = [hour for hour, _ in doses.get(name, [])] if jumps is None else jumps[name]
            _draw(axes, time, table, panel, number, name if len(arms) > 1 else "", breaks)
        _scale(axes, panel, list(arms.values()))
        axes.set_ylabel(panel.label)
        style.tidy(axes)
        if parted_h:
            axes.axvline(float(time(parted_h)), color=style.BLACK, linewidth=1.0, linestyle=":")
    for number, name in enumerate(arms):
        _mark_doses(grid, time, doses.get(name, []), number, has_colour=len(arms) > 1)
    time.apply(grid[-1])
    figure.align_ylabels(grid)
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=2 if width < 6.0 else 4, frameon=False,
        fontsize=_FONT,
    )  # fmt: skip
    return figure


def _draw(
    axes: Axes,
    time: style.TimeAxis,
    table: pd.DataFrame,
    panel: _Panel,
    number: int,
    name: str,
    jumps: Sequence[float],
) -> None:
    colour, dash = _ARM_COLOURS[number % 4], _DASHES[number % 4]
    for column, text, width in panel.columns:
        if not has_values(table, column) or not table[column].to_numpy().any():
            continue
        label = ", ".join(part for part in (name, text) if part)
        if is_replicated(table):
            frame = bands(table, column, _BAND)
            x = time(frame.index.to_numpy(float))
            low, high = (style.floor_positive(frame[q].to_numpy(float), panel.floor) for q in _BAND)
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
            values = frame["mean"].to_numpy(float)
        else:
            hours, values = (table[one].to_numpy(float) for one in (layout.TIME, column))
            hours, values = broken(hours, values, jumps if column == _ACTIVITY else ())
            x = time(hours)
        style.draw_line(axes, x, values, panel.floor, color=colour, linestyle=dash,
                        linewidth=width, label=label)  # fmt: skip


def _scale(axes: Axes, panel: _Panel, tables: list[pd.DataFrame]) -> None:
    columns = [t[c].to_numpy(float) for t in tables for c, _, _ in panel.columns if c in t]
    values = np.concatenate([column for column in columns if column.any()])
    values = values[np.isfinite(values)]
    high, low = float(values.max()), max(float(values.min()), panel.floor)
    if high > low * 10.0**_LEAST_DECADES:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(0.7 * low, 1.6 * high)
    else:
        axes.set_ylim(0.0, 1.12 * high)
        return
    if panel.reference is not None:
        value, text = panel.reference
        bottom, top = axes.get_ylim()
        if bottom < value < top:
            axes.axhline(value, color=style.GREY, linewidth=0.9, linestyle=":")
            axes.annotate(
                text, (1.01, value), xycoords=axes.get_yaxis_transform(), fontsize=8,
                color="#555555", ha="left", va="center", annotation_clip=False,
            )  # fmt: skip


def _mark_doses(
    grid: np.ndarray,
    time: style.TimeAxis,
    doses: list[tuple[float, str]],
    number: int,
    *,
    has_colour: bool,
) -> None:
    given = [hour for hour, _ in doses if 0.0 <= hour <= time.end_h]
    if not given:
        return
    colour = _ARM_COLOURS[number % 4] if has_colour else style.BLACK
    for axes in grid:
        for hour in given:
            axes.axvline(float(time(hour)), color=colour, linewidth=0.7, alpha=0.5,
                         linestyle=(0, (2, 2)), zorder=1)  # fmt: skip
    grid[0].plot(
        time(given), np.full(len(given), _TRIANGLES[number % 4]), linestyle="none", marker="v",
        markersize=5.5, color=colour, transform=grid[0].get_xaxis_transform(), clip_on=False,
        label="dose" if not has_colour else "_dose",
    )  # fmt: skip
