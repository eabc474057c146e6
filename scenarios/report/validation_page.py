"""The report of a validation: simulated beside published."""

from pathlib import Path

import pandas as pd

from analysis import page
from scenarios.report import parts

_KINDS = {
    "theory": "exact theory",
    "calibration": "published numbers that chose a parameter: a pass shows that they can be met",
    "validation": "published numbers that chose no parameter",
    "ordering": "published signs and orders that chose no parameter",
}


def make(folder: Path) -> str:
    """Return the page of a folder of ``asnsim validate``."""
    rows = parts.read_table(folder / "validation.csv").fillna("")
    counts = pd.DataFrame(
        [
            (name, f"{int((own['verdict'] == 'pass').sum())} of {len(own)}", meaning)
            for name, meaning in _KINDS.items()
            if len(own := rows[rows["kind"] == name])
        ],
        columns=["kind", "met", "what it means"],
    )
    is_broken = (rows["verdict"] == "fail") & (rows["gated"] == "yes")
    info = folder / "validation.json"
    known = parts.read_json(info) if info.exists() else {}
    title = "Validation"
    sections = [
        f"<h1>{title}</h1>",
        page.paragraph("Published and exact results beside what this version simulates."),
        *parts.notes(
            [f"{is_broken.sum()} rows that must pass fail: {', '.join(rows['id'][is_broken])}."]
            if is_broken.any()
            else []
        ),
        page.heading("In short"),
        page.table(counts),
    ]
    for kind in dict.fromkeys(rows["kind"]):
        own = rows[rows["kind"] == kind]
        shown = pd.DataFrame(
            {
                "id": own["id"],
                "what": own["title"],
                "published": own["published"],
                "simulated": [_simulated(row) for row in own.to_dict("records")],
                "tolerance": own["tolerance"],
                "verdict": own["verdict"],
                "must pass": own["gated"],
                "source": own["source"],
            }
        )
        sections += [page.heading(kind.capitalize()), page.table(shown)]
    if known:
        sections += [page.heading("How it was run"), page.facts(parts.machine(known))]
    ids = " ".join(f"--only {one}" for one in rows["id"])
    sections += [
        page.heading("Repeat it"),
        page.preformatted(f"asnsim validate {ids} --out NEW"),
    ]
    return page.page(title, sections)


def _simulated(row: dict[str, object]) -> str:
    interval = f" [{parts.number(row['low'])} to {parts.number(row['high'])}]" if row["low"] else ""
    return f"{row['simulated']}{interval}"
