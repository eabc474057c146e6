"""The course of a patient: drug, asparagine, cells, residual disease and who they are, in days."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import RunReader
from abm.units import HOURS_PER_DAY
from analysis import style
from analysis.clones import bands
from analysis.genotypes import genotype_shares
from analysis.plots.common import (
    doses_of,
    has_values,
    is_replicated,
    protocol_of,
    run_title,
    time_axis,
)

_BAND = (0.05, 0.5, 0.95)
_LEAST_ACTIVITY, _TARGET = 1e-3, 0.1
_LEAST_ASN, _ASN_LIMIT = 1e-2, 0.5
_OUT_OF_SIGHT = 1e-6
"""Nothing, on a log axis whose end lies far above: the line leaves the panel."""
_LOWEST_COUNT = 0.8
"""Lower end of the log axis of cells: one cell is visible, none falls on the edge."""
_SHARE_FLOOR = 1e-7
_LIMITS = ((0.05, "relapse, 5 %"), (1e-4, "flow, 1e-4"), (1e-5, "PCR, 1e-5"))
_COMPARTMENTS = (
    ("n_marrow", "marrow", style.BLUE, "-", 2.0),
    ("n_tissue", "tissue", style.SKY, "-", 1.3),
    ("n_plasma", "blood", style.VERMILION, "-", 1.3),
    ("n_csf", "CSF", style.PURPLE, "-", 1.6),
)
_MARKED = {
    "allergy": "allergy",
    "found": "silent inactivation found",
    "switch": "switch",
    "pancreatitis": "pancreatitis",
    "thrombosis": "thrombosis",
    "hepatotoxicity": "liver toxicity",
}
_MOST_MARKS = 6
_LATE = 0.7
"""From this part of the run on a note stands left of its line."""
_HEIGHTS = (1.15, 1.15, 1.9, 1.5, 1.0)


def course_figure(run: RunReader) -> Figure | None:
    """Draw one patient, or median and 5-95 % of many, over time; None for other environments.

    From above: activity, Asn (true, as measured, CSF), blasts by compartment and normal cells down
    to one cell, share of blasts in the marrow with the readings of residual disease, and genotypes.
    """
    if not run.is_body:
        return None
    table = run.timeseries
    time = time_axis(table)
    genotypes = genotype_shares(run)
    n_panel = 5 if genotypes is not None else 4
    heights = _HEIGHTS[:n_panel]
    figure = style.new_figure(9.5, 1.75 * sum(heights) + 0.6)
    panels = figure.subplots(n_panel, 1, sharex=True, height_ratios=heights)
    _draw_activity(panels[0], time, table)
    _draw_asparagine(panels[1], time, table)
    _draw_cells(panels[2], time, table)
    _draw_share(panels[3], time, table, run)
    if genotypes is not None:
        _draw_genotypes(panels[4], time, genotypes)
    for row, axes in enumerate(panels):
        style.tidy(axes, has_grid=row < 4)
        style.mark_doses(axes, time, doses_of(run), has_marks=row == 0, has_labels=row == 0)
        _mark_events(axes, time, run, has_labels=row == 0)
        _mark_relapse(axes, time, run, has_label=row == 2)
        style.legend_right(axes)
    time.apply(panels[-1])
    figure.align_ylabels(panels)
    what = "Course of a patient"
    if is_replicated(table):
        what = f"Course of {table[layout.REPLICATE].nunique()} patients (median, 5-95 %)"
    protocol = protocol_of(run)
    title = run_title(run) if not protocol else f"{run_title(run)}\n{protocol}"
    style.set_title(figure, what, title)
    return figure


def _draw_activity(axes: Axes, time: style.TimeAxis, table: pd.DataFrame) -> None:
    _line(axes, time, table, "asparaginase_IU_per_mL", style.BLUE, "activity", _OUT_OF_SIGHT)
    axes.axhline(_TARGET, color=style.VERMILION, linewidth=1.0, linestyle=(0, (4, 2)),
                 label=f"target, {_TARGET:g} IU/mL")  # fmt: skip
    axes.set_yscale("log")
    highest = float(table["asparaginase_IU_per_mL"].max())
    axes.set_ylim(_LEAST_ACTIVITY, max(3.0 * highest, 1.0))
    axes.set_ylabel("Asparaginase\n(IU/mL)")


def _draw_asparagine(axes: Axes, time: style.TimeAxis, table: pd.DataFrame) -> None:
    axes.set_yscale("log")
    _line(axes, time, table, "asn_uM", style.GREEN, "plasma, true", _OUT_OF_SIGHT)
    if has_values(table, "asn_csf_uM"):
        _line(axes, time, table, "asn_csf_uM", style.PURPLE, "CSF, true", _OUT_OF_SIGHT)
    if has_values(table, "asn_measured_uM") and not is_replicated(table):
        x, measured = time(table[layout.TIME]), table["asn_measured_uM"].to_numpy(float)
        is_seen = measured > 0.0
        axes.plot(x, np.where(is_seen, measured, np.nan), color=style.BLACK, linewidth=1.2,
                  linestyle=(0, (1, 1.5)), label="plasma, as measured")  # fmt: skip
        if (~is_seen).any():
            axes.fill_between(x, 0.0, 1.0, where=~is_seen, step="mid", color=style.PALE,
                              transform=axes.get_xaxis_transform(), linewidth=0, zorder=0,
                              label="none measured")  # fmt: skip
    axes.axhline(_ASN_LIMIT, color=style.GREY, linewidth=1.0, linestyle=(0, (4, 2)),
                 label=f"depleted, {_ASN_LIMIT:g} uM")  # fmt: skip
    axes.set_ylim(_LEAST_ASN, 150.0)
    axes.set_ylabel("Asparagine\n(uM)")


def _draw_cells(axes: Axes, time: style.TimeAxis, table: pd.DataFrame) -> None:
    axes.set_yscale("log")
    if has_values(table, "n_normal"):
        _line(axes, time, table, "n_normal", style.GREY, "normal cells", _LOWEST_COUNT, "--", 1.6)
    for column, label, colour, dash, width in _COMPARTMENTS:
        if column in table and table[column].any():
            _line(axes, time, table, column, colour, f"blasts, {label}", _LOWEST_COUNT, dash,
                  width)  # fmt: skip
    if "n_resistant" in table and table["n_resistant"].any():
        _line(axes, time, table, "n_resistant", style.ORANGE, "resistant, all", _LOWEST_COUNT,
              (0, (3, 1.5)), 1.6)  # fmt: skip
    axes.set_ylim(_LOWEST_COUNT, None)
    top = axes.get_ylim()[1]
    axes.set_ylim(_LOWEST_COUNT, 3.0 * top)
    axes.set_yticks(10.0 ** np.arange(0, int(np.log10(3.0 * top)) + 1, 3))
    axes.set_ylabel("Cells")


def _draw_share(axes: Axes, time: style.TimeAxis, table: pd.DataFrame, run: RunReader) -> None:
    axes.set_yscale("log")
    _line(axes, time, table, layout.BODY_MARK, style.BLUE, "true share", _SHARE_FLOOR)
    for limit, label in _LIMITS:
        axes.axhline(limit, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        axes.text(1.0, limit, f"{label} ", transform=axes.get_yaxis_transform(), fontsize=7.5,
                  color="#555555", ha="right", va="bottom")  # fmt: skip
    if run.has(layout.MRD) and not is_replicated(table):
        _draw_readings(axes, time, run.mrd)
    axes.set_ylim(_SHARE_FLOOR, 2.0)
    axes.set_ylabel("Blasts in\nthe marrow")


def _draw_readings(axes: Axes, time: style.TimeAxis, mrd: pd.DataFrame) -> None:
    """Draw MRD as read; what was not detected hangs as an open triangle at the limit."""
    methods = (("flow", "MRD, flow", style.VERMILION, 1e-4, "o", 9.0, "none"),
               ("pcr", "MRD, PCR", style.BLACK, 1e-5, "s", 4.0, style.BLACK))  # fmt: skip
    for column, label, colour, limit, marker, size, fill in methods:
        x, read = time(mrd[layout.TIME].to_numpy(float)), mrd[column].to_numpy(float)
        is_seen = read > 0.0
        axes.plot(x, np.where(is_seen, read, np.nan), marker, color=fill, markersize=size,
                  markeredgecolor=colour, markeredgewidth=1.5, zorder=5, label=label)  # fmt: skip
        if (~is_seen).any():
            axes.plot(x[~is_seen], np.full((~is_seen).sum(), limit), "v", color="white",
                      markeredgecolor=colour, markersize=6.5, zorder=5,
                      label=f"{label}: not detected")  # fmt: skip


def _draw_genotypes(axes: Axes, time: style.TimeAxis, genotypes: pd.DataFrame) -> None:
    colours = [genotypes.attrs["colours"][name] for name in genotypes.columns]
    axes.stackplot(time(genotypes.index.to_numpy(float)), genotypes.to_numpy(float).T,
                   colors=colours, labels=list(genotypes.columns), linewidth=0.2,
                   edgecolor="white")  # fmt: skip
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("Share of\nthe blasts")


def _line(
    axes: Axes,
    time: style.TimeAxis,
    table: pd.DataFrame,
    column: str,
    colour: str,
    label: str,
    floor: float,
    dash: str | tuple[int, tuple[float, float]] = "-",
    width: float = 1.8,
) -> None:
    """Draw a column: as it is, or as median and 5-95 % over patients."""
    if not is_replicated(table):
        values = style.floor_positive(table[column].to_numpy(float), floor)
        axes.plot(time(table[layout.TIME]), values, linestyle=dash, color=colour, linewidth=width,
                  label=label)  # fmt: skip
        return
    frame = bands(table, column, _BAND)
    x = time(frame.index.to_numpy(float))
    low, middle, high = (style.floor_positive(frame[q].to_numpy(float), floor) for q in _BAND)
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, middle, linestyle=dash, color=colour, linewidth=width, label=label)


def _mark_events(axes: Axes, time: style.TimeAxis, run: RunReader, *, has_labels: bool) -> None:
    """Mark reactions, switches and toxicities by lines; name them in the uppermost panel."""
    if not run.has(layout.EVENTS) or is_replicated(run.timeseries):
        return
    shown = run.events[run.events["kind"].isin(list(_MARKED))].head(_MOST_MARKS)
    days = shown["day"].to_numpy(float)
    for row, (day, kind, note) in enumerate(zip(days, shown["kind"], shown["note"], strict=True)):
        x = float(time(day * HOURS_PER_DAY))
        axes.axvline(x, color=style.VERMILION, linewidth=1.0, alpha=0.8, zorder=1)
        if has_labels:
            text = _MARKED[kind] + (f" to {note}" if kind == "switch" and note else "")
            is_late = x > _LATE * float(time(time.end_h))
            axes.text(x, 0.93 - 0.17 * (row % 5), f" {text} ", fontsize=7.5, color=style.VERMILION,
                      transform=axes.get_xaxis_transform(), va="top",
                      ha="right" if is_late else "left")  # fmt: skip


def _mark_relapse(axes: Axes, time: style.TimeAxis, run: RunReader, *, has_label: bool) -> None:
    day = (run.info.get("outcome") or {}).get("time_to_relapse_d")
    if day is None or is_replicated(run.timeseries):
        return
    x = float(time(day * HOURS_PER_DAY))
    axes.axvline(x, color=style.BLACK, linewidth=1.1, zorder=1)
    if has_label:
        is_late = x > _LATE * float(time(time.end_h))
        axes.text(x, 0.04, f" relapse, day {day:.0f} ", fontsize=8.0, va="bottom",
                  ha="right" if is_late else "left",
                  transform=axes.get_xaxis_transform())  # fmt: skip
