"""The mechanistic cells of a scenario: lines, start states, and the processes that need them."""

import numpy as np

from abm.founders import Founders
from abm.processes.process import AbstractProcess
from abm.state.state import State
from abm.streams import Streams
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.surroundings import Surroundings


class Biology:
    def __init__(self, scenario: Scenario, overrides: Overrides, surroundings: Surroundings) -> None:
        self.is_lineage_recorded = False
        self.resistance_gain: dict[str, np.ndarray] = {}
        self.asns_high_copies: dict[str, float] = {}
        self.basal_asns: dict[str, np.ndarray] = {}
        self.notes: dict[str, object] = {}

    def founders(self) -> list[Founders]:
        return []

    def processes(self, state: State, streams: Streams) -> list[AbstractProcess]:
        return []
