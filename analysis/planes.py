"""Flat pictures of a 3-D tissue: slices through its middle along the three axes, and a projection.

Each is a :class:`Frame` of a 2-D tissue, so that everything that draws those draws these.
"""

from typing import NamedTuple

import numpy as np

from abm.record.reader import Frame

DEFAULT_RADIUS_UM = 5.0
"""Of cells whose radius was not recorded."""
_AXES = {"x": 0, "y": 1, "z": 2}


class Plane(NamedTuple):
    """One picture of a tissue: what it is, the names of its axes, and the tissue in it."""

    title: str
    across: str
    up: str
    frame: Frame


def is_solid(frame: Frame) -> bool:
    """Whether a frame is that of a 3-D tissue."""
    return frame.depth_um > 0.0


def planes(frame: Frame) -> list[Plane]:
    """Return the slices at the middle of z, y and x, and the projection along z.

    A slice holds the voxels and the cells that the plane cuts, with the radius of the cut. The
    projection holds the mean of the field over z and all cells, upper ones over lower ones.
    A 2-D frame gives itself.
    """
    if not is_solid(frame):
        return [Plane("", "x", "y", frame)]
    return [
        _slice(frame, "z", "x", "y"),
        _slice(frame, "y", "x", "z"),
        _slice(frame, "x", "z", "y"),
        _projection(frame),
    ]


def _slice(frame: Frame, normal: str, across: str, up: str) -> Plane:
    low, high = _ends(frame)[normal]
    middle = 0.5 * (low + high)
    fields = {}
    for name, field in frame.fields.items():
        place = 2 - _AXES[normal]
        plane = np.take(field, field.shape[place] // 2, axis=place)
        fields[name] = plane if (across, up) != ("z", "y") else plane.T
    cells = {}
    if "x_um" in frame.cells:
        radius = frame.cells.get("radius_um", np.full(frame.cells["x_um"].shape, DEFAULT_RADIUS_UM))
        off = frame.cells[f"{normal}_um"] - middle
        is_cut = np.abs(off) < radius
        cells = {name: values[is_cut] for name, values in _turned(frame, across, up).items()}
        cells["radius_um"] = np.sqrt(radius[is_cut] ** 2 - off[is_cut] ** 2)
    flat = Frame(frame.time_h, fields, cells, (*_ends(frame)[across], *_ends(frame)[up]))
    return Plane(f"slice at {normal} = {middle:.0f} um", across, up, flat)


def _projection(frame: Frame) -> Plane:
    fields = {name: field.mean(axis=0) for name, field in frame.fields.items()}
    cells = frame.cells
    if "z_um" in cells:
        order = np.argsort(cells["z_um"], kind="stable")
        cells = {name: values[order] for name, values in cells.items()}
    flat = Frame(frame.time_h, fields, cells, frame.extent_um)
    return Plane("projection along z", "x", "y", flat)


def _turned(frame: Frame, across: str, up: str) -> dict[str, np.ndarray]:
    """Return the columns with the named coordinates in place of x and y."""
    return {
        **frame.cells,
        "x_um": frame.cells[f"{across}_um"],
        "y_um": frame.cells[f"{up}_um"],
    }


def _ends(frame: Frame) -> dict[str, tuple[float, float]]:
    left, right, bottom, top = frame.extent_um
    lowest = 0.0
    # An extent that begins elsewhere was taken from the cells, and so was the depth.
    if (left, bottom) != (0.0, 0.0) and frame.cells["z_um"].size:
        lowest = 0.5 * float(frame.cells["z_um"].min() + frame.cells["z_um"].max() - frame.depth_um)
    return {"x": (left, right), "y": (bottom, top), "z": (lowest, lowest + frame.depth_um)}
