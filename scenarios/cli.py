"""The command ``asnsim``: what a user types, turned into calls; no command computes anything here.

Exit status: 0 done, 1 failed, 2 bad input with nothing written, 130 interrupted. Only results go
to stdout; every message is a line ``asnsim: ...`` on stderr. The heavy libraries load inside the
commands, so that ``--help`` answers at once.
"""

import contextlib
import errno
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from abm import __version__
from abm.errors import AsnsimError, RunFolderError, ScenarioError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
DEBUG = "ASNSIM_DEBUG"
_FILM_SUFFIXES = (".mp4", ".gif")
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_SPACE = re.compile(r"errno 28\b|no space left", re.IGNORECASE)
"""Some libraries raise an OSError that holds the number in its text only."""

ScenarioName = Annotated[
    str, Parameter(help="Name of a bundled scenario, or a file (ends in .yaml or has a slash).")
]
RunFolder = Annotated[Path, Parameter(help="Folder that `asnsim run` has printed.")]
Assignments = Annotated[
    list[str] | None,
    Parameter(
        name="--set",
        negative="",
        help="path=value, may be repeated, e.g. --set treatment.doses.0.amount='1000 IU/m2'.",
    ),
]

app = App(
    name="asnsim",
    help="Simulate tumour and leukaemia cells, their ASNS and their neighbours under asparaginase.",
    version=__version__,
    help_format="plaintext",
)


@app.command(name="list")
def list_() -> int:
    """List the bundled scenarios."""
    from scenarios.catalogue import bundled, description

    known = bundled()
    width = max(map(len, known), default=0)
    for name, path in known.items():
        _print(f"{name:<{width}}  {description(path)}".rstrip())
    return DONE


@app.command
def show(scenario: ScenarioName, /, *, set_: Assignments = None) -> int:
    """Print a scenario with every default filled in."""
    from scenarios.load import dump_resolved, load

    _print(dump_resolved(load(scenario, set_ or ())), end="")
    return DONE


@app.command
def schema() -> int:
    """Print the JSON schema of scenario files, for editors."""
    from scenarios.schema.editor import editor_schema

    _print(editor_schema(), end="")
    return DONE


@app.command
def info() -> int:
    """Print versions, processor, threads and the folder of compiled kernels."""
    from abm.kernels import _jit
    from abm.record.provenance import cpu_name, versions

    for name, version in {"asnsim": __version__, **_known(versions())}.items():
        _print(f"{name}: {version}")
    _print(f"cpu: {cpu_name()}")
    _print(f"threads: {largest_number_of_threads()}")
    config: Any = _jit.numba.config
    _print(f"cache: {config.CACHE_DIR}")
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
    threads: Annotated[int | None, Parameter(help="Threads; all if not given.")] = None,
    overwrite: Annotated[
        bool, Parameter(negative="", help="Replace the run folder --out if it is there.")
    ] = False,
) -> int:
    """Run a scenario and print the folder with its results."""
    from scenarios.load import load

    _check_threads(threads)
    checked = load(scenario, set_ or (), seed=seed)
    if out is not None:
        _check_free(out, overwrite)
    from scenarios.progress import ProgressBar
    from scenarios.run import default_folder, run_scenario

    folder = out or default_folder(checked)
    with ProgressBar(checked.name, "h") as progress:
        try:
            result = run_scenario(
                checked, folder, threads=threads, progress=progress, overwrite=overwrite
            )
        except KeyboardInterrupt:
            is_begun = folder.is_dir()
            what = f"{folder} is marked as unfinished" if is_begun else "nothing was written"
            return _tell(f"interrupted: {what}", INTERRUPTED)
    _print(str(result.folder))
    return DONE


@app.command
def plot(
    run_folder: RunFolder,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder for the figures; RUN/plots.")] = None,
) -> int:
    """Draw the figures of a run and print their files."""
    _check_run(run_folder)
    from analysis.plots import plot_run

    for path in plot_run(run_folder, out or run_folder / "plots"):
        _print(str(path))
    return DONE


@app.command
def animate(
    run_folder: RunFolder,
    /,
    *,
    out: Annotated[
        list[Path] | None,
        Parameter(negative="", help="FILE.mp4 or FILE.gif, may be repeated; RUN/film.mp4, .gif."),
    ] = None,
) -> int:
    """Make the film of a run and print its files."""
    files = out or [run_folder / f"film{suffix}" for suffix in _FILM_SUFFIXES]
    for path in files:
        if path.suffix not in _FILM_SUFFIXES:
            raise ScenarioError(f"--out {path}: a film ends in {' or '.join(_FILM_SUFFIXES)}")
    _check_run(run_folder)
    from analysis.animate import animate_run
    from scenarios.progress import ProgressBar

    with ProgressBar("film", "frames") as progress:
        animate_run(run_folder, files, progress)
    for path in files:
        _print(str(path))
    return DONE


def largest_number_of_threads() -> int:
    """Return what --threads may be at most: NUMBA_NUM_THREADS where set, else all processors."""
    text = os.environ.get("NUMBA_NUM_THREADS", "")
    if text.isdigit() and int(text) > 0:
        return int(text)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_threads(threads: int | None) -> None:
    largest = largest_number_of_threads()
    if threads is not None and not 1 <= threads <= largest:
        raise ScenarioError(
            f"--threads {threads}: must be from 1 to {largest} on this machine"
            f"{' (NUMBA_NUM_THREADS)' if os.environ.get('NUMBA_NUM_THREADS') else ''}"
        )


def _check_free(folder: Path, overwrite: bool) -> None:
    """Refuse, before anything is built, a folder that must not be written to."""
    if not folder.exists():
        return
    if not overwrite:
        raise RunFolderError(
            f"--out {folder}: is there already: choose another folder, or replace this run with "
            f"--overwrite"
        )
    if not folder.is_dir():
        raise RunFolderError(f"--out {folder}: is a file: choose another name")


def _check_run(folder: Path) -> None:
    from abm.record.layout import RUN_INFO, UNFINISHED

    if not folder.is_dir():
        raise RunFolderError(f"{folder}: there is no such run folder")
    if not (folder / RUN_INFO).exists() and not (folder / UNFINISHED).exists():
        raise RunFolderError(f"{folder}: is no run folder: it has no {RUN_INFO}")


def _known(versions: dict[str, str]) -> dict[str, str]:
    return {name: version for name, version in versions.items() if name != "asnsim"}


def _print(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)


def _tell(message: str, status: int) -> int:
    for line in message.splitlines():
        with contextlib.suppress(OSError):
            sys.stderr.write(f"asnsim: {line}\n")
    return status


def _explain(error: BaseException) -> int:
    """Say in one line what went wrong and return the exit status."""
    if isinstance(error, (ScenarioError, RunFolderError)):
        return _tell(str(error), BAD_INPUT)
    if isinstance(error, AsnsimError):
        return _tell(str(error), FAILED)
    if isinstance(error, OSError):
        return _tell(_explain_system(error), FAILED)
    if isinstance(error, ModuleNotFoundError):
        return _tell(f"the package '{error.name}' is missing: pip install '.[all]'", FAILED)
    if isinstance(error, MemoryError):
        return _tell("the memory is used up: use fewer cells or a larger spacing", FAILED)
    text = " ".join(str(error).split())[:300]
    return _tell(
        f"unexpected error ({type(error).__name__}: {text}): set {DEBUG}=1 to see where", FAILED
    )


def _explain_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in _DISK_IS_FULL or _NO_SPACE.search(str(error)):
        return (
            f"{where}the disk is full: make room or choose another --out; what was written so "
            f"far is marked as unfinished"
        )
    reason = (error.strerror or str(error)).lower()
    return f"{where}{reason}"


def _parse_error(error: CycloptsError) -> str:
    text = " ".join(str(error).split())
    text = re.sub(r'^Command "(\w+)" parameter (\S+) requires', r"\1: \2 requires", text)
    return f"{text} (asnsim --help)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command, bound, _ = app.parse_args(tokens, print_error=False, exit_on_error=False)
        status: Any = command(*bound.args, **bound.kwargs)
        sys.stdout.flush()
        return status if isinstance(status, int) else DONE
    except CycloptsError as error:
        return _tell(_parse_error(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _tell("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing may be written to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return _explain(error)
