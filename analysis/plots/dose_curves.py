"""Dose-response curves: wells, fit, IC50 with interval, plateau."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import style
from analysis.colours import SERIES
from analysis.dose_curves import DoseCurve

_READOUTS = {
    "mtt": ("viability_mtt", "MTT signal / vehicle"),
    "count": ("viability_count", "Living cells / vehicle"),
}
_ARM = ["line", "product", "variant"]


def dose_figures(readings: pd.DataFrame, results: pd.DataFrame, title: str) -> dict[str, Figure]:
    """Draw one figure per readout: a panel per time, a curve per arm."""
    return {
        f"dose_response_{readout}": _figure(readings, results, title, readout)
        for readout in _READOUTS
        if (results["readout"] == readout).any()
    }


def _figure(readings: pd.DataFrame, results: pd.DataFrame, title: str, readout: str) -> Figure:
    shown = results[results["readout"] == readout]
    times = sorted(shown["time_h"].unique())
    figure = style.new_figure(4.3 * len(times) + 2.2, 3.6)
    panels = figure.subplots(1, len(times), sharey=True, squeeze=False)[0]
    column, label = _READOUTS[readout]
    for axes, time in zip(panels, times, strict=True):
        at_time = shown[shown["time_h"] == time]
        for number, (_, fit) in enumerate(at_time.iterrows()):
            is_arm = (readings[_ARM] == fit[_ARM].to_numpy()).all(axis=1)
            wells = readings[is_arm & (readings["time_h"] == time)]
            _draw_arm(axes, wells, fit, column, SERIES[number % len(SERIES)], shown)
        axes.axhline(0.5, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_xscale("log")
        axes.set_xlabel("Asparaginase (IU/mL)")
        axes.set_title(f"{time:g} h", fontsize=9.5, loc="left")
        style.tidy(axes)
    panels[0].set_ylabel(label)
    panels[0].set_ylim(bottom=min(0.0, panels[0].get_ylim()[0]))
    style.legend_right(panels[-1])
    style.set_title(figure, "Dose-response", title)
    return figure


def _draw_arm(
    axes: Axes, wells: pd.DataFrame, fit: pd.Series, column: str, colour: str, shown: pd.DataFrame
) -> None:
    dosed = wells[wells["dose_IU_per_mL"] > 0.0]
    axes.plot(
        dosed["dose_IU_per_mL"], dosed[column], linestyle="none", marker="o", markersize=3.5,
        color=colour, alpha=0.55, markeredgewidth=0,
    )  # fmt: skip
    label = _label(fit, shown)
    doses = np.geomspace(dosed["dose_IU_per_mL"].min(), dosed["dose_IU_per_mL"].max(), 200)
    if np.isfinite(fit["half_dose"]) and bool(fit["is_converged"]):
        axes.plot(doses, _curve(fit)(doses), color=colour, linewidth=1.6, label=label)
    else:
        axes.plot([], [], color=colour, linewidth=1.6, label=label)
    if np.isfinite(fit["ic50"]):
        axes.plot(fit["ic50"], 0.5, marker="|", markersize=11, color=colour, linestyle="none")
        if np.isfinite(fit["ic50_low"]):
            axes.plot([fit["ic50_low"], fit["ic50_high"]], [0.5, 0.5], color=colour, linewidth=3.0)


def _curve(fit: pd.Series) -> DoseCurve:
    names = ("top", "bottom", "half_dose", "slope", "shoulder", "second_half_dose", "second_slope")
    return DoseCurve(True, "", 0.5, **{name: float(fit[name]) for name in names})


def _label(fit: pd.Series, shown: pd.DataFrame) -> str:
    parts = [str(fit[name]) for name in _ARM if shown[name].nunique() > 1 or name == "line"]
    ic50 = f"IC50 {fit['ic50']:.2g} IU/mL" if np.isfinite(fit["ic50"]) else "no IC50"
    return f"{', '.join(parts)}\n{ic50}, {fit['time_h']:g} h"
