"""Figures of a run folder: one file per figure, PNG, left out where they do not apply."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from abm.record.reader import RunReader
from analysis import style
from analysis.plots.course import course_figure
from analysis.plots.distributions import distributions_figure
from analysis.plots.maps import maps_figure
from analysis.plots.muller import muller_figure
from analysis.plots.nutrients import nutrients_figure
from analysis.plots.population import population_figure
from analysis.plots.price import price_figure

FIGURES: dict[str, Callable[[RunReader], Figure | None]] = {
    "course.png": course_figure,
    "population.png": population_figure,
    "nutrients.png": nutrients_figure,
    "distributions.png": distributions_figure,
    "clones.png": muller_figure,
    "asns_rise.png": price_figure,
    "maps.png": maps_figure,
}
"""File name -> function of a run that returns a figure, or None where it does not apply."""


def plot_run(run_folder: Path, out: Path) -> list[Path]:
    """Draw every figure that applies to a run into the folder ``out``; return the files.

    Raises RunFolderError for a folder that is not a run, or has no timeseries.
    """
    run = RunReader(run_folder)
    run.timeseries  # noqa: B018  a run without rows is refused before a folder is made
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name, make in FIGURES.items():
        figure = make(run)
        if figure is not None:
            files.append(style.save(figure, out / name))
    return files
