"""The map of a tissue: a nutrient under the cells, as a picture that a browser shows."""

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm, Normalize, to_hex

from abm.record.reader import Frame, is_tumour
from analysis import style
from analysis.planes import DEFAULT_RADIUS_UM
from analysis.raster import Canvas, draw_cells
from scenarios.app.colouring import LEVELS, Colouring, Scale, colours_of

_UNDER_CELLS = "Greys"
_PALEST, _DARKEST = 0.0, 0.32
"""Part of the colour map that is used under cells, so that all stand out, grey ones as well."""
_SMALLEST_RATIO = 1e-3
_RATIO_OF_LINEAR = 3.0
_QUALITY = 88
"""Of JPEG; edges of cells stay sharp."""
_BAR_SHARE = 0.25
"""A scale bar is at most this part of the picture."""
LARGEST_ZOOM = 64.0
SPECIES_NAMES = {
    "asn": "asparagine", "gln": "glutamine", "glu": "glutamate", "asp": "aspartate",
    "eaa": "essential amino acids", "ser": "serine", "nh3": "ammonia", "glucose": "glucose",
    "o2": "oxygen",
}  # fmt: skip


class Window(NamedTuple):
    """Part of the tissue that is shown: centre as a share of its edges, and magnification."""

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0

    def moved(self, across: float, up: float) -> "Window":
        """Return the window after a shift by shares of its own edges."""
        return self._replace(x=self.x + across / self.zoom, y=self.y + up / self.zoom).inside()

    def zoomed(self, factor: float, across: float = 0.5, up: float = 0.5) -> "Window":
        """Return the window magnified about a place in it, which stays where it is."""
        zoom = float(np.clip(self.zoom * factor, 1.0, LARGEST_ZOOM))
        shift = 1.0 / self.zoom - 1.0 / zoom
        x, y = self.x + (across - 0.5) * shift, self.y + (up - 0.5) * shift
        return Window(x, y, zoom).inside()

    def inside(self) -> "Window":
        """Return the nearest window that does not leave the tissue."""
        half = 0.5 / self.zoom
        x, y = (float(np.clip(place, half, 1.0 - half)) for place in (self.x, self.y))
        return self._replace(x=x, y=y)

    def extent(self, whole: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return left, right, bottom, top [um] of the window in a tissue of extent ``whole``."""
        left, right, bottom, top = whole
        width, height = right - left, top - bottom
        half = 0.5 / self.zoom
        return (
            left + (self.x - half) * width, left + (self.x + half) * width,
            bottom + (self.y - half) * height, bottom + (self.y + half) * height,
        )  # fmt: skip


class FieldScale:
    """Ends of the colours of a nutrient [uM]; they grow with what was seen."""

    def __init__(self) -> None:
        self.low, self.high = np.inf, 0.0

    def see(self, field: np.ndarray) -> None:
        """Widen the scale to hold a field."""
        self.low = min(self.low, float(field.min()))
        self.high = max(self.high, float(field.max()))

    def norm(self) -> Normalize:
        """Return the scale: three decades at most, linear where the field differs little."""
        if self.high <= 0.0:
            return Normalize(0.0, 1.0)
        low = max(self.low, _SMALLEST_RATIO * self.high)
        if self.high > _RATIO_OF_LINEAR * low:
            return LogNorm(low, self.high)
        return Normalize(0.0, self.high)


class Picture(NamedTuple):
    """A map as the page needs it; places are shares of the picture from the left and the top."""

    source: str
    """PNG or JPEG as a data URL."""
    aspect: float
    bar_share: float
    bar_label: str
    mark: tuple[float, float] | None
    """Place of the selected cell, None where it is not in the picture."""


class Scales:
    """The colour scales of one visitor, shared by the arms."""

    def __init__(self) -> None:
        self.levels = {colouring: Scale(level) for colouring, level in LEVELS.items()}
        self.fields: dict[str, FieldScale] = {}

    def see(self, frame: Frame) -> None:
        """Widen all scales to hold a frame."""
        for scale in self.levels.values():
            scale.see(frame.cells)
        for name, field in frame.fields.items():
            self.fields.setdefault(name, FieldScale()).see(field)


def draw_map(
    frame: Frame,
    window: Window,
    scales: Scales,
    colouring: Colouring,
    species: str,
    clone_colours: Any,
    *,
    n_pixels: int,
    marked: int | None = None,
    is_fast: bool = False,
) -> Picture:
    """Draw a flat frame; ``species`` may be "" for no nutrient under the cells.

    ``is_fast`` packs it as JPEG, which takes a tenth of the time of a PNG.
    """
    extent = window.extent(frame.extent_um)
    width, height = extent[1] - extent[0], extent[3] - extent[2]
    scale = n_pixels / max(width, height)
    canvas = Canvas(max(round(width * scale), 1), max(round(height * scale), 1), extent)
    under = None
    has_cells = "x_um" in frame.cells
    if species in frame.fields:
        norm = scales.fields[species].norm()
        under = _field(frame, species, norm, canvas, has_cells)
    if has_cells:
        image = _cells(frame, canvas, scales, colouring, clone_colours, under)
    elif under is not None:
        image = under
    else:
        image = np.full((canvas.n_y, canvas.n_x, 3), 255, np.uint8)
    bar_um = _round_length(_BAR_SHARE * width)
    return Picture(
        data_url(np.ascontiguousarray(image[::-1]), is_fast=is_fast), canvas.n_x / canvas.n_y,
        bar_um / width, _length(bar_um), _place(frame, extent, marked),
    )  # fmt: skip


def field_bar(species: str, norm: Normalize, has_cells: bool) -> str:
    """Return the colour bar of a nutrient as HTML."""
    places = np.linspace(0.0, 1.0, 9)
    stops = ", ".join(to_hex(colour) for colour in _field_colours(places, has_cells))
    ends = "".join(f"<span>{float(norm.inverse(place)):.3g}</span>" for place in (0.0, 0.5, 1.0))
    return (
        f'<div class="asn-key"><b>{SPECIES_NAMES[species]} outside the cells (uM)</b>'
        f'<div class="asn-bar" style="background:linear-gradient(90deg, {stops})"></div>'
        f'<div class="asn-ends">{ends}</div></div>'
    )


def nearest_cell(frame: Frame, window: Window, across: float, down: float) -> int | None:
    """Return the id of the cell at a place of the picture, the nearest within its radius + 5 um."""
    if "x_um" not in frame.cells or not frame.cells["x_um"].shape[0]:
        return None
    left, right, bottom, top = window.extent(frame.extent_um)
    x, y = left + across * (right - left), top - down * (top - bottom)
    distance = np.hypot(frame.cells["x_um"] - x, frame.cells["y_um"] - y)
    distance = distance - frame.cells.get("radius_um", np.zeros(distance.shape[0]))
    row = int(np.argmin(distance))
    return int(frame.cells["cell_id"][row]) if distance[row] <= DEFAULT_RADIUS_UM else None


def data_url(image: np.ndarray, *, is_fast: bool) -> str:
    """Return uint8[n_y, n_x, 3], row 0 on top, as the data URL of a JPEG or PNG."""
    from PIL import Image

    stream = io.BytesIO()
    kind = "jpeg" if is_fast else "png"
    options: dict[str, Any] = {"quality": _QUALITY, "subsampling": 0}
    Image.fromarray(image).save(stream, kind, **(options if is_fast else {"compress_level": 1}))
    return f"data:image/{kind};base64," + base64.b64encode(stream.getvalue()).decode()


def _cells(
    frame: Frame,
    canvas: Canvas,
    scales: Scales,
    colouring: Colouring,
    clone_colours: Any,
    under: np.ndarray | None,
) -> np.ndarray:
    cells = dict(frame.cells)
    n_cells = cells["x_um"].shape[0]
    cells.setdefault("radius_um", np.full(n_cells, DEFAULT_RADIUS_UM, np.float32))
    left, right, bottom, top = canvas.extent_um
    x, y, reach = cells["x_um"], cells["y_um"], cells["radius_um"]
    shown = (x > left - reach) & (x < right + reach) & (y > bottom - reach) & (y < top + reach)
    cells = {name: values[shown] for name, values in cells.items()}
    level = np.full(int(shown.sum()), 0.5)
    if colouring in LEVELS and LEVELS[colouring].column in cells:
        level = scales.levels[colouring].place(cells[LEVELS[colouring].column])
    return draw_cells(
        canvas, cells, level=level, is_tumour=is_tumour(cells),
        fill_colour=colours_of(cells, colouring, clone_colours), background=under,
    )  # fmt: skip


def _field(
    frame: Frame, species: str, norm: Normalize, canvas: Canvas, has_cells: bool
) -> np.ndarray:
    """Return uint8[n_y, n_x, 3], row 0 at the lower edge: the voxel under each pixel."""
    field = frame.fields[species]
    left, right, bottom, top = canvas.extent_um
    whole = frame.extent_um
    x = left + (np.arange(canvas.n_x) + 0.5) * (right - left) / canvas.n_x
    y = bottom + (np.arange(canvas.n_y) + 0.5) * (top - bottom) / canvas.n_y
    columns = ((x - whole[0]) / (whole[1] - whole[0]) * field.shape[1]).astype(int)
    rows = ((y - whole[2]) / (whole[3] - whole[2]) * field.shape[0]).astype(int)
    values = np.maximum(field, norm.vmin or 0.0)
    place = np.clip(np.ma.filled(norm(values), 0.0), 0.0, 1.0)
    colours = (_field_colours(place, has_cells) * 255.0).round().astype(np.uint8)
    return colours[
        np.ix_(np.clip(rows, 0, field.shape[0] - 1), np.clip(columns, 0, field.shape[1] - 1))
    ]


def _field_colours(place: np.ndarray, has_cells: bool) -> np.ndarray:
    if not has_cells:
        return np.asarray(colormaps[style.FIELD_MAP](place))[..., :3]
    return np.asarray(colormaps[_UNDER_CELLS](_PALEST + (_DARKEST - _PALEST) * place))[..., :3]


def _place(
    frame: Frame, extent: tuple[float, float, float, float], marked: int | None
) -> tuple[float, float] | None:
    if marked is None or "x_um" not in frame.cells:
        return None
    rows = np.flatnonzero(frame.cells["cell_id"] == marked)
    if not rows.shape[0]:
        return None
    left, right, bottom, top = extent
    x = (float(frame.cells["x_um"][rows[0]]) - left) / (right - left)
    y = (top - float(frame.cells["y_um"][rows[0]])) / (top - bottom)
    return (x, y) if 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0 else None


def _round_length(longest_um: float) -> float:
    """Return the largest of 1, 2, 5 x 10^n that is not longer."""
    decade = 10.0 ** np.floor(np.log10(longest_um))
    return float(max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= longest_um))


def _length(um: float) -> str:
    return f"{um / 1000.0:g} mm" if um >= 1000.0 else f"{um:g} um"
