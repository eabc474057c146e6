"""Figures of an assay folder: one function per family, PNG and PDF.

They read ``readings.parquet`` and ``results.csv``, so that a folder can be drawn again anywhere.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from abm.errors import RunFolderError
from abm.record import layout
from analysis import publication, style
from analysis.plots.assay_bars import (
    annexin_figures,
    coculture_figures,
    dropout_figures,
    motility_figures,
    mtorc1_figures,
    stress_figures,
)
from analysis.plots.assay_curves import (
    combination_figures,
    enzyme_figures,
    expression_figures,
    rescue_figures,
)
from analysis.plots.dose_curves import dose_figures

Figures = dict[str, Figure]
Draw = Callable[[pd.DataFrame, pd.DataFrame, str], Figures]
"""Readings, results and title -> figures by name."""

FAMILIES: dict[str, Draw] = {
    "mtt": dose_figures,
    "knock-down": dose_figures,
    "annexin": annexin_figures,
    "dropout": dropout_figures,
    "mtorc1": mtorc1_figures,
    "expression": expression_figures,
    "enzyme-activity": enzyme_figures,
    "coculture": coculture_figures,
    "stress": stress_figures,
    "rescue": rescue_figures,
    "motility": motility_figures,
    "combination": combination_figures,
}
"""Family -> function that draws it."""

SUFFIXES = (".png", ".pdf")


def plot_assay(
    folder: Path, out: Path, format_: str | None = None, width: str | None = None
) -> list[Path]:
    """Draw the figures of an assay folder into ``out`` and return the files.

    ``format_`` in place of both PNG and PDF; ``width`` as of :mod:`analysis.publication`.
    Raises RunFolderError for a folder that is none of an assay.
    """
    files = []
    for name, figure in assay_figures(folder).items():
        if width is not None:
            publication.fit(figure, width)
        out.mkdir(parents=True, exist_ok=True)
        for suffix in SUFFIXES if format_ is None else (f".{format_}",):
            dots = style.DOTS_PER_INCH if width is None else publication.DOTS_PER_INCH
            files.append(style.save(figure, out / f"{name}{suffix}", dots))
    return files


def assay_figures(folder: Path) -> Figures:
    """Return the figures of an assay folder by name; see :func:`plot_assay`."""
    info = _read_info(folder)
    try:
        readings = pd.read_parquet(folder / "readings.parquet")
        results = pd.read_csv(folder / "results.csv", keep_default_na=True)
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{folder}: the tables cannot be read: {error}") from None
    draw = FAMILIES.get(str(info.get("assay")))
    if draw is None:
        return {}
    title = f"{info.get('name', folder.name)}, seed {info.get('seed', '?')}"
    return draw(readings, results, title)


def _read_info(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / layout.RUN_INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{folder / layout.RUN_INFO}: cannot be read: {error}") from None
    return found
