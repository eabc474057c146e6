"""The film of a run: asparagine and cells, or the spread of ASNS, over the course of the numbers.

The figure is drawn once; for each frame only the pictures, the time and the cursor are drawn over
the kept background.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.errors import RunFolderError
from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import scales, style
from analysis.body_film import SIZE_INCH, BodyFilm
from analysis.film import Film
from analysis.plots.common import is_replicated, run_title
from analysis.plots.maps import image_shape
from analysis.plots.population import draw_counts

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames in all."""

_WIDTH, _HEIGHT = 12.8, 8.2
"""Size of the film [inch] at 100 dpi: 1280 x 820 pixels, both even, as yuv420p needs."""
_DOTS_PER_INCH = 100
_LENGTH_S = 20.0
_SLOWEST, _FASTEST = 4, 24
"""Frames per second are chosen between these for a film of about 20 s."""
_N_BINS = 48
_HISTOGRAM_COLUMNS = ("asns", "cell_type", "is_resistant")
_PANEL_BOTTOM, _PANEL_HEIGHT = 0.355, 0.555


class _Panel(Protocol):
    """One part of the film that changes from frame to frame."""

    artists: list[Any]

    def update(self, frame: Frame) -> None:
        """Set the artists to a frame."""

    def paste(self, image: np.ndarray) -> None:
        """Put pixels into the drawn picture, uint8[height, width, 3]."""


def animate_run(run_folder: Path, out: list[Path], progress: Progress | None = None) -> list[Path]:
    """Write the film of a run to each path of ``out`` (.mp4 or .gif) and return the paths.

    With places of cells or fields: asparagine (logarithmic scale) beside the cells, coloured by
    ASNS, those of a resistant genotype outlined. Without: the histogram of ASNS. Below, the
    numbers of cells with the doses and a moving cursor. A run of a patient shows the cells of
    each compartment, their genotypes and the marrow, over the drug and Asn.
    Raises RunFolderError for a run that recorded neither cells nor fields,
    and for one of several patients.
    """
    run = RunReader(run_folder)
    if run.is_body:
        film = BodyFilm(run)
        return _write(out, SIZE_INCH, film.n_frames, film.frames(), progress)
    if not any(run.has(name) for name in (layout.CELLS, layout.FIELDS)):
        raise RunFolderError(f"{run.folder}: neither cells nor fields were recorded, so no film")
    n_frames = run.frame_times.shape[0]
    if n_frames == 0:
        raise RunFolderError(f"{run.folder}: no frame was recorded, so no film")
    return _write(out, (_WIDTH, _HEIGHT), n_frames, film_frames(run), progress)


def _write(
    out: list[Path],
    size_inch: tuple[float, float],
    n_frames: int,
    frames: Iterator[np.ndarray],
    progress: Progress | None,
) -> list[Path]:
    rate = int(np.clip(round(n_frames / _LENGTH_S), _SLOWEST, _FASTEST))
    size = (round(size_inch[0] * _DOTS_PER_INCH), round(size_inch[1] * _DOTS_PER_INCH))
    with contextlib.ExitStack() as stack:
        films = [stack.enter_context(Film(path, size, rate)) for path in out]
        for k, image in enumerate(frames):
            for film in films:
                film.add(image)
            if progress is not None:
                progress(k + 1, n_frames)
    return list(out)


def film_frames(run: RunReader) -> Iterator[np.ndarray]:
    """Yield the frames of the film of a run, uint8[height, width, 3]."""
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DOTS_PER_INCH, facecolor="white")
    canvas = style.attach_canvas(figure)
    figure.text(0.5, 0.965, run_title(run), fontsize=14, ha="center", va="center")
    panels = [*_upper_panels(figure, run), _Timeline(figure, run)]
    artists = [artist for panel in panels for artist in panel.artists]
    for artist in artists:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    columns = tuple(dict.fromkeys((*scales.drawn_columns(run), *_recorded(run))))
    for k in range(run.frame_times.shape[0]):
        frame = run.frame(k, columns)
        canvas.restore_region(background)
        for panel in panels:
            panel.update(frame)
        for artist in artists:
            figure.draw_artist(artist)
        image = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
        for panel in panels:
            panel.paste(image)
        yield image


def _recorded(run: RunReader) -> tuple[str, ...]:
    if not run.has(layout.CELLS):
        return ()
    return tuple(name for name in _HISTOGRAM_COLUMNS if name in run.cell_columns)


def _upper_panels(figure: Figure, run: RunReader) -> list[_Panel]:
    if not scales.is_spatial(run):
        if "asns" not in _recorded(run):
            return []
        return [_Histogram(figure, run)]
    norm = scales.field_norm(run)
    columns = scales.drawn_columns(run)
    panels: list[_Panel] = []
    both = norm is not None and bool(columns)
    if norm is not None:
        panels.append(_FieldMap(figure, run, norm, left=0.065 if both else 0.29))
    if columns:
        panels.append(_CellMap(figure, run, left=0.555 if both else 0.29))
    return panels


class _ArtistPanel:
    """A panel that matplotlib draws."""

    artists: list[Any]

    def paste(self, image: np.ndarray) -> None:
        """Nothing to put in."""


class _Map:
    """Axes whose inside is filled pixel by pixel, which takes a tenth of matplotlib's time."""

    def __init__(self, figure: Figure, run: RunReader, left: float, title: str) -> None:
        extent = run.extent_um
        side = round(_PANEL_HEIGHT * _HEIGHT * _DOTS_PER_INCH)
        self.shape = image_shape(extent, side)
        width, height = round(_WIDTH * _DOTS_PER_INCH), round(_HEIGHT * _DOTS_PER_INCH)
        self._column = round(left * width) + (side - self.shape[1]) // 2
        self._row = round(_PANEL_BOTTOM * height) + (side - self.shape[0]) // 2
        box = (self._column / width, self._row / height,
               self.shape[1] / width, self.shape[0] / height)  # fmt: skip
        self.axes = figure.add_axes(box)
        self.axes.set_xlim(extent[0], extent[1])
        self.axes.set_ylim(extent[2], extent[3])
        self.axes.set_title(title, fontsize=11)
        self.axes.set_xlabel("x (um)", fontsize=10)
        self.axes.set_ylabel("y (um)", fontsize=10)
        self.axes.locator_params(nbins=5)
        self.axes.tick_params(labelsize=9)
        self.artists: list[Any] = []
        self._shown = np.full((*self.shape, 3), 255, np.uint8)

    def show(self, image: np.ndarray) -> None:
        """Take the picture of the next frame, row 0 at the lower edge."""
        self._shown = image

    def paste(self, image: np.ndarray) -> None:
        """Fill the axes and draw their frame, one pixel wide."""
        n_y, n_x = self.shape
        first_row = image.shape[0] - self._row - n_y
        part = image[first_row : first_row + n_y, self._column : self._column + n_x]
        part[:] = self._shown[::-1]
        part[[0, -1]] = 0
        part[:, [0, -1]] = 0

    def add_scale(self, figure: Figure, mappable: Any, label: str) -> None:
        """Put a colour bar to the right of the axes."""
        left, bottom, width, height = self.axes.get_position().bounds
        bar = figure.colorbar(
            mappable, cax=figure.add_axes((left + width + 0.012, bottom, 0.012, height))
        )
        bar.set_label(label, fontsize=10)
        bar.ax.tick_params(labelsize=9)


class _FieldMap(_Map):
    def __init__(self, figure: Figure, run: RunReader, norm: Any, left: float) -> None:
        super().__init__(figure, run, left, "Asparagine in the tissue")
        self._norm = norm
        self.add_scale(figure, scales.field_mappable(norm), "Asparagine (uM)")

    def update(self, frame: Frame) -> None:
        """Take the field of a frame; one that was not recorded at this time stays as it was."""
        if "asn" in frame.fields:
            self.show(scales.field_image(frame.fields["asn"], self._norm, self.shape))


class _CellMap(_Map):
    def __init__(self, figure: Figure, run: RunReader, left: float) -> None:
        super().__init__(figure, run, left, "Cells")
        self._limits = scales.asns_limits(run)
        if self._limits is not None:
            mappable = scales.asns_mappable(self._limits)
            self.add_scale(figure, mappable, f"ASNS ({layout.ASNS_UNIT})")
        first = run.frame(0, scales.drawn_columns(run))
        keys = scales.cell_keys(
            scales.drawn_columns(run), has_others=not is_tumour(first.cells).all()
        )
        figure.legend(
            handles=keys, loc="center", bbox_to_anchor=(0.5, 0.292), ncols=3, frameon=False,
            fontsize=10,
        )  # fmt: skip

    def update(self, frame: Frame) -> None:
        """Draw the cells of a frame."""
        self.show(scales.cells_image(frame, self._limits, self.shape))


class _Histogram(_ArtistPanel):
    """Histogram of ASNS of the tumour cells, resistant ones in front; share of the cells."""

    def __init__(self, figure: Figure, run: RunReader) -> None:
        self.axes = figure.add_axes((0.08, 0.40, 0.88, 0.51))
        limits = scales.asns_limits(run) or (1.0, 10.0)
        margin = (limits[1] / limits[0]) ** 0.15
        self._edges = np.geomspace(limits[0] / margin, limits[1] * margin, _N_BINS + 1)
        self.axes.set_xscale("log")
        self.axes.set_xlim(self._edges[0], self._edges[-1])
        self.axes.set_ylim(0.0, self._highest(run))
        self.axes.set_xlabel(f"ASNS ({layout.ASNS_UNIT})", fontsize=11)
        self.axes.set_ylabel("Share of the tumour cells", fontsize=11)
        style.tidy(self.axes)
        zero = np.zeros(_N_BINS)
        self._all = self._stairs(zero, style.BLUE, "tumour cells")
        self._resistant = self._stairs(zero, style.VERMILION, "of a resistant genotype")
        self.axes.legend(loc="upper right", bbox_to_anchor=(1.0, 1.1), ncols=2, frameon=False)
        self.artists: list[Any] = [self._all, self._resistant]

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
        columns = _recorded(run)
        n_frames = run.frame_times.shape[0]
        highest = max(self._shares(run.frame(k, columns))[0].max() for k in range(n_frames))
        return 1.08 * float(highest) or 1.0


class _Timeline(_ArtistPanel):
    """Numbers of cells over time with the doses, a cursor and the time in words."""

    def __init__(self, figure: Figure, run: RunReader) -> None:
        table = run.timeseries
        if is_replicated(table):
            columns = [name for name in ("n_cells", "n_resistant") if name in table]
            table = table.groupby("time_h", as_index=False)[columns].mean()
        self._time = style.TimeAxis(table["time_h"].to_numpy(float))
        self.axes: Axes = figure.add_axes((0.065, 0.075, 0.70, 0.155))
        draw_counts(self.axes, self._time, table)
        self.axes.set_yscale("log")
        self.axes.set_ylabel("Cells", fontsize=10)
        style.tidy(self.axes)
        self._time.apply(self.axes)
        style.mark_doses(self.axes, self._time, run.doses, has_labels=True)
        style.legend_right(self.axes)
        (self._cursor,) = self.axes.plot(
            [0.0, 0.0], [0.0, 1.0], color="black", linewidth=1.6,
            transform=self.axes.get_xaxis_transform(),
        )  # fmt: skip
        self._clock = figure.text(0.885, 0.092, "", fontsize=17, ha="center", weight="bold")
        self.artists: list[Any] = [self._cursor, self._clock]

    def update(self, frame: Frame) -> None:
        """Move the cursor and set the clock."""
        self._cursor.set_xdata([float(self._time(frame.time_h))] * 2)
        self._clock.set_text(self._time.text(frame.time_h))
