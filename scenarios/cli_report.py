"""The command that makes a page of a folder."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from abm.errors import ScenarioError
from scenarios.cli_support import DONE, write

_SUFFIX = ".html"


def report(
    folder: Annotated[
        Path, Parameter(help="Folder of a run, an assay, a sweep, a cohort or a validation.")
    ],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="FILE.html; FOLDER/report.html.")] = None,
) -> int:
    """Write one HTML page on a folder, readable offline, on a phone and on paper; print it."""
    if out is not None and out.suffix != _SUFFIX:
        raise ScenarioError(f"--out {out}: a report ends in {_SUFFIX}")
    from scenarios.report.write import write_report

    write(str(write_report(folder, out)))
    return DONE
