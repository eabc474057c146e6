"""Flat pictures of a 3-D tissue: slices through its middle along the three axes, and a projection.

Each is a :class:`Frame` of a 2-D tissue, so that everything that draws those draws these.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from abm.errors import ScenarioError
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
    is_projection: bool = False


def is_solid(frame: Frame) -> bool:
    """Whether a frame is that of a 3-D tissue."""
    return frame.depth_um > 0.0


def planes(frame: Frame, at: Mapping[str, float] | None = None) -> list[Plane]:
    """Return the slices across z, y and x, and the projection along z.

    ``at`` holds places [um] by name of the axis; a slice without one goes through the middle.

    A slice holds the voxels and the cells that the plane cuts, with the radius of the cut. The
    projection holds the mean of the field over z and all cells, upper ones over lower ones.
    A 2-D frame gives itself.
    """
    if not is_solid(frame):
        return [Plane("", "x", "y", frame)]
    at = at or {}
    return [
        _slice(frame, "z", "x", "y", at.get("z")),
        _slice(frame, "y", "x", "z", at.get("y")),
        _slice(frame, "x", "z", "y", at.get("x")),
        _projection(frame),
    ]


def ends_of(frame: Frame) -> dict[str, tuple[float, float]]:
    """Return where a 3-D tissue begins and ends along each axis [um]."""
    left, right, bottom, top = frame.extent_um
    lowest = 0.0
    # An extent that begins elsewhere was taken from the cells, and so was the depth.
    if (left, bottom) != (0.0, 0.0) and frame.cells["z_um"].size:
        lowest = 0.5 * float(frame.cells["z_um"].min() + frame.cells["z_um"].max() - frame.depth_um)
    return {"x": (left, right), "y": (bottom, top), "z": (lowest, lowest + frame.depth_um)}


def check_places(frame: Frame, at: Mapping[str, float]) -> None:
    """Raise ScenarioError for the place of a slice that does not lie in the tissue."""
    if at and not is_solid(frame):
        raise ScenarioError("--slice: only a 3-D tissue has slices: leave it out")
    for axis, place in at.items():
        low, high = ends_of(frame)[axis]
        if not low <= place <= high:
            raise ScenarioError(
                f"--slice {axis}={place:g}: must be from {low:g} to {high:g} um in this tissue"
            )


def _slice(frame: Frame, normal: str, across: str, up: str, at: float | None) -> Plane:
    ends = ends_of(frame)
    low, high = ends[normal]
    middle = 0.5 * (low + high) if at is None else at
    fields = {}
    for name, field in frame.fields.items():
        place = 2 - _AXES[normal]
        n = field.shape[place]
        row = min(max(int((middle - low) / (high - low) * n), 0), n - 1)
        plane = np.take(field, row, axis=place)
        fields[name] = plane if (across, up) != ("z", "y") else plane.T
    cells = {}
    if "x_um" in frame.cells:
        cells = turned(cut_cells(frame.cells, normal, middle), across, up)
    flat = Frame(frame.time_h, fields, cells, (*ends[across], *ends[up]))
    return Plane(f"slice at {normal} = {middle:.0f} um", across, up, flat)


def _projection(frame: Frame) -> Plane:
    fields = {name: field.mean(axis=0) for name, field in frame.fields.items()}
    cells = frame.cells
    if "z_um" in cells:
        order = np.argsort(cells["z_um"], kind="stable")
        cells = {name: values[order] for name, values in cells.items()}
    flat = Frame(frame.time_h, fields, cells, frame.extent_um)
    return Plane("projection along z", "x", "y", flat, is_projection=True)


def cut_cells(cells: dict[str, np.ndarray], normal: str, place_um: float) -> dict[str, np.ndarray]:
    """Return the cells that a plane across an axis cuts, with the radius [um] of the cut."""
    off = cells[f"{normal}_um"] - place_um
    radius = cells.get("radius_um", np.full(off.shape, DEFAULT_RADIUS_UM, np.float32))
    is_cut = np.abs(off) < radius
    found = {name: values[is_cut] for name, values in cells.items()}
    found["radius_um"] = np.sqrt(radius[is_cut] ** 2 - off[is_cut] ** 2).astype(np.float32)
    return found


def turned(cells: dict[str, np.ndarray], across: str, up: str) -> dict[str, np.ndarray]:
    """Return the columns with the named coordinates in place of x and y."""
    return {**cells, "x_um": cells[f"{across}_um"], "y_um": cells[f"{up}_um"]}
