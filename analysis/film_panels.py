"""Panels of a film that matplotlib draws: the histogram of ASNS and the numbers of cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import colours, style
from analysis.film_maps import DOTS_PER_INCH, TIMELINE_BOTTOM, TIMELINE_HEIGHT
from analysis.plots.common import doses_of, is_replicated
from analysis.plots.population import draw_counts, lowest_count

HISTOGRAM_COLUMNS = ("asns", "cell_type", "is_resistant")
_N_BINS = 48


class _Drawn:
    """A panel that matplotlib draws."""

    artists: list[Any]

    def paste(self, image: np.ndarray) -> None:
        """Nothing to put in."""


class Histogram(_Drawn):
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


class Timeline(_Drawn):
    """Numbers of cells over time with the doses, a cursor and the time in words.

    ``beside`` are the other runs of the film, over which the axes reach.
    """

    def __init__(self, figure: Figure, run: RunReader, beside: Sequence[RunReader] = ()) -> None:
        tables = [_means(one) for one in (run, *beside)]
        end_h = max(float(table["time_h"].iloc[-1]) for table in tables)
        self._time = style.TimeAxis(np.array([0.0, end_h]))
        height = figure.get_size_inches()[1] * DOTS_PER_INCH
        self.axes: Axes = figure.add_axes(
            (0.065, TIMELINE_BOTTOM / height, 0.70, TIMELINE_HEIGHT / height)
        )
        draw_counts(self.axes, self._time, tables[0])
        if beside:
            highest = max(float(table["n_cells"].max()) for table in tables)
            lowest = min(lowest_count(table) for table in tables)
            self.axes.set_ylim(lowest, 1.6 * max(highest, 1.0))
        self.axes.set_ylabel("Cells", fontsize=10)
        style.tidy(self.axes)
        self._time.apply(self.axes)
        style.mark_doses(self.axes, self._time, doses_of(run), has_labels=True)
        style.legend_right(self.axes)
        (self._cursor,) = self.axes.plot(
            [0.0, 0.0], [0.0, 1.0], color=style.BLACK, linewidth=1.6,
            transform=self.axes.get_xaxis_transform(),
        )  # fmt: skip
        self._clock = figure.text(0.885, 75.0 / height, "", fontsize=17, ha="center", weight="bold")
        self.artists = [self._cursor, self._clock]

    def update(self, frame: Frame) -> None:
        """Move the cursor and set the clock."""
        self._cursor.set_xdata([float(self._time(frame.time_h))] * 2)
        self._clock.set_text(self._time.text(frame.time_h))


def histogram_columns(run: RunReader) -> tuple[str, ...]:
    """Return the recorded columns that the histogram needs."""
    if not run.has(layout.CELLS):
        return ()
    return tuple(name for name in HISTOGRAM_COLUMNS if name in run.cell_columns)


def _means(run: RunReader) -> pd.DataFrame:
    table = run.timeseries
    if not is_replicated(table):
        return table
    columns = [name for name in ("n_cells", "n_resistant") if name in table]
    return table.groupby("time_h", as_index=False)[columns].mean()
