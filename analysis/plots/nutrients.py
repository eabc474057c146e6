"""Drug and nutrients over time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record.reader import RunReader
from analysis import colours, style
from analysis.plots.common import broken, doses_of, has_values, jumps_of, run_title, time_axis
from analysis.style import TimeAxis

_PANELS = (
    ("asparaginase_IU_per_mL", "Asparaginase\n(IU/mL)", colours.ACTIVITY, 1e-4, 0.1, "0.1 IU/mL"),
    ("asn_uM", "Asparagine\n(uM)", colours.ASN, 1e-4, 0.5, "0.5 uM (depleted)"),
    ("gln_uM", "Glutamine\n(uM)", colours.GLN, 1e-2, None, ""),
)
"""Column, label, colour, floor of the log axis, reference value and its name."""
_DECADES_OF_LINEAR = 1.0


def nutrients_figure(run: RunReader) -> Figure | None:
    """Draw enzyme activity, asparagine and glutamine; None where none was recorded."""
    table = run.timeseries
    table = table.drop_duplicates("time_h")
    panels = [p for p in _PANELS if has_values(table, p[0]) and (table[p[0]] > 0).any()]
    if not panels:
        return None
    time = time_axis(table)
    figure = style.new_figure(8.0, 1.2 + 1.6 * len(panels))
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (column, label, colour, floor, reference, name) in zip(grid, panels, strict=True):
        hours, values = table["time_h"].to_numpy(float), table[column].to_numpy(float)
        is_enzyme = column == _PANELS[0][0]
        hours, values = broken(hours, values, jumps_of(run) if is_enzyme else ())
        _draw(axes, time, hours, values, colour, floor)
        if reference is not None and axes.get_ylim()[0] < reference < axes.get_ylim()[1]:
            _mark_reference(axes, reference, name)
        axes.set_ylabel(label)
        style.tidy(axes)
        is_first = axes is grid[0]
        style.mark_doses(axes, time, doses_of(run), has_marks=is_first, has_labels=is_first)
    time.apply(grid[-1])
    figure.align_ylabels(grid)
    style.set_title(figure, "Drug and nutrients", run_title(run))
    return figure


def _draw(
    axes: Axes, time: TimeAxis, time_h: np.ndarray, values: np.ndarray, colour: str, floor: float
) -> None:
    style.draw_line(axes, time(time_h), values, floor, color=colour, linewidth=1.8)
    positive = values[values > floor]
    if (
        positive.size == 0
        or positive.max() / max(np.nanmin(values), floor) < 10.0**_DECADES_OF_LINEAR
    ):
        axes.set_ylim(0.0, 1.1 * float(np.nanmax(values)))
    else:
        axes.set_yscale("log")
        style.mark_below(axes, time(time_h), values, floor, colour)
        axes.set_ylim(0.7 * max(float(np.nanmin(values)), floor), 1.6 * float(positive.max()))


def _mark_reference(axes: Axes, value: float, name: str) -> None:
    axes.axhline(value, color=style.GREY, linewidth=1.0, linestyle=":")
    axes.annotate(
        name,
        (1.01, value),
        xycoords=axes.get_yaxis_transform(),
        fontsize=8,
        color="#555555",
        va="center",
        ha="left",
        annotation_clip=False,
    )
