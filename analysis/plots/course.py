"""The course of a patient: drug, asparagine, cells, residual disease and who they are, in days."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from abm.record import layout
from abm.record.reader import RunReader
from abm.units import HOURS_PER_DAY
from analysis import colours, style
from analysis.clones import bands
from analysis.genotypes import ALLELES, genotype_shares
from analysis.plots.common import (
    broken,
    doses_of,
    has_values,
    is_replicated,
    jumps_of,
    protocol_of,
    run_title,
    time_axis,
)
from analysis.plots.events import draw_partners, mark_events, partner_drugs

_BAND = (0.05, 0.5, 0.95)
_LEAST_ACTIVITY, _TARGET = 1e-3, 0.1
_LEAST_ASN, _ASN_LIMIT, _CSF_LIMIT = 1e-2, 0.5, 1.0
"""Depleted in plasma and in the cerebrospinal fluid, as the days of depletion count it [uM]."""
_LOWEST_COUNT = 0.8
"""Lower end of the log axis of cells: one cell is visible, none falls on the edge."""
_SHARE_FLOOR = 1e-7
_LIMITS = ((0.05, "relapse, 5 %"), (1e-4, "flow, 1e-4"), (1e-5, "PCR, 1e-5"))
_COMPARTMENTS = (
    ("n_marrow", "marrow", colours.MARROW, "-", 2.0),
    ("n_tissue", "tissue", colours.TISSUE, "-", 1.3),
    ("n_plasma", "blood", colours.BLOOD, "-", 1.3),
    ("n_csf", "CSF", colours.CSF, "-", 1.6),
)
_LIMITS_WIDTH = 0.12
"""Of the names of the limits right of the axes, as a part of their width."""
_CELLS_LABEL, _SHARE_LABEL = "Cells", "Blasts in\nthe marrow"
_LATE = 0.7
"""From this part of the run on a note stands left of its line."""


def course_figure(run: RunReader) -> Figure | None:
    """Draw one patient, or median and 5-95 % of many, over time; None for other environments.

    From above: activity, Asn (true, as measured, CSF), NH3, partner drugs, blasts by compartment
    and normal cells down to one cell, share of blasts in the marrow with the readings of residual
    disease, and genotypes. NH3, partner drugs and genotypes where there are some.
    """
    if not run.is_body:
        return None
    table = run.timeseries
    time = time_axis(table)
    genotypes = genotype_shares(run)
    ammonia, partners = plasma_ammonia(run), partner_drugs(run)
    parts: list[tuple[float, Callable[[Axes], None]]] = [
        (1.15, lambda axes: _draw_activity(axes, time, table, run)),
        (1.15, lambda axes: _draw_asparagine(axes, time, table, run)),
        (1.9, lambda axes: draw_cells(axes, time, table)),
        (1.5, lambda axes: _draw_share(axes, time, table, run)),
    ]
    if partners:
        height = 0.25 + 0.19 * len(partners)
        parts.insert(2, (height, lambda axes: draw_partners(axes, time, partners)))
    if ammonia is not None:
        parts.insert(2, (0.75, lambda axes: _draw_ammonia(axes, time, ammonia, run)))
    if genotypes is not None:
        parts.append((1.0, lambda axes: _draw_genotypes(axes, time, genotypes)))
    heights = [height for height, _ in parts]
    figure = style.new_figure(9.5, 1.75 * sum(heights) + 0.6)
    panels = figure.subplots(len(parts), 1, sharex=True, height_ratios=heights)
    for row, (axes, (_, draw)) in enumerate(zip(panels, parts, strict=True)):
        draw(axes)
        is_area = genotypes is not None and row == len(parts) - 1
        style.tidy(axes, has_grid=not is_area)
        style.mark_doses(axes, time, doses_of(run), has_marks=row == 0, has_labels=row == 0)
        mark_events(axes, time, run, has_labels=row == 0)
        _mark_relapse(axes, time, run, has_label=axes.get_ylabel() == _CELLS_LABEL)
        if axes.get_legend_handles_labels()[0]:
            shift = _LIMITS_WIDTH if axes.get_ylabel() == _SHARE_LABEL else 0.0
            style.legend_right(axes, shift, title=ALLELES if is_area else None)
    time.apply(panels[-1])
    figure.align_ylabels(panels)
    what = "Course of a patient"
    if is_replicated(table):
        what = f"Course of {table[layout.REPLICATE].nunique()} patients (median, 5-95 %)"
    protocol = protocol_of(run)
    title = run_title(run) if not protocol else f"{run_title(run)}\n{protocol}"
    style.set_title(figure, what, title)
    return figure


def _draw_activity(axes: Axes, time: style.TimeAxis, table: pd.DataFrame, run: RunReader) -> None:
    _line(axes, time, table, "asparaginase_IU_per_mL", colours.ACTIVITY, "activity",
          _LEAST_ACTIVITY, jumps=jumps_of(run))  # fmt: skip
    axes.axhline(_TARGET, color=style.VERMILION, linewidth=1.0, linestyle=(0, (4, 2)),
                 label=f"target, {_TARGET:g} IU/mL")  # fmt: skip
    axes.set_yscale("log")
    highest = float(table["asparaginase_IU_per_mL"].max())
    axes.set_ylim(_LEAST_ACTIVITY, max(3.0 * highest, 1.0))
    axes.set_ylabel("Asparaginase\n(IU/mL)")


def _draw_asparagine(axes: Axes, time: style.TimeAxis, table: pd.DataFrame, run: RunReader) -> None:
    jumps = jumps_of(run)
    axes.set_yscale("log")
    _line(axes, time, table, "asn_uM", colours.ASN, "plasma, true", _LEAST_ASN, jumps=jumps)
    if has_values(table, "asn_csf_uM"):
        _line(axes, time, table, "asn_csf_uM", colours.CSF, "CSF, true", _LEAST_ASN)
        axes.axhline(_CSF_LIMIT, color=colours.CSF, linewidth=1.0, linestyle=(0, (4, 2)),
                     label=f"CSF depleted < {_CSF_LIMIT:g} uM")  # fmt: skip
    if has_values(table, "asn_measured_uM") and not is_replicated(table):
        hours, measured = (table[name].to_numpy(float) for name in (layout.TIME, "asn_measured_uM"))
        hours, measured = broken(hours, measured, jumps)
        x = time(hours)
        is_seen = measured > 0.0
        axes.plot(x, np.where(is_seen, measured, np.nan), color=style.BLACK, linewidth=1.2,
                  linestyle=(0, (1, 1.5)), label="plasma, as measured")  # fmt: skip
        is_none = measured == 0.0
        if is_none.any():
            axes.fill_between(x, 0.0, 1.0, where=is_none, step="mid", color=style.PALE,
                              transform=axes.get_xaxis_transform(), linewidth=0, zorder=0,
                              label="none measured")  # fmt: skip
    axes.axhline(_ASN_LIMIT, color=style.GREY, linewidth=1.0, linestyle=(0, (4, 2)),
                 label=f"depleted < {_ASN_LIMIT:g} uM")  # fmt: skip
    axes.set_ylim(_LEAST_ASN, 150.0)
    axes.set_ylabel("Asparagine\n(uM)")


def draw_cells(
    axes: Axes, time: style.TimeAxis, table: pd.DataFrame, beside: Sequence[pd.DataFrame] = ()
) -> None:
    """Draw blasts by compartment, resistant ones and normal cells on a log axis from one cell on.

    ``beside`` are the tables of other runs, over which the axis reaches.
    """
    axes.set_yscale("log")
    if has_values(table, "n_normal") and table["n_normal"].any():
        _line(
            axes, time, table, "n_normal", colours.NORMAL, "normal cells", _LOWEST_COUNT, "--", 1.6
        )
    for column, label, colour, dash, width in _COMPARTMENTS:
        if column in table and table[column].any():
            _line(axes, time, table, column, colour, f"blasts, {label}", _LOWEST_COUNT, dash,
                  width)  # fmt: skip
    if "n_resistant" in table and table["n_resistant"].any():
        _line(axes, time, table, "n_resistant", colours.RESISTANT, "resistant, all", _LOWEST_COUNT,
              (0, (3, 1.5)), 1.6)  # fmt: skip
    axes.set_ylim(_LOWEST_COUNT, None)
    top = max([axes.get_ylim()[1], *(float(one["n_cells"].max()) for one in beside)])
    axes.set_ylim(_LOWEST_COUNT, 3.0 * top)
    axes.set_yticks(10.0 ** np.arange(0, int(np.log10(3.0 * top)) + 1, 3))
    axes.set_ylabel(_CELLS_LABEL)


def _draw_share(axes: Axes, time: style.TimeAxis, table: pd.DataFrame, run: RunReader) -> None:
    axes.set_yscale("log")
    _line(axes, time, table, layout.BODY_MARK, colours.TUMOUR, "true share", _SHARE_FLOOR)
    for limit, label in _LIMITS:
        axes.axhline(limit, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        axes.annotate(label, (1.01, limit), xycoords=axes.get_yaxis_transform(), fontsize=7.5,
                      color="#555555", ha="left", va="center", annotation_clip=False)  # fmt: skip
    if run.has(layout.MRD) and not is_replicated(table):
        _draw_readings(axes, time, run.mrd)
    axes.set_ylim(_SHARE_FLOOR, 2.0)
    axes.set_ylabel(_SHARE_LABEL)


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
    jumps: Sequence[float] = (),
) -> None:
    """Draw a column: as it is, or as median and 5-95 % over patients."""
    if not is_replicated(table):
        hours, values = (table[name].to_numpy(float) for name in (layout.TIME, column))
        hours, values = broken(hours, values, jumps)
        style.draw_line(axes, time(hours), values, floor, linestyle=dash, color=colour,
                        linewidth=width, label=label)  # fmt: skip
        return
    frame = bands(table, column, _BAND)
    x = time(frame.index.to_numpy(float))
    low, middle, high = (style.floor_positive(frame[q].to_numpy(float), floor) for q in _BAND)
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, middle, linestyle=dash, color=colour, linewidth=width, label=label)


def _mark_relapse(axes: Axes, time: style.TimeAxis, run: RunReader, *, has_label: bool) -> None:
    day = (run.info.get("outcome") or {}).get("time_to_relapse_d")
    if day is None or is_replicated(run.timeseries):
        return
    x = float(time(day * HOURS_PER_DAY))
    axes.axvline(x, color=style.BLACK, linewidth=1.1, zorder=1)
    if has_label:
        is_late = x > _LATE * float(time(time.end_h))
        axes.text(x, 0.04, f" relapse, day {day:.0f} ", fontsize=8.0, va="bottom",
                  ha="right" if is_late else "left", transform=axes.get_xaxis_transform(),
                  path_effects=[withStroke(linewidth=2.5, foreground="white")])  # fmt: skip


def plasma_ammonia(run: RunReader) -> pd.Series | None:
    """Return NH3 of plasma [uM] by time [h], the median of several patients; None without."""
    if not run.has(layout.SITES):
        return None
    sites = run.sites
    rows = sites[(sites["species"] == "nh3") & sites["site"].str.contains("plasma")]
    if rows.empty:
        return None
    median: pd.Series = rows.groupby(layout.TIME)["concentration_uM"].median()
    return median


def _draw_ammonia(axes: Axes, time: style.TimeAxis, ammonia: pd.Series, run: RunReader) -> None:
    hours, values = broken(
        ammonia.index.to_numpy(float), ammonia.to_numpy(float), jumps_of(run)
    )  # fmt: skip
    axes.plot(time(hours), values, color=colours.NH3, linewidth=1.8, label="plasma")
    axes.set_ylim(0.0, 1.15 * float(np.nanmax(values)))
    axes.set_ylabel("NH3\n(uM)")
