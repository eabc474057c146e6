"""Panels of a film that matplotlib draws: the histogram of ASNS and the numbers of cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import colours, style
from analysis.film_maps import DOTS_PER_INCH, TIMELINE_BOTTOM, TIMELINE_HEIGHT
from analysis.plots.common import doses_of, is_replicated
from analysis.plots.population import draw_counts, lowest_count

HISTOGRAM_COLUMNS = ("asns", "cell_type", "is_resistant")
_N_BINS = 48
_CLOCK_BOTTOM = 75.0
_CURSOR_WIDTH = 1.6


class Drawn:
    """A panel that matplotlib draws."""

    artists: list[Any]

    def paste(self, image: np.ndarray) -> None:
        """Nothing to put in."""


class Histogram(Drawn):
    """Histogram of ASNS of the tumour cells, resistant ones in front; share of the cells.

    ``beside`` are the other runs of the film, over which the axes reach.
    """

    def __init__(
        self,
        figure: Figure,
        run: RunReader,
        limits: tuple[float, float] | None,
        beside: Sequence[RunReader] = (),
    ) -> None:
        self.axes = figure.add_axes((0.08, 0.40, 0.88, 0.51))
        limits = limits or (1.0, 10.0)
        margin = (limits[1] / limits[0]) ** 0.15
        self._edges = np.geomspace(limits[0] / margin, limits[1] * margin, _N_BINS + 1)
        self.axes.set_xscale("log")
        self.axes.set_xlim(self._edges[0], self._edges[-1])
        self.axes.set_ylim(0.0, max(self._highest(one) for one in (run, *beside)))
        self.axes.set_xlabel(f"ASNS ({layout.ASNS_UNIT})", fontsize=11)
        self.axes.set_ylabel("Share of the tumour cells", fontsize=11)
        style.tidy(self.axes)
        zero = np.zeros(_N_BINS)
        self._all = self._stairs(zero, colours.TUMOUR, "tumour cells")
        self._resistant = self._stairs(zero, colours.RESISTANT, "of a resistant genotype")
        self.axes.legend(loc="upper right", bbox_to_anchor=(1.0, 1.1), ncols=2, frameon=False)
        self.artists = [self._all, self._resistant]

    def update(self, frame: Frame) -> None:
        """Count the cells of a frame."""
        shares, resistant = self._shares(frame)
        self._all.set_data(shares)
        self._resistant.set_data(resistant)

    def _stairs(self, values: np.ndarray, colour: str, label: str) -> Any:
        return self.axes.stairs(values, self._edges, fill=True, color=colour, label=label)

    def _shares(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        tumour = is_tumour(frame.cells)
        asns = np.clip(frame.cells["asns"], self._edges[0], self._edges[-1])
        n_cells = max(int(tumour.sum()), 1)
        resistant = frame.cells.get("is_resistant", np.zeros(asns.shape[0], bool)) & tumour
        return (
            np.histogram(asns[tumour], self._edges)[0] / n_cells,
            np.histogram(asns[resistant], self._edges)[0] / n_cells,
        )

    def _highest(self, run: RunReader) -> float:
        columns = histogram_columns(run)
        n_frames = run.frame_times.shape[0]
        highest = max(self._shares(run.frame(k, columns))[0].max() for k in range(n_frames))
        return 1.08 * float(highest) or 1.0


class Timeline(Drawn):
    """Numbers of cells over time with the doses, a cursor and the time in words.

    ``beside`` are the other runs of the film, over which the axes reach. ``raised`` pixels are left
    free below it for further rows, the last of which then names the time. A lesion shows the doses
    of its body.
    """

    def __init__(
        self, figure: Figure, run: RunReader, beside: Sequence[RunReader] = (), raised: int = 0
    ) -> None:
        tables = [_means(one) for one in (run, *beside)]
        end_h = max(float(table["time_h"].iloc[-1]) for table in tables)
        self.time = style.TimeAxis(np.array([0.0, end_h]))
        self.axes = add_row(figure, TIMELINE_BOTTOM + raised, TIMELINE_HEIGHT)
        draw_counts(self.axes, self.time, tables[0])
        if beside:
            highest = max(float(table["n_cells"].max()) for table in tables)
            lowest = min(lowest_count(table) for table in tables)
            self.axes.set_ylim(lowest, 1.6 * max(highest, 1.0))
        self.axes.set_ylabel("Cells" if run.body is None else "Cells of\nthe lesion", fontsize=10)
        style.tidy(self.axes)
        self.time.apply(self.axes, has_label=not raised)
        self.axes.tick_params(labelbottom=not raised)
        style.mark_doses(self.axes, self.time, doses_of(run.body or run), has_labels=True)
        style.legend_right(self.axes)
        self._cursor = cursor_in(self.axes)
        self._clock = figure.text(
            0.885, _CLOCK_BOTTOM / _height_of(figure), "", fontsize=17, ha="center", weight="bold"
        )
        self.artists = [self._cursor, self._clock]

    def update(self, frame: Frame) -> None:
        """Move the cursor and set the clock."""
        self._cursor.set_xdata([float(self.time(frame.time_h))] * 2)
        self._clock.set_text(self.time.text(frame.time_h))


def add_row(figure: Figure, bottom: int, height: int) -> Axes:
    """Add axes over time, ``height`` pixels high, as wide as the timeline."""
    pixels = _height_of(figure)
    axes: Axes = figure.add_axes((0.065, bottom / pixels, 0.70, height / pixels))
    return axes


def cursor_in(axes: Axes) -> Line2D:
    """Add the line that marks the time, from the lower to the upper edge of axes."""
    (cursor,) = axes.plot(
        [0.0, 0.0], [0.0, 1.0], color=style.BLACK, linewidth=_CURSOR_WIDTH,
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip
    return cursor


def histogram_columns(run: RunReader) -> tuple[str, ...]:
    """Return the recorded columns that the histogram needs."""
    if not run.has(layout.CELLS):
        return ()
    return tuple(name for name in HISTOGRAM_COLUMNS if name in run.cell_columns)


def _height_of(figure: Figure) -> float:
    return float(figure.get_size_inches()[1]) * DOTS_PER_INCH


def _means(run: RunReader) -> pd.DataFrame:
    table = run.timeseries
    if not is_replicated(table):
        return table
    columns = [name for name in ("n_cells", "n_resistant") if name in table]
    return table.groupby("time_h", as_index=False)[columns].mean()
