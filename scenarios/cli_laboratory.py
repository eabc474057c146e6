"""The commands of the laboratory: assays, validation, a user's own data."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from abm.errors import RunFolderError
from scenarios.cli_many import Scheduler, check_workers
from scenarios.cli_support import (
    DONE,
    INTERRUPTED,
    Assignments,
    Threads,
    check_free,
    check_threads,
    tell,
    write,
)


def run_assay_file(
    name: str,
    out: Path | None,
    seed: int | None,
    overrides: Sequence[str],
    threads: int | None,
    overwrite: bool,
) -> int:
    """Run an assay, show its results on stderr and print its folder."""
    from scenarios.studies.load import load_assay

    assay = load_assay(name, overrides, seed=seed)
    if out is not None:
        check_free(out, overwrite)
    from scenarios.progress import ProgressBar
    from scenarios.run import default_folder
    from scenarios.studies.run import result_table, run_assay

    folder = out or default_folder(assay)
    with ProgressBar(assay.name, "h") as progress:
        result = run_assay(assay, folder, threads=threads, progress=progress, overwrite=overwrite)
    for line in (result_table(result.outcome), *result.outcome.notes):
        sys.stderr.write(line + "\n")
    write(str(result.folder))
    return DONE


def validate(
    *,
    only: Annotated[
        list[str] | None, Parameter(negative="", help="Row such as A1, may be repeated; all.")
    ] = None,
    out: Annotated[Path | None, Parameter(help="Folder for the table as CSV, HTML, MD.")] = None,
    threads: Threads = None,
) -> int:
    """Hold the simulator against published numbers and print the table."""
    check_threads(threads)
    from scenarios.progress import ProgressBar
    from scenarios.studies.validation import validate as validate_rows

    with ProgressBar("validate", "rows") as progress:
        return int(validate_rows(only or (), out, threads, progress=progress))


def fit(
    data: Annotated[
        Path,
        Parameter(help="CSV: dose_IU_per_mL, viability [, hours] or time_h, n_cells."),
    ],
    /,
    *,
    line: Annotated[str, Parameter(help="Line that the data are fitted onto.")],
    out: Annotated[Path | None, Parameter(help="New folder for the tables.")] = None,
    seed: Annotated[int | None, Parameter(help="Seed of the cultures.")] = None,
    set_: Assignments = None,
    threads: Threads = None,
    overwrite: Annotated[
        bool, Parameter(negative="", help="Write into --out if it is there.")
    ] = False,
) -> int:
    """Fit your own dose-response or growth data onto a line and print the values."""
    check_threads(threads)
    if out is not None:
        check_free(out, overwrite)
    from scenarios.progress import ProgressBar
    from scenarios.studies.fit import fit as fit_table
    from scenarios.studies.fit import write_fit

    with ProgressBar("fit", "cultures") as progress:
        found = fit_table(data, line, set_ or (), seed=seed, threads=threads, progress=progress)
    if out is not None:
        write_fit(found, out, overwrite)
    write(found.parameters.to_string(index=False, float_format="{:.4g}".format, na_rep="-"))
    for note in found.notes:
        tell(note, DONE)
    return DONE


def calibrate(
    file: Annotated[
        str,
        Parameter(help="File (ends in .yaml or has a slash), or a bundled calibration (dish)."),
    ],
    /,
    *,
    trials: Annotated[int | None, Parameter(help="Trials of the search.")] = None,
    out: Annotated[Path | None, Parameter(help="Folder; one that was begun is continued.")] = None,
    seed: Annotated[int | None, Parameter(help="Seed of search and runs.")] = None,
    workers: Annotated[int | None, Parameter(help="Processes; one if not given.")] = None,
    scheduler: Scheduler = None,
) -> int:
    """Fit values of a scenario or assay to targets, or assumed parameters to published rows."""
    check_workers(workers, scheduler)
    from scenarios.progress import ProgressBar
    from scenarios.tuning.load import is_tuning

    with ProgressBar("calibrate", "points") as progress:
        try:
            if is_tuning(file):
                return _tune(file, out, trials, seed, workers or 1, scheduler, progress)
            from scenarios.calibration.run import calibrate as run_calibration

            return run_calibration(file, out, trials, seed, workers or 1, scheduler, progress)
        except KeyboardInterrupt:
            return tell("interrupted: the same command goes on from here", INTERRUPTED)


def _tune(
    file: str,
    out: Path | None,
    trials: int | None,
    seed: int | None,
    workers: int,
    scheduler: str | None,
    progress: Callable[[float, float], None],
) -> int:
    from scenarios.tuning.run import REPORT, tune

    folder = out or Path("runs") / Path(file).stem
    result = tune(
        file, folder, trials=trials, seed=seed, workers=workers, scheduler=scheduler,
        progress=progress,
    )  # fmt: skip
    write(str(result.folder))
    if result.n_failed:
        tell(f"{result.n_failed} points failed: {result.folder / REPORT} says why", DONE)
    tell(result.command, DONE)
    return DONE


def sbml(
    *,
    line: Annotated[str, Parameter(help="Cell line.")] = "default-blast",
    medium: Annotated[str, Parameter(help="Medium around the cell.")] = "RPMI-1640",
    out: Annotated[Path | None, Parameter(help="File to write; without it stdout.")] = None,
    overwrite: Annotated[
        bool, Parameter(negative="", help="Replace --out if it is there.")
    ] = False,
) -> int:
    """Write the cell model as SBML Level 3 Version 2 with units."""
    if out is not None and out.exists() and not overwrite:
        raise RunFolderError(f"--out {out}: is there already: choose another, or --overwrite")
    from abm.record.files import replace_text
    from scenarios.sbml import sbml_text

    text = sbml_text(line, medium)
    if out is None:
        write(text, end="")
    else:
        replace_text(out, text)
        write(str(out))
    return DONE
