"""A run in progress and what it writes: its folder, and that of a lesion inside of it."""

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from abm.kernels import runtime
from abm.model import PopulationModel
from abm.processes.dosing import Dosing
from abm.processes.therapy import TherapyDosing
from abm.record import layout
from abm.record.checkpoint import (
    Checkpoint,
    Packed,
    drop_checkpoints_after,
    pack,
    write_checkpoint,
)
from abm.record.closing import close
from abm.record.recorder import Recorder
from abm.record.writer import RunWriter
from scenarios.load import dump_resolved
from scenarios.patch import derived, lesion_in
from scenarios.profile import Spent
from scenarios.schema import Scenario

_OWN = ""


class Recording(NamedTuple):
    """Who records a model into which folder; ``arm`` names it in the tables of patients."""

    model: PopulationModel
    recorder: Recorder
    arm: str

    @property
    def writer(self) -> RunWriter:
        """The writer of the folder."""
        return self.recorder.writer


@dataclass
class Session:
    """A model in progress, its recordings by folder inside of the run folder, time spent.

    ``spent`` is up to date in all but wall and compile time, of which it holds the earlier parts.
    """

    model: PopulationModel
    recordings: dict[str, Recording]
    spent: Spent = field(default_factory=Spent)
    started: float = field(default_factory=time.perf_counter)
    compiling: runtime.CompileTimer | None = None
    _disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _saving: Future[None] | None = None

    @classmethod
    def start(
        cls,
        model: PopulationModel,
        scenario: Scenario,
        out: Path,
        *,
        overwrite: bool = False,
        started: float | None = None,
    ) -> "Session":
        """Make the run folder ``out`` and record the start; ``started``: when building began."""
        begun = time.perf_counter()
        recordings = {}
        for place, (part, its) in _models(model, scenario).items():
            may_replace = overwrite and place == _OWN
            writer = RunWriter(out / place, overwrite=may_replace, info=describe(its, part))
            writer.scenario(dump_resolved(its))
            recordings[place] = Recording(part, Recorder(writer, part), its.name)
        started = begun if started is None else started
        spent = Spent(build_s=begun - started, record_s=time.perf_counter() - begun)
        return cls(model, recordings, spent, started)

    @classmethod
    def reopen(cls, folder: Path, checkpoint: Checkpoint, scenario: Scenario) -> "Session":
        """Cut a run folder back to a checkpoint and return the run, ready to go on."""
        model = checkpoint.model
        drop_checkpoints_after(folder, model.clock.tick)
        recordings = {}
        for place, (part, its) in _models(model, scenario).items():
            tables = checkpoint.tables[place]
            writer = RunWriter.resume(folder / place, model.clock.hours, tables)
            recorder = Recorder(writer, part, checkpoint.recorders[place])
            recordings[place] = Recording(part, recorder, its.name)
        return cls(model, recordings, Spent.restored(checkpoint.spent))

    def with_model(self, model: PopulationModel, scenario: Scenario) -> "Session":
        """Return the session with another model in place of its own, in the same folders."""
        recordings = {}
        for place, (part, its) in _models(model, scenario).items():
            old = self.recordings[place].recorder
            recordings[place] = Recording(
                part, Recorder(old.writer, part, old.snapshot()), its.name
            )
        return Session(model, recordings, self.spent, self.started, self.compiling)

    @property
    def writer(self) -> RunWriter:
        """The writer of the run folder."""
        return self.recordings[_OWN].writer

    def spent_so_far(self) -> Spent:
        """Return what the run has taken until now, earlier parts included."""
        compiled = 0.0 if self.compiling is None else self.compiling.seconds
        return replace(
            self.spent,
            wall_s=self.spent.wall_s + time.perf_counter() - self.started,
            compile_s=self.spent.compile_s + compiled,
        )

    def step(self) -> None:
        """Advance the model, and with it a lesion inside of it, by one fate step."""
        models = [recording.model for recording in self.recordings.values()]
        before = [_fate_steps(model) for model in models]
        self.model.step()
        for model, earlier in zip(models, before, strict=True):
            alive = sum(population.n for population in model.state.populations)
            self.spent.cell_steps += alive * (_fate_steps(model) - earlier)

    def record(self) -> None:
        """Record the present state."""
        self.settle()
        with self._recording():
            for recording in self.recordings.values():
                recording.recorder.record()

    def save(self) -> None:
        """Bring all that was recorded to the disk, then a checkpoint, while the run goes on.

        Whoever records, saves or finishes next waits for it, as :meth:`settle` does, and gets its
        errors.
        """
        self.settle()
        with self._recording():
            parts = self.recordings.items()
            checkpoint = Checkpoint(
                self.model,
                {place: recording.recorder.snapshot() for place, recording in parts},
                {place: recording.writer.snapshot() for place, recording in parts},
                vars(self.spent_so_far()),
            )
            self._saving = self._disk.submit(self._write, pack(checkpoint))

    def settle(self) -> None:
        """Wait until what was saved is on the disk; raises OSError, such as a full disk."""
        with self._recording():
            saving, self._saving = self._saving, None
            if saving is not None:
                saving.result()

    def close(self) -> None:
        """Let what is being saved come to its end, whatever becomes of the run."""
        self._disk.shutdown(wait=True)

    def _write(self, packed: Packed) -> None:
        with ThreadPoolExecutor(1) as beside:
            tables = beside.submit(self._write_tables)
            write_checkpoint(self.writer.folder, packed, tables.result)

    def _write_tables(self) -> None:
        for recording in self.recordings.values():
            recording.writer.checkpoint_tables()

    def finish(self) -> str:
        """Write what belongs to the end and run.json; return why the run ended."""
        assert self.model.exit_reason is not None
        reason = self.model.exit_reason.name.lower()
        for place, (model, recorder, arm) in reversed(self.recordings.items()):
            with self._recording():
                found = close(recorder.writer, model, arm)
            self.settle()
            info: dict[str, Any] = {"exit_reason": reason, "end_h": model.clock.hours}
            if place == _OWN:
                info |= self.spent_so_far().as_info()
                info["seconds_per_process"] = model.seconds_per_process
            info |= describe_doses(model)
            rough = 0 if model.ledger is None else model.ledger.rough_steps
            books = {"ledger": describe_ledger(model), "rough_steps": rough}
            recorder.writer.finish({**info, **books, **found})
        return reason

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """Count the seconds of the block as recording."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent.record_s += time.perf_counter() - started


def describe(scenario: Scenario, model: PopulationModel) -> dict[str, Any]:
    """Return what run.json says of a run before it starts."""
    return {
        "name": scenario.name,
        "description": scenario.description,
        "seed": scenario.seed,
        "replicates": scenario.replicates,
        "threads": runtime.n_threads(),
        "tick_minutes": model.clock.tick_minutes,
        **model.facts.notes,
    }


def describe_doses(model: PopulationModel) -> dict[str, Any]:
    """Return hour and label of each dose given; nothing of a run without doses, or of several
    patients."""
    for process in model.processes:
        if isinstance(process, (Dosing, TherapyDosing)):
            given = process.given()
            return {} if given is None else {"doses_given": given}
    return {}


def describe_ledger(model: PopulationModel) -> dict[str, Any]:
    """Return how the books close, and the named fluxes [fmol]."""
    if model.ledger is None:
        return {}
    report: dict[str, Any] = {}
    for species in model.ledger.room:
        closure = model.ledger.closure(model.state, species)
        report[species.name.lower()] = {
            "throughput_fmol": closure.throughput,
            "relative_error": closure.relative,
            "relative_error_without_defect": closure.relative_without_defect,
            "fluxes_fmol": {
                name: amount for (one, name), amount in model.ledger.flux.items() if one is species
            },
        }
    return report


def _models(
    model: PopulationModel, scenario: Scenario
) -> Mapping[str, tuple[PopulationModel, Scenario]]:
    """Return the model and, where it has one, that of its lesion, by folder."""
    found = {_OWN: (model, scenario)}
    lesion = lesion_in(model)
    if lesion is not None:
        found[layout.LESION] = (lesion, derived(scenario))
    return found


def _fate_steps(model: PopulationModel) -> int:
    """Return the fate steps that a model has made; an end between two of them counts as one."""
    return math.ceil(model.clock.tick / model.clock.fate)
