"""The report of a sweep: its design, outcomes by point and arm, failures."""

from pathlib import Path
from typing import Any

import pandas as pd

from analysis import page
from analysis.plots.sweep import MOST_OUTCOMES, MOST_VARIED, NOT_GIVEN, sweep_figure
from scenarios.load_text import parse_text
from scenarios.report import parts
from scenarios.report.names import title
from scenarios.sweep.run import FAILURES, INFO, SUMMARY, SWEEP

_FIXED = ("point", "arm", "replicate", "seed", "exit_reason")
_FAVOURED = ("relapse_d", "n_cells_end", "resistant_share_end", "n_cells_lowest")
"""Outcomes of scenarios that are drawn first."""


def make(folder: Path) -> str:
    """Return the page of the folder of a sweep, finished or not."""
    info = parts.read_json(folder / INFO)
    text = parts.read_text(folder / SWEEP)
    sweep = parse_text(text, SWEEP).contents if text else {}
    has_summary = (folder / SUMMARY).exists()
    summary = parts.read_table(folder / SUMMARY) if has_summary else pd.DataFrame()
    failures = parts.read_table(folder / FAILURES) if (folder / FAILURES).exists() else None
    name = str(info.get("name", folder.name))
    n_failed = 0 if failures is None else len(failures)
    n_runs = int(info.get("n_runs", info["n_points"] * len(info["arms"]) * info["replicates"]))
    notes = []
    if not has_summary:
        notes.append("The sweep is not finished: the same command finishes what is missing.")
    if n_failed:
        notes.append(f"{n_failed} of {n_runs} runs failed and are in no outcome.")
    sections = [
        f"<h1>{page.escape(name)}</h1>",
        page.paragraph(str(info.get("description", ""))),
        *parts.notes(notes),
        page.heading("Design"),
        page.facts(_design(info, sweep, n_runs)),
        *_varied_table(sweep),
    ]
    if not summary.empty:
        sections += _outcomes(without_replaced(summary, sweep))
    sections.append(page.heading("Failures"))
    if failures is None or failures.empty:
        sections.append(page.paragraph("No run failed."))
    else:
        sections.append(parts.shown(failures, FAILURES))
    sections += [
        page.heading("How it was run"),
        page.facts({"seed": info.get("seed", "-"), **parts.machine(info)}),
        page.heading("Repeat it"),
        page.preformatted(
            f"# {SWEEP} of this folder, beside its base scenario\nasnsim sweep {SWEEP} --out NEW"
        ),
        page.heading("Sweep file"),
        page.preformatted(text),
    ]
    return page.page(name, [section for section in sections if section])


def outcome_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each point and arm: varied values, runs, mean and range of outcomes."""
    outcomes = _outcome_names(summary)
    varied = _varied_names(summary)
    rows = []
    for (point, arm), own in summary.groupby(["point", "arm"], sort=False):
        row: dict[str, Any] = {"point": point, "arm": arm}
        row |= {name: own[name].iloc[0] for name in varied}
        row["runs"] = len(own)
        row |= {title(name): _mean_and_range(own[name].dropna()) for name in outcomes}
        rows.append(row)
    return pd.DataFrame(rows)


def without_replaced(summary: pd.DataFrame, sweep: dict[str, Any]) -> pd.DataFrame:
    """Take out of each arm the varied values that the arm itself replaces, such as doses by none.

    Points of an arm that differ in nothing else become one.
    """
    varied, found = _varied_names(summary), summary.copy()
    found[varied] = found[varied].astype(object)
    for arm, changes in (sweep.get("arms") or {}).items():
        own = [path for path in varied if any(f"{path}.".startswith(f"{one}.") for one in changes)]
        if own:
            rows = found["arm"] == arm
            found.loc[rows, own] = NOT_GIVEN
            of_arm = found[rows]
            found.loc[rows, "point"] = of_arm.groupby(varied)["point"].transform("min")
    return found


def _outcomes(summary: pd.DataFrame) -> list[str]:
    varied = [name for name in _varied_names(summary) if summary[name].nunique() > 1]
    names = [name for name in _outcome_names(summary) if summary[name].nunique() > 1]
    names.sort(key=lambda name: _FAVOURED.index(name) if name in _FAVOURED else len(_FAVOURED))
    found = [page.heading("Outcomes")]
    if varied and names:
        shown, across = names[:MOST_OUTCOMES], varied[:MOST_VARIED]
        found.append(
            page.drawing(
                lambda _: sweep_figure(summary, across, shown, {one: title(one) for one in shown}),
                "Outcomes against varied values: mean of the replicates of each point, bars from "
                "the least to the greatest; a line is an arm that replaces the varied value. A run "
                "without relapse has no time to relapse.",
                "outcomes",
            )
        )
    found += [
        parts.shown(outcome_table(summary), SUMMARY),
        page.paragraph(
            "Mean over the runs of a point (least to greatest); -: none has it, or the arm "
            "replaces it.",
            "small",
        ),
    ]
    return found


def _design(info: dict[str, Any], sweep: dict[str, Any], n_runs: int) -> dict[str, object]:
    found: dict[str, object] = {
        "base": info.get("base", "-"),
        "design": sweep.get("design", "-"),
        "points": info.get("n_points", "-"),
        "arms": ", ".join(info.get("arms", [])),
        "replicates": info.get("replicates", "-"),
        "runs": n_runs,
    }
    if sweep.get("csv"):
        found["points from"] = sweep["csv"]
    return found


def _varied_table(sweep: dict[str, Any]) -> list[str]:
    rows = [("varied", path, _values(value)) for path, value in (sweep.get("vary") or {}).items()]
    rows += [("all runs", path, value) for path, value in (sweep.get("changes") or {}).items()]
    for arm, changes in (sweep.get("arms") or {}).items():
        rows += [(f"arm {arm}", path, value) for path, value in changes.items()]
    if not rows:
        return []
    return [page.table(pd.DataFrame(rows, columns=["where", "path", "values"]))]


def _values(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value.get('low')} to {value.get('high')}, {value.get('scale', 'linear')}"
    return ", ".join(map(str, value))


def _varied_names(summary: pd.DataFrame) -> list[str]:
    """Varied values stand between the seed and the first outcome, under their dotted paths."""
    return [name for name in summary if "." in name]


def _outcome_names(summary: pd.DataFrame) -> list[str]:
    return [
        name
        for name in summary
        if name not in _FIXED and "." not in name and summary[name].dtype.kind in "fiu"
    ]


def _mean_and_range(values: pd.Series) -> str:
    if values.empty:
        return "-"
    mean, low, high = values.mean(), values.min(), values.max()
    if low == high:
        return parts.number(float(mean))
    return f"{mean:.4g} ({low:.4g} to {high:.4g})"
