"""Maps of asparagine and of the cells, at the turning points of the course."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import scales, style
from analysis.clones import turning_points
from analysis.plots.common import run_title

_N_MAPS = 6
_PIXELS = 400
_WIDTH = 2.5
_NARROWEST = 6.5
_SMALL_FONT = 9.0
_BOTH = 2


def maps_figure(run: RunReader) -> Figure | None:
    """Draw asparagine (above) and cells (below) at up to six times; None without places."""
    if not scales.is_spatial(run) or not run.frame_times.size:
        return None
    chosen = chosen_frames(run)
    norm, limits = scales.field_norm(run), scales.asns_limits(run)
    columns = scales.drawn_columns(run)
    frames = [run.frame(k, columns) for k in chosen]
    n_rows = int(norm is not None) + int(bool(columns))
    width = max(_WIDTH * len(chosen) + 1.4, _NARROWEST)
    figure = style.new_figure(width, (_WIDTH + 0.25) * n_rows + 1.0)
    grid = figure.subplots(n_rows, len(chosen), squeeze=False, sharex=True, sharey=True)
    if norm is not None:
        for axes, frame in zip(grid[0], frames, strict=True):
            if "asn" in frame.fields:
                shape = image_shape(frame.extent_um, _PIXELS)
                _show(axes, frame, scales.field_image(frame.fields["asn"], norm, shape))
        _add_scale(figure, grid[0], scales.field_mappable(norm), "Asparagine (uM)")
    if columns:
        for axes, frame in zip(grid[-1], frames, strict=True):
            shape = image_shape(frame.extent_um, _PIXELS)
            _show(axes, frame, scales.cells_image(frame, limits, shape))
        if limits is not None:
            label = f"ASNS ({layout.ASNS_UNIT})"
            _add_scale(figure, grid[-1], scales.asns_mappable(limits), label)
        _add_keys(figure, frames, columns)
    time = style.TimeAxis(run.frame_times)
    for axes, frame, name in zip(grid[0], frames, chosen.values(), strict=True):
        axes.set_title(f"{time.text(frame.time_h)}\n{name}", fontsize=11)
    for axes in grid[:, 0]:
        axes.set_ylabel("y (um)", fontsize=10)
    for axes in grid[-1, :]:
        axes.set_xlabel("x (um)", fontsize=10)
    what = "Asparagine and cells" if n_rows == _BOTH else "Cells" if columns else "Asparagine"
    style.set_title(figure, what, run_title(run))
    return figure


def _show(axes: Axes, frame: Frame, image: np.ndarray) -> None:
    axes.imshow(image, origin="lower", extent=frame.extent_um, interpolation="antialiased")
    axes.tick_params(labelsize=_SMALL_FONT)
    axes.locator_params(nbins=3)


def _add_scale(figure: Figure, axes_row: np.ndarray, mappable: ScalarMappable, label: str) -> None:
    bar = figure.colorbar(mappable, ax=list(axes_row), pad=0.01, aspect=22, shrink=0.9)
    bar.set_label(label, fontsize=10)
    bar.ax.tick_params(labelsize=_SMALL_FONT)


def _add_keys(figure: Figure, frames: list[Frame], columns: tuple[str, ...]) -> None:
    has_others = not all(is_tumour(frame.cells).all() for frame in frames)
    keys = scales.cell_keys(columns, has_others=has_others)
    figure.legend(handles=keys, loc="outside lower center", ncols=3, frameon=False, fontsize=10)


def chosen_frames(run: RunReader) -> dict[int, str]:
    """Return up to six frames and what they are: turning points, then the widest gaps halved."""
    times = run.frame_times
    table = run.timeseries.drop_duplicates("time_h")
    course_h = table["time_h"].to_numpy(float)
    course = turning_points(course_h, table["n_cells"].to_numpy(float), run.doses)
    points = {"before the drug" if run.doses else "start": course.before_drug, "end": course.end}
    if course.nadir not in points.values():
        points["nadir"] = course.nadir
    if course.relapse is not None:
        points["relapse"] = course.relapse
    if course.nadir - course.before_drug > 1:
        points["under the drug" if run.doses else "falling"] = (
            course.before_drug + course.nadir
        ) // 2
    named: dict[int, str] = {}
    for name, row in points.items():
        named.setdefault(int(np.abs(times - course_h[row]).argmin()), name)
    while len(named) < min(_N_MAPS, times.shape[0]):
        fixed = sorted({*named, times.shape[0] - 1})
        gaps = np.diff(fixed, prepend=0)
        widest = int(np.argmax(gaps))
        middle = fixed[widest] - int(gaps[widest]) // 2
        if middle in named:
            break
        named[middle] = ""
    return dict(sorted(named.items()))


def image_shape(extent_um: tuple[float, float, float, float], n_pixels: int) -> tuple[int, int]:
    """Return rows and columns of an image of the tissue whose longer side has ``n_pixels``."""
    left, right, bottom, top = extent_um
    width, height = right - left, top - bottom
    scale = n_pixels / max(width, height)
    return max(round(height * scale), 1), max(round(width * scale), 1)
