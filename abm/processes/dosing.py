"""Dosing: what the drug does at the cells' place, and rules that pause or resume the regimen.

Per interval the regimen gives the mean plasma activity; the interstitium or dish sees a share of it
(Eq. (P15)). Rules look at the number of living tumour cells: ``{when: "n_cells < 1000", do:
pause}``. A paused regimen gives no further doses, and doses that fall into a pause are dropped, not
delayed; doses already given go on decaying.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from abm import units
from abm.clock import FINE_HOURS_AFTER_JUMP, Clock
from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.pharmacology.regimen import Mixture, Regimen
from abm.processes.process import AbstractProcess
from abm.state.sites import Drug
from abm.state.state import State

_CONDITION = re.compile(r"\s*n_cells\s*(<=|>=|<|>)\s*(\d+(?:\.\d*)?(?:[eE]\+?\d{1,2})?)\s*")
_MAX_CONDITION_LETTERS = 80
_RULE_KEYS = ("when", "do")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, kw_only=True)
class DosingParameters(ParameterSet):
    """How plasma activity reaches the cells, and what counts as a step of the drug."""

    interstitial_share: float = parameter(1.0, high=1.0, source="assumption A68")
    """Activity around the cells as a share of the activity in plasma; a dish has its own."""
    jump_threshold: float = parameter(0.05, high=10.0, source="assumption A69")
    """Relative rise by a new dose, within two hours, from which each tick is coupled."""
    glutaminase_factor: float = parameter(1.0, high=10.0, source="assumption A480")
    """Factor of the glutaminase share of every product; 0 = the enzyme leaves Gln alone."""


class Action(IntEnum):
    """What a rule does while its condition holds."""

    PAUSE = 0
    RESUME = 1
    SKIP = 2


@dataclass(frozen=True)
class Rule:
    """A condition on the number of living tumour cells and what follows from it."""

    comparison: str
    threshold: float
    action: Action

    def holds(self, n_cells: float) -> bool:
        """Tell whether the condition is true now."""
        return _COMPARISONS[self.comparison](n_cells, self.threshold)


def parse_rule(entry: Mapping[str, Any], *, where: str = "treatment.rules") -> Rule:
    """Read ``{when: "n_cells < 1000", do: pause}``.

    The condition is ``n_cells``, one of ``< <= > >=`` and a number; nothing is evaluated as code.
    Raises ScenarioError for anything else.
    """
    for key in entry:
        if key not in _RULE_KEYS:
            hint = units.did_you_mean(key, _RULE_KEYS)
            raise ScenarioError(f"{where}: unknown key '{key}'{hint}")
    condition = entry.get("when")
    is_short = isinstance(condition, str) and len(condition) <= _MAX_CONDITION_LETTERS
    found = _CONDITION.fullmatch(str(condition)) if is_short else None
    if found is None:
        shown = repr(condition)[:_MAX_CONDITION_LETTERS]
        raise ScenarioError(
            f"{where}.when: cannot read {shown}; write n_cells, one of < <= > >=, and a number, "
            "e.g. 'n_cells < 1000'"
        )
    actions = {action.name.lower(): action for action in Action}
    if entry.get("do") not in actions:
        name = str(entry.get("do"))
        raise ScenarioError(f"{where}.do: '{name}'{units.did_you_mean(name, actions)}")
    return Rule(found[1], float(found[2]), actions[entry["do"]])


class DrugState(NamedTuple):
    """The drug over one interval: IU/mL for activities, constants as in the mixture."""

    plasma: Mixture
    site_activity: float
    is_jump: bool
    is_paused: bool


def scaled(plasma: Any, glutaminase_factor: float) -> Drug:
    """Return a mixture of enzymes as the drug, its glutaminase share times a factor."""
    share = plasma.glutaminase_share * glutaminase_factor
    return Drug(*plasma._replace(glutaminase_share=share))


class Decision(NamedTuple):
    """One entry of the log of rules: the regimen paused or resumed, or a dose was withheld."""

    tick: int
    action: Action
    dose_index: int


class Dosing(AbstractProcess):
    """Gives the doses that are due and sets the activity at the sites.

    Call :meth:`begin` before the length of an interval is chosen, so that the interval which starts
    with a dose is already a short one, then :meth:`advance` for the interval. Without ``begin``
    the doses are given just as well, only the first interval stays long.

    site_share : scalar, or float64[n_site] where sites differ; multiplies the activity once more
    current    : the drug over the last interval
    decisions  : pauses, resumptions and withheld doses so far
    """

    name = "dosing"

    def __init__(
        self,
        regimen: Regimen,
        parameters: DosingParameters,
        rules: Sequence[Rule] = (),
        site_share: float | np.ndarray = 1.0,
    ) -> None:
        """Start with nothing given and not paused."""
        self.regimen = regimen
        self.parameters = parameters
        self.rules = tuple(rules)
        self.site_share = site_share
        self.is_paused = False
        self.decisions: list[Decision] = []
        self.current = DrugState(regimen.mixture(0, 1), 0.0, False, False)
        self._settled = 0
        self._has_jumped = False

    def begin(self, state: State, clock: Clock) -> None:
        """Give what is due at the present tick and tell the clock of a jump."""
        self._has_jumped = self._settle(clock.tick + 1, state.n_cells())
        if self._has_jumped:
            clock.note_jump()

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Set ``sites.activity`` and ``drug`` for the ``ticks`` that end at ``clock.tick``."""
        was_noted = self._has_jumped
        self.measure(clock.tick - ticks, clock.tick, state.n_cells())
        if self.current.is_jump and not was_noted:
            clock.note_jump()
        state.sites.activity[:] = self.current.site_activity * self.site_share
        state.drug = scaled(self.current.plasma, self.parameters.glutaminase_factor)

    def measure(self, start: int, end: int, n_cells: float) -> DrugState:
        """Apply the rules, give what is due in ``[start, end)``, return the drug over it."""
        is_jump = self._settle(end, n_cells) or self._has_jumped
        self._has_jumped = False
        plasma = self.regimen.mixture(start, end)
        share = 1.0 if self.regimen.is_dish else self.parameters.interstitial_share
        self.current = DrugState(plasma, share * plasma.activity, is_jump, self.is_paused)
        return self.current

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Keep what was given before ``clock.tick``; later doses are those of this regimen."""
        assert isinstance(before, Dosing)
        self.regimen.follow(before.regimen, clock.tick)
        self.decisions = list(before.decisions)
        self.is_paused = before.is_paused and bool(self.rules)
        self._settled = clock.tick

    def begin_at(self, clock: Clock) -> None:
        """Leave out the doses of the time before."""
        self._settled = clock.tick

    def give_no_more(self, clock: Clock) -> None:
        """Give no further doses; what was given goes on acting."""
        self.regimen.follow(self.regimen, clock.tick)

    def given(self) -> list[tuple[float, str]]:
        """Return hour and label of each dose given so far, such as (24.0, "e-coli 1 IU/mL")."""
        minutes = self.regimen.tick_minutes
        found = []
        for change in self.regimen.history:
            if change.dose_index >= 0:
                dose = self.regimen.doses[change.dose_index]
                hour = change.tick * minutes / units.MINUTES_PER_HOUR
                found.append((hour, f"{dose.product.id} {dose.amount.text}"))
        return found

    def _settle(self, end: int, n_cells: float) -> bool:
        """Decide on all doses before ``end`` that are still open; tell whether one is a jump."""
        if end <= self._settled:
            return False
        is_skipped = self._apply_rules(self._settled, n_cells)
        is_jump = False
        for index in self.regimen.due(self._settled, end):
            if self.is_paused or is_skipped:
                tick = self.regimen.doses[index].tick
                action = Action.PAUSE if self.is_paused else Action.SKIP
                self.decisions.append(Decision(tick, action, index))
            else:
                is_jump = self._give(index) or is_jump
        self._settled = end
        return is_jump

    def _apply_rules(self, tick: int, n_cells: float) -> bool:
        """Pause or resume by the rules in their order, the last one wins; tell about skipping."""
        before, is_skipped = self.is_paused, False
        for rule in self.rules:
            if rule.holds(n_cells):
                if rule.action is Action.SKIP:
                    is_skipped = True
                else:
                    self.is_paused = rule.action is Action.PAUSE
        if self.is_paused != before:
            action = Action.PAUSE if self.is_paused else Action.RESUME
            self.decisions.append(Decision(tick, action, -1))
        return is_skipped

    def _give(self, index: int) -> bool:
        """Give one dose; a jump if it lifts the next two hours by more than the threshold."""
        start = self.regimen.doses[index].tick
        minutes = FINE_HOURS_AFTER_JUMP * units.MINUTES_PER_HOUR
        end = start + max(1, math.ceil(minutes / self.regimen.tick_minutes)) + 1
        before = self.regimen.window(start, end)
        self.regimen.give(index)
        rise = self.regimen.window(start, end) - before
        return bool(np.any(rise > self.parameters.jump_threshold * before))
