"""The film of a patient: cells by compartment and genotype over the course of drug and Asn."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.errors import RunFolderError
from abm.record import layout
from abm.record.reader import RunReader
from analysis import colours, style
from analysis.film_course import draw_drug
from analysis.film_panels import cursor_in
from analysis.genotypes import ALLELES, genotype_shares
from analysis.plots.common import (
    doses_of,
    is_replicated,
    protocol_of,
    run_title,
    time_axis,
)

SIZE_INCH, DOTS_PER_INCH = (12.8, 7.2), 100
MOST_FRAMES = 480
_LOWEST = 0.8
_BARS = (
    ("n_marrow", "marrow", colours.MARROW),
    ("n_tissue", "tissue", colours.TISSUE),
    ("n_plasma", "blood", colours.BLOOD),
    ("n_csf", "CSF", colours.CSF),
    ("n_normal", "normal\n(marrow)", colours.NORMAL),
)


class BodyFilm:
    """Frames of the film of one patient: three panels that change over two that stay.

    Left: living cells of each compartment on a log axis from one cell on. Middle: the genotypes of
    the blasts. Right: the marrow, blasts against normal cells. Below: activity and Asn with a
    cursor. ``beside`` are other arms, over which the axes reach. Raises RunFolderError for a run
    of several patients.
    """

    def __init__(self, run: RunReader, beside: Sequence[RunReader] = (), title: str = "") -> None:
        self._times_h = self.times_of(run)
        table = run.timeseries
        self._table, self._beside = table, [one.timeseries for one in beside]
        longest = max([table, *self._beside], key=lambda one: float(one[layout.TIME].iloc[-1]))
        self._time = time_axis(longest)
        self._genotypes = _at(genotype_shares(run), table[layout.TIME].to_numpy(float))
        self._figure = Figure(figsize=SIZE_INCH, dpi=DOTS_PER_INCH, facecolor="white")
        self._canvas = style.attach_canvas(self._figure)
        title = " | ".join(part for part in (title or run_title(run), protocol_of(run)) if part)
        self._figure.text(0.5, 0.965, title, fontsize=13, ha="center", va="center")
        self._clock = self._figure.text(0.5, 0.915, "", fontsize=13, ha="center", va="center")
        self._bars = self._compartments(self._figure.add_axes((0.075, 0.46, 0.36, 0.39)))
        self._shares = self._genotype_bar(self._figure.add_axes((0.52, 0.46, 0.11, 0.39)))
        self._marrow = self._marrow_pie(self._figure.add_axes((0.755, 0.43, 0.23, 0.42)))
        self._cursor = self._course(self._figure.add_axes((0.075, 0.09, 0.845, 0.27)), run, beside)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self._times_h.shape[0])

    @staticmethod
    def times_of(run: RunReader) -> np.ndarray:
        """Return the times [h] of the frames, at most 480 and the last one."""
        table = run.timeseries
        if is_replicated(table):
            raise RunFolderError(
                f"{run.folder}: a film shows one patient, this run has "
                f"{table[layout.REPLICATE].nunique()}: `asnsim plot {run.folder}` draws them all"
            )
        step = max(1, -(-len(table) // MOST_FRAMES))
        rows = np.unique(np.append(np.arange(0, len(table), step), len(table) - 1))
        times: np.ndarray = table[layout.TIME].to_numpy(float)[rows]
        return times

    def frames(self, times_h: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yield the frames, uint8[height, width, 3]; at each time the last record not after it."""
        times = self._times_h if times_h is None else times_h
        rows = np.searchsorted(self._table[layout.TIME].to_numpy(float), times, side="right") - 1
        artists = [self._clock, self._cursor, *self._marrow]
        artists += [artist for bar, text, _ in self._bars for artist in (bar, text)]
        artists += [bar for bar, _ in self._shares]
        for artist in artists:
            artist.set_animated(True)
        self._canvas.draw()
        background = self._canvas.copy_from_bbox(self._figure.bbox)
        for row in np.maximum(rows, 0).tolist():
            self._update(self._table.iloc[row], row)
            self._canvas.restore_region(background)
            for artist in artists:
                self._figure.draw_artist(artist)
            yield np.ascontiguousarray(np.asarray(self._canvas.buffer_rgba())[:, :, :3])

    def _update(self, values: pd.Series, row: int) -> None:
        self._clock.set_text(self._time.text(float(values[layout.TIME])))
        for bar, text, column in self._bars:
            count = float(values[column])
            bar.set_height(max(count, _LOWEST) - _LOWEST)
            text.set_text(f"{count:.1e}" if count >= 1e4 else f"{count:.0f}")
            text.set_y(max(count, 1.0) * 1.6)
        bottom = 0.0
        for bar, shares in self._shares:
            share = float(shares[row])
            bar.set_y(bottom)
            bar.set_height(share)
            bottom += share
        wedge, text = self._marrow
        share = float(values[layout.BODY_MARK])
        wedge.set_theta1(90.0 - 360.0 * share)
        text.set_text(f"{share:.1%} blasts" if share >= 1e-3 else f"{share:.0e} blasts")
        x = float(self._time(values[layout.TIME]))
        self._cursor.set_xdata([x, x])

    def _highest(self, column: str) -> float:
        return max(
            float(one[column].max()) for one in (self._table, *self._beside) if column in one
        )

    def _compartments(self, axes: Axes) -> list[tuple[Any, Any, str]]:
        shown = [bar for bar in _BARS if bar[0] in self._table and self._highest(bar[0]) > 0.0]
        highest = max(float(self._highest(column)) for column, _, _ in shown)
        axes.set_yscale("log")
        axes.set_ylim(_LOWEST, max(highest, 10.0) * 30.0)
        axes.set_yticks(10.0 ** np.arange(0, int(np.log10(max(highest, 10.0))) + 2, 3))
        axes.set_xticks(range(len(shown)), [label for _, label, _ in shown])
        axes.set_ylabel("Living cells")
        style.tidy(axes)
        bars = []
        for place, (column, _, colour) in enumerate(shown):
            (bar,) = axes.bar([place], [1.0], bottom=_LOWEST, width=0.68, color=colour)
            text = axes.text(place, 1.0, "", ha="center", va="bottom", fontsize=8.5)
            bars.append((bar, text, column))
        return bars

    def _genotype_bar(self, axes: Axes) -> list[tuple[Any, np.ndarray]]:
        axes.set_xlim(-0.5, 0.5)
        axes.set_ylim(0.0, 1.0)
        axes.set_xticks([])
        axes.set_ylabel("Share of the blasts")
        style.tidy(axes, has_grid=False)
        if self._genotypes is None:
            axes.set_visible(False)
            return []
        bars = []
        for name in self._genotypes.columns:
            colour = self._genotypes.attrs["colours"][name]
            (bar,) = axes.bar([0.0], [0.0], width=0.8, color=colour, label=name)
            bars.append((bar, self._genotypes[name].to_numpy(float)))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False, fontsize=8.5,
                    title=ALLELES, title_fontsize=8.5, alignment="left")  # fmt: skip
        return bars

    def _marrow_pie(self, axes: Axes) -> tuple[Any, Any]:
        from matplotlib.patches import Circle, Wedge

        axes.set_aspect("equal")
        axes.set_xlim(-1.15, 1.15)
        axes.set_ylim(-1.35, 1.15)
        axes.axis("off")
        axes.add_patch(Circle((0.0, 0.0), 1.0, color=style.PALE))
        wedge = Wedge((0.0, 0.0), 1.0, 90.0, 90.0, color=colours.TUMOUR)
        axes.add_patch(wedge)
        axes.set_title("Marrow", fontsize=10.5)
        return wedge, axes.text(0.0, -1.08, "", ha="center", va="top", fontsize=10.5)

    def _course(self, axes: Axes, run: RunReader, beside: Sequence[RunReader]) -> Any:
        front = draw_drug(axes, self._time, run, beside)
        self._time.apply(axes)
        style.mark_doses(axes, self._time, doses_of(run), has_labels=True)
        return cursor_in(front)


def _at(shares: pd.DataFrame | None, times: np.ndarray) -> pd.DataFrame | None:
    """Return the shares at the times of the series: those of the last record of the clones."""
    if shares is None:
        return None
    found = shares.reindex(times, method="ffill").fillna(0.0)
    found.attrs = dict(shares.attrs)
    return found
