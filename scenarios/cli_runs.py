"""Commands that go on from a run folder: resume, branch, repeat."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from abm.errors import ScenarioError
from scenarios.cli_support import (
    DONE,
    FAILED,
    INTERRUPTED,
    Assignments,
    RunFolder,
    Threads,
    check_free,
    check_run,
    check_threads,
    tell,
    tell_course,
    tell_profile,
    write,
)


def resume(
    run_folder: RunFolder,
    /,
    *,
    at: Annotated[
        str | None, Parameter(help="Time to branch at, e.g. 29d; the last checkpoint if not given.")
    ] = None,
    out: Annotated[Path | None, Parameter(help="New folder for a branch.")] = None,
    until: Annotated[str | None, Parameter(help="Time to stop at, e.g. 60d.")] = None,
    set_: Assignments = None,
    threads: Threads = None,
    overwrite: Annotated[
        bool, Parameter(negative="", help="Replace the run folder --out if it is there.")
    ] = False,
) -> int:
    """Continue a run from its last checkpoint, or branch from it with --out, --at and --set."""
    check_run(run_folder)
    check_threads(threads)
    if out is None and (at is not None or set_):
        option = "--at" if at is not None else "--set"
        raise ScenarioError(f"{option}: makes another run: give it a folder with --out")
    at_h, until_h = _hours("--at", at), _hours("--until", until)
    from scenarios.progress import ProgressBar
    from scenarios.resume import branch, resume
    from scenarios.run import PAUSED

    if out is not None:
        check_free(out, overwrite)
    is_finished = (run_folder / "run.json").exists()
    result: Any
    with ProgressBar(run_folder.name, "h") as progress:
        try:
            if out is None:
                result = resume(run_folder, until_h=until_h, threads=threads, progress=progress)
            else:
                result = branch(
                    run_folder, out, at_h=at_h, until_h=until_h, overrides=set_ or (),
                    threads=threads, progress=progress, overwrite=overwrite,
                )  # fmt: skip
        except KeyboardInterrupt:
            return tell(interrupted(out or run_folder), INTERRUPTED)
    tell_course(result.folder)
    if result.exit_reason == PAUSED:
        tell(f"paused: asnsim resume {result.folder} goes on", DONE)
    elif out is None and is_finished and until_h is None:
        tell(f"{run_folder} is finished ({result.exit_reason}): nothing was done", DONE)
    else:
        tell_profile(result.folder)
    write(str(result.folder))
    return DONE


def rerun(run_folder: RunFolder, /, *, threads: Threads = None) -> int:
    """Repeat a run from its folder and compare the results bit for bit."""
    check_run(run_folder)
    check_threads(threads)
    from abm.record.reader import RunReader
    from scenarios.progress import ProgressBar
    from scenarios.rerun import changed_versions, rerun

    changed = changed_versions(RunReader(run_folder))
    if changed:
        tell(f"this machine differs from that of the run: {', '.join(changed)}", DONE)
    with ProgressBar(run_folder.name, "h") as progress:
        found = rerun(run_folder, threads=threads, progress=progress)
    for line in found:
        write(line)
    if found:
        return tell(f"{run_folder}: the repetition differs in {len(found)} places", FAILED)
    write(f"{run_folder}: the same bits")
    return DONE


def attribute(
    source: Annotated[str, Parameter(help="Run folder, or scenario by name or file.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder for table and figure.")] = None,
    only: Annotated[
        list[str] | None, Parameter(negative="", help="Mechanism, may be repeated; all.")
    ] = None,
    seed: Annotated[int | None, Parameter(help="Seed in place of the scenario's own.")] = None,
    workers: Annotated[int | None, Parameter(help="Processes; all processors.")] = None,
    set_: Assignments = None,
    overwrite: Annotated[bool, Parameter(negative="", help="Replace an earlier table.")] = False,
) -> int:
    """Run again with each mechanism off: which one would have delayed or prevented the relapse."""
    from scenarios.attribution.run import attribute
    from scenarios.progress import ProgressBar
    from scenarios.workers import default_workers

    is_run = Path(source).is_dir()
    folder = out or (Path(source) if is_run else Path("runs") / f"{Path(source).stem}-attribution")
    n_workers = default_workers() if workers is None else workers
    with ProgressBar("attribution", "runs") as progress:
        found = attribute(
            source, set_ or (), seed=seed, only=only or (), workers=n_workers, progress=progress,
            needs_relapse=True,
        )  # fmt: skip
    files = found.write(folder, overwrite)
    columns = ["mechanism", "n_relapsed", "relapse_d", "change_d", "verdict"]
    write(found.table[columns].to_string(index=False, float_format="{:.4g}".format, na_rep="-"))
    for path in files:
        write(str(path))
    return DONE


def interrupted(folder: Path) -> str:
    """Say what an interrupted run has left and how it goes on."""
    if not folder.is_dir():
        return "interrupted: nothing was written"
    return f"interrupted: asnsim resume {folder} goes on"


def _hours(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    from scenarios.schema.base import quantity

    try:
        return float(quantity(text, "hour"))
    except Exception as error:
        raise ScenarioError(f"{option} {text!r}: must be a time with its unit, e.g. 29d") from error
