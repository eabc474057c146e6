"""Compounds in the dish: at the ticks where one comes or goes, the cells' parameters change.

Between those ticks a concentration is constant (assumption A114), so the whole course is known
when a run starts. What a compound takes from its target is a Hill curve of its concentration; what
several take from one target is independent, the shares that they leave multiply (assumption A113).
The founders were brought to rest without any compound, and the translation rate stays that of the
untreated line: a compound can only act through its targets.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abm.clock import Clock
from abm.kernels.elementary import exp, log
from abm.pharmacology.compounds import Compound, Effect, Target
from abm.processes.cell_lines import CellLine
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.process import AbstractProcess
from abm.state.state import State

ACTIVITIES = frozenset({Target.GCN2, Target.GROWTH_FACTOR})
"""Targets whose switch is what is left of them; that of the others is what is blocked."""


def share_lost(effect: Effect, concentration: float) -> float:
    """Return the share of a target that is lost at a concentration [uM]: a Hill curve.

    maximal * c**hill / (half_concentration**hill + c**hill); 0 at c = 0.
    """
    if concentration <= 0.0:
        return 0.0
    steps = effect.hill * (log(effect.half_concentration) - log(concentration))
    return float(effect.maximal / (1.0 + exp(steps)))


def shares_left(present: Sequence[tuple[Compound, float]]) -> dict[Target, float]:
    """Return what compounds at their concentrations [uM] leave of each target they act on.

    The shares that independent compounds leave of one target multiply.
    """
    left: dict[Target, float] = {}
    for compound, concentration in present:
        for target, effect in compound.targets.items():
            left[target] = left.get(target, 1.0) * (1.0 - share_lost(effect, concentration))
    return left


def treated(switches: CellSwitches, left: Mapping[Target, float]) -> CellSwitches:
    """Return the switches of a cell of which only the shares ``left`` remain.

    An activity is multiplied by its share, the threshold of death too (its divisor is divided), and
    a block b becomes 1 - (1 - b) * share.
    """
    values = {}
    for target, share in left.items():
        name = target.name.lower()
        before = getattr(switches, name)
        if target in ACTIVITIES:
            values[name] = before * share
        elif target is Target.THRESHOLD_DIVISOR:
            values[name] = before / share
        else:
            values[name] = 1.0 - (1.0 - before) * share
    return dataclasses.replace(switches, **values)


@dataclass(frozen=True)
class Addition:
    """One compound that is added to the medium at a tick and taken out at another.

    ``concentration`` [uM] is that around the cells just after the addition; ``end`` None: it stays.
    """

    compound: Compound
    concentration: float
    start: int
    end: int | None = None


@dataclass(frozen=True)
class Schedule:
    """All additions of a run, and the changes of medium that dilute them.

    ``kept`` maps the tick of a change of medium to the share of the old medium that stays. Where a
    compound is added at the tick of a change, it is added to the new medium (assumption A115).
    """

    additions: tuple[Addition, ...]
    kept: Mapping[int, float] = dataclasses.field(default_factory=dict)

    def present(self, tick: int) -> list[tuple[Compound, float]]:
        """Return the compounds in the dish from ``tick`` on and their concentrations [uM].

        Several additions of one compound sum to one concentration.
        """
        compounds: dict[str, Compound] = {}
        sums: dict[str, float] = {}
        for addition in self.additions:
            concentration = self._left(addition, tick)
            if concentration > 0.0:
                name = addition.compound.name
                compounds[name] = addition.compound
                sums[name] = sums.get(name, 0.0) + concentration
        return [(compounds[name], sums[name]) for name in compounds]

    def changes(self) -> tuple[int, ...]:
        """Return the ticks at which what is present changes, in order."""
        possible = set(self.kept)
        for addition in self.additions:
            possible.add(addition.start)
            if addition.end is not None:
                possible.add(addition.end)
        found = []
        before: list[tuple[str, float]] = []
        for tick in sorted(possible):
            now = [(compound.name, value) for compound, value in self.present(tick)]
            if now != before:
                found.append(tick)
            before = now
        return tuple(found)

    def _left(self, addition: Addition, tick: int) -> float:
        if tick < addition.start or (addition.end is not None and tick >= addition.end):
            return 0.0
        left = addition.concentration
        for change in sorted(self.kept):
            if addition.start < change <= tick:
                left *= self.kept[change]
        return left


@dataclass(frozen=True)
class UntreatedCells:
    """What the kernel vector of one population is made from when no compound is present."""

    parameters: CellParameters
    line: CellLine
    translation_rate: float
    switches: CellSwitches

    def vector(self, left: Mapping[Target, float] | None = None) -> np.ndarray:
        """Return ``float64[N_PARAMETER]`` with the shares ``left`` of the targets."""
        switches = treated(self.switches, left or {})
        return parameter_vector(self.parameters, self.line, self.translation_rate, switches)


class Compounds(AbstractProcess):
    """Rewrites the kernel vectors where a compound is added, diluted or taken out.

    ``vectors`` holds the vectors that nutrients and metabolism read, by population; they are
    changed in place. All vectors of the course are made at the start, so a value out of range is
    refused before the run (ScenarioError). ``stops`` are the ticks that no interval may step over.
    """

    name = "compounds"

    def __init__(
        self,
        schedule: Schedule,
        cells: Mapping[str, UntreatedCells],
        vectors: Mapping[str, np.ndarray],
    ) -> None:
        self.vectors = vectors
        self.stops = schedule.changes()
        self._due = {
            tick: {
                name: one.vector(shares_left(schedule.present(tick))) for name, one in cells.items()
            }
            for tick in self.stops
        }

    def begin(self, state: State, clock: Clock) -> None:
        """Set the vectors that hold from ``clock.tick`` on and tell the clock of the jump."""
        due = self._due.get(clock.tick)
        if due is None:
            return
        for name, vector in due.items():
            self.vectors[name][:] = vector
        clock.note_jump()

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Do nothing between changes."""

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Set the vectors that hold at ``clock.tick``; they are untreated when this is called."""
        passed = [change for change in self.stops if change < clock.tick]
        if passed:
            for name, vector in self._due[passed[-1]].items():
                self.vectors[name][:] = vector
