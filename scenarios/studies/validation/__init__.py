"""Every row of the validation table: what was published, what is simulated, and the verdict."""

from pathlib import Path
from typing import Any


def validate(
    only: list[str] | tuple[str, ...] = (),
    out: Path | None = None,
    threads: int | None = None,
    progress: Any = None,
) -> int:
    """Run the rows, show the table, write it to ``out``; see :func:`run.validate`."""
    from scenarios.studies.validation import run

    return run.validate(only, out, threads, progress)
