"""What of a frame is shown flat: a tissue as it is, or a slice or projection of a 3-D one."""

from enum import Enum
from typing import NamedTuple

import numpy as np

from abm.record.reader import Frame
from analysis.planes import cut_cells, is_solid, turned


class Axis(Enum):
    """Direction in which one looks at a 3-D tissue."""

    Z = "z"
    Y = "y"
    X = "x"


_ACROSS = {Axis.Z: ("x", "y"), Axis.Y: ("x", "z"), Axis.X: ("y", "z")}
"""Horizontal and vertical direction of the picture."""
_FIELD_AXIS = {Axis.Z: 0, Axis.Y: 1, Axis.X: 2}


class Look(NamedTuple):
    """How to look at a 3-D tissue; ``place`` [0, 1] of its edge is cut, None: a projection."""

    axis: Axis = Axis.Z
    place: float | None = 0.5


def flat(frame: Frame, look: Look) -> Frame:
    """Return the frame as seen: fields[n, m] and cells whose x and y are those of the picture.

    A slice shows the voxels and the cells that a plane cuts, cells with the radius of the cut; a
    projection shows the mean of the fields along the axis and all cells, the nearest on top.
    A 2-D frame stays as it is.
    """
    if not is_solid(frame):
        return frame
    across, up = _ACROSS[look.axis]
    sizes = _sizes(frame)
    n_layer = _n_layers(frame, look.axis)
    layer = None if look.place is None else min(int(look.place * n_layer), n_layer - 1)
    number = _FIELD_AXIS[look.axis]
    fields = {
        name: field.mean(axis=number) if layer is None else field.take(layer, axis=number)
        for name, field in frame.fields.items()
    }
    cells = frame.cells
    if "z_um" in cells:
        cut_um = None if look.place is None else look.place * sizes[look.axis.value]
        cells = _cells(cells, look.axis, cut_um)
        cells = turned(cells, across, up)
    extent = (0.0, sizes[across], 0.0, sizes[up])
    return frame._replace(fields=fields, cells=cells, extent_um=extent)


def names(frame: Frame, look: Look) -> tuple[str, str]:
    """Return what the horizontal and the vertical direction of the picture are."""
    return _ACROSS[look.axis] if is_solid(frame) else ("x", "y")


def _sizes(frame: Frame) -> dict[str, float]:
    left, right, bottom, top = frame.extent_um
    return {"x": right - left, "y": top - bottom, "z": frame.depth_um}


def _n_layers(frame: Frame, axis: Axis) -> int:
    if not frame.fields:
        return 1
    return int(next(iter(frame.fields.values())).shape[_FIELD_AXIS[axis]])


def _cells(cells: dict[str, np.ndarray], axis: Axis, cut_um: float | None) -> dict[str, np.ndarray]:
    """Return the cells that a plane cuts, or all of them, those farther from the viewer first."""
    if cut_um is not None:
        return cut_cells(cells, axis.value, cut_um)
    depth = cells[f"{axis.value}_um"]
    order = np.argsort(depth if axis is Axis.Z else -depth, kind="stable")
    return {name: values[order] for name, values in cells.items()}


def edge_um(frame: Frame, axis: Axis) -> float:
    """Return the length [um] of a 3-D tissue along an axis."""
    return _sizes(frame)[axis.value]
