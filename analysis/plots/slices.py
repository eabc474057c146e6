"""Slices of a 3-D tissue along its three axes, at the turning points of the course."""

from collections.abc import Mapping
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import RunReader
from analysis import scales, style
from analysis.planes import Plane, is_solid, planes
from analysis.plots.common import run_title
from analysis.plots.maps import add_keys, add_scale, chosen_frames, image_shape, show_map

MOST_TIMES = 3
_TIMES_IN_ONE_COLUMN = 2
_N_PLANES = 3
_PIXELS = 360
_MAP, _GAP = 2.0, 0.25
"""Side of a map, and what is between two of them [inch]."""
_BARS, _TITLE = 1.6, 0.9
"""Room for the colour bars, for titles and keys [inch]."""
_ASN, _CELLS = "Asparagine", "Cells"


def slices_figure(
    run: RunReader, at: Mapping[str, float] | None = None, *, is_narrow: bool = False
) -> Figure | None:
    """Draw asparagine and cells in the slices across z, y and x; None of what is not 3-D.

    at        : places of the slices [um] by axis, the middle where none is given
    is_narrow : cells below asparagine in place of beside it and fewer times, for one column
    """
    if not scales.is_spatial(run) or not run.frame_times.size or not is_solid(run.frame(0, ())):
        return None
    shared, columns = scales.common_scales([run]), scales.drawn_columns(run)
    kinds = [_ASN] * (shared.asn is not None) + [_CELLS] * bool(columns)
    chosen = chosen_frames(run, _TIMES_IN_ONE_COLUMN if is_narrow else MOST_TIMES)
    frames = [run.frame(k, columns) for k in chosen]
    n_rows = len(frames) * (len(kinds) if is_narrow else 1)
    n_columns = _N_PLANES * (1 if is_narrow else len(kinds))
    figure = style.new_figure(_MAP * n_columns + _BARS, (_MAP + _GAP) * n_rows + _TITLE)
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    time = style.TimeAxis(run.frame_times)
    for number, kind in enumerate(kinds):
        first_row, first = (number * len(frames), 0) if is_narrow else (0, number * _N_PLANES)
        block = grid[first_row : first_row + len(frames), first : first + _N_PLANES]
        for row, frame, name in zip(block, frames, chosen.values(), strict=True):
            if first == 0:
                _name_row(row[0], f"{time.text(frame.time_h)}\n{name}".strip())
            for axes, plane in zip(row, planes(frame, at)[:_N_PLANES], strict=True):
                _draw(axes, plane, kind, shared)
        for axes, plane in zip(block[0], planes(frames[0], at)[:_N_PLANES], strict=True):
            place = plane.title.removeprefix("slice at ")
            axes.set_title(f"{kind},\n{place}", fontsize=9.5)
        _add_bar(figure, block.ravel().tolist(), kind, shared, is_narrow=is_narrow)
    if columns:
        add_keys(figure, frames, columns)
    style.set_title(figure, "Slices of the tissue", run_title(run))
    return figure


def _draw(axes: Axes, plane: Plane, kind: str, shared: scales.Scales) -> None:
    """Draw one kind of picture of one slice; nothing where the field was not recorded."""
    shape = image_shape(plane.frame.extent_um, _PIXELS)
    axes.set_xlabel(plane.across, fontsize=9, labelpad=1)
    axes.set_ylabel(plane.up, fontsize=9, rotation=0, labelpad=5)
    if kind == _CELLS:
        show_map(axes, plane.frame, scales.cells_image(plane.frame, shared.asns, shape))
    elif "asn" in plane.frame.fields and shared.asn is not None:
        field = plane.frame.fields["asn"]
        show_map(axes, plane.frame, scales.field_image(field, shared.asn, shape))
    else:
        axes.set_axis_off()


def _name_row(axes: Axes, text: str) -> None:
    axes.annotate(text, (-0.25, 0.5), xycoords="axes fraction", rotation=90, fontsize=10,
                  va="center", ha="right", multialignment="center")  # fmt: skip


def _add_bar(
    figure: Figure, block: list[Axes], kind: str, shared: scales.Scales, *, is_narrow: bool
) -> None:
    location: Literal["right", "bottom"] = "right" if is_narrow else "bottom"
    if kind == _ASN and shared.asn is not None:
        add_scale(figure, block, scales.field_mappable(shared.asn), "Asparagine (uM)", location)
    if kind == _CELLS and shared.asns is not None:
        label = f"ASNS ({layout.ASNS_UNIT})"
        add_scale(figure, block, scales.asns_mappable(shared.asns), label, location)
