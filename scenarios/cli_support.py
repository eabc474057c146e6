"""What the commands of ``asnsim`` share: exit status, messages, checks before a run."""

import contextlib
import errno
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from abm.errors import AsnsimError, RunFolderError, ScenarioError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
DEBUG = "ASNSIM_DEBUG"
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
_BAD_PLACE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR,
    errno.ENAMETOOLONG,
)  # fmt: skip
"""What a system says of a name or a folder that could not have been used from the start."""
_NO_SPACE = re.compile(r"errno 28\b|no space left", re.IGNORECASE)
"""Some libraries raise an OSError that holds the number in its text only."""

_SLICE = re.compile(r"\s*([xyz])\s*=\s*(\d+(?:\.\d*)?)\s*(?:um)?\s*")

ScenarioName = Annotated[
    str,
    Parameter(
        help="Name of a bundled scenario or assay, or a file (ends in .yaml or has a slash)."
    ),
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

Threads = Annotated[int | None, Parameter(help="Threads; all if not given.")]


def largest_number_of_threads() -> int:
    """Return what --threads may be at most: NUMBA_NUM_THREADS where set, else all processors."""
    text = os.environ.get("NUMBA_NUM_THREADS", "")
    if text.isdigit() and int(text) > 0:
        return int(text)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads that this machine has not."""
    largest = largest_number_of_threads()
    if threads is not None and not 1 <= threads <= largest:
        raise ScenarioError(
            f"--threads {threads}: must be from 1 to {largest} on this machine"
            f"{' (NUMBA_NUM_THREADS)' if os.environ.get('NUMBA_NUM_THREADS') else ''}"
        )


def check_free(folder: Path, overwrite: bool) -> None:
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


def check_run(folder: Path) -> None:
    """Refuse a folder that is no run folder."""
    from abm.record.layout import RUN_INFO, UNFINISHED

    if not folder.is_dir():
        raise RunFolderError(f"{folder}: there is no such run folder")
    if not (folder / RUN_INFO).exists() and not (folder / UNFINISHED).exists():
        raise RunFolderError(f"{folder}: is no run folder: it has no {RUN_INFO}")


def read_slices(texts: Iterable[str]) -> dict[str, float]:
    """Return the places [um] of slices by axis, from texts such as "z=160"."""
    found: dict[str, float] = {}
    for text in texts:
        given = _SLICE.fullmatch(text)
        if given is None:
            raise ScenarioError(
                f"--slice {text[:40]!r}: must be x, y or z and a place in um, e.g. z=160"
            )
        found[given[1]] = float(given[2])
    return found


def write(text: str, end: str = "\n") -> None:
    """Write a result to stdout."""
    sys.stdout.write(text + end)


def tell(message: str, status: int) -> int:
    """Write a message to stderr, each line marked, and return ``status``."""
    for line in message.splitlines():
        with contextlib.suppress(OSError):
            sys.stderr.write(f"asnsim: {line}\n")
    return status


def tell_course(folder: Path) -> None:
    """Say how the course of the patients of a run went, where it has patients."""
    if (folder / "patients.parquet").exists():
        from abm.record.reader import RunReader
        from analysis.summary import course_summary

        tell(course_summary(RunReader(folder)), DONE)


def tell_profile(folder: Path) -> None:
    """Say where the time of a finished run went."""
    from abm.record.writer import read_info
    from scenarios.profile import profile_lines

    tell("\n".join(profile_lines(read_info(folder))), DONE)


def explain(error: BaseException) -> int:
    """Say in one line what went wrong and return the exit status."""
    if isinstance(error, (ScenarioError, RunFolderError)):
        return tell(str(error), BAD_INPUT)
    if isinstance(error, AsnsimError):
        return tell(str(error), FAILED)
    if isinstance(error, OSError):
        is_input = error.errno in _BAD_PLACE
        return tell(explain_system(error), BAD_INPUT if is_input else FAILED)
    if isinstance(error, ModuleNotFoundError):
        return tell(f"the package '{error.name}' is missing: pip install '.[all]'", FAILED)
    if isinstance(error, MemoryError):
        return tell("the memory is used up: use fewer cells or a larger spacing", FAILED)
    text = " ".join(str(error).split())[:300]
    return tell(
        f"unexpected error ({type(error).__name__}: {text}): set {DEBUG}=1 to see where", FAILED
    )


def explain_system(error: OSError) -> str:
    """Say what the system refused, and what to do when the disk is full."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in _DISK_IS_FULL or _NO_SPACE.search(str(error)):
        return (
            f"{where}the disk is full: make room or choose another --out; what a run has left "
            f"there is marked as unfinished"
        )
    reason = (error.strerror or str(error)).lower()
    remedy = ": choose another place" if error.errno in _BAD_PLACE else ""
    return f"{where}{reason}{remedy}"


def parse_error(error: CycloptsError) -> str:
    """Say in one line what of a command line was not understood."""
    text = " ".join(str(error).split())
    text = re.sub(r'^Command "(\w+)" parameter (\S+) requires', r"\1: \2 requires", text)
    return f"{text} (asnsim --help)"
