"""A run in progress and what it writes: its folder, and that of a lesion inside of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from abm.kernels import runtime
from abm.ledger import BOOKED
from abm.model import PopulationModel
from abm.processes.patch import Patch
from abm.record.checkpoint import Checkpoint, drop_checkpoints_after, write_checkpoint
from abm.record.closing import close
from abm.record.recorder import Recorder
from abm.record.writer import RunWriter
from scenarios.load import dump_resolved
from scenarios.patch import PATCH_FOLDER, derived
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
    """A model in progress, its recordings by folder inside of the run folder, wall time [s]."""

    model: PopulationModel
    recordings: dict[str, Recording]
    wall_before: float = 0.0
    started: float = field(default_factory=time.perf_counter)

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
        """Make the run folder ``out`` and record the start."""
        recordings = {}
        for place, (part, its) in _models(model, scenario).items():
            writer = RunWriter(out / place, overwrite=overwrite and place == _OWN)
            writer.scenario(dump_resolved(its))
            writer.describe(describe(its, part))
            recordings[place] = Recording(part, Recorder(writer, part), its.name)
        session = cls(model, recordings)
        session.started = started or session.started
        return session

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
        return cls(model, recordings, wall_before=checkpoint.wall_s)

    def with_model(self, model: PopulationModel, scenario: Scenario) -> "Session":
        """Return the session with another model in place of its own, in the same folders."""
        recordings = {}
        for place, (part, its) in _models(model, scenario).items():
            old = self.recordings[place].recorder
            recordings[place] = Recording(
                part, Recorder(old.writer, part, old.snapshot()), its.name
            )
        return Session(model, recordings, self.wall_before, self.started)

    @property
    def writer(self) -> RunWriter:
        """The writer of the run folder."""
        return self.recordings[_OWN].writer

    @property
    def wall_s(self) -> float:
        """Wall time of the run, earlier parts included [s]."""
        return self.wall_before + time.perf_counter() - self.started

    def record(self) -> None:
        """Record the present state."""
        for recording in self.recordings.values():
            recording.recorder.record()

    def save(self) -> None:
        """Bring all that was recorded to the disk, then a checkpoint."""
        parts = self.recordings.items()
        for _, recording in parts:
            recording.writer.checkpoint_tables()
        checkpoint = Checkpoint(
            self.model,
            {place: recording.recorder.snapshot() for place, recording in parts},
            {place: recording.writer.snapshot() for place, recording in parts},
            self.wall_s,
        )
        write_checkpoint(self.writer.folder, checkpoint)

    def finish(self, compiling: runtime.CompileTimer) -> str:
        """Write what belongs to the end and run.json; return why the run ended."""
        assert self.model.exit_reason is not None
        reason = self.model.exit_reason.name.lower()
        for place, (model, recorder, arm) in reversed(self.recordings.items()):
            found = close(recorder.writer, model, arm)
            info: dict[str, Any] = {"exit_reason": reason, "end_h": model.clock.hours}
            if place == _OWN:
                info |= {
                    "wall_s": self.wall_s,
                    "compile_s": compiling.seconds,
                    "seconds_per_process": model.seconds_per_process,
                }
            recorder.writer.finish({**info, "ledger": describe_ledger(model), **found})
        return reason


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


def describe_ledger(model: PopulationModel) -> dict[str, Any]:
    """Return how the books of Asn and Gln close, and the named fluxes [fmol]."""
    if model.ledger is None:
        return {}
    report: dict[str, Any] = {}
    for species in BOOKED:
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
    for process in model.processes:
        if isinstance(process, Patch):
            lesion: Any = process.model
            found[PATCH_FOLDER] = (lesion, derived(scenario))
    return found
