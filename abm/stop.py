"""When a run, or one replicate of it, is over before its end time."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from abm.state.state import State


class ExitReason(IntEnum):
    """Why a run ended; the lower-case name goes to run.json."""

    END_TIME = 1
    """The end time was reached."""
    EXTINCT = 2
    """No tumour cell is left in any replicate that runs."""
    N_CELLS = 3
    """Every replicate has reached the given number of cells or died out."""
    RELAPSE = 4
    """Every patient has relapsed or is over for another reason."""


@dataclass(frozen=True)
class StopRules:
    """Conditions checked after each fate step, per replicate."""

    extinct: bool = True
    n_cells: int | None = None
    relapse: bool = False

    def check(self, state: State, has_relapsed: np.ndarray | None = None) -> ExitReason | None:
        """Mark replicates that are done; return a reason when none is left to run.

        ``has_relapsed`` is bool[n_replicate] of bodies, None of other environments.
        """
        counts = state.n_cells_by_replicate()
        if self.n_cells is not None:
            state.is_stopped |= counts >= self.n_cells
        is_relapse = self.relapse and has_relapsed is not None and bool(has_relapsed.any())
        if self.relapse and has_relapsed is not None:
            state.is_stopped |= has_relapsed
        is_done = state.is_stopped | ((counts == 0) & self.extinct)
        if not is_done.all():
            return None
        if is_relapse:
            return ExitReason.RELAPSE
        return ExitReason.N_CELLS if state.is_stopped.any() else ExitReason.EXTINCT
