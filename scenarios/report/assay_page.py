"""The report of an assay."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from abm.record import layout
from analysis import page
from analysis.plots.assays import assay_figures
from scenarios.load_text import parse_text
from scenarios.report import names, parts

_DOSES = (
    "against the dose of enzyme: points are wells, lines the fitted curves; the dashed line is "
    "half of the vehicle, a thick bar the 95 % interval of the IC50."
)
_CAPTIONS = {
    "dose_response_mtt": f"MTT signal over that of the vehicle, {_DOSES}",
    "dose_response_count": f"Living cells over those of the vehicle, {_DOSES}",
    "annexin": "Shares of live, early and late apoptotic events by Annexin V and propidium iodide.",
    "dropout": "Proliferation and death without an amino acid, side by side.",
    "mtorc1": "S6K phosphorylation after refeeding, by amino acid and genotype.",
    "stress": "ASNS message, protein and survival after each stress, by genotype.",
    "coculture": "Survival of the blasts beside each partner, and Asn inside of them.",
    "motility": "Motility coefficient by asparagine of the medium.",
    "expression": "ASNS message and protein over time, fold of the untreated.",
    "enzyme": "AMP made by the synthetase, over time, over enzyme and over Asn.",
    "rescue": "Net growth over the block of the synthetase, with and without Asn.",
    "combination": "Viability under both drugs, and the excess over Bliss and HSA.",
}
"""Name of a figure, or its first word -> what it shows."""
_SHAPE = (
    "top", "bottom", "half_dose", "slope", "shoulder", "second_half_dose", "second_slope",
    "r_squared", "is_converged", "ic50_interpolated",
)  # fmt: skip
"""Columns that tell the shape of a fitted curve."""


def make(folder: Path) -> str:
    """Return the page of the folder of an assay."""
    info = parts.read_json(folder / layout.RUN_INFO)
    text = parts.read_text(folder / "assay.yaml")
    results = parts.read_table(folder / "results.csv")
    sources = parse_text(text, "assay.yaml").contents.get("sources") or ["none given"]
    title = str(info.get("name", folder.name))
    sections = [
        f"<h1>{page.escape(title)}</h1>",
        page.paragraph(str(info.get("description", ""))),
        *parts.notes([str(one) for one in info.get("notes", [])]),
        page.heading("Figures"),
    ]
    for name in assay_figures(folder):
        again = partial(_figure, folder, name)
        sections.append(page.drawing(again, _caption(name, info), name))
    sections += [
        page.heading("Results"),
        *_results(results),
        page.heading("How it was run"),
        page.facts({"assay": info.get("assay", "-"), "seed": info.get("seed", "-"),
                    **parts.machine(info)}),
        page.heading("Repeat it"),
        page.preformatted(f"asnsim run ./{folder.name}/assay.yaml"),
        page.heading("Sources"),
        page.bullets([str(one) for one in sources]),
        page.heading("Assay"),
        page.preformatted(text),
    ]  # fmt: skip
    return page.page(title, [section for section in sections if section])


def _caption(name: str, info: dict[str, Any]) -> str:
    family = name.partition("_")[0]
    shown = _CAPTIONS.get(name) or _CAPTIONS.get(family) or f"{name.replace('_', ' ')}."
    return f"{shown} Simulated: {info.get('name', '-')}, seed {info.get('seed', '-')}."


def _results(results: pd.DataFrame) -> list[str]:
    """Return the table without the shape of fitted curves and without empty columns."""
    is_empty = results.isna().all() | (results == "").all()
    left_out = [name for name in results if name in _SHAPE or is_empty[name]]
    shown = results.drop(columns=left_out).rename(columns=names.title)
    text = [parts.shown(shown, "results.csv")]
    if left_out:
        text.append(page.paragraph(f"Also in results.csv: {', '.join(left_out)}.", "small"))
    return text


def _figure(folder: Path, name: str, _: str) -> Figure:
    return assay_figures(folder)[name]
