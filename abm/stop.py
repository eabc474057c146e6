"""When a run, or one replicate of it, is over before its end time."""

from dataclasses import dataclass
from enum import IntEnum

from abm.state.state import State


class ExitReason(IntEnum):
    """Why a run ended; the lower-case name goes to run.json."""

    END_TIME = 1
    """The end time was reached."""
    EXTINCT = 2
    """No tumour cell is left in any replicate that runs."""
    N_CELLS = 3
    """Every replicate has reached the given number of cells or died out."""


@dataclass(frozen=True)
class StopRules:
    """Conditions checked after each fate step, per replicate."""

    extinct: bool = True
    n_cells: int | None = None

    def check(self, state: State) -> ExitReason | None:
        """Mark replicates that are done; return a reason when none is left to run."""
        counts = state.n_cells_by_replicate()
        if self.n_cells is not None:
            state.is_stopped |= counts >= self.n_cells
        is_done = state.is_stopped | ((counts == 0) & self.extinct)
        if not is_done.all():
            return None
        return ExitReason.N_CELLS if state.is_stopped.any() else ExitReason.EXTINCT
