"""Figures of a run folder: one file per figure, left out where they do not apply."""

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from abm.errors import ScenarioError
from abm.record.files import replace_text
from abm.record.reader import RunReader
from analysis import publication, style
from analysis.planes import check_places
from analysis.plots.captions import caption
from analysis.plots.course import course_figure
from analysis.plots.distributions import distributions_figure
from analysis.plots.maps import MOST_MAPS, maps_figure
from analysis.plots.muller import muller_figure
from analysis.plots.nutrients import nutrients_figure
from analysis.plots.population import population_figure
from analysis.plots.price import price_figure
from analysis.plots.slices import slices_figure
from analysis.scales import drawn_columns, is_spatial

FIGURES: dict[str, Callable[[RunReader], Figure | None]] = {
    "course.png": course_figure,
    "population.png": population_figure,
    "nutrients.png": nutrients_figure,
    "distributions.png": distributions_figure,
    "clones.png": muller_figure,
    "asns_rise.png": price_figure,
    "maps.png": maps_figure,
    "slices.png": slices_figure,
}
"""File name -> function of a run that returns a figure, or None where it does not apply."""

FORMATS = ("png", "pdf", "svg")
CAPTIONS = "captions.txt"
_MAPS_IN_ONE_COLUMN = 3


def run_figures(
    run: RunReader, width: str | None = None, at: Mapping[str, float] | None = None
) -> Iterator[tuple[str, Figure]]:
    """Yield name and figure of all that apply.

    With a ``width`` as of :mod:`analysis.publication` they are fit to be brought to it. ``at`` are
    places of the slices of a 3-D tissue [um] by axis, the middle where none is given.
    """
    is_narrow = width == "one-column"
    makers = dict(FIGURES)
    most = _MAPS_IN_ONE_COLUMN if is_narrow else MOST_MAPS
    makers["maps.png"] = functools.partial(maps_figure, most=most, at=at)
    makers["slices.png"] = functools.partial(slices_figure, at=at, is_narrow=is_narrow)
    for name, make in makers.items():
        figure = make(run)
        if figure is not None:
            yield Path(name).stem, figure


def plot_run(
    run_folder: Path,
    out: Path,
    format_: str = "png",
    width: str | None = None,
    at: Mapping[str, float] | None = None,
) -> list[Path]:
    """Draw every figure that applies to a run into the folder ``out``; return the files.

    ``format_`` is one of FORMATS; with a ``width`` the figures fit the column of a journal; ``at``
    are places of slices [um] by axis. A text file holds a caption for each. Raises RunFolderError
    for a folder that is not a run, or has no timeseries, ScenarioError for a slice outside.
    """
    run = RunReader(run_folder)
    run.timeseries  # noqa: B018  a run without rows is refused before a folder is made
    if at:
        _check_slices(run, at)
    out.mkdir(parents=True, exist_ok=True)
    dots = style.DOTS_PER_INCH if width is None else publication.DOTS_PER_INCH
    files, texts = [], []
    for name, figure in run_figures(run, width, at):
        if width is not None:
            publication.fit(figure, width)
        files.append(style.save(figure, out / f"{name}.{format_}", dots))
        texts.append(f"{files[-1].name}\n{caption(name, run)}\n")
    replace_text(out / CAPTIONS, "\n".join(texts))
    return files


def _check_slices(run: RunReader, at: Mapping[str, float]) -> None:
    if not is_spatial(run) or not run.frame_times.size:
        raise ScenarioError("--slice: only a run of a 3-D tissue has slices: leave it out")
    check_places(run.frame(0, drawn_columns(run)), at)
