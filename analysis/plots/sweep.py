"""Figure of a sweep: outcomes against the values that were varied."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis import style
from analysis.colours import series

MOST_OUTCOMES, MOST_VARIED = 4, 3
NOT_GIVEN = "-"
"""In place of a varied value that an arm has not."""
_NUMBER = re.compile(r"^\s*([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)\s*(.*)$")
_LOG_FROM = 50.0
"""An axis whose positive values span this factor is logarithmic."""
_PANEL_WIDTH, _PANEL_HEIGHT, _LEGEND = 2.5, 1.75, 1.4
_LONGEST_LABEL = 26
_MOST_TICKS = 4


def sweep_figure(
    summary: pd.DataFrame,
    varied: Sequence[str],
    outcomes: Sequence[str],
    titles: Mapping[str, str] | None = None,
) -> Figure:
    """Draw a row for each outcome and a column for each varied value; a dot is a point and arm.

    ``summary`` has one row per run: the columns ``point``, ``arm``, those of ``varied`` (numbers,
    or text such as "0.5 1/d") and of ``outcomes``. Dots are means over replicates, bars run from
    the least to the greatest. An arm without a varied value ("-") is a line across. ``titles`` are
    words in place of the names of outcomes.
    """
    titles = titles or {}
    figure = style.new_figure(
        _PANEL_WIDTH * len(varied) + _LEGEND, _PANEL_HEIGHT * len(outcomes) + 0.5
    )
    grid = figure.subplots(len(outcomes), len(varied), squeeze=False, sharey="row", sharex="col")
    colours = series(list(dict.fromkeys(summary["arm"])))
    for row, outcome in zip(grid, outcomes, strict=True):
        for axes, path in zip(row, varied, strict=True):
            for number, (arm, colour) in enumerate(colours.items()):
                shift = number - 0.5 * (len(colours) - 1)
                _draw(axes, summary[summary["arm"] == arm], path, outcome, colour, arm, shift)
            style.tidy(axes)
        row[0].set_ylabel(_folded(titles.get(outcome, outcome)))
        values = summary[outcome].to_numpy(float)
        positive = values[values > 0.0]
        if positive.size == values.size and positive.max() >= _LOG_FROM * positive.min():
            row[0].set_yscale("log")
    for axes, path in zip(grid[-1], varied, strict=True):
        _label(axes, summary.loc[summary[path] != NOT_GIVEN, path], path)
    if len(colours) > 1:
        style.legend_right(grid[0][-1], title="arm")
    style.set_title(figure, "Outcomes by varied value", "mean, least to greatest")
    return figure


def numbers_of(values: pd.Series) -> tuple[np.ndarray, str] | None:
    """Return numbers and their one unit of values such as "0.5 1/d"; None where they have none."""
    found = [_NUMBER.match(str(value)) for value in values]
    if not all(found):
        return None
    units = {one[2] for one in found if one}
    if len(units) != 1:
        return None
    return np.array([float(one[1]) for one in found if one]), units.pop()


def _draw(
    axes: Axes,
    runs: pd.DataFrame,
    path: str,
    outcome: str,
    colour: str,
    arm: str,
    shift: float,
) -> None:
    if (runs[path] == NOT_GIVEN).all():
        for place, mean in enumerate(runs.groupby("point")[outcome].mean()):
            axes.axhline(mean, color=colour, linewidth=1.4, linestyle=(0, (5, 2)),
                         label=None if place else arm)  # fmt: skip
        return
    known = numbers_of(runs[path])
    if known is None:
        order = list(dict.fromkeys(runs[path].astype(str)))
        places = np.array([order.index(str(value)) for value in runs[path]]) + 0.12 * shift
    else:
        places = known[0]
    table = pd.DataFrame(
        {"x": places, "y": runs[outcome].to_numpy(float), "point": runs["point"].to_numpy()}
    )
    by_point = table.groupby("point").agg(
        x=("x", "first"), mean=("y", "mean"), low=("y", "min"), high=("y", "max")
    )
    axes.vlines(by_point["x"], by_point["low"], by_point["high"], color=colour, alpha=0.5)
    axes.plot(
        by_point["x"], by_point["mean"], "o", color=colour, markersize=4.0, alpha=0.85, label=arm
    )


def _label(axes: Axes, values: pd.Series, path: str) -> None:
    known = numbers_of(values)
    if known is None:
        order = list(dict.fromkeys(values.astype(str)))
        axes.set_xticks(range(len(order)), [_folded(one) for one in order])
        axes.set_xlabel(_folded(path))
        return
    numbers, unit = known
    if (numbers > 0.0).all() and numbers.max() >= _LOG_FROM * numbers.min():
        axes.set_xscale("log")
    elif np.unique(numbers).size <= _MOST_TICKS:
        axes.set_xticks(np.unique(numbers))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(_MOST_TICKS))
    axes.set_xlabel(f"{_folded(path)}\n({unit})" if unit else _folded(path))


def _folded(text: str) -> str:
    """Return a long name in lines, parted at dots, underscores and spaces."""
    lines = [""]
    for part in re.findall(r"[^._ ]*[._ ]?", text):
        if len(lines[-1]) + len(part) > _LONGEST_LABEL:
            lines.append("")
        lines[-1] += part
    return "\n".join(line for line in lines if line)
