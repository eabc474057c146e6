"""What every process offers to the step."""

from abc import ABC, abstractmethod

from abm.clock import Clock
from abm.state.state import State


class AbstractProcess(ABC):
    """Changes the state over one interval.

    ``name`` is its place in :data:`abm.order.ORDER`. A process with ``at_fate_ticks`` runs only at
    the end of intervals that close a fate step.
    """

    name: str
    at_fate_ticks: bool = False

    def begin(self, state: State, clock: Clock) -> None:
        """Do what is due at ``clock.tick``, before the length of the interval is chosen."""
        del state, clock

    @abstractmethod
    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance by the interval of ``ticks`` that ends at ``clock.tick``."""

    def begin_at(self, clock: Clock) -> None:
        """Start at ``clock.tick`` in a run that had no such process before."""
        del clock

    def adopt(self, before: "AbstractProcess", state: State, clock: Clock) -> None:
        """Go on from ``before``, the process of this name in a run that branches here.

        ``state`` is that of the run at ``clock.tick``. Whoever keeps something between intervals
        that the state does not hold takes it over; nothing else changes.
        """
        del before, state, clock
