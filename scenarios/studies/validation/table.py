"""The table of rows in the terminal, as Markdown, HTML and CSV."""

import csv
import html
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from abm.record.files import replace_text
from abm.record.provenance import cpu_name, versions
from scenarios.studies.validation.row import Kind, Tier
from scenarios.studies.validation.run import Judged

COLUMNS = (
    "id", "title", "kind", "gated", "published", "simulated", "low", "high", "tolerance",
    "verdict", "source",
)  # fmt: skip
_TITLES = {
    Tier.T1: "T1, exact theory",
    Tier.T2: "T2, kinetics of the drug",
    Tier.T3: "T3, biology of cells",
}
_STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:.3em .5em;vertical-align:top;text-align:left}"
    ".fail{background:#fbe3dc}.pass{background:#e4f1e4}"
)


def record(judged: Judged) -> dict[str, str]:
    """Return one row of ``validation.csv``; an interval that is not there is empty."""
    row, outcome = judged.row, judged.outcome
    return {
        "id": row.id,
        "title": row.title,
        "kind": row.kind.value,
        "gated": "yes" if row.is_gated else "no",
        "published": row.published,
        "simulated": outcome.text,
        "low": _number(outcome.low),
        "high": _number(outcome.high),
        "tolerance": row.tolerance,
        "verdict": outcome.verdict,
        "source": row.source,
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def to_csv(judged: Sequence[Judged]) -> str:
    """Return the table as CSV with exactly :data:`COLUMNS`."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(record(one) for one in judged)
    return stream.getvalue()


def summary(judged: Sequence[Judged]) -> str:
    """Return how many rows of each kind pass; calibration is never counted as a test passed."""
    passed = Counter(one.row.kind for one in judged if one.outcome.is_met)
    total = Counter(one.row.kind for one in judged)
    parts = [f"{kind.value} {passed[kind]} of {total[kind]}" for kind in Kind if total[kind]]
    return "met: " + ", ".join(parts)


def to_markdown(judged: Sequence[Judged]) -> str:
    """Return one Markdown table for each tier."""
    header = [name for name in COLUMNS if name not in ("low", "high")]
    lines = [summary(judged), ""]
    for tier in Tier:
        rows = [record(one) for one in judged if one.row.tier is tier]
        if not rows:
            continue
        lines += [f"## {_TITLES[tier]}", "", "| " + " | ".join(header) + " |"]
        lines.append("|" + "---|" * len(header))
        for row in rows:
            row["simulated"] += _interval(row)
            cells = [row[name].replace("|", "\\|").replace("\n", " ") for name in header]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _interval(row: dict[str, str]) -> str:
    return f" [{row['low']} to {row['high']}]" if row["low"] else ""


def to_html(judged: Sequence[Judged]) -> str:
    """Return the table as a page of its own."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = []
    for one in judged:
        row = record(one)
        cells = "".join(f"<td>{html.escape(row[name])}</td>" for name in COLUMNS)
        body.append(f'<tr class="{row["verdict"]}">{cells}</tr>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>asnsim validate'
        f"</title><style>{_STYLE}</style></head><body><h1>Validation</h1>"
        f"<p>{html.escape(summary(judged))}</p><table><tr>{head}</tr>"
        + "\n".join(body)
        + "</table></body></html>\n"
    )


def write(judged: Sequence[Judged], out: Path) -> None:
    """Write validation.csv, .md and .html, and validation.json with the versions, to a folder."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {"csv": to_csv(judged), "md": to_markdown(judged), "html": to_html(judged)}
    for suffix, text in texts.items():
        replace_text(out / f"validation.{suffix}", text)
    known = {"versions": versions(), "cpu": cpu_name()}
    replace_text(out / "validation.json", json.dumps(known, indent=2) + "\n")


def show(judged: Sequence[Judged], seconds: float) -> None:
    """Print the table to the terminal."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    shown = Table(title=f"asnsim validate, {seconds:.0f} s", show_lines=True)
    for name in ("id", "title", "kind", "published", "simulated", "verdict"):
        shown.add_column(name, overflow="fold")
    for one in judged:
        row = record(one)
        verdict = row["verdict"] + ("" if one.row.is_gated else " (not gated)")
        colour = "green" if one.outcome.is_met else "red"
        shown.add_row(
            row["id"], row["title"], row["kind"], row["published"],
            row["simulated"] + _interval(row).replace("[", "\\["),
            f"[{colour}]{verdict}[/{colour}]",
        )  # fmt: skip
    console.print(shown)
    console.print(summary(judged))
