"""Several runs in one figure, such as arms that branch from one past."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from abm.record.reader import RunReader
from analysis import colours, publication, style
from analysis.clones import resistant_share
from analysis.plots.common import doses_of, has_values, is_replicated, run_title, time_axis

_LEAST_ASN = 1e-3
_DEPLETED = 0.5
_PANELS = (
    ("n_cells", "Tumour cells"),
    ("share", "Resistant share"),
    ("asn_uM", "Asparagine\n(uM)"),
)
_WIDTH, _WIDER = 1.5, 0.9
"""Width of the last line, and what each one before it is wider: it shows below equal ones."""
_FIRST_MARK, _MARK_STEP = 1.0, 0.07
"""Height of the triangles over the uppermost panel, and the step from arm to arm."""


def arms_figure(runs: Sequence[RunReader]) -> Figure:
    """Draw tumour cells, their resistant share and Asn of every run over time.

    Triangles are doses: black where all runs have the same, else in the colour of the run, one row
    each. A dotted line marks where the runs part: the latest time at which a branch began.
    Replicates are drawn as their mean.
    """
    tables = [_means(run) for run in runs]
    longest = max(tables, key=lambda table: float(table["time_h"].iloc[-1]))
    time = time_axis(longest)
    panels = [one for one in _PANELS if any(_is_drawn(table, one[0]) for table in tables)]
    figure = style.new_figure(8.0, 1.2 + 2.1 * len(panels))
    axes = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    series = [colours.SERIES[i % len(colours.SERIES)] for i in range(len(runs))]
    parted = max((part["until_h"] for run in runs for part in run.info.get("past", [])), default=0)
    for panel, (column, label) in zip(axes, panels, strict=True):
        known = [has_values(table, column) for table in tables]
        values = [table[column].to_numpy(float) for table in tables if column in table]
        floor = _set_axis(panel, column, values)
        for place, (run, table) in enumerate(zip(runs, tables, strict=True)):
            if known[place]:
                shown = table[column].to_numpy(float)
                if floor is not None:
                    shown = style.floor_positive(shown, floor)
                width = _WIDTH + _WIDER * (len(runs) - 1 - place)
                panel.plot(time(table["time_h"]), shown, color=series[place], linewidth=width,
                           label=run.folder.name)  # fmt: skip
        panel.set_ylabel(label)
        style.tidy(panel)
        if parted:
            panel.axvline(float(time(parted)), color=style.BLACK, linewidth=1.0, linestyle=":")
    time.apply(axes[-1])
    handles = [*axes[0].get_legend_handles_labels()[0], *_mark_doses(axes, time, runs, series)]
    if parted:
        text = f"the runs part, {time.text(parted)}"
        handles.append(Line2D([], [], color=style.BLACK, linewidth=1.0, linestyle=":", label=text))
    style.legend_right(axes[0], handles=handles)
    figure.align_ylabels(axes)
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


def _is_drawn(table: pd.DataFrame, column: str) -> bool:
    return has_values(table, column) and (column != "share" or bool((table[column] > 0.0).any()))


def _set_axis(axes: Axes, column: str, values: Sequence[np.ndarray]) -> float | None:
    """Set the y axis; return where its values are cut, None of a linear axis."""
    if column == "share":
        return style.set_share_axis(axes, *values)
    axes.set_yscale("log")
    if column == "n_cells":
        lowest = style.count_floor(*values)
        axes.set_ylim(lowest, max(float(np.nanmax(one)) for one in values) * 1.5)
        style.label_counts(axes)
        return style.LOWEST_COUNT
    axes.axhline(_DEPLETED, color=style.GREY, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.annotate(f"{_DEPLETED:g} uM (depleted)", (1.01, _DEPLETED), fontsize=8, color="#555555",
                  xycoords=axes.get_yaxis_transform(), va="center")  # fmt: skip
    known = np.concatenate([one[~np.isnan(one)] for one in values])
    lowest = max(_LEAST_ASN, 0.5 * float(known.min(initial=_DEPLETED)))
    axes.set_ylim(lowest, 1.6 * float(known.max(initial=_DEPLETED)))
    return lowest


def _mark_doses(
    axes: np.ndarray, time: style.TimeAxis, runs: Sequence[RunReader], series: Sequence[str]
) -> list[Line2D]:
    """Mark the doses by lines, and by triangles over the first panel; return legend entries."""
    doses = [doses_of(run) for run in runs]
    if all(one == doses[0] for one in doses):
        for panel in axes:
            style.mark_doses(panel, time, doses[0], has_marks=panel is axes[0],
                             has_labels=panel is axes[0])  # fmt: skip
        return []
    handles = []
    for row, (run, own, colour) in enumerate(zip(runs, doses, series, strict=True)):
        for panel in axes:
            style.mark_doses(panel, time, own, has_marks=False)
        shown = [time_h for time_h, _ in own if 0.0 <= time_h <= time.end_h]
        if shown:
            heights = np.full(len(shown), _FIRST_MARK + row * _MARK_STEP)
            axes[0].plot(time(shown), heights, "v", color=colour, markersize=6, clip_on=False,
                         zorder=6, transform=axes[0].get_xaxis_transform())  # fmt: skip
        text = f"{run.folder.name}:\n{style.dose_text(own) if shown else 'no dose'}"
        handles.append(Line2D([], [], color=colour, linestyle="none",
                              marker="v" if shown else "none", label=text))  # fmt: skip
    return handles
