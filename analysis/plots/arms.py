"""Several runs in one figure, such as arms that branch from one past."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record.reader import RunReader
from analysis import colours, publication, style
from analysis.clones import resistant_share
from analysis.plots.common import has_values, is_replicated, run_title, time_axis

_LOWEST_COUNT = 0.7
_LOWEST_CONCENTRATION = 1e-3
_PANELS = (
    ("n_cells", "Tumour cells", _LOWEST_COUNT),
    ("share", "Resistant share", None),
    ("asn_uM", "Asn [uM]", _LOWEST_CONCENTRATION),
)
"""Column, label, lowest value on a log axis; None: a linear axis from 0 to 1."""


def arms_figure(runs: Sequence[RunReader]) -> Figure:
    """Draw tumour cells, their resistant share and Asn of every run over time.

    A dotted line marks where the runs part: the latest time at which a branch began. Replicates
    are drawn as their mean.
    """
    tables = [_means(run) for run in runs]
    longest = max(tables, key=lambda table: float(table["time_h"].iloc[-1]))
    time = time_axis(longest)
    panels = [one for one in _PANELS if any(has_values(table, one[0]) for table in tables)]
    figure = style.new_figure(8.0, 1.2 + 2.1 * len(panels))
    axes = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    parted = max((part["until_h"] for run in runs for part in run.info.get("past", [])), default=0)
    for panel, (column, label, lowest) in zip(axes, panels, strict=True):
        for i, (run, table) in enumerate(zip(runs, tables, strict=True)):
            if not has_values(table, column):
                continue
            values = table[column].to_numpy(float)
            if lowest is not None:
                values = style.floor_positive(values, lowest)
            panel.plot(time(table["time_h"]), values, color=colours.SERIES[i % len(colours.SERIES)],
                       linewidth=1.6, label=run.folder.name)  # fmt: skip
        _finish(panel, label, lowest)
        if parted:
            panel.axvline(float(time(parted)), color=style.GREY, linewidth=1.0, linestyle=":")
    style.legend_right(axes[0])
    time.apply(axes[-1])
    style.set_title(figure, "Arms", run_title(runs[0]))
    return figure


def plot_arms(
    folders: Sequence[Path], out: Path, format_: str = "png", width: str | None = None
) -> list[Path]:
    """Draw the runs ``folders`` into ``out``/arms.png, or another format; return the file."""
    runs = [RunReader(folder) for folder in folders]
    figure = arms_figure(runs)
    out.mkdir(parents=True, exist_ok=True)
    if width is not None:
        publication.fit(figure, width)
    return [style.save(figure, out / f"arms.{format_}")]


def _means(run: RunReader) -> pd.DataFrame:
    table = run.timeseries.assign(share=resistant_share(run.timeseries))
    if is_replicated(table):
        return table.groupby("time_h", as_index=False).mean()
    return table


def _finish(axes: Axes, label: str, lowest: float | None) -> None:
    if lowest is None:
        axes.set_ylim(0.0, 1.02)
    else:
        axes.set_yscale("log")
        axes.set_ylim(bottom=lowest)
    axes.set_ylabel(label)
    style.tidy(axes)
