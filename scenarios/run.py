"""Run a scenario and leave a run folder."""

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import ScenarioError
from abm.kernels import runtime
from abm.record.reader import RunReader
from scenarios.build import build
from scenarios.interrupts import Interrupts
from scenarios.load import load
from scenarios.schema import Scenario
from scenarios.session import Session

Progress = Callable[[float, float], None]
"""Called with (simulated hours so far, hours in all)."""

PAUSED = "paused"
"""Exit reason of a run that was asked to stop before its end and can go on."""


class RunResult(NamedTuple):
    """Where a run lies and why it ended: the lower-case name of an ExitReason, or "paused"."""

    folder: Path
    exit_reason: str


def run_scenario(
    scenario: Scenario,
    out: Path,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> RunResult:
    """Build and run a scenario, write the run folder ``out`` and return it.

    Ctrl-C and SIGTERM end the run in order: a checkpoint is written at the end of the step, the
    folder keeps its mark of an unfinished run, and KeyboardInterrupt goes up. Raises ScenarioError
    for a scenario that cannot be built (nothing is written then) and OSError, such as a full disk.
    """
    if threads is not None:
        set_threads(threads)
    started = time.perf_counter()
    with runtime.CompileTimer() as compiling:
        model = build(scenario)
        session = Session.start(model, scenario, out, overwrite=overwrite, started=started)
        return carry_on(session, scenario.time.checkpoint_ticks, compiling, progress)


def carry_on(
    session: Session,
    checkpoint_ticks: int,
    compiling: runtime.CompileTimer,
    progress: Progress | None = None,
    until: int | None = None,
) -> RunResult:
    """Run to the end, or to the tick ``until``, and finish the folder; see :func:`run_scenario`."""
    session.compiling = compiling
    with closing(session):
        with Interrupts() as interrupts:
            is_interrupted = advance(session, checkpoint_ticks, interrupts, progress, until)
            session.save()
            if is_interrupted or session.model.exit_reason is None:
                session.settle()
        if is_interrupted:
            raise KeyboardInterrupt
        folder = session.writer.folder
        if session.model.exit_reason is None:
            return RunResult(folder, PAUSED)
        return RunResult(folder, session.finish())


def run(
    source: str | Path | Scenario,
    *,
    seed: int | None = None,
    out: str | Path | None = None,
    overrides: Iterable[str] = (),
    threads: int | None = None,
    overwrite: bool = False,
) -> RunReader:
    """Run a scenario given by name, file or object; return what it recorded.

    ``overrides`` are texts ``path=value`` as after ``--set``. The result has ``.timeseries`` and
    ``.clones`` (pandas), ``.fields`` (xarray), ``.lineage`` (tskit). Without ``out`` the run lies
    in ``runs/NAME-s<seed>``, numbered where that exists.
    """
    scenario = source if isinstance(source, Scenario) else load(source, tuple(overrides), seed=seed)
    folder = default_folder(scenario) if out is None else Path(out)
    run_scenario(scenario, folder, threads=threads, overwrite=overwrite)
    return RunReader(folder)


def default_folder(scenario: Any, root: Path = Path("runs")) -> Path:
    """Return ``runs/NAME-s<seed>`` of a scenario or assay, with ``-2`` ... where that exists."""
    first = root / f"{scenario.name}-s{scenario.seed}"
    folder, number = first, 1
    while folder.exists():
        number += 1
        folder = first.with_name(f"{first.name}-{number}")
    return folder


def advance(
    session: Session,
    checkpoint_ticks: int,
    interrupts: Interrupts,
    progress: Progress | None = None,
    until: int | None = None,
) -> bool:
    """Step to the end or to the tick ``until``, recording as the clock says.

    Returns whether it was stopped by an interrupt.
    """
    model, clock = session.model, session.model.clock
    end = clock.end if until is None else min(until, clock.end)
    next_checkpoint = (clock.tick // checkpoint_ticks + 1) * checkpoint_ticks
    while model.running and clock.tick < end:
        session.step()
        if model.is_record_due():
            session.record()
        if interrupts.is_requested:
            return True
        if clock.tick >= next_checkpoint and model.running and clock.tick < end:
            session.save()
            next_checkpoint += checkpoint_ticks
        if progress is not None:
            progress(clock.hours, clock.to_hours(end))
    return False


def set_threads(threads: int) -> None:
    """Set the number of threads; raises ScenarioError above what this process may use."""
    limit = runtime.thread_limit()
    if not 1 <= threads <= limit:
        raise ScenarioError(
            f"--threads {threads}: must be 1 to {limit} here (set NUMBA_NUM_THREADS for more)"
        )
    runtime.set_threads(threads)
