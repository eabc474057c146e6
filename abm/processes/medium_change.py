"""Wash and change of medium in wells."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from abm.clock import Clock
from abm.ledger import BOOKED, Ledger
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.regimen import Regimen
from abm.processes.process import AbstractProcess
from abm.state.state import State
from abm.units import FMOL_PER_UM_PL


@dataclass(frozen=True, kw_only=True)
class MediumChangeParameters(ParameterSet):
    """How well a well is emptied. Every wash, and the filling after the last, is one exchange."""

    residual: float = parameter(0.05, high=1.0, source="assumption A82")
    """Share of the old medium that stays at each exchange."""


class MediumChange(AbstractProcess):
    """Replace the medium of all wells at given ticks; cells and dead matter stay.

    ``changes`` maps a tick to (number of washes, new concentrations float64[n_species] [uM]).
    Enzyme in the dish is washed out alike.
    """

    name = "medium_change"

    def __init__(
        self,
        changes: Mapping[int, tuple[int, np.ndarray]],
        parameters: MediumChangeParameters,
        regimen: Regimen | None,
        ledger: Ledger,
    ) -> None:
        self.changes = dict(changes)
        self.parameters = parameters
        self.regimen = regimen
        self.ledger = ledger

    def begin(self, state: State, clock: Clock) -> None:
        """Wash or change the medium where that is due at ``clock.tick``."""
        change = self.changes.pop(clock.tick, None)
        if change is None:
            return
        n_washes, fresh = change
        kept = self.parameters.residual ** (n_washes + 1)
        sites = state.sites
        before = sites.concentration.copy()
        sites.concentration[:] = kept * before + (1.0 - kept) * fresh[:, None]
        for species in BOOKED:
            moved = float(np.dot(sites.concentration[species] - before[species], sites.volume))
            self.ledger.book(species, "medium change", FMOL_PER_UM_PL * moved)
        if self.regimen is not None and self.regimen.is_dish:
            self.regimen.dilute(clock.tick, kept)
        clock.note_jump()

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Do nothing between changes."""

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Leave out the changes of the past."""
        self.changes = {tick: change for tick, change in self.changes.items() if tick >= clock.tick}
