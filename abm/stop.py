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
    """Every replicate has relapsed or is over for another reason."""


RELAPSE_FALL = 10.0
"""Outside of bodies a relapse needs a fall of the tumour cells by this factor before."""
RELAPSE_SHARE = 0.25
"""It is there when this share of the cells at the start is reached again."""


def is_relapse(start: np.ndarray, lowest: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Tell where cells that had fallen tenfold are back at 25 % of the start; bool, any shape."""
    return (lowest <= start / RELAPSE_FALL) & (now >= RELAPSE_SHARE * start) & (now > 0)


@dataclass(frozen=True)
class StopRules:
    """Conditions checked after each fate step, per replicate."""

    extinct: bool = True
    n_cells: int | None = None
    relapse: bool = False

    def check(self, state: State, has_relapsed: np.ndarray | None = None) -> ExitReason | None:
        """Mark replicates that are done; return a reason when none is left to run.

        ``has_relapsed`` is bool[n_replicate] of bodies, as their watch reads it; None of other
        environments, where :func:`is_relapse` of the counts takes its place.
        """
        counts = state.n_cells_by_replicate()
        if self.n_cells is not None:
            state.is_stopped |= counts >= self.n_cells
        if self.relapse:
            if has_relapsed is None:
                np.minimum(state.lowest_n_cells, counts, out=state.lowest_n_cells)
                has_relapsed = is_relapse(state.counters.founders, state.lowest_n_cells, counts)
            state.is_stopped |= has_relapsed
        is_done = state.is_stopped | ((counts == 0) & self.extinct)
        if not is_done.all():
            return None
        if self.relapse and has_relapsed is not None and bool(has_relapsed.any()):
            return ExitReason.RELAPSE
        return ExitReason.N_CELLS if state.is_stopped.any() else ExitReason.EXTINCT
