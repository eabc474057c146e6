"""Figures of a sensitivity analysis, from its tables."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis import style

_ROW = 0.26
_WIDTH = 4.2


def save_morris(table: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw mean absolute effects with their intervals, one panel per outcome."""
    figure = _bars(table, (("mu_star", "mu_star_interval", style.BLUE, "mean absolute effect"),))
    style.set_title(figure, "Morris screening", name)
    return style.save(figure, path)


def save_sobol(table: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw first-order and total indices with their intervals, one panel per outcome."""
    figure = _bars(
        table,
        (
            ("total", "total_interval", style.SKY, "total"),
            ("first", "first_interval", style.BLUE, "first order"),
        ),
    )
    style.set_title(figure, "Sobol indices", name)
    return style.save(figure, path)


def _bars(table: pd.DataFrame, parts: tuple[tuple[str, str, str, str], ...]) -> Figure:
    """Draw horizontal bars: (column, interval, colour, label), largest on top."""
    outcomes = list(dict.fromkeys(table["outcome"]))
    n_rows = int(table.groupby("outcome").size().max())
    figure = style.new_figure(_WIDTH * len(outcomes) + 1.0, 1.3 + _ROW * n_rows * len(parts))
    axes = np.atleast_1d(figure.subplots(1, len(outcomes)))
    height = 0.8 / len(parts)
    for panel, outcome in zip(axes, outcomes, strict=True):
        rows = table[table["outcome"] == outcome].sort_values(parts[0][0])
        places = np.arange(len(rows))
        for i, (column, interval, colour, label) in enumerate(parts):
            panel.barh(
                places + (i - 0.5 * (len(parts) - 1)) * height, rows[column], height,
                xerr=rows[interval], color=colour, ecolor=style.BLACK, label=label,
                error_kw={"linewidth": 0.8},
            )  # fmt: skip
        names = [str(one).removeprefix("parameters.") for one in rows["parameter"]]
        panel.set_yticks(places, names)
        panel.set_xlabel(f"{parts[0][3] if len(parts) == 1 else 'index'}: {outcome}")
        panel.set_xlim(left=0.0)
        style.tidy(panel)
    if len(parts) > 1:
        axes[0].legend(frameon=False, fontsize=8, loc="lower right")
    return figure
