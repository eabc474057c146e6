"""One visitor's simulation: one or two arms that step together, and what they recorded."""

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from abm.errors import AsnsimError
from abm.model import PopulationModel
from abm.record.closing import close
from abm.record.reader import Frame
from abm.record.recorder import Recorder
from abm.state.columns import Group
from scenarios.app.history import History, Records
from scenarios.app.limits import LARGEST_NUMBER_GROWN, check_size
from scenarios.app.present import place_of, present_frame, present_row
from scenarios.build import build
from scenarios.load import dump_resolved, loads
from scenarios.resume import adopt, check_changes
from scenarios.schema import Scenario
from scenarios.session import describe

COMPUTING = threading.Lock()
"""Held while a model is built or steps: parallel kernels run for one visitor at a time."""


@dataclass
class Arm:
    """A model in progress, its scenario as text and object, and its history."""

    name: str
    text: str
    scenario: Scenario
    model: PopulationModel
    recorder: Recorder
    past: list[dict[str, Any]] = field(default_factory=list)
    """Scenarios until a branch, as run.json of a branch lists them."""
    error: str = ""
    """Why the arm cannot go on: a failed solve, or too many cells; empty otherwise."""

    @classmethod
    def start(cls, text: str, file: str, name: str) -> "Arm":
        """Build the scenario in ``text``; ``file`` is how messages call it.

        Raises ScenarioError for a scenario that is wrong, or too large for the page.
        """
        scenario = loads(text, file)
        check_size(scenario)
        model = build(scenario)
        history = History(name, place_of(model))
        return cls(name, text, scenario, model, Recorder(history, model))

    def branch(self, text: str, name: str) -> "Arm":
        """Return a copy at its present time that goes on with the scenario in ``text``.

        The present is recorded, so that the tables of both arms show where they part. Raises
        ScenarioError for a change that the past forbids.
        """
        changed = loads(text, self.scenario.name)
        check_changes(self.scenario, changed, self.model.clock.hours)
        model = build(changed)
        if not self.history.ends_at(self.model.clock.hours):
            self.recorder.record()
        adopt(model, pickle.loads(pickle.dumps(self.model, protocol=5)))
        history = self.history.copy()
        past = {"until_h": model.clock.hours, "scenario": dump_resolved(self.scenario)}
        before = pickle.loads(pickle.dumps(self.recorder.snapshot()))
        recorder = Recorder(history, model, before)
        return Arm(name, text, changed, model, recorder, [*self.past, past])

    @property
    def history(self) -> History:
        """What was recorded."""
        history = self.recorder.writer
        assert isinstance(history, History)
        return history

    @property
    def is_running(self) -> bool:
        """Whether it can take another step."""
        return self.model.running and not self.error

    def step(self) -> None:
        """Take one step and record where it is due; what fails is kept in ``error``."""
        try:
            self.model.step()
            if self.model.is_record_due():
                self.recorder.record()
            if not self.model.running and self.model.watch is not None:
                self.history.describe(close(self.history, self.model, self.name))
        except (AsnsimError, ArithmeticError) as error:
            self.error = str(error)
        if self.n_single_cells() > LARGEST_NUMBER_GROWN:
            self.error = (
                f"{LARGEST_NUMBER_GROWN:,} cells: more than the page takes. Download the scenario "
                "and run it with `asnsim run`"
            )

    def n_single_cells(self) -> int:
        """Return the cells that are agents of their own."""
        populations = self.model.state.populations
        return sum(p.n for p in populations if not p.has(Group.WEIGHTED))

    def frame(self) -> Frame:
        """Return the present fields and cells."""
        return present_frame(self.model)

    def records(self, frame: Frame | None = None) -> Records:
        """Return all that was recorded, with the present behind it."""
        info = {**self.history.info, **describe(self.scenario, self.model), "past": self.past}
        if not self.past:
            del info["past"]
        return Records(self.history, info, present_row(self.model), frame)


class Simulation:
    """The arms of one visitor; ``lock`` is held while they step and while they are read."""

    def __init__(self) -> None:
        self.arms: list[Arm] = []
        self.lock = threading.RLock()

    def start(self, makers: list[Callable[[], Arm]]) -> None:
        """Replace the arms by new ones; those that were there stay where one cannot be built."""
        with COMPUTING:
            arms = [make() for make in makers]
        with self.lock:
            self.arms = arms

    def branch(self, text: str, name: str) -> None:
        """Let a copy of the first arm go on with another scenario, as second arm."""
        with COMPUTING, self.lock:
            self.arms = [self.arms[0], self.arms[0].branch(text, name)]

    @property
    def is_running(self) -> bool:
        """Whether an arm can go on; arms that stop early wait for the other."""
        return any(arm.is_running for arm in self.arms)

    @property
    def hours(self) -> float:
        """Time of the arm that is farthest [h]."""
        return max((arm.model.clock.hours for arm in self.arms), default=0.0)

    @property
    def end_hours(self) -> float:
        """Time at which the last arm ends [h]."""
        return max((arm.scenario.time.end for arm in self.arms), default=0.0)

    @property
    def is_spatial(self) -> bool:
        """Whether there is a tissue to be mapped."""
        return bool(self.arms) and self.arms[0].model.facts.grid_shape is not None

    def step(self) -> None:
        """Take one step of the arm that is behind, and of all that stand where it stands."""
        with COMPUTING, self.lock:
            running = [arm for arm in self.arms if arm.is_running]
            if not running:
                return
            behind = min(arm.model.clock.tick for arm in running)
            for arm in running:
                if arm.model.clock.tick == behind:
                    arm.step()

    def errors(self) -> list[str]:
        """Return why arms cannot go on, by name where there are several."""
        several = len(self.arms) > 1
        return [
            f"{arm.name}: {arm.error}" if several else arm.error for arm in self.arms if arm.error
        ]
