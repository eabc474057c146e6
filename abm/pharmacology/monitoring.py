"""Therapeutic drug monitoring: draw some time after a dose, then change dose or product.

A rule names the product, the hours from the dose to the draw, the limits, and what follows from a
value outside them. A draw that falls on the time of a dose is taken before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

import numpy as np

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.plan import SUBSTITUTES, TRAITS

_DAY = units.HOURS_PER_DAY
LOWEST_QUANTIFIED = 0.025
"""Usual lower limit of quantification [IU/mL]."""


class Action(IntEnum):
    """What follows from a value outside the limits."""

    NOTE = 0
    SWITCH = 1
    STOP = 2
    ADJUST = 3


@dataclass(frozen=True, kw_only=True)
class MonitoringRule:
    """Draw ``hours`` after a dose of ``after``; act on a value below or above the limits.

    low, high        : limits [IU/mL]
    to               : product that replaces the old one (action SWITCH)
    largest_step     : most that one adjustment changes a dose, up or down
    lowest, highest  : range of the dose relative to the plan that adjustments keep to
    every            : draw after every so many doses given to the patient
    source           : where the rule is published
    Raises ScenarioError for an unknown product and for limits that do not fit the action.
    """

    after: str
    hours: float
    low: float = 0.0
    high: float = np.inf
    action: Action = Action.NOTE
    to: str = ""
    largest_step: float = 2.0
    lowest: float = 0.1
    highest: float = 2.0
    every: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        where = f"monitoring after {self.after}"
        if self.after not in TRAITS:
            raise ScenarioError(f"{where}: no such product{units.did_you_mean(self.after, TRAITS)}")
        if self.action is Action.SWITCH and self.to not in SUBSTITUTES:
            hint = units.did_you_mean(self.to, SUBSTITUTES)
            raise ScenarioError(f"{where}: switch to {self.to!r}{hint}")
        if not self.hours > 0.0 or self.every < 1:
            raise ScenarioError(f"{where}: the draw must come after the dose")
        if not 0.0 <= self.low <= self.high:
            raise ScenarioError(f"{where}: limits {self.low:g} to {self.high:g} are no range")
        if self.action is Action.ADJUST and not (self.low > 0.0 and np.isfinite(self.high)):
            raise ScenarioError(f"{where}: adjusting a dose needs both limits (between)")
        if not (self.largest_step > 1.0 and 0.0 < self.lowest <= self.highest):
            raise ScenarioError(f"{where}: step must exceed 1 and the range be positive")

    def is_outside(self, measured: np.ndarray) -> np.ndarray:
        """Tell which values are outside the limits, bool[n]; 0 means not quantified."""
        return np.asarray((measured < self.low) | (measured > self.high))

    def adjusted(self, factor: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """Return the new dose over the planned one, float64[n].

        In proportion to the geometric middle of the limits over what was measured, by at most one
        step and within the range (assumption A384); values inside the limits change nothing.
        """
        aim = np.sqrt(self.low * self.high)
        wanted = aim / np.maximum(measured, aim / self.largest_step)
        step = np.clip(wanted, 1.0 / self.largest_step, self.largest_step)
        changed = np.clip(factor * step, self.lowest, self.highest)
        return np.where(self.is_outside(measured), changed, factor)


_CONSENSUS = "van der Sluis 2016, doi:10.3324/haematol.2015.137380"


def inactivation_rules(to: str) -> tuple[MonitoringRule, ...]:
    """Return the consensus on finding silent inactivation, with a switch to ``to`` or a stop.

    Pegylated enzyme: below 0.1 IU/mL on day 7 (the consensus also names day 14, not quantified);
    native enzyme: not quantified at its trough on day 3 (assumption A379). Erwinia enzyme not
    quantified at 48 h is noted and no more, as it may only mean that doses are too far apart.
    """
    action = Action.SWITCH if to else Action.STOP
    pegylated = tuple(
        MonitoringRule(
            after=product, hours=7.0 * _DAY, low=0.1, action=action, to=to, source=_CONSENSUS
        )
        for product in ("pegaspargase", "calaspargase")
    )
    native = MonitoringRule(
        after="e-coli", hours=3.0 * _DAY, low=LOWEST_QUANTIFIED, action=action, to=to,
        source=_CONSENSUS,
    )  # fmt: skip
    erwinia = tuple(
        MonitoringRule(
            after=product, hours=2.0 * _DAY, low=LOWEST_QUANTIFIED, source=_CONSENSUS
        )
        for product in SUBSTITUTES
    )  # fmt: skip
    return (*pegylated, native, *erwinia)


DFCI_00_01 = MonitoringRule(
    after="e-coli", hours=7.0 * _DAY, low=0.1, high=0.14, action=Action.ADJUST, every=3,
    lowest=0.5, highest=2.0, source="Vrooman 2013, doi:10.1200/JCO.2012.43.2070; A384",
)  # fmt: skip
"""Weekly native enzyme from 12,500 IU/m2, adjusted every three weeks to its trough."""

DCOG_ALL_11 = MonitoringRule(
    after="pegaspargase", hours=14.0 * _DAY, low=0.1, high=0.25, action=Action.ADJUST,
    lowest=0.1, highest=1.67, source="DCOG ALL-11, abstract: troughs 100-250 IU/L; A384",
)  # fmt: skip
"""Pegaspargase every two weeks from 1500 IU/m2, adjusted to troughs (final median 450 IU/m2)."""

RULES: Mapping[str, MonitoringRule] = MappingProxyType(
    {"dfci-00-01": DFCI_00_01, "dcog-all-11": DCOG_ALL_11}
)
"""Published rules by name."""
