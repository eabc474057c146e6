"""Maps of asparagine and of the cells, at the turning points of the course."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import RunReader, is_tumour
from analysis import scales, style
from analysis.clones import turning_points
from analysis.plots.common import run_title

_N_MAPS = 6
_PIXELS = 520
_WIDTH = 2.5
_SMALL_FONT = 9.0


def maps_figure(run: RunReader) -> Figure | None:
    """Draw asparagine (above) and cells (below) at up to six times; None where nothing has a place."""
    if not scales.is_spatial(run) or not run.frame_times.size:
        return None
    chosen = chosen_frames(run)
    norm, limits = scales.field_norm(run), scales.asns_limits(run)
    columns = scales.drawn_columns(run)
    rows = [name for name, is_there in (("field", norm), ("cells", columns)) if is_there]
    figure = style.new_figure(_WIDTH * len(chosen) + 1.4, (_WIDTH + 0.25) * len(rows) + 1.0)
    grid = figure.subplots(len(rows), len(chosen), squeeze=False, sharex=True, sharey=True)
    time = style.TimeAxis(run.frame_times)
    has_others = False
    for column, (k, name) in zip(grid.T, chosen.items(), strict=True):
        frame = run.frame(k, columns)
        shape = image_shape(frame.extent_um, _PIXELS)
        for axes, row in zip(column, rows, strict=True):
            if row == "cells":
                image = scales.cells_image(frame, limits, shape)
                has_others = has_others or not is_tumour(frame.cells).all()
            else:
                image = scales.field_image(frame.fields["asn"], norm, shape)
            axes.imshow(image, origin="lower", extent=frame.extent_um, interpolation="antialiased")
            axes.tick_params(labelsize=_SMALL_FONT)
            axes.locator_params(nbins=3)
        column[0].set_title(f"{time.text(frame.time_h)}\n{name}", fontsize=11)
    _label(figure, grid)
    for axes_row, row in zip(grid, rows, strict=True):
        _draw_scale(figure, axes_row, row, norm, limits)
    if columns:
        keys = scales.cell_keys(columns, has_others=has_others)
        figure.legend(handles=keys, loc="outside lower center", ncols=3, frameon=False, fontsize=10)
    style.set_title(figure, "Asparagine and cells", run_title(run))
    return figure


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


def _label(figure: Figure, grid: np.ndarray) -> None:
    for axes in grid[:, 0]:
        axes.set_ylabel("y (um)", fontsize=10)
    for axes in grid[-1, :]:
        axes.set_xlabel("x (um)", fontsize=10)


def _draw_scale(
    figure: Figure,
    axes_row: np.ndarray,
    row: str,
    norm: object,
    limits: tuple[float, float] | None,
) -> None:
    if row == "cells" and limits is not None:
        mappable, label = scales.asns_mappable(limits), f"ASNS ({layout.ASNS_UNIT})"
    elif row == "field":
        mappable, label = scales.field_mappable(norm), "Asparagine (uM)"
    else:
        return
    axes_list: list[Axes] = list(axes_row)
    bar = figure.colorbar(mappable, ax=axes_list, pad=0.01, aspect=22, shrink=0.9)
    bar.set_label(label, fontsize=10)
    bar.ax.tick_params(labelsize=_SMALL_FONT)
