"""Bar figures of assays: stages of death, dropout, truth table, stress, co-culture, motility."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import colours, style

STAGES = {"live": colours.LIVE, "early": colours.EARLY, "late": colours.LATE}
Figures = dict[str, Figure]


def annexin_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw stacked shares of live, early and late events: a panel per line and time."""
    arms = [c for c in ("line", "product", "methylated_alleles") if c in results]
    groups = list(results.groupby(arms, sort=False))
    times = sorted(results["time_h"].unique())
    figure = style.new_figure(2.1 * len(times) + 2.4, 2.5 * len(groups) + 0.7)
    panels = figure.subplots(len(groups), len(times), sharey=True, squeeze=False)
    for row, (key, group) in zip(panels, groups, strict=True):
        for axes, time in zip(row, times, strict=True):
            shown = group[group["time_h"] == time].sort_values("dose_IU_per_mL")
            _stack(axes, [f"{dose:g}" for dose in shown["dose_IU_per_mL"]], shown)
            axes.set_title(f"{time:g} h", fontsize=9.5, loc="left")
        row[0].set_ylabel(f"{', '.join(map(str, key))}\nshare of events")
    for axes in panels[-1]:
        axes.set_xlabel("IU/mL")
    style.legend_right(panels[0][-1])
    style.set_title(figure, "Annexin V / PI", title)
    return {"annexin": figure}


def dropout_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw proliferation and death side by side, so that arrest and death are told apart."""
    lines = list(results["line"].unique())
    times = sorted(results["time_h"].unique())
    grown, dead = times[max(len(times) - 2, 0)], times[-1]
    figure = style.new_figure(9.0, 2.5 * len(lines) + 0.8)
    panels = figure.subplots(len(lines), 2, squeeze=False, sharex="col")
    for row, line in zip(panels, lines, strict=True):
        of_line = results[results["line"] == line]
        counts, stages = (of_line[of_line["time_h"] == time] for time in (grown, dead))
        _barh(row[0], counts["group"], counts, "count", style.BLUE)
        row[0].axvline(1.0, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        row[0].set_ylabel(line)
        _stack_h(row[1], stages["group"], stages)
        row[1].tick_params(labelleft=False)
    panels[-1][0].set_xlabel(f"Living cells at {grown:g} h / complete medium")
    panels[-1][1].set_xlabel(f"Share of events at {dead:g} h")
    style.legend_right(panels[0][1])
    style.set_title(figure, "Dropout", title)
    return {"dropout": figure}


def mtorc1_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw the truth table: S6K-P by refeed and genotype, a panel per line and time."""
    groups = list(results.groupby(["line", "hours_after_refeed"], sort=False))
    genotypes = list(results["genotype"].unique())
    figure = style.new_figure(9.5, 2.9 * len(groups) + 0.6)
    panels = figure.subplots(len(groups), 1, squeeze=False, sharex=True)[:, 0]
    for axes, ((line, time), shown) in zip(panels, groups, strict=True):
        _grouped(axes, shown, "refeed", "genotype", genotypes, "s6k_p")
        axes.set_ylabel("S6K-P / fed wild type")
        axes.set_title(f"{time:g} h after refeeding, {line}", fontsize=9.5, loc="left")
    style.legend_right(panels[0])
    style.set_title(figure, "mTORC1 truth table", title)
    return {"mtorc1": figure}


def stress_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw message, protein and survival after each stress, by genotype, for each line and time."""
    groups = list(results.groupby(["line", "time_h"], sort=False))
    genotypes = list(results["genotype"].unique())
    figures = {}
    shown_values = {
        "mrna_fold": "ASNS message, fold",
        "protein_fold": "ASNS protein, fold",
        "count": "Living cells / untreated",
    }
    for value, label in shown_values.items():
        figure = style.new_figure(9.5, 2.2 * len(groups) + 0.6)
        panels = figure.subplots(len(groups), 1, squeeze=False, sharex=True)[:, 0]
        for axes, ((line, time), shown) in zip(panels, groups, strict=True):
            _grouped(axes, shown, "stress", "genotype", genotypes, value)
            axes.set_ylabel(label)
            axes.set_title(f"{line}, {time:g} h", fontsize=9.5, loc="left")
        style.legend_right(panels[0])
        style.set_title(figure, "Stress through PERK and GCN2", title)
        figures[f"stress_{value}"] = figure
    return figures


def coculture_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw survival of the blasts by partner, and their Asn."""
    times = sorted(results["time_h"].unique())
    figure = style.new_figure(9.0, 0.42 * results["variant"].nunique() + 1.6)
    panels = figure.subplots(1, len(times) + 1, squeeze=False, sharey=True)[0]
    for axes, time in zip(panels, times, strict=False):
        shown = results[results["time_h"] == time]
        _barh(axes, shown["variant"], shown, "survival", style.BLUE)
        axes.set_xlabel(f"Blasts at {time:g} h / seeded")
    last = results[results["time_h"] == times[-1]]
    _barh(panels[-1], last["variant"], last, "asn_inside_uM", style.GREEN)
    panels[-1].set_xlabel(f"Asn in blasts at {times[-1]:g} h (uM)")
    style.set_title(figure, "Co-culture", title)
    return {"coculture": figure}


def motility_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> Figures:
    """Draw the motility coefficient by Asn."""
    lines = list(results["line"].unique())
    figure = style.new_figure(5.5, 3.2)
    axes = figure.subplots()
    shown = results.assign(asn=[f"{asn:g}" for asn in results["asn_uM"]])
    renamed = shown.rename(columns={"motility_low": "motility_um2_per_h_low",
                                    "motility_high": "motility_um2_per_h_high"})  # fmt: skip
    _grouped(axes, renamed, "asn", "line", lines, "motility_um2_per_h")
    axes.set_xlabel("Asn added (uM)")
    axes.set_ylabel("Motility (um2/h)")
    style.legend_right(axes)
    style.set_title(figure, "Motility", title)
    return {"motility": figure}


def _errors(shown: pd.DataFrame, value: str) -> np.ndarray | None:
    low, high = f"{value}_low", f"{value}_high"
    if value.endswith("_fold"):
        low, high = value.replace("_fold", "_low"), value.replace("_fold", "_high")
    if low not in shown or high not in shown:
        return None
    middle = shown[value].to_numpy(float)
    limits = np.stack([middle - shown[low].to_numpy(float), shown[high].to_numpy(float) - middle])
    return np.nan_to_num(np.maximum(limits, 0.0))


def _barh(
    axes: Axes, labels: Sequence[str] | pd.Series, shown: pd.DataFrame, value: str, colour: str
) -> None:
    places = np.arange(len(shown))
    axes.barh(places, shown[value], xerr=_errors(shown, value), color=colour, height=0.7,
              error_kw={"elinewidth": 1.0, "capsize": 2.0})  # fmt: skip
    axes.set_yticks(places, list(labels))
    axes.invert_yaxis() if not axes.yaxis_inverted() else None
    axes.set_xlim(left=0.0)
    style.tidy(axes)


def _stack(axes: Axes, labels: Sequence[str], shown: pd.DataFrame) -> None:
    places, below = np.arange(len(shown)), np.zeros(len(shown))
    for stage, colour in STAGES.items():
        share = shown[stage].to_numpy(float)
        axes.bar(places, share, bottom=below, color=colour, label=stage, width=0.75)
        below = below + share
    axes.set_xticks(places, labels)
    axes.set_ylim(0.0, 1.0)
    style.tidy(axes, has_grid=False)


def _stack_h(axes: Axes, labels: Sequence[str] | pd.Series, shown: pd.DataFrame) -> None:
    places, left = np.arange(len(shown)), np.zeros(len(shown))
    for stage, colour in STAGES.items():
        share = shown[stage].to_numpy(float)
        axes.barh(places, share, left=left, color=colour, label=stage, height=0.7)
        left = left + share
    axes.set_yticks(places, list(labels))
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.0)
    style.tidy(axes, has_grid=False)


def _grouped(
    axes: Axes, shown: pd.DataFrame, x: str, hue: str, hues: Sequence[str], value: str
) -> None:
    """Draw bars of ``value`` by ``x``, side by side for each of ``hues``."""
    labels = list(dict.fromkeys(shown[x]))
    width = 0.8 / max(len(hues), 1)
    for number, name in enumerate(hues):
        rows = shown[shown[hue] == name].drop_duplicates(x).set_index(x).reindex(labels)
        places = np.arange(len(labels)) + (number - 0.5 * (len(hues) - 1)) * width
        axes.bar(places, rows[value], width=0.92 * width, yerr=_errors(rows, value), label=name,
                 color=colours.SERIES[number % len(colours.SERIES)],
                 error_kw={"elinewidth": 0.9, "capsize": 1.5})  # fmt: skip
    axes.set_xticks(np.arange(len(labels)), labels)
    axes.set_ylim(bottom=0.0)
    style.tidy(axes)
