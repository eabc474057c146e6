"""A model that records in memory: an arm, or the lesion inside of one."""

from dataclasses import dataclass
from typing import Any

from abm.model import PopulationModel
from abm.record.reader import Frame
from abm.record.recorder import Recorder
from abm.state.columns import Group
from scenarios.app.history import History, Records
from scenarios.app.present import place_of, present_frame, present_row
from scenarios.patch import derived, lesion_in
from scenarios.schema import Scenario
from scenarios.session import describe


@dataclass
class Part:
    """A model in progress, its name and scenario, and the recorder that fills its history."""

    name: str
    scenario: Scenario
    model: PopulationModel
    recorder: Recorder

    @property
    def history(self) -> History:
        """What was recorded."""
        history = self.recorder.writer
        assert isinstance(history, History)
        return history

    @property
    def is_spatial(self) -> bool:
        """Whether its cells or nutrients have a place."""
        return self.model.facts.grid_shape is not None

    def n_single_cells(self) -> int:
        """Return the cells that are agents of their own."""
        populations = self.model.state.populations
        return sum(p.n for p in populations if not p.has(Group.WEIGHTED))

    def frame(self) -> Frame:
        """Return the present fields and cells."""
        return present_frame(self.model)

    def records(self, frame: Frame | None = None) -> Records:
        """Return all that was recorded, with the present behind it."""
        return Records(self.history, self.info(), present_row(self.model), frame)

    def info(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {**self.history.info, **describe(self.scenario, self.model)}


def lesion_of(name: str, scenario: Scenario, model: PopulationModel) -> Part | None:
    """Begin to record the lesion of a body; ``name`` is that of the body's arm."""
    lesion = lesion_in(model)
    if lesion is None:
        return None
    history = History(f"{name}-lesion", place_of(lesion))
    return Part(f"{name}, lesion", derived(scenario), lesion, Recorder(history, lesion))
