"""The command ``asnsim``: what a user types, turned into calls; no command computes anything here.

Exit status: 0 done, 1 failed, 2 bad input with nothing written, 130 interrupted. Only results go
to stdout; every message is a line ``asnsim: ...`` on stderr. The heavy libraries load inside the
commands, so that ``--help`` answers at once.
"""

import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

from abm import __version__
from abm.errors import ScenarioError
from scenarios.cli_app import app as serve_page
from scenarios.cli_cohort import cohort, fit
from scenarios.cli_laboratory import calibrate, run_assay_file, sbml, validate
from scenarios.cli_many import sensitivity, sweep
from scenarios.cli_report import report
from scenarios.cli_runs import attribute, interrupted, rerun, resume
from scenarios.cli_support import (
    BAD_INPUT,
    DEBUG,
    DONE,
    FAILED,
    INTERRUPTED,
    Assignments,
    RunFolder,
    ScenarioName,
    Threads,
    check_free,
    check_run,
    check_threads,
    explain,
    largest_number_of_threads,
    parse_error,
    read_slices,
    tell,
    tell_course,
    tell_profile,
    write,
)

_FILM_SUFFIXES = (".mp4", ".gif")

app = App(
    name="asnsim",
    help="Simulate tumour and leukaemia cells, their ASNS and their neighbours under asparaginase.",
    version=__version__,
    help_format="plaintext",
)


@app.command(name="list")
def list_() -> int:
    """List the bundled scenarios, assays, cohorts and screens, and the protocols of treatment."""
    from scenarios.catalogue import (
        bundled,
        bundled_assays,
        bundled_cohorts,
        bundled_screens,
        description,
        protocol_lines,
    )

    parts = {
        "scenarios (asnsim run NAME)": bundled(),
        "assays (asnsim run NAME)": bundled_assays(),
        "cohorts (asnsim cohort NAME)": bundled_cohorts(),
        "screens (asnsim sensitivity NAME)": bundled_screens(),
    }
    protocols = protocol_lines()
    names = [name for part in parts.values() for name in part] + [one for one, _ in protocols]
    width = max(map(len, names), default=0)
    for title, part in parts.items():
        write(f"{title}:")
        for name, path in part.items():
            write(f"  {name:<{width}}  {description(path)}".rstrip())
    write("protocols (treatment: {protocol: NAME}):")
    for name, text in protocols:
        write(f"  {name:<{width}}  {text}")
    return DONE


@app.command
def show(scenario: ScenarioName, /, *, set_: Assignments = None) -> int:
    """Print a scenario, assay or cohort with every default filled in."""
    from abm.pharmacology.protocols import memory_comments
    from scenarios.catalogue import is_assay
    from scenarios.cohort.load import dump_cohort, is_cohort, load_cohort

    if is_cohort(scenario):
        checked = load_cohort(scenario, set_ or ())
        treatments = [arm["treatment"] for arm in checked.arms.values()]
        names = [str(one["protocol"]) for one in treatments if one.get("protocol")]
        write(memory_comments(names) + dump_cohort(checked), end="")
        return DONE
    if is_assay(scenario):
        from scenarios.studies.load import dump_assay, load_assay

        write(dump_assay(load_assay(scenario, set_ or ())), end="")
        return DONE
    from scenarios.load import dump_resolved, load

    resolved = load(scenario, set_ or ())
    protocol = resolved.treatment.protocol
    write(memory_comments([protocol] if protocol else []) + dump_resolved(resolved), end="")
    return DONE


@app.command
def schema() -> int:
    """Print the JSON schema of scenario files, for editors."""
    from scenarios.schema.editor import editor_schema

    write(editor_schema(), end="")
    return DONE


@app.command
def info() -> int:
    """Print versions, processor, threads and the folder of compiled kernels."""
    from abm.kernels import _jit
    from abm.record.provenance import cpu_name, versions

    for name, version in {"asnsim": __version__, **_known(versions())}.items():
        write(f"{name}: {version}")
    write(f"cpu: {cpu_name()}")
    write(f"threads: {largest_number_of_threads()}")
    write(f"cache: {_jit.cache_root()}")
    return DONE


@app.command
def run(
    scenario: ScenarioName,
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="New folder for the run; runs/NAME-s<seed> if not given.")
    ] = None,
    seed: Annotated[int | None, Parameter(help="Seed in place of the scenario's own.")] = None,
    set_: Assignments = None,
    threads: Threads = None,
    overwrite: Annotated[
        bool, Parameter(negative="", help="Replace the run folder --out if it is there.")
    ] = False,
) -> int:
    """Run a scenario or an assay and print the folder with its results."""
    from scenarios.catalogue import is_assay

    check_threads(threads)
    if is_assay(scenario):
        return run_assay_file(scenario, out, seed, set_ or (), threads, overwrite)
    from scenarios.load import load

    checked = load(scenario, set_ or (), seed=seed)
    if out is not None:
        check_free(out, overwrite)
    from scenarios.progress import ProgressBar
    from scenarios.run import default_folder, run_scenario
    from scenarios.therapy import treatment_warnings

    for warning in treatment_warnings(checked):
        tell(f"warning: {warning}", DONE)

    folder = out or default_folder(checked)
    with ProgressBar(checked.name, "h") as progress:
        try:
            result = run_scenario(
                checked, folder, threads=threads, progress=progress, overwrite=overwrite
            )
        except KeyboardInterrupt:
            return tell(interrupted(folder), INTERRUPTED)
    tell_course(result.folder)
    tell_profile(result.folder)
    write(str(result.folder))
    return DONE


@app.command
def plot(
    run_folder: RunFolder,
    /,
    *others: Annotated[Path, Parameter(help="Further runs: all in one figure, arms.png.")],
    out: Annotated[Path | None, Parameter(help="Folder for the figures; RUN/plots.")] = None,
    format_: Annotated[
        Literal["png", "pdf", "svg"] | None,
        Parameter(
            name="--format",
            help="png, of assays png and pdf; pdf and svg can be enlarged and edited.",
        ),
    ] = None,
    width: Annotated[
        Literal["one-column", "two-column"] | None,
        Parameter(help="Width in a journal, 89 or 183 mm; as wide as a screen if not given."),
    ] = None,
    slice_: Annotated[
        list[str] | None,
        Parameter(
            name="--slice",
            negative="",
            help="Place of a slice of a 3-D tissue in um, e.g. --slice z=160, may be repeated; "
            "the middle.",
        ),
    ] = None,
) -> int:
    """Draw the figures of a run, or several runs in one figure, and print the files."""
    for folder in (run_folder, *others):
        check_run(folder)
    slices = read_slices(slice_ or ())
    is_assay_folder = (run_folder / "assay.yaml").exists()
    if slices and (others or is_assay_folder):
        raise ScenarioError("--slice: only figures of one run of a 3-D tissue have slices")
    draw: Any
    if others:
        from analysis.plots.arms import plot_arms

        for path in plot_arms([run_folder, *others], out or Path("plots"), format_ or "png", width):
            write(str(path))
        return DONE
    if is_assay_folder:
        from analysis.plots.assays import plot_assay as draw
    else:
        from analysis.plots import plot_run

        format_, draw = format_ or "png", functools.partial(plot_run, at=slices)
    for path in draw(run_folder, out or run_folder / "plots", format_, width):
        write(str(path))
    return DONE


@app.command
def animate(
    run_folder: RunFolder,
    other: Annotated[
        Path | None, Parameter(help="Another run, side by side with the first, on one clock.")
    ] = None,
    /,
    *,
    out: Annotated[
        list[Path] | None,
        Parameter(
            negative="",
            help="FILE.mp4 or FILE.gif (small), may be repeated; RUN/film.mp4, .gif; of two runs "
            "arms.mp4, .gif.",
        ),
    ] = None,
) -> int:
    """Make the film of a run, or of two side by side, and print its files."""
    arms = [run_folder] if other is None else [run_folder, other]
    name = run_folder / "film" if other is None else Path("arms")
    files = out or [name.with_suffix(suffix) for suffix in _FILM_SUFFIXES]
    for path in files:
        if path.suffix not in _FILM_SUFFIXES:
            raise ScenarioError(f"--out {path}: a film ends in {' or '.join(_FILM_SUFFIXES)}")
    for folder in arms:
        check_run(folder)
    from analysis.animate import animate_arms
    from scenarios.progress import ProgressBar

    with ProgressBar("film", "frames") as progress:
        animate_arms(arms, files, progress)
    for path in files:
        write(str(path))
    return DONE


for command in (
    report, sweep, cohort, sensitivity, resume, rerun, attribute, validate, fit, calibrate, sbml,
):  # fmt: skip
    app.command(command)
app.command(serve_page, name="app")


def _known(versions: dict[str, str]) -> dict[str, str]:
    return {name: version for name, version in versions.items() if name != "asnsim"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command, bound, _ = app.parse_args(tokens, print_error=False, exit_on_error=False)
        status: Any = command(*bound.args, **bound.kwargs)
        sys.stdout.flush()
        return status if isinstance(status, int) else DONE
    except CycloptsError as error:
        return tell(parse_error(error), BAD_INPUT)
    except KeyboardInterrupt:
        return tell("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing may be written to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return explain(error)
