"""Continue a run from its last checkpoint, or branch: another treatment from a day on."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from abm.environment.body import Body
from abm.environment.body_solver import BodySolver
from abm.errors import RunFolderError, ScenarioError
from abm.kernels import runtime
from abm.model import PopulationModel
from abm.order import ORDER
from abm.processes.dosing import Dosing
from abm.processes.nutrients import Nutrients
from abm.processes.therapy import TherapyDosing
from abm.record import layout
from abm.record.checkpoint import (
    Checkpoint,
    DamagedCheckpoint,
    find_checkpoints,
    read_checkpoint,
)
from abm.record.writer import clear, read_info
from scenarios.build import build
from scenarios.load import dump_resolved, load
from scenarios.patch import lesion_in
from scenarios.run import (
    Progress,
    RunResult,
    carry_on,
    run_scenario,
    set_threads,
)
from scenarios.schema import Scenario
from scenarios.schema.base import show_time
from scenarios.session import Session, describe

_OF_THE_PAST = ("environment", "cells", "replicates", "barcodes")
_GRID = ("tick", "coupling", "fate")


def resume(
    folder: Path,
    *,
    until_h: float | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Continue the run in ``folder`` to its end, or to ``until_h`` [h], bit for bit.

    A run that is finished stays as it is, unless ``until_h`` lies behind its end: then it goes on
    until there. Without a checkpoint the run starts anew. Raises RunFolderError for a folder that
    is no run, a checkpoint of another version, and where all checkpoints are damaged.
    """
    info = read_info(folder)
    scenario = scenario_of(folder, info)
    is_finished = not (folder / layout.UNFINISHED).exists()
    until = None if until_h is None else _on_grid(scenario, until_h, "--until")
    is_longer = until is not None and until > scenario.time.end_ticks
    if is_finished and not is_longer:
        return RunResult(folder, str(info["exit_reason"]))
    before = scenario
    if is_longer:
        scenario = scenario_of(folder, info, [f"time.end={until_h:.10g} h"])
    if threads is not None:
        set_threads(threads)
    checkpoint = newest(folder)
    if checkpoint is None:
        return run_scenario(scenario, folder, threads=threads, progress=progress, overwrite=True)
    with runtime.CompileTimer() as compiling:
        session = Session.reopen(folder, checkpoint, scenario_of(folder, info))
        if is_longer:
            past = [*info.get("past", []), _segment(before, session.model.clock.hours)]
            session = change(session, scenario)
            session.writer.scenario(dump_resolved(scenario))
            session.writer.describe({"past": past})
        return carry_on(
            session, scenario.time.checkpoint_ticks, compiling, progress,
            None if is_longer else until,
        )  # fmt: skip


def branch(
    folder: Path,
    out: Path,
    *,
    at_h: float | None = None,
    until_h: float | None = None,
    overrides: Sequence[str] = (),
    threads: int | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> RunResult:
    """Copy a run up to ``at_h`` [h] (its last checkpoint) and go on in ``out`` with ``overrides``.

    The past is that of ``folder``, so arms that branch from one run share it and its random
    numbers. Raises ScenarioError for a change that the past forbids, RunFolderError as
    :func:`resume`.
    """
    info = read_info(folder)
    past = scenario_of(folder, info)
    changed = scenario_of(folder, info, overrides)
    at = None if at_h is None else _on_grid(past, at_h, "--at")
    until = None if until_h is None else _on_grid(changed, until_h, "--until")
    if threads is not None:
        set_threads(threads)
    checkpoint = newest(folder, at)
    if at is None:
        if checkpoint is None:
            raise RunFolderError(f"{folder}: has no checkpoint yet: say where to branch with --at")
        at = checkpoint.model.clock.tick
    check_changes(past, changed, at * past.time.tick_hours)
    if not at < changed.time.end_ticks:
        raise ScenarioError(f"--at: the run ends at {show_time(changed.time.end)}: must be earlier")
    with runtime.CompileTimer() as compiling:
        session = _copied(folder, out, checkpoint, past, overwrite)
        if session.model.clock.tick < at:
            carry_on(session, past.time.checkpoint_ticks, compiling, progress, at)
        if session.model.clock.tick < at:
            hours = session.model.clock.hours
            raise ScenarioError(f"--at: the run ended at {show_time(hours)}: must be earlier")
        segments = [*info.get("past", []), _segment(past, session.model.clock.hours)]
        session = change(session, changed)
        session.writer.scenario(dump_resolved(changed))
        session.writer.describe({**describe(changed, session.model), "past": segments})
        return carry_on(session, changed.time.checkpoint_ticks, compiling, progress, until)


def newest(folder: Path, tick: int | None = None) -> Checkpoint | None:
    """Return the newest checkpoint that is whole, not later than ``tick``; None without any.

    Raises RunFolderError where all are damaged or one was written by another version.
    """
    damaged: DamagedCheckpoint | None = None
    for one, path in reversed(find_checkpoints(folder).items()):
        if tick is None or one <= tick:
            try:
                return read_checkpoint(path)
            except DamagedCheckpoint as error:
                damaged = error
    if damaged is not None:
        raise RunFolderError(
            f"{damaged}, and so is every earlier checkpoint: run the scenario anew"
        )
    return None


def change(session: Session, scenario: Scenario) -> Session:
    """Let a run go on with another scenario from where it stands."""
    after = build(scenario)
    adopt(after, session.model)
    return session.with_model(after, scenario)


def adopt(model: PopulationModel, before: PopulationModel) -> None:
    """Put the state of ``before`` into ``model``, which was built from a changed scenario.

    A lesion inside of a body goes on in the same way.
    """
    model.state = before.state
    model.clock.tick, model.clock.fine_until = before.clock.tick, before.clock.fine_until
    for own, past in ((model.ledger, before.ledger), (model.lineage, before.lineage)):
        if own is not None and past is not None:
            vars(own).update(vars(past))
    old_processes = {process.name: process for process in before.processes}
    given = old_processes.get(Dosing.name)
    if isinstance(given, (Dosing, TherapyDosing)) and given.name not in {
        process.name for process in model.processes
    }:
        given.give_no_more(before.clock)
        if isinstance(given, TherapyDosing):
            given.site_activity = _body_of(model).site_activity
        model.processes.append(given)
        model.processes.sort(key=lambda process: ORDER.index(process.name))
    if model.watch is not None and before.watch is not None:
        model.watch.adopt(before.watch, before.clock)
    for process in model.processes:
        old = old_processes.get(process.name)
        if old is None:
            process.begin_at(model.clock)
        elif old is not process:
            process.adopt(old, model.state, model.clock)
        model.seconds_per_process[process.name] = before.seconds_per_process.get(process.name, 0.0)
    lesion, its_past = lesion_in(model), lesion_in(before)
    if lesion is not None and its_past is not None:
        adopt(lesion, its_past)


def _body_of(model: PopulationModel) -> Body:
    """Return the body whose lag the solver of a model takes over."""
    solvers = [p.solver for p in model.processes if isinstance(p, Nutrients)]
    return next(solver.body for solver in solvers if isinstance(solver, BodySolver))


def check_changes(past: Scenario, changed: Scenario, at_h: float) -> None:
    """Raise ScenarioError where the past of a run forbids a change."""
    kept = [key for key in _OF_THE_PAST if getattr(past, key) != getattr(changed, key)]
    kept += [f"time.{k}" for k in _GRID if getattr(past.time, k) != getattr(changed.time, k)]
    kept += _compounds_of_the_past(past, changed, at_h)
    if past.treatment.patient != changed.treatment.patient and past.treatment.patient is not None:
        kept.append("treatment.patient")
    if kept:
        raise ScenarioError(
            f"--set {kept[0]}: belongs to the past of the run and cannot change: a branch may "
            "change doses, rules, compounds, inheritance, parameters, stop, seed, time.end and "
            "time.record"
        )


def scenario_of(folder: Path, info: dict[str, Any], overrides: Sequence[str] = ()) -> Scenario:
    """Return the scenario of a run folder, with the name of the run."""
    path = folder / layout.SCENARIO
    if not path.exists():
        raise RunFolderError(f"{folder}: was stopped before it had begun: run the scenario again")
    scenario = load(f"{path}", overrides)
    scenario._name = str(info.get("name", scenario.name))
    return scenario


def _copied(
    folder: Path, out: Path, checkpoint: Checkpoint | None, past: Scenario, overwrite: bool
) -> Session:
    """Copy a run folder up to a checkpoint; without one, start its scenario anew in ``out``."""
    if out.exists():
        clear(out, overwrite)
    if checkpoint is None:
        return Session.start(build(past), past, out)
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("plots", "film.*", "*.tmp"))
    return Session.reopen(out, checkpoint, past)


def _segment(scenario: Scenario, until_h: float) -> dict[str, Any]:
    return {"until_h": until_h, "scenario": dump_resolved(scenario)}


def _on_grid(scenario: Scenario, hours: float, option: str) -> int:
    time = scenario.time
    if not hours > 0.0 or not time.is_on_grid(hours) or time.ticks(hours) % time.fate_ticks:
        step = show_time(time.fate)
        raise ScenarioError(
            f"{option}: {show_time(hours)} must be a positive multiple of the fate step, {step}"
        )
    return time.ticks(hours)


def _compounds_of_the_past(past: Scenario, changed: Scenario, at_h: float) -> list[str]:
    """Return the key of the compounds where those added before the branch differ."""
    before = [[c for c in s.treatment.compounds if c.at < at_h] for s in (past, changed)]
    return [] if before[0] == before[1] else ["treatment.compounds"]
