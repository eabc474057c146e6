"""The report of an assay."""

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from abm.record import layout
from analysis import page
from analysis.plots.assays import assay_figures
from scenarios.load_text import parse_text
from scenarios.report import parts


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
        sections.append(page.drawing(again, f"{name.replace('_', ' ')}: {title}", name))
    sections += [
        page.heading("Results"),
        parts.shown(results, "results.csv"),
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


def _figure(folder: Path, name: str, _: str) -> Figure:
    return assay_figures(folder)[name]
