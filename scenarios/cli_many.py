"""Commands that make many runs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from abm.errors import ScenarioError
from scenarios.cli_support import DONE, FAILED, INTERRUPTED, tell, write

Workers = Annotated[
    int | None, Parameter(help="Processes on this machine; all processors if not given.")
]
Scheduler = Annotated[
    str | None, Parameter(help="Address of a Dask scheduler, e.g. tcp://10.0.0.1:8786.")
]


def sweep(
    file: Annotated[Path, Parameter(help="Sweep file (YAML).")],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="Folder for the runs and tables; runs/NAME if not given.")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Print the plan and its cost, run nothing.")
    ] = False,
) -> int:
    """Run a scenario with values varied; the same command finishes what is missing."""
    check_workers(workers, scheduler)
    from scenarios.sweep.load import load_sweep

    if not file.exists():
        raise ScenarioError(f"{file}: there is no such file: a sweep is a file, see docs/sweeps.md")
    known = load_sweep(file)
    if dry_run:
        from scenarios.sweep.run import plan

        write(plan(known, workers))
        return DONE
    folder = out or Path("runs") / known.name
    from scenarios.progress import ProgressBar
    from scenarios.sweep.run import sweep as run_sweep

    with ProgressBar(known.name, "runs") as progress:
        try:
            result = run_sweep(
                known, folder, workers=workers, scheduler=scheduler, progress=progress
            )
        except KeyboardInterrupt:
            return tell("interrupted: the same command finishes what is missing", INTERRUPTED)
    write(str(result.folder))
    n_failed = int(result.info["n_failed"])
    if n_failed:
        return tell(f"{n_failed} runs failed: {folder / 'failures.csv'} says why", FAILED)
    return DONE


def sensitivity(
    file: Annotated[
        str,
        Parameter(help="File (ends in .yaml or has a slash), or a bundled one (screen-relapse)."),
    ],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder for the runs and tables.")] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> int:
    """Find out which parameters matter: Morris screening, then Sobol indices."""
    check_workers(workers, scheduler)
    from scenarios.progress import ProgressBar
    from scenarios.sensitivity.run import analyse

    with ProgressBar(Path(file).stem, "runs") as progress:
        try:
            result = analyse(
                file, out or Path("runs") / Path(file).stem, workers=workers, scheduler=scheduler,
                progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            return tell("interrupted: the same command finishes what is missing", INTERRUPTED)
    write(str(result.folder))
    return DONE


def check_workers(workers: int | None, scheduler: str | None) -> None:
    """Refuse numbers of workers that make no sense."""
    if workers is not None and workers < 1:
        raise ScenarioError(f"--workers {workers}: must be at least 1")
    if workers is not None and scheduler is not None:
        raise ScenarioError("--workers: the scheduler has its own: leave one of both out")
