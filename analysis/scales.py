"""Colour scales that hold for a whole run, and frames as images made with them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.lines import Line2D

from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import colours, style
from analysis.planes import DEFAULT_RADIUS_UM, Plane
from analysis.projection import projected_image
from analysis.raster import Canvas, cell_colours, draw_cells

CELL_DRAWING = ("x_um", "y_um", "z_um", "radius_um", "cell_type", "asns", "is_resistant")
"""Columns that a picture of the cells uses, where they were recorded."""
_SMALLEST_RATIO = 1e-3
"""The colour scale of a field spans at most three decades."""
_RATIO_OF_LINEAR = 3.0
_QUANTILES = (0.01, 0.99)
_N_SAMPLED_FRAMES = 13
_MIDDLE = 0.5


def is_spatial(run: RunReader) -> bool:
    """Whether cells, or without cells the fields, have a place."""
    if run.has(layout.CELLS):
        left, right, bottom, top = run.extent_um
        return {"x_um", "y_um"} <= set(run.cell_columns) and right > left and top > bottom
    return run.has(layout.FIELDS)


def drawn_columns(run: RunReader) -> tuple[str, ...]:
    """Return the recorded columns that a picture of the cells needs."""
    if not run.has(layout.CELLS):
        return ()
    return tuple(name for name in CELL_DRAWING if name in run.cell_columns)


def asns_limits(*runs: RunReader) -> tuple[float, float] | None:
    """Return the ends of the colour scale of ASNS: 1st and 99th percentile of the tumour cells.

    They are pooled over frames at equal steps of each run. None where ASNS was not recorded.
    """
    values = [np.zeros(0, np.float32)]
    for run in runs:
        if not run.has(layout.CELLS) or "asns" not in run.cell_columns or not run.frame_times.size:
            continue
        columns = tuple(name for name in ("asns", "cell_type") if name in run.cell_columns)
        last = run.frame_times.shape[0] - 1
        for k in np.unique(np.linspace(0, last, _N_SAMPLED_FRAMES).astype(int)):
            cells = run.cell_arrays(int(k), columns)
            values.append(cells["asns"][is_tumour(cells)])
    pooled = np.concatenate(values)
    pooled = pooled[pooled > 0.0]
    if pooled.size == 0:
        return None
    low, high = np.quantile(pooled, _QUANTILES)
    return float(low), float(max(high, 1.01 * low))


class Scales(NamedTuple):
    """Colour scales of one film; None for what no run recorded."""

    asn: Normalize | None
    asns: tuple[float, float] | None


def common_scales(runs: Sequence[RunReader]) -> Scales:
    """Return scales that hold for all of several runs, so that their colours compare."""
    return Scales(field_norm(*runs), asns_limits(*runs))


def asns_level(asns: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Return the place of ASNS values on the logarithmic colour scale, 0 to 1."""
    low, high = np.log(limits)
    return np.clip((np.log(np.maximum(asns, limits[0])) - low) / (high - low), 0.0, 1.0)


def field_norm(*runs: RunReader, species: str = "asn") -> Normalize | None:
    """Return the colour scale of a species over whole runs; None where it is not recorded.

    One frame is in memory at a time.
    """
    ends = []
    for run in runs:
        for k in range(run.frame_times.shape[0] if run.has(layout.FIELDS) else 0):
            field = run.frame(k, ()).fields.get(species)
            if field is not None:
                ends.append((float(field.min()), float(field.max())))
    if not ends:
        return None
    high = max(end for _, end in ends)
    if high <= 0.0:
        return Normalize(0.0, 1.0)
    low = max(min(start for start, _ in ends), _SMALLEST_RATIO * high)
    return LogNorm(low, high) if high > _RATIO_OF_LINEAR * low else Normalize(0.0, high)


def field_image(field: np.ndarray, norm: Normalize, shape: tuple[int, int]) -> np.ndarray:
    """Return uint8[*shape, 3], row 0 at the lower edge: the voxel nearest to each pixel.

    Of a 3-D field the plane in the middle.
    """
    if field.ndim == 3:
        field = field[field.shape[0] // 2]
    rows = np.arange(shape[0]) * field.shape[0] // shape[0]
    columns = np.arange(shape[1]) * field.shape[1] // shape[1]
    values = np.maximum(field, norm.vmin or 0.0) if isinstance(norm, LogNorm) else field
    pixels = colormaps[style.FIELD_MAP](norm(values), bytes=True)[:, :, :3]
    return np.ascontiguousarray(pixels[np.ix_(rows, columns)])


def cells_image(
    frame: Frame, limits: tuple[float, float] | None, shape: tuple[int, int]
) -> np.ndarray:
    """Return uint8[*shape, 3], row 0 at the lower edge: the cells of a frame on white."""
    cells = dict(frame.cells)
    n_cells = cells["x_um"].shape[0]
    cells.setdefault("radius_um", np.full(n_cells, DEFAULT_RADIUS_UM))
    canvas = Canvas(shape[1], shape[0], frame.extent_um)
    return draw_cells(canvas, cells, level=_levels(cells, limits), is_tumour=is_tumour(cells))


def _levels(cells: dict[str, np.ndarray], limits: tuple[float, float] | None) -> np.ndarray:
    """Return the place of each cell on the scale of ASNS, its middle where ASNS is not known."""
    if limits is None or "asns" not in cells:
        return np.full(cells["x_um"].shape, _MIDDLE)
    return asns_level(cells["asns"], limits)


def plane_image(
    plane: Plane, limits: tuple[float, float] | None, shape: tuple[int, int]
) -> np.ndarray:
    """Return the cells of a slice as discs, those of a projection as means of columns."""
    if not plane.is_projection:
        return cells_image(plane.frame, limits, shape)
    return projected_image(plane.frame, _levels(plane.frame.cells, limits), shape)


def asns_mappable(limits: tuple[float, float]) -> ScalarMappable:
    """Return what a colour bar of ASNS needs."""
    return ScalarMappable(LogNorm(*limits), ListedColormap(cell_colours()))


def field_mappable(norm: Normalize) -> ScalarMappable:
    """Return what a colour bar of a field needs."""
    return ScalarMappable(norm, style.FIELD_MAP)


def cell_keys(columns: tuple[str, ...], *, has_others: bool) -> list[Line2D]:
    """Return legend entries for the kinds of cells in a picture."""
    fills = cell_colours()
    kinds = [("tumour cell", fills[80], fills[80])]
    if "is_resistant" in columns:
        kinds.append(("of a resistant genotype", fills[220], colours.RESISTANT))
    if has_others:
        kinds.append(("stroma or normal cell", colours.NORMAL, colours.NORMAL))
    return [
        Line2D(
            [], [], linestyle="none", marker="o", markersize=7, markeredgewidth=1.8,
            markerfacecolor=fill, markeredgecolor=edge, label=label,
        )
        for label, fill, edge in kinds
    ]  # fmt: skip
