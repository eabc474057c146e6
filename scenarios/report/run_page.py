"""The report of one run: what was run, what came out, on what it rests, how to repeat it."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import RunReader
from abm.units import HOURS_PER_DAY
from analysis import page, publication
from analysis.genotypes import genotype_name
from analysis.plots import run_figures
from analysis.plots.captions import caption
from analysis.plots.common import given_doses, is_replicated, protocol_of, withheld_doses
from analysis.summary import course_summary_lines
from scenarios.load_text import parse_text
from scenarios.profile import profile_rows
from scenarios.report import parts
from scenarios.report.assumptions import assumptions_of
from scenarios.sweep.outcomes import relapse_day

_LARGEST_CLONES = 12
_LARGEST_EVENTS = 60
_ENDS = {
    "end_time": "the end of its time",
    "extinct": "no tumour cell was left",
    "relapse": "the relapse",
    "paused": "not ended: it was paused",
}


def make(folder: Path) -> str:
    """Return the page of a run folder, finished or not."""
    run = RunReader(folder)
    scenario_text = parts.read_text(folder / layout.SCENARIO)
    scenario = parse_text(scenario_text, layout.SCENARIO).contents if scenario_text else {}
    title = str(run.info.get("name", folder.name))
    sections = [
        f"<h1>{page.escape(title)}</h1>",
        page.paragraph(str(run.info.get("description", ""))),
        *parts.notes(warnings(run)),
        page.heading("In short"),
        page.facts(summary(run)),
        page.heading("Figures"),
        *_drawings(run),
        *_tables(run),
        page.heading("How it was run"),
        page.facts(_how_run(run)),
        *_profile(run.info),
        page.heading("Repeat it"),
        page.preformatted(commands(run)),
        page.heading("Assumptions"),
        page.paragraph(
            "What has no source that settles it; docs/assumptions.md of this version says why. "
            "Values are defaults; those under parameters in the scenario replace them.",
            "small",
        ),
        parts.shown(assumptions_of(scenario, run.info), "docs/assumptions.md"),
        page.heading("Sources"),
        page.bullets(_sources(run, scenario)),
        page.heading("Scenario"),
        page.paragraph("With every default filled in.", "small"),
        page.preformatted(scenario_text),
    ]
    return page.page(title, [section for section in sections if section])


def warnings(run: RunReader) -> list[str]:
    """Return what a reader should know before trusting the run."""
    found = []
    if not run.is_finished:
        found.append("The run is not finished: this is what it has recorded so far.")
    if run.is_body:
        found.append(parts.NO_ADVICE)
    protocol = run.info.get("protocol")
    if isinstance(protocol, dict) and protocol.get("mark"):
        found.append(f"Protocol {protocol_of(run)}: check it before you rely on it.")
    return [*found, *(str(one) for one in run.info.get("warnings", []))]


def summary(run: RunReader) -> dict[str, object]:
    """Return what the run came to as names and values."""
    if run.is_body and run.info.get("outcome"):
        return dict(course_summary_lines(run))
    table = run.timeseries
    found: dict[str, object] = {"simulated time": parts.span(float(table["time_h"].iloc[-1]))}
    if is_replicated(table):
        last = table[table["time_h"] == table["time_h"].iloc[-1]]
        low, middle, high = last["n_cells"].quantile([0.05, 0.5, 0.95])
        found["replicates"] = len(last)
        found["tumour cells at the end"] = (
            f"median {parts.number(middle)} ({parts.number(low)} to {parts.number(high)}, 5-95 %)"
        )
        found["without any tumour cell"] = f"{int((last['n_cells'] == 0).sum())} of {len(last)}"
        return found
    cells = table["n_cells"]
    lowest = int(cells.to_numpy().argmin())
    found["tumour cells at the start"] = parts.number(int(cells.iloc[0]))
    when = parts.span(float(table["time_h"].iloc[lowest]))
    found["fewest"] = f"{parts.number(int(cells.iloc[lowest]))} at {when}"
    found["at the end"] = parts.number(int(cells.iloc[-1]))
    if cells.iloc[-1]:
        found["of a resistant genotype"] = f"{table['n_resistant'].iloc[-1] / cells.iloc[-1]:.1%}"
    day = relapse_day(table)
    if day == day:
        found["back at 25 % after a tenfold fall"] = f"day {day:.1f}"
    if table["asn_uM"].notna().any():
        found["lowest asparagine"] = f"{table['asn_uM'].min():.3g} uM"
    if table["asparaginase_IU_per_mL"].notna().any():
        found["highest activity"] = f"{table['asparaginase_IU_per_mL'].max():.3g} IU/mL"
    given = given_doses(run)
    if given is not None:
        n_planned = len(given) + len(withheld_doses(run))
        found["doses given"] = f"{len(given)} of {n_planned} planned"
    return found


def _drawings(run: RunReader) -> list[str]:
    of = {width: dict(run_figures(run, width)) for width in publication.WIDTHS_MM}
    return [
        page.drawing(partial(_chosen, of, name), caption(name, run), name)
        for name in of["two-column"]
    ]


def _chosen(of: dict[str, dict[str, Figure]], name: str, width: str) -> Figure:
    return of[width][name]


def _tables(run: RunReader) -> list[str]:
    found = []
    if run.has(layout.MRD):
        mrd = run.mrd.assign(day=run.mrd[layout.TIME] / HOURS_PER_DAY)
        found += [
            page.heading("Minimal residual disease"),
            parts.shown(mrd[["name", "day", "patient", "true", "flow", "pcr"]], layout.MRD),
            page.paragraph("Share of the nucleated cells of the marrow; 0: not detected.", "small"),
        ]
    if run.has(layout.EVENTS) and len(run.events):
        found += [page.heading("Events"), _events(run)]
    if run.has(layout.CLONES) and len(run.clones):
        found += [page.heading("Clones at the end"), _clones(run.clones)]
    return found


def _events(run: RunReader) -> str:
    if is_replicated(run.timeseries) or len(run.events) > _LARGEST_EVENTS:
        counted = run.events.groupby(["kind", "product"], as_index=False).agg(
            events=("day", "size"), patients=("patient", "nunique"), first_day=("day", "min"),
            last_day=("day", "max"),
        )  # fmt: skip
        return parts.shown(counted, layout.EVENTS)
    return parts.shown(
        run.events[["day", "kind", "product", "note", "value", "measured"]], layout.EVENTS
    ) + page.paragraph(
        "Value: IU of a dose, true activity of a draw; measured: what an assay said, IU/mL.",
        "small",
    )


def _clones(clones: pd.DataFrame) -> str:
    last = clones[clones[layout.TIME] == clones[layout.TIME].max()]
    last = last[last["n_cells"] > 0].sort_values("n_cells", ascending=False)
    if last.empty:
        return page.paragraph("No clone is left.")
    largest = last.head(_LARGEST_CLONES)
    table = pd.DataFrame(
        {
            "clone": largest["clone_id"].astype(str),
            "arose from": largest["parent_clone_id"].map(lambda p: "founders" if p < 0 else str(p)),
            "cells": largest["n_cells"],
            "share": [f"{n / last['n_cells'].sum():.2%}" for n in largest["n_cells"]],
            "mean ASNS (copies/cell)": largest["asns_mean"],
            "ASNS alleles": [
                "-" if alleles < 0 else genotype_name(alleles, gain)
                for alleles, gain in largest[["methylated_alleles", "gain"]].to_numpy()
            ],
        }
    )
    text = page.table(table.apply(lambda column: column.map(parts.number)))
    if len(last) > len(largest):
        text += page.paragraph(
            f"The largest {len(largest)} of {len(last)}; all: {layout.CLONES}.", "small"
        )
    return text


def _how_run(run: RunReader) -> dict[str, object]:
    info = run.info
    reason = str(info.get("exit_reason", "unknown"))
    return {
        "scenario": info.get("name", "-"),
        "protocol": protocol_of(run) or "-",
        "seed": info.get("seed", "-"),
        "replicates": info.get("replicates", 1),
        "ended by": _ENDS.get(reason, reason.replace("_", " ")),
        **parts.machine(info),
    }


def _profile(info: dict[str, Any]) -> list[str]:
    rows = [(name, f"{s:.3g}", f"{share:.0f} %") for name, s, share in profile_rows(info)]
    if not rows:
        return []
    return [
        page.heading("Where the time went", 3),
        page.table(pd.DataFrame(rows, columns=["part", "s", "share of wall time"])),
    ]


def commands(run: RunReader) -> str:
    """Return the commands that repeat a run, or finish it."""
    name = run.folder.name
    if not run.is_finished:
        return f"asnsim resume {name}"
    lines = [
        "# repeat and compare bit for bit",
        f"asnsim rerun {name}",
    ]
    if not run.info.get("past"):  # a branch is not told by its last scenario alone
        lines += ["# the same run in a new folder", f"asnsim run ./{name}/{layout.SCENARIO}"]
    return "\n".join(lines)


def _sources(run: RunReader, scenario: dict[str, Any]) -> list[str]:
    found = [str(one) for one in scenario.get("sources") or []]
    if protocol_of(run):
        found.append(protocol_of(run))
    return found or ["none given in the scenario"]
