"""Growth under a block of the electron transport chain, or without Gln, and its rescue by Asn.

Question: does 0.1 mM Asn bring back growth where a cell cannot make Asp, or has no Gln?
"""

from typing import Annotated, Literal

import numpy as np
import pandas as pd

from scenarios.schema.base import Name, written
from scenarios.studies.conditions import culture, recipe
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.outcome import Outcome, mean_interval, refuse_exhausted, with_checks
from scenarios.studies.schema import Concentrations, CultureAssay
from scenarios.studies.stress import COMPOUND_NAMES

_BY = ["line", "block", "concentration_uM", "asn_added_uM", "time_h"]


class Rescue(CultureAssay):
    """A compound, and loss of Gln, with and without Asn in the medium."""

    assay: Literal["rescue"]
    compound: Annotated[str, Name("compound", COMPOUND_NAMES)] = "rotenone"
    concentrations: Concentrations = written(["0 uM", "0.01 uM", "0.03 uM", "0.1 uM"])
    """Concentrations of the compound [uM]."""
    asn: Concentrations = written(["0 uM", "100 uM"])
    """Asn added to the medium [uM]."""
    washes: int = 2


MODEL = Rescue


def run(assay: Rescue, *, threads: int | None = None, progress: Progress | None = None) -> Outcome:
    """Run all concentrations, and medium without Gln, at each Asn."""
    conditions = []
    for line in assay.line:
        for asn in assay.asn:
            for concentration in assay.concentrations:
                labels = _labels(line, assay.compound, concentration, asn)
                conditions.append(_condition(assay, labels))
            conditions.append(_condition(assay, _labels(line, "no Gln", 0.0, asn)))
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    is_vehicle = (table["block"] == assay.compound) & (table["concentration_uM"] == 0.0)
    refuse_exhausted(assay, table, is_vehicle)
    start = table[table["time_h"] == 0.0].groupby("condition")["n_live"].mean()
    table = table[table["time_h"].isin(assay.hours)].reset_index(drop=True)
    first = table["condition"].map(start)
    table["net_growth_per_h"] = np.log(np.maximum(table["n_live"], 0.5) / first) / table["time_h"]
    rows = []
    for key, wells in table.groupby(_BY, sort=False):
        middle, low, high = mean_interval(wells["net_growth_per_h"])
        growth = {"net_growth_per_h": middle, "growth_low": low, "growth_high": high}
        inside = {name: wells[name].mean() for name in ("asp_inside_uM", "asn_inside_uM")}
        rows.append(dict(zip(_BY, key, strict=True)) | growth | inside)
    return Outcome(
        table, pd.DataFrame(rows), [*_BY, "net_growth_per_h", "growth_low", "growth_high"]
    )


def _labels(line: str, block: str, concentration: float, asn: float) -> dict[str, object]:
    return {"line": line, "block": block, "concentration_uM": concentration, "asn_added_uM": asn}


def _condition(assay: Rescue, labels: dict[str, object]) -> Condition:
    without = ("gln",) if labels["block"] == "no Gln" else ()
    asn, concentration = float(labels["asn_added_uM"]), float(labels["concentration_uM"])  # type: ignore[arg-type]
    medium = recipe(assay.medium, without=without, add={"asn": asn} if asn else {})
    event = {"at": "0 h", "wash": assay.washes, "medium": medium}
    compounds = []
    if concentration > 0.0:
        amount = f"{concentration!r} uM"
        compounds = [{"compound": assay.compound, "concentration": amount, "at": "0 h"}]
    scenario = culture(
        assay, str(labels["line"]), end=max(assay.hours), events=[event], compounds=compounds
    )
    return Condition(labels, scenario)
