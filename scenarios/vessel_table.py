"""Vessels as data: a CSV table that a scenario file names, read into the scenario itself.

The numbers become ``vessels.segments_um``, so that a run folder, a sweep and a branch need no
second file. Only a scenario that is read from a file may name one.
"""

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
    """Put the segments of every ``vessels.file`` of a scenario's contents beside it, in place.

    ``folder`` is that of the scenario. What is no mapping or no text is left for the schema to
    refuse. Raises ScenarioError with file and line for a table that holds something else.
    """
    environment = contents.get("environment")
    patch = environment.get("patch") if isinstance(environment, dict) else None
    for tissue in (environment, patch):
        vessels = tissue.get("vessels") if isinstance(tissue, dict) else None
        if not isinstance(vessels, dict) or "segments_um" in vessels:
            continue
        if isinstance(vessels.get("file"), str):
            size = tissue.get("size") if isinstance(tissue, dict) else None
            n_axes = len(size) if isinstance(size, list) and len(size) in (2, 3) else 3
            vessels["segments_um"] = read_segments(folder / vessels["file"], n_axes)


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
