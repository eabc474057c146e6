"""How ASNS, ATF4 and mTORC1 are spread over the tumour cells, over time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import RunReader, is_tumour
from analysis import style
from analysis.plots.common import run_title

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_PANELS = (
    ("asns", f"ASNS\n({layout.ASNS_UNIT})", style.VERMILION, True),
    ("atf4", "ATF4\n(fold of basal)", style.PURPLE, False),
    ("mtorc1", "mTORC1\n(activity, 0-1)", style.GREEN, False),
)
"""Column, label, colour, whether the axis is logarithmic."""


def distributions_figure(run: RunReader) -> Figure | None:
    """Draw quantile bands of ASNS, ATF4 and mTORC1; None without them or with one frame."""
    if not run.has(layout.CELLS):
        return None
    panels = [panel for panel in _PANELS if panel[0] in run.cell_columns]
    if not panels or run.frame_times.size < 2:
        return None
    quantiles = cell_quantiles(run, tuple(panel[0] for panel in panels))
    time = style.TimeAxis(run.frame_times)
    figure = style.new_figure(8.0, 1.2 + 1.7 * len(panels))
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (column, label, colour, is_log) in zip(grid, panels, strict=True):
        _draw(axes, time(run.frame_times), quantiles[column], colour)
        if is_log:
            axes.set_yscale("log")
        axes.set_ylabel(label)
        style.tidy(axes)
        is_first = axes is grid[0]
        style.mark_doses(axes, time, run.doses, has_marks=is_first, has_labels=is_first)
    time.apply(grid[-1])
    style.legend_right(grid[0])
    figure.align_ylabels(grid)
    style.set_title(figure, "Spread over the tumour cells", run_title(run))
    return figure


def cell_quantiles(run: RunReader, columns: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return float64[n_frame, n_quantile] of each column over the tumour cells; NaN without any."""
    n_frames = run.frame_times.shape[0]
    result = {name: np.full((n_frames, len(QUANTILES)), np.nan) for name in columns}
    types = ("cell_type",) if "cell_type" in run.cell_columns else ()
    for k in range(n_frames):
        cells = run.cell_arrays(k, (*columns, *types))
        tumour = is_tumour(cells)
        if tumour.any():
            for name in columns:
                result[name][k] = np.quantile(cells[name][tumour], QUANTILES)
    return result


def _draw(axes: Axes, x: np.ndarray, quantiles: np.ndarray, colour: str) -> None:
    low, lower, middle, upper, high = quantiles.T
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, label="5-95 %")
    axes.fill_between(x, lower, upper, color=colour, alpha=0.30, linewidth=0, label="25-75 %")
    axes.plot(x, middle, color=colour, linewidth=1.8, label="median")
