"""Maps of asparagine and of the cells, at the turning points of the course."""

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import scales, style
from analysis.clones import turning_points
from analysis.planes import is_solid, planes
from analysis.plots.common import doses_of, run_title
from analysis.scale_bar import draw_scale_bar

MOST_MAPS = 6
_PIXELS = 400
_WIDTH = 2.5
_SHAPES = (0.3, 2.0)
"""Least and largest height over width of a map."""
_NARROWEST = 6.5
_SMALL_FONT = 9.0


def maps_figure(
    run: RunReader, most: int = MOST_MAPS, at: Mapping[str, float] | None = None
) -> Figure | None:
    """Draw asparagine (above) and cells (below) at up to ``most`` times; None without places.

    Of a 3-D tissue the slice across z is shown, at the place [um] that ``at`` holds or through the
    middle, and below it all cells along z, as the mean of each column of tissue.
    """
    if not scales.is_spatial(run) or not run.frame_times.size:
        return None
    chosen = chosen_frames(run, most)
    norm, limits = scales.field_norm(run), scales.asns_limits(run)
    columns = scales.drawn_columns(run)
    frames = [run.frame(k, columns) for k in chosen]
    views = [planes(frame, at) for frame in frames]
    rows = [("Asparagine", 0)] if norm is not None else []
    rows += [("Cells", 0)] if columns else []
    rows += [("Cells", -1)] if columns and is_solid(frames[0]) else []
    width = max(_WIDTH * len(chosen) + 1.4, _NARROWEST)
    left, right, bottom, top = frames[0].extent_um
    height = _WIDTH * float(np.clip((top - bottom) / (right - left), *_SHAPES))
    figure = style.new_figure(width, (height + 0.25) * len(rows) + 0.8)
    grid = figure.subplots(len(rows), len(chosen), squeeze=False)
    for row, (what, place) in zip(grid, rows, strict=True):
        for axes, of in zip(row, views, strict=True):
            plane = of[place]
            frame = plane.frame
            shape = image_shape(frame.extent_um, _PIXELS)
            if what == "Cells":
                show_map(axes, frame, scales.plane_image(plane, limits, shape))
            elif "asn" in frame.fields and norm is not None:
                show_map(axes, frame, scales.field_image(frame.fields["asn"], norm, shape))
            else:
                axes.set_axis_off()
        plane = views[0][place]
        title = "all along z" if plane.is_projection else plane.title.removeprefix("slice at ")
        row[0].set_ylabel(f"{what}\n{title}" if title else what, fontsize=10)
        if what == "Asparagine" and norm is not None:
            add_scale(figure, row, scales.field_mappable(norm), "Asparagine (uM)")
    if columns and limits is not None:
        of_cells = [axes for row, (what, _) in zip(grid, rows, strict=True) if what == "Cells"
                    for axes in row]  # fmt: skip
        label = f"ASNS ({layout.ASNS_UNIT})"
        add_scale(figure, of_cells, scales.asns_mappable(limits), label)
    if columns:
        add_keys(figure, frames, columns)
    time = style.TimeAxis(run.frame_times)
    for axes, frame, name in zip(grid[0], frames, chosen.values(), strict=True):
        axes.set_title(f"{time.text(frame.time_h)}\n{name}", fontsize=11)
    names = list(dict.fromkeys(what for what, _ in rows))
    style.set_title(figure, " and ".join(names).capitalize(), run_title(run))
    return figure


def show_map(axes: Axes, frame: Frame, image: np.ndarray) -> None:
    """Draw a picture of a tissue with a scale bar."""
    left, right, _, _ = frame.extent_um
    axes.imshow(image, origin="lower", extent=frame.extent_um, interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    draw_scale_bar(axes, right - left, fontsize=_SMALL_FONT)


def add_scale(
    figure: Figure,
    axes_row: Iterable[Axes],
    mappable: ScalarMappable,
    label: str,
    location: Literal["right", "bottom"] = "right",
) -> None:
    """Put the colour bar of several maps beside or below them."""
    bar = figure.colorbar(
        mappable, ax=list(axes_row), location=location, pad=0.01, aspect=22, shrink=0.9
    )
    bar.set_label(label, fontsize=10)
    bar.ax.tick_params(labelsize=_SMALL_FONT)


def add_keys(figure: Figure, frames: list[Frame], columns: tuple[str, ...]) -> None:
    """Explain the colours and rims of the cells below a figure."""
    has_others = not all(is_tumour(frame.cells).all() for frame in frames)
    keys = scales.cell_keys(columns, has_others=has_others)
    figure.legend(handles=keys, loc="outside lower center", ncols=3, frameon=False, fontsize=10)


def chosen_frames(run: RunReader, most: int = MOST_MAPS) -> dict[int, str]:
    """Return up to ``most`` frames and what they are: turning points, then widest gaps halved.

    Where there are more turning points, the first of before the drug, nadir, end, ... are taken.
    """
    times = run.frame_times
    table = run.timeseries.drop_duplicates("time_h")
    course_h = table["time_h"].to_numpy(float)
    doses = doses_of(run)
    course = turning_points(course_h, table["n_cells"].to_numpy(float), doses)
    points = {"before the drug" if doses else "start": course.before_drug, "end": course.end}
    if course.nadir not in points.values():
        points["nadir"] = course.nadir
    if course.relapse is not None:
        points["relapse"] = course.relapse
    if course.nadir - course.before_drug > 1:
        points["under the drug" if doses else "falling"] = (course.before_drug + course.nadir) // 2
    named: dict[int, str] = {}
    for name, row in points.items():
        if len(named) < most:
            named.setdefault(int(np.abs(times - course_h[row]).argmin()), name)
    while len(named) < min(most, times.shape[0]):
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
