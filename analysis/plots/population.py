"""Number of cells over time, and how many of them are resistant."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record.reader import RunReader
from analysis import colours, style
from analysis.clones import bands, resistant_share
from analysis.plots.common import doses_of, is_replicated, run_title, time_axis

_BAND = (0.05, 0.25, 0.75, 0.95)
_LINES = (
    ("n_cells", "tumour cells", colours.TUMOUR, "-"),
    ("n_resistant", "resistant", colours.RESISTANT, "-"),
    ("n_stroma", "stroma", colours.STROMA, "--"),
    ("n_normal", "normal", colours.NORMAL, "--"),
)


def population_figure(run: RunReader) -> Figure | None:
    """Draw tumour cells and resistant cells (log axis), doses, and the resistant share below.

    None for a run that never had a tumour cell.
    """
    table = run.timeseries
    if not table["n_cells"].any():
        return None
    time = time_axis(table)
    has_resistant = bool(table["n_resistant"].any())
    figure = style.new_figure(8.0, 5.2 if has_resistant else 4.0)
    if has_resistant:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.6, 1.0])
        _draw_share(lower, time, table)
        style.mark_doses(lower, time, doses_of(run), has_marks=False)
    else:
        upper = lower = figure.subplots()
    if is_replicated(table):
        _draw_bands(upper, time, table, "n_cells", colours.TUMOUR, "tumour cells",
                    style.LOWEST_COUNT)  # fmt: skip
        if has_resistant:
            _draw_bands(upper, time, table, "n_resistant", colours.RESISTANT, "resistant",
                        style.LOWEST_COUNT)  # fmt: skip
        upper.set_yscale("log")
        drawn = ["n_cells", "n_resistant"] if has_resistant else ["n_cells"]
        upper.set_ylim(bottom=style.count_floor(*_low_ends(table, drawn)))
    else:
        draw_counts(upper, time, table)
    style.label_counts(upper)
    upper.set_ylabel("Cells")
    style.tidy(upper)
    time.apply(lower)
    style.mark_doses(upper, time, doses_of(run), has_labels=True)
    style.legend_right(upper)
    style.set_title(figure, "Population", run_title(run))
    return figure


def draw_counts(axes: Axes, time: style.TimeAxis, table: pd.DataFrame) -> None:
    """Draw the counts of one run on a log axis that begins a little below the least of them."""
    for column, label, colour, dash in drawn_lines(table):
        counts = style.floor_positive(table[column].to_numpy(float), style.LOWEST_COUNT)
        axes.plot(time(table["time_h"]), counts, dash, color=colour, linewidth=1.8, label=label)
    axes.set_yscale("log")
    axes.set_ylim(bottom=lowest_count(table))


def drawn_lines(table: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Return column, label, colour and dashes of the counts that a run has."""
    return [one for one in _LINES
            if one[0] in table and (one[0] == "n_cells" or table[one[0]].any())]  # fmt: skip


def lowest_count(table: pd.DataFrame) -> float:
    """Return where the log axis of the counts of a run begins."""
    return style.count_floor(*(table[one[0]].to_numpy(float) for one in drawn_lines(table)))


def _draw_share(axes: Axes, time: style.TimeAxis, table: pd.DataFrame) -> None:
    shares = table.assign(share=resistant_share(table))
    if is_replicated(table):
        _draw_bands(axes, time, shares, "share", colours.RESISTANT, "resistant", 0.0)
        axes.set_ylim(0.0, 1.02)
    else:
        x, share = time(shares["time_h"]), shares["share"].to_numpy(float)
        floor = style.set_share_axis(axes, share)
        if floor is None:
            axes.fill_between(x, share, color=colours.RESISTANT, alpha=0.25, linewidth=0)
            axes.plot(x, share, color=colours.RESISTANT)
        else:
            style.draw_line(axes, x, share, floor, color=colours.RESISTANT)
    axes.set_ylabel("Resistant share")
    style.tidy(axes)


def _low_ends(table: pd.DataFrame, columns: list[str]) -> list[np.ndarray]:
    """Return the lower ends of the bands of replicates."""
    return [bands(table, column, _BAND)[_BAND[0]].to_numpy(float) for column in columns]


def _draw_bands(
    axes: Axes,
    time: style.TimeAxis,
    table: pd.DataFrame,
    column: str,
    colour: str,
    label: str,
    floor: float,
) -> None:
    frame = bands(table, column, _BAND)
    x = time(frame.index.to_numpy(float))
    low, lower, upper, high = (style.floor_positive(frame[q].to_numpy(), floor) for q in _BAND)
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, label="5-95 %")
    axes.fill_between(x, lower, upper, color=colour, alpha=0.30, linewidth=0, label="25-75 %")
    mean = style.floor_positive(frame["mean"].to_numpy(), floor)
    axes.plot(x, mean, color=colour, linewidth=1.8, label=f"{label}, mean")
