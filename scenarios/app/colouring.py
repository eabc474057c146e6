"""By what the cells of the map are coloured, and the key to the colours."""

import html
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from abm.record import layout
from abm.record.reader import is_tumour
from abm.state.columns import CellType
from analysis import style
from analysis.raster import cell_colours


class Colouring(Enum):
    """What the colour of a cell tells."""

    ASNS = "ASNS"
    ATF4 = "ATF4"
    MTORC1 = "mTORC1"
    CLONE = "clone"
    STATE = "state"


class Level(NamedTuple):
    """A column that is shown on a colour scale."""

    column: str
    label: str
    is_log: bool


LEVELS = {
    Colouring.ASNS: Level("asns", f"ASNS ({layout.ASNS_UNIT})", True),
    Colouring.ATF4: Level("atf4", "ATF4 (fold of the basal level)", False),
    Colouring.MTORC1: Level("mtorc1", "mTORC1 (activity, 0 to 1)", False),
}


class State(Enum):
    """What a tumour cell is doing (A482)."""

    GROWING = "growing"
    RESTING = "at rest"
    DYING = "dying"


STATE_COLOURS = {State.GROWING: style.BLUE, State.RESTING: style.ORANGE, State.DYING: style.BLACK}
DYING_PER_H = 0.002
"""Death hazard from which a cell that does not outgrow it counts as dying [1/h]."""
_SHARES = (0.01, 0.99)
_OUTLINE, _OTHERS, _SMALL_CLONES = style.VERMILION, style.GREY, style.PALE
_MOST_CLONES = 8


class Scale:
    """Ends of a colour scale that grow with what was seen, so that colours keep their meaning."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self.low, self.high = (0.0, 1.0) if level.column == "mtorc1" else (np.inf, -np.inf)

    def see(self, cells: Mapping[str, np.ndarray]) -> None:
        """Widen the scale to hold the middle 98 % of the tumour cells."""
        if self.level.column == "mtorc1" or self.level.column not in cells:
            return
        values = cells[self.level.column][is_tumour(dict(cells))]
        values = values[values > 0.0]
        if values.shape[0]:
            low, high = np.quantile(values, _SHARES)
            self.low, self.high = min(self.low, float(low)), max(self.high, float(high))

    def place(self, values: np.ndarray) -> np.ndarray:
        """Return the place of values on the scale, 0 to 1."""
        if not self.high > self.low:
            return np.full(values.shape[0], 0.5)
        low, high = self.low, self.high
        if self.level.is_log:
            low, high = np.log(low), np.log(high)
            values = np.log(np.maximum(values, self.low))
        return np.clip((values - low) / (high - low), 0.0, 1.0)


def states(cells: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return int[n_cells], place of each cell's state in :class:`State`."""
    growth, death = cells["growth_per_h"], cells["death_per_h"]
    found = np.full(growth.shape[0], 1)
    found[(growth > 0.0) & (growth > death)] = 0
    found[(death >= DYING_PER_H) & (death >= growth)] = 2
    return found


def colours_of(
    cells: Mapping[str, np.ndarray],
    colouring: Colouring,
    clone_colours: Mapping[int, str | tuple[float, float, float]],
) -> np.ndarray | None:
    """Return float[n_cells, 3]; None where a colour scale is used or nothing was recorded."""
    if colouring is Colouring.STATE and {"growth_per_h", "death_per_h"} <= set(cells):
        palette = np.array([to_rgb(STATE_COLOURS[state]) for state in State])
        return palette[states(cells)]
    if colouring is Colouring.CLONE and "clone_id" in cells:
        ids, place = np.unique(cells["clone_id"], return_inverse=True)
        small = to_rgb(_SMALL_CLONES)
        palette = np.array([to_rgb(clone_colours.get(int(i), small)) for i in ids]).reshape(-1, 3)
        return palette[place]
    return None


def bar(scale: Scale) -> str:
    """Return the colour bar of a scale as HTML."""
    if not scale.high > scale.low:
        return ""
    stops = ", ".join(to_hex(colour) for colour in cell_colours()[:: 255 // 8])
    low, high = scale.low, scale.high
    middle = np.sqrt(low * high) if scale.level.is_log else 0.5 * (low + high)
    ends = "".join(f"<span>{_short(value)}</span>" for value in (low, middle, high))
    return (
        f'<div class="asn-key"><b>{html.escape(scale.level.label)}</b>'
        f'<div class="asn-bar" style="background:linear-gradient(90deg, {stops})"></div>'
        f'<div class="asn-ends">{ends}</div></div>'
    )


def key(
    cells: Mapping[str, np.ndarray],
    colouring: Colouring,
    clone_colours: Mapping[int, str | tuple[float, float, float]],
) -> str:
    """Return the kinds of cells in a map, with their colours, as HTML."""
    entries: list[tuple[str, str, str]] = []
    if colouring is Colouring.STATE:
        entries += [(STATE_COLOURS[state], STATE_COLOURS[state], state.value) for state in State]
    if colouring is Colouring.CLONE:
        large = [clone for clone in sorted(clone_colours) if clone >= 0]
        for clone in large[:_MOST_CLONES]:
            colour = to_hex(clone_colours[clone])
            entries.append((colour, colour, f"clone {clone}"))
        more = f"{len(large) - _MOST_CLONES} more, and " if len(large) > _MOST_CLONES else ""
        entries.append((_SMALL_CLONES, _SMALL_CLONES, f"{more}clones below 1 %"))
    if "is_resistant" in cells:
        entries.append(("#ffffff", _OUTLINE, "resistant genotype (outline)"))
    for kind in (CellType.STROMA, CellType.NORMAL):
        if "cell_type" in cells and (cells["cell_type"] == kind).any():
            entries.append((_OTHERS, _OTHERS, f"{kind.name.lower()} cell"))
    return "".join(
        f'<span class="asn-entry"><span class="asn-dot" style="background:{fill};'
        f'border-color:{edge}"></span>{html.escape(text)}</span>'
        for fill, edge, text in entries
    )


def _short(value: float) -> str:
    """Return a number as short text, such as 12k or 0.35."""
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.2g}"
