"""Motility of carcinoma cells in media with more or less Asn.

Question: do cells wander farther with Asn? Positions are followed from frame to frame as under a
microscope; the mean squared displacement over four times the lag is the motility coefficient.
"""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.kernels.cell_layout import CellState
from abm.model import PopulationModel
from scenarios.build import build
from scenarios.run import set_threads
from scenarios.schema.base import Count, Length, Quantity, written
from scenarios.schema.environment import Medium
from scenarios.studies.conditions import recipe
from scenarios.studies.culture import Progress
from scenarios.studies.outcome import Outcome, mean_interval
from scenarios.studies.schema import Assay, Concentrations, Lines
from scenarios.studies.tissues import patch

_BY = ["line", "asn_uM"]


class Motility(Assay):
    """Tracks of sparse carcinoma cells at several Asn."""

    assay: Literal["motility"]
    line: Lines
    medium: Medium = written("DMEM")
    asn: Concentrations = written(["0 uM", "50 uM", "400 uM"])
    """Asn added to the medium [uM]."""
    n_cells: Annotated[int, Count(2, 10_000)] = 60
    edge: Length = written("800 um")
    """Edge of the field of view [um]."""
    settling: Annotated[float, Quantity("hour", 0.0, 200.0, "0 h", "200 h")] = written("6 h")
    """Time before the first frame [h]."""
    lag: Annotated[float, Quantity("hour", 0.1, 48.0, "6 min", "48 h")] = written("2 h")
    """Time between frames [h]."""
    n_frames: Annotated[int, Count(1, 100)] = 6
    replicates: Annotated[int, Count(1, 100)] = 3
    parameters: dict[str, str | int | float] = written({})


MODEL = Motility


def run(
    assay: Motility, *, threads: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Follow cells at each Asn and compare their motility with that at the lowest Asn."""
    if threads is not None:
        set_threads(threads)
    rows, n_done, n_all = [], 0, len(assay.line) * len(assay.asn) * assay.replicates
    end = assay.settling + assay.lag * assay.n_frames
    for line in assay.line:
        for asn in assay.asn:
            for replicate in range(assay.replicates):
                labels = {"line": line, "asn_uM": asn, "replicate": replicate}
                rows += [labels | row for row in _follow(assay, line, asn, replicate)]
                n_done += 1
                if progress is not None:
                    progress(n_done * end, n_all * end)
    readings = pd.DataFrame(rows)
    results = []
    lowest = min(assay.asn)
    for key, frames in readings.groupby(_BY, sort=False):
        patches = frames.groupby("replicate")["motility_um2_per_h"].mean()
        middle, low, high = mean_interval(patches.to_numpy(float))
        row = dict(zip(_BY, key, strict=True)) | {"motility_um2_per_h": middle}
        row |= {"motility_low": low, "motility_high": high}
        results.append(row | {"asn_inside_uM": frames["asn_inside_uM"].mean()})
    table = pd.DataFrame(results)
    reference = table[table["asn_uM"] == lowest].set_index("line")["motility_um2_per_h"]
    table["fold"] = table["motility_um2_per_h"] / table["line"].map(reference)
    return Outcome(readings, table)


def _follow(assay: Motility, line: str, asn: float, replicate: int) -> list[dict[str, float]]:
    cells = [{"type": "carcinoma", "line": line, "number": assay.n_cells}]
    medium = recipe(assay.medium, add={"asn": asn} if asn else {})
    end = assay.settling + assay.lag * assay.n_frames
    scenario = patch(
        assay.name, edge=assay.edge, cells=cells, medium=medium, end=end,
        seed=assay.seed + replicate, has_vessels=True, parameters=assay.parameters,
    )  # fmt: skip
    model = build(scenario)
    _run_to(model, assay.settling)
    before = _places(model)
    rows = []
    for frame in range(1, assay.n_frames + 1):
        _run_to(model, assay.settling + frame * assay.lag)
        after = _places(model)
        common = sorted(before.keys() & after.keys())
        step = np.array([after[one] - before[one] for one in common])
        squared = float(np.mean(np.sum(step**2, axis=1))) if common else float("nan")
        population = model.state.populations[0]
        rows.append(
            {
                "time_h": model.hours,
                "n_tracked": len(common),
                "motility_um2_per_h": squared / (4.0 * assay.lag),
                "asn_inside_uM": float(population.state[CellState.ASN, : population.n].mean()),
            }
        )
        before = after
    return rows


def _run_to(model: PopulationModel, hours: float) -> None:
    while model.running and model.hours < hours - 1e-6:
        model.step()


def _places(model: PopulationModel) -> dict[int, NDArray[np.float64]]:
    """Return the place of each cell [um] by its name; daughters are new cells."""
    population = model.state.populations[0]
    xy = np.stack([population.live("x"), population.live("y")], axis=1)
    return dict(zip(population.live("cell_id").tolist(), xy, strict=True))
