"""The model: state, clock, streams and the ordered processes, behind Mesa's interface."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mesa

from abm.cell_view import CellView
from abm.clock import Clock
from abm.clone_agents import CLONE_REPORTERS, CloneAgent, RunCollector, renew_clone_agents
from abm.facts import Facts
from abm.html_table import html_table
from abm.ledger import Ledger
from abm.lineage import Lineage
from abm.observe import REPORTERS
from abm.order import ORDER
from abm.processes.process import AbstractProcess
from abm.state.state import State
from abm.stop import ExitReason, StopRules
from abm.streams import Streams

if TYPE_CHECKING:
    from abm.watch.observer import Watch


@dataclass
class Parts:
    """What a model is put together from; made by a builder for one seed."""

    state: State
    clock: Clock
    streams: Streams
    processes: list[AbstractProcess]
    stop: StopRules = StopRules()
    lineage: Lineage | None = None
    facts: Facts = Facts()
    ledger: Ledger | None = None
    watch: "Watch | None" = None


class PopulationModel(mesa.Model):
    """Cells under L-asparaginase as a ``mesa.Model``.

    ``assemble(seed)`` returns the parts; ``scenarios.build.build`` makes such a model from a
    scenario. One :meth:`step` advances by one fate step (6 minutes by default); ``running`` turns
    False at the end time or when a stop rule fires. ``model.cells`` is a view of all cells; the
    registered agents are the largest clones. The class works with ``mesa.batch_run``:
    ``batch_run(PopulationModel, {"assemble": [assemble], "rng": [1, 2, 3]})``.
    """

    def __init__(self, assemble: Callable[[int], Parts], rng: int = 1) -> None:
        super().__init__(rng=int(rng))
        parts = assemble(int(rng))
        self.run_seed = int(rng)
        self.state = parts.state
        self.clock = parts.clock
        self.streams = parts.streams
        self.lineage = parts.lineage
        self.stop = parts.stop
        self.facts = parts.facts
        self.ledger = parts.ledger
        self.watch = parts.watch
        self.processes = sorted(parts.processes, key=lambda process: ORDER.index(process.name))
        self.seconds_per_process = {process.name: 0.0 for process in self.processes}
        self.exit_reason: ExitReason | None = None
        self.datacollector = RunCollector(
            model_reporters=dict(REPORTERS),
            agenttype_reporters={CloneAgent: dict(CLONE_REPORTERS)},
        )
        if self.watch is not None:
            self.watch.start(self.state, self.clock)
        self._collect()

    @property
    def cells(self) -> CellView:
        """All living cells, as rows."""
        return CellView(self.state.populations)

    @property
    def hours(self) -> float:
        """Simulated time [h]."""
        return self.clock.hours

    def step(self) -> None:
        """Advance to the next fate tick, then check the stop rules."""
        if self.exit_reason is not None:
            return
        clock = self.clock
        at_fate = False
        while not at_fate:
            for process in self.processes:
                process.begin(self.state, clock)
            ticks = clock.next_interval()
            clock.tick += ticks
            at_fate = clock.is_fate_tick()
            for process in self.processes:
                if at_fate or not process.at_fate_ticks:
                    started = time.perf_counter()
                    process.advance(self.state, clock, ticks)
                    self.seconds_per_process[process.name] += time.perf_counter() - started
            if self.watch is not None:
                self.watch.observe(self.state, clock, ticks)
        has_relapsed = None if self.watch is None else self.watch.has_relapsed
        self.exit_reason = self.stop.check(self.state, has_relapsed)
        if self.exit_reason is None and clock.tick >= clock.end:
            self.exit_reason = ExitReason.END_TIME
        self.running = self.exit_reason is None
        self._collect()

    def is_record_due(self) -> bool:
        """Tell whether the present tick is one to record: a record tick, or the end of the run."""
        return self.clock.is_record_tick() or not self.running

    def __repr__(self) -> str:
        state = "running" if self.exit_reason is None else self.exit_reason.name.lower()
        return f"<PopulationModel at {self.hours:g} h, seed {self.run_seed}, {state}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: time, what acts, and the cells."""
        rows = (
            ("time", f"{self.hours:g} h of {self.clock.to_hours(self.clock.end):g} h"),
            ("processes", ", ".join(process.name for process in self.processes)),
            ("replicates", self.state.n_replicate),
        )
        return html_table(repr(self)[1:-1], rows) + self.cells._repr_html_()

    def _collect(self) -> None:
        if self.is_record_due():
            renew_clone_agents(self)
        self.datacollector.collect(self)
