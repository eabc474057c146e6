"""Which voxels of a tissue hold a vessel: shares, random capillaries, or vessels as data.

Capillaries are straight. Their length per volume is 1 / d**2 (in 2-D, where they cross the tissue,
their number per area), as that of parallel ones at the distance d of each other on a square
lattice; where they run is random: isotropic lines in 3-D, points in 2-D (assumption A470).
"""

import math
from collections.abc import Sequence

import numpy as np

from abm.streams import Stream, Streams
from scenarios.schema.environment import Tissue, Vessels

_DRAW_DIRECTION, _DRAW_PLACE = 1, 2
_LINES_AT_ONCE = 64


def vessel_voxels(tissue: Tissue, vessels: Vessels, streams: Streams) -> np.ndarray:
    """Return which voxels hold a vessel, bool[n_y, n_x] or bool[n_z, n_y, n_x], at least one."""
    shape = tuple(reversed(tissue.n_voxels))
    mask = np.zeros(shape, np.bool_)
    if vessels.fraction is not None:
        n_vessels = max(1, round(vessels.fraction * mask.size))
        keys = np.arange(mask.size, dtype=np.uint64)
        order = np.argsort(streams.uniforms(Stream.VESSELS, 0, keys)[0], kind="stable")
        mask.ravel()[order[:n_vessels]] = True
    elif vessels.spacing is not None:
        for start, end in random_capillaries(tissue.size, vessels.spacing, streams):
            _mark(mask, start, end, 0.0, tissue.spacing)
    else:
        for row in vessels.segments_um or ():
            start, end, radius = ends_of(row)
            _mark(mask, start, end, radius, tissue.spacing)
    return mask


def ends_of(row: Sequence[float]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return both ends [um] and the radius [um] of a row of ``segments_um``."""
    n = len(row) // 2
    return np.array(row[:n]), np.array(row[n : 2 * n]), row[-1]


def random_capillaries(
    size: Sequence[float], distance: float, streams: Streams
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return both ends [um] of straight capillaries at a mean ``distance`` [um], at least one.

    2-D: points, drawn evenly. 3-D: lines of random direction through random points of a disc that
    covers the tissue from that side, one after the other, as many as bring their length inside
    nearest to volume / distance**2. Which random numbers a line gets depends on its number alone.
    """
    box = np.array(size, float)
    if box.shape[0] == 2:
        n = max(1, round(float(box.prod()) / distance**2))
        keys = np.arange(n, dtype=np.uint64)
        places = streams.uniforms(Stream.VESSELS, 0, keys, draw=_DRAW_PLACE).T * box
        return [(place, place) for place in places]
    wanted = float(box.prod()) / distance**2
    found: list[tuple[np.ndarray, np.ndarray]] = []
    length, first = 0.0, 0
    while True:
        for start, end in _lines(box, first, streams):
            own = math.dist(start, end)
            if found and abs(length + own - wanted) >= abs(length - wanted):
                return found
            found.append((start, end))
            length += own
        first += _LINES_AT_ONCE


def _lines(box: np.ndarray, first: int, streams: Streams) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the parts inside of the box of isotropic lines number ``first`` and those after."""
    keys = np.arange(first, first + _LINES_AT_ONCE, dtype=np.uint64)
    u = streams.uniforms(Stream.VESSELS, 0, keys, draw=_DRAW_DIRECTION)
    v = streams.uniforms(Stream.VESSELS, 0, keys, draw=_DRAW_PLACE)
    cosine, azimuth = 2.0 * u[0] - 1.0, 2.0 * np.pi * u[1]
    sine = np.sqrt(1.0 - cosine**2)
    direction = np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine], axis=1)
    across = np.stack([-np.sin(azimuth), np.cos(azimuth), np.zeros_like(azimuth)], axis=1)
    upward = np.cross(direction, across)
    radius = 0.5 * float(np.linalg.norm(box)) * np.sqrt(v[0])
    place = 0.5 * box + radius[:, None] * (
        np.cos(2.0 * np.pi * v[1])[:, None] * across + np.sin(2.0 * np.pi * v[1])[:, None] * upward
    )
    lines = []
    for point, along in zip(place, direction, strict=True):
        with np.errstate(divide="ignore"):
            to_faces = np.stack([-point / along, (box - point) / along])
        low, high = float(to_faces.min(axis=0).max()), float(to_faces.max(axis=0).min())
        if high > low:
            lines.append((point + low * along, point + high * along))
    return lines


def _mark(
    mask: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float, spacing: float
) -> None:
    """Set the voxels that a segment runs through, and those whose centre is within ``radius``."""
    n = np.array(mask.shape[::-1])
    a, b = start / spacing, end / spacing
    crossings = [np.array([0.0, 1.0])]
    for low, high in zip(a, b, strict=True):
        planes = np.arange(math.floor(min(low, high)) + 1, math.ceil(max(low, high)))
        if planes.size:
            crossings.append((planes - low) / (high - low))
    along = np.sort(np.concatenate(crossings))
    middles = a + (0.5 * (along[1:] + along[:-1]))[:, None] * (b - a)
    voxel = np.clip(np.floor(middles).astype(np.int64), 0, n - 1)
    mask[tuple(voxel.T[::-1])] = True
    if radius <= 0.0:
        return
    reach = radius / spacing
    low = np.clip(np.floor(np.minimum(a, b) - reach).astype(np.int64), 0, n - 1)
    high = np.clip(np.floor(np.maximum(a, b) + reach).astype(np.int64), 0, n - 1)
    inside = tuple(slice(i, j + 1) for i, j in zip(low[::-1], high[::-1], strict=True))
    centres = np.stack(
        np.meshgrid(*(np.arange(s.start, s.stop) + 0.5 for s in inside), indexing="ij"), axis=-1
    )[..., ::-1]
    axis = b - a
    share = np.clip((centres - a) @ axis / max(float(axis @ axis), np.finfo(float).tiny), 0.0, 1.0)
    away = centres - a - share[..., None] * axis
    mask[inside] |= np.einsum("...i,...i->...", away, away) <= reach**2
