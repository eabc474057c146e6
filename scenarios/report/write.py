"""Find out what a folder holds and write its report."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from abm.errors import RunFolderError
from abm.record import layout
from abm.record.files import replace_text

REPORT = "report.html"


class Kind(NamedTuple):
    """One kind of folder: its name, the file that shows it, the module that makes its page."""

    name: str
    mark: str
    module: str


KINDS = (
    Kind("assay", "assay.yaml", "scenarios.report.assay_page"),
    Kind("run", layout.RUN_INFO, "scenarios.report.run_page"),
    Kind("run", layout.UNFINISHED, "scenarios.report.run_page"),
    Kind("cohort", "cohort.json", "scenarios.report.cohort_page"),
    Kind("sweep", "sweep.json", "scenarios.report.sweep_page"),
    Kind("validation", "validation.csv", "scenarios.report.validation_page"),
)
"""The first whose mark is in a folder is taken."""


def kind_of(folder: Path) -> Kind:
    """Return the kind of a folder; raises RunFolderError for one that is none of them."""
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: there is no such folder")
    for kind in KINDS:
        if (folder / kind.mark).exists():
            return kind
    marks = ", ".join(f"{kind.mark} ({kind.name})" for kind in KINDS if kind.mark != "UNFINISHED")
    raise RunFolderError(f"{folder}: holds nothing to report on: it has none of {marks}")


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write the report of a folder to ``out``, by default report.html in it; return the file.

    Raises RunFolderError for a folder that is none of those of :data:`KINDS` or cannot be read;
    nothing is written then.
    """
    make: Callable[[Path], str] = import_module(kind_of(folder).module).make
    text = make(folder)
    path = folder / REPORT if out is None else out
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, text)
    return path
