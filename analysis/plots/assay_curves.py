"""Line and matrix figures of assays: expression, enzyme in a tube, rescue, combination."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import style
from analysis.colours import SERIES
from analysis.dose_response import SHAM

Figures = dict[str, Figure]
OWN = "own"
"""Stands for the line's own number of methylated alleles."""


def expression_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw fold of message and protein over time with intervals, and the true course."""
    figure = style.new_figure(9.5, 3.5)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, what in zip(panels, ("mrna", "protein"), strict=True):
        for number, (arm, rows) in enumerate(
            results.groupby(["line", "methylated_alleles"], sort=False)
        ):
            colour = SERIES[number % len(SERIES)]
            limits = rows[[f"{what}_low", f"{what}_high"]].to_numpy(float).T
            middle = rows[f"{what}_fold"].to_numpy(float)
            errors = np.nan_to_num(np.maximum([middle - limits[0], limits[1] - middle], 0.0))
            axes.errorbar(rows["time_h"], middle, yerr=errors, fmt="o", markersize=4, color=colour,
                          elinewidth=0.9, capsize=1.5)  # fmt: skip
            label = str(arm[0]) if arm[1] == OWN else f"{arm[0]}, {arm[1]} methylated"
            axes.plot(rows["time_h"], rows[f"{what}_true"], color=colour, label=label)
        axes.axhline(1.0, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_yscale("log", base=2)
        axes.set_xlabel("Time (h)")
        style.tidy(axes)
    panels[0].set_ylabel("Fold of untreated wells")
    panels[0].set_title("ASNS message, qRT-PCR", fontsize=9.5, loc="left")
    panels[1].set_title("ASNS protein, Western blot", fontsize=9.5, loc="left")
    style.legend_right(panels[1])
    style.set_title(figure, "ASNS after asparaginase (points: read, lines: in the cells)", title)
    return {"expression": figure}


def enzyme_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw AMP over time, over enzyme, and over Asn."""
    figure = style.new_figure(10.5, 3.3)
    panels = figure.subplots(1, 3)
    for axes, (series, x, label) in zip(
        panels,
        (("time", "time_h", "Time (min)"), ("enzyme", "enzyme_ug", "Enzyme (ug)"),
         ("asn", "asn_uM", "Asn added (uM)")),
        strict=True,
    ):  # fmt: skip
        rows = results[results["series"] == series]
        values = rows[x].to_numpy(float) * (60.0 if series == "time" else 1.0)
        axes.errorbar(values, rows["amp_uM"], yerr=rows["amp_sd"], fmt="o-", markersize=4,
                      color=style.BLUE, linewidth=1.2, capsize=1.5)  # fmt: skip
        if series != "asn" and len(values):
            slope = float(rows["amp_uM"].iloc[0]) / values[0]
            axes.plot(
                [0.0, values.max()],
                [0.0, slope * values.max()],
                color=style.GREY,
                linewidth=0.9,
                linestyle=(0, (3, 2)),
                label="first point carried on",
            )
            axes.legend(frameon=False, fontsize=8.0)
        else:
            axes.set_xscale("symlog", linthresh=30.0)
        axes.set_xlabel(label)
        axes.set_ylim(bottom=0.0)
        style.tidy(axes)
    panels[0].set_ylabel("AMP (uM)")
    style.set_title(figure, "Synthetase in a tube", title)
    return {"enzyme": figure}


def rescue_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw net growth over the block, with and without Asn; medium without Gln beside."""
    lines = list(results["line"].unique())
    figure = style.new_figure(4.2 * len(lines) + 2.0, 3.4)
    panels = figure.subplots(1, len(lines), sharey=True, squeeze=False)[0]
    last = results[results["time_h"] == results["time_h"].max()]
    for axes, line in zip(panels, lines, strict=True):
        for number, (asn, rows) in enumerate(last[last["line"] == line].groupby("asn_added_uM")):
            places = np.arange(len(rows))
            middle = rows["net_growth_per_h"].to_numpy(float)
            limits = [middle - rows["growth_low"], rows["growth_high"] - middle]
            errors = np.nan_to_num(np.maximum(limits, 0.0))
            shift = 0.38 * (number - 0.5)
            axes.bar(
                places + shift,
                middle,
                width=0.36,
                yerr=errors,
                label=f"Asn {asn:g} uM",
                color=SERIES[number % len(SERIES)],
                error_kw={"elinewidth": 0.9},
            )
            labels = [
                block if block == "no Gln" else f"{dose:g}"
                for block, dose in zip(rows["block"], rows["concentration_uM"], strict=True)
            ]
            axes.set_xticks(places, labels)
        axes.axhline(0.0, color=style.BLACK, linewidth=0.8)
        axes.set_title(line, fontsize=9.5, loc="left")
        axes.set_xlabel(f"{last['block'].iloc[0]} (uM)")
        style.tidy(axes)
    panels[0].set_ylabel("Net growth (1/h)")
    style.legend_right(panels[-1])
    style.set_title(figure, "Rescue by Asn", title)
    return {"rescue": figure}


def combination_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw viability and the excess over Bliss and HSA as matrices, for each line and time."""
    figures = {}
    for (line, partner, time), rows in results.groupby(["line", "partner", "time_h"], sort=False):
        figure = style.new_figure(12.0, 3.4)
        panels = figure.subplots(1, 3)
        for axes, (value, label, colours, limit) in zip(
            panels,
            (("viability", "Living cells / vehicle", "viridis", None),
             ("bliss_excess", "Effect over Bliss", "PuOr_r", 0.5),
             ("hsa_excess", "Effect over HSA", "PuOr_r", 0.5)),
            strict=True,
        ):  # fmt: skip
            _matrix(axes, rows, value, label, colours, limit)
            axes.set_ylabel(_partner_label(partner))
        style.set_title(figure, f"Asparaginase with {partner}, {line}, {time:g} h", title)
        figures[f"combination_{line}_{time:g}h"] = figure
    return figures


def _partner_label(partner: str) -> str:
    """Return name and unit; a drug combined with itself is an enzyme."""
    is_sham = partner == SHAM
    return "The same drug again (IU/mL)" if is_sham else f"{partner} (uM)"


def _matrix(
    axes: Axes, rows: pd.DataFrame, value: str, label: str, colours: str, limit: float | None
) -> None:
    table = rows.pivot(index="partner_dose", columns="dose_IU_per_mL", values=value)
    low, high = (0.0, 1.0) if limit is None else (-limit, limit)
    axes.imshow(table, origin="lower", aspect="auto", cmap=colours, vmin=low, vmax=high)
    for i, j in np.ndindex(table.shape):
        number = float(table.iloc[i, j])
        share = (number - low) / (high - low)
        is_dark = share < 0.45 if limit is None else not 0.15 < share < 0.85
        axes.text(j, i, f"{number:.2f}", ha="center", va="center", fontsize=8.0,
                  color="white" if is_dark else "black")  # fmt: skip
    axes.set_xticks(range(table.shape[1]), [f"{dose:g}" for dose in table.columns])
    axes.set_yticks(range(table.shape[0]), [f"{dose:g}" for dose in table.index])
    axes.set_xlabel("Asparaginase (IU/mL)")
    axes.set_title(label, fontsize=9.5, loc="left")
    style.tidy(axes, has_grid=False)
