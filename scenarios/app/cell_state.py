"""The state of one cell in words and numbers."""

import numpy as np

from abm.record import layout
from abm.record.reader import Frame
from abm.state.columns import CellType
from scenarios.app.colouring import State, states

_NAMES = {
    "methylated_alleles": "methylated ASNS alleles",
    "gain": "ASNS gain",
    "asns": "ASNS",
    "atf4": "ATF4",
    "mtorc1": "mTORC1",
    "asn_uM": "free asparagine",
    "growth_per_h": "net synthesis rate",
    "death_per_h": "death hazard",
    "radius_um": "radius",
}
_UNITS = {column.name: column.unit for column in layout.CELLS_COLUMNS}
_UNITS |= {"atf4": "fold of basal", "mtorc1": "of 1"}


def describe_cell(frame: Frame, cell_id: int) -> list[tuple[str, str]] | None:
    """Return name and value of everything that is known of a cell; None where it lives no more."""
    cells = frame.cells
    if "cell_id" not in cells:
        return None
    rows = np.flatnonzero(cells["cell_id"] == cell_id)
    if not rows.shape[0]:
        return None
    one = {name: values[rows[:1]] for name, values in cells.items()}
    kind = CellType(int(one["cell_type"][0]))
    is_resistant = bool(one.get("is_resistant", [False])[0])
    lines = [
        ("cell", f"{cell_id}, {kind.name.lower()}"),
        ("clone", str(int(one["clone_id"][0]))),
    ]
    if kind.is_tumour and "growth_per_h" in one:
        lines.append(("state", list(State)[int(states(one)[0])].value))
        lines.append(("genotype", "resistant" if is_resistant else "sensitive"))
    place = [f"{axis} {float(one[f'{axis}_um'][0]):.0f}" for axis in "xyz" if f"{axis}_um" in one]
    if place:
        lines.append(("place", f"{', '.join(place)} um"))
    for name, text in _NAMES.items():
        if name in one:
            lines.append((text, f"{float(one[name][0]):.4g} {_UNITS[name]}".strip()))
    around = _around(frame, one)
    return lines if around is None else [*lines, ("asparagine outside", f"{around:.4g} uM")]


def _around(frame: Frame, one: dict[str, np.ndarray]) -> float | None:
    """Return Asn [uM] of the voxel in which a cell lies."""
    field = frame.fields.get("asn")
    if field is None or "x_um" not in one:
        return None
    left, right, bottom, top = frame.extent_um
    depth = float(getattr(frame, "depth_um", 0.0))
    ends = {"x": (left, right), "y": (bottom, top), "z": (0.0, depth)}
    index = []
    for axis, n in zip("zyx"[-field.ndim :], field.shape, strict=True):
        low, high = ends[axis]
        place = int((float(one[f"{axis}_um"][0]) - low) / (high - low) * n)
        index.append(min(max(place, 0), n - 1))
    return float(field[tuple(index)])
