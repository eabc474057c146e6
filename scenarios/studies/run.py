"""Run an assay and leave a folder: the file, every reading, the results, figures."""

import json
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from abm.errors import RunFolderError
from abm.record import layout, provenance
from abm.record.files import replace_file, replace_text
from scenarios.studies.culture import Progress, n_threads
from scenarios.studies.families import family
from scenarios.studies.load import dump_assay, load_assay
from scenarios.studies.outcome import Outcome
from scenarios.studies.schema import Assay

ASSAY = "assay.yaml"
READINGS = "readings"
RESULTS = "results.csv"
PLOTS = "plots"
_TEMPORARY = ".unfinished"
_FORMAT = 1


class AssayResult(NamedTuple):
    """Where the folder of an assay lies, and what it holds."""

    folder: Path
    outcome: Outcome


def assay(
    name: str | Path,
    *,
    seed: int | None = None,
    overrides: Iterable[str] = (),
    threads: int | None = None,
) -> Outcome:
    """Run an assay given by name or file in memory; ``.results`` and ``.readings`` are pandas.

    ``overrides`` are texts ``path=value`` as after ``--set``. Writes nothing. Raises ScenarioError.
    """
    loaded = load_assay(name, tuple(overrides), seed=seed)
    outcome: Outcome = family(loaded.assay).run(loaded, threads=threads, progress=None)
    return outcome


def run_assay(
    assay: Assay,
    out: Path,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
    has_figures: bool = True,
) -> AssayResult:
    """Run an assay and write the folder ``out``; nothing is written before it has succeeded.

    Raises ScenarioError for what cannot be built or read; RunFolderError, before anything runs,
    where ``out`` is taken or cannot be written.
    """
    refuse_taken(out, overwrite)
    started = time.perf_counter()
    outcome: Outcome = family(assay.assay).run(assay, threads=threads, progress=progress)
    info = {
        "format": _FORMAT,
        **provenance.describe(),
        "name": assay.name,
        "assay": assay.assay,
        "description": assay.description,
        "seed": assay.seed,
        "threads": n_threads(),
        "notes": outcome.notes,
        **outcome.info,
        "wall_s": time.perf_counter() - started,
    }
    temporary = _new_folder_beside(out)
    try:
        write_folder(temporary, assay, outcome, info)
        if has_figures:
            from analysis.plots.assays import plot_assay

            plot_assay(temporary, temporary / PLOTS)
        refuse_taken(out, overwrite)
        if out.exists():
            shutil.rmtree(out)
        temporary.rename(out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return AssayResult(out, outcome)


def write_folder(folder: Path, assay: Assay, outcome: Outcome, info: dict[str, Any]) -> None:
    """Write the tables and files of an assay into an existing folder; run.json comes last."""
    replace_text(folder / ASSAY, dump_assay(assay))
    readings, results = outcome.readings, outcome.results
    replace_file(folder / f"{READINGS}.parquet", lambda path: readings.to_parquet(path))
    replace_file(folder / f"{READINGS}.csv", lambda path: readings.to_csv(path, index=False))
    replace_file(folder / RESULTS, lambda path: results.to_csv(path, index=False))
    replace_text(folder / layout.RUN_INFO, json.dumps(info, indent=2, default=_plain) + "\n")


def result_table(outcome: Outcome) -> str:
    """Return the results as a short table for the terminal."""
    results = outcome.results
    columns = [c for c in outcome.shown or results if c in results and not _is_empty(results[c])]
    shown = results[columns]
    return shown.to_string(index=False, float_format=lambda value: f"{value:.3g}", na_rep="-")


def _is_empty(column: pd.Series) -> bool:
    return bool(column.isna().all() or (column.astype(str) == "").all())


def refuse_taken(out: Path, overwrite: bool) -> None:
    """Raise RunFolderError where ``out`` may not be replaced or its place cannot be written."""
    if out.exists():
        if not overwrite:
            raise RunFolderError(
                f"{out} exists already; give another folder, or --overwrite to replace it"
            )
        if not (out / layout.RUN_INFO).exists() and not (out / layout.UNFINISHED).exists():
            raise RunFolderError(
                f"{out} is not a run folder (no {layout.RUN_INFO}), so it is not overwritten; "
                "give another folder"
            )
    place = next(one for one in Path(os.path.abspath(out)).parents if one.exists())
    if not place.is_dir():
        raise RunFolderError(f"{out}: {place} is a file: give another folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise RunFolderError(f"{out}: {place} cannot be written to: give another folder")


def _new_folder_beside(out: Path) -> Path:
    """Make a folder that nobody has, next to ``out``."""
    whole = Path(os.path.abspath(out))
    found, number = whole.with_name(whole.name + _TEMPORARY), 0
    while found.exists():
        number += 1
        found = whole.with_name(f"{whole.name}{_TEMPORARY}{number}")
    found.mkdir(parents=True)
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot go into {layout.RUN_INFO}: {value!r}")
