"""Figures of a calibration of any scenario, from its tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from analysis import style

_PANEL = 2.3
_ROW, _LEAST_HEIGHT, _WIDE = 0.3, 2.4, 7.5
_N_BINS = 20
_FARTHEST_SHOWN = 8.0
"""Targets that are farther off [standard deviations] are drawn at the edge."""
_LARGEST_PAIR_PLOT = 8
_DECADES_WITH_STEPS = 2.0
_LATER_IS_DARKER = LinearSegmentedColormap.from_list("later", ["#D3E6F5", style.BLUE, "#00263D"])


def save_objective(trials: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw the objective of the trials in order, and the best so far."""
    figure = style.new_figure(_WIDE, 3.2)
    axes = figure.add_subplot()
    is_failed = trials["message"] != ""
    done, failed = trials[~is_failed], trials[is_failed]
    best = done["objective"].cummin()
    axes.plot(done["trial"], done["objective"], "o", color=style.SKY, markersize=4, label="trial")
    axes.step(done["trial"], best, where="post", color=style.BLUE, label="best so far")
    if len(failed):
        top = np.full(len(failed), 1.0)
        axes.plot(failed["trial"], top, "x", color=style.VERMILION, label="failed",
                  transform=axes.get_xaxis_transform(), clip_on=False)  # fmt: skip
    if (done["objective"] > 0.0).all():
        axes.set_yscale("log")
    axes.set_xlabel("trial")
    axes.set_ylabel("sum of squared residuals")
    style.tidy(axes)
    style.legend_right(axes)
    style.set_title(figure, "Objective", name)
    return style.save(figure, path)


def save_slices(trials: pd.DataFrame, parameters: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw the objective against each value; later trials are darker."""
    n = len(parameters)
    n_columns = min(n, 4)
    n_rows = -(-n // n_columns)
    figure = style.new_figure(max(_PANEL * n_columns + 1.2, 4.0), 2.6 * n_rows + 0.5)
    panels = np.atleast_1d(figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)).ravel()
    done = trials[trials["message"] == ""]
    for panel, row in zip(panels, parameters.itertuples(), strict=False):
        dots = panel.scatter(
            done[row.path], done["objective"], c=done["trial"], s=14, cmap=_LATER_IS_DARKER,
            edgecolor=style.GREY, linewidth=0.3,
        )  # fmt: skip
        panel.axvspan(row.low_95, row.high_95, color=style.PALE, zorder=0)
        panel.axvline(row.best, color=style.VERMILION, linewidth=1.0)
        _scale(panel, row)
        panel.set_xlabel(_label(row))
        if (done["objective"] > 0.0).all():
            panel.set_yscale("log")
        style.tidy(panel)
    for panel in panels[n:]:
        panel.set_axis_off()
    for place in range(0, n, n_columns):
        panels[place].set_ylabel("sum of squared residuals")
    figure.colorbar(dots, ax=panels.tolist(), label="trial")
    style.set_title(figure, "Trials by value (line: best, grey: within 3.84 of it)", name)
    return style.save(figure, path)


def save_populations(populations: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw the largest distance and the share of accepted draws of each population."""
    figure = style.new_figure(_WIDE, 2.8)
    left, right = figure.subplots(1, 2)
    parts = (("epsilon", "largest distance accepted"), ("acceptance", "share of draws accepted"))
    for panel, (column, label) in zip((left, right), parts, strict=True):
        panel.plot(populations["population"], populations[column], "o-", color=style.BLUE)
        panel.set_xlabel("population")
        panel.set_xticks(populations["population"])
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0.0)
        style.tidy(panel)
    style.set_title(figure, "Populations", name)
    return style.save(figure, path)


def save_posterior(last: pd.DataFrame, parameters: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw the values of the last population by pairs, over their ranges."""
    rows = list(parameters.itertuples())[:_LARGEST_PAIR_PLOT]
    n = len(rows)
    size = max(_PANEL * n, 3.6)
    figure = style.new_figure(size + 0.4, size + 0.4)
    panels = figure.subplots(n, n, squeeze=False)
    weight = last["weight"].to_numpy(float)
    for i, low in enumerate(rows):
        for j, across in enumerate(rows):
            panel = panels[i, j]
            if j > i:
                panel.set_axis_off()
                continue
            if i == j:
                _marginal(panel, last[low.path].to_numpy(float), weight, low)
            else:
                panel.scatter(
                    last[across.path], last[low.path], s=12 * len(weight) * weight + 1,
                    color=style.BLUE, alpha=0.45, linewidth=0,
                )  # fmt: skip
                panel.plot(across.best, low.best, "+", color=style.VERMILION, markersize=10)
                _scale(panel, low, "y")
            _scale(panel, across)
            if i == n - 1:
                panel.set_xlabel(_label(across))
            if j == 0 and i > 0:
                panel.set_ylabel(_label(low))
            style.tidy(panel, has_grid=False)
            panel.tick_params(labelleft=j == 0 and i > 0, labelbottom=i == n - 1)
    style.set_title(figure, "Posterior over the prior", name)
    return style.save(figure, path)


def _marginal(panel: Any, values: np.ndarray, weight: np.ndarray, row: Any) -> None:
    """Draw a histogram with median and 95 % interval, and the flat prior."""
    space = np.geomspace if row.scale == "log" else np.linspace
    edges = space(row.low, row.high, _N_BINS + 1)
    panel.hist(values, bins=edges, weights=weight, color=style.SKY)
    panel.axhline(1.0 / _N_BINS, color=style.GREY, linewidth=1.0, linestyle="--")
    panel.axvline(row.best, color=style.VERMILION, linewidth=1.2)
    for end in (row.low_95, row.high_95):
        panel.axvline(end, color=style.VERMILION, linewidth=0.8, linestyle=":")
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)


def save_fit(targets: pd.DataFrame, path: Path, name: str) -> Path:
    """Draw simulated less measured of each target in standard deviations, with both numbers."""
    n = len(targets)
    figure = style.new_figure(_WIDE, max(_LEAST_HEIGHT, 1.3 + _ROW * n))
    axes = figure.add_subplot()
    rows = np.arange(n)[::-1]
    axes.axvspan(-1.0, 1.0, color=style.PALE, linewidth=0)
    axes.axvline(0.0, color=style.GREY, linewidth=0.8)
    shown = {
        column: np.clip(_off(targets, column), -_FARTHEST_SHOWN, _FARTHEST_SHOWN)
        for column in ("simulated", "low_95", "high_95", "again")
    }
    if np.isfinite(shown["low_95"]).any():
        axes.hlines(
            rows, shown["low_95"], shown["high_95"], color=style.SKY, linewidth=4.0,
            label="95 % of runs",
        )  # fmt: skip
    axes.plot(shown["simulated"], rows, "o", color=style.BLUE, label="simulated")
    axes.plot(
        shown["again"], rows, "D", color=style.ORANGE, markerfacecolor="none", markersize=5,
        label="best, again",
    )  # fmt: skip
    finite = np.abs(np.concatenate(list(shown.values())))
    axes.set_xlim(*(np.array([-1.1, 1.1]) * max(2.0, float(np.nanmax(finite)))))
    labels = [f"{one.target}\n{one.value:g}; {one.simulated:.4g}" for one in targets.itertuples()]
    axes.set_yticks(rows, labels)
    axes.set_ylim(-0.7, n - 0.3)
    axes.set_xlabel("simulated less measured [standard deviations of the target]")
    style.tidy(axes)
    style.legend_right(axes)
    style.set_title(figure, "Targets: measured; simulated", name)
    return style.save(figure, path)


def _off(targets: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column less the measured numbers in standard deviations, on each target's scale."""
    value, sd = targets["value"].to_numpy(float), targets["sd"].to_numpy(float)
    numbers = targets[column].to_numpy(float)
    off: np.ndarray = (numbers - value) / sd
    is_log = (targets["scale"] == "log").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        off[is_log] = np.log(numbers[is_log] / value[is_log]) * value[is_log] / sd[is_log]
    return off


def _scale(panel: Any, row: Any, axis: str = "x") -> None:
    """Give an axis the range and scale of a value, with few ticks in plain numbers."""
    getattr(panel, f"set_{axis}scale")("log" if row.scale == "log" else "linear")
    getattr(panel, f"set_{axis}lim")(row.low, row.high)
    if row.scale == "log":
        of = getattr(panel, f"{axis}axis")
        is_wide = np.log10(row.high / row.low) > _DECADES_WITH_STEPS
        of.set_major_locator(LogLocator(subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
        of.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        of.set_minor_formatter(NullFormatter())


def _label(row: Any) -> str:
    name = str(row.path).removeprefix("parameters.")
    return f"{name} [{row.unit}]" if row.unit else name


def figures_of(folder: Path, tables: Sequence[tuple[str, pd.DataFrame]], name: str) -> list[Path]:
    """Draw what the tables allow into an existing folder.

    tables : (name, table) of ``parameters``, ``targets`` and either ``trials`` or ``populations``
             and ``last``
    """
    of = dict(tables)
    made = [save_fit(of["targets"], folder / "fit.png", name)]
    if "trials" in of:
        made.append(save_objective(of["trials"], folder / "objective.png", name))
        made.append(save_slices(of["trials"], of["parameters"], folder / "slices.png", name))
    if "last" in of:
        made.append(save_populations(of["populations"], folder / "populations.png", name))
        made.append(save_posterior(of["last"], of["parameters"], folder / "posterior.png", name))
    return made
