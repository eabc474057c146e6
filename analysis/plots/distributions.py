"""How ASNS, ATF4 and mTORC1 are spread over the tumour cells, over time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import RunReader, is_tumour
from analysis import colours, style
from analysis.plots.common import doses_of, run_title

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_PANELS = (
    ("asns", f"ASNS\n({layout.ASNS_UNIT})", colours.ASNS, True),
    ("atf4", "ATF4\n(fold of basal)", colours.ATF4, False),
    ("mtorc1", "mTORC1\n(activity, 0-1)", colours.MTORC1, False),
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
        style.mark_doses(axes, time, doses_of(run), has_marks=is_first, has_labels=is_first)
    time.apply(grid[-1])
    style.legend_right(grid[0])
    figure.align_ylabels(grid)
    style.set_title(figure, "Spread over the tumour cells", run_title(run))
    return figure


def cell_quantiles(run: RunReader, columns: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return float64[n_frame, n_quantile] of each column over the tumour cells; NaN without any.

    A row that stands for many cells counts as many.
    """
    n_frames = run.frame_times.shape[0]
    result = {name: np.full((n_frames, len(QUANTILES)), np.nan) for name in columns}
    notes = tuple(name for name in ("cell_type", "weight") if name in run.cell_columns)
    for k in range(n_frames):
        cells = run.cell_arrays(k, (*columns, *notes))
        tumour = is_tumour(cells)
        if tumour.any():
            weights = cells["weight"][tumour] if "weight" in cells else None
            for name in columns:
                result[name][k] = weighted_quantiles(cells[name][tumour], weights)
    return result


def weighted_quantiles(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return float64[n_quantile]; with weights the smallest value that so many cells do not pass.

    Equal weights give the ordinary quantiles, which interpolate.
    """
    if weights is None or (weights == weights[0]).all():
        return np.quantile(values, QUANTILES)
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order].astype(float))
    places = np.searchsorted(below, np.array(QUANTILES) * below[-1])
    return np.asarray(values[order][np.minimum(places, values.shape[0] - 1)], float)


def _draw(axes: Axes, x: np.ndarray, quantiles: np.ndarray, colour: str) -> None:
    low, lower, middle, upper, high = quantiles.T
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, label="5-95 %")
    axes.fill_between(x, lower, upper, color=colour, alpha=0.30, linewidth=0, label="25-75 %")
    axes.plot(x, middle, color=colour, linewidth=1.8, label="median")
