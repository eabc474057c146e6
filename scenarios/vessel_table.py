"""Vessels as data: a CSV table that a scenario file names, read into the scenario itself.

The numbers become ``vessels.segments_um`` and the name of the table ``vessels.source``, so that a
run folder, a sweep and a branch need no second file. Only a scenario that is read from a file may
name one.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from abm.errors import ScenarioError
from abm.units import did_you_mean
from scenarios.schema.names import LARGEST_LENGTH_UM, LARGEST_NUMBER_OF_SEGMENTS

RADIUS = "radius_um"
_AXES = "xyz"
_DECIMALS = 2
"""Digits of um that are kept: far below a voxel, and short in the scenario of the run."""


def read_vessels(contents: dict[str, Any], folder: Path) -> None:
    """Replace every ``vessels.file`` of a scenario's contents by its segments, in place.

    ``folder`` is that of the scenario. What is no mapping or no text, and a file beside segments,
    is left for the schema to refuse. Raises ScenarioError with file and line for a table that holds
    something else.
    """
    for tissue, vessels, _ in _all_vessels(contents):
        if isinstance(vessels.get("file"), str) and "segments_um" not in vessels:
            size = tissue.get("size")
            n_axes = len(size) if isinstance(size, list) and len(size) in (2, 3) else 3
            vessels["segments_um"] = read_segments(folder / vessels["file"], n_axes)
            vessels["source"] = vessels.pop("file")


def drop_replaced(contents: dict[str, Any], changed: Collection[tuple[str | int, ...]]) -> None:
    """Drop segments that a ``file`` among the ``changed`` paths replaces, in place.

    Changed segments drop the name of the table that the old ones came from.
    """
    for _, vessels, path in _all_vessels(contents):
        if (*path, "segments_um") in changed:
            vessels.pop("source", None)
        elif (*path, "file") in changed:
            vessels.pop("segments_um", None)
            vessels.pop("source", None)


def _all_vessels(
    contents: dict[str, Any],
) -> Iterator[tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]]:
    """Yield every tissue with its vessels and their path, where both are mappings."""
    path: tuple[str, ...] = ()
    tissue: Any = contents
    for name in ("environment", "patch"):
        path, tissue = (*path, name), tissue.get(name)
        if not isinstance(tissue, dict):
            return
        if isinstance(tissue.get("vessels"), dict):
            yield tissue, tissue["vessels"], (*path, "vessels")


def read_segments(path: Path, n_axes: int) -> list[list[float]]:
    """Return rows (both ends, radius) [um] of a table of points or of segments.

    Columns: x_um, y_um, z_um of points, or x1_um, y1_um, z1_um, x2_um, y2_um, z2_um of segments,
    without z in 2-D; radius_um if the vessel is wider than a line.
    """
    from scenarios.csv_table import numbers_within, read_csv  # pandas, only where it is needed

    table = read_csv(path)
    axes = _AXES[:n_axes]
    points = [f"{axis}_um" for axis in axes]
    segments = [f"{axis}{end}_um" for end in "12" for axis in axes]
    names = segments if "x1_um" in table.columns else points
    for name in names:
        if name not in table.columns:
            raise ScenarioError(
                f"{path}: line 1: column {name} is missing: needs {', '.join(points)} for points "
                f"or {', '.join(segments)} for segments of a {n_axes}-D tissue, and {RADIUS} if "
                f"they are wider than a line"
            )
    for name in table.columns:
        if name not in (*names, RADIUS):
            raise ScenarioError(
                f"{path}: line 1: column {name} is not known{did_you_mean(name, (*names, RADIUS))}"
            )
    if len(table) > LARGEST_NUMBER_OF_SEGMENTS:
        raise ScenarioError(
            f"{path}: has {len(table):,} vessels: at most {LARGEST_NUMBER_OF_SEGMENTS:,}"
        )
    rule = f"a number of um from 0 to {LARGEST_LENGTH_UM:g}"
    columns = [
        numbers_within(path, table[name], 0.0, LARGEST_LENGTH_UM, rule, True) for name in names
    ]
    if RADIUS in table:
        columns.append(numbers_within(path, table[RADIUS], 0.0, LARGEST_LENGTH_UM, rule, True))
    else:
        columns.append(0.0 * columns[0])
    ends = columns[:-1] if len(names) > n_axes else columns[:-1] * 2
    rows = np.stack([*(c.to_numpy() for c in ends), columns[-1].to_numpy()], axis=1)
    found: list[list[float]] = np.round(rows, _DECIMALS).tolist()
    return found
