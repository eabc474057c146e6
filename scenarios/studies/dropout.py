"""Dropout assay in dialysed serum: complete, one or two amino acids left out, rescue by Asn.

Question: which amino acid does a line need from outside, and does it stop or die without it? Two
classic mistakes can be run beside: serum that was not dialysed, and the wash left out.
"""

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from scenarios.schema.base import Boolean, Count, Quantity, written
from scenarios.studies.conditions import culture, recipe
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.flow import stage_shares, with_flow
from scenarios.studies.outcome import Outcome, mean_interval, refuse_exhausted, with_checks
from scenarios.studies.readers import Readers
from scenarios.studies.schema import CultureAssay

COMPLETE = "complete"


class Dropout(CultureAssay):
    """Dropout media for one or several lines."""

    assay: Literal["dropout"]
    rescue_asn: Annotated[float, Quantity("uM", 0.0, 1e5, "0 uM", "100 mM")] = written("0.1 mM")
    """Asn that is added back [uM]."""
    washes: Annotated[int, Count(1, 10)] = 2
    """Rinses before the dropout medium is filled in."""
    has_mistakes: Boolean = True
    """Whether the two mistakes are run as well."""


MODEL = Dropout


class Group(NamedTuple):
    """One treatment group of the protocol."""

    without: tuple[str, ...] = ()
    asn: float = 0.0
    is_washed: bool = True
    is_dialysed: bool = True


def groups(assay: Dropout) -> dict[str, Group]:
    """Return the treatment groups by name, the complete medium first."""
    found = {
        COMPLETE: Group(),
        "-Asn": Group(("asn",)),
        "-Gln": Group(("gln",)),
        "-Ser": Group(("ser",)),
        "-Gln -Asn": Group(("gln", "asn")),
        "-Asn +Asn": Group(("asn",), assay.rescue_asn),
        "-Gln -Asn +Asn": Group(("gln", "asn"), assay.rescue_asn),
    }
    if assay.has_mistakes:
        found["-Asn, serum not dialysed"] = Group(("asn",), is_dialysed=False)
        found["-Asn, not washed"] = Group(("asn",), is_washed=False)
    return found


def run(assay: Dropout, *, threads: int | None = None, progress: Progress | None = None) -> Outcome:
    """Move cells from complete medium into each group and follow count and death."""
    conditions = [
        Condition({"line": line, "group": name}, _scenario(assay, line, group))
        for line in assay.line
        for name, group in groups(assay).items()
    ]
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    refuse_exhausted(assay, table, table["group"] == COMPLETE)
    start = table[table["time_h"] == 0.0].groupby("line")["n_live"].mean()
    table = table[table["time_h"].isin(assay.hours)].reset_index(drop=True)
    readers = Readers(assay.seed, assay.has_noise)
    parts = [
        rows.assign(absorbance=readers.absorbance(rows, rows["group"] == COMPLETE))
        for _, rows in table.groupby("line", sort=False)
    ]
    table = with_flow(readers, pd.concat(parts).sort_index())
    shown = ["line", "group", "time_h", "count", "count_low", "count_high", "growth", "live"]
    return Outcome(table, _results(table, start, readers.plate.blank), shown)


def _scenario(assay: Dropout, line: str, group: Group) -> Any:
    added = {"asn": group.asn} if group.asn > 0.0 else {}
    event: dict[str, Any] = {
        "at": "0 h",
        "medium": recipe(assay.medium, without=group.without, add=added),
    }
    if group.is_washed:
        event["wash"] = assay.washes
    serum = {"fraction": assay.serum.fraction, "dialysed": True}
    before = serum
    if not group.is_dialysed:
        before = event["serum"] = {"fraction": assay.serum.fraction, "dialysed": False}
    return culture(assay, line, end=max(assay.hours), events=[event], serum=before)


def _results(table: pd.DataFrame, start: pd.Series, blank: float) -> pd.DataFrame:
    by = ["line", "group", "time_h"]
    shares = stage_shares(table, by)
    is_complete = table["group"] == COMPLETE
    rows = []
    for key, wells in table.groupby(by, sort=False):
        line, _, time = key
        control = table[is_complete & (table["line"] == line) & (table["time_h"] == time)]
        count = wells["n_live"] / control["n_live"].mean()
        mtt = (wells["absorbance"] - blank) / (control["absorbance"] - blank).mean()
        doublings = np.log2(np.maximum(wells["n_live"], 0.5) / start[line])
        full = np.log2(control["n_live"].mean() / start[line])
        row = dict(zip(by, key, strict=True))
        for name, values in (("count", count), ("mtt", mtt), ("growth", doublings / full)):
            middle, low, high = mean_interval(values)
            row |= {name: middle, f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows).merge(shares, on=by)
