"""Run rows and judge them: what ``asnsim validate`` does."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from abm.errors import RunFolderError
from scenarios.studies.validation.context import Context
from scenarios.studies.validation.row import Outcome, Row
from scenarios.studies.validation.rows import choose

DONE, FAILED = 0, 1
_MOST_PROCESSES = 2
Progress = Callable[[float, float], None]
"""Called with (rows so far, rows in all)."""


@dataclass(frozen=True)
class Judged:
    """A row with what it gave; an error of the row counts as a fail and stands in its text."""

    row: Row
    outcome: Outcome
    seconds: float

    @property
    def is_failed_gate(self) -> bool:
        """Whether this row alone makes the command fail."""
        return self.row.is_gated and not self.outcome.is_met


def validate(
    only: Sequence[str] = (),
    out: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Run rows, print the table, write it to ``out``; return 1 if a gated row failed, else 0.

    only    : ids of rows; all without
    out     : new folder for validation.csv, validation.md and validation.html
    threads : processors to use at most; rows are shared out among processes of one thread each,
        where there are several groups of rows

    Raises ScenarioError for an unknown id and RunFolderError for a folder that holds something;
    nothing has run then.
    """
    from scenarios.studies.validation import table

    rows = choose(only)
    place = None if out is None else Path(out)
    if place is not None and place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise RunFolderError(f"--out {out}: is there already: choose another folder")
    started = time.perf_counter()
    judged = judge(rows, threads=threads, progress=progress)
    table.show(judged, time.perf_counter() - started)
    if out is not None:
        table.write(judged, Path(out))
    return status(judged)


def status(judged: Sequence[Judged]) -> int:
    """Return the exit status of a table."""
    return FAILED if any(one.is_failed_gate for one in judged) else DONE


def judge(
    rows: Sequence[Row],
    *,
    context: Context | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Judged]:
    """Run rows, those of one group in one process, and return them in their order."""
    from joblib import Parallel, delayed

    context = context or Context()
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    # Longest first, so that no process is left with a long group at the end.
    ordered = sorted(groups.values(), key=lambda group: -sum(1 + 9 * row.is_long for row in group))
    n_processes = min(len(groups), _MOST_PROCESSES, threads or os.cpu_count() or 1)
    found: dict[str, Judged] = {}
    if n_processes <= 1:
        context = replace(context, threads=threads or context.threads)
        results: Iterator[Any] = (_judge_group(group, context) for group in ordered)
    else:
        results = Parallel(
            n_jobs=n_processes, batch_size=1, pre_dispatch="all",
            return_as="generator_unordered",
        )(
            delayed(_judge_group_apart)([row.id for row in group], context) for group in ordered
        )  # fmt: skip
    by_id = {row.id: row for row in rows}
    for result in results:
        for row_id, outcome, seconds in result:
            found[row_id] = Judged(by_id[row_id], outcome, seconds)
        if progress is not None:
            progress(len(found), len(rows))
    return [found[row.id] for row in rows]


def _judge_group_apart(
    row_ids: Sequence[str], context: Context
) -> list[tuple[str, Outcome, float]]:
    """Judge rows in a process of its own: rows travel by id, models keep to one thread."""
    from abm.kernels import runtime

    runtime.set_threads(1)
    return _judge_group(choose(row_ids), context)


def _judge_group(group: Sequence[Row], context: Context) -> list[tuple[str, Outcome, float]]:
    found = []
    for row in group:
        started = time.perf_counter()
        try:
            outcome = row.run(context)
        except (MemoryError, OSError):
            raise
        except Exception as error:  # one row that breaks must not cost the table
            text = " ".join(str(error).split())[:300]
            outcome = Outcome(f"stopped: {type(error).__name__}: {text}", None, None, False)
        found.append((row.id, outcome, time.perf_counter() - started))
    return found
