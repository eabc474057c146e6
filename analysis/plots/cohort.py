"""Figures of a cohort: survival, activity and asparagine over time, MRD, clones at relapse."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import style
from analysis.colours import SERIES, genotype, series, shades

TARGET_ACTIVITY = 0.1
DEPLETED_ASN = 0.5
_GENOTYPES = {"methylated": 2, "one allele methylated": 1, "unmethylated": 0}
"""Name in the tables of a cohort -> methylated alleles; with ", amplified" behind it a gain."""
_YEAR = 365.25
_LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1)))
_WIDTH = 6.4
_LOWEST_MRD = 1e-7
_AT_RISK_TIMES = 6
_ACTIVITY_FLOOR = 1e-3
_ASN_FLOOR = 1e-3


def survival_figure(survival: pd.DataFrame, end_d: float) -> Figure:
    """Draw Kaplan-Meier curves with 95 % bands and the numbers at risk below them."""
    groups = list(dict.fromkeys(survival["group"]))
    height = 3.4 + 0.17 * len(groups)
    figure = style.new_figure(_WIDTH, height)
    axes, below = figure.subplots(2, 1, height_ratios=(3.0, 0.12 + 0.17 * len(groups)), sharex=True)
    is_long = end_d > 2.0 * _YEAR
    unit, label = (_YEAR, "Years") if is_long else (1.0, "Days")
    times = np.linspace(0.0, end_d, _AT_RISK_TIMES)
    for number, (name, colour) in enumerate(series(groups).items()):
        own = survival[survival["group"] == name]
        day = np.append(own["day"], end_d) / unit
        low, middle, high = (
            np.append(own[c], own[c].iloc[-1]) for c in ("low", "survival", "high")
        )
        axes.fill_between(day, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        axes.step(day, middle, where="post", color=colour, label=name,
                  linestyle=_LINES[number // len(SERIES) % len(_LINES)])  # fmt: skip
        for time in times:
            left = own[own["day"] >= time]
            at_risk = int(left["n_at_risk"].iloc[0]) if len(left) else 0
            below.text(time / unit, -number, str(at_risk), color=colour, fontsize=7.5,
                       ha="center", va="center")  # fmt: skip
    axes.set_ylim(0.0, 1.02)
    axes.set_xlim(0.0, end_d / unit)
    axes.set_ylabel("Without event")
    axes.legend(frameon=False, fontsize=8.0, loc="lower left")
    style.tidy(axes)
    below.set_ylim(-len(groups) + 0.4, 0.6)
    below.set_yticks([])
    below.set_ylabel("at risk", rotation=0, ha="right", va="center", labelpad=16.0)
    below.set_xlabel(label)
    style.tidy(below, has_grid=False)
    below.spines[["left"]].set_visible(False)
    style.set_title(figure, "Patients without event", "Kaplan-Meier, 95 % intervals")
    return figure


def curve_figure(
    curves: pd.DataFrame, column: str, label: str, level: float, until_d: float
) -> Figure:
    """Draw median, quartiles and 5 to 95 % of ``column`` over time: a panel per arm."""
    arms = list(dict.fromkeys(curves["arm"]))
    figure = style.new_figure(_WIDTH, 1.55 * len(arms) + 0.6)
    panels = figure.subplots(len(arms), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    floor = _ACTIVITY_FLOOR if level == TARGET_ACTIVITY else _ASN_FLOOR
    for axes, (arm, colour) in zip(panels, series(arms).items(), strict=True):
        own = curves[(curves["arm"] == arm) & (curves["day"] <= until_d)]
        day = own["day"].to_numpy()
        band = {p: style.floor_positive(own[f"{column}_p{p:02d}"].to_numpy(float), floor)
                for p in (5, 25, 50, 75, 95)}  # fmt: skip
        axes.fill_between(day, band[5], band[95], color=colour, alpha=0.15, linewidth=0)
        axes.fill_between(day, band[25], band[75], color=colour, alpha=0.3, linewidth=0)
        axes.plot(day, band[50], color=colour, linewidth=1.2)
        axes.axhline(level, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_yscale("log")
        axes.set_ylim(bottom=floor)
        axes.set_title(arm, fontsize=9.0, loc="left")
        style.tidy(axes)
    panels[-1].set_xlabel("Days")
    figure.supylabel(label, fontsize=9.5)
    style.set_title(figure, label.split(" (")[0], "median, quartiles, 5 to 95 %")
    return figure


def mrd_figure(patients: pd.DataFrame) -> Figure:
    """Draw how MRD at the end of induction is spread, by flow and by PCR, and the observed."""
    groups = list(dict.fromkeys(patients["group"]))
    figure = style.new_figure(_WIDTH, 2.9)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (kind, title) in zip(panels, (("flow", "by flow"), ("pcr", "by PCR")), strict=True):
        for name, colour in series(groups).items():
            own = patients[patients["group"] == name]
            _cumulative(axes, own[f"mrd_end_induction_{kind}"], colour, name)
        if "observed_mrd_end_induction" in patients:
            _cumulative(axes, patients["observed_mrd_end_induction"], style.BLACK, "observed (CSV)")
        axes.axvline(1e-4, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_xscale("log")
        axes.set_xlim(_LOWEST_MRD, 1.0)
        axes.set_ylim(0.0, 1.02)
        axes.set_xlabel("Share of marrow cells")
        axes.set_title(title, fontsize=9.0, loc="left")
        style.tidy(axes)
    panels[0].set_ylabel("Patients at or below")
    if panels[0].lines[1:]:
        panels[0].legend(frameon=False, fontsize=7.5, loc="upper left")
    style.set_title(figure, "Minimal residual disease", "end of induction")
    return figure


def _cumulative(axes: Axes, values: pd.Series, colour: str, name: str) -> None:
    known = np.sort(np.maximum(values.dropna().to_numpy(float), _LOWEST_MRD))
    if len(known):
        share = np.arange(1, len(known) + 1) / len(known)
        axes.step(known, share, where="post", color=colour, linewidth=1.2, label=name)


def _genotype_colours(names: list[str]) -> dict[str, str]:
    amplified = [name for name in names if name not in _GENOTYPES]
    found = {name: genotype(_GENOTYPES[name]) for name in names if name in _GENOTYPES}
    if amplified:
        found |= zip(amplified, shades(genotype(0, 2.0), len(amplified)), strict=True)
    return {name: found[name] for name in names}


def clone_figure(clones: pd.DataFrame, patients: pd.DataFrame) -> Figure | None:
    """Draw what genotypes the relapses are made of, mean share by arm; None without relapse."""
    relapsed = patients[patients["relapsed"].astype(bool)]
    if clones.empty or relapsed.empty:
        return None
    arms = list(dict.fromkeys(patients["arm"]))
    n_relapsed = relapsed.groupby("arm").size()
    shares = clones.groupby(["arm", "genotype"])["share"].sum()
    genotypes = sorted(clones["genotype"].unique())
    figure = style.new_figure(_WIDTH, 0.42 * len(arms) + 1.2)
    axes = figure.subplots()
    left = np.zeros(len(arms))
    for name, colour in _genotype_colours(genotypes).items():
        width = np.array(
            [shares.get((arm, name), 0.0) / max(n_relapsed.get(arm, 0), 1) for arm in arms]
        )
        axes.barh(np.arange(len(arms)), width, left=left, color=colour, label=name, height=0.7)
        left = left + width
    axes.set_yticks(
        np.arange(len(arms)), [f"{arm} ({n_relapsed.get(arm, 0)})" for arm in arms], fontsize=8.0
    )
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("Mean share of the blasts at relapse (number of relapses)")
    style.legend_right(axes)
    style.tidy(axes, has_grid=False)
    style.set_title(figure, "Genotypes of the blasts at relapse", "")
    return figure
