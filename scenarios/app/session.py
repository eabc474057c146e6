"""One visitor's simulation: one or two arms that step together, and what they recorded."""

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from abm.errors import AsnsimError
from abm.record.closing import close
from abm.record.recorder import Recorder
from scenarios.app.history import History
from scenarios.app.limits import LARGEST_NUMBER_GROWN, check_size
from scenarios.app.part import Part, lesion_of
from scenarios.app.present import place_of
from scenarios.build import build
from scenarios.load import dump_resolved, loads
from scenarios.patch import derived, lesion_in
from scenarios.resume import adopt, check_changes

COMPUTING = threading.Lock()
"""Held while a model is built or steps: parallel kernels run for one visitor at a time."""


@dataclass
class Arm(Part):
    """A model in progress with its scenario as text, and the lesion inside of it."""

    text: str = ""
    lesion: Part | None = None
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
        recorder = Recorder(History(name, place_of(model)), model)
        return cls(name, scenario, model, recorder, text, lesion_of(name, scenario, model))

    def branch(self, text: str, name: str) -> "Arm":
        """Return a copy at its present time that goes on with the scenario in ``text``.

        The present is recorded, so that the tables of both arms show where they part. Raises
        ScenarioError for a change that the past forbids.
        """
        changed = loads(text, self.scenario.name)
        check_changes(self.scenario, changed, self.model.clock.hours)
        model = build(changed)
        for part in self.parts:
            if not part.history.ends_at(part.model.clock.hours):
                part.recorder.record()
        # Recorders count events in place, so that a copy needs numbers of its own.
        copy, *before = pickle.loads(
            pickle.dumps([self.model, *(part.recorder.snapshot() for part in self.parts)], 5)
        )
        adopt(model, copy)
        past = {"until_h": model.clock.hours, "scenario": dump_resolved(self.scenario)}
        recorder = Recorder(self.history.copy(), model, before[0])
        lesion = lesion_in(model)
        own = None
        if lesion is not None and self.lesion is not None:
            own = Part(
                f"{name}, lesion", derived(changed), lesion,
                Recorder(self.lesion.history.copy(), lesion, before[1]),
            )  # fmt: skip
        return Arm(name, changed, model, recorder, text, own, [*self.past, past])

    @property
    def parts(self) -> list[Part]:
        """All that is recorded: the arm itself and, behind it, its lesion."""
        return [self] if self.lesion is None else [self, self.lesion]

    @property
    def mapped(self) -> Part:
        """What there is a map of, where it has one: the lesion of a body, else the arm itself."""
        return self.parts[-1]

    @property
    def is_running(self) -> bool:
        """Whether it can take another step."""
        return self.model.running and not self.error

    def step(self) -> None:
        """Take one step and record where it is due; what fails is kept in ``error``."""
        try:
            self.model.step()
            if self.model.is_record_due():
                for part in self.parts:
                    part.recorder.record()
            if not self.model.running and self.model.watch is not None:
                self.history.describe(close(self.history, self.model, self.name))
        except (AsnsimError, ArithmeticError) as error:
            self.error = str(error)
        if sum(part.n_single_cells() for part in self.parts) > LARGEST_NUMBER_GROWN:
            self.error = (
                f"{LARGEST_NUMBER_GROWN:,} cells: more than the page takes. Download the scenario "
                "and run it with `asnsim run`"
            )

    def info(self) -> dict[str, Any]:
        """Return what run.json says of it, a past before a branch included."""
        return super().info() | ({"past": self.past} if self.past else {})


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
        return bool(self.arms) and self.arms[0].mapped.is_spatial

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
