"""Figures of a calibration: fit against target, and widths against the prior."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis import style

_WIDE = 7.5
_PER_ROW, _LEAST = 0.26, 2.6
SUFFIXES = (".png", ".pdf")


def draw(
    folder: Path, targets: pd.DataFrame, posterior: pd.DataFrame | None, title: str
) -> list[Path]:
    """Draw the figures into an existing folder and return the files."""
    figures = {"fit": fit_figure(targets, title)}
    if posterior is not None:
        figures["widths"] = widths_figure(posterior, title)
    return [
        style.save(figure, folder / f"{name}{suffix}")
        for name, figure in figures.items()
        for suffix in SUFFIXES
    ]


def fit_figure(targets: pd.DataFrame, title: str) -> Figure:
    """Draw how many standard deviations each target is off, at the start and at the best point."""
    n = len(targets)
    figure = style.new_figure(_WIDE, _height(n))
    axes = figure.add_subplot()
    rows = np.arange(n)[::-1]
    axes.axvspan(-1.0, 1.0, color=style.PALE, linewidth=0)
    axes.axvline(0.0, color=style.GREY, linewidth=0.8)
    before, after = targets["residual_at_start"], targets["residual_at_best"]
    axes.plot(before, rows, "o", color=style.ORANGE, markerfacecolor="none", label="start")
    axes.plot(after, rows, "o", color=style.BLUE, label="best")
    largest = float(np.nanmax(np.abs([*before, *after, 1.0])))
    axes.set_xlim(-1.15 * largest - 0.5, 1.15 * largest + 0.5)
    axes.set_yticks(rows, targets["target"])
    axes.set_ylim(-0.7, n - 0.3)
    axes.set_xlabel("simulated less published [standard deviations]; a bound that is kept is at 0")
    style.tidy(axes)
    style.legend_right(axes)
    style.set_title(figure, "Fit against targets", title)
    return figure


def widths_figure(posterior: pd.DataFrame, title: str) -> Figure:
    """Draw prior and posterior of each parameter as factors of the prior."""
    n = len(posterior)
    figure = style.new_figure(_WIDE, _height(n))
    axes = figure.add_subplot()
    rows = np.arange(n)[::-1]
    prior = posterior["prior"]
    half = np.log(posterior["prior_factor"])
    axes.hlines(
        rows, np.exp(-half), np.exp(half), color=style.PALE, linewidth=7, label="prior, 1 sd"
    )
    value = posterior["value"] / prior
    half = np.log(posterior["posterior_factor"])
    axes.hlines(
        rows, value * np.exp(-half), value * np.exp(half), color=style.BLUE, linewidth=2.5,
        label="posterior, 1 sd",
    )  # fmt: skip
    axes.plot(value, rows, "o", color=style.BLUE, markersize=4)
    axes.plot(
        posterior["default"] / prior, rows, "|", color=style.BLACK, markersize=9, label="default"
    )
    axes.set_xscale("log")
    _tick_factors(axes, posterior)
    axes.set_yticks(rows, posterior["parameter"])
    axes.set_ylim(-0.7, n - 0.3)
    axes.set_xlabel("value over the centre of the prior")
    style.tidy(axes)
    style.legend_right(axes)
    style.set_title(figure, "Widths", title)
    return figure


def _tick_factors(axes: object, posterior: pd.DataFrame) -> None:
    from matplotlib.axes import Axes
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    assert isinstance(axes, Axes)
    low, high = axes.get_xlim()
    ticks = [t for t in (0.1, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 10.0) if low <= t <= high]
    axes.xaxis.set_major_locator(FixedLocator(ticks or [math.sqrt(low * high)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _height(n: int) -> float:
    return max(_LEAST, 1.2 + _PER_ROW * n)
