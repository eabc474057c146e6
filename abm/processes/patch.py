"""A focal lesion: a tissue of its own whose vessels carry the plasma of a body.

The lesion is a vanishing part of the body: it takes nothing from plasma, so that it is advanced
after the body has made its interval, with the plasma of the end of the interval, Eq. (B10) of
docs/body.md. It has its own sites, cells, steps and books.
"""

from typing import Any, Protocol

import numpy as np

from abm.clock import Clock
from abm.processes.process import AbstractProcess
from abm.state.sites import Drug
from abm.state.state import State


class Stepper(Protocol):
    """What of a model the body needs: a clock, and a step to the next fate tick."""

    clock: Clock
    running: bool
    exit_reason: Any

    def step(self) -> None:
        """Advance."""


class PlasmaPort:
    """What the vessels of the lesion carry; takes the place of a plasma of its own.

    concentration : float64[n_species] [uM]
    drug          : activity in plasma [IU/mL] and constants of the enzymes
    """

    def __init__(self, concentration: np.ndarray) -> None:
        self.concentration = np.array(concentration, float)
        self.drug = Drug()

    def take(self, state: State) -> None:
        """Read the plasma of the one body of ``state``."""
        self.concentration[:] = state.sites.concentration[:, 0]
        self.drug = Drug(*(float(np.ravel(value)[0]) for value in state.drug))

    def advance(self, drug: Drug, hours: float) -> np.ndarray:
        """Return what the vessels carry, whatever the time."""
        del drug, hours
        return self.concentration


class PortDosing(AbstractProcess):
    """Sets the enzyme in the lesion: a share of that in the plasma of the body."""

    name = "dosing"

    def __init__(self, port: PlasmaPort, share: float) -> None:
        self.port, self.share = port, share

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Set ``sites.activity`` and ``drug``."""
        del clock, ticks
        state.sites.activity[:] = self.share * self.port.drug.activity
        state.drug = self.port.drug


class Patch(AbstractProcess):
    """Takes the lesion along: after each interval of the body it steps up to the same tick.

    model : the lesion, a model of its own; belongs to a checkpoint
    port  : what its vessels carry
    """

    name = "patch"

    def __init__(self, model: Any, port: PlasmaPort) -> None:
        self.model: Stepper = model
        self.port = port

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance the lesion to ``clock.tick``, or to its next fate tick after it."""
        del ticks
        self.port.take(state)
        while self.model.running and self.model.clock.tick < clock.tick:
            self.model.step()
